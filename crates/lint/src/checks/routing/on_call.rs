//! Who is on call, and which alerts lead there.

use super::matchers::of;
use crate::checks::Scope;
use crate::checks::keys::{items, key_span, text};
use crate::finding::{Finding, RestsOn};
use crate::project::{File, FileKind};
use phoenix_model::Matcher;
use phoenix_yaml::Node;
use std::collections::{BTreeSet, HashSet};

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::OnCall) {
        let Some(tree) = file.tree.as_deref() else { continue };
        if let Some(schedule) = tree.get("on_call_schedule") {
            schedules(file, tree, schedule, found);
        }
        if tree.get("page_on").is_none() {
            let message = "nothing says which alerts page";
            let finding = Finding::at("routing/severity-without-route", file, tree.head(), message);
            found.push(finding.help("add `page_on: ['severity=\"critical\"']`"));
        }
    }
    teams(scope, found);
    severities(scope, found);
}

/// Severities of alerts where nothing in the project says what follows from them.
fn severities(scope: &Scope, found: &mut Vec<Finding>) {
    let any = |kind: FileKind| scope.project.of_kind(kind).next().is_some();
    // Rules alone may be a part of something greater.
    let whole = any(FileKind::Prometheus) || any(FileKind::OnCall);
    if !whole || any(FileKind::Alertmanager) || any(FileKind::Phoenix) {
        return;
    }
    for file in scope.project.of_kind(FileKind::Rules) {
        let mut alerts =
            file.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule))).filter(|(_, rule)| rule.is_alert);
        if let Some(span) =
            file.tree.as_deref().map(Node::head).filter(|_| alerts.any(|(group, rule)| rule.label(group, "severity").is_some()))
        {
            let message = "no route says what follows from the severity of these alerts";
            let finding = Finding::at("routing/severity-without-route", file, span, message).rests_on(RestsOn::Project);
            found.push(finding.help("route by `severity` in Alertmanager's configuration"));
        }
    }
}

fn schedules(file: &File, tree: &Node, schedule: &Node, found: &mut Vec<Finding>) {
    let levels = || schedule.entries().iter().filter(|(name, level)| name.text() != Some("escalation") && !level.entries().is_empty());
    if ["people", "users"].iter().all(|key| tree.get(key).is_none())
        && let Some(span) = levels().find_map(|(_, level)| key_span(level, "teams"))
    {
        let message = "these teams have no people: nobody can be called";
        found.push(
            Finding::at("routing/nobody-to-page", file, span, message)
                .help("add `people` with their addresses, and `teams` with their members"),
        );
    }
    let handover = |node: &Node| ["rotation", "handoff", "handover", "start", "time_zone"].iter().any(|key| node.get(key).is_some());
    if !handover(tree)
        && !handover(schedule)
        && let Some((_, level)) = levels().find(|(_, level)| text(level, "schedule").is_some() && !handover(level))
    {
        let node = level.get("schedule").expect("it has been found");
        let message = format!("`{}` does not say on which day, at which hour and in which time zone", node.text().unwrap_or(""));
        let help = "add `rotation: {day: monday, time: \"09:00\", zone: Europe/Berlin}`";
        found.push(Finding::at("routing/rotation-without-handoff", file, node.span, message).help(help));
    }
    let known: HashSet<&str> = [Some(schedule), tree.get("teams"), tree.get("people"), tree.get("users")]
        .into_iter()
        .flatten()
        .flat_map(|node| node.entries().iter().filter_map(|(name, _)| name.text()))
        .chain(levels().flat_map(|(_, level)| items(level, "teams").filter_map(Node::text)))
        .collect();
    for (_, target) in schedule.get("escalation").map(Node::entries).unwrap_or_default() {
        if let Some(name) = target.text().filter(|name| !known.contains(name)) {
            let message = format!("`{name}` is neither a schedule nor a team nor a person");
            found.push(
                Finding::at("routing/unknown-escalation-target", file, target.span, message).help("define it, or name one that is there"),
            );
        }
    }
}

/// Teams of alerts that no route and no schedule knows.
fn teams(scope: &Scope, found: &mut Vec<Finding>) {
    let mut routed: Vec<Matcher> = Vec::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut anything = false;
    for file in &scope.project.files {
        let Some(tree) = file.tree.as_deref() else { continue };
        match file.kind {
            FileKind::Alertmanager => collect(tree.get("route"), &mut routed, 0),
            FileKind::OnCall => crate::checks::keys::walk(tree, &mut |node| {
                known.extend(items(node, "teams").filter_map(Node::text).map(str::to_owned));
                known.extend(
                    node.get("teams").map(Node::entries).unwrap_or_default().iter().filter_map(|(name, _)| name.text()).map(str::to_owned),
                );
            }),
            _ => continue,
        }
        anything = true;
    }
    if !anything {
        return;
    }
    let mut told: BTreeSet<String> = BTreeSet::new();
    for (file, group, rule) in scope.project.rules().filter(|(_, _, rule)| rule.is_alert) {
        let Some(team) = rule.label(group, "team").filter(|team| !team.value.contains("{{")) else { continue };
        let leads = known.contains(&team.value) || routed.iter().any(|matcher| matcher.matches(&team.value) && !matcher.matches_empty());
        if !leads && told.insert(team.value.clone()) {
            let message = format!("no route and no schedule knows the team `{}`", team.value);
            let finding = Finding::at("routing/team-without-route", file, team.span, message).rests_on(RestsOn::Project);
            found.push(finding.help(format!("add a route with `team=\"{}\"`, or put the team on call", team.value)));
        }
    }
    // Where the teams on call are listed, too: that is a place to mend it.
    for file in scope.project.of_kind(FileKind::OnCall).filter(|_| !told.is_empty()) {
        let mut span = None;
        if let Some(tree) = file.tree.as_deref() {
            crate::checks::keys::walk(tree, &mut |node| span = span.or(key_span(node, "teams")));
        }
        if let Some(span) = span {
            let names: Vec<&str> = told.iter().map(String::as_str).collect();
            let message = format!("alerts of `{}` lead to nobody on call", names.join("`, `"));
            let finding = Finding::at("routing/team-without-route", file, span, message).rests_on(RestsOn::Project);
            found.push(finding.help("put the team on call, or route its alerts to a receiver"));
        }
    }
}

/// The matchers of all routes that choose by team.
fn collect(route: Option<&Node>, routed: &mut Vec<Matcher>, depth: usize) {
    if let Some(route) = route.filter(|_| depth < 32) {
        routed.extend(of(route, "").unwrap_or_default().into_iter().filter(|matcher| matcher.name == "team"));
        for child in items(route, "routes") {
            collect(Some(child), routed, depth + 1);
        }
    }
}
