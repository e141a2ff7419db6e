//! From tokens to a syntax tree, with recovery: errors leave [`ExprKind::Error`] behind and parsing
//! goes on, so that an editor can underline all of them at once.

mod expression;
mod selector;

use crate::ast::{Expr, ExprKind};
use crate::lexer::{Token, TokenKind, tokens};
use phoenix_model::{Diagnostic, Severity, Source, Span};

/// How deep expressions may nest, counting each operator of a chain, so that no recursion over a
/// tree can exhaust a thread's stack.
pub const MAX_DEPTH: usize = 128;

/// How many diagnostics one text may give.
const MAX_DIAGNOSTICS: usize = 20;

/// What came of a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What could be read; with [`ExprKind::Error`] in the place of what could not. `None` for an
    /// empty text.
    pub expr: Option<Expr>,
    /// What is wrong, in order of position.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The expression, if nothing is wrong with it; warnings are let through.
    pub fn into_result(self) -> Result<Expr, Vec<Diagnostic>> {
        match self.expr {
            Some(expr) if self.diagnostics.iter().all(|d| d.severity != Severity::Error) => Ok(expr),
            _ => Err(self.diagnostics),
        }
    }
}

/// Reads an expression and checks its types. Never panics, whatever the text.
pub fn parse(text: &str) -> Parsed {
    let source = Source::new("query", text);
    let mut parser = Parser { source, tokens: tokens(text), next: 0, depth: 0, diagnostics: Vec::new() };
    let expr = parser.whole();
    let mut diagnostics = parser.diagnostics;
    if let Some(expr) = &expr {
        crate::check::check(expr, &parser.source, &mut diagnostics);
    }
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
    diagnostics.dedup();
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Parsed { expr, diagnostics }
}

/// Reads a bare selector such as `up{job="x"}`, as the API's `match[]` has them.
pub fn parse_selector(text: &str) -> Result<crate::ast::Selector, Vec<Diagnostic>> {
    let expr = parse(text).into_result()?;
    match expr.kind {
        ExprKind::Selector(selector) if selector.time == crate::ast::TimeShift::default() => Ok(selector),
        _ => Err(vec![Diagnostic::error(&Source::new("selector", text), expr.span, "expected a series selector such as `up{job=\"x\"}`")]),
    }
}

struct Parser {
    source: Source,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Parser {
    fn whole(&mut self) -> Option<Expr> {
        if self.peek() == &TokenKind::End {
            self.error(self.span(), "no expression found in input");
            return None;
        }
        let expr = self.expression(0);
        while self.peek() != &TokenKind::End {
            self.unexpected("", "end of input");
            self.bump();
            // Whatever follows is read for its errors alone.
            if self.starts_expression() {
                let _ = self.expression(0);
            }
        }
        Some(expr)
    }

    fn peek(&self) -> &TokenKind {
        &self.tokens[self.next].kind
    }

    fn peek_after(&self) -> &TokenKind {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].kind
    }

    fn span(&self) -> Span {
        self.tokens[self.next].span
    }

    /// The end of the token before this one.
    fn previous_end(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |i| self.tokens[i].span.end)
    }

    /// Takes a token. The last one, [`TokenKind::End`], stays.
    fn bump(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(s) if *s == symbol)
    }

    fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.at_symbol(symbol);
        if found {
            self.bump();
        }
        found
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.bump();
        }
        found
    }

    /// Takes a symbol, or reports that it is missing. Recovers at the next closing bracket.
    fn expect_symbol(&mut self, symbol: &'static str, context: &str) -> bool {
        if self.eat_symbol(symbol) {
            return true;
        }
        self.unexpected(context, &format!("{symbol:?}"));
        false
    }

    fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let diagnostic = Diagnostic::error(&self.source, span, message);
        // A second complaint about the same place would only repeat the first.
        if let Some(index) = self.diagnostics.iter().position(|d| d.span.start == span.start && d.span.end == span.end) {
            return &mut self.diagnostics[index];
        }
        self.diagnostics.push(diagnostic);
        self.diagnostics.last_mut().expect("just pushed")
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

    /// Skips to the given closing bracket, over balanced brackets, and takes it.
    fn recover_at(&mut self, closing: &str) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                TokenKind::End => return,
                TokenKind::Symbol(s) if *s == closing && open == 0 => {
                    self.bump();
                    return;
                }
                TokenKind::Symbol("(" | "[" | "{") => open += 1,
                TokenKind::Symbol(")" | "]" | "}") => {
                    let Some(less) = open.checked_sub(1) else { return };
                    open = less;
                }
                _ => {}
            }
            self.bump();
        }
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
