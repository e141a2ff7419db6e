//! Objectives.

mod alerts;
mod indicators;
mod targets;

use super::Scope;
use super::keys::{duration, items, text};
use crate::finding::{Finding, RestsOn};
use crate::project::{File, FileKind};
use phoenix_model::{Severity, format_duration};
use phoenix_yaml::Node;
use std::time::Duration;

/// What Prometheus keeps unless it is told otherwise.
const DEFAULT_RETENTION: Duration = Duration::from_hours(15 * 24);

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Slos) {
        let Some(tree) = file.tree.as_deref() else { continue };
        for slo in items(tree, "slos") {
            found.extend(target(file, slo));
            indicator(scope, file, slo, found);
            found.extend(window(scope, file, slo));
        }
        found.extend(burn_rate(scope, file, tree));
    }
    indicators::check(scope, found);
    let objectives: Vec<Objective> = scope.project.of_kind(FileKind::Slos).flat_map(Objective::all).collect();
    targets::check(&objectives, found);
    alerts::check(scope, &objectives, found);
}

/// An objective that can be computed with.
struct Objective<'a> {
    file: &'a File,
    node: &'a Node,
    name: &'a str,
    /// From 0 to 1, without both.
    share: f64,
    /// Where that stands.
    target: &'a Node,
    window: Option<Duration>,
}

impl<'a> Objective<'a> {
    fn all(file: &'a File) -> impl Iterator<Item = Self> {
        file.tree.as_deref().into_iter().flat_map(|tree| items(tree, "slos")).filter_map(move |node| {
            let target = node.get("target").or(node.get("objective"))?;
            let value: f64 = target.text()?.trim().trim_end_matches('%').trim().parse().ok()?;
            // Up to 1 it is a share, above it is in percent.
            let share = if value > 1.0 { value / 100.0 } else { value };
            let is_share = share > 0.0 && share < 1.0;
            is_share.then(|| Self { file, node, name: name(node), share, target, window: duration(node, "window") })
        })
    }

    /// What may be missed, from 0 to 1.
    fn budget(&self) -> f64 {
        1.0 - self.share
    }
}

/// A share in percent, without the digits that only come from computing.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1e7).round() / 1e5)
}

fn name(slo: &Node) -> &str {
    text(slo, "name").unwrap_or("")
}

/// An objective is a share: percent, or between 0 and 1.
fn target(file: &File, slo: &Node) -> Option<Finding> {
    let node = slo.get("target").or(slo.get("objective"))?;
    let value: f64 = node.text()?.trim().trim_end_matches('%').trim().parse().ok()?;
    let what = if value > 100.0 {
        format!("{value} is no share of anything: it looks like the threshold, and how many must meet it is not said")
    } else if value <= 0.0 {
        format!("an objective of {value} is met by anything")
    } else {
        return None;
    };
    let finding = Finding::at("slo/target-not-objective", file, node.span, format!("`{}`: {what}", name(slo)));
    Some(finding.help("say how many percent must be good, such as `target: 95`, and put the threshold into the indicator"))
}

/// An indicator that is the name of a series.
fn indicator(scope: &Scope, file: &File, slo: &Node, found: &mut Vec<Finding>) {
    let Some(node) = slo.get("sli") else { return };
    let Some(metric) = node.text().filter(|text| text.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c))) else { return };
    let facts = scope.facts;
    let known = facts.exists(metric).unwrap_or_else(|| facts.is_recorded(metric) || facts.catalogue().metric(metric).is_some());
    if !known {
        let message = format!("`{}`: nothing records or exports `{metric}`", name(slo));
        let finding = Finding::at("slo/unknown-sli", file, node.span, message).rests_on(RestsOn::Project);
        let level = if scope.project.rules().next().is_some() { Severity::Warning } else { Severity::Info };
        found.push(finding.level(level).help("record it, or give `good` and `total` as expressions"));
    }
    if slo.get("good").is_none() && slo.get("total").is_none() {
        let message = format!("`{}`: over the window the mean of `{metric}` is not the share of good events", name(slo));
        let finding = Finding::at("slo/ratio-averaged", file, node.span, message);
        found.push(finding.help("give `good` and `total`: quiet minutes weigh as much as busy ones in a mean"));
    }
}

/// A window that reaches behind what is kept.
fn window(scope: &Scope, file: &File, slo: &Node) -> Option<Finding> {
    let (node, window) = (slo.get("window")?, duration(slo, "window")?);
    let told = super::ranges::retention(scope.project);
    let retention = told.unwrap_or(DEFAULT_RETENTION);
    if window <= retention {
        return None;
    }
    let unless = if told.is_some() { "" } else { " unless it is told otherwise" };
    let message =
        format!("`{}` looks back {}, and Prometheus keeps {}{unless}", name(slo), format_duration(window), format_duration(retention));
    let finding = Finding::at("slo/window-longer-than-retention", file, node.span, message);
    Some(finding.help("keep more than the longest window, or record the parts of the indicator"))
}

/// Objectives that no alert watches.
fn burn_rate(scope: &Scope, file: &File, tree: &Node) -> Option<Finding> {
    // Generators write the alerts from the file itself.
    if tree.get("version").is_some() || items(tree, "slos").next().is_none() || watches_budgets(scope) {
        return None;
    }
    let span = items(tree, "slos").next()?.head();
    let message = "no alert says that a budget is being spent";
    let finding = Finding::at("slo/no-burn-rate", file, span, message).rests_on(RestsOn::Project);
    Some(finding.help("alert on the rate at which it is spent, over a long window and a short one: 1h with 5m, 6h with 30m"))
}

/// Whether some alert is about how fast a budget is spent.
fn watches_budgets(scope: &Scope) -> bool {
    let watches = |name: &str| ["burn", "budget", "slo"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    scope.project.rules().any(|(_, _, rule)| rule.is_alert && watches(&rule.name.value))
}
