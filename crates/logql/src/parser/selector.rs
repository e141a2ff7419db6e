//! Stream selectors, and lists of labels.

use super::Parser;
use crate::lexer::TokenKind;
use phoenix_model::{MatchOp, Matcher, Span};

/// What Loki says of a selector that would read everything.
const READS_EVERYTHING: &str = "queries require at least one regexp or equality matcher that does not have an empty-compatible value. \
                                For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will";

impl Parser {
    /// `{ … }`, with its place.
    pub(super) fn selector(&mut self) -> Option<(Vec<Matcher>, Span)> {
        let start = self.span().start;
        if !self.at_symbol("{") {
            self.unexpected(&["{"], Some("a query begins with the streams to read, such as `{app=\"x\"}`"));
            return None;
        }
        self.bump();
        let reported = self.reported();
        let mut matchers = Vec::new();
        while !self.eat_symbol("}") {
            match self.matcher() {
                Some(matcher) => matchers.push(matcher),
                // Go on behind the next comma, where the next matcher begins.
                None => self.skip_to(|kind| matches!(kind, TokenKind::Symbol("," | "}"))),
            }
            if self.eat_symbol(",") {
                continue;
            }
            if !self.at_symbol("}") {
                self.unexpected(&["}", ","], None);
                self.recover_at("}");
                break;
            }
        }
        let span = self.span_from(start);
        let had_errors = self.reported() > reported;
        if self.must_select && !had_errors && matchers.iter().all(Matcher::matches_empty) {
            self.error_with_help(span, READS_EVERYTHING, "name a label that has to be there, such as `{app=~\".+\"}`");
        }
        Some((matchers, span))
    }

    /// `label="value"`
    fn matcher(&mut self) -> Option<Matcher> {
        let TokenKind::Word(name) = self.peek().clone() else {
            let help = match self.peek() {
                TokenKind::String(_) => Some("names of labels stand without quotes"),
                _ => None,
            };
            self.unexpected(&["IDENTIFIER", "}"], help);
            return None;
        };
        self.bump();
        let Some(op) = self.match_op() else {
            let help = match self.peek() {
                TokenKind::Symbol("==") => Some("the operator is `=`"),
                _ => None,
            };
            self.unexpected(&["=", "=~", "!~", "!="], help);
            return None;
        };
        self.bump();
        let (value, value_span) = self.expect_string(None)?;
        self.build_matcher(name, op, value, value_span)
    }

    /// The matching operator that comes next, without taking it.
    pub(super) fn match_op(&self) -> Option<MatchOp> {
        match self.peek() {
            TokenKind::Symbol("=") => Some(MatchOp::Equal),
            TokenKind::Symbol("!=") => Some(MatchOp::NotEqual),
            TokenKind::Symbol("=~") => Some(MatchOp::Regex),
            TokenKind::Symbol("!~") => Some(MatchOp::NotRegex),
            _ => None,
        }
    }

    /// `(a, b)`, with each name's place.
    pub(super) fn label_list(&mut self) -> Vec<(String, Span)> {
        let mut labels = Vec::new();
        if !self.expect_symbol("(") {
            // Most likely a single label without its parentheses: go on behind it.
            if matches!(self.peek(), TokenKind::Word(_)) {
                self.bump();
            }
            return labels;
        }
        while !self.eat_symbol(")") {
            let span = self.span();
            let TokenKind::Word(word) = self.peek().clone() else {
                self.unexpected(&["IDENTIFIER", ")"], None);
                self.recover_at(")");
                return labels;
            };
            labels.push((word, span));
            self.bump();
            if !self.eat_symbol(",") && !self.at_symbol(")") {
                self.unexpected(&[",", ")"], None);
                self.recover_at(")");
                return labels;
            }
        }
        labels
    }
}
