//! Files of rules as a whole: fragments, and what stands twice.

use crate::checks::Scope;
use crate::finding::{Edit, Finding, Fix};
use crate::project::{File, FileKind};
use phoenix_model::{Severity, Span};
use std::collections::HashMap;

pub(in crate::checks) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    found.extend(scope.project.of_kind(FileKind::RulesFragment).filter_map(fragment));
    found.extend(twice(scope));
    found.extend(no_watchdog(scope));
}

/// Rules or groups without `groups:` around them.
fn fragment(file: &File) -> Option<Finding> {
    let tree = file.tree.as_deref()?;
    let (what, span) = match tree.entries().first() {
        Some((key, _)) => (format!("`{}` is no key of a rule file", key.text().unwrap_or("")), key.span),
        None => (
            "a list stands where a rule file has `groups:`".to_owned(),
            Span::new(tree.span.start, (tree.span.start + 1).min(tree.span.end)),
        ),
    };
    let finding = Finding::at("alerts/no-groups", file, span, format!("{what}: Prometheus refuses the file"));
    Some(finding.help("write `groups:` above it; each group has a `name` and `rules`").fix(wrap(file)))
}

/// `groups:` above a list of groups; a group with a name around a list of rules.
fn wrap(file: &File) -> Option<Fix> {
    let tree = file.tree.as_deref()?;
    let text = &*file.source.text;
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    let insert = |at: usize, text: String| Edit { span: Span::new(at, at), text };
    let named = file.groups.iter().all(|group| group.name.is_some());
    let edits = match tree.entries() {
        [] if named => vec![insert(line_start(tree.span.start), "groups:\n".to_owned())],
        [] => {
            let mut edits = vec![insert(line_start(tree.span.start), "groups:\n- name: rules\n  rules:\n".to_owned())];
            edits.extend(indent(text, line_start(tree.span.start), tree.span.end, "  "));
            merge_first(&mut edits);
            edits
        }
        [(key, _)] if named => vec![Edit { span: key.span, text: "groups".to_owned() }],
        [(key, value)] => {
            let name = key.text()?;
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
            let first = line_start(value.span.start);
            if !plain || first <= key.span.start {
                return None;
            }
            let mut edits = vec![Edit { span: key.span, text: format!("groups:\n- name: {name}\n  rules") }];
            // Deep enough to stand below `rules`.
            let depth = value.span.start - first;
            edits.extend(indent(text, first, value.span.end, if depth < 2 { "  " } else { "" }));
            edits
        }
        _ => return None,
    };
    Some(Fix { title: "put it into groups".to_owned(), edits })
}

/// Deeper by some spaces: each line that has something on it.
fn indent(text: &str, start: usize, end: usize, by: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut at = start;
    for line in text[start..end.max(start)].split_inclusive('\n') {
        if !line.trim().is_empty() && !by.is_empty() {
            edits.push(Edit { span: Span::new(at, at), text: by.to_owned() });
        }
        at += line.len();
    }
    edits
}

/// Two insertions at one place are one.
fn merge_first(edits: &mut Vec<Edit>) {
    if let [first, second, ..] = &mut edits[..]
        && first.span == second.span
    {
        first.text.push_str(&second.text);
        edits.remove(1);
    }
}

/// Whether it alerts, its name, expression and labels.
type Identity<'a> = (bool, &'a str, &'a str, Vec<(&'a str, &'a str)>);

/// Rules of several groups that give the same.
fn twice(scope: &Scope) -> Vec<Finding> {
    let mut first: HashMap<Identity, (usize, usize)> = HashMap::new();
    let mut found = Vec::new();
    let loads = |file: &File| matches!(file.kind, FileKind::Prometheus | FileKind::Phoenix);
    let together = scope.project.files.iter().any(loads);
    for (at, file) in scope.project.files.iter().enumerate() {
        for (group_at, group) in file.groups.iter().enumerate() {
            for rule in &group.rules {
                let Some(expr) = &rule.expr else { continue };
                let mut labels: Vec<(&str, &str)> =
                    group.labels.iter().chain(&rule.labels).map(|(name, text)| (name.value.as_str(), text.value.as_str())).collect();
                labels.sort_unstable();
                // Two recordings of one name and labels collide whatever they compute, unless they give other series.
                let key = (rule.is_alert, rule.name.value.as_str(), expr.value.trim(), labels);
                match first.get(&key) {
                    None => {
                        first.insert(key, (at, group_at));
                    }
                    // Within a group the rules' own check tells it.
                    Some((other, other_group)) if (*other, *other_group) != (at, group_at) => {
                        let what = if rule.is_alert { "alert" } else { "recording rule" };
                        let place = &scope.project.files[*other];
                        let name = place.groups[*other_group].name.as_ref().map_or("", |name| name.value.as_str());
                        let message = format!("the {what} `{}` stands twice with the same expression and labels", rule.name.value);
                        let help = format!("the other one is in the group `{name}` of {}; remove one", place.source.name);
                        let finding = Finding::at("alerts/duplicate", file, rule.name.span, message).help(help);
                        // Files need not be loaded together, unless a configuration says so.
                        let level = if *other == at || together { Severity::Warning } else { Severity::Info };
                        found.push(finding.level(level));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    found
}

/// Alerts and a configuration that sends them, and nothing that would tell when sending stops.
fn no_watchdog(scope: &Scope) -> Option<Finding> {
    let config = scope.project.files.iter().find(|file| matches!(file.kind, FileKind::Prometheus | FileKind::Alertmanager))?;
    let mut alerts = scope.project.rules().filter(|(_, _, rule)| rule.is_alert).peekable();
    alerts.peek()?;
    if alerts.any(|(_, _, rule)| rule.parsed.as_ref().is_some_and(crate::checks::is_constant)) {
        return None;
    }
    let message = "no alert always fires: when alerts stop arriving, nobody is told";
    let help = "add an alert `Watchdog` with `expr: vector(1)`, and a receiver outside that misses it";
    Some(Finding::at("alerts/no-watchdog", config, Span::default(), message).help(help).level(Severity::Info))
}
