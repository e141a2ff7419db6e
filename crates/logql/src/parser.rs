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

use crate::ast::{Expr, ExprKind, LogExpr, RangeOp, VectorOp};
use crate::lexer::{NOT_TERMINATED, Token, TokenKind, tokens};
use phoenix_model::{Diagnostic, MatchOp, Matcher, Severity, Source, Span};

/// How deep expressions may nest, counting each operator of a chain, so that no recursion over a
/// tree can exhaust a thread's stack.
pub const MAX_DEPTH: usize = 128;

/// How many conditions one label filter may combine. They are cheaper than levels of expressions,
/// and generated ones can be long.
pub const MAX_FILTER_CONDITIONS: usize = 500;

/// How many regular expressions one query may have: each may take 10 MiB once it is compiled.
pub const MAX_REGEXES: usize = 256;

/// How long a query may be, in bytes; Loki's limit too.
pub const MAX_QUERY_BYTES: usize = 128 * 1024;

/// How many diagnostics one text may give.
const MAX_DIAGNOSTICS: usize = 20;

/// How many findings are kept while reading, before they are sorted and cut.
const MAX_FINDINGS: usize = 200;

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
    if text.len() > MAX_QUERY_BYTES {
        let message = format!("input size too long ({} > {MAX_QUERY_BYTES})", text.len());
        let help = format!("a query may have {MAX_QUERY_BYTES} bytes");
        return Parsed { expr: None, diagnostics: vec![Diagnostic::error(&source, Span::default(), message).with_help(help)] };
    }
    let mut parser = Parser { source, tokens: tokens(text), next: 0, depth: 0, diagnostics: Vec::new(), regexes: 0, must_select };
    let expr = parser.whole();
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
    diagnostics.dedup();
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Parsed { expr, diagnostics }
}

struct Parser {
    source: Source,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    diagnostics: Vec<Diagnostic>,
    /// How many regular expressions were compiled.
    regexes: usize,
    /// Whether a selector needs a matcher that refuses the empty value.
    must_select: bool,
}

impl Parser {
    fn whole(&mut self) -> Option<Expr> {
        if self.peek() == &TokenKind::End {
            self.unexpected(&[], Some("write a selector such as `{app=\"x\"}`"));
            return None;
        }
        let expr = self.expression(0);
        if self.peek() != &TokenKind::End && expr.kind != ExprKind::Error {
            let help = matches!(self.peek(), TokenKind::String(_)).then_some("a filter of lines is written as `|= \"x\"`");
            self.unexpected(&[], help);
        }
        // Whatever else can be read is read for its errors alone.
        while self.peek() != &TokenKind::End {
            let opens = *self.peek_after() == TokenKind::Symbol("(");
            if self.at_symbol("{") || (matches!(self.peek(), TokenKind::Word(_)) && opens) {
                let _ = self.expression(0);
            } else {
                self.bump();
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

    fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.previous_end().max(start))
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

    fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let diagnostic = Diagnostic::error(&self.source, span, message);
        // A second complaint about the same place would only repeat the first.
        if let Some(index) = self.diagnostics.iter().position(|d| d.span.start == span.start && d.span.end == span.end) {
            return &mut self.diagnostics[index];
        }
        if self.diagnostics.len() >= MAX_FINDINGS {
            // Only the first are shown; of the others it matters that there are some.
            self.diagnostics.pop();
        }
        self.diagnostics.push(diagnostic);
        self.diagnostics.last_mut().expect("just pushed")
    }

    fn error_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.error(span, message).help.get_or_insert_with(|| help.into());
    }

    /// Reports the next token, in Loki's words. Without `expected` anything might have come.
    fn unexpected(&mut self, expected: &[&str], help: Option<&str>) {
        let span = self.span();
        if *self.peek() == TokenKind::End && self.diagnostics.iter().any(|d| d.message == NOT_TERMINATED) {
            // The rest of the text is within the string.
            return;
        }
        let found = match self.peek() {
            TokenKind::Invalid(message) => message.clone(),
            kind => {
                let found = describe(kind, self.peek_after());
                if expected.is_empty() {
                    format!("syntax error: unexpected {found}")
                } else {
                    format!("syntax error: unexpected {found}, expecting {}", expected.join(" or "))
                }
            }
        };
        let diagnostic = self.error(span, found);
        if let Some(help) = help {
            diagnostic.help.get_or_insert_with(|| help.to_owned());
        }
    }

    /// Skips over balanced brackets up to a token for which `stop` holds, or to the end, or to a
    /// closing bracket that was opened before.
    fn skip_to(&mut self, stop: impl Fn(&TokenKind) -> bool) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                TokenKind::End => return,
                kind if open == 0 && stop(kind) => return,
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

    /// Skips to the given closing bracket and takes it.
    fn recover_at(&mut self, closing: &'static str) {
        self.skip_to(|kind| *kind == TokenKind::Symbol(closing));
        self.eat_symbol(closing);
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
            let is_called = *after == TokenKind::Symbol("(") || matches!(after, TokenKind::Word(w) if is_grouping_word(w));
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

fn is_grouping_word(word: &str) -> bool {
    word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without")
}

/// The candidate that a word was likely meant to be. Long words are no typos, and looking for one
/// among them takes time.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 { None } else { phoenix_model::suggest::nearest(word, candidates) }
}
