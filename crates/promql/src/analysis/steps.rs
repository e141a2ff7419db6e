//! Whether the value at a step depends on which other steps are asked for.

use crate::ast::{AggregateOp, Expr, ExprKind, Selector, TimeShift, ValueType};
use crate::eval::carries_over_steps;
use phoenix_model::MatchOp;
use phoenix_model::labels::METRIC_NAME;
use phoenix_query::BinaryOp;

/// How far before a step an expression reads, in milliseconds, if its value at a step is the same
/// whatever range is asked for, as long as that has several steps; `None` if it may differ.
///
/// It may differ with `@`, since `start()` and `end()` are those of the whole range and a fixed
/// moment may lie behind the step; with a negative offset, which reads ahead; with `limitk` and
/// `limit_ratio`; where series of the same labels are an error though they never coincide; and in
/// the last bits where sums are carried from step to step.
pub fn reach_ms(expr: &Expr, step_ms: i64, lookback_ms: i64, default_step_ms: i64) -> Option<i64> {
    let reach = Reach { lookback_ms, default_step_ms };
    reach.of(expr, Some(step_ms))
}

struct Reach {
    lookback_ms: i64,
    default_step_ms: i64,
}

impl Reach {
    /// `step_ms` is that of the grid on which the expression is evaluated; `None` in a subquery.
    fn of(&self, expr: &Expr, step_ms: Option<i64>) -> Option<i64> {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => Some(0),
            ExprKind::Selector(selector) => Self::selector(selector, self.lookback_ms),
            ExprKind::Range(range) => Self::selector(&range.selector, range.range_ms),
            ExprKind::Subquery(subquery) => {
                let reach_ms = self.of(&subquery.expr, None)?;
                let step_ms = subquery.step_ms.unwrap_or(self.default_step_ms);
                if has_set_union(&subquery.expr) {
                    return None;
                }
                shifted(subquery.time, subquery.range_ms.saturating_add(step_ms).saturating_add(reach_ms))
            }
            ExprKind::Call(call) => {
                let name = call.function.name;
                if matches!(name, "label_replace" | "label_join" | "info") {
                    return None;
                }
                for arg in &call.args {
                    let range_ms = match &unwrapped(arg).kind {
                        ExprKind::Range(range) => range.range_ms,
                        ExprKind::Subquery(subquery) => subquery.range_ms,
                        _ => continue,
                    };
                    // The steps within a subquery are not looked into.
                    if carries_over_steps(name, step_ms.map_or(i64::MAX, |_| range_ms), step_ms.unwrap_or(1)) {
                        return None;
                    }
                }
                self.all(expr, step_ms)
            }
            ExprKind::Aggregate(aggregate) if matches!(aggregate.op, AggregateOp::Limitk | AggregateOp::LimitRatio) => None,
            // It drops the name, and refuses series that have the same labels without it.
            ExprKind::Unary(_, inner) if inner.value_type() != ValueType::Scalar => None,
            ExprKind::Error => None,
            ExprKind::Aggregate(_) | ExprKind::Unary(..) | ExprKind::Binary(_) | ExprKind::Paren(_) => self.all(expr, step_ms),
        }
    }

    fn all(&self, expr: &Expr, step_ms: Option<i64>) -> Option<i64> {
        expr.children().into_iter().try_fold(0, |most, child| Some(self.of(child, step_ms)?.max(most)))
    }

    fn selector(selector: &Selector, range_ms: i64) -> Option<i64> {
        // Several metrics under one selector may have series of the same labels but for the name.
        let named = |m: &phoenix_model::Matcher| m.name == METRIC_NAME && m.op == MatchOp::Equal && !m.value.is_empty();
        if !selector.matchers.iter().any(named) {
            return None;
        }
        shifted(selector.time, range_ms)
    }
}

fn shifted(time: TimeShift, reach_ms: i64) -> Option<i64> {
    (time.at.is_none() && time.offset_ms >= 0).then(|| reach_ms.saturating_add(time.offset_ms))
}

fn unwrapped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => unwrapped(inner),
        _ => expr,
    }
}

/// Whether series of several metrics may come together.
fn has_set_union(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |node| found |= matches!(&node.kind, ExprKind::Binary(binary) if binary.op == BinaryOp::Or));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_expressions_read() {
        const MINUTE: i64 = 60_000;
        for (text, want) in [
            ("up", Some(5)),
            ("up offset 10m", Some(15)),
            ("sum by (job) (rate(x_total{a=~\"b|c\"}[10m])) / on () group_left () count(up)", Some(10)),
            ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[7m])))", Some(7)),
            ("max_over_time(rate(x_total[5m])[30m:1m])", Some(36)),
            ("max_over_time((sum(up) > 1)[30m:] offset 1h)", Some(96)),
            ("topk(5, x) * -1 + time() - (2 - vector(1))", Some(5)),
            ("absent(up{job=\"x\"})", Some(5)),
            ("sum_over_time(x[10m])", Some(10)),
            ("1", Some(0)),
            // Windows that overlap in many steps.
            ("sum_over_time(x[1h])", None),
            ("max_over_time(x[1h])", Some(60)),
            ("max_over_time(sum_over_time(x[10m])[10m:1m])", None),
            ("x @ start()", None),
            ("rate(x[5m] @ end())", None),
            ("x @ 1700000000", None),
            ("x offset -1m", None),
            ("limitk(2, x)", None),
            ("limit_ratio(0.5, x)", None),
            ("label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")", None),
            ("rate({__name__=~\"x|y\"}[5m])", None),
            ("{job=\"a\"}", None),
            ("-x", None),
            ("rate((x or y)[5m:1m])", None),
        ] {
            let expr = crate::parse(text).into_result().unwrap();
            let got = reach_ms(&expr, MINUTE, 5 * MINUTE, MINUTE);
            assert_eq!(got, want.map(|minutes: i64| minutes * MINUTE), "{text}");
        }
    }
}
