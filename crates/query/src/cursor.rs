//! Reading a text character by character, and the literals that the languages share.

use phoenix_model::Span;

/// A place in a text.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning.
    pub fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    /// The byte offset of the next character.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What is left of the text.
    pub fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    /// The text from a byte offset up to here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.offset]
    }

    /// The span from a byte offset up to here.
    pub fn span_since(&self, start: usize) -> Span {
        Span::new(start, self.offset)
    }

    /// The next character, without taking it.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes the next character.
    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.offset += c.len_utf8();
        Some(c)
    }

    /// Takes the text if it comes next.
    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.offset += text.len();
        }
        found
    }

    /// Takes characters as long as they fit, and gives them.
    pub fn eat_while(&mut self, mut fits: impl FnMut(char) -> bool) -> &'a str {
        let start = self.offset;
        while self.peek().is_some_and(&mut fits) {
            self.bump();
        }
        self.since(start)
    }

    /// Skips blanks and line breaks.
    pub fn skip_space(&mut self) {
        self.eat_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    /// Skips blanks, line breaks, and comments from `#` to the end of their line.
    pub fn skip_space_and_comments(&mut self) {
        self.skip_space();
        while self.peek() == Some('#') {
            self.eat_while(|c| c != '\n');
            self.skip_space();
        }
    }

    /// Takes a number with all that stands right behind it, so that `5x` is one bad token and not
    /// two good ones: characters that fit, and signs of exponents, as in `1e-3`.
    pub fn eat_number(&mut self, mut fits: impl FnMut(char) -> bool) -> &'a str {
        let start = self.offset;
        // In hexadecimal numbers `e` is a digit.
        let hex = self.eat("0x") || self.eat("0X");
        let mut previous = '0';
        self.eat_while(|c| {
            let exponent_sign = matches!(c, '+' | '-') && !hex && matches!(previous, 'e' | 'E');
            previous = c;
            fits(c) || exponent_sign
        });
        self.since(start)
    }
}

/// What is wrong with a string literal, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringError {
    /// In words.
    pub message: String,
    /// The offending bytes.
    pub span: Span,
}

/// Reads a string literal in Go's syntax, beginning with its quote: `"…"` and `'…'` with
/// escapes, and raw strings in backticks, which may span lines. Takes as much as it could read
/// even when it fails, so that a lexer can go on.
pub fn read_string(cursor: &mut Cursor<'_>) -> Result<String, StringError> {
    let start = cursor.offset();
    let quote = cursor.bump().unwrap_or('"');
    let unterminated = |cursor: &Cursor<'_>| StringError {
        message: if quote == '`' { "unterminated raw string" } else { "unterminated quoted string" }.to_owned(),
        span: cursor.span_since(start),
    };
    if quote == '`' {
        let text = cursor.eat_while(|c| c != '`').to_owned();
        return if cursor.bump().is_some() { Ok(text) } else { Err(unterminated(cursor)) };
    }
    let mut bytes = Vec::new();
    let mut first_error = None;
    loop {
        let at = cursor.offset();
        match cursor.peek() {
            None | Some('\n') => return Err(unterminated(cursor)),
            Some(c) if c == quote => {
                cursor.bump();
                break;
            }
            Some('\\') => {
                cursor.bump();
                if let Err(message) = read_escape(cursor, quote, &mut bytes)
                    && first_error.is_none()
                {
                    first_error = Some(StringError { message, span: cursor.span_since(at) });
                }
            }
            Some(c) => {
                cursor.bump();
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    if let Some(error) = first_error {
        return Err(error);
    }
    String::from_utf8(bytes)
        .map_err(|_| StringError { message: "the string's escapes do not form valid UTF-8".to_owned(), span: cursor.span_since(start) })
}

fn read_escape(cursor: &mut Cursor<'_>, quote: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let Some(c) = cursor.peek() else { return Err("escape sequence not terminated".to_owned()) };
    if c == '\n' {
        return Err("escape sequence not terminated".to_owned());
    }
    cursor.bump();
    let (digits, base) = match c {
        'a' => return push(bytes, 0x07),
        'b' => return push(bytes, 0x08),
        'f' => return push(bytes, 0x0c),
        'n' => return push(bytes, b'\n'),
        'r' => return push(bytes, b'\r'),
        't' => return push(bytes, b'\t'),
        'v' => return push(bytes, 0x0b),
        '\\' => return push(bytes, b'\\'),
        c if c == quote => return push(bytes, c as u8),
        '0'..='7' => (3, 8),
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        c => return Err(format!("unknown escape sequence `\\{c}`; write a backslash itself as `\\\\`")),
    };
    let mut value = if base == 8 { c.to_digit(8).expect("matched above") } else { 0 };
    for _ in 0..digits - u32::from(base == 8) {
        let Some(digit) = cursor.peek().and_then(|c| c.to_digit(base)) else {
            return Err("an escape sequence is too short, or has a character that is not a digit".to_owned());
        };
        cursor.bump();
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    if digits <= 3 {
        return u8::try_from(value).map_err(|_| "an octal escape is above \\377".to_owned()).and_then(|byte| push(bytes, byte));
    }
    let c = char::from_u32(value).ok_or_else(|| "an escape sequence is not a valid Unicode code point".to_owned())?;
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "lets each arm of the escape table return it")]
fn push(bytes: &mut Vec<u8>, byte: u8) -> Result<(), String> {
    bytes.push(byte);
    Ok(())
}

/// What Go's scanner says of a string without its closing quote.
pub const NOT_TERMINATED: &str = "literal not terminated";

/// Reads a string literal as [`read_string`] does where quotes are double or backticks, in the words
/// of Go's scanner, which Loki and Tempo use.
pub fn read_scanned_string(cursor: &mut Cursor<'_>) -> Result<String, String> {
    let quote = cursor.peek();
    match read_string(cursor) {
        Ok(_) if quote == Some('\'') => Err("strings stand in double quotes or backticks".to_owned()),
        Ok(text) => Ok(text),
        Err(error) if error.message.starts_with("unterminated") => Err(NOT_TERMINATED.to_owned()),
        Err(error) => Err(error.message),
    }
}

/// Writes a string literal with double quotes that [`read_string`] reads back.
pub fn quote(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, String> {
        let mut cursor = Cursor::new(text);
        let read = read_string(&mut cursor).map_err(|e| format!("{}..{} {}", e.span.start, e.span.end, e.message))?;
        assert_eq!(cursor.rest(), "", "{text}");
        Ok(read)
    }

    #[test]
    fn reads_all_forms() {
        for (text, want) in [
            (r#""a\"b""#, "a\"b"),
            (r#"'a"b\''"#, "a\"b'"),
            (r"`a\n`", "a\\n"),
            ("`a\nb`", "a\nb"),
            (r#""\x41\101\u00e4\U0001F600\t""#, "AAä😀\t"),
            (r#""\xc3\xa4""#, "ä"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(want), "{text}");
        }
        for (text, want) in [
            (r#""a"#, "0..2 unterminated quoted string"),
            ("`a", "0..2 unterminated raw string"),
            (r#""\q""#, "1..3 unknown escape sequence `\\q`; write a backslash itself as `\\\\`"),
            (r#""\xff""#, "0..6 the string's escapes do not form valid UTF-8"),
            (r#""\ud800""#, "1..7 an escape sequence is not a valid Unicode code point"),
            (r#""\x4""#, "1..4 an escape sequence is too short, or has a character that is not a digit"),
        ] {
            assert_eq!(read(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn scanned_strings_have_two_kinds_of_quotes() {
        for (text, want) in [
            (r#""a\"b""#, Ok("a\"b")),
            ("`a\nb`", Ok("a\nb")),
            ("'a'", Err("strings stand in double quotes or backticks")),
            ("'a", Err(NOT_TERMINATED)),
            ("`a", Err(NOT_TERMINATED)),
            (r#""\ud800""#, Err("an escape sequence is not a valid Unicode code point")),
        ] {
            let mut cursor = Cursor::new(text);
            assert_eq!(read_scanned_string(&mut cursor).as_deref().map_err(String::as_str), want, "{text}");
            assert_eq!(cursor.rest(), "", "{text}");
        }
    }

    #[test]
    fn numbers_are_taken_whole() {
        for (text, number) in [("1e-3-2", "1e-3"), ("0x1e-3", "0x1e"), ("5x y", "5x"), ("1.5.2,", "1.5.2"), ("1-2", "1")] {
            assert_eq!(Cursor::new(text).eat_number(|c| c.is_ascii_alphanumeric() || c == '.'), number, "{text}");
        }
        let mut cursor = Cursor::new(" \t# a b\n# c\r\n d #");
        cursor.skip_space_and_comments();
        assert_eq!(cursor.rest(), "d #");
        cursor.bump();
        cursor.skip_space_and_comments();
        assert_eq!(cursor.rest(), "");
    }

    proptest! {
        #[test]
        fn quoting_round_trips(text in any::<String>()) {
            prop_assert_eq!(read(&quote(&text)), Ok(text));
        }
    }
}
