//! `name{label="value",…}`, also with quoted names: `{"na.me","la.bel"="value"}`.

use super::excerpt;
use std::borrow::Cow;

/// A series as the target wrote it: a slice of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Series<'a>(pub(super) &'a str);

/// A label's name and value, unescaped; the metric's name is `__name__`.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Series<'a> {
    /// The text. Equal texts are equal series; unequal texts may be the same series written differently.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// A series that Phoenix itself has written.
    pub(crate) fn written(text: &'a str) -> Self {
        Self(text)
    }

    /// Reads the labels into `pairs`, which is emptied first. A label that occurs twice is an error.
    pub fn pairs(self, pairs: &mut Vec<Pair<'a>>) -> Result<(), String> {
        pairs.clear();
        read(self.0, &mut |name, value| pairs.push((name, value)))?;
        for (i, (name, _)) in pairs.iter().enumerate() {
            if pairs[..i].iter().any(|(other, _)| other == name) {
                return Err(format!("label {name:?} occurs twice"));
            }
        }
        Ok(())
    }
}

/// The series at the beginning of a line, and what follows it.
pub(super) fn split<'a>(line: &'a str, expected: Option<&str>) -> Result<(Series<'a>, &'a str), String> {
    if let Some(expected) = expected
        && let Some(rest) = line.strip_prefix(expected)
        && let Some(b' ' | b'\t') = rest.as_bytes().first()
        && rest.as_bytes().get(skip_blanks(rest, 1)) != Some(&b'{')
    {
        return Ok((Series(&line[..expected.len()]), rest));
    }
    let length = read(line, &mut |_, _| {})?;
    Ok((Series(&line[..length]), &line[length..]))
}

/// Reads a series and returns its length in bytes, without blanks behind it.
fn read<'a>(text: &'a str, sink: &mut impl FnMut(Cow<'a, str>, Cow<'a, str>)) -> Result<usize, String> {
    let name_length = text.bytes().take_while(|b| is_name_byte(*b) || *b == b':').count();
    let starts_with_digit = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if (name_length == 0 && !text.starts_with('{')) || starts_with_digit {
        return Err(format!("expected a metric name, found {}", excerpt(text)));
    }
    if name_length > 0 {
        sink(Cow::Borrowed(phoenix_model::labels::METRIC_NAME), Cow::Borrowed(&text[..name_length]));
    }
    let after_name = skip_blanks(text, name_length);
    if text.as_bytes().get(after_name) != Some(&b'{') {
        return Ok(name_length);
    }
    labels(text, after_name + 1, name_length > 0, sink)
}

/// Reads labels from behind the opening brace to behind the closing one.
pub(super) fn labels<'a>(
    text: &'a str,
    start: usize,
    mut has_name: bool,
    sink: &mut impl FnMut(Cow<'a, str>, Cow<'a, str>),
) -> Result<usize, String> {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        at = skip_blanks(text, at);
        if bytes.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        let is_quoted = bytes.get(at) == Some(&b'"');
        let name = if is_quoted {
            let (name, end) = quoted(text, at)?;
            at = end;
            name
        } else {
            let length = text[at..].bytes().take_while(|b| is_name_byte(*b)).count();
            if length == 0 || bytes[at].is_ascii_digit() {
                return Err(format!("expected a label name or `}}`, found {}", excerpt(&text[at..])));
            }
            at += length;
            Cow::Borrowed(&text[at - length..at])
        };
        if name.is_empty() {
            return Err("a quoted name is empty".to_owned());
        }
        at = skip_blanks(text, at);
        if bytes.get(at) == Some(&b'=') {
            at = skip_blanks(text, at + 1);
            if bytes.get(at) != Some(&b'"') {
                return Err(format!("expected the quoted value of label {name:?}, found {}", excerpt(&text[at..])));
            }
            let (value, end) = quoted(text, at)?;
            at = end;
            sink(name, value);
        } else if is_quoted && !has_name {
            has_name = true;
            sink(Cow::Borrowed(phoenix_model::labels::METRIC_NAME), name);
        } else if is_quoted {
            return Err(format!("the series has two metric names; the second is {name:?}"));
        } else {
            return Err(format!("expected `=` after label {name:?}, found {}", excerpt(&text[at..])));
        }
        at = skip_blanks(text, at);
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b'}') => return Ok(at + 1),
            _ => return Err(format!("expected `,` or `}}`, found {}", excerpt(&text[at..]))),
        }
    }
}

/// A quoted text that begins at `start`: unescaped, and where it ends.
fn quoted(text: &str, start: usize) -> Result<(Cow<'_, str>, usize), String> {
    let inner = &text[start + 1..];
    let mut escaped = false;
    let mut from = 0;
    loop {
        let Some(found) = memchr::memchr2(b'"', b'\\', &inner.as_bytes()[from..]) else {
            return Err(format!("the quoted text {} does not end on its line", excerpt(&text[start..])));
        };
        let at = from + found;
        if inner.as_bytes()[at] == b'"' {
            let raw = &inner[..at];
            return Ok((if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }, start + at + 2));
        }
        escaped = true;
        from = at + 1 + inner[at + 1..].chars().next().map_or(0, char::len_utf8);
    }
}

/// `\\`, `\"` and `\n`; a backslash before anything else stands for itself.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some(c @ ('\\' | '"')) => out.push(c),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the blanks end that begin at `from`.
pub(super) fn skip_blanks(text: &str, from: usize) -> usize {
    from + text.as_bytes()[from..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Splits off a metric's name, bare or quoted, for comment lines.
pub(super) fn family_name(text: &str) -> Result<(Cow<'_, str>, &str), String> {
    if text.starts_with('"') {
        let (name, end) = quoted(text, 0)?;
        return Ok((name, &text[end..]));
    }
    let length = text.bytes().take_while(|b| is_name_byte(*b) || *b == b':').count();
    if length == 0 || text.as_bytes()[0].is_ascii_digit() {
        return Err(format!("expected a metric name, found {}", excerpt(text)));
    }
    Ok((Cow::Borrowed(&text[..length]), &text[length..]))
}
