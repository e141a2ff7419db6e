//! From text to tokens.

use phoenix_model::Span;
use phoenix_query::cursor::{Cursor, read_string};
use phoenix_query::frame::{self, Shared, Token};

/// The kinds of token. Keywords are words; the parser knows them by their place.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A name or keyword; may hold colons.
    Word(String),
    /// A number.
    Number(f64),
    /// A duration such as `1h30m`, in milliseconds.
    Duration(i64),
    /// A string literal's value.
    String(String),
    /// An operator or bracket, as written.
    Symbol(&'static str),
    /// Something that is no token, with what is wrong about it.
    Invalid(String),
    /// The end of the text.
    End,
}

impl frame::TokenKind for TokenKind {
    fn shared(&self) -> Shared<'_> {
        match self {
            Self::Word(word) => Shared::Word(word),
            Self::Symbol(symbol) => Shared::Symbol(symbol),
            Self::End => Shared::End,
            _ => Shared::Other,
        }
    }
}

/// Two-character symbols come before their first characters.
const SYMBOLS: [&str; 28] = [
    "</", ">/", "==", "!=", "=~", "!~", "<=", ">=", "+", "-", "*", "/", "%", "^", "=", "<", ">", "(", ")", "{", "}", "[", "]", ",", ":",
    "@", "!", ";",
];

/// Reads all tokens; the last is [`TokenKind::End`].
pub fn tokens(text: &str) -> Vec<Token<TokenKind>> {
    let mut cursor = Cursor::new(text);
    let mut tokens = Vec::new();
    // Within brackets a colon parts range and step; elsewhere it may begin or continue a name.
    let mut in_brackets = false;
    loop {
        cursor.skip_space_and_comments();
        let start = cursor.offset();
        let Some(first) = cursor.peek() else {
            tokens.push(Token { kind: TokenKind::End, span: Span::new(start, start) });
            return tokens;
        };
        let kind = match first {
            '0'..='9' => number(&mut cursor),
            '.' if cursor.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => number(&mut cursor),
            '"' | '\'' | '`' => match read_string(&mut cursor) {
                Ok(text) => TokenKind::String(text),
                Err(error) => {
                    tokens.push(Token { kind: TokenKind::Invalid(error.message), span: error.span });
                    continue;
                }
            },
            c if is_word_start(c) || (c == ':' && !in_brackets) => {
                TokenKind::Word(cursor.eat_while(|c| is_word_start(c) || c.is_ascii_digit() || (c == ':' && !in_brackets)).to_owned())
            }
            c => {
                if let Some(&symbol) = SYMBOLS.iter().find(|symbol| cursor.eat(symbol)) {
                    in_brackets = (in_brackets || symbol == "[") && symbol != "]";
                    TokenKind::Symbol(symbol)
                } else {
                    cursor.bump();
                    TokenKind::Invalid(format!("unexpected character: {c:?}"))
                }
            }
        };
        tokens.push(Token { kind, span: cursor.span_since(start) });
    }
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// A number or a duration.
fn number(cursor: &mut Cursor<'_>) -> TokenKind {
    let text = cursor.eat_number(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    if let Some(value) = parse_number(text) {
        return TokenKind::Number(value);
    }
    let hex = text.starts_with("0x") || text.starts_with("0X");
    let has_unit = !hex && text.bytes().all(|b| b.is_ascii_alphanumeric()) && text.bytes().any(|b| b.is_ascii_alphabetic());
    if !has_unit {
        return TokenKind::Invalid(format!("bad number or duration syntax: {text:?}"));
    }
    match phoenix_model::parse_duration(text) {
        Ok(duration) => TokenKind::Duration(duration.as_millis() as i64),
        Err(reason) => TokenKind::Invalid(format!("bad number or duration syntax: {text:?}: {reason}")),
    }
}

/// Reads a number as Go does: decimal, hexadecimal (`0x1F`), octal with a leading zero (`017`),
/// fractions and exponents, `_` between digits.
pub fn parse_number(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit_beside = |i: usize| {
        let before = i > 0 && (bytes[i - 1].is_ascii_hexdigit() || matches!(bytes[i - 1], b'x' | b'X'));
        before && bytes.get(i + 1).is_some_and(u8::is_ascii_hexdigit)
    };
    if (0..bytes.len()).any(|i| bytes[i] == b'_' && !digit_beside(i)) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with(['+', '-'])).map(|n| n as f64);
    }
    if plain.len() > 1 && plain.starts_with('0') && plain.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return i64::from_str_radix(&plain, 8).ok().map(|n| n as f64);
    }
    // Rust reads `inf`, `nan` and `infinity` too; these are words here.
    if !plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let shown: Vec<String> = tokens(text)
            .into_iter()
            .map(|token| match token.kind {
                TokenKind::Word(word) => format!("w:{word}"),
                TokenKind::Number(n) => format!("n:{n}"),
                TokenKind::Duration(ms) => format!("d:{ms}"),
                TokenKind::String(text) => format!("s:{text}"),
                TokenKind::Symbol(symbol) => symbol.to_owned(),
                TokenKind::Invalid(message) => format!("!{}..{} {message}", token.span.start, token.span.end),
                TokenKind::End => "$".to_owned(),
            })
            .collect();
        assert_eq!(shown.join(" "), want, "{text}");
    }

    #[test]
    fn reads_tokens() {
        check("a:b{c!~'d'} # e\n[5m:1m]", "w:a:b { w:c !~ s:d } [ d:300000 : d:60000 ] $");
        check("0x1F 017 089 1_000 .5 1e-3 1e+3 5.", "n:31 n:15 n:89 n:1000 n:0.5 n:0.001 n:1000 n:5 $");
        check("1h30m 1d 5ms", "d:5400000 d:86400000 d:5 $");
        check("x<=2^-1", "w:x <= n:2 ^ - n:1 $");
        check("1e5-2", "n:100000 - n:2 $");
    }

    #[test]
    fn marks_what_is_no_token() {
        check("5x", "!0..2 bad number or duration syntax: \"5x\": unknown unit `x`; one of y, w, d, h, m, s, ms $");
        check("1__0", "!0..4 bad number or duration syntax: \"1__0\" $");
        check("a $ b", "w:a !2..3 unexpected character: '$' w:b $");
        check("a 'b", "w:a !2..4 unterminated quoted string $");
    }
}
