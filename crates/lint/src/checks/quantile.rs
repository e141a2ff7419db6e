//! Quantiles of histograms.

use super::Scope;
use super::walk::{aggregates, called, is_rate, selector, with_ancestors};
use crate::facts::{Kind, Part};
use crate::finding::{Finding, Fix, RestsOn};
use crate::flow::flow;
use crate::project::Query;
use phoenix_model::{Severity, Span};
use phoenix_promql::ast::{AggregateOp, Call, Expr, ExprKind};

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| {
        let ExprKind::Call(call) = &expr.kind else { return };
        if call.function.name != "histogram_quantile" {
            return;
        }
        let [level, buckets] = &call.args[..] else { return };
        found.extend(out_of_range(query, level));
        found.extend(averaged(query, expr, around));
        let buckets_found = without_buckets(scope, query, buckets);
        // What may be a native histogram is aggregated all the same.
        let read = buckets_found.iter().all(|finding| finding.rests_on == RestsOn::Naming);
        found.extend(buckets_found);
        found.extend(without_rate(query, call, buckets));
        if read {
            found.extend(without_le(scope, query, buckets, around));
        }
    });
}

fn out_of_range(query: &Query, level: &Expr) -> Option<Finding> {
    let ExprKind::Number(number) = level.without_parens().kind else { return None };
    if (0.0..=1.0).contains(&number.value) {
        return None;
    }
    let message = format!("the quantile {} is not between 0 and 1: the result is always infinite", query.shown(level.span));
    let finding = Finding::at("promql/quantile-out-of-range", query.file, query.locate(level.span), message);
    if !(1.0..=100.0).contains(&number.value) {
        return Some(finding.help("write 0.99 for the 99th percentile"));
    }
    let meant = format!("{}", number.value / 100.0);
    let edits = query.text.edit(level.span, &meant).into_iter().collect::<Vec<_>>();
    let fix = (!edits.is_empty()).then(|| Fix { title: format!("write {meant}"), edits });
    Some(finding.help(format!("write {meant} for the {}th percentile", number.value)).fix(fix))
}

fn averaged(query: &Query, expr: &Expr, around: &[&Expr]) -> Option<Finding> {
    let outer = around.iter().rev().find(|outer| !matches!(outer.kind, ExprKind::Paren(_)))?;
    let name = match &outer.kind {
        ExprKind::Aggregate(aggregate) if matches!(aggregate.op, AggregateOp::Avg | AggregateOp::Sum) => aggregate.op.as_str(),
        ExprKind::Subquery(_) => {
            let call = around.iter().rev().find_map(|outer| called(outer))?;
            ["avg_over_time", "sum_over_time"].contains(&call).then_some(call)?
        }
        _ => return None,
    };
    let message = format!("`{name}` of quantiles is no quantile");
    let help = "sum the buckets first: `histogram_quantile(0.99, sum by (le) (rate(…_bucket[5m])))`, or take the worst with `max`";
    Some(Finding::at("promql/quantile-averaged", query.file, query.locate(expr.span), message).help(help))
}

/// All selectors below a part.
fn selectors(expr: &Expr) -> Vec<(&str, Span)> {
    let used = phoenix_promql::analysis::selectors(expr);
    used.iter().filter_map(|used| Some((used.selector.name.as_deref()?, used.span))).collect()
}

fn without_buckets(scope: &Scope, query: &Query, buckets: &Expr) -> Vec<Finding> {
    let mut found = Vec::new();
    let used = selectors(buckets);
    // What is joined with buckets need not have any.
    if used.iter().any(|(name, _)| name.ends_with("_bucket") || name.contains(':')) {
        return found;
    }
    for (name, span) in used {
        let metric = scope.facts.metric(name);
        let classic = metric.as_ref().filter(|m| m.is_documented() && m.kind == Kind::Histogram && m.part == Part::Whole);
        let may_be_native = classic.is_some() && !name.starts_with("phoenix_");
        let (message, basis) = if name.ends_with("_count") || name.ends_with("_sum") {
            (format!("`{name}` has no buckets"), RestsOn::Text)
        } else if let Some(metric) = classic {
            (format!("`{name}` is a classic histogram of {}: its buckets are `{name}_bucket`", metric.from), RestsOn::Catalogue)
        } else if metric.as_ref().is_some_and(|metric| metric.kind != Kind::Histogram) {
            let metric = metric.expect("it was just looked at");
            (format!("`{name}` is a {} and has no buckets", metric.kind.as_str()), metric.rests_on)
        } else {
            (format!("`{name}` has buckets only if it is a native histogram"), RestsOn::Naming)
        };
        let base = name.strip_suffix("_count").or_else(|| name.strip_suffix("_sum")).unwrap_or(name);
        let name_span = Span::new(span.start, span.start + name.len());
        let edits: Vec<_> = query.text.edit(name_span, &format!("{base}_bucket")).into_iter().collect();
        let written = query.shown(name_span) == name && !edits.is_empty();
        let fix = written.then(|| Fix { title: format!("read `{base}_bucket`"), edits });
        let finding = Finding::at("promql/quantile-without-buckets", query.file, query.locate(span), message);
        let level = match basis {
            RestsOn::Text => Severity::Error,
            // A newer version of the exporter may give it as a native histogram too.
            RestsOn::Catalogue if may_be_native => Severity::Info,
            _ => Severity::Warning,
        };
        found.push(finding.help(format!("take `{base}_bucket`")).level(level).rests_on(basis).fix(fix));
    }
    found
}

/// The quantile of all that ever was.
fn without_rate(query: &Query, call: &Call, buckets: &Expr) -> Option<Finding> {
    let mut raw = None;
    with_ancestors(buckets, &mut |expr, around| {
        let ExprKind::Selector(found) = &expr.kind else { return };
        let Some(name) = found.name.as_deref().filter(|name| !name.contains(':')) else { return };
        let counted = around.iter().any(|outer| {
            called(outer).is_some_and(|name| is_rate(name) || name.ends_with("_over_time") || name == "delta")
                || matches!(outer.kind, ExprKind::Binary(_))
        });
        if !counted && raw.is_none() {
            raw = Some((expr.span, name.to_owned()));
        }
    });
    let (span, name) = raw?;
    let message = format!("the quantile is of everything since the process of `{name}` began, not of now");
    let finding = Finding::at("promql/quantile-without-rate", query.file, query.locate(call.name_span.to(span)), message);
    let shown = query.shown(span).to_owned();
    let edits: Vec<_> = query.text.edit(span, &format!("rate({shown}[5m])")).into_iter().collect();
    let fix = (!edits.is_empty()).then(|| Fix { title: "take the rate of the buckets".to_owned(), edits });
    Some(finding.help(format!("write `rate({shown}[5m])`")).fix(fix))
}

fn without_le(scope: &Scope, query: &Query, buckets: &Expr, around: &[&Expr]) -> Option<Finding> {
    let labels = flow(buckets, scope.facts);
    let names = selectors(buckets);
    let classic = names.iter().any(|(name, _)| name.ends_with("_bucket"));
    if labels.lacks("le") && classic {
        let by = labels.taken_by("le").map(|by| query.shown(by).to_owned()).filter(|by| !by.is_empty() && by.len() < 60);
        let by = by.map_or_else(|| "the aggregation".to_owned(), |by| format!("`{by}`"));
        let message = format!("{by} takes away `le`: without bounds the buckets are no histogram, and the result is empty");
        let finding = Finding::at("promql/quantile-without-le", query.file, query.locate(buckets.span), message);
        return Some(finding.help("keep it: `sum by (le) (…)`").fix(keep_le(query, buckets)));
    }
    // Not aggregated: one quantile for each combination of labels.
    let mut plain = true;
    buckets.walk(&mut |inner| plain &= !aggregates(inner) && !matches!(inner.kind, ExprKind::Binary(_)));
    let (name, span) = *names.first()?;
    if !plain || around.iter().any(|outer| aggregates(outer)) || name.contains(':') {
        return None;
    }
    let apart = super::series::apart(scope, query, buckets)?;
    let message = format!("one quantile for each {}: a rare one is a handful of requests", apart.words());
    let finding = Finding::at("promql/quantile-without-le", query.file, query.locate(span), message);
    let help = "sum the buckets: `sum by (le) (rate(…_bucket[5m]))`, with the labels by which it is to be told apart";
    Some(finding.help(help).level(apart.level()).rests_on(apart.rests_on).fix(summed(query, buckets, classic)))
}

/// The buckets of all series of an alert as one histogram, for the labels that its texts ask for.
fn summed(query: &Query, buckets: &Expr, classic: bool) -> Option<Fix> {
    let asked = super::labels_asked_for(query.alert()?);
    let kept: Vec<&str> = classic.then_some("le").into_iter().chain(asked.iter().map(String::as_str)).collect();
    let by = if kept.is_empty() { String::new() } else { format!(" by ({}) ", kept.join(", ")) };
    let shown = query.shown(buckets.span);
    query.replace(buckets.span, &format!("sum{by}({shown})"), "sum the buckets")
}

/// Adds `le` to the grouping.
fn keep_le(query: &Query, buckets: &Expr) -> Option<Fix> {
    let ExprKind::Aggregate(aggregate) = &buckets.without_parens().kind else { return None };
    let span = buckets.without_parens().span;
    let edit = match &aggregate.grouping {
        None => query.text.edit(Span::new(aggregate.name_span.end, aggregate.name_span.end), " by (le) ")?,
        Some(grouping) if grouping.without => return None,
        Some(_) => {
            let text = &query.text.value[span.start..span.end];
            let by = text.to_ascii_lowercase().find("by")?;
            let open = span.start + by + text[by..].find('(')? + 1;
            let empty = query.text.value[open..].trim_start().starts_with(')');
            query.text.edit(Span::new(open, open), if empty { "le" } else { "le, " })?
        }
    };
    Some(Fix { title: "keep `le`".to_owned(), edits: vec![edit] })
}

/// Summaries: a quantile of one process is no quantile of many.
pub(super) fn of_summaries(_scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    query.expr.walk(&mut |expr| {
        let ExprKind::Aggregate(aggregate) = &expr.kind else { return };
        if !matches!(aggregate.op, AggregateOp::Avg | AggregateOp::Sum) {
            return;
        }
        let Some(inner) = selector(aggregate.expr.without_parens()) else { return };
        if inner.matchers.iter().any(|matcher| matcher.name == "quantile" && !matcher.matches_empty()) {
            let message = format!("`{}` of quantiles is no quantile", aggregate.op.as_str());
            let help = "take the worst with `max`, or use a histogram";
            found.push(Finding::at("promql/quantile-averaged", query.file, query.locate(expr.span), message).help(help));
        }
    });
}
