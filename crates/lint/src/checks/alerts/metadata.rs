//! What an alert says of itself: severity, owner, runbook, texts.

use crate::checks::Scope;
use crate::finding::Finding;
use crate::project::{File, Group, Rule};
use phoenix_model::Span;

/// Labels that tell how bad it is.
const SEVERITY: [&str; 6] = ["severity", "priority", "level", "sev", "urgency", "alert_severity"];
/// Labels that tell whose it is.
const OWNER: [&str; 7] = ["team", "owner", "squad", "service", "component", "group", "department"];

pub(in crate::checks) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for (file, group, rule) in scope.project.rules().filter(|(_, _, rule)| rule.is_alert) {
        found.extend(lacks(file, group, rule));
    }
}

fn lacks(file: &File, group: &Group, rule: &Rule) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = &rule.name.value;
    let mut tell_at = |id: &str, span: Span, message: String, help: &str| found.push(Finding::at(id, file, span, message).help(help));
    let name_span = rule.name.span;
    let has_label = |names: &[&str]| names.iter().any(|label| rule.label(group, label).is_some());
    // An alert that always fires watches the way to people, and is nobody's.
    let watchdog = rule.parsed.as_ref().is_some_and(crate::checks::is_constant);
    if !has_label(&SEVERITY) {
        tell_at(
            "alerts/no-severity",
            name_span,
            format!("`{name}` has no label `severity`"),
            "add `severity: critical`, `warning` or `info` to its `labels`",
        );
    }
    if !has_label(&OWNER) && !watchdog {
        tell_at("alerts/no-owner", name_span, format!("`{name}` has no label `team`"), "add `team: NAME` to its `labels`");
    }
    let runbook = |key: &str| key.to_ascii_lowercase().contains("runbook") || key.to_ascii_lowercase().contains("playbook");
    if !rule.annotations.iter().any(|(key, _)| runbook(&key.value)) && !watchdog {
        // Where the others of its texts stand is where it is missing.
        tell_at(
            "alerts/no-runbook",
            rule.annotations_span.filter(|_| !rule.annotations.is_empty()).unwrap_or(name_span),
            format!("`{name}` has no annotation `runbook_url`"),
            "write down what it means and what helps, and link it",
        );
    }
    if rule.annotations.is_empty() {
        tell_at(
            "alerts/no-summary",
            name_span,
            format!("`{name}` has no annotations"),
            "add `summary` and `description` to its `annotations`",
        );
    }
    if rule.hold.is_none() && !watchdog {
        let help = "add `for:` with what a passing trouble may last, or `for: 0s` when it is meant";
        tell_at("alerts/no-for", name_span, format!("`{name}` has no `for`"), help);
    }
    found
}
