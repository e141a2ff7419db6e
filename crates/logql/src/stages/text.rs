//! Stages that look at lines as plain text: `pattern`, `regexp`, `decolorize`.

use super::row::{Row, Wanted};
use crate::pattern::Part;
use regex::{CaptureLocations, Regex};

/// `| pattern`
#[derive(Debug)]
pub(crate) struct PatternStage {
    pub(crate) parts: Vec<Part>,
    pub(crate) wanted: Wanted,
}

impl PatternStage {
    /// Captures go up to the next literal. Where that is not found the capture takes the rest, and
    /// the pattern ends.
    pub(crate) fn process(&self, line: &str, row: &mut Row) {
        let mut rest = line;
        let mut parts = self.parts.iter();
        while let Some(part) = parts.next() {
            let name = match part {
                Part::Literal(literal) => {
                    // Only the first part: others are taken with the capture before them.
                    let Some(after) = rest.strip_prefix(literal.as_str()) else { return };
                    rest = after;
                    continue;
                }
                Part::Capture(name) => Some(name),
                Part::Skip => None,
            };
            let (value, after) = match parts.next() {
                Some(Part::Literal(literal)) => match memchr::memmem::find(rest.as_bytes(), literal.as_bytes()) {
                    Some(at) => (&rest[..at], Some(&rest[at + literal.len()..])),
                    None => (rest, None),
                },
                _ => (rest, None),
            };
            if let Some(name) = name
                && !value.is_empty()
            {
                row.extract(name, &self.wanted, |out| out.push_str(value));
            }
            let Some(after) = after else { return };
            rest = after;
        }
    }
}

/// `| regexp`
#[derive(Debug)]
pub(crate) struct RegexpStage {
    regex: Regex,
    /// Names with the numbers of their groups.
    names: Vec<(String, usize)>,
    groups: CaptureLocations,
    wanted: Wanted,
}

impl RegexpStage {
    pub(crate) fn new(regex: Regex, wanted: Wanted) -> Self {
        let names = regex.capture_names().enumerate().filter_map(|(group, name)| Some((name?.to_owned(), group))).collect();
        Self { groups: regex.capture_locations(), regex, names, wanted }
    }

    pub(crate) fn process(&mut self, line: &str, row: &mut Row) {
        if self.regex.captures_read(&mut self.groups, line).is_none() {
            return;
        }
        for (name, group) in &self.names {
            if let Some((start, end)) = self.groups.get(*group)
                && start < end
            {
                row.extract(name, &self.wanted, |out| out.push_str(&line[start..end]));
            }
        }
    }
}

/// The line without the sequences that make terminals show colours (ECMA-48: `ESC [ … letter`,
/// `ESC ] … BEL`, and two-character ones); `None` when it has none.
pub(crate) fn decolorize(line: &str, out: &mut String) -> bool {
    const ESCAPE: u8 = 0x1b;
    let mut rest = line;
    let mut any = false;
    while let Some(at) = memchr::memchr(ESCAPE, rest.as_bytes()) {
        any = true;
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let bytes = behind.as_bytes();
        let length = match bytes.first() {
            Some(b'[') => {
                let parameters = bytes[1..].iter().take_while(|b| (0x20..0x40).contains(*b)).count();
                1 + parameters + usize::from(bytes.get(1 + parameters).is_some_and(|b| (0x40..0x7f).contains(b)))
            }
            Some(b']') => match memchr::memchr2(0x07, ESCAPE, bytes) {
                Some(end) if bytes[end] == ESCAPE && bytes.get(end + 1) == Some(&b'\\') => end + 2,
                Some(end) if bytes[end] == 0x07 => end + 1,
                _ => 1,
            },
            Some(b' '..=b'~') => 1,
            _ => 0,
        };
        rest = &behind[length..];
    }
    out.push_str(rest);
    any
}

#[cfg(test)]
mod tests {
    use super::decolorize;

    #[test]
    fn colours_go() {
        for (line, want) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m end", "red end"),
            ("\u{1b}[38;5;196mä\u{1b}[m", "ä"),
            ("\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("\u{1b}ä", "ä"),
        ] {
            let mut out = String::new();
            decolorize(line, &mut out);
            assert_eq!(out, want, "{line:?}");
        }
    }
}
