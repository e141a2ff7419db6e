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
use crate::lexer::{KEY_NOT_TERMINATED, NOT_TERMINATED, Token, TokenKind, tokens};
use phoenix_model::{Diagnostic, Severity, Source, Span};

/// How deep expressions may nest, counting each operator between sets of spans, numbers and metrics,
/// so that no recursion over a tree can exhaust a thread's stack.
pub const MAX_DEPTH: usize = 128;

/// How many operators one condition (`{ … }`, an argument) may have. They are cheaper than levels of
/// expressions, and generated ones can be long.
pub const MAX_OPERATORS: usize = 500;

/// How many regular expressions one query may have: each may take 10 MiB once it is compiled.
pub const MAX_REGEXES: usize = 256;

/// How long a query may be, in bytes.
pub const MAX_QUERY_BYTES: usize = 128 * 1024;

/// How many items a list may have: attributes of `select`, quantiles, hints.
pub const MAX_LIST: usize = 100;

/// How many attributes `by (…)` of a metrics stage may have.
pub const MAX_GROUP_BY: usize = 20;

/// How many diagnostics one text may give.
const MAX_DIAGNOSTICS: usize = 20;

/// How many findings are kept while reading, before they are sorted and cut.
const MAX_FINDINGS: usize = 200;

/// What came of a text.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What could be read; with `Error` nodes in the place of what could not. `None` for an empty text.
    pub query: Option<Query>,
    /// What is wrong, in order of position.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// The query, if nothing is wrong with it; warnings are let through.
    pub fn into_result(self) -> Result<Query, Vec<Diagnostic>> {
        match self.query {
            Some(query) if self.diagnostics.iter().all(|d| d.severity != Severity::Error) => Ok(query),
            _ => Err(self.diagnostics),
        }
    }
}

/// Reads a query and checks it. Never panics, whatever the text.
pub fn parse(text: &str) -> Parsed {
    let source = Source::new("query", text);
    if text.len() > MAX_QUERY_BYTES {
        let message = format!("input size too long ({} > {MAX_QUERY_BYTES})", text.len());
        let help = format!("a query may have {MAX_QUERY_BYTES} bytes");
        return Parsed { query: None, diagnostics: vec![Diagnostic::error(&source, Span::default(), message).with_help(help)] };
    }
    let mut parser = Parser { source, tokens: tokens(text), next: 0, depth: 0, operators: 0, diagnostics: Vec::new() };
    let query = parser.whole();
    if let Some(query) = &query {
        for finding in check::query(query) {
            if finding.is_warning {
                let warning = Diagnostic::warning(&parser.source, finding.span, finding.message);
                parser.diagnostics.push(Diagnostic { help: finding.help, ..warning });
            } else {
                parser.error_with_help(finding.span, finding.message, finding.help);
            }
        }
    }
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
    diagnostics.dedup();
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Parsed { query, diagnostics }
}

struct Parser {
    source: Source,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    /// How many operators the condition has that is being read.
    operators: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Parser {
    fn whole(&mut self) -> Option<Query> {
        if *self.peek() == TokenKind::End {
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
        let hints = if self.eat_word("with") { self.hints() } else { Vec::new() };
        let span = self.span_from(start);
        if *self.peek() != TokenKind::End {
            let help = match self.peek() {
                TokenKind::Symbol("{") => Some("between two sets of spans stands an operator, such as `&&` or `>>`"),
                TokenKind::Word(word) if word == "by" => Some("`by` belongs behind a function such as `rate()`, or is a stage: `| by(…)`"),
                TokenKind::Symbol("|") if !hints.is_empty() => Some("`with (…)` is the last part of a query"),
                _ => None,
            };
            self.unexpected(&[], help);
        }
        // Whatever else can be read is read for its errors alone.
        while *self.peek() != TokenKind::End {
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

    fn eat_word(&mut self, word: &str) -> bool {
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

    /// A level deeper, if that is allowed.
    fn deeper(&mut self) -> bool {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("the query nests too deeply: the limit is {MAX_DEPTH} levels, where each operator counts as one");
            self.give_up(&message);
            return false;
        }
        true
    }

    /// One report is enough, and nothing after it can be read sensibly.
    fn give_up(&mut self, message: &str) {
        if !self.diagnostics.iter().any(|d| d.message == message) {
            let span = self.span();
            self.error(span, message);
        }
        self.next = self.tokens.len() - 1;
    }

    fn too_long(&mut self, name: &str, span: Span) {
        self.error(span, format!("{name}(…) has too many items: the limit is {MAX_LIST}"));
    }

    fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let diagnostic = Diagnostic::error(&self.source, span, message);
        // A second complaint about the same place would only repeat the first.
        if let Some(index) = self.diagnostics.iter().position(|d| d.span == span && d.severity == Severity::Error) {
            return &mut self.diagnostics[index];
        }
        if self.diagnostics.len() >= MAX_FINDINGS {
            // Only the first are shown; of the others it matters that there are some.
            self.diagnostics.pop();
        }
        self.diagnostics.push(diagnostic);
        self.diagnostics.last_mut().expect("just pushed")
    }

    fn error_with_help(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        let diagnostic = self.error(span, message);
        if diagnostic.help.is_none() {
            diagnostic.help = help;
        }
    }

    /// Reports the next token, in Tempo's words. Without `expected` anything might have come.
    fn unexpected(&mut self, expected: &[&str], help: Option<&str>) {
        let span = self.span();
        let swallowed = [NOT_TERMINATED, KEY_NOT_TERMINATED];
        if *self.peek() == TokenKind::End && self.diagnostics.iter().any(|d| swallowed.contains(&d.message.as_str())) {
            // The rest of the text is within the string.
            return;
        }
        let found = match self.peek() {
            TokenKind::Invalid(message) => message.clone(),
            kind => {
                let found = describe(kind);
                if expected.is_empty() {
                    format!("syntax error: unexpected {found}")
                } else {
                    format!("syntax error: unexpected {found}, expecting {}", expected.join(" or "))
                }
            }
        };
        self.error_with_help(span, found, help.map(str::to_owned));
    }

    /// Skips over balanced brackets up to a token for which `stop` holds, or to the end, or to a
    /// closing bracket that was opened before.
    fn skip_to(&mut self, stop: impl Fn(&TokenKind) -> bool) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                TokenKind::End => return,
                kind if open == 0 && stop(kind) => return,
                TokenKind::Symbol("(" | "{") => open += 1,
                TokenKind::Symbol(")" | "}") => {
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

/// The candidate that a word was likely meant to be. Long words are no typos, and looking for one
/// among them takes time.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 { None } else { phoenix_model::suggest::nearest(word, candidates) }
}
