//! From text to tokens.

use crate::units;
use phoenix_model::Span;
use phoenix_query::cursor::{Cursor, read_scanned_string};
use phoenix_query::frame::{self, Shared, Token};
use phoenix_query::units::parse_duration_ns;

/// The kinds of token. Keywords are words; the parser knows them by their place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Word(String),
    /// A number without a sign.
    Number(f64),
    /// A duration such as `1h30m`, in nanoseconds, without a sign.
    Duration(i64),
    /// A size such as `20MB`, in bytes.
    Bytes(u64),
    /// A string literal's value.
    String(String),
    /// `--strict`, without its dashes.
    Flag(String),
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
const SYMBOLS: [&str; 29] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "==", "=~", "<=", ">=", "|", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[",
    "]", ",", ".", "!",
];

/// Reads all tokens; the last is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Vec<Token<TokenKind>> {
    let mut cursor = Cursor::new(text);
    let mut tokens = Vec::new();
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
            '"' | '`' | '\'' => read_scanned_string(&mut cursor).map_or_else(TokenKind::Invalid, TokenKind::String),
            '-' if cursor.rest()[1..].strip_prefix('-').is_some_and(|rest| rest.starts_with(is_word_start)) => {
                cursor.eat("--");
                TokenKind::Flag(cursor.eat_while(|c| is_word(c) || c == '-').to_owned())
            }
            c if is_word_start(c) => TokenKind::Word(cursor.eat_while(is_word).to_owned()),
            c => {
                if let Some(&symbol) = SYMBOLS.iter().find(|symbol| cursor.eat(symbol)) {
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

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A number, a duration or a size.
fn number(cursor: &mut Cursor<'_>) -> TokenKind {
    let text = cursor.eat_number(|c| is_word(c) || matches!(c, '.' | 'µ' | 'μ'));
    if let Some(value) = parse_number(text) {
        return if value.is_finite() { TokenKind::Number(value) } else { TokenKind::Invalid(format!("the number {text} is too large")) };
    }
    if let Some(ns) = parse_duration_ns(text) {
        return TokenKind::Duration(ns);
    }
    if let Some(bytes) = units::parse_bytes(text) {
        return TokenKind::Bytes(bytes);
    }
    TokenKind::Invalid(format!("{text:?} is neither a number nor a duration nor a size"))
}

/// Decimal with fraction and exponent, or hexadecimal without.
fn parse_number(text: &str) -> Option<f64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+')).map(|n| n as f64);
    }
    // Rust reads `inf`, `nan` and `infinity` too; these are words here.
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse().ok()
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
                TokenKind::Duration(ns) => format!("d:{ns}"),
                TokenKind::Bytes(bytes) => format!("b:{bytes}"),
                TokenKind::String(text) => format!("s:{text}"),
                TokenKind::Flag(text) => format!("f:{text}"),
                TokenKind::Symbol(symbol) => symbol.to_owned(),
                TokenKind::Invalid(message) => format!("!{}..{} {message}", token.span.start, token.span.end),
                TokenKind::End => "$".to_owned(),
            })
            .collect();
        assert_eq!(shown.join(" "), want, "{text}");
    }

    #[test]
    fn reads_tokens() {
        check("{a=\"b\", c!~`d`} # e\n|>\"f\"", "{ w:a = s:b , w:c !~ s:d } |> s:f $");
        check("| logfmt --strict --keep-empty", "| w:logfmt f:strict f:keep-empty $");
        check("1--2", "n:1 - - n:2 $");
        check("0x1F 1.5e-3 .5 5.", "n:31 n:0.0015 n:0.5 n:5 $");
        check("5m 1h30m 250us 20MB 1.5KiB 3k", "d:300000000000 d:5400000000000 d:250000 b:20000000 b:1536 b:3000 $");
        check("x<=2^-1", "w:x <= n:2 ^ - n:1 $");
    }

    #[test]
    fn marks_what_is_no_token() {
        check("5x", "!0..2 \"5x\" is neither a number nor a duration nor a size $");
        check("a $b", "w:a !2..3 unexpected character: '$' w:b $");
        check("a \"b", "w:a !2..4 literal not terminated $");
        check("'b'", "!0..3 strings stand in double quotes or backticks $");
        check("1e999", "!0..5 the number 1e999 is too large $");
    }
}
