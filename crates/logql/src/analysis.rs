//! What a query reads and gives, without evaluating it: for the API, for lint, for planning.

mod steps;

use crate::ast::{Expr, ExprKind, LogExpr, RangeAggregation};
pub use steps::reach_ns;

/// What a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryKind {
    /// Log lines.
    Logs,
    /// Series.
    Metric,
    /// A number that depends on no series, such as `1 + 1`.
    Scalar,
}

impl Expr {
    /// What the query gives. What could not be read counts as a metric.
    pub fn query_kind(&self) -> QueryKind {
        match &self.kind {
            ExprKind::Logs(_) => QueryKind::Logs,
            ExprKind::Number(_) => QueryKind::Scalar,
            ExprKind::Paren(inner) => inner.query_kind(),
            ExprKind::Binary(binary) if binary.lhs.query_kind() == QueryKind::Scalar => binary.rhs.query_kind(),
            _ => QueryKind::Metric,
        }
    }

    /// The expressions directly beneath this one.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::VectorAggregation(aggregation) => vec![&aggregation.expr],
            ExprKind::LabelReplace(replace) => vec![&replace.expr],
            ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
            ExprKind::Paren(inner) => vec![inner],
            ExprKind::Logs(_) | ExprKind::Number(_) | ExprKind::Vector(_) | ExprKind::RangeAggregation(_) | ExprKind::Error => Vec::new(),
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

/// A selector with its pipeline within a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogUse<'a> {
    /// The selector and its pipeline.
    pub logs: &'a LogExpr,
    /// The aggregation over a range whose argument it is; `None` for a query of lines.
    pub within: Option<&'a RangeAggregation>,
}

/// Everything that a query reads, in the order of the text.
pub fn log_uses(expr: &Expr) -> Vec<LogUse<'_>> {
    let mut found = Vec::new();
    expr.walk(&mut |node| match &node.kind {
        ExprKind::Logs(logs) => found.push(LogUse { logs, within: None }),
        ExprKind::RangeAggregation(aggregation) => found.push(LogUse { logs: &aggregation.logs, within: Some(aggregation) }),
        _ => {}
    });
    found
}

/// How far before the moment of evaluation a query looks, in nanoseconds: the largest of range plus
/// offset, at least zero.
pub fn lookback_ns(expr: &Expr) -> i64 {
    let ranges = log_uses(expr).into_iter().filter_map(|found| found.within);
    ranges.map(|aggregation| aggregation.range_ns.saturating_add(aggregation.offset_ns)).max().unwrap_or(0).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_read() {
        let text =
            "sum(rate({a=\"1\"} |= \"x\" [5m])) / label_replace((count_over_time({b=\"2\"}[1h] offset 30m)), \"x\", \"\", \"y\", \"\")";
        let expr = crate::parse(text).into_result().unwrap();
        let shown: Vec<String> =
            log_uses(&expr).into_iter().map(|found| format!("{} in {}", found.logs, found.within.unwrap().op)).collect();
        assert_eq!(shown, ["{a=\"1\"} |= \"x\" in rate", "{b=\"2\"} in count_over_time"]);
        assert_eq!(lookback_ns(&expr), 5_400_000_000_000);
    }

    #[test]
    fn tells_kinds_apart() {
        for (text, want) in [
            ("{a=\"1\"} | json", QueryKind::Logs),
            ("({a=\"1\"})", QueryKind::Logs),
            ("1", QueryKind::Scalar),
            ("(1 + 2) * 3", QueryKind::Scalar),
            ("1 + vector(2)", QueryKind::Metric),
            ("rate({a=\"1\"}[1m]) > 1", QueryKind::Metric),
        ] {
            assert_eq!(crate::parse(text).into_result().unwrap().query_kind(), want, "{text}");
        }
    }
}
