//! Inhibitions that mute nothing, or everything.

use super::matchers::of;
use crate::checks::keys::{items, texts};
use crate::finding::Finding;
use crate::project::File;
use phoenix_model::Matcher;
use phoenix_yaml::Node;

pub(super) fn check(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    for rule in items(tree, "inhibit_rules") {
        let (Some(source), Some(target)) = (of(rule, "source_"), of(rule, "target_")) else { continue };
        let same = |a: &[Matcher], b: &[Matcher]| a.iter().all(|matcher| b.contains(matcher));
        let apart = texts(rule, "equal").len();
        if same(&source, &target) && same(&target, &source) {
            let message = "source and target are the same alerts: none of them mutes another";
            let help = "an alert that is source and target at once is muted only by a source that is no target; narrow one side";
            found.push(Finding::at("routing/inhibits-itself", file, rule.head(), message).help(help));
        } else if apart == 0 && is_broad(&source) && is_broad(&target) {
            let message = "one alert of the source mutes every alert of the target, wherever it is from";
            let help = "add `equal: [alertname, cluster, namespace]` with the labels that both share when they are about the same thing";
            found.push(Finding::at("routing/inhibits-everything", file, rule.head(), message).help(help));
        }
    }
}

/// Whether a side is chosen by how bad an alert is alone.
fn is_broad(matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| matches!(matcher.name.as_str(), "severity" | "priority" | "level" | "urgency"))
}
