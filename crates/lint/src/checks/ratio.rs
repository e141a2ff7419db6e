//! Ratios that are none, or that are infinite or absent at the wrong moment.

use super::Scope;
use super::walk::{aggregates, called, is_rate, selector, with_ancestors};
use crate::finding::{Finding, Fix};
use crate::project::Query;
use phoenix_model::{MatchOp, Span};
use phoenix_promql::ast::{Binary, BinaryOp, Expr, ExprKind, Selector};

/// Limits that are 0 where there is none.
const ZERO_IS_NO_LIMIT: [&str; 4] = [
    "container_spec_memory_limit_bytes",
    "container_spec_memory_swap_limit_bytes",
    "container_spec_memory_reservation_limit_bytes",
    "redis_memory_max_bytes",
];

pub(super) fn check(_scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| {
        let ExprKind::Binary(binary) = &expr.kind else { return };
        match binary.op {
            BinaryOp::Sub => {
                found.extend(without_denominator(query, expr, binary));
                found.extend(absent_means_zero(query, expr, binary));
            }
            BinaryOp::Div => found.extend(no_limit(query, binary, around)),
            _ => {}
        }
    });
}

/// `1 - rate(errors)`: one minus something per second.
fn without_denominator(query: &Query, expr: &Expr, binary: &Binary) -> Option<Finding> {
    let ExprKind::Number(number) = &binary.lhs.without_parens().kind else { return None };
    if number.value != 1.0 && number.value != 100.0 {
        return None;
    }
    let inner = rated(&binary.rhs)?;
    let name = inner.name.as_deref()?;
    // Seconds per second are a share of time: 1 - idle is what a processor is busy.
    let words: Vec<&str> = name.split('_').collect();
    let of_time = |word: &&str| {
        ["cpu", "time", "idle", "usage", "utilization", "busy", "ratio", "nanoseconds", "milliseconds", "ms", "ns"].contains(word)
    };
    let seconds_total = name.ends_with("_seconds_total") || name.ends_with("_seconds_sum");
    let counted = ["total", "count", "seconds", "errors", "failures", "requests"].iter().any(|ending| name.ends_with(ending));
    if seconds_total || words.iter().any(of_time) || !counted {
        return None;
    }
    let message = format!("{} minus `{name}` per second is no ratio: what it is a part of is missing", number.value);
    let help = "divide by all: `1 - sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))`";
    let finding = Finding::at("promql/ratio-without-denominator", query.file, query.locate(expr.span), message).help(help);
    Some(finding.fix(divided_by_all(query, &binary.rhs)))
}

/// Labels that say how something went.
const OUTCOMES: [&str; 10] =
    ["status", "code", "state", "result", "outcome", "error", "success", "grpc_code", "status_code", "response_code"];

/// What is counted with one outcome, divided by the same with any.
fn divided_by_all(query: &Query, part: &Expr) -> Option<Fix> {
    let inner = rated(part)?;
    let mut outcomes = inner.matchers.iter().zip(&inner.matcher_spans).filter(|(matcher, _)| OUTCOMES.contains(&matcher.name.as_str()));
    let (Some((_, outcome)), None) = (outcomes.next(), outcomes.next()) else { return None };
    let shown = query.shown(part.span);
    let at = Span::new(outcome.start.checked_sub(part.span.start)?, outcome.end.checked_sub(part.span.start)?);
    // Without the matcher, and without the comma that it leaves.
    let (before, after) = (shown.get(..at.start)?.trim_end(), shown.get(at.end..)?.trim_start());
    let all = match (after.strip_prefix(','), before.strip_suffix(',')) {
        (Some(after), _) => format!("{before}{}", after.trim_start()),
        (None, Some(before)) => format!("{before}{after}"),
        (None, None) => format!("{before}{after}").replace("{}", ""),
    };
    let labels = query.alert().map(super::labels_asked_for).unwrap_or_default();
    let text = if aggregates(part.without_parens()) {
        format!("{shown} / {all}")
    } else if labels.is_empty() {
        format!("sum({shown}) / sum({all})")
    } else {
        let by = labels.join(", ");
        format!("sum by ({by}) ({shown}) / sum by ({by}) ({all})")
    };
    query.replace(part.span, &text, "divide by all")
}

/// The selector of a rate that is at most aggregated.
fn rated(expr: &Expr) -> Option<&Selector> {
    match &expr.kind {
        ExprKind::Paren(inner) => rated(inner),
        ExprKind::Aggregate(aggregate) => rated(&aggregate.expr),
        ExprKind::Call(call) if is_rate(call.function.name) => call.args.first().and_then(selector),
        _ => None,
    }
}

/// `1 - errors / all`, or `1 - errors`: without an error there is no series of errors, and no result.
fn absent_means_zero(query: &Query, expr: &Expr, binary: &Binary) -> Option<Finding> {
    let ExprKind::Number(_) = &binary.lhs.without_parens().kind else { return None };
    let part = match &binary.rhs.without_parens().kind {
        ExprKind::Binary(inner) if inner.op == BinaryOp::Div => &inner.lhs,
        _ => &binary.rhs,
    };
    let inner = rated(part)?;
    let narrow = inner
        .matchers
        .iter()
        .find(|matcher| OUTCOMES.contains(&matcher.name.as_str()) && matches!(matcher.op, MatchOp::Equal | MatchOp::Regex))?;
    let message = format!("without a series of `{narrow}` there is no result, where it should be the whole");
    let help = "give the part a zero: `(sum(rate(errors_total[5m])) or 0 * sum(rate(requests_total[5m])))`";
    Some(Finding::at("promql/absent-means-zero", query.file, query.locate(expr.span), message).help(help).fix(with_zero(query, binary)))
}

/// The part, or 0 for each series of the whole. Both must be grouped alike, or the zeros would be series of their own.
fn with_zero(query: &Query, binary: &Binary) -> Option<Fix> {
    let ExprKind::Binary(ratio) = &binary.rhs.without_parens().kind else { return None };
    let grouping = |side: &Expr| match &side.without_parens().kind {
        ExprKind::Aggregate(aggregate) => Some(aggregate.grouping.clone()),
        _ => None,
    };
    let (part, whole) = (grouping(&ratio.lhs)?, grouping(&ratio.rhs)?);
    let (shown, all) = (query.shown(ratio.lhs.span), query.shown(ratio.rhs.span));
    let fix = query.replace(ratio.lhs.span, &format!("({shown} or 0 * {all})"), "give the part a zero");
    fix.filter(|_| part == whole && ratio.op == BinaryOp::Div)
}

/// A division by a limit that is 0 for what has none.
fn no_limit(query: &Query, binary: &Binary, around: &[&Expr]) -> Option<Finding> {
    let guarded = |inner: &Expr| matches!(&inner.kind, ExprKind::Binary(b) if b.op.is_comparison());
    let mut unguarded: Option<Span> = None;
    let mut name = "";
    with_ancestors(&binary.rhs, &mut |inner, above| {
        if let Some(found) = selector(inner)
            && let Some(known) = ZERO_IS_NO_LIMIT.into_iter().find(|known| found.name.as_deref() == Some(*known))
            && !above.iter().any(|outer| guarded(outer) || called(outer).is_some_and(|name| name == "clamp_min"))
        {
            unguarded = unguarded.or(Some(inner.span));
            name = known;
        }
    });
    let span = unguarded?;
    // `… < +Inf`, `and limit > 0` or the like around the ratio.
    let bounded = around.iter().any(|outer| match &outer.kind {
        ExprKind::Binary(outer) if outer.op == BinaryOp::And => {
            mentions(&outer.rhs, name) || mentions(&outer.lhs, name) && guarded(outer.lhs.without_parens())
        }
        ExprKind::Binary(outer) if outer.op == BinaryOp::Unless => mentions(&outer.rhs, name),
        ExprKind::Binary(outer) if matches!(outer.op, BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::LessOrEqual) => true,
        _ => false,
    });
    if bounded {
        return None;
    }
    let message = format!("`{name}` is 0 for what has no limit: the ratio is infinite there");
    let finding = Finding::at("promql/division-by-zero-limit", query.file, query.locate(span), message);
    let shown = query.shown(span).to_owned();
    let edits: Vec<_> = query.text.edit(span, &format!("({shown} > 0)")).into_iter().collect();
    let fix = (!edits.is_empty()).then(|| Fix { title: "leave out what has no limit".to_owned(), edits });
    Some(finding.help(format!("leave those out: `({name} > 0)`")).fix(fix))
}

/// Whether a part reads a metric and compares.
fn mentions(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    expr.walk(&mut |inner| found |= selector(inner).is_some_and(|inner| inner.name.as_deref() == Some(name)));
    found
}

/// The selector of a number of events in a range: a rate, or a sum over it.
fn counted(expr: &Expr) -> Option<&Selector> {
    match &expr.without_parens().kind {
        ExprKind::Aggregate(aggregate) => counted(&aggregate.expr),
        ExprKind::Call(call) if matches!(call.function.name, "sum_over_time" | "count_over_time") => call.args.first().and_then(selector),
        _ => rated(expr),
    }
}

/// Whether one side is how fast something grows now, and the other a multiple of the same before: after a quiet time
/// any event is many times as much.
fn against_the_past(binary: &Binary) -> bool {
    let (now, past) = match binary.op {
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => (&binary.lhs, &binary.rhs),
        BinaryOp::Less | BinaryOp::LessOrEqual => (&binary.rhs, &binary.lhs),
        _ => return false,
    };
    let Some(name) = rated(now).and_then(|inner| inner.name.as_deref()) else { return false };
    let (mut before, mut floor) = (false, false);
    with_ancestors(past, &mut |expr, around| match &expr.kind {
        // What is added to it is a floor.
        ExprKind::Binary(inner) => floor |= inner.op == BinaryOp::Add || inner.op == BinaryOp::Or,
        ExprKind::Call(call) => floor |= call.function.name.starts_with("clamp"),
        _ => {
            let smoothed = around.iter().any(|outer| called(outer).is_some_and(|name| name.ends_with("_over_time") || is_rate(name)));
            before |= smoothed && selector(expr).is_some_and(|inner| inner.name.as_deref() == Some(name));
        }
    });
    before && !floor
}

/// The share of few: an alert on a ratio of rates without a floor of volume.
pub(super) fn volume_floor(query: &Query, found: &mut Vec<Finding>) {
    if query.alert().is_none() {
        return;
    }
    let (mut ratio, mut past) = (None, None);
    let mut floor = false;
    with_ancestors(query.expr, &mut |expr, around| match &expr.kind {
        ExprKind::Binary(binary) if binary.op == BinaryOp::Div => {
            let counts = |side: &Expr| {
                counted(side).is_some_and(|inner| {
                    inner.name.as_deref().is_some_and(|name| !name.contains("_seconds_total") && !name.contains("bytes"))
                })
            };
            let compared = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(b) if b.op.is_comparison()));
            if counts(&binary.lhs) && counts(&binary.rhs) && compared {
                ratio = ratio.or(Some(expr.span));
            }
        }
        ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::And | BinaryOp::Unless) => floor = true,
        ExprKind::Binary(binary) if against_the_past(binary) => past = past.or(Some(binary.rhs.span)),
        ExprKind::Call(call) if call.function.name == "histogram_quantile" => {
            let summed = call.args.get(1).is_some_and(|buckets| aggregates(buckets.without_parens()) || rated(buckets).is_some());
            if summed {
                ratio = ratio.or(Some(expr.span));
            }
        }
        _ => {}
    });
    if let Some(span) = ratio.or(past).filter(|_| !floor) {
        let message = match ratio {
            Some(_) => "a handful of events is a large share: there is no floor of volume",
            None => "after a quiet time a single event is many times as much as usual: there is no floor of volume",
        };
        let help = "add one: `… and sum(rate(requests_total[5m])) > 0.1`";
        found.push(Finding::at("alerts/no-volume-floor", query.file, query.locate(span), message).help(help));
    }
}
