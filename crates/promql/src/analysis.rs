//! What an expression reads and gives, without evaluating it: for lint, for editors, for planning.

mod steps;

use crate::ast::{Expr, ExprKind, Selector};
use phoenix_model::Span;
pub use steps::reach_ms;

/// A selector within an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectorUse<'a> {
    /// The selector.
    pub selector: &'a Selector,
    /// Where it stands, without a range's brackets.
    pub span: Span,
    /// The length of its range in milliseconds; `None` for an instant selector.
    pub range_ms: Option<i64>,
    /// The function or aggregation whose argument it is, if it stands there directly.
    pub within: Option<&'static str>,
}

/// All selectors of an expression, in the order of the text.
pub fn selectors(expr: &Expr) -> Vec<SelectorUse<'_>> {
    let mut found = Vec::new();
    collect(expr, None, &mut found);
    found
}

fn collect<'a>(expr: &'a Expr, within: Option<&'static str>, found: &mut Vec<SelectorUse<'a>>) {
    let inner = match &expr.kind {
        ExprKind::Selector(selector) => return found.push(SelectorUse { selector, span: expr.span, range_ms: None, within }),
        ExprKind::Range(range) => {
            let range_ms = Some(range.range_ms);
            return found.push(SelectorUse { selector: &range.selector, span: range.selector_span, range_ms, within });
        }
        ExprKind::Call(call) => Some(call.function.name),
        ExprKind::Aggregate(aggregate) => Some(aggregate.op.as_str()),
        ExprKind::Paren(_) => within,
        _ => None,
    };
    for child in expr.children() {
        collect(child, inner, found);
    }
}

/// The names of the metrics that an expression reads, as far as its selectors say them with `=`;
/// sorted, each once.
pub fn metric_names(expr: &Expr) -> Vec<&str> {
    let selectors = selectors(expr);
    let matchers = selectors.iter().flat_map(|found| &found.selector.matchers);
    let mut names: Vec<&str> = matchers
        .filter(|m| m.name == phoenix_model::labels::METRIC_NAME && m.op == phoenix_model::MatchOp::Equal)
        .map(|m| m.value.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether an expression has the same value at every step of a range query.
pub fn is_step_invariant(expr: &Expr) -> bool {
    crate::eval::is_step_invariant(expr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_read() {
        let expr =
            crate::parse("sum(rate(a_total{x='1'}[5m])) / on () (b) > max_over_time((b)[1h:]) + {__name__=~'c|d'}").into_result().unwrap();
        let shown: Vec<String> = selectors(&expr)
            .into_iter()
            .map(|found| format!("{} {}..{} {:?} {:?}", found.selector, found.span.start, found.span.end, found.range_ms, found.within))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        a_total{x="1"} 9..23 Some(300000) Some("rate")
        b 39..40 None None
        b 59..60 None None
        {__name__=~"c|d"} 70..87 None None
        "#);
        assert_eq!(metric_names(&expr), ["a_total", "b"]);
    }
}
