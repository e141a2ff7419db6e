//! `$1` and `${name}` in replacements, by the rules of Go's `regexp.Expand`.

use regex::{Captures, Regex};

/// A replacement text, cut into literal pieces and groups once, when the config is read.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Literal(String),
    Group(usize),
}

impl Template {
    /// Cuts the text. A reference to a group that the pattern does not have stands for nothing.
    pub(super) fn new(text: &str, regex: &Regex) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            literal.push_str(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if let Some(tail) = rest.strip_prefix('$') {
                literal.push('$');
                rest = tail;
            } else if let Some((name, tail)) = reference(rest) {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.extend(group(name, regex).map(Piece::Group));
                rest = tail;
            } else {
                literal.push('$'); // not a reference: the text stays as it is
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// The text with its groups filled in.
    pub(super) fn expand(&self, captures: &Captures<'_>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Group(index) => out.push_str(captures.get(*index).map_or("", |m| m.as_str())),
            }
        }
        out
    }

    /// The text, when it is the same for every match.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// The name after a `$`, and what follows it. The longest run of letters, digits and underscores,
/// so that `$1x` names the group `1x`; in braces the same up to `}`.
fn reference(text: &str) -> Option<(&str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (text, braced) = text.strip_prefix('{').map_or((text, false), |inner| (inner, true));
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (name, tail) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    if braced { tail.strip_prefix('}').map(|tail| (name, tail)) } else { Some((name, tail)) }
}

fn group(name: &str, regex: &Regex) -> Option<usize> {
    let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number {
        return name.parse().ok().filter(|index| *index < regex.captures_len());
    }
    regex.capture_names().position(|n| n == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_go_does() {
        let regex = Regex::new("^(?s:(a+)(?P<rest>.*)(z)?)$").unwrap();
        let captures = regex.captures("aab-c").unwrap();
        for (template, want) in [
            ("$1", "aa"),
            ("${1}0", "aa0"),
            ("$10", ""),
            ("$1_x", ""),
            ("$1-x", "aa-x"),
            ("$rest|${rest}", "b-c|b-c"),
            ("$0", "aab-c"),
            ("$3", ""),
            ("$01", ""),
            ("$$1", "$1"),
            ("$", "$"),
            ("$-", "$-"),
            ("${1", "${1"),
            ("${}", "${}"),
            ("${a-b}", "${a-b}"),
            ("x${1}y$$", "xaay$"),
            ("$missing.", "."),
            ("", ""),
        ] {
            assert_eq!(Template::new(template, &regex).expand(&captures), want, "{template}");
        }
    }
}
