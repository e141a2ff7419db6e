//! What a query reads and gives, without evaluating it: for the API, for lint, for planning.

use crate::ast::{
    Aggregate, AttributeName, Body, FieldExpr, FieldKind, IntrinsicName, MetricsExpr, MetricsKind, MetricsOp, Pipeline, Query, ScalarExpr,
    ScalarKind, SpansetExpr, SpansetKind, StageKind,
};

/// The names of stages that work on sets of spans, and of those behind numbers over time.
pub const STAGES: [&str; 5] = ["by", "coalesce", "select", "topk", "bottomk"];

/// Words that are literals.
const LITERALS: [&str; 14] = [
    "true",
    "false",
    "nil",
    "minInt",
    "maxInt",
    "error",
    "ok",
    "unset",
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];

/// Whether a word has a meaning in the language.
pub fn is_keyword(word: &str) -> bool {
    let aggregates = Aggregate::ALL.map(Aggregate::as_str);
    [&STAGES[..], &MetricsOp::NAMES, &LITERALS, &aggregates, &["with", "parent"]].iter().any(|words| words.contains(&word))
        || IntrinsicName::ALL.into_iter().any(|intrinsic| intrinsic.unscoped() == Some(word))
}

impl FieldExpr {
    /// The expressions directly beneath this one.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            FieldKind::Not(inner) | FieldKind::Negative(inner) | FieldKind::Paren(inner) => vec![inner],
            FieldKind::Binary(_, lhs, rhs) => vec![lhs, rhs],
            FieldKind::Static(_) | FieldKind::Attribute(_) | FieldKind::Intrinsic(_) | FieldKind::Error => Vec::new(),
        }
    }

    /// Visits this expression and all beneath it, in the order of the text.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}

impl Query {
    /// Whether it gives numbers over time, and not traces.
    pub fn is_metrics(&self) -> bool {
        matches!(self.body, Body::Metrics(_))
    }

    /// The value of a hint, if it is given; the last one counts.
    pub fn hint(&self, name: &str) -> Option<&crate::ast::Static> {
        self.hints.iter().rev().find(|hint| hint.name == name).map(|hint| &hint.value)
    }

    /// Visits every part of the query, in the order of the text.
    pub fn visit<'a>(&'a self, visitor: &mut impl FnMut(Part<'a>)) {
        match &self.body {
            Body::Search(pipeline) => visit_pipeline(pipeline, visitor),
            Body::Metrics(metrics) => visit_metrics(metrics, visitor),
        }
    }

    /// The attributes that the query names, each once, in the order of the text.
    pub fn attributes(&self) -> Vec<&AttributeName> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if let Part::Field(FieldExpr { kind: FieldKind::Attribute(name), .. }) = part
                && !found.contains(&name)
            {
                found.push(name);
            }
        });
        found
    }

    /// The intrinsics that the query names, each once, in the order of the text.
    pub fn intrinsics(&self) -> Vec<IntrinsicName> {
        let mut found = Vec::new();
        self.visit(&mut |part| {
            if let Part::Field(FieldExpr { kind: FieldKind::Intrinsic(name), .. }) = part
                && !found.contains(name)
            {
                found.push(*name);
            }
        });
        found
    }
}

/// A part of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part<'a> {
    /// A set of spans, before what it consists of.
    Spans(&'a SpansetExpr),
    /// A value of a span, before what it consists of.
    Field(&'a FieldExpr),
    /// Numbers over time, before what they are made of.
    Metrics(&'a MetricsExpr),
}

fn visit_pipeline<'a>(pipeline: &'a Pipeline, visitor: &mut impl FnMut(Part<'a>)) {
    for stage in &pipeline.stages {
        match &stage.kind {
            StageKind::Spanset(spans) => visit_spans(spans, visitor),
            StageKind::ScalarFilter(filter) => {
                visit_scalar(&filter.lhs, visitor);
                visit_scalar(&filter.rhs, visitor);
            }
            StageKind::By(field) => visit_field(field, visitor),
            StageKind::Select(fields) => fields.iter().for_each(|field| visit_field(field, visitor)),
            StageKind::Coalesce | StageKind::Error => {}
        }
    }
}

fn visit_field<'a>(field: &'a FieldExpr, visitor: &mut impl FnMut(Part<'a>)) {
    field.walk(&mut |field| visitor(Part::Field(field)));
}

fn visit_spans<'a>(spans: &'a SpansetExpr, visitor: &mut impl FnMut(Part<'a>)) {
    visitor(Part::Spans(spans));
    match &spans.kind {
        SpansetKind::Filter(Some(condition)) => visit_field(condition, visitor),
        SpansetKind::Binary(_, lhs, rhs) => {
            visit_spans(lhs, visitor);
            visit_spans(rhs, visitor);
        }
        SpansetKind::Paren(pipeline) => visit_pipeline(pipeline, visitor),
        SpansetKind::Filter(None) | SpansetKind::Error => {}
    }
}

fn visit_scalar<'a>(scalar: &'a ScalarExpr, visitor: &mut impl FnMut(Part<'a>)) {
    match &scalar.kind {
        ScalarKind::Aggregate(_, Some(field)) => visit_field(field, visitor),
        ScalarKind::Binary(_, lhs, rhs) => {
            visit_scalar(lhs, visitor);
            visit_scalar(rhs, visitor);
        }
        ScalarKind::Pipeline(pipeline, number) => {
            visit_pipeline(pipeline, visitor);
            visit_scalar(number, visitor);
        }
        ScalarKind::Paren(inner) => visit_scalar(inner, visitor),
        ScalarKind::Static(_) | ScalarKind::Aggregate(_, None) | ScalarKind::Error => {}
    }
}

fn visit_metrics<'a>(metrics: &'a MetricsExpr, visitor: &mut impl FnMut(Part<'a>)) {
    visitor(Part::Metrics(metrics));
    match &metrics.kind {
        MetricsKind::Pipeline(pipeline, stage) => {
            visit_pipeline(pipeline, visitor);
            match &stage.op {
                MetricsOp::Rate | MetricsOp::CountOverTime => {}
                MetricsOp::MinOverTime(field)
                | MetricsOp::MaxOverTime(field)
                | MetricsOp::AvgOverTime(field)
                | MetricsOp::SumOverTime(field)
                | MetricsOp::QuantileOverTime(field, _)
                | MetricsOp::HistogramOverTime(field) => visit_field(field, visitor),
                MetricsOp::Compare { selection, .. } => visit_spans(selection, visitor),
            }
            stage.by.iter().for_each(|field| visit_field(field, visitor));
        }
        MetricsKind::TopK(inner, _) | MetricsKind::BottomK(inner, _) | MetricsKind::Filter(inner, ..) | MetricsKind::Paren(inner) => {
            visit_metrics(inner, visitor);
        }
        MetricsKind::Binary(_, lhs, rhs) => {
            visit_metrics(lhs, visitor);
            visit_metrics(rhs, visitor);
        }
        MetricsKind::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_order() {
        let text = "({ .a = 1 && duration > 1s } | by(resource.b) | avg(span.c) > 2) && { parent.d = nil } \
                    | select(event:name, .a) with (most_recent=true)";
        let query = crate::parse(text).into_result().unwrap();
        let names: Vec<String> = query.attributes().into_iter().map(ToString::to_string).collect();
        assert_eq!(names, [".a", "resource.b", "span.c", "parent.d"]);
        assert_eq!(query.intrinsics(), [IntrinsicName::Duration, IntrinsicName::EventName]);
        assert!(!query.is_metrics());
        assert_eq!(query.hint("most_recent"), Some(&crate::ast::Static::Bool(true)));
        assert_eq!(query.hint("sample"), None);

        let text = "({ .a = 1 } | sum_over_time(span.b) by (name)) / ({ } | compare({ .c = 2 })) | topk(3)";
        let query = crate::parse(text).query.unwrap();
        assert!(query.is_metrics());
        assert_eq!(query.attributes().len(), 3);
        assert_eq!(query.intrinsics(), [IntrinsicName::Name]);
    }
}
