//! From text to tokens.

use crate::ast::AttributeName;
use crate::names::PARENT_SCOPES;
use phoenix_model::Span;
use phoenix_model::traces::Scope;
use phoenix_query::cursor::{Cursor, read_scanned_string};
use phoenix_query::frame::{self, Shared, Token};
use phoenix_query::units::parse_duration_ns;

/// The kinds of token. Keywords are words; the parser knows them by their place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Word(String),
    /// `.x`, `span.x`, `parent.resource."a b"`
    Attribute(AttributeName),
    /// `span:`, with its colon.
    Scope(&'static str),
    /// A whole number without a sign.
    Int(u64),
    /// A number with a fraction or an exponent, without a sign.
    Float(f64),
    /// A duration such as `1h30m`, in nanoseconds, without a sign.
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

/// What is said of an attribute's key without its closing quote.
pub(crate) const KEY_NOT_TERMINATED: &str = "unexpected EOF, expecting \"";

/// Longer symbols come before their first characters.
const SYMBOLS: [&str; 34] = [
    "!>>", "!<<", "&>>", "&<<", "&&", "||", "!=", "!~", "!>", "!<", "=~", ">=", "<=", ">>", "<<", "&~", "&>", "&<", "{", "}", "(", ")",
    ",", "=", ">", "<", "+", "-", "*", "/", "%", "^", "!", "|",
];

/// Scopes that end in a colon.
const COLON_SCOPES: [&str; 5] = ["trace:", "span:", "event:", "link:", "instrumentation:"];

/// Reads all tokens; the last is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Vec<Token<TokenKind>> {
    let mut cursor = Cursor::new(text);
    let mut tokens = Vec::new();
    loop {
        let unclosed = skip_space(&mut cursor);
        if let Some(span) = unclosed {
            tokens.push(Token { kind: TokenKind::Invalid("comment not terminated".to_owned()), span });
        }
        let start = cursor.offset();
        let Some(first) = cursor.peek() else {
            tokens.push(Token { kind: TokenKind::End, span: Span::new(start, start) });
            return tokens;
        };
        let kind = match first {
            '0'..='9' => number(&mut cursor),
            '.' if cursor.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => number(&mut cursor),
            '.' => attribute(&mut cursor, false, None),
            '"' | '`' | '\'' => read_scanned_string(&mut cursor).map_or_else(TokenKind::Invalid, TokenKind::String),
            c if is_word_start(c) => word(&mut cursor),
            '~' => {
                cursor.bump();
                TokenKind::Symbol("~")
            }
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

/// Skips blanks, `// …` and `/* … */`. Gives the place of a comment that is not closed.
fn skip_space(cursor: &mut Cursor<'_>) -> Option<Span> {
    loop {
        cursor.skip_space();
        let start = cursor.offset();
        if cursor.eat("//") {
            cursor.eat_while(|c| c != '\n');
        } else if cursor.eat("/*") {
            while !cursor.eat("*/") {
                if cursor.bump().is_none() {
                    return Some(cursor.span_since(start));
                }
            }
        } else {
            return None;
        }
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a character ends an attribute's key that is not in quotes.
pub(crate) fn ends_attribute(c: char) -> bool {
    c.is_whitespace() || matches!(c, '{' | '}' | '(' | ')' | '=' | '~' | '!' | '<' | '>' | '&' | '|' | '^' | ',')
}

/// A word, or what begins with one: `span.x`, `span:`.
fn word(cursor: &mut Cursor<'_>) -> TokenKind {
    if let Some(&scope) = COLON_SCOPES.iter().find(|scope| cursor.rest().starts_with(**scope)) {
        cursor.eat(scope);
        return TokenKind::Scope(scope);
    }
    let word = cursor.eat_while(is_word);
    if cursor.peek() != Some('.') {
        return TokenKind::Word(word.to_owned());
    }
    if word == "parent" {
        return attribute(cursor, true, None);
    }
    match Scope::ALL.into_iter().find(|scope| scope.as_str() == word) {
        Some(scope) => attribute(cursor, false, Some(scope)),
        None => TokenKind::Word(word.to_owned()),
    }
}

/// An attribute from the dot before its key.
fn attribute(cursor: &mut Cursor<'_>, of_parent: bool, mut scope: Option<Scope>) -> TokenKind {
    cursor.eat(".");
    if of_parent {
        let inner = PARENT_SCOPES.into_iter().find(|scope| cursor.rest().strip_prefix(scope.as_str()).is_some_and(|r| r.starts_with('.')));
        if let Some(inner) = inner {
            cursor.eat(inner.as_str());
            cursor.eat(".");
            scope = Some(inner);
        }
    }
    let mut key = String::new();
    let mut quoted = false;
    let mut wrong = None;
    while let Some(c) = cursor.peek().filter(|c| !ends_attribute(*c)) {
        if c != '"' {
            key.push(c);
            cursor.bump();
            continue;
        }
        quoted = true;
        if let Err(message) = quoted_key(cursor, &mut key) {
            wrong.get_or_insert(message);
        }
    }
    match wrong {
        Some(message) => TokenKind::Invalid(message.to_owned()),
        None if key.is_empty() && quoted => TokenKind::Invalid("the name of an attribute is empty".to_owned()),
        None if key.is_empty() => TokenKind::Invalid("syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER".to_owned()),
        None => TokenKind::Attribute(AttributeName { of_parent, scope, key: key.into() }),
    }
}

/// A part of a key in quotes, in which only `\"` and `\\` are escapes.
fn quoted_key(cursor: &mut Cursor<'_>, key: &mut String) -> Result<(), &'static str> {
    cursor.bump();
    let mut known = true;
    loop {
        match cursor.bump() {
            None => return Err(KEY_NOT_TERMINATED),
            Some('"') => break,
            Some('\\') => match cursor.bump() {
                Some(c @ ('"' | '\\')) => key.push(c),
                _ => known = false,
            },
            Some(c) => key.push(c),
        }
    }
    if known { Ok(()) } else { Err("invalid escape sequence") }
}

/// A number or a duration.
fn number(cursor: &mut Cursor<'_>) -> TokenKind {
    let text = cursor.eat_number(|c| is_word(c) || c == '.');
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_or_else(|_| TokenKind::Invalid(format!("the number {text} is too large")), TokenKind::Int);
    }
    if let Some(ns) = parse_duration_ns(text) {
        return TokenKind::Duration(ns);
    }
    // Rust reads `inf`, `nan` and `infinity` too; these are words here.
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && let Ok(value) = text.parse::<f64>()
    {
        return if value.is_finite() { TokenKind::Float(value) } else { TokenKind::Invalid(format!("the number {text} is too large")) };
    }
    TokenKind::Invalid(format!("{text:?} is neither a number nor a duration"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let shown: Vec<String> = tokens(text)
            .into_iter()
            .map(|token| match token.kind {
                TokenKind::Word(word) => format!("w:{word}"),
                TokenKind::Attribute(name) => format!("a:{name}"),
                TokenKind::Scope(scope) => scope.to_owned(),
                TokenKind::Int(n) => format!("i:{n}"),
                TokenKind::Float(n) => format!("f:{n}"),
                TokenKind::Duration(ns) => format!("d:{ns}"),
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
        check("{.a=\"b\"} // c\n!>>{d}/* e\n */&~", "{ a:.a = s:b } !>> { w:d } &~ $");
        check("{span:duration>=1h2m && rootName!~`x`}", "{ span: w:duration >= d:3720000000000 && w:rootName !~ s:x } $");
        check("1 1.5 .5 1e3 2e-3 5. 10ms 1d", "i:1 f:1.5 f:0.5 f:1000 f:0.002 f:5 d:10000000 d:86400000000000 $");
        check("{}>{}<<{}&<{}~{}", "{ } > { } << { } &< { } ~ { } $");
        check("-1- -x", "- i:1 - - w:x $");
    }

    #[test]
    fn reads_attributes() {
        check("{.http.status-code/x+1=1}", "{ a:.http.status-code/x+1 = i:1 } $");
        check(
            "span.größe resource.a:b event.1 link.x instrumentation.y",
            "a:span.größe a:resource.a:b a:event.1 a:link.x a:instrumentation.y $",
        );
        check("span.a.\"b c\".d", "a:span.\"a.b c.d\" $");
        check("span.\"x\\\"y\\\\\"", "a:span.\"x\\\"y\\\\\" $");
        check(
            "parent.x parent.span.x parent.resource.x parent.event.x",
            "a:parent.x a:parent.span.x a:parent.resource.x a:parent.event.x $",
        );
        check("parent.\"span.x\" .\"5x\"", "a:parent.\"span.x\" a:.\"5x\" $");
        check("trace.x", "w:trace a:.x $");
    }

    #[test]
    fn marks_what_is_no_token() {
        check("5x", "!0..2 \"5x\" is neither a number nor a duration $");
        check("a $b", "w:a !2..3 unexpected character: '$' w:b $");
        check("a \"b", "w:a !2..4 literal not terminated $");
        check("'b'", "!0..3 strings stand in double quotes or backticks $");
        check("1e999 99999999999999999999", "!0..5 the number 1e999 is too large !6..26 the number 99999999999999999999 is too large $");
        check("span. =", "!0..5 syntax error: unexpected END_ATTRIBUTE, expecting IDENTIFIER = $");
        check(".\"a", "!0..3 unexpected EOF, expecting \" $");
        check(".\"a\\n\" x", "!0..6 invalid escape sequence w:x $");
        check("x /* y", "w:x !2..6 comment not terminated $");
    }
}
