//! Counters taken for gauges, gauges taken for counters, and rates of what is no counter any more.

use super::Scope;
use super::walk::{aggregates, called, is_rate, selector, with_ancestors};
use crate::facts::{Kind, Metric, Part};
use crate::finding::{Finding, Fix, RestsOn};
use crate::project::Query;
use phoenix_model::{Severity, Span};
use phoenix_promql::ast::{AggregateOp, Binary, BinaryOp, Expr, ExprKind, Selector, TimeShift};

/// Functions that mean something for what goes up and down, and nothing for what only grows.
const FOR_GAUGES: [&str; 10] = [
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "avg_over_time",
    "quantile_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "mad_over_time",
    "double_exponential_smoothing",
];

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| {
        if let Some(inner) = selector(expr)
            && let Some(name) = inner.name.as_deref()
        {
            let metric = scope.facts.metric(name);
            let outer = around.iter().rev().find(|outer| !matches!(outer.kind, ExprKind::Paren(_)));
            if let Some(metric) = &metric {
                found.extend(rate_of_gauge(query, expr, name, metric, outer.and_then(|outer| called(outer))));
                found.extend(gauge_function(query, expr, name, metric, outer.and_then(|outer| called(outer))));
                found.extend(shown_raw(query, expr, name, metric, around));
                found.extend(whole_histogram(query, expr, name, metric, around));
            }
            if outer.and_then(|outer| called(outer)).is_some_and(is_rate) {
                found.extend(without_total(query, expr, name, metric.as_ref()));
            }
        }
        match &expr.kind {
            ExprKind::Binary(binary) => {
                found.extend(compared(scope, query, binary));
                found.extend(against_itself(query, binary));
            }
            ExprKind::Call(call) if is_rate(call.function.name) => found.extend(rate_of_sum(scope, query, expr, &call.args)),
            _ => {}
        }
    });
}

/// A warning where the type is known, an info where it is guessed.
fn level(metric: &Metric) -> Severity {
    if metric.rests_on == RestsOn::Naming { Severity::Info } else { Severity::Warning }
}

fn rate_of_gauge(query: &Query, expr: &Expr, name: &str, metric: &Metric, function: Option<&str>) -> Option<Finding> {
    let function = function.filter(|function| is_rate(function))?;
    // A recording rule's type is worked out, not told; sums of counters are told by another rule.
    if !metric.is_gauge() || metric.rests_on == RestsOn::Naming {
        return None;
    }
    let message = format!("`{name}` is a gauge ({}): `{function}` takes each fall for a restart", metric.from);
    let better = if function == "increase" { "delta" } else { "deriv" };
    let finding = Finding::at("promql/rate-of-gauge", query.file, query.locate(expr.span), message);
    Some(finding.help(format!("use `{better}`, or `changes` to count changes")).level(level(metric)).rests_on(metric.rests_on))
}

fn gauge_function(query: &Query, expr: &Expr, name: &str, metric: &Metric, function: Option<&str>) -> Option<Finding> {
    let function = function.filter(|function| FOR_GAUGES.contains(function))?;
    if !metric.is_counter() {
        return None;
    }
    let message = format!("`{name}` is a counter ({}): `{function}` of it tells how old the process is", metric.from);
    let finding = Finding::at("promql/counter-as-gauge", query.file, query.locate(expr.span), message);
    Some(finding.help("take `rate` or `increase` of it").level(level(metric)).rests_on(metric.rests_on))
}

/// A counter without a rate, shown or averaged as if it were an amount of now.
fn shown_raw(query: &Query, expr: &Expr, name: &str, metric: &Metric, around: &[&Expr]) -> Option<Finding> {
    // Alerts compare, which is another rule; recording rules and panels show.
    if !metric.is_counter() || metric.part != Part::Whole || !matches!(expr.kind, ExprKind::Selector(_)) || query.rule.is_some() {
        return None;
    }
    let only_aggregated = around.iter().all(|outer| matches!(outer.kind, ExprKind::Paren(_)) || aggregates(outer));
    let counted = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Aggregate(a) if matches!(a.op, AggregateOp::Count | AggregateOp::Group | AggregateOp::CountValues)));
    if !only_aggregated || counted {
        return None;
    }
    let message = format!("`{name}` is a counter ({}): it never falls, so this is no amount of now", metric.from);
    let finding = Finding::at("promql/counter-as-gauge", query.file, query.locate(expr.span), message);
    Some(finding.help("take `rate` or `increase` of it, or a gauge").level(level(metric)).rests_on(metric.rests_on).about(name))
}

/// The name of a classic histogram or a summary without the ending of its parts.
fn whole_histogram(query: &Query, expr: &Expr, name: &str, metric: &Metric, around: &[&Expr]) -> Option<Finding> {
    let quantile = around.iter().any(|outer| called(outer).is_some_and(|name| name.starts_with("histogram_")));
    if metric.kind != Kind::Histogram || metric.part != Part::Whole || !metric.is_documented() || quantile {
        return None;
    }
    let span = query.locate(expr.span);
    let message = format!("`{name}` is a classic histogram ({}): no series has this name alone", metric.from);
    let name_span = Span::new(expr.span.start, expr.span.start + name.len());
    let edits: Vec<_> = query.text.edit(name_span, &format!("{name}_count")).into_iter().collect();
    let fix = (query.shown(name_span) == name && !edits.is_empty()).then(|| Fix { title: format!("count with `{name}_count`"), edits });
    let help = format!("`{name}_count` counts, `{name}_sum` sums, `{name}_bucket` has the buckets");
    Some(Finding::at("promql/histogram-without-suffix", query.file, span, message).help(help).rests_on(metric.rests_on).fix(fix))
}

fn without_total(query: &Query, expr: &Expr, name: &str, metric: Option<&Metric>) -> Option<Finding> {
    let ends = ["_total", "_count", "_sum", "_bucket", "_created"].iter().any(|ending| name.ends_with(ending));
    if ends || name.contains(':') || metric.is_some() {
        return None;
    }
    let message = format!("`{name}` is used as a counter and its name does not end in `_total`");
    let finding = Finding::at("promql/counter-without-total", query.file, query.locate(expr.span), message);
    Some(finding.help("make sure that it only grows; tools take such a name for a gauge").rests_on(RestsOn::Naming))
}

/// A counter compared with a number: true for ever once it was reached.
fn compared(scope: &Scope, query: &Query, binary: &Binary) -> Option<Finding> {
    query.alert()?;
    let (ExprKind::Number(number), ExprKind::Selector(inner)) =
        (&binary.rhs.without_parens().kind, &sum_of(&binary.lhs).without_parens().kind)
    else {
        return None;
    };
    // Comparing with 0 asks whether it ever happened, which some mean.
    if !binary.op.is_comparison() || number.value <= 0.0 || matches!(binary.op, BinaryOp::NotEqual) || binary.returns_bool {
        return None;
    }
    let name = inner.name.as_deref()?;
    let metric = scope.facts.metric(name).filter(Metric::is_counter)?;
    if metric.part == Part::Bucket {
        return None;
    }
    let message = format!("`{name}` is a counter ({}): once past {} it stays there until the process restarts", metric.from, number.value);
    let help = "compare how much it grew: `increase(…[1h]) > N`, or how fast: `rate(…[5m]) > N`";
    let finding = Finding::at("promql/counter-compared", query.file, query.locate(binary.lhs.span.to(binary.rhs.span)), message);
    Some(finding.help(help).level(level(&metric)).rests_on(metric.rests_on))
}

/// What a sum, a maximum or the like is of.
fn sum_of(expr: &Expr) -> &Expr {
    match &expr.without_parens().kind {
        ExprKind::Aggregate(aggregate)
            if matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Max | AggregateOp::Min | AggregateOp::Avg) =>
        {
            &aggregate.expr
        }
        _ => expr,
    }
}

/// A rate of a metric compared with the same metric without a rate.
fn against_itself(query: &Query, binary: &Binary) -> Option<Finding> {
    if !binary.op.is_comparison() {
        return None;
    }
    let (left, right) = (counted(&binary.lhs), counted(&binary.rhs));
    let raw_of = |rates: &[(String, Use)], others: &[(String, Use)]| {
        let rated = |name: &str| rates.iter().any(|(rated, how)| rated == name && *how == Use::Rate);
        let never = |name: &str| others.iter().all(|(other, how)| other != name || *how != Use::Rate);
        others.iter().find(|(name, how)| *how == Use::Raw && rated(name) && never(name)).map(|(name, _)| name.clone())
    };
    let name = raw_of(&left, &right).or_else(|| raw_of(&right, &left))?;
    let message = format!("one side is how fast `{name}` grows, the other what it has grown to");
    let help = format!("take the rate on both sides: `rate({name}[5m])` against `rate({name}[1h])`");
    let span = query.locate(binary.lhs.span.to(binary.rhs.span));
    let finding = Finding::at("promql/rate-against-counter", query.file, span, message).help(help);
    Some(finding.fix(mean_rate(query, binary, &name)))
}

/// The mean of a counter's values as the mean of its rate over the same range.
fn mean_rate(query: &Query, binary: &Binary, name: &str) -> Option<Fix> {
    let (mut fix, mut means) = (None, 0);
    let mut look = |expr: &Expr| {
        let ExprKind::Call(call) = &expr.kind else { return };
        let Some(argument) = call.args.first().filter(|_| call.function.name == "avg_over_time") else { return };
        let (inner, range_ms) = match &argument.kind {
            ExprKind::Range(range) => (range.selector_span, range.range_ms),
            ExprKind::Subquery(subquery) if selector(&subquery.expr).is_some() => (subquery.expr.span, subquery.range_ms),
            _ => return,
        };
        let shifted = query.shown(argument.span).contains("offset") || query.shown(argument.span).contains('@');
        if query.shown(inner).starts_with(name) && !shifted {
            means += 1;
            let range = phoenix_model::format_duration(std::time::Duration::from_millis(range_ms.unsigned_abs()));
            fix = query.replace(expr.span, &format!("rate({}[{range}])", query.shown(inner)), "take the mean rate");
        }
    };
    binary.lhs.walk(&mut |expr| look(expr));
    binary.rhs.walk(&mut |expr| look(expr));
    fix.filter(|_| means == 1)
}

/// How a metric is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Rate,
    Raw,
    /// For its presence or its time, which says nothing of its type.
    Other,
}

fn counted(side: &Expr) -> Vec<(String, Use)> {
    let mut found = Vec::new();
    with_ancestors(side, &mut |expr, around| {
        let Some(inner) = selector(expr) else { return };
        let Selector { name: Some(name), time: TimeShift { .. }, .. } = inner else { return };
        let calls: Vec<&str> = around.iter().filter_map(|outer| called(outer)).collect();
        let raw = |name: &&str| {
            matches!(*name, "avg_over_time" | "max_over_time" | "min_over_time" | "quantile_over_time" | "last_over_time" | "sum_over_time")
        };
        let compares = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(b) if b.op.is_comparison() || b.op.is_set()));
        let counts = around
            .iter()
            .any(|outer| matches!(&outer.kind, ExprKind::Aggregate(a) if matches!(a.op, AggregateOp::Count | AggregateOp::Group)));
        // What it grew by in all may be compared with the total: a share of growth.
        let how = if calls.iter().any(|name| ["rate", "irate"].contains(name)) {
            Use::Rate
        } else if counts || compares || !calls.iter().all(raw) {
            Use::Other
        } else {
            Use::Raw
        };
        found.push((name.clone(), how));
    });
    found
}

/// A rate of an aggregation: when one of the series starts anew, the sum falls, and all of it counts as growth.
fn rate_of_sum(scope: &Scope, query: &Query, expr: &Expr, args: &[Expr]) -> Option<Finding> {
    let message = match &args.first()?.without_parens().kind {
        ExprKind::Subquery(subquery) => {
            let mut summed = None;
            subquery.expr.walk(&mut |inner| {
                if let ExprKind::Aggregate(aggregate) = &inner.kind
                    && selector(aggregate.expr.without_parens()).is_some()
                    && matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg)
                {
                    summed = summed.or(Some(aggregate.op.as_str()));
                }
            });
            format!("the rate is taken of a `{}`", summed?)
        }
        ExprKind::Range(range) => {
            let name = range.selector.name.as_deref().filter(|name| scope.facts.is_recorded(name))?;
            let rule = scope.project.rules().find(|(_, _, rule)| !rule.is_alert && rule.name.value == name)?.2;
            let ExprKind::Aggregate(aggregate) = &rule.parsed.as_ref()?.without_parens().kind else { return None };
            let inner = selector(aggregate.expr.without_parens())?;
            let counter = scope.facts.metric(inner.name.as_deref()?).is_some_and(|metric| metric.is_counter());
            (counter && matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg))
                .then(|| format!("`{name}` is recorded as a `{}` of counters, and the rate is taken of it", aggregate.op.as_str()))?
        }
        _ => return None,
    };
    let help = "take the rate first and sum then: `sum(rate(…[5m]))`";
    Some(Finding::at("promql/rate-of-sum", query.file, query.locate(expr.span), message).help(help))
}
