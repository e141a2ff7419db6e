//! What the value of an expression is measured in.

use super::walk::selector;
use crate::facts::Facts;
use phoenix_promql::ast::{AggregateOp, Binary, BinaryOp, Expr, ExprKind, ValueType};

/// What a value is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 0 to 1.
    Ratio,
    /// 0 to 100.
    Percent,
    Seconds,
    Milliseconds,
    Hours,
    Days,
    /// Seconds since 1970.
    Timestamp,
    Bytes,
    BytesPerSecond,
    /// Events per second.
    PerSecond,
    /// How many series or samples.
    Count,
    /// How often it changed.
    Changes,
    /// Always the same number, such as that which it is compared with.
    Constant,
}

impl Unit {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Ratio => "a ratio from 0 to 1",
            Self::Percent => "a percentage from 0 to 100",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Hours => "hours",
            Self::Days => "days",
            Self::Timestamp => "a moment in seconds since 1970",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes per second",
            Self::PerSecond => "events per second",
            Self::Count => "a number of series",
            Self::Changes => "how often it changed",
            Self::Constant => "always the same number",
        }
    }
}

/// The unit of an expression's value, where it is known.
pub(super) fn unit(expr: &Expr, facts: &Facts) -> Option<Unit> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => unit(inner, facts),
        ExprKind::Selector(_) | ExprKind::Range(_) => of_metric(selector(expr)?.name.as_deref()?, facts),
        ExprKind::Subquery(subquery) => unit(&subquery.expr, facts),
        ExprKind::Call(call) => {
            let of_argument = |at: usize| call.args.get(at).and_then(|argument| unit(argument, facts));
            match call.function.name {
                "time" | "timestamp" => Some(Unit::Timestamp),
                "rate" | "irate" | "deriv" => match of_argument(0) {
                    Some(Unit::Seconds) => Some(Unit::Ratio),
                    Some(Unit::Bytes) => Some(Unit::BytesPerSecond),
                    Some(_) => None,
                    None if call.function.name == "deriv" => None,
                    None => counts(selector(call.args.first()?)?.name.as_deref()?).then_some(Unit::PerSecond),
                },
                "changes" | "resets" => Some(Unit::Changes),
                "absent" | "absent_over_time" | "present_over_time" => Some(Unit::Constant),
                "count_over_time" => Some(Unit::Count),
                "histogram_quantile" => of_argument(1).or_else(|| of_buckets(call.args.get(1)?)),
                "quantile_over_time" => of_argument(1),
                "increase" | "delta" | "idelta" | "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time"
                | "predict_linear" | "abs" | "ceil" | "floor" | "round" | "sort" | "sort_desc" | "clamp" | "clamp_min" | "clamp_max"
                | "label_replace" | "label_join" | "scalar" => of_argument(0),
                _ => None,
            }
        }
        ExprKind::Aggregate(aggregate) => match aggregate.op {
            AggregateOp::Count | AggregateOp::CountValues => Some(Unit::Count),
            AggregateOp::Group => Some(Unit::Constant),
            AggregateOp::Stdvar | AggregateOp::Stddev => None,
            AggregateOp::Sum => unit(&aggregate.expr, facts).filter(|unit| !matches!(unit, Unit::Ratio | Unit::Percent | Unit::Timestamp)),
            _ => unit(&aggregate.expr, facts),
        },
        ExprKind::Binary(binary) => of_binary(binary, facts),
        _ => None,
    }
}

/// The buckets below aggregations and rates: their bounds have the metric's unit.
fn of_buckets(expr: &Expr) -> Option<Unit> {
    let used = phoenix_promql::analysis::selectors(expr);
    let name = used.first()?.selector.name.as_deref()?;
    of_words(name.strip_suffix("_bucket").unwrap_or(name))
}

fn of_words(name: &str) -> Option<Unit> {
    let name = name.strip_suffix("_total").unwrap_or(name);
    if name.ends_with("_timestamp_seconds") || name.ends_with("_time_seconds") && name.contains("start_time") {
        return Some(Unit::Timestamp);
    }
    let ending = name.rsplit('_').next()?;
    Some(match ending {
        "seconds" => Unit::Seconds,
        "milliseconds" => Unit::Milliseconds,
        "bytes" => Unit::Bytes,
        "ratio" if name.contains('_') => Unit::Ratio,
        "percent" => Unit::Percent,
        _ => return None,
    })
}

/// Names that count events.
fn counts(name: &str) -> bool {
    let timed = ["seconds", "bytes", "time", "cpu", "ms", "milliseconds", "joules", "nanoseconds", "usage"];
    let words = || name.split('_');
    (name.ends_with("_total") || name.ends_with("_count")) && !words().any(|word| timed.contains(&word)) || name.ends_with("_seconds_count")
}

fn of_metric(name: &str, facts: &Facts) -> Option<Unit> {
    // What a recording rule gives has the unit that its level and operations say, which is not read here.
    if name.contains(':') {
        return None;
    }
    if name.ends_with("_bucket") || name.ends_with("_count") {
        return None;
    }
    if let Some(found) = of_words(name.strip_suffix("_sum").unwrap_or(name)) {
        return Some(found);
    }
    match facts.metric(name)?.unit?.as_str() {
        "bytes" => Some(Unit::Bytes),
        "ratio" => Some(Unit::Ratio),
        // Some exporters give moments in seconds without saying so in the name.
        "seconds" if name.contains("expiry") || name.contains("timestamp") => Some(Unit::Timestamp),
        "seconds" => Some(Unit::Seconds),
        "milliseconds" => Some(Unit::Milliseconds),
        _ => None,
    }
}

fn of_binary(binary: &Binary, facts: &Facts) -> Option<Unit> {
    let number = |side: &Expr| constant(side);
    let (left, right) = (&binary.lhs, &binary.rhs);
    match binary.op {
        BinaryOp::Equal if !binary.returns_bool && (number(left).is_some() || number(right).is_some()) => Some(Unit::Constant),
        op if op.is_comparison() => {
            if binary.returns_bool {
                return None;
            }
            if left.value_type() == ValueType::Scalar { unit(right, facts) } else { unit(left, facts) }
        }
        BinaryOp::And | BinaryOp::Unless => unit(left, facts),
        BinaryOp::Or => unit(left, facts).filter(|found| unit(right, facts) == Some(*found)),
        BinaryOp::Mul => match (unit(left, facts), number(right)) {
            (Some(found), Some(factor)) => scaled(found, factor),
            (None, None) => unit(right, facts).zip(number(left)).and_then(|(found, factor)| scaled(found, factor)),
            _ => None,
        },
        BinaryOp::Div => match (unit(left, facts), unit(right, facts), number(right)) {
            (Some(found), _, Some(divisor)) => scaled(found, 1.0 / divisor),
            (Some(a), Some(b), _) if a == b && right.value_type() == ValueType::Vector => Some(Unit::Ratio),
            _ => None,
        },
        BinaryOp::Sub => match (number(left), unit(left, facts), unit(right, facts)) {
            (Some(1.0), _, Some(Unit::Ratio)) => Some(Unit::Ratio),
            (Some(100.0), _, Some(Unit::Percent)) => Some(Unit::Percent),
            (None, Some(Unit::Timestamp), Some(Unit::Timestamp)) => Some(Unit::Seconds),
            (None, Some(a), Some(b)) if a == b => Some(a),
            (None, Some(a), None) if number(right).is_some() => Some(a),
            _ => None,
        },
        BinaryOp::Add => unit(left, facts).filter(|found| unit(right, facts) == Some(*found)),
        _ => None,
    }
}

/// The value of an expression that reads no series and no time.
pub(super) fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(number.value),
        ExprKind::Paren(inner) => constant(inner),
        ExprKind::Unary(phoenix_promql::ast::Sign::Minus, inner) => constant(inner).map(|value| -value),
        ExprKind::Binary(binary) => {
            let (left, right) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
            match binary.op {
                BinaryOp::Add => Some(left + right),
                BinaryOp::Sub => Some(left - right),
                BinaryOp::Mul => Some(left * right),
                BinaryOp::Div => Some(left / right),
                _ => None,
            }
        }
        _ => None,
    }
}

fn scaled(unit: Unit, factor: f64) -> Option<Unit> {
    let is = |wanted: f64| (factor / wanted - 1.0).abs() < 1e-9;
    match unit {
        _ if is(1.0) => Some(unit),
        Unit::Ratio if is(100.0) => Some(Unit::Percent),
        Unit::Percent if is(0.01) => Some(Unit::Ratio),
        Unit::Seconds if is(1000.0) => Some(Unit::Milliseconds),
        Unit::Seconds if is(1.0 / 3600.0) => Some(Unit::Hours),
        Unit::Seconds if is(1.0 / 86400.0) => Some(Unit::Days),
        Unit::Milliseconds if is(0.001) => Some(Unit::Seconds),
        Unit::Hours if is(1.0 / 24.0) => Some(Unit::Days),
        Unit::Constant => Some(Unit::Constant),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn units_are_worked_out() {
        let facts = Facts::of(&Project::default(), None);
        for (text, want) in [
            ("a_bytes / b_bytes > 0.9", Some(Unit::Ratio)),
            ("100 * a_bytes / b_bytes", None),
            ("(a_bytes / b_bytes) * 100", Some(Unit::Percent)),
            ("100 - (a_bytes / b_bytes) * 100", Some(Unit::Percent)),
            ("1 - a_bytes / b_bytes", Some(Unit::Ratio)),
            ("sum(rate(a_total{x=\"1\"}[5m])) / sum(rate(a_total[5m]))", Some(Unit::Ratio)),
            ("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", None),
            ("rate(a_cpu_seconds_total[5m])", Some(Unit::Ratio)),
            ("rate(a_bytes_total[5m]) > 1e6", Some(Unit::BytesPerSecond)),
            ("histogram_quantile(0.9, sum by (le) (rate(a_seconds_bucket[5m]))) > 1", Some(Unit::Seconds)),
            ("histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", None),
            ("(a_timestamp_seconds - time()) / 86400 < 30", Some(Unit::Days)),
            ("time() - a_timestamp_seconds > 60", Some(Unit::Seconds)),
            ("(time() - a_timestamp_seconds) / (60 * 60)", Some(Unit::Hours)),
            ("changes(a[5m]) > 2", Some(Unit::Changes)),
            ("up == 0", Some(Unit::Constant)),
            ("count(up == 0) > 3", Some(Unit::Count)),
            ("a_seconds * 1000", Some(Unit::Milliseconds)),
            ("a_seconds > b_seconds and c_bytes", Some(Unit::Seconds)),
            ("a:b_bytes:ratio", None),
            ("sum(a_ratio)", None),
            ("a / b", None),
        ] {
            let expr = phoenix_promql::parse(text).into_result().unwrap();
            assert_eq!(unit(&expr, &facts), want, "{text}");
        }
    }
}
