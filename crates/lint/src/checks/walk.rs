//! Going through expressions with what stands around each part.

use phoenix_promql::ast::{Expr, ExprKind, Selector};

/// Calls `visit` for each part with the parts around it, the nearest last.
pub(super) fn with_ancestors<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr, &[&'a Expr])) {
    fn go<'a>(expr: &'a Expr, around: &mut Vec<&'a Expr>, visit: &mut dyn FnMut(&'a Expr, &[&'a Expr])) {
        visit(expr, around);
        around.push(expr);
        for child in expr.children() {
            go(child, around, visit);
        }
        around.pop();
    }
    go(expr, &mut Vec::new(), visit);
}

/// The selector that a part is, if it is one.
pub(super) fn selector(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Selector(selector) => Some(selector),
        ExprKind::Range(range) => Some(&range.selector),
        _ => None,
    }
}

/// The function of a call.
pub(super) fn called(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Call(call) => Some(call.function.name),
        _ => None,
    }
}

/// Whether a part aggregates.
pub(super) fn aggregates(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Aggregate(_))
}

/// The functions that ask by how much a counter grew.
pub(super) const RATES: [&str; 3] = ["rate", "irate", "increase"];

/// Whether a function asks by how much a counter grew.
pub(super) fn is_rate(name: &str) -> bool {
    RATES.contains(&name)
}
