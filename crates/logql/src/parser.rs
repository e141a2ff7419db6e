//! From tokens to a syntax tree, with recovery: errors leave [`ExprKind::Error`] behind and parsing
//! goes on, so that an editor can underline all of them at once.
//!
//! What is wrong with the grammar is said in Loki's words (`syntax error: unexpected STRING`), with
//! advice beside it.

mod aggregation;
mod label_filter;
mod metric;
mod pipeline;
mod range;
mod selector;

use crate::ast::{Expr, ExprKind, Grouping, LogExpr, RangeOp, VectorOp};
use crate::lexer::{TokenKind, tokens};
use phoenix_model::{Diagnostic, MatchOp, Matcher, Source, Span};
use phoenix_query::cursor::NOT_TERMINATED;
pub use phoenix_query::frame::MAX_DEPTH;
use phoenix_query::frame::{Frame, syntax_error};
pub use phoenix_query::parsed::MAX_QUERY_BYTES;
use std::ops::{Deref, DerefMut};

/// How many conditions one label filter may combine. They are cheaper than levels of expressions,
/// and generated ones can be long.
pub const MAX_FILTER_CONDITIONS: usize = 500;

/// How many regular expressions one query may have: each may take 10 MiB once it is compiled.
pub const MAX_REGEXES: usize = 256;

/// What came of a text: with [`ExprKind::Error`] in the place of what could not be read.
pub type Parsed = phoenix_query::Parsed<Expr>;

/// Reads a query and checks it. Never panics, whatever the text.
pub fn parse(text: &str) -> Parsed {
    parse_with(text, true)
}

/// Reads a stream selector alone, such as `{app="x"}`. As in queries, one of its matchers has to
/// refuse the empty value.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, Vec<Diagnostic>> {
    selector_alone(text, true)
}

/// Reads a stream selector alone that may match every stream: `{}` and `{app!="x"}` too, as Loki
/// takes them where it only looks into its index.
pub fn parse_any_selector(text: &str) -> Result<Vec<Matcher>, Vec<Diagnostic>> {
    selector_alone(text, false)
}

fn selector_alone(text: &str, must_select: bool) -> Result<Vec<Matcher>, Vec<Diagnostic>> {
    let expr = parse_with(text, must_select).into_result()?;
    match expr.kind {
        ExprKind::Logs(logs) if logs.stages.is_empty() => Ok(logs.matchers),
        _ => Err(vec![Diagnostic::error(&Source::new("selector", text), expr.span, "only label matchers are supported")]),
    }
}

/// Reads a query that gives log lines: a selector with or without a pipeline.
pub fn parse_log(text: &str) -> Result<LogExpr, Vec<Diagnostic>> {
    let expr = parse(text).into_result()?;
    match expr.kind {
        ExprKind::Logs(logs) => Ok(logs),
        _ => Err(vec![
            Diagnostic::error(&Source::new("query", text), expr.span, "only log selector is supported")
                .with_help("write a query that gives lines, such as `{app=\"x\"} |= \"error\"`"),
        ]),
    }
}

fn parse_with(text: &str, must_select: bool) -> Parsed {
    let source = Source::new("query", text);
    if let Some(refused) = Parsed::too_long(&source) {
        return refused;
    }
    let mut parser = Parser { frame: Frame::new(source, tokens(text), "expression"), regexes: 0, must_select };
    let expr = parser.whole();
    Parsed::new(expr, parser.frame.into_findings())
}

/// The grammar, on the frame that all languages share.
struct Parser {
    frame: Frame<TokenKind>,
    /// How many regular expressions were compiled.
    regexes: usize,
    /// Whether a selector needs a matcher that refuses the empty value.
    must_select: bool,
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
    fn whole(&mut self) -> Option<Expr> {
        if self.at_end() {
            self.unexpected(&[], Some("write a selector such as `{app=\"x\"}`"));
            return None;
        }
        let expr = self.expression(0);
        if !self.at_end() && expr.kind != ExprKind::Error {
            let help = matches!(self.peek(), TokenKind::String(_)).then_some("a filter of lines is written as `|= \"x\"`");
            self.unexpected(&[], help);
        }
        // Whatever else can be read is read for its errors alone.
        while !self.at_end() {
            let opens = *self.peek_after() == TokenKind::Symbol("(");
            if self.at_symbol("{") || (matches!(self.peek(), TokenKind::Word(_)) && opens) {
                let _ = self.expression(0);
            } else {
                self.bump();
            }
        }
        Some(expr)
    }

    /// Takes a symbol, or reports that it is missing.
    fn expect_symbol(&mut self, symbol: &'static str) -> bool {
        if self.eat_symbol(symbol) {
            return true;
        }
        self.unexpected(&[symbol], None);
        false
    }

    /// Takes a string, or reports that it is missing.
    fn expect_string(&mut self, help: Option<&str>) -> Option<(String, Span)> {
        let span = self.span();
        if let TokenKind::String(text) = self.peek() {
            let text = text.clone();
            self.bump();
            return Some((text, span));
        }
        let quotes = matches!(self.peek(), TokenKind::Word(_) | TokenKind::Number(_) | TokenKind::Duration(_) | TokenKind::Bytes(_));
        self.unexpected(&["STRING"], help.or(quotes.then_some("put the text in quotes")));
        None
    }

    /// Takes a label's name, or reports that it is missing.
    fn expect_label(&mut self) -> Option<(String, Span)> {
        let span = self.span();
        if let TokenKind::Word(word) = self.peek() {
            let word = word.clone();
            self.bump();
            return Some((word, span));
        }
        self.unexpected(&["IDENTIFIER"], None);
        None
    }

    /// Counts a regular expression. `false`, and reported, when there are too many.
    fn count_regex(&mut self, span: Span) -> bool {
        self.regexes += 1;
        let fits = self.regexes <= MAX_REGEXES;
        if self.regexes == MAX_REGEXES + 1 {
            let message = format!("the query has too many regular expressions: the limit is {MAX_REGEXES}");
            self.error_with_help(span, message, "join them with `|` into fewer ones");
        }
        fits
    }

    /// Builds a matcher, or reports what is wrong with its value.
    fn build_matcher(&mut self, name: String, op: MatchOp, value: String, value_span: Span) -> Option<Matcher> {
        if matches!(op, MatchOp::Regex | MatchOp::NotRegex) && !self.count_regex(value_span) {
            return None;
        }
        match Matcher::new(name, op, value) {
            Ok(matcher) => Some(matcher),
            Err(error) => {
                self.error(value_span, error.to_string());
                None
            }
        }
    }

    /// Reports the next token, in Loki's words. Without `expected` anything might have come.
    fn unexpected(&mut self, expected: &[&str], help: Option<&str>) {
        if self.at_end() && self.has_said(&[NOT_TERMINATED]) {
            // The rest of the text is within the string.
            return;
        }
        let found = match self.peek() {
            TokenKind::Invalid(message) => message.clone(),
            kind => syntax_error(&describe(kind, self.peek_after()), expected),
        };
        let span = self.span();
        self.error(span, found).advise(help);
    }

    fn error_here(&self) -> Expr {
        let span = Span::new(self.span().start, self.span().start);
        Expr { kind: ExprKind::Error, span }
    }
}

/// Words with a meaning of their own somewhere in the grammar, operations aside.
const KEYWORDS: [&str; 29] = [
    "and",
    "or",
    "unless",
    "bool",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "by",
    "without",
    "offset",
    "json",
    "logfmt",
    "regexp",
    "pattern",
    "unpack",
    "decolorize",
    "line_format",
    "label_format",
    "drop",
    "keep",
    "distinct",
    "unwrap",
    "ip",
    "label_replace",
    "vector",
    "bytes",
    "duration",
    "duration_seconds",
];

/// A token as Loki's messages name it.
fn describe(kind: &TokenKind, after: &TokenKind) -> String {
    match kind {
        TokenKind::End => "$end".to_owned(),
        TokenKind::Word(word) => {
            let is_called = *after == TokenKind::Symbol("(") || matches!(after, TokenKind::Word(w) if Grouping::is_keyword(w));
            if is_called && (RangeOp::from_name(word).is_some() || VectorOp::from_name(word).is_some()) {
                return word.to_ascii_uppercase();
            }
            let is_function = matches!(word.as_str(), "ip" | "vector" | "label_replace" | "bytes" | "duration" | "duration_seconds");
            if KEYWORDS.contains(&word.as_str()) && (is_called || !is_function) { word.clone() } else { "IDENTIFIER".to_owned() }
        }
        TokenKind::Number(_) => "NUMBER".to_owned(),
        TokenKind::Duration(_) => "DURATION".to_owned(),
        TokenKind::Bytes(_) => "BYTES".to_owned(),
        TokenKind::String(_) => "STRING".to_owned(),
        TokenKind::Flag(_) => "PARSER_FLAG".to_owned(),
        // Loki takes a range in brackets for one token.
        TokenKind::Symbol("[") => "RANGE".to_owned(),
        TokenKind::Symbol(symbol) => (*symbol).to_owned(),
        TokenKind::Invalid(message) => message.clone(),
    }
}
