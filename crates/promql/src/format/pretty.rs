//! The layout for people: what fits on a line stays on it; what doesn't is broken at its operator,
//! arguments and parentheses, indented by two blanks.

use super::{Series, aggregate_head, brackets, operator, sign_text};
use crate::ast::{Expr, ExprKind};

/// How long a line may get before it is broken: as long as promtool lets it get.
const MAX_WIDTH: usize = 100;

/// Lays an expression out for people. What it gives reads back as the same expression.
pub fn format(expr: &Expr) -> String {
    pretty(expr, 0)
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

/// The expression, its first line indented too.
fn pretty(expr: &Expr, level: usize) -> String {
    let line = expr.to_string();
    if line.chars().count() <= MAX_WIDTH {
        return indent(level) + &line;
    }
    let pad = indent(level);
    match &expr.kind {
        ExprKind::Binary(binary) => {
            let (lhs, rhs) = (pretty(&binary.lhs, level + 1), pretty(&binary.rhs, level + 1));
            format!("{lhs}\n{pad}{}\n{rhs}", operator(binary))
        }
        ExprKind::Aggregate(aggregate) => {
            arguments(&format!("{pad}{}", aggregate_head(aggregate)), aggregate.param.iter().chain([&aggregate.expr]), level)
        }
        ExprKind::Call(call) => arguments(&format!("{pad}{}", call.function.name), call.args.iter(), level),
        ExprKind::Paren(inner) => format!("{pad}(\n{}\n{pad})", pretty(inner, level + 1)),
        ExprKind::Unary(sign, inner) => format!("{pad}{}{}", sign_text(*sign), pretty(inner, level).trim_start()),
        ExprKind::Subquery(subquery) => format!("{}{}", pretty(&subquery.expr, level), brackets(expr)),
        ExprKind::Range(range) => format!("{pad}{}{}", Series(&range.selector), brackets(expr)),
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Error => pad + &line,
    }
}

fn arguments<'a>(head: &str, args: impl Iterator<Item = &'a Expr>, level: usize) -> String {
    let args: Vec<String> = args.map(|arg| pretty(arg, level + 1)).collect();
    format!("{head}(\n{}\n{})", args.join(",\n"), indent(level))
}
