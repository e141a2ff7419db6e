//! The layout for people: what fits on a line stays on it; what doesn't is broken at its operator,
//! arguments and stages, indented by two blanks.

use super::{behind, brackets, head, operator, ranged, selector, texts};
use crate::ast::{Expr, ExprKind, LogExpr, RangeAggregation};

/// How long a line may get before it is broken: as long as Loki lets it get.
const MAX_WIDTH: usize = 100;

/// Lays a query out for people. What it gives reads back as the same query.
pub fn pretty(expr: &Expr) -> String {
    layout(expr, 0)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

fn fits(line: &str) -> bool {
    line.chars().count() <= MAX_WIDTH
}

/// The expression, its first line indented too.
fn layout(expr: &Expr, level: usize) -> String {
    let pad = indent(level);
    let line = expr.to_string();
    if fits(&line) {
        return pad + &line;
    }
    match &expr.kind {
        ExprKind::Logs(logs) => pad + &stages(logs, Vec::new(), "", level),
        ExprKind::RangeAggregation(aggregation) => {
            let args = aggregation.param.iter().map(|param| format!("{}{param}", indent(level + 1))).collect();
            let group = behind(aggregation.grouping.as_ref());
            arguments(&format!("{pad}{}", aggregation.op), args, logs(aggregation, level + 1), level) + &group
        }
        ExprKind::VectorAggregation(aggregation) => {
            let args = aggregation.param.iter().map(|param| format!("{}{param}", indent(level + 1))).collect();
            arguments(&format!("{pad}{}", head(aggregation)), args, layout(&aggregation.expr, level + 1), level)
        }
        ExprKind::LabelReplace(replace) => {
            let mut args = vec![layout(&replace.expr, level + 1)];
            let [first @ .., last] = texts(replace).map(|text| indent(level + 1) + &text);
            args.extend(first);
            arguments(&format!("{pad}label_replace"), args, last, level)
        }
        ExprKind::Binary(binary) => {
            let (lhs, rhs) = (layout(&binary.lhs, level + 1), layout(&binary.rhs, level + 1));
            format!("{lhs}\n{pad}{}\n{rhs}", operator(binary))
        }
        ExprKind::Paren(inner) => format!("{pad}(\n{}\n{pad})", layout(inner, level + 1)),
        ExprKind::Number(_) | ExprKind::Vector(_) | ExprKind::Error => pad + &line,
    }
}

/// The logs of a range aggregation, its first line indented too.
fn logs(aggregation: &RangeAggregation, level: usize) -> String {
    let line = ranged(aggregation);
    if fits(&line) {
        return indent(level) + &line;
    }
    let unwrap = aggregation.unwrap.as_ref().map(crate::ast::Unwrap::pieces).unwrap_or_default();
    indent(level) + &stages(&aggregation.logs, unwrap, &brackets(aggregation), level)
}

/// The first stage beside the selector, the others below it.
fn stages(logs: &LogExpr, more: Vec<String>, range: &str, level: usize) -> String {
    let mut pieces: Vec<String> = logs.stages.iter().map(ToString::to_string).collect();
    pieces.extend(more);
    let mut out = selector(&logs.matchers);
    for (index, piece) in pieces.iter().enumerate() {
        out.push_str(&if index == 0 { " ".to_owned() } else { format!("\n{}", indent(level + 1)) });
        out.push_str(piece);
    }
    if !range.is_empty() {
        out.push_str(if pieces.is_empty() { "" } else { " " });
        out.push_str(range);
    }
    out
}

fn arguments(head: &str, mut args: Vec<String>, last: String, level: usize) -> String {
    args.push(last);
    format!("{head}(\n{}\n{})", args.join(",\n"), indent(level))
}
