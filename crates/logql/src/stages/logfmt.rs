//! `| logfmt`: `key=value key="a value" key`.

use super::row::{LOGFMT_ERROR, Row, Wanted, is_errors, push_sanitized};
use memchr::memmem::Finder;
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

/// Looks for the first pair of one name without reading the pairs before it one by one.
///
/// It searches for the end of the key with its `=`, and then makes sure that no quotes before it
/// could mean that this is a part of a value. What it is not sure of it leaves to [`Pairs`].
#[derive(Debug)]
pub(crate) struct Seeker {
    /// The label's name. Each `_` in it stands for any character that does not fit into names.
    name: String,
    /// What stands behind its last `_`, with `=`.
    tail: Finder<'static>,
}

/// What a [`Seeker`] found.
#[derive(Debug, PartialEq, Eq)]
enum Sought<'a> {
    Pair(Pair<'a>),
    Nothing,
    /// The line is not as simple as that.
    Unsure,
}

impl Seeker {
    /// `None` for names that keys could have in forms that cannot be searched for.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let tail = name.rsplit('_').next().unwrap_or("");
        if tail.is_empty() || name.starts_with('_') || name.ends_with("_extracted") {
            return None;
        }
        Some(Self { name: name.to_owned(), tail: Finder::new(&format!("{tail}=")).into_owned() })
    }

    fn seek<'a>(&self, line: &'a str, keep_empty: bool) -> Sought<'a> {
        let bytes = line.as_bytes();
        // Spaces beyond ASCII around a key are cut off it.
        if !bytes.is_ascii() {
            return Sought::Unsure;
        }
        // Up to here there is no quote that matters.
        let mut at = 0;
        let mut from = 0;
        let tail = self.tail.needle().len();
        while let Some(found) = self.tail.find(&bytes[from..]) {
            let found = from + found;
            if let Some(quote) = memchr::memchr(b'"', &bytes[at..found.max(at)]) {
                let Some(end) = quoted(bytes, at + quote) else { return Sought::Unsure };
                (at, from) = (end, from.max(end));
                continue;
            }
            from = found + 1;
            let end = found + tail - 1;
            match self.key(bytes, end) {
                Some(true) => {}
                Some(false) => continue,
                None => return Sought::Unsure,
            }
            match (Pairs { line, at: end - self.name.len() }).next() {
                Some(Ok(pair)) if pair.value.is_empty() && !keep_empty => {}
                Some(Ok(pair)) => return Sought::Pair(pair),
                Some(Err(_)) | None => return Sought::Unsure,
            }
        }
        Sought::Nothing
    }

    /// Whether the key that ends before `end` is this one; `None` if that is not sure.
    fn key(&self, bytes: &[u8], end: usize) -> Option<bool> {
        let Some(start) = end.checked_sub(self.name.len()) else { return Some(false) };
        for (byte, wanted) in bytes[start..end].iter().zip(self.name.bytes()).rev() {
            match byte {
                0x80.. => return None,
                _ if *byte == wanted => {}
                _ if wanted == b'_' && *byte > b' ' && !byte.is_ascii_alphanumeric() && *byte != b'=' && *byte != b'"' => {}
                _ => return Some(false),
            }
        }
        match start.checked_sub(1).map(|before| bytes[before]) {
            Some(0x80..) => None,
            Some(before) => Some(before <= b' '),
            None => Some(true),
        }
    }
}

/// Where the value ends whose quote stands at `quote`; `None` if it is not certain that this is one.
fn quoted(bytes: &[u8], quote: usize) -> Option<usize> {
    let key_end = quote.checked_sub(1).filter(|at| bytes[*at] == b'=')?;
    let key = bytes[..key_end].iter().rev().take_while(|b| **b > b' ');
    let mut length = 0;
    for byte in key {
        if matches!(byte, b'=' | b'"') {
            return None;
        }
        length += 1;
    }
    if length == 0 {
        return None;
    }
    let mut at = quote + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            let end = at + 1;
            return bytes.get(end).is_none_or(|b| *b <= b' ').then_some(end);
        }
        at += 2;
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
    /// For each wanted label, if they are few and all can be searched for.
    seekers: Vec<Seeker>,
}

/// More labels than this are found faster by reading all pairs once.
const MAX_SEEKERS: usize = 3;

impl LogfmtStage {
    pub(crate) fn new(strict: bool, keep_empty: bool, fields: Vec<(String, String)>, wanted: Wanted) -> Self {
        // Without `--strict` nothing here is an error, so nobody can ask for one.
        let seekers = match &wanted {
            Wanted::Names(names) if !strict && fields.is_empty() => {
                names.iter().filter(|name| !is_errors(name)).map(|name| Seeker::new(name)).collect()
            }
            _ => None,
        };
        Self { strict, keep_empty, fields, wanted, name: String::new(), findable: usize::MAX, seekers: seekers.unwrap_or_default() }
    }

    /// Whether the wanted labels can be looked for one by one, and mistakes and empty values play
    /// no part.
    pub(crate) fn can_seek(&self) -> bool {
        !self.seekers.is_empty() && !self.keep_empty
    }

    /// Searches for the wanted labels; whether the line was simple enough for that.
    fn seek(&self, line: &str, row: &mut Row) -> bool {
        if self.seekers.is_empty() || self.findable > MAX_SEEKERS {
            return false;
        }
        for seeker in &self.seekers {
            if row.has_base(&seeker.name) {
                continue;
            }
            match seeker.seek(line, self.keep_empty) {
                Sought::Pair(pair) => {
                    row.extract(&seeker.name, &self.wanted, |out| pair.push_value(out));
                }
                Sought::Nothing => {}
                Sought::Unsure => return false,
            }
        }
        true
    }

    pub(crate) fn process(&mut self, line: &str, row: &mut Row) {
        if self.seek(line, row) {
            return;
        }
        let mut left = if self.strict && self.wanted.wants_errors() { usize::MAX } else { self.findable };
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reference(line: &str, name: &str) -> Option<String> {
        Pairs::new(line).flatten().filter(|pair| !pair.value.is_empty()).find_map(|pair| {
            let mut key = String::new();
            push_sanitized(pair.key, true, &mut key);
            let mut value = String::new();
            pair.push_value(&mut value);
            (key == name).then_some(value)
        })
    }

    #[test]
    fn seeks_past_quotes() {
        for (line, want) in [
            ("a_b=1 c=2", Some("1")),
            ("msg=\"a_b=7 x\" a_b=1", Some("1")),
            ("msg=\"q \\\" a_b=7 x\" a-b=1", Some("1")),
            ("xa_b=3 a_b= a_b=4", Some("4")),
            ("b=3", None),
            ("a_b=", None),
            ("a_b=\"x y\" z", Some("x y")),
        ] {
            let Sought::Pair(pair) = Seeker::new("a_b").unwrap().seek(line, false) else {
                assert_eq!(want, None, "{line}");
                continue;
            };
            let mut value = String::new();
            pair.push_value(&mut value);
            assert_eq!(Some(value.as_str()), want, "{line}");
        }
        assert_eq!(Seeker::new("a_b").unwrap().seek("x=\"y\"\"z\" a_b=1", false), Sought::Unsure);
        assert_eq!(Seeker::new("a_b").unwrap().seek("a_b\u{a0}=1", false), Sought::Unsure);
        assert!(Seeker::new("_x").is_none() && Seeker::new("x_").is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn seeking_finds_what_reading_finds(
            tokens in prop::collection::vec(prop::sample::select(vec!["a_b=", "a-b=", "b=", "a_b", "xa_b=", "\"", "\\", "=", "1", "2 ", " ", "m=\"x a_b=3\"", " a_b=4", "ä", "k=v ", "\u{a0}"]), 0..10),
            name in prop::sample::select(vec!["a_b", "b", "m"]),
        ) {
            let line = tokens.concat();
            match Seeker::new(name).unwrap().seek(&line, false) {
                Sought::Pair(pair) => {
                    let mut value = String::new();
                    pair.push_value(&mut value);
                    prop_assert_eq!(Some(value), reference(&line, name), "{}", line);
                }
                Sought::Nothing => prop_assert_eq!(None, reference(&line, name), "{}", line),
                Sought::Unsure => {}
            }
        }
    }
}
