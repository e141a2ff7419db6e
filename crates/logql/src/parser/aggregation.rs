//! Aggregations over a range and over series, and functions.

use super::Parser;
use super::range::LogRange;
use crate::ast::{Expr, ExprKind, Grouping, LabelReplace, RangeAggregation, RangeOp, VectorAggregation, VectorOp};
use crate::check;
use crate::lexer::TokenKind;
use phoenix_model::Span;

impl Parser {
    /// `rate({…}[5m])`, at its name.
    pub(super) fn range_aggregation(&mut self, op: RangeOp) -> Expr {
        let start = self.bump();
        if !self.eat_symbol("(") {
            self.unexpected(&["("], Some("the grouping of an aggregation over a range comes last"));
            self.skip_to(|kind| matches!(kind, TokenKind::Symbol(")" | "," | "|")));
            return Expr { kind: ExprKind::Error, span: self.span_from(start.start) };
        }
        let (param, param_span) = self.param();
        let inner_start = self.span().start;
        let parts = self.log_range();
        if parts.is_none() {
            self.skip_to(|kind| *kind == TokenKind::Symbol(")"));
        }
        if parts.as_ref().is_some_and(|parts| parts.range.is_none()) {
            self.unexpected(&[], Some("add a range, such as `[5m]`"));
        }
        let logs_span = self.span_from(inner_start);
        if !self.eat_symbol(")") {
            if parts.as_ref().is_some_and(|parts| parts.range.is_some()) {
                self.unexpected(&[")"], None);
            }
            self.recover_at(")");
        }
        let grouping_span = self.span();
        let grouping = self.grouping();
        let span = self.span_from(start.start);
        let (Some(LogRange { logs, unwrap, range: Some((range_ns, offset_ns)), is_whole }), Ok(param)) = (parts, param) else {
            return Expr { kind: ExprKind::Error, span };
        };
        let aggregation = RangeAggregation { op, param, logs, unwrap, range_ns, offset_ns, grouping };
        for (place, message, help) in check::range_aggregation(&aggregation) {
            if place == check::Place::Logs && !is_whole {
                // The stage that could not be read may have been the unwrap.
                continue;
            }
            let span = match place {
                check::Place::Name => start,
                check::Place::Param => param_span,
                check::Place::Logs => logs_span,
                check::Place::Grouping => Span::new(grouping_span.start, span.end),
            };
            self.error_with_help(span, message, help);
        }
        Expr { kind: ExprKind::RangeAggregation(Box::new(aggregation)), span }
    }

    /// A number with a comma behind it, if there is one; an error when it could not be read.
    fn param(&mut self) -> (Result<Option<f64>, ()>, Span) {
        let span = self.span();
        let signed = self.at_symbol("-") || self.at_symbol("+");
        let place = self.place();
        if signed {
            self.bump();
        }
        let is_number = matches!(self.peek(), TokenKind::Number(_));
        let has_comma = *self.peek_after() == TokenKind::Symbol(",");
        self.go_back(place);
        // Without a comma it is the beginning of an expression: `sum(-1 + rate({…}[5m]))`.
        let begins_expression = if is_number { !has_comma } else { !signed };
        if begins_expression {
            return (Ok(None), span);
        }
        let value = self.signed_number("the parameter of an aggregation is a number");
        let span = self.span_from(span.start);
        if !self.eat_symbol(",") {
            self.unexpected(&[","], None);
            return (Err(()), span);
        }
        (value.map(Some).ok_or(()), span)
    }

    /// `sum by (a) (…)`, at its name.
    pub(super) fn vector_aggregation(&mut self, op: VectorOp) -> Expr {
        let start = self.bump();
        let before_span = self.span();
        let mut grouping = self.grouping();
        let mut grouping_span = self.span_from(before_span.start);
        let failed = |parser: &Self| Expr { kind: ExprKind::Error, span: parser.span_from(start.start) };
        if !self.eat_symbol("(") {
            self.unexpected(&["("], None);
            self.skip_to(|kind| matches!(kind, TokenKind::Symbol(")" | ",")));
            return failed(self);
        }
        let (param, param_span) = self.param();
        let expr = self.expression(0);
        if !self.expect_symbol(")") {
            self.recover_at(")");
        }
        let after_span = self.span();
        if let Some(second) = self.grouping() {
            grouping_span = self.span_from(after_span.start);
            if grouping.is_some() {
                self.error(grouping_span, "syntax error: unexpected second grouping");
            }
            grouping = Some(second);
        }
        let Ok(param) = param else { return failed(self) };
        let span = self.span_from(start.start);
        if let Some((message, help)) = check::aggregated(&expr, op) {
            self.error_with_help(expr.span, message, help);
        }
        for (place, message, help) in check::vector_aggregation(op, param, grouping.is_some()) {
            let span = match place {
                check::Place::Param => param_span,
                check::Place::Grouping => grouping_span,
                check::Place::Name | check::Place::Logs => start,
            };
            self.error_with_help(span, message, help);
        }
        let param = param.map(|k| k as u64);
        Expr { kind: ExprKind::VectorAggregation(Box::new(VectorAggregation { op, param, grouping, expr })), span }
    }

    /// `by (…)` or `without (…)`, if it comes next.
    fn grouping(&mut self) -> Option<Grouping> {
        let without = self.at_word("without");
        if !without && !self.at_word("by") {
            return None;
        }
        self.bump();
        let labels = self.label_list().into_iter().map(|(name, _)| name).collect();
        Some(Grouping { without, labels })
    }

    /// `vector(1)`, at its name.
    pub(super) fn vector(&mut self) -> Expr {
        let start = self.bump().start;
        self.bump();
        let value = self.signed_number("`vector` makes a series of a number");
        if value.is_none() || !self.expect_symbol(")") {
            self.recover_at(")");
        }
        Expr { kind: value.map_or(ExprKind::Error, ExprKind::Vector), span: self.span_from(start) }
    }

    /// `label_replace(x, "dst", "replacement", "src", "regex")`, at its name.
    pub(super) fn label_replace(&mut self) -> Expr {
        let start = self.bump().start;
        self.bump();
        let expr = self.expression(0);
        if let Some((message, help)) = check::replaced(&expr) {
            self.error_with_help(expr.span, message, help);
        }
        let mut texts = Vec::new();
        for _ in 0..4 {
            let text = if self.expect_symbol(",") { self.expect_string(None) } else { None };
            let Some(text) = text else {
                self.recover_at(")");
                return Expr { kind: ExprKind::Error, span: self.span_from(start) };
            };
            texts.push(text);
        }
        if !self.expect_symbol(")") {
            self.recover_at(")");
        }
        let span = self.span_from(start);
        let [dst, replacement, src, regex] = <[(String, Span); 4]>::try_from(texts).expect("four texts were read");
        for (label, label_span) in [&dst, &src] {
            if !phoenix_model::labels::is_legacy_label_name(label) {
                self.error(*label_span, format!("invalid label name in label_replace: {label:?}"));
            }
        }
        if self.count_regex(regex.1)
            && let Err(message) = check::regex(&regex.0)
        {
            self.error(regex.1, message);
        }
        let replace = LabelReplace { expr, dst: dst.0, replacement: replacement.0, src: src.0, regex: regex.0 };
        Expr { kind: ExprKind::LabelReplace(Box::new(replace)), span }
    }
}
