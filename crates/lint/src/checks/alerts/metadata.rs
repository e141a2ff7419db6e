//! What an alert says of itself: severity, owner, runbook, texts.

use crate::checks::Scope;
use crate::finding::Finding;
use crate::project::{File, FileKind, Group, Project, Rule};
use phoenix_model::{Severity, Span};
use phoenix_yaml::Node;

/// Labels that tell how bad it is.
const SEVERITY: [&str; 6] = ["severity", "priority", "level", "sev", "urgency", "alert_severity"];
/// Labels that tell whose it is.
const OWNER: [&str; 7] = ["team", "owner", "squad", "service", "component", "group", "department"];

pub(in crate::checks) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let alerts = || scope.project.rules().filter(|(_, _, rule)| rule.is_alert);
    // Where nobody chooses by severity, and no alert has one, it is a matter of taste.
    let put_on = is_put_on_later(scope.project);
    let matters = !put_on && (routes_by_severity(scope.project) || alerts().any(|(_, group, rule)| has_label(group, rule, &SEVERITY)));
    for (file, group, rule) in alerts() {
        found.extend(lacks(file, group, rule, matters));
    }
}

fn has_label(group: &Group, rule: &Rule, names: &[&str]) -> bool {
    names.iter().any(|label| rule.label(group, label).is_some())
}

/// Whether an Alertmanager's routes, or who is on call, choose by severity.
fn routes_by_severity(project: &Project) -> bool {
    let routes = |file: &&File| matches!(file.kind, FileKind::Alertmanager | FileKind::OnCall);
    project.files.iter().filter(routes).any(|file| SEVERITY.iter().any(|label| file.source.text.contains(label)))
}

/// Whether labels are put on alerts when they are sent, so that rules need not.
fn is_put_on_later(project: &Project) -> bool {
    project.of_kind(FileKind::Prometheus).any(|file| {
        let steps = file.tree.as_deref().and_then(|tree| tree.get("alerting")?.get("alert_relabel_configs")).map(Node::items);
        let puts = |step: &Node| step.get("target_label").and_then(Node::text).is_some_and(|label| SEVERITY.contains(&label));
        steps.unwrap_or_default().iter().any(|step| puts(step))
    })
}

fn lacks(file: &File, group: &Group, rule: &Rule, severity_matters: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = &rule.name.value;
    let mut tell_at = |id: &str, span: Span, message: String, help: &str| found.push(Finding::at(id, file, span, message).help(help));
    let name_span = rule.name.span;
    // An alert that always fires watches the way to people, and is nobody's.
    let watchdog = rule.parsed.as_ref().is_some_and(crate::checks::is_constant);
    if !has_label(group, rule, &OWNER) && !watchdog {
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
    if !has_label(group, rule, &SEVERITY) && !watchdog {
        let finding = Finding::at("alerts/no-severity", file, name_span, format!("`{name}` has no label `severity`"));
        let level = if severity_matters { Severity::Warning } else { Severity::Info };
        found.push(finding.level(level).help("add `severity: critical`, `warning` or `info` to its `labels`"));
    }
    found
}
