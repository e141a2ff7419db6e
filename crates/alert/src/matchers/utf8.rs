//! The newer grammar: any UTF-8 in names and values, strings as in Go.

use super::{MatchersError, build};
use phoenix_model::{MatchOp, Matcher};

/// Characters that end an unquoted name or value.
pub(super) fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, MatchersError> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_whitespace();
    let braced = reader.take("{");
    let mut matchers = Vec::new();
    loop {
        reader.skip_whitespace();
        if reader.peek().is_none() || (reader.peek() == Some('}')) {
            break;
        }
        matchers.push(reader.matcher()?);
        reader.skip_whitespace();
        match reader.peek() {
            None | Some('}') => break,
            Some(',') => reader.at += 1,
            Some(c) => return Err(MatchersError::new(reader.at, format!("expected a ',' between matchers, found '{c}'"))),
        }
    }
    match (braced, reader.peek()) {
        (true, Some('}')) => reader.at += 1,
        (true, _) => return Err(MatchersError::new(reader.at, "expected '}' at the end, since there is a '{' at the start")),
        (false, Some('}')) => return Err(MatchersError::new(reader.at, "there is a '}' at the end, but no '{' at the start")),
        (false, _) => {}
    }
    reader.skip_whitespace();
    match reader.peek() {
        None => Ok(matchers),
        Some(c) => Err(MatchersError::new(reader.at, format!("expected the end, found '{c}'"))),
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_whitespace(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn matcher(&mut self) -> Result<Matcher, MatchersError> {
        let name = self.literal("a label name")?;
        if name.is_empty() {
            return Err(MatchersError::new(self.at, "the label name is empty"));
        }
        self.skip_whitespace();
        let op = if self.take("=~") {
            MatchOp::Regex
        } else if self.take("!~") {
            MatchOp::NotRegex
        } else if self.take("!=") {
            MatchOp::NotEqual
        } else if self.take("=") {
            MatchOp::Equal
        } else {
            return Err(self.expected("an operator such as '='"));
        };
        self.skip_whitespace();
        let at = self.at;
        let value = self.literal("a label value")?;
        build(name, op, value, at)
    }

    fn literal(&mut self, what: &str) -> Result<String, MatchersError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let rest = &self.text[self.at..];
        let end = rest.find(is_reserved).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.expected(what));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn expected(&self, what: &str) -> MatchersError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("'{c}'"));
        MatchersError::new(self.at, format!("expected {what}, found {found}"))
    }

    /// A double-quoted string as in Go's specification, section "String literals".
    fn quoted(&mut self) -> Result<String, MatchersError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut out = Vec::new();
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                None => return Err(MatchersError::new(start, "the string has no closing quote")),
                Some(b'\n') => return Err(MatchersError::new(at, "a string can't hold a line break; write it as \\n")),
                Some(b'"') => break,
                Some(b'\\') => at = escape(bytes, at, &mut out)?,
                Some(byte) => {
                    out.push(*byte);
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        String::from_utf8(out).map_err(|_| MatchersError::new(start, "the string is not valid UTF-8"))
    }
}

/// Reads the escape at `at` (a backslash); returns the position after it.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, MatchersError> {
    let bad = || MatchersError::new(at, "unknown escape in the string; write a backslash as \\\\");
    let number = |digits: usize, radix: u32, from: usize| -> Result<u32, MatchersError> {
        let text = bytes.get(from..from + digits).and_then(|b| std::str::from_utf8(b).ok()).ok_or_else(bad)?;
        if !text.chars().all(|c| c.is_digit(radix)) {
            return Err(bad());
        }
        u32::from_str_radix(text, radix).map_err(|_| bad())
    };
    let simple = match bytes.get(at + 1).ok_or_else(bad)? {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'"' => b'"',
        b'x' => {
            out.push(number(2, 16, at + 2)? as u8);
            return Ok(at + 4);
        }
        b'0'..=b'7' => {
            out.push(u8::try_from(number(3, 8, at + 1)?).map_err(|_| bad())?);
            return Ok(at + 4);
        }
        kind @ (b'u' | b'U') => {
            let digits = if *kind == b'u' { 4 } else { 8 };
            let c = char::from_u32(number(digits, 16, at + 2)?).ok_or_else(bad)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(at + 2 + digits);
        }
        _ => return Err(bad()),
    };
    out.push(simple);
    Ok(at + 2)
}
