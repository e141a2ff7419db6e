//! Stages, and what stands in parentheses.

use super::{MAX_LIST, Parser};
use crate::analysis::STAGES;
use crate::ast::{FieldExpr, MetricsExpr, MetricsOp, Pipeline, ScalarExpr, SpansetExpr, SpansetKind, Stage, StageKind};
use crate::lexer::TokenKind;
use crate::parser::value::Value;
use phoenix_model::Span;

/// What a whole query, or the inside of parentheses, turned out to be.
pub(super) enum Reading {
    /// A pipeline that gives spans.
    Spans(Pipeline),
    /// A number, with the pipeline before it if there is one. It only means something in parentheses.
    Number(Option<Pipeline>, ScalarExpr),
    /// Numbers over time.
    Metrics(MetricsExpr),
    /// Nothing that could be read. There is a diagnostic for it.
    Error(Span),
}

/// `{ }`, which stands unwritten before a pipeline that begins with another stage.
fn all_spans(at: usize) -> Stage {
    let span = Span::new(at, at);
    Stage { kind: StageKind::Spanset(SpansetExpr { kind: SpansetKind::Filter(None), span }), span }
}

/// What one stage turned out to be.
enum Part {
    Stage(Stage),
    Number(ScalarExpr),
    Metrics(MetricsExpr),
}

impl Parser {
    /// Stages up to a closing parenthesis, `with`, or the end.
    pub(super) fn reading(&mut self) -> Reading {
        let depth = self.depth;
        let start = self.span().start;
        let reading = if self.deeper() { self.stages() } else { Reading::Error(Span::new(start, start)) };
        self.depth = depth;
        reading
    }

    fn stages(&mut self) -> Reading {
        let start = self.span().start;
        let mut stages = Vec::new();
        loop {
            // Every stage of numbers makes the tree one level deeper.
            if self.at_metrics_stage() {
                if stages.is_empty() {
                    self.unexpected(&[], Some("say which spans to read before it, such as `{ } | rate()`"));
                    stages.push(all_spans(start));
                }
                let pipeline = Pipeline { stages, span: self.span_from(start) };
                return match self.metrics_stage(pipeline) {
                    Some(metrics) => self.second_stages(metrics),
                    None => Reading::Error(self.span_from(start)),
                };
            }
            if stages.is_empty() && matches!(self.peek(), TokenKind::Word(word) if word == "coalesce") {
                self.unexpected(&[], Some("it puts sets together again that `by(…)` made before it"));
            }
            match self.stage() {
                Part::Stage(stage) => {
                    if stages.is_empty() && !matches!(stage.kind, StageKind::Spanset(_) | StageKind::Error) {
                        stages.push(all_spans(start));
                    }
                    stages.push(stage);
                }
                Part::Metrics(metrics) if stages.is_empty() => return self.second_stages(metrics),
                Part::Metrics(metrics) => {
                    let help = "numbers over time begin a query, or stand between operators: `({ … } | rate()) / ({ … } | rate())`";
                    self.error_with_help(metrics.span, "metrics can't be a stage of a pipeline", help);
                    stages.push(Stage { kind: StageKind::Error, span: metrics.span });
                }
                Part::Number(number) if self.at_symbol("|") => {
                    self.unexpected(&[], Some("compare the number with another, such as `count() > 2`"));
                    stages.push(Stage { kind: StageKind::Error, span: number.span });
                }
                Part::Number(number) => {
                    let span = stages.last().map(|last: &Stage| Span::new(start, last.span.end));
                    return Reading::Number(span.map(|span| Pipeline { stages, span }), number);
                }
            }
            if !self.eat_symbol("|") {
                return Reading::Spans(Pipeline { stages, span: self.span_from(start) });
            }
        }
    }

    fn at_metrics_stage(&self) -> bool {
        matches!(self.peek(), TokenKind::Word(word) if MetricsOp::NAMES.contains(&word.as_str()))
    }

    fn stage(&mut self) -> Part {
        let start = self.span().start;
        let kind = match self.peek() {
            TokenKind::Word(word) => match word.as_str() {
                "by" => self.by_stage(),
                "coalesce" => self.coalesce_stage(),
                "select" => self.select_stage(),
                "topk" | "bottomk" => {
                    self.unexpected(&[], Some("it stands behind a metrics function: `{ … } | rate() by (…) | topk(5)`"));
                    self.skip_stage()
                }
                _ => return self.value_stage(start),
            },
            _ => return self.value_stage(start),
        };
        Part::Stage(Stage { kind, span: self.span_from(start) })
    }

    /// Goes on at the next stage.
    pub(super) fn skip_stage(&mut self) -> StageKind {
        self.skip_to(|kind| matches!(kind, TokenKind::Symbol("|")) || matches!(kind, TokenKind::Word(word) if word == "with"));
        StageKind::Error
    }

    fn value_stage(&mut self, start: usize) -> Part {
        let kind = match self.value(0) {
            Value::Metrics(metrics) => return Part::Metrics(metrics),
            Value::Number(number) => return Part::Number(number),
            Value::Spans(spans) => StageKind::Spanset(spans),
            Value::Filter(filter) => StageKind::ScalarFilter(*filter),
            Value::Error(_) => self.skip_stage(),
        };
        Part::Stage(Stage { kind, span: self.span_from(start) })
    }

    /// `by(field)`
    fn by_stage(&mut self) -> StageKind {
        self.bump();
        if !self.expect_symbol("(") {
            return self.skip_stage();
        }
        let field = self.condition();
        if self.at_symbol(",") {
            self.unexpected(&[")"], Some("the stage `by` takes one value; use it twice: `| by(…) | by(…)`"));
            self.recover_at(")");
        } else {
            self.close_condition(")");
        }
        StageKind::By(field)
    }

    /// `coalesce()`
    fn coalesce_stage(&mut self) -> StageKind {
        self.bump();
        if !self.expect_symbol("(") {
            return self.skip_stage();
        }
        self.close(")");
        StageKind::Coalesce
    }

    /// `select(a, b)`
    fn select_stage(&mut self) -> StageKind {
        self.bump();
        if !self.expect_symbol("(") {
            return self.skip_stage();
        }
        let fields = self.attributes("select", MAX_LIST);
        self.close(")");
        StageKind::Select(fields)
    }

    /// `a, b`; at least one.
    pub(super) fn attributes(&mut self, name: &str, limit: usize) -> Vec<FieldExpr> {
        let mut fields = Vec::new();
        loop {
            let Some(field) = self.attribute() else {
                self.skip_to(|kind| matches!(kind, TokenKind::Symbol(",")));
                if !self.eat_symbol(",") {
                    return fields;
                }
                continue;
            };
            if fields.len() == limit {
                self.error(field.span, format!("{name}(…) has too many items: the limit is {limit}"));
                self.skip_to(|_| false);
                return fields;
            }
            fields.push(field);
            if !self.eat_symbol(",") {
                return fields;
            }
        }
    }

    /// The names of what may begin a stage.
    pub(super) fn stage_names() -> impl Iterator<Item = &'static str> {
        STAGES.into_iter().chain(MetricsOp::NAMES)
    }
}
