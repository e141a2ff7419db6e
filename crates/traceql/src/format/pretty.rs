//! The layout for people: what fits on a line stays on it; what doesn't is broken at its stages,
//! operators and conditions, indented by two blanks.

use super::List;
use crate::ast::{
    Body, FieldExpr, FieldKind, FieldOp, MetricsExpr, MetricsKind, Pipeline, Query, ScalarExpr, ScalarFilter, ScalarKind, SpansetExpr,
    SpansetKind, StageKind,
};

/// How long a line may get before it is broken.
const MAX_WIDTH: usize = 100;

/// Lays a query out for people. What it gives reads back as the same query.
pub fn pretty(query: &Query) -> String {
    let body = match &query.body {
        Body::Search(pipeline) => self::pipeline(pipeline, 0),
        Body::Metrics(metrics) => self::metrics(metrics, 0),
    };
    if query.hints.is_empty() {
        return body;
    }
    let line = query.to_string();
    if fits(&line, 0) { line } else { format!("{body}\nwith ({})", List(&query.hints)) }
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

fn fits(line: &str, level: usize) -> bool {
    line.chars().count() + 2 * level <= MAX_WIDTH
}

/// A pipeline, its first line not indented: stages below each other.
fn pipeline(pipeline: &Pipeline, level: usize) -> String {
    let line = pipeline.to_string();
    if fits(&line, level) {
        return line;
    }
    let stages = pipeline.written().iter().map(|stage| match &stage.kind {
        StageKind::Spanset(spans) => spanset(spans, level),
        StageKind::ScalarFilter(filter) => scalar_filter(filter, level),
        StageKind::By(_) | StageKind::Coalesce | StageKind::Select(_) | StageKind::Error => stage.to_string(),
    });
    stages.collect::<Vec<_>>().join(&format!("\n{}| ", indent(level)))
}

fn spanset(spans: &SpansetExpr, level: usize) -> String {
    let line = spans.to_string();
    let pad = indent(level);
    match &spans.kind {
        _ if fits(&line, level) => line,
        SpansetKind::Filter(Some(condition)) => {
            let inner = indent(level + 1);
            format!("{{\n{inner}{}\n{pad}}}", field(condition, level + 1))
        }
        SpansetKind::Binary(op, lhs, rhs) => format!("{}\n{pad}{op} {}", spanset(lhs, level), spanset(rhs, level)),
        SpansetKind::Paren(inner) => format!("(\n{}{}\n{pad})", indent(level + 1), pipeline(inner, level + 1)),
        SpansetKind::Filter(None) | SpansetKind::Error => line,
    }
}

/// A condition broken at its `&&` and `||`.
fn field(condition: &FieldExpr, level: usize) -> String {
    let line = condition.to_string();
    match &condition.kind {
        _ if fits(&line, level) => line,
        FieldKind::Binary(FieldOp::And | FieldOp::Or, ..) => chain(condition, level),
        FieldKind::Paren(inner) => format!("(\n{}{}\n{})", indent(level + 1), field(inner, level + 1), indent(level)),
        _ => line,
    }
}

/// Conditions that `&&` and `||` join, one a line: as they bind alike, they are read from top to bottom.
fn chain(condition: &FieldExpr, level: usize) -> String {
    match &condition.kind {
        FieldKind::Binary(op @ (FieldOp::And | FieldOp::Or), lhs, rhs) => {
            format!("{}\n{}{op} {}", chain(lhs, level), indent(level), field(rhs, level))
        }
        _ => field(condition, level),
    }
}

fn scalar_filter(filter: &ScalarFilter, level: usize) -> String {
    let line = filter.to_string();
    if fits(&line, level) {
        return line;
    }
    format!("{}\n{}{} {}", scalar(&filter.lhs, level), indent(level), filter.op, scalar(&filter.rhs, level))
}

fn scalar(number: &ScalarExpr, level: usize) -> String {
    let line = number.to_string();
    let pad = indent(level);
    match &number.kind {
        _ if fits(&line, level) => line,
        ScalarKind::Binary(op, lhs, rhs) => format!("{}\n{pad}{op} {}", scalar(lhs, level), scalar(rhs, level)),
        ScalarKind::Pipeline(inner, last) => {
            let deeper = indent(level + 1);
            format!("(\n{deeper}{}\n{deeper}| {}\n{pad})", pipeline(inner, level + 1), scalar(last, level + 1))
        }
        ScalarKind::Paren(inner) => format!("(\n{}{}\n{pad})", indent(level + 1), scalar(inner, level + 1)),
        ScalarKind::Static(_) | ScalarKind::Aggregate(..) | ScalarKind::Error => line,
    }
}

fn metrics(numbers: &MetricsExpr, level: usize) -> String {
    let line = numbers.to_string();
    let pad = indent(level);
    match &numbers.kind {
        _ if fits(&line, level) => line,
        MetricsKind::Pipeline(spans, stage) => format!("{}\n{pad}| {stage}", pipeline(spans, level)),
        MetricsKind::TopK(inner, k) => format!("{}\n{pad}| topk({k})", metrics(inner, level)),
        MetricsKind::BottomK(inner, k) => format!("{}\n{pad}| bottomk({k})", metrics(inner, level)),
        MetricsKind::Filter(inner, op, limit) => format!("{}\n{pad}{op} {}", metrics(inner, level), super::Number(*limit)),
        MetricsKind::Binary(op, lhs, rhs) => format!("{}\n{pad}{op} {}", metrics(lhs, level), metrics(rhs, level)),
        MetricsKind::Paren(inner) => format!("(\n{}{}\n{pad})", indent(level + 1), metrics(inner, level + 1)),
        MetricsKind::Number(_) => line,
    }
}
