//! Labels that a Prometheus gives whatever leaves it.

use super::Scope;
use crate::actions::actions;
use crate::finding::{Finding, RestsOn};
use crate::project::FileKind;
use phoenix_model::Span;
use phoenix_yaml::Node;

/// The name and value of a label.
type Label<'a> = (&'a str, &'a str);

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    // Phoenix has external labels of its own elsewhere, and rules may run there.
    if scope.project.of_kind(FileKind::Phoenix).next().is_some() {
        return;
    }
    let of = |tree: &'_ Node| -> Vec<(String, String)> {
        let labels = tree.get("global").and_then(|global| global.get("external_labels")).map(Node::entries).unwrap_or_default();
        labels.iter().filter_map(|(name, value)| Some((name.text()?.to_owned(), value.text()?.to_owned()))).collect()
    };
    let configs: Vec<Vec<(String, String)>> = scope
        .project
        .of_kind(FileKind::Prometheus)
        .filter_map(|file| file.tree.as_deref())
        // One that evaluates no rules gives nothing to what they raise.
        .filter(|tree| tree.get("rule_files").is_some())
        .map(of)
        .collect();
    if configs.is_empty() {
        return;
    }
    let known: Vec<Label> = configs.iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (file, group, rule) in scope.project.rules() {
        for (key, text) in rule.templates() {
            for (name, span) in asked(&text.value) {
                if !known.iter().any(|(label, _)| *label == name) {
                    let message = format!("`{}` names the external label `{name}`, which the configuration does not give", key.value);
                    let finding = Finding::at("template/external-label-missing", file, text.locate(span), message);
                    let names: Vec<&str> = known.iter().map(|(label, _)| *label).collect();
                    let help = if names.is_empty() {
                        "add it below `global.external_labels`".to_owned()
                    } else {
                        format!("it gives `{}`", names.join("`, `"))
                    };
                    found.push(finding.help(help).rests_on(RestsOn::Project));
                }
            }
        }
        for (name, value) in group.labels.iter().chain(&rule.labels) {
            // What is empty takes a label away on purpose.
            let Some((_, given)) = known.iter().find(|(label, _)| *label == name.value).filter(|_| !value.value.is_empty()) else {
                continue;
            };
            let message = format!("`{}` is an external label, `{given}`, and the rule says `{}`", name.value, value.value);
            let finding = Finding::at("alerts/overrides-external-label", file, name.span, message).rests_on(RestsOn::Project);
            found.push(finding.help("leave it out: whatever leaves this Prometheus gets its external labels"));
        }
    }
}

/// Every `$externalLabels.NAME` and `.ExternalLabels.NAME`.
fn asked(text: &str) -> Vec<(&str, Span)> {
    let mut found = Vec::new();
    for action in actions(text) {
        for mark in ["$externalLabels.", ".ExternalLabels."] {
            for (hit, _) in action.inner.match_indices(mark) {
                let rest = &action.inner[hit + mark.len()..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if end > 0 {
                    let start = action.start + hit;
                    found.push((&rest[..end], Span::new(start, start + mark.len() + end)));
                }
            }
        }
    }
    found
}
