//! From tokens to a syntax tree, with recovery: errors leave `Error` nodes behind and parsing goes
//! on, so that an editor can underline all of them at once.
//!
//! What is wrong with the grammar is said in Tempo's words (`syntax error: unexpected STRING`), with
//! advice beside it.

mod field;
mod metrics;
mod pipeline;
mod value;

use crate::ast::{Body, Hint, Pipeline, Query, Stage, StageKind, Static};
use crate::check;
use crate::lexer::{KEY_NOT_TERMINATED, TokenKind, tokens};
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_query::cursor::NOT_TERMINATED;
pub use phoenix_query::frame::MAX_DEPTH;
use phoenix_query::frame::{Frame, syntax_error};
pub use phoenix_query::parsed::MAX_QUERY_BYTES;
use std::ops::{Deref, DerefMut};

/// How many operators one condition (`{ … }`, an argument) may have. They are cheaper than levels of
/// expressions, and generated ones can be long.
pub const MAX_OPERATORS: usize = 500;

/// How many regular expressions one query may have: each may take 10 MiB once it is compiled.
pub const MAX_REGEXES: usize = 256;

/// How many items a list may have: attributes of `select`, quantiles, hints.
pub const MAX_LIST: usize = 100;

/// How many attributes `by (…)` of a metrics stage may have.
pub const MAX_GROUP_BY: usize = 20;

/// What came of a text: with `Error` nodes in the place of what could not be read.
pub type Parsed = phoenix_query::Parsed<Query>;

/// Reads a query and checks it. Never panics, whatever the text.
pub fn parse(text: &str) -> Parsed {
    let source = Source::new("query", text);
    if let Some(refused) = Parsed::too_long(&source) {
        return refused;
    }
    let mut parser = Parser { frame: Frame::new(source, tokens(text), "query"), operators: 0 };
    let query = parser.whole();
    for finding in query.iter().flat_map(check::query) {
        let found = if finding.is_warning {
            parser.frame.report(Diagnostic::warning(parser.source(), finding.span, finding.message))
        } else {
            parser.error(finding.span, finding.message)
        };
        found.advise(finding.help);
    }
    Parsed::new(query, parser.frame.into_findings())
}

/// The grammar, on the frame that all languages share.
struct Parser {
    frame: Frame<TokenKind>,
    /// How many operators the condition has that is being read.
    operators: usize,
}

impl Deref for Parser {
    type Target = Frame<TokenKind>;

    fn deref(&self) -> &Self::Target {
        &self.frame
    }
}

impl DerefMut for Parser {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.frame
    }
}

impl Parser {
    fn whole(&mut self) -> Option<Query> {
        if self.at_end() {
            self.unexpected(&[], Some("write a set of spans such as `{ status = error }`; `{ }` is all of them"));
            return None;
        }
        let start = self.span().start;
        let body = match self.reading() {
            pipeline::Reading::Spans(pipeline) => Body::Search(pipeline),
            pipeline::Reading::Metrics(metrics) => Body::Metrics(metrics),
            pipeline::Reading::Number(_, number) => {
                self.unexpected(&[], Some("compare the number with another, such as `count() > 2`"));
                Body::Search(Self::error_pipeline(number.span))
            }
            pipeline::Reading::Error(span) => Body::Search(Self::error_pipeline(span)),
        };
        let hints = if self.eat_keyword("with") { self.hints() } else { Vec::new() };
        let span = self.span_from(start);
        if !self.at_end() {
            let help = match self.peek() {
                TokenKind::Symbol("{") => Some("between two sets of spans stands an operator, such as `&&` or `>>`"),
                TokenKind::Word(word) if word == "by" => Some("`by` belongs behind a function such as `rate()`, or is a stage: `| by(…)`"),
                TokenKind::Symbol("|") if !hints.is_empty() => Some("`with (…)` is the last part of a query"),
                _ => None,
            };
            self.unexpected(&[], help);
        }
        // Whatever else can be read is read for its errors alone.
        while !self.at_end() {
            if self.at_symbol("{") {
                self.spanset_filter();
            } else {
                self.bump();
            }
        }
        Some(Query { body, hints, span })
    }

    fn error_pipeline(span: Span) -> Pipeline {
        Pipeline { stages: vec![Stage { kind: StageKind::Error, span }], span }
    }

    /// `(name=value, …)`, behind `with`.
    fn hints(&mut self) -> Vec<Hint> {
        let mut hints = Vec::new();
        if !self.expect_symbol("(") {
            return hints;
        }
        loop {
            let start = self.span().start;
            let Some(name) = self.hint_name() else { break };
            if !self.expect_symbol("=") {
                break;
            }
            let Some(value) = self.signed_static() else {
                self.unexpected(&[], Some("the value of a hint is a literal, such as `true` or `0.1`"));
                break;
            };
            let span = self.span_from(start);
            if hints.len() == MAX_LIST {
                self.too_long("with", span);
                break;
            }
            hints.push(Hint { name, value, span });
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.close(")");
        hints
    }

    fn hint_name(&mut self) -> Option<String> {
        let TokenKind::Word(name) = self.peek() else {
            self.unexpected(&["IDENTIFIER"], None);
            return None;
        };
        let name = name.clone();
        self.bump();
        Some(name)
    }

    /// A literal with a sign, if one comes next.
    fn signed_static(&mut self) -> Option<Static> {
        if self.at_symbol("-") && matches!(self.peek_after(), TokenKind::Int(_) | TokenKind::Float(_) | TokenKind::Duration(_)) {
            self.bump();
            let TokenKind::Int(number) = *self.peek() else { return self.literal().and_then(|value| negated(&value)) };
            self.bump();
            return 0_i64.checked_sub_unsigned(number).map(Static::Int);
        }
        self.literal()
    }

    /// A literal without a sign, if one comes next.
    fn literal(&mut self) -> Option<Static> {
        let value = match self.peek() {
            TokenKind::Int(number) => Static::Int(i64::try_from(*number).ok()?),
            TokenKind::Float(number) => Static::Float(*number),
            TokenKind::Duration(ns) => Static::Duration(*ns),
            TokenKind::String(text) => Static::Text(text.as_str().into()),
            TokenKind::Word(word) => literal_word(word)?,
            _ => return None,
        };
        self.bump();
        Some(value)
    }

    /// Takes a keyword if it comes next; they are written in small letters.
    fn eat_keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Word(w) if w == word);
        if found {
            self.bump();
        }
        found
    }

    /// Takes a symbol, or reports that it is missing.
    fn expect_symbol(&mut self, symbol: &'static str) -> bool {
        if self.eat_symbol(symbol) {
            return true;
        }
        self.unexpected(&[symbol], None);
        false
    }

    /// Takes a closing bracket, or reports that it is missing and goes on behind it.
    fn close(&mut self, closing: &'static str) {
        if !self.expect_symbol(closing) {
            self.recover_at(closing);
        }
    }

    fn too_long(&mut self, name: &str, span: Span) {
        self.error(span, format!("{name}(…) has too many items: the limit is {MAX_LIST}"));
    }

    /// Reports the next token, in Tempo's words. Without `expected` anything might have come.
    fn unexpected(&mut self, expected: &[&str], help: Option<&str>) {
        // The rest of the text is within the string.
        if self.at_end() && self.has_said(&[NOT_TERMINATED, KEY_NOT_TERMINATED]) {
            return;
        }
        let found = match self.peek() {
            TokenKind::Invalid(message) => message.clone(),
            kind => syntax_error(&describe(kind), expected),
        };
        let span = self.span();
        self.error(span, found).advise(help);
    }
}

/// The word's meaning as a literal.
fn literal_word(word: &str) -> Option<Static> {
    use phoenix_model::traces::{SpanKind, SpanStatus};
    Some(match word {
        "nil" => Static::Nil,
        "true" => Static::Bool(true),
        "false" => Static::Bool(false),
        "minInt" => Static::Int(i64::MIN),
        "maxInt" => Static::Int(i64::MAX),
        _ => {
            let status = SpanStatus::ALL.into_iter().find(|status| status.as_str() == word).map(Static::Status);
            return status.or_else(|| SpanKind::ALL.into_iter().find(|kind| kind.as_str() == word).map(Static::Kind));
        }
    })
}

/// A number with the other sign; `None` for what is none, and where there is no such number.
fn negated(value: &Static) -> Option<Static> {
    match value {
        Static::Int(number) => number.checked_neg().map(Static::Int),
        Static::Float(number) => Some(Static::Float(-number)),
        Static::Duration(ns) => ns.checked_neg().map(Static::Duration),
        _ => None,
    }
}

/// A token as Tempo's messages name it.
fn describe(kind: &TokenKind) -> String {
    match kind {
        TokenKind::End => "$end".to_owned(),
        TokenKind::Word(word) => if crate::analysis::is_keyword(word) { word.as_str() } else { "IDENTIFIER" }.to_owned(),
        TokenKind::Attribute(name) if name.of_parent => "parent.".to_owned(),
        TokenKind::Attribute(name) => name.scope.map_or_else(|| ".".to_owned(), |scope| format!("{}.", scope.as_str())),
        TokenKind::Scope(scope) => (*scope).to_owned(),
        TokenKind::Int(_) => "INTEGER".to_owned(),
        TokenKind::Float(_) => "FLOAT".to_owned(),
        TokenKind::Duration(_) => "DURATION".to_owned(),
        TokenKind::String(_) => "STRING".to_owned(),
        TokenKind::Symbol(symbol) => (*symbol).to_owned(),
        TokenKind::Invalid(message) => message.clone(),
    }
}
