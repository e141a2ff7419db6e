//! What lines that pass must hold, as far as filters of pages can be asked for it.

use super::words::Needle;
use phoenix_model::logs::{LineFilter, LinePattern};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Alternatives of one expression beyond which nothing is said of them.
const MOST_ALTERNATIVES: usize = 64;

/// What must hold for a line to pass; the line may still not pass.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// The text is in the line.
    Text(Needle),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// Nothing can be said.
    Open,
}

impl Condition {
    /// What a condition on lines asks for.
    pub(super) fn of(filter: &LineFilter) -> Self {
        if filter.negated {
            return Self::Open;
        }
        let of_pattern = |pattern: &LinePattern| match pattern {
            LinePattern::Contains(text) => Self::Text(Needle::exact(text)),
            LinePattern::Literals(literals) => Self::All(literals.iter().map(|text| Self::Text(Needle::exact(text))).collect()),
            LinePattern::Regex(regex) => regex_syntax::parse(regex.as_str()).map_or(Self::Open, |hir| Self::of_expression(&hir)),
        };
        Self::Any(filter.alternatives.iter().map(of_pattern).collect())
    }

    fn of_expression(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Literal(_) | HirKind::Class(_) => Self::of_sequence(std::slice::from_ref(hir)),
            HirKind::Concat(parts) => Self::of_sequence(parts),
            HirKind::Capture(capture) => Self::of_expression(&capture.sub),
            HirKind::Repetition(repetition) if repetition.min > 0 => Self::of_expression(&repetition.sub),
            HirKind::Alternation(parts) if parts.len() <= MOST_ALTERNATIVES => Self::Any(parts.iter().map(Self::of_expression).collect()),
            HirKind::Empty | HirKind::Look(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => Self::Open,
        }
    }

    /// Neighbours make longer texts: those that are there byte for byte, and those of which the
    /// case of letters is open.
    fn of_sequence(parts: &[Hir]) -> Self {
        let mut all = Vec::new();
        let (mut exact, mut folded) = (Vec::new(), String::new());
        for part in parts {
            match part.kind() {
                // Nothing stands between what is before and what is behind.
                HirKind::Look(_) | HirKind::Empty => {}
                HirKind::Literal(literal) => {
                    exact.extend_from_slice(&literal.0);
                    match std::str::from_utf8(&literal.0) {
                        Ok(text) => folded.push_str(text),
                        Err(_) => take_folded(&mut folded, &mut all),
                    }
                }
                HirKind::Class(class) => {
                    take_exact(&mut exact, &mut all);
                    match same_letter(class) {
                        Some(letter) => folded.push(letter),
                        None => take_folded(&mut folded, &mut all),
                    }
                }
                _ => {
                    take_exact(&mut exact, &mut all);
                    take_folded(&mut folded, &mut all);
                    all.push(Self::of_expression(part));
                }
            }
        }
        take_exact(&mut exact, &mut all);
        take_folded(&mut folded, &mut all);
        Self::All(all)
    }

    /// Whether all that is asked for may be in a page, whose filters say of a text whether it may.
    pub(super) fn may_hold(&self, allow: &impl Fn(&Needle) -> bool) -> bool {
        match self {
            Self::Text(needle) => allow(needle),
            Self::All(parts) => parts.iter().all(|part| part.may_hold(allow)),
            Self::Any(parts) => parts.iter().any(|part| part.may_hold(allow)),
            Self::Open => true,
        }
    }

    /// Whether any of the texts that are asked for is one for which `is` holds.
    pub(super) fn any(&self, is: &impl Fn(&Needle) -> bool) -> bool {
        match self {
            Self::Text(needle) => is(needle),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(is)),
            Self::Open => false,
        }
    }
}

fn take_exact(text: &mut Vec<u8>, all: &mut Vec<Condition>) {
    if let Ok(text) = std::str::from_utf8(text)
        && !text.is_empty()
    {
        all.push(Condition::Text(Needle::exact(text)));
    }
    text.clear();
}

fn take_folded(text: &mut String, all: &mut Vec<Condition>) {
    if text.len() > 2 {
        all.push(Condition::Text(Needle::any_case(text)));
    }
    text.clear();
}

/// The ASCII letter in lower case that all characters of a class are a form of.
fn same_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut letters = class.ranges().iter().flat_map(|range| [range.start(), range.end()]);
    let first = letters.next()?.to_ascii_lowercase();
    // A range that ends in other forms of one letter holds nothing but them.
    let single = class.ranges().iter().all(|range| range.start() == range.end());
    (single && first.is_ascii() && letters.all(|letter| letter.to_ascii_lowercase() == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::words::FilterBuilder;
    use super::*;
    use regex::Regex;

    #[test]
    fn pages_are_ruled_out_by_what_an_expression_needs() {
        let mut builder = FilterBuilder::new();
        builder.add(b"level=error msg=\"Connection to db-17 failed\" took=12ms");
        let page = builder.finish();
        for (expression, want) in [
            ("error", true),
            ("warning", false),
            ("(?i)ERROR", true),
            ("(?i)WARNING", false),
            ("(?i)connection.*FAILED", true),
            ("(?i)connection.*TIMEOUT", false),
            ("timeout|failed", true),
            ("timeout|refused", false),
            ("took=(12|13)ms", true),
            ("tuck=\\d+ms", false),
            ("\\bdb-\\d+\\b", true),
            ("\\bdbx-\\d+\\b", false),
            ("(x{0,3}|y)*", true),
            (".*", true),
            ("", true),
            ("(?:refused)+", false),
            ("(?:refused)*", true),
        ] {
            let filter = LineFilter { negated: false, alternatives: vec![LinePattern::Regex(Regex::new(expression).unwrap())] };
            let allow = |needle: &Needle| needle.words_allow(&page.words, page.longest_word) && needle.trigrams_allow(&page.trigrams);
            assert_eq!(Condition::of(&filter).may_hold(&allow), want, "{expression}");
            assert!(Condition::of(&LineFilter { negated: true, ..filter }).may_hold(&allow), "{expression}");
        }
    }
}
