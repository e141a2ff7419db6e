//! A cursor over JSON text.

use memchr::{memchr, memchr2};

/// The deepest nesting of values that nobody reads.
const MAX_DEPTH: usize = 64;

/// Where reading stands in a text.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// A string as it stands between its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a> {
    text: &'a str,
    has_escapes: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// The position of the next value.
    pub(crate) fn at(&mut self) -> usize {
        self.space();
        self.at
    }

    /// Goes to a position that [`Scanner::at`] gave; gives the one where it stood.
    pub(crate) fn go_to(&mut self, at: usize) -> usize {
        std::mem::replace(&mut self.at, at)
    }

    /// The text from a position to here.
    pub(crate) fn text_from(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    fn error(&self, expected: &str) -> String {
        let found = match self.text[self.at..].chars().next() {
            Some(c) => format!("found {c:?}"),
            None => "the text ends".to_owned(),
        };
        format!("expected {expected}, {found} at byte {}", self.at)
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let is_there = self.byte() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Takes a byte that must be there.
    pub(crate) fn expect(&mut self, byte: u8, what: &str) -> Result<(), String> {
        if self.take(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    /// Takes a comma if it is there.
    pub(crate) fn comma(&mut self) -> bool {
        self.take(b',')
    }

    /// Takes the end of an object or array if it is there.
    pub(crate) fn close(&mut self, byte: u8) -> bool {
        self.take(byte)
    }

    /// Takes `null` if it is there.
    pub(crate) fn null(&mut self) -> bool {
        self.space();
        let is_there = self.text.as_bytes()[self.at..].starts_with(b"null");
        self.at += 4 * usize::from(is_there);
        is_there
    }

    /// Whether nothing follows but space.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("the end")) }
    }

    /// Takes a string.
    pub(crate) fn string(&mut self, what: &str) -> Result<Raw<'a>, String> {
        self.expect(b'"', what)?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut has_escapes = false;
        loop {
            let Some(more) = memchr2(b'"', b'\\', &bytes[self.at..]) else {
                return Err(format!("the string at byte {start} does not end"));
            };
            self.at += more;
            if bytes[self.at] == b'"' {
                let text = &self.text[start..self.at];
                self.at += 1;
                return Ok(Raw { text, has_escapes });
            }
            has_escapes = true;
            // What is escaped may be a quote or a backslash; else it may be the start of a longer
            // character, whose other bytes are neither.
            self.at = (self.at + 2).min(bytes.len());
        }
    }

    /// Takes a value of any kind.
    pub(crate) fn skip_value(&mut self) -> Result<(), String> {
        let mut closers: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.byte() {
                Some(b'"') => {
                    self.string("a value")?;
                }
                Some(open @ (b'{' | b'[')) => {
                    self.at += 1;
                    let close = if open == b'{' { b'}' } else { b']' };
                    if closers.len() == MAX_DEPTH {
                        return Err(format!("values are nested deeper than {MAX_DEPTH} levels at byte {}", self.at));
                    }
                    if !self.close(close) {
                        closers.push(close);
                        self.key_of(close)?;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            loop {
                let Some(&close) = closers.last() else { return Ok(()) };
                if self.comma() {
                    self.key_of(close)?;
                    break;
                }
                self.expect(close, "`,` or the end of a value")?;
                closers.pop();
            }
        }
    }

    /// Takes a key and its colon where the surrounding value is an object.
    fn key_of(&mut self, close: u8) -> Result<(), String> {
        if close == b'}' {
            self.string("a key")?;
            self.expect(b':', "`:`")?;
        }
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), String> {
        self.word("a value").map(|_| ())
    }

    /// Takes a number, `true`, `false` or `null`, as it is written.
    pub(crate) fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.space();
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
        let word = &self.text[self.at..self.at + length];
        if matches!(word, "null" | "true" | "false") || serde_json::from_str::<f64>(word).is_ok() {
            self.at += length;
            return Ok(word);
        }
        Err(self.error(what))
    }

    /// Whether a string comes next.
    pub(crate) fn is_string(&mut self) -> bool {
        self.space();
        self.byte() == Some(b'"')
    }
}

impl<'a> Raw<'a> {
    /// The text as it stands, with escapes.
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    /// The text; one with escapes is put together in `buffer`. Half of a surrogate pair becomes U+FFFD.
    pub(crate) fn decode<'b>(self, buffer: &'b mut String) -> Result<&'b str, String>
    where
        'a: 'b,
    {
        if !self.has_escapes {
            return Ok(self.text);
        }
        buffer.clear();
        let mut rest = self.text;
        while let Some(at) = memchr(b'\\', rest.as_bytes()) {
            buffer.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let simple = match rest.as_bytes().first() {
                Some(b'"') => '"',
                Some(b'\\') => '\\',
                Some(b'/') => '/',
                Some(b'n') => '\n',
                Some(b't') => '\t',
                Some(b'r') => '\r',
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'u') => {
                    let (c, length) = unicode(&rest[1..])?;
                    buffer.push(c);
                    rest = &rest[1 + length..];
                    continue;
                }
                _ => return Err(format!("`\\{}` is not an escape of JSON", rest.chars().next().unwrap_or(' '))),
            };
            buffer.push(simple);
            rest = &rest[1..];
        }
        buffer.push_str(rest);
        Ok(buffer)
    }
}

/// The character of a `\u` escape, whose digits `text` begins with, and how many bytes it takes.
fn unicode(text: &str) -> Result<(char, usize), String> {
    let digits = |from: usize| {
        let digits = text.get(from..from + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    };
    let first = digits(0).ok_or("`\\u` needs four hexadecimal digits")?;
    if (0xd800..0xdc00).contains(&first)
        && text.get(4..6) == Some("\\u")
        && let Some(second) = digits(6).filter(|second| (0xdc00..0xe000).contains(second))
    {
        let c = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Ok((char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), 10));
    }
    Ok((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_those_of_another_reader(text in any::<String>(), spaced in any::<bool>()) {
            let written = serde_json::to_string(&text).unwrap();
            let written = if spaced { format!(" {written}") } else { written };
            let mut buffer = String::new();
            let mut scanner = Scanner::new(&written);
            prop_assert_eq!(scanner.string("a string").unwrap().decode(&mut buffer).unwrap(), &text);
            prop_assert!(scanner.end().is_ok());
        }

        #[test]
        fn values_are_skipped_when_another_reader_reads_them(text in r#"([\[\]{}:,"a1\\ ]|null|true|"a"|"a":){0,12}"#) {
            let mut scanner = Scanner::new(&text);
            let skipped = scanner.skip_value().and_then(|()| scanner.end()).is_ok();
            let read = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            // Escapes of strings that nobody reads are not looked at.
            prop_assert!(skipped == read || text.contains('\\'), "{} {}", skipped, text);
        }
    }

    #[test]
    fn escapes() {
        for (raw, want) in [
            (r#""a\"b\\c\/d\n\u00e9\ud83d\ude00""#, Ok("a\"b\\c/d\né😀")),
            (r#""\ud83dx""#, Ok("\u{fffd}x")),
            (r#""\ude00\ud83d""#, Ok("\u{fffd}\u{fffd}")),
            (r#""\q""#, Err("`\\q` is not an escape of JSON")),
            (r#""\u12g4""#, Err("`\\u` needs four hexadecimal digits")),
            (r#""\u12"#, Err("the string at byte 1 does not end")),
            (r#""\"#, Err("the string at byte 1 does not end")),
        ] {
            let mut buffer = String::new();
            let got = Scanner::new(raw).string("a string").and_then(|raw| raw.decode(&mut buffer).map(str::to_owned));
            assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned), "{raw}");
        }
    }
}
