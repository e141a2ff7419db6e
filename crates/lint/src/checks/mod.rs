//! The checks. Each looks at a whole project and adds what it finds; the levels of its rules are in the registry.

mod alerts;
mod keys;
mod matching;
mod routing;
mod scrape;

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
pub(crate) const CHECKS: &[Check] =
    &[|scope, found| each_query(scope, found, matching::check), alerts::metadata, scrape::check, routing::check];

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
