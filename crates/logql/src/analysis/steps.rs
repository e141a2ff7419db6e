//! Whether the value at a step depends on which other steps are asked for.

use super::log_uses;
use crate::ast::{Expr, LabelFormatValue, RangeAggregation, RangeOp, Stage, StageKind};

/// How far before a step an expression reads, in nanoseconds, if its value at a step is the same
/// whatever range is asked for, as long as that has several steps; `None` if it may differ.
///
/// It may differ with a negative offset, which reads ahead; with `distinct`, whose first entry is
/// that of the range; with templates that name the present; and in the last bits where unwrapped
/// values are summed up bucket by bucket.
pub fn reach_ns(expr: &Expr) -> Option<i64> {
    let uses = log_uses(expr);
    if uses.iter().any(|found| found.within.is_none_or(|aggregation| aggregation.offset_ns < 0 || sums_values(aggregation))) {
        return None;
    }
    let stages = uses.iter().flat_map(|found| &found.logs.stages);
    if stages.into_iter().any(depends_on_range) {
        return None;
    }
    Some(super::lookback_ns(expr))
}

/// Counts are whole numbers, which add up in any order.
fn sums_values(aggregation: &RangeAggregation) -> bool {
    use RangeOp::{AvgOverTime, Rate, StddevOverTime, StdvarOverTime, SumOverTime};
    aggregation.unwrap.is_some() && matches!(aggregation.op, Rate | SumOverTime | AvgOverTime | StddevOverTime | StdvarOverTime)
}

fn depends_on_range(stage: &Stage) -> bool {
    let names_now = |template: &str| template.contains("now");
    match &stage.kind {
        StageKind::Distinct(_) => true,
        StageKind::LineFormat(template) => names_now(template),
        StageKind::LabelFormat(formats) => {
            formats.iter().any(|format| matches!(&format.value, LabelFormatValue::Template(template) if names_now(template)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_queries_read() {
        for (text, want_s) in [
            ("sum by (app) (rate({a=\"1\"} |= \"x\" | json [5m]))", Some(300)),
            ("count_over_time({a=\"1\"}[1h] offset 30m) / 2", Some(5_400)),
            ("quantile_over_time(0.9, {a=\"1\"} | json | unwrap ms [1m]) by (app)", Some(60)),
            ("max_over_time({a=\"1\"} | json | unwrap ms [1m])", Some(60)),
            ("vector(1)", Some(0)),
            ("sum_over_time({a=\"1\"} | json | unwrap ms [1m])", None),
            ("rate({a=\"1\"} | json | unwrap ms [1m])", None),
            ("rate({a=\"1\"}[1m] offset -5m)", None),
            ("count_over_time({a=\"1\"} | line_format \"{{now}}\" | json [1m])", None),
            ("count_over_time({a=\"1\"} | label_format x=\"{{ __timestamp__ }}\" [1m])", Some(60)),
            ("{a=\"1\"}", None),
        ] {
            let expr = crate::parse(text).into_result().unwrap();
            assert_eq!(reach_ns(&expr), want_s.map(|s: i64| s * 1_000_000_000), "{text}");
        }
    }
}
