//! Aggregations over series that are not alike: of different populations, or the same said by several replicas.

use super::Scope;
use super::walk::{called, is_rate, selector, with_ancestors};
use crate::finding::{Finding, RestsOn};
use crate::project::Query;
use phoenix_model::MatchOp;
use phoenix_promql::ast::{Aggregate, AggregateOp, BinaryOp, Expr, ExprKind, Selector};
use std::collections::{HashMap, HashSet};

/// Labels whose values are groups that are compared with each other and differ by design.
const POPULATIONS: [&str; 6] = ["variant", "arm", "treatment", "cohort", "ab_group", "experiment_group"];

/// What the group is called that nothing is done to.
const CONTROLS: [&str; 3] = ["baseline", "control", "placebo"];

/// Labels that tell replicas of a process apart.
const REPLICAS: [&str; 6] = ["instance", "pod", "replica", "prometheus_replica", "task", "hostname"];

/// Endings of names that are amounts of money.
const MONEY: [&str; 8] = ["_usd", "_eur", "_gbp", "_jpy", "_chf", "_dollars", "_euros", "_cents"];

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let known = Known::of(scope);
    for query in scope.project.queries() {
        with_ancestors(query.expr, &mut |expr, around| {
            let Some(inner) = selector(expr) else { return };
            let Some(name) = inner.name.as_deref() else { return };
            found.extend(mixed(scope, &known, &query, expr, inner, name, around));
            found.extend(replicas(scope, &known, &query, expr, inner, name, around));
        });
    }
}

/// What the queries of a project say about metrics.
struct Known<'a> {
    /// By metric the labels of which a query chooses the control group, or another, by value.
    populations: HashMap<&'a str, HashSet<&'a str>>,
    /// Metrics of which a query takes one of several replicas.
    replicated: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(scope: &Scope<'a>) -> Self {
        let mut known = Self { populations: HashMap::new(), replicated: HashSet::new() };
        for query in scope.project.queries() {
            with_ancestors(query.expr, &mut |expr, around| {
                let Some(inner) = selector(expr) else { return };
                let Some(name) = inner.name.as_deref() else { return };
                for matcher in &inner.matchers {
                    let named = matcher.literal_values().is_some_and(|values| values.iter().any(|value| CONTROLS.contains(&&**value)));
                    if named {
                        known.populations.entry(name).or_default().insert(&matcher.name);
                    }
                }
                let aggregates: Vec<&Aggregate> =
                    around.iter().rev().filter(|outer| !is_paren(outer)).map_while(|outer| aggregate(outer)).collect();
                if let [one, all, ..] = aggregates.as_slice()
                    && all.op == AggregateOp::Sum
                    && matches!(one.op, AggregateOp::Max | AggregateOp::Min | AggregateOp::Avg)
                    && one
                        .grouping
                        .as_ref()
                        .is_some_and(|grouping| grouping.without == grouping.labels.iter().any(|label| REPLICAS.contains(&label.as_str())))
                {
                    known.replicated.insert(name);
                }
            });
        }
        known
    }
}

fn is_paren(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Paren(_))
}

fn aggregate(expr: &Expr) -> Option<&Aggregate> {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => Some(aggregate),
        _ => None,
    }
}

/// Whether a label is kept by an aggregation.
fn keeps(aggregate: &Aggregate, label: &str) -> bool {
    aggregate.grouping.as_ref().is_some_and(|grouping| grouping.without != grouping.labels.iter().any(|named| named == label))
}

fn mixed(scope: &Scope, known: &Known, query: &Query, expr: &Expr, inner: &Selector, name: &str, around: &[&Expr]) -> Option<Finding> {
    let chosen = known.populations.get(name);
    let metric = scope.facts.metric(name);
    let labels = metric.as_ref().and_then(|metric| metric.labels.as_ref());
    let by_project = chosen.and_then(|labels| labels.iter().min().copied());
    let label = by_project.or_else(|| labels?.iter().map(String::as_str).find(|label| POPULATIONS.contains(label)))?;
    // Whoever joins, or asks for the group, knows of it.
    let joined = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(binary) if binary.op.is_set() || binary.matching.on));
    if inner.matchers.iter().any(|matcher| matcher.name == label) || joined || inner.name.is_none() {
        return None;
    }
    let what = match around.iter().rev().find_map(|outer| aggregate(outer)) {
        // Traffic and cost of all groups add up; what is typical of them does not.
        Some(mean) if matches!(mean.op, AggregateOp::Avg | AggregateOp::Quantile | AggregateOp::Stddev | AggregateOp::Stdvar) => {
            if keeps(mean, label) {
                return None;
            }
            format!("`{}` of `{name}` mixes the groups that its label `{label}` tells apart", mean.op.as_str())
        }
        Some(_) => return None,
        None => {
            let rule = query.alert()?;
            let falls_short = around.iter().any(|outer| {
                matches!(&outer.kind, ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::Less | BinaryOp::LessOrEqual)
                    && super::unit::constant(&binary.rhs).is_some_and(|number| number > 0.0))
            });
            let rated = around.iter().any(|outer| called(outer).is_some_and(|name| is_rate(name) || name.starts_with("absent")));
            let gauge = metric.as_ref().is_some_and(crate::facts::Metric::is_gauge) || by_project.is_some();
            if !falls_short || rated || !gauge || super::labels_asked_for(rule).iter().any(|asked| asked == label) {
                return None;
            }
            format!("each group that `{label}` of `{name}` tells apart has to reach this, also the one that nothing is done to")
        }
    };
    let finding = Finding::at("promql/label-mixes-populations", query.file, query.locate(expr.span), what);
    let basis = if by_project.is_some() { RestsOn::Project } else { RestsOn::Naming };
    Some(
        finding
            .help(format!("choose one, such as `{label}=\"candidate\"`, or keep them apart with `by ({label})`"))
            .rests_on(basis)
            .about(name),
    )
}

fn replicas(scope: &Scope, known: &Known, query: &Query, expr: &Expr, inner: &Selector, name: &str, around: &[&Expr]) -> Option<Finding> {
    let sum =
        around.iter().rev().find(|outer| !is_paren(outer)).and_then(|outer| aggregate(outer)).filter(|sum| sum.op == AggregateOp::Sum)?;
    let money = MONEY.iter().any(|ending| name.ends_with(ending));
    let replicated = known.replicated.contains(name);
    let metric = scope.facts.metric(name);
    if !(money || replicated)
        || !matches!(expr.kind, ExprKind::Selector(_))
        || metric.as_ref().is_some_and(crate::facts::Metric::is_counter)
    {
        return None;
    }
    let one = inner.matchers.iter().any(|matcher| REPLICAS.contains(&matcher.name.as_str()) && matcher.op == MatchOp::Equal);
    if one || REPLICAS.iter().any(|label| keeps(sum, label)) {
        return None;
    }
    let (message, basis) = if replicated {
        (format!("`sum` counts `{name}` once for each replica that exports it; another query here takes one of them"), RestsOn::Project)
    } else {
        (format!("money is no property of a process: each replica that knows `{name}` exports it, and `sum` adds them"), RestsOn::Naming)
    };
    // Labels that are all known are kept; else the usual ones of a process are taken away.
    let own = metric.filter(|metric| !metric.open).and_then(|metric| metric.labels);
    let by = own.map_or_else(|| "without (instance, pod)".to_owned(), |labels| format!("by ({})", labels.join(", ")));
    let shown = query.shown(expr.span);
    let once = format!("max {by} ({shown})");
    let fix = query.replace(expr.span, &once, "take one of the replicas");
    let finding = Finding::at("promql/sum-counts-replicas", query.file, query.locate(expr.span), message);
    Some(finding.help(format!("take one first: `sum({once})`")).rests_on(basis).fix(fix).about(name))
}
