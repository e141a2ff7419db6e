//! Runbooks that alerts name.

use super::Scope;
use crate::finding::{Finding, RestsOn};
use crate::project::FileKind;
use phoenix_model::{Severity, Span};

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    unwritten(scope, found);
    let pages: Vec<&str> = scope.project.of_kind(FileKind::Prose).map(|file| &*file.source.name).collect();
    // Without pages at hand nothing can be said about links to them.
    let runbooks: Vec<&str> = pages.iter().copied().filter(|name| name.to_ascii_lowercase().contains("runbook")).collect();
    if runbooks.is_empty() {
        return;
    }
    for (file, _, rule) in scope.project.rules().filter(|(_, _, rule)| rule.is_alert) {
        for (key, link) in rule.annotations.iter().filter(|(key, _)| key.value.to_ascii_lowercase().contains("runbook")) {
            let text = link.value.trim();
            let page = page(text);
            if text.contains("{{") || page.is_empty() || runbooks.iter().any(|name| stem(name).eq_ignore_ascii_case(page)) {
                continue;
            }
            // A page elsewhere may be there; one of this repository is not.
            let here = !text.contains("://") && text.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("md"));
            let message = format!("`{}` of `{}` leads to `{page}`, and no runbook here is called so", key.value, rule.name.value);
            let finding = Finding::at("alerts/runbook-not-found", file, link.span, message).rests_on(RestsOn::Project);
            let level = if here { Severity::Warning } else { Severity::Info };
            found.push(finding.level(level).help(format!("write {}", wanted(&rule.name.value, runbooks[0]))));
        }
    }
}

/// Pages that are still the template of a runbook, and that no alert leads to.
fn unwritten(scope: &Scope, found: &mut Vec<Finding>) {
    let mut alerts = scope.project.rules().filter(|(_, _, rule)| rule.is_alert).peekable();
    if alerts.peek().is_none() {
        return;
    }
    let links: Vec<&str> = alerts.flat_map(|(_, _, rule)| &rule.annotations).map(|(_, link)| page(link.value.trim())).collect();
    for file in scope.project.of_kind(FileKind::Prose) {
        let name = stem(&file.source.name);
        let is_runbook = file.source.name.to_ascii_lowercase().contains("runbook");
        let meant = name.to_ascii_lowercase().contains("template") || name.eq_ignore_ascii_case("readme");
        if !is_runbook || meant || links.iter().any(|link| link.eq_ignore_ascii_case(name)) {
            continue;
        }
        // The link is what whoever is woken looks for; the title alone would do.
        let Some((span, what)) = placeholders(&file.source.text).last() else { continue };
        let message = format!("no alert leads to this runbook, and `{what}` is not filled in");
        let finding = Finding::at("alerts/no-runbook", file, span, message).rests_on(RestsOn::Project);
        found.push(finding.help("write one for each alert, named like it, and link it as `runbook_url`"));
    }
}

/// `[words]` in prose that is neither a link, a reference, a box to tick nor code.
fn placeholders(text: &str) -> impl Iterator<Item = (Span, &str)> {
    let mut fenced = false;
    let mut at = 0;
    let lines = text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((start, line))
    });
    lines.flat_map(move |(start, line)| {
        line.match_indices('[').filter_map(move |(open, _)| {
            let close = open + line[open..].find(']')?;
            let (inner, after) = (&line[open + 1..close], line[close + 1..].chars().next());
            let before = line[..open].chars().next_back();
            let in_code = line[..open].matches('`').count() % 2 == 1;
            let words = inner.chars().any(char::is_alphabetic)
                && inner.chars().all(|c| c.is_alphanumeric() || " _-/'".contains(c))
                && inner.len() > 1;
            let linked = matches!(after, Some('(' | '[' | ':')) || before == Some(']') || text.contains(&format!("[{inner}]:"));
            (words && !linked && !in_code).then(|| (Span::new(start + open, start + close + 1), &line[open..=close]))
        })
    })
}

/// The last part of a link, without its ending.
fn page(link: &str) -> &str {
    let (link, anchor) = link.split_once('#').map_or((link, ""), |(link, anchor)| (link, anchor));
    let name = stem(link.trim_end_matches('/'));
    if anchor.is_empty() || name.is_empty() { name } else { "" }
}

fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Where the page would stand.
fn wanted(alert: &str, beside: &str) -> String {
    let folder = beside.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    format!("`{folder}{alert}.md`")
}
