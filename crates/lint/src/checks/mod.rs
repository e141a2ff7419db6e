//! The checks. Each looks at a whole project and adds what it finds; the levels of its rules are in the registry.

mod alerts;
mod collector;
mod cost;
mod counters;
mod dashboards;
mod external;
mod fragile;
mod keys;
mod logs;
mod matching;
mod metrics;
mod percent;
mod populations;
mod quantile;
mod ranges;
mod ratio;
mod recorded;
mod routing;
mod runbooks;
mod sampling;
mod scrape;
mod selectors;
mod series;
mod slo;
mod source;
mod syntax;
mod template;
mod unit;
mod walk;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::{Project, Query, Rule};
use phoenix_promql::Expr;

/// What a check looks at.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub project: &'a Project,
    pub facts: &'a Facts<'a>,
}

/// A check.
pub(crate) type Check = fn(&Scope, &mut Vec<Finding>);

/// All checks.
pub(crate) const CHECKS: &[Check] = &[
    |scope, found| each_query(scope, found, matching::check),
    |scope, found| each_query(scope, found, quantile::check),
    |scope, found| each_query(scope, found, quantile::of_summaries),
    |scope, found| each_query(scope, found, counters::check),
    |scope, found| each_query(scope, found, selectors::check),
    |scope, found| each_query(scope, found, ratio::check),
    |scope, found| each_query(scope, found, |_, query, found| ratio::volume_floor(query, found)),
    |scope, found| each_query(scope, found, percent::check),
    |scope, found| each_query(scope, found, fragile::check),
    populations::check,
    recorded::check,
    external::check,
    template::places,
    |scope, found| each_query(scope, found, series::thresholds),
    |scope, found| each_query(scope, found, |_, query, found| series::ratios(query, found)),
    |scope, found| each_query(scope, found, |_, query, found| series::unnamed(query, found)),
    |scope, found| each_query(scope, found, metrics::check),
    |scope, found| each_query(scope, found, cost::check),
    |scope, found| each_query(scope, found, template::labels),
    |scope, found| each_query(scope, found, template::value),
    |scope, found| each_query(scope, found, alerts::firing),
    |scope, found| each_query(scope, found, alerts::silent),
    ranges::check,
    ranges::beyond_retention,
    alerts::metadata,
    alerts::files,
    alerts::timing,
    scrape::check,
    routing::check,
    logs::check,
    slo::check,
    collector::check,
    dashboards::check,
    runbooks::check,
    sampling::check,
    source::check,
    syntax::check,
];

/// Runs a check on each expression in PromQL.
fn each_query(scope: &Scope, found: &mut Vec<Finding>, check: fn(&Scope, &Query, &mut Vec<Finding>)) {
    for query in scope.project.queries() {
        check(scope, &query, found);
    }
}

/// The labels that the templates of a rule ask for, in order, each once.
fn labels_asked_for(rule: &Rule) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for (_, text) in rule.templates() {
        for label in crate::actions::labels(&text.value) {
            if !labels.contains(&label.name) {
                labels.push(label.name);
            }
        }
    }
    labels
}

/// Whether an expression reads no series at all.
fn is_constant(expr: &Expr) -> bool {
    phoenix_promql::analysis::selectors(expr).is_empty()
}

/// Labels that targets usually have from discovery; a metric may have them without its exporter naming them.
fn is_of_target(label: &str) -> bool {
    crate::flow::OF_TARGETS.contains(&label)
}
