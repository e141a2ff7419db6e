//! `| logfmt`: `key=value key="a value" key`.

use super::row::{LOGFMT_ERROR, Row, Wanted, push_sanitized};
use std::fmt;

/// A pair of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    /// What stands behind `=`, without quotes.
    pub(crate) value: &'a str,
    /// Whether it has escapes in it.
    pub(crate) escaped: bool,
}

impl Pair<'_> {
    pub(crate) fn push_value(&self, out: &mut String) {
        if self.escaped { push_unescaped(self.value, out) } else { out.push_str(self.value) }
    }
}

/// What is wrong with a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPair {
    what: &'static str,
    at: usize,
}

impl fmt::Display for BadPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "logfmt syntax error at pos {} : {}", self.at + 1, self.what)
    }
}

/// The pairs of a line, in order; a bad pair is an error, and the next ones follow it.
pub(crate) struct Pairs<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Pairs<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    fn bad(&mut self, what: &'static str, at: usize) -> Result<Pair<'a>, BadPair> {
        let bytes = self.line.as_bytes();
        self.at = at;
        while bytes.get(self.at).is_some_and(|b| *b > b' ') {
            self.at += 1;
        }
        Err(BadPair { what, at })
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<Pair<'a>, BadPair>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.line.as_bytes();
        while bytes.get(self.at).is_some_and(|b| *b <= b' ') {
            self.at += 1;
        }
        let start = self.at;
        if start == bytes.len() {
            return None;
        }
        let end = start + bytes[start..].iter().position(|b| *b <= b' ' || *b == b'=' || *b == b'"').unwrap_or(bytes.len() - start);
        let key = &self.line[start..end];
        match bytes.get(end) {
            Some(b'"') => return Some(self.bad("unexpected '\"'", end)),
            Some(b'=') if key.is_empty() => return Some(self.bad("unexpected '='", end)),
            Some(b'=') => {}
            _ => {
                self.at = end;
                return Some(Ok(Pair { key, value: "", escaped: false }));
            }
        }
        let start = end + 1;
        if bytes.get(start) == Some(&b'"') {
            let mut at = start + 1;
            let mut escaped = false;
            loop {
                let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
                    self.at = bytes.len();
                    return Some(Err(BadPair { what: "unterminated quoted value", at: start }));
                };
                if bytes[at + found] == b'"' {
                    self.at = at + found + 1;
                    return Some(Ok(Pair { key, value: &self.line[start + 1..at + found], escaped }));
                }
                escaped = true;
                at += found + 2;
            }
        }
        let end = start + bytes[start..].iter().position(|b| *b <= b' ' || *b == b'=' || *b == b'"').unwrap_or(bytes.len() - start);
        match bytes.get(end) {
            Some(b'=') => Some(self.bad("unexpected '='", end)),
            Some(b'"') => Some(self.bad("unexpected '\"'", end)),
            _ => {
                self.at = end;
                Some(Ok(Pair { key, value: &self.line[start..end], escaped: false }))
            }
        }
    }
}

fn push_unescaped(text: &str, out: &mut String) {
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits = letters.as_str().get(..4);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                out.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
                if code.is_some() {
                    letters.nth(3);
                }
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
}

/// `| logfmt`
#[derive(Debug)]
pub(crate) struct LogfmtStage {
    pub(crate) strict: bool,
    pub(crate) keep_empty: bool,
    /// Labels with the keys of their values; none to take all pairs.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) wanted: Wanted,
    /// The name that is being put together.
    pub(crate) name: String,
    /// How many of the wanted labels a line of the current stream can give.
    pub(crate) findable: usize,
}

impl LogfmtStage {
    pub(crate) fn process(&mut self, line: &str, row: &mut Row) {
        let mut left = if self.wanted.wants_errors() { usize::MAX } else { self.findable };
        if left == 0 {
            return;
        }
        for pair in Pairs::new(line) {
            let pair = match pair {
                Ok(pair) => pair,
                Err(bad) if self.strict => {
                    row.fail(LOGFMT_ERROR, format_args!("{bad}"), true);
                    return;
                }
                Err(_) => continue,
            };
            if self.fields.is_empty() {
                if pair.value.is_empty() && !self.keep_empty {
                    continue;
                }
                let is_plain = !pair.key.as_bytes()[0].is_ascii_digit() && pair.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let found = if is_plain {
                    row.extract(pair.key, &self.wanted, |out| pair.push_value(out))
                } else {
                    self.name.clear();
                    push_sanitized(pair.key, true, &mut self.name);
                    row.extract(&self.name, &self.wanted, |out| pair.push_value(out))
                };
                left -= usize::from(found);
            } else {
                for (name, key) in &self.fields {
                    if key == pair.key {
                        left -= usize::from(row.extract(name, &self.wanted, |out| pair.push_value(out)));
                    }
                }
            }
            if left == 0 {
                return;
            }
        }
    }
}
