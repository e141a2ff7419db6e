//! From tokens to a syntax tree, with recovery: errors leave [`ExprKind::Error`] behind and parsing
//! goes on, so that an editor can underline all of them at once.

mod expression;
mod selector;

use crate::ast::{Expr, ExprKind};
use crate::lexer::{TokenKind, tokens};
use phoenix_model::{Diagnostic, Source};
use phoenix_query::Frame;
pub use phoenix_query::frame::MAX_DEPTH;
use std::ops::{Deref, DerefMut};

/// What came of a text: with [`ExprKind::Error`] in the place of what could not be read.
pub type Parsed = phoenix_query::Parsed<Expr>;

/// Reads an expression and checks its types. Never panics, whatever the text.
pub fn parse(text: &str) -> Parsed {
    let source = Source::new("query", text);
    let mut parser = Parser(Frame::new(source.clone(), tokens(text), "expression"));
    let expr = parser.whole();
    let mut diagnostics = parser.0.into_findings();
    if let Some(expr) = &expr {
        crate::check::check(expr, &source, &mut diagnostics);
    }
    Parsed::new(expr, diagnostics)
}

/// Reads a bare selector such as `up{job="x"}`, as the API's `match[]` has them.
pub fn parse_selector(text: &str) -> Result<crate::ast::Selector, Vec<Diagnostic>> {
    let expr = parse(text).into_result()?;
    match expr.kind {
        ExprKind::Selector(selector) if selector.time == crate::ast::TimeShift::default() => Ok(selector),
        _ => Err(vec![Diagnostic::error(&Source::new("selector", text), expr.span, "expected a series selector such as `up{job=\"x\"}`")]),
    }
}

/// The grammar, on the frame that all languages share.
struct Parser(Frame<TokenKind>);

impl Deref for Parser {
    type Target = Frame<TokenKind>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Parser {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Parser {
    fn whole(&mut self) -> Option<Expr> {
        if self.at_end() {
            let span = self.span();
            self.error(span, "no expression found in input");
            return None;
        }
        let expr = self.expression(0);
        while !self.at_end() {
            self.unexpected("", "end of input");
            self.bump();
            // Whatever follows is read for its errors alone.
            if self.starts_expression() {
                let _ = self.expression(0);
            }
        }
        Some(expr)
    }

    /// Takes a symbol, or reports that it is missing. Recovers at the next closing bracket.
    fn expect_symbol(&mut self, symbol: &'static str, context: &str) -> bool {
        if self.eat_symbol(symbol) {
            return true;
        }
        self.unexpected(context, &format!("{symbol:?}"));
        false
    }

    /// Reports the next token, in Prometheus' words.
    fn unexpected(&mut self, context: &str, expected: &str) {
        let span = self.span();
        if let TokenKind::Invalid(message) = self.peek() {
            let message = message.clone();
            self.error(span, message);
            return;
        }
        let found = describe(self.peek());
        let context = if context.is_empty() { String::new() } else { format!(" in {context}") };
        self.error(span, format!("unexpected {found}{context}, expected {expected}"));
    }
}

/// A token in words.
fn describe(kind: &TokenKind) -> String {
    match kind {
        TokenKind::End => "end of input".to_owned(),
        TokenKind::Word(word) => {
            let class = if selector::is_keyword(word) {
                "keyword"
            } else if crate::ast::AggregateOp::from_name(word).is_some() {
                "aggregation operator"
            } else {
                "identifier"
            };
            format!("{class} {word:?}")
        }
        TokenKind::Number(n) => format!("number {n}"),
        TokenKind::Duration(ms) => format!("duration {}", crate::format::duration(*ms)),
        TokenKind::String(text) => format!("string {}", phoenix_query::cursor::quote(text)),
        TokenKind::Symbol(symbol) => format!("{symbol:?}"),
        TokenKind::Invalid(message) => message.clone(),
    }
}
