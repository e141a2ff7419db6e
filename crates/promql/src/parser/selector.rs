//! Selectors, matchers and lists of labels.

use super::Parser;
use crate::ast::{Expr, ExprKind, Selector, TimeShift};
use crate::lexer::TokenKind;
use phoenix_model::labels::{METRIC_NAME, is_legacy_label_name};
use phoenix_model::{MatchOp, Matcher, Span};

/// Words that cannot be a function's or a metric's name. Other keywords, such as `by` and `offset`,
/// can where nothing else fits.
const RESERVED: [&str; 5] = ["bool", "on", "ignoring", "group_left", "group_right"];
const OPERATORS: [&str; 4] = ["and", "or", "unless", "atan2"];
const SOFT: [&str; 5] = ["by", "without", "offset", "start", "end"];

/// Whether a word is a keyword in some place.
pub(super) fn is_keyword(word: &str) -> bool {
    [RESERVED.as_slice(), OPERATORS.as_slice(), SOFT.as_slice()].concat().iter().any(|k| k.eq_ignore_ascii_case(word))
}

/// Whether a word can be a metric's name at the beginning of an expression.
pub(super) fn may_be_metric(word: &str) -> bool {
    !RESERVED.iter().chain(&["atan2"]).any(|k| k.eq_ignore_ascii_case(word))
}

impl Parser {
    /// `name{…}`, the name being read already, or `{…}`.
    pub(super) fn selector(&mut self, name: Option<(String, Span)>) -> Expr {
        let start = name.as_ref().map_or(self.span().start, |(_, span)| span.start);
        let mut selector = Selector { name: None, matchers: Vec::new(), matcher_spans: Vec::new(), time: TimeShift::default() };
        let mut names: Vec<(String, Span)> = name.into_iter().collect();
        if self.eat_symbol("{") {
            self.matchers(&mut selector, &mut names);
        }
        let span = Span::new(start, self.previous_end());
        if let [(first, _), (second, at), ..] = names.as_slice() {
            let (message, at) = (format!("metric name must not be set twice: {first:?} or {second:?}"), *at);
            self.error(at, message);
        }
        if let Some((name, at)) = names.into_iter().next() {
            if let Some(index) = selector.matchers.iter().position(|m| m.name == METRIC_NAME) {
                let message = format!("metric name must not be set twice: {name:?} or {:?}", selector.matchers[index].value);
                self.error(selector.matcher_spans[index], message);
            }
            selector.matchers.push(Matcher::equal(METRIC_NAME, &name));
            selector.matcher_spans.push(at);
            selector.name = Some(name);
        }
        if !self.has_findings_in(span) && selector.matchers.iter().all(Matcher::matches_empty) {
            self.error_with_help(
                span,
                "vector selector must contain at least one non-empty matcher",
                "name a metric, or a label that has to be there, such as `{job=~\".+\"}`",
            );
        }
        Expr { kind: ExprKind::Selector(selector), span }
    }

    fn matchers(&mut self, selector: &mut Selector, names: &mut Vec<(String, Span)>) {
        while !self.eat_symbol("}") {
            if let Err(()) = self.matcher(selector, names) {
                // Go on behind the next comma, where the next matcher begins.
                while !matches!(self.peek(), TokenKind::Symbol("," | "}" | ")" | "]" | "{" | "(" | "[") | TokenKind::End) {
                    self.bump();
                }
            }
            if self.eat_symbol(",") {
                continue;
            }
            if !self.at_symbol("}") {
                self.unexpected("label matching", "\",\" or \"}\"");
                self.recover_at("}");
                return;
            }
        }
    }

    /// `label="value"`, `"label"="value"`, or a quoted metric name alone.
    fn matcher(&mut self, selector: &mut Selector, names: &mut Vec<(String, Span)>) -> Result<(), ()> {
        let name_span = self.span();
        let label = match self.peek().clone() {
            TokenKind::Word(word) => {
                self.bump();
                if !is_legacy_label_name(&word) {
                    self.error_with_help(
                        name_span,
                        format!("unexpected character inside braces: ':' in label name {word:?}"),
                        "put the name in quotes",
                    );
                    return Err(());
                }
                word
            }
            TokenKind::String(text) => {
                self.bump();
                if self.at_symbol(",") || self.at_symbol("}") {
                    names.push((text, name_span));
                    return Ok(());
                }
                text
            }
            _ => {
                self.unexpected("label matching", "identifier or \"}\"");
                return Err(());
            }
        };
        let op = match self.peek() {
            TokenKind::Symbol("=") => MatchOp::Equal,
            TokenKind::Symbol("!=") => MatchOp::NotEqual,
            TokenKind::Symbol("=~") => MatchOp::Regex,
            TokenKind::Symbol("!~") => MatchOp::NotRegex,
            _ => {
                self.unexpected("label matching", "label matching operator");
                return Err(());
            }
        };
        self.bump();
        let value_span = self.span();
        let TokenKind::String(value) = self.peek().clone() else {
            self.unexpected("label matching", "string");
            return Err(());
        };
        self.bump();
        match Matcher::new(label, op, value) {
            Ok(matcher) => {
                selector.matchers.push(matcher);
                selector.matcher_spans.push(name_span.to(value_span));
            }
            Err(error) => {
                self.error(value_span, error.to_string());
            }
        }
        Ok(())
    }

    /// `(a, b, "c.d")`, with each name's place.
    pub(super) fn label_list(&mut self, context: &str) -> Vec<(String, Span)> {
        let mut labels = Vec::new();
        if !self.expect_symbol("(", context) {
            // Most likely a single label without its parentheses: go on behind it.
            if matches!(self.peek(), TokenKind::Word(_)) {
                self.bump();
            }
            return labels;
        }
        while !self.eat_symbol(")") {
            let span = self.span();
            match self.peek().clone() {
                TokenKind::Word(word) if is_legacy_label_name(&word) => {
                    labels.push((word, span));
                }
                TokenKind::String(name) if !name.is_empty() => {
                    labels.push((name, span));
                }
                _ => {
                    self.unexpected(context, "label");
                    self.recover_at(")");
                    return labels;
                }
            }
            self.bump();
            if !self.eat_symbol(",") && !self.at_symbol(")") {
                self.unexpected(context, "\",\" or \")\"");
                self.recover_at(")");
                return labels;
            }
        }
        labels
    }
}
