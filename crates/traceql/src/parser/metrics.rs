//! Stages that make numbers over time, and what may follow them.

use super::{MAX_GROUP_BY, MAX_LIST, Parser};
use crate::ast::{FieldExpr, FieldOp, MetricsExpr, MetricsKind, MetricsOp, MetricsStage, Pipeline, SpansetExpr};
use crate::lexer::TokenKind;
use crate::parser::pipeline::Reading;

impl Parser {
    /// `rate() by (a, b)`, with its name next. `None` when it could not be read.
    pub(super) fn metrics_stage(&mut self, pipeline: Pipeline) -> Option<MetricsExpr> {
        let start = self.span().start;
        let TokenKind::Word(name) = self.peek().clone() else { return None };
        self.bump();
        let op = if self.expect_symbol("(") { self.arguments(&name) } else { None };
        let by_start = self.span();
        let mut by = Vec::new();
        if self.eat_keyword("by") {
            if self.expect_symbol("(") {
                by = self.attributes("by", MAX_GROUP_BY);
                self.close(")");
            }
            if matches!(op, Some(MetricsOp::Compare { .. })) {
                let help = "it compares all attributes of the selection with those of the rest";
                let span = self.span_from(by_start.start);
                self.error_with_help(span, "compare() takes no `by`", help);
            }
        }
        let Some(op) = op else {
            self.skip_stage();
            return None;
        };
        let span = pipeline.span.to(self.span_from(start));
        let stage = MetricsStage { op, by, span: self.span_from(start) };
        Some(MetricsExpr { kind: MetricsKind::Pipeline(pipeline, stage), span })
    }

    /// What stands behind the opening parenthesis of a metrics function.
    fn arguments(&mut self, name: &str) -> Option<MetricsOp> {
        let op = match name {
            "rate" => Some(MetricsOp::Rate),
            "count_over_time" => Some(MetricsOp::CountOverTime),
            "min_over_time" => self.attribute().map(MetricsOp::MinOverTime),
            "max_over_time" => self.attribute().map(MetricsOp::MaxOverTime),
            "avg_over_time" => self.attribute().map(MetricsOp::AvgOverTime),
            "sum_over_time" => self.attribute().map(MetricsOp::SumOverTime),
            "histogram_over_time" => self.attribute().map(MetricsOp::HistogramOverTime),
            "quantile_over_time" => self.attribute().map(|field| self.quantiles(field)),
            _ => self.compare(),
        };
        if !self.eat_symbol(")") {
            if op.is_some() {
                let takes_nothing = matches!(op, Some(MetricsOp::Rate | MetricsOp::CountOverTime));
                self.unexpected(&[")"], takes_nothing.then_some("it takes no argument; group with `by (…)` behind it"));
            }
            self.recover_at(")");
        }
        op
    }

    /// `, 0.9, 0.5`, behind the field.
    fn quantiles(&mut self, field: FieldExpr) -> MetricsOp {
        let mut quantiles = Vec::new();
        if !self.at_symbol(",") {
            self.unexpected(&[","], Some("say which quantiles, such as `quantile_over_time(duration, 0.99, 0.5)`"));
        }
        while self.eat_symbol(",") {
            let quantile = match *self.peek() {
                TokenKind::Int(number) => number as f64,
                TokenKind::Float(number) => number,
                _ => {
                    self.unexpected(&["INTEGER", "FLOAT"], Some("a quantile is a number from 0 to 1"));
                    break;
                }
            };
            let span = self.bump();
            if quantiles.len() == MAX_LIST {
                self.too_long("quantile_over_time", span);
                break;
            }
            if !(0.0..=1.0).contains(&quantile) {
                let help =
                    if quantile <= 100.0 { Some(format!("percents are written as fractions: `{}`", quantile / 100.0)) } else { None };
                self.error(span, format!("quantile must be between 0 and 1: {quantile}")).advise(help);
            }
            quantiles.push(quantile);
        }
        MetricsOp::QuantileOverTime(field, quantiles)
    }

    /// `{ … }, 10, start, end`
    fn compare(&mut self) -> Option<MetricsOp> {
        if !self.at_symbol("{") {
            self.unexpected(&["{"], Some("say what to compare with the rest, such as `compare({ status = error })`"));
            return None;
        }
        let selection: SpansetExpr = self.spanset_filter();
        let mut numbers = Vec::new();
        let mut spans = Vec::new();
        while numbers.len() < 3 && self.eat_symbol(",") {
            spans.push(self.span());
            numbers.push(self.whole_number()?);
        }
        let top = numbers.first().copied();
        if top == Some(0) {
            self.error(spans[0], "compare() top number of values must be greater than 0");
        }
        let range = match numbers.as_slice() {
            [_, start, end] => {
                let (start, end) = (i64::try_from(*start).unwrap_or(i64::MAX), i64::try_from(*end).unwrap_or(i64::MAX));
                if end <= start {
                    self.error(spans[2], "compare() end time must be after its start time");
                }
                Some((start, end))
            }
            [_, _] => {
                self.unexpected(&[","], Some("give both the start and the end of the selection, in nanoseconds, or neither"));
                return None;
            }
            _ => None,
        };
        Some(MetricsOp::Compare { selection: Box::new(selection), top, range })
    }

    fn whole_number(&mut self) -> Option<u64> {
        let TokenKind::Int(number) = *self.peek() else {
            self.unexpected(&["INTEGER"], None);
            return None;
        };
        if i64::try_from(number).is_err() {
            let span = self.span();
            self.error(span, format!("the number {number} is too large"));
        }
        self.bump();
        Some(number.min(i64::MAX.unsigned_abs()))
    }

    /// `> 5`, `| topk(5)` and `| > 5`, behind numbers over time.
    pub(super) fn second_stages(&mut self, mut metrics: MetricsExpr) -> Reading {
        let depth = self.depth;
        let mut behind_bar = false;
        loop {
            let Some(next) = self.second_stage(metrics, behind_bar) else {
                self.depth = depth;
                return Reading::Error(self.span_from(self.previous_end()));
            };
            metrics = next;
            if !self.at_symbol("|") && !self.at_comparison() {
                break;
            }
            behind_bar = self.eat_symbol("|");
            if !self.deeper() {
                break;
            }
        }
        self.depth = depth;
        if let TokenKind::Symbol("+" | "-" | "*" | "/" | "%" | "^") = self.peek() {
            self.unexpected(&[], Some("put what is calculated with in parentheses: `({ … } | rate()) / ({ … } | rate())`"));
            self.skip_to(|_| false);
        }
        Reading::Metrics(metrics)
    }

    fn at_comparison(&self) -> bool {
        matches!(self.peek(), TokenKind::Symbol(symbol) if FieldOp::from_symbol(symbol).is_some_and(FieldOp::is_comparison))
    }

    fn second_stage(&mut self, metrics: MetricsExpr, behind_bar: bool) -> Option<MetricsExpr> {
        let start = metrics.span.start;
        match self.peek().clone() {
            TokenKind::Symbol(symbol) if self.at_comparison() => {
                self.bump();
                let op = FieldOp::from_symbol(symbol)?;
                let Some(limit) = self.threshold() else {
                    self.unexpected(&[], Some("numbers over time are compared with a number, such as `> 5`"));
                    self.skip_stage();
                    return None;
                };
                Some(MetricsExpr { kind: MetricsKind::Filter(Box::new(metrics), op, limit), span: self.span_from(start) })
            }
            TokenKind::Word(word) if behind_bar && matches!(word.as_str(), "topk" | "bottomk") => {
                self.bump();
                if !self.expect_symbol("(") {
                    self.skip_stage();
                    return None;
                }
                let span = self.span();
                let number = self.whole_number();
                self.close(")");
                let number = number?;
                if number == 0 {
                    self.error(span, format!("{word}() limit must be greater than 0"));
                }
                let inner = Box::new(metrics);
                let kind = if word == "topk" { MetricsKind::TopK(inner, number) } else { MetricsKind::BottomK(inner, number) };
                Some(MetricsExpr { kind, span: self.span_from(start) })
            }
            _ if behind_bar => {
                self.unexpected(&[], Some("behind numbers over time stand `topk(n)`, `bottomk(n)` or a comparison such as `> 5`"));
                self.skip_stage();
                None
            }
            _ => Some(metrics),
        }
    }

    /// A number with a sign; a duration counts in seconds, as numbers over time do.
    fn threshold(&mut self) -> Option<f64> {
        use crate::ast::Static;
        let before = self.place();
        let number = match self.signed_static() {
            Some(Static::Int(number)) => Some(number as f64),
            Some(Static::Float(number)) => Some(number),
            Some(Static::Duration(ns)) => Some(ns as f64 / 1e9),
            _ => None,
        };
        if number.is_none() {
            self.go_back(before);
        }
        number
    }
}
