//! Runbooks that alerts name.

use super::Scope;
use crate::finding::{Finding, RestsOn};
use crate::project::FileKind;
use phoenix_model::Severity;

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
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
