//! `| json` and `| unpack`: one pass over the line that takes out what is wanted.

use super::row::{JSON_ERROR, Row, Wanted, push_sanitized};
use std::borrow::Cow;

/// How deep a document may nest.
const MAX_DEPTH: usize = 128;

/// Why a line is not the JSON that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    what: &'static str,
    at: usize,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// A value as it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    /// What stands between the quotes, and whether it has escapes.
    Text(&'a str, bool),
    /// A number or a boolean.
    Bare(&'a str),
    Null,
    /// From bracket to bracket.
    Object(&'a str),
    /// From bracket to bracket.
    Array(&'a str),
}

impl<'a> Raw<'a> {
    /// The value as a label has it; `null` is the empty text.
    pub(crate) fn push_to(self, out: &mut String) {
        match self {
            Self::Text(text, true) => push_unescaped(text, out),
            Self::Text(text, false) | Self::Bare(text) | Self::Object(text) | Self::Array(text) => out.push_str(text),
            Self::Null => {}
        }
    }

    /// The value as text.
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text, false) | Self::Bare(text) | Self::Object(text) | Self::Array(text) => Cow::Borrowed(text),
            Self::Text(text, true) => {
                let mut out = String::with_capacity(text.len());
                push_unescaped(text, &mut out);
                Cow::Owned(out)
            }
            Self::Null => Cow::Borrowed(""),
        }
    }
}

fn push_unescaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let Some(escape) = rest[at + 1..].chars().next() else { break };
        rest = &rest[at + 1 + escape.len_utf8()..];
        match escape {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let Some(unit) = hex4(rest) else {
                    out.push('\u{fffd}');
                    continue;
                };
                rest = &rest[4..];
                let low = (0xd800..0xdc00)
                    .contains(&unit)
                    .then(|| rest.strip_prefix("\\u").and_then(hex4))
                    .flatten()
                    .filter(|low| (0xdc00..0xe000).contains(low));
                if let Some(low) = low {
                    rest = &rest[6..];
                    out.push(char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}'));
                } else {
                    out.push(char::from_u32(unit).unwrap_or('\u{fffd}'));
                }
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// Reads a text from its beginning.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn fail<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { what, at: self.at })
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Goes over the fields of an object. `field` gets the key as it stands between quotes, whether
    /// it has escapes, and the scanner before the value, which it must read or skip. It gives
    /// `false` to stop.
    pub(crate) fn object(&mut self, field: &mut dyn FnMut(&mut Self, &'a str, bool) -> Result<bool, Malformed>) -> Result<bool, Malformed> {
        if self.peek() != Some(b'{') {
            return self.fail("expected an object");
        }
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(true);
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("expected a name in quotes");
            }
            let (key, escaped) = self.string()?;
            if self.peek() != Some(b':') {
                return self.fail("expected a colon");
            }
            self.at += 1;
            if !field(self, key, escaped)? {
                return Ok(false);
            }
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(true);
                }
                _ => return self.fail("expected a comma or the end of the object"),
            }
        }
    }

    /// The text of a string, and whether it has escapes.
    fn string(&mut self) -> Result<(&'a str, bool), Malformed> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            match memchr::memchr2(b'"', b'\\', self.text.as_bytes().get(at..).unwrap_or_default()) {
                None => return self.fail("a string has no end"),
                Some(found) if self.text.as_bytes()[at + found] == b'"' => {
                    self.at = at + found + 1;
                    return Ok((&self.text[start..at + found], escaped));
                }
                Some(found) => {
                    escaped = true;
                    at += found + 2;
                }
            }
        }
    }

    /// Reads the next value, whole.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Raw<'a>, Malformed> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'"') => self.string().map(|(text, escaped)| Raw::Text(text, escaped)),
            Some(b'{') => {
                self.skip(depth)?;
                Ok(Raw::Object(&self.text[start..self.at]))
            }
            Some(b'[') => {
                self.skip(depth)?;
                Ok(Raw::Array(&self.text[start..self.at]))
            }
            Some(b't') => self.word("true").map(Raw::Bare),
            Some(b'f') => self.word("false").map(Raw::Bare),
            Some(b'n') => self.word("null").map(|_| Raw::Null),
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.text.as_bytes()[start..]
                    .iter()
                    .take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                    .count();
                self.at += digits;
                Ok(Raw::Bare(&self.text[start..self.at]))
            }
            _ => self.fail("expected a value"),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<&'a str, Malformed> {
        let start = self.at;
        if !self.text[start..].starts_with(word) {
            return self.fail("expected a value");
        }
        self.at += word.len();
        Ok(&self.text[start..self.at])
    }

    fn skip(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth >= MAX_DEPTH {
            return self.fail("nested too deep");
        }
        match self.peek() {
            Some(b'{') => self.object(&mut |scanner, _, _| scanner.skip(depth + 1).map(|()| true)).map(|_| ()),
            Some(b'[') => self.array(&mut |scanner, _| scanner.skip(depth + 1).map(|()| true)).map(|_| ()),
            _ => self.value(depth).map(|_| ()),
        }
    }

    fn array(&mut self, item: &mut dyn FnMut(&mut Self, usize) -> Result<bool, Malformed>) -> Result<bool, Malformed> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(true);
        }
        for index in 0.. {
            if !item(self, index)? {
                return Ok(false);
            }
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    break;
                }
                _ => return self.fail("expected a comma or the end of the list"),
            }
        }
        Ok(true)
    }

    /// Reads the value at a path below the next value; nothing when there is none. What comes
    /// behind it is not looked at.
    fn at_path(&mut self, path: &[Step]) -> Result<Option<Raw<'a>>, Malformed> {
        let Some((step, rest)) = path.split_first() else { return self.value(0).map(Some) };
        let mut found = None;
        match (step, self.peek()) {
            (Step::Key(name), Some(b'{')) => {
                self.object(&mut |scanner, key, escaped| {
                    if Raw::Text(key, escaped).to_text() == name.as_str() {
                        found = scanner.at_path(rest)?;
                        return Ok(false);
                    }
                    scanner.skip(0).map(|()| true)
                })?;
            }
            (Step::Index(wanted), Some(b'[')) => {
                self.array(&mut |scanner, index| {
                    if index == *wanted {
                        found = scanner.at_path(rest)?;
                        return Ok(false);
                    }
                    scanner.skip(0).map(|()| true)
                })?;
            }
            _ => {}
        }
        Ok(found)
    }
}

/// One step of a path into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Reads a path such as `a.b[0]["c"]`, which the parser has checked.
pub(crate) fn path(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("[\"") {
            let mut scanner = Scanner { text: rest, at: 1 };
            let Ok((key, escaped)) = scanner.string() else {
                steps.push(Step::Key(inner.to_owned()));
                break;
            };
            steps.push(Step::Key(Raw::Text(key, escaped).to_text().into_owned()));
            rest = rest[scanner.at..].trim_start_matches(']');
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            steps.push(inner[..end].parse().map_or_else(|_| Step::Key(inner[..end].to_owned()), Step::Index));
            rest = inner[end..].trim_start_matches(']');
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    steps
}

/// `| json`
#[derive(Debug)]
pub(crate) struct JsonStage {
    /// Labels with the paths to their values; none to take all fields.
    pub(crate) fields: Vec<(String, Vec<Step>)>,
    pub(crate) wanted: Wanted,
    /// The name that is being put together.
    pub(crate) name: String,
    /// How many of the wanted labels a line of the current stream can give.
    pub(crate) findable: usize,
}

impl JsonStage {
    pub(crate) fn process(&mut self, line: &str, row: &mut Row) {
        let result = if self.fields.is_empty() { self.all(line, row) } else { self.some(line, row) };
        if let Err(malformed) = result {
            row.fail(JSON_ERROR, format_args!("{malformed}"), true);
        }
    }

    fn all(&mut self, line: &str, row: &mut Row) -> Result<(), Malformed> {
        self.name.clear();
        let mut left = if self.wanted.wants_errors() { usize::MAX } else { self.findable };
        if left == 0 {
            return Ok(());
        }
        flatten(&mut Scanner::new(line), 0, &mut self.name, &self.wanted, row, &mut left).map(|_| ())
    }

    fn some(&self, line: &str, row: &mut Row) -> Result<(), Malformed> {
        let mut scanner = Scanner::new(line);
        if !matches!(scanner.peek(), Some(b'{')) {
            return scanner.fail("expected an object");
        }
        for (name, path) in &self.fields {
            if let Some(value) = Scanner::new(line).at_path(path)? {
                row.extract(name, &self.wanted, |out| value.push_to(out));
            }
        }
        Ok(())
    }
}

/// Takes all fields of an object; those of objects in it get their names in front. Lists are
/// skipped. Gives `false` when nothing is left to look for.
fn flatten(
    scanner: &mut Scanner<'_>,
    depth: usize,
    name: &mut String,
    wanted: &Wanted,
    row: &mut Row,
    left: &mut usize,
) -> Result<bool, Malformed> {
    if depth >= MAX_DEPTH {
        return scanner.fail("nested too deep");
    }
    let prefix = name.len();
    let result = scanner.object(&mut |scanner, key, escaped| {
        name.truncate(prefix);
        if prefix > 0 {
            name.push('_');
        }
        if escaped {
            push_sanitized(&Raw::Text(key, true).to_text(), prefix == 0, name);
        } else {
            push_sanitized(key, prefix == 0, name);
        }
        match scanner.peek() {
            Some(b'{') if !name.is_empty() && wanted.may_begin_with(name) => flatten(scanner, depth + 1, name, wanted, row, left),
            Some(b'{' | b'[') => scanner.skip(depth + 1).map(|()| true),
            _ => {
                let value = scanner.value(depth)?;
                if !name.is_empty() && value != Raw::Null && row.extract(name, wanted, |out| value.push_to(out)) {
                    *left -= 1;
                }
                Ok(*left > 0)
            }
        }
    });
    name.truncate(prefix);
    result
}

/// Goes over all values that are neither objects nor lists, with the keys on the way to them. Those
/// before a mistake in the text are given too.
pub(crate) fn leaves(line: &str, visit: &mut dyn FnMut(&[String], Raw<'_>)) -> Result<(), Malformed> {
    fn level(scanner: &mut Scanner<'_>, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Raw<'_>)) -> Result<(), Malformed> {
        if path.len() >= MAX_DEPTH {
            return scanner.fail("nested too deep");
        }
        scanner
            .object(&mut |scanner, key, escaped| {
                path.push(Raw::Text(key, escaped).to_text().into_owned());
                match scanner.peek() {
                    Some(b'{') => level(scanner, path, visit)?,
                    Some(b'[') => scanner.skip(path.len())?,
                    _ => {
                        let value = scanner.value(0)?;
                        visit(path, value);
                    }
                }
                path.pop();
                Ok(true)
            })
            .map(|_| ())
    }
    level(&mut Scanner::new(line), &mut Vec::new(), visit)
}

/// `| unpack`: the labels and the line that Promtail's `pack` put into a line. A line without
/// `_entry` was not packed and stays as it is.
pub(crate) fn unpack(line: &str, row: &mut Row, wanted: &Wanted) -> Option<String> {
    let mut entry = None;
    let mut labels: Vec<(String, Raw<'_>)> = Vec::new();
    let result = Scanner::new(line).object(&mut |scanner, key, escaped| {
        let key = Raw::Text(key, escaped).to_text();
        let value = scanner.value(0)?;
        if let Raw::Text(..) = value {
            if key == "_entry" {
                entry = Some(value.to_text().into_owned());
            } else {
                let mut name = String::new();
                push_sanitized(&key, true, &mut name);
                labels.push((name, value));
            }
        }
        Ok(true)
    });
    if let Err(malformed) = result {
        row.fail(JSON_ERROR, format_args!("{malformed}"), true);
        return None;
    }
    entry.as_ref()?;
    for (name, value) in labels.iter().filter(|(name, _)| !name.is_empty()) {
        row.extract(name, wanted, |out| value.push_to(out));
    }
    entry
}
