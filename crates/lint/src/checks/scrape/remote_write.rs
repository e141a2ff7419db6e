//! What is sent on, and what is lost on the way.

use crate::checks::Scope;
use crate::checks::keys::{items, key_span, text, texts};
use crate::finding::{Finding, Fix};
use crate::project::{File, Text};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_model::{Severity, Span};
use phoenix_promql::analysis::metric_names;
use phoenix_yaml::Node;

pub(super) fn check(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    for write in items(tree, "remote_write") {
        if let Some(url) = write.get("url")
            && url.text().is_some_and(|url| url.contains("newrelic.com/prometheus") && !url.contains("prometheus_server="))
        {
            let message = "New Relic takes samples without `prometheus_server` as of no known source";
            let help = "end the URL with `?prometheus_server=NAME`";
            found.push(Finding::at("scrape/remote-write-url", file, url.span, message).help(help));
        }
        for step in items(write, "write_relabel_configs") {
            found.extend(drops_recordings(file, step));
        }
    }
    replica(file, tree, found);
}

/// Whether rules that no `rule_files` names are surely meant to be evaluated by this Prometheus, and how sure that is;
/// `None` for an agent, or for one that sends all that the rules read to where they are evaluated.
pub(super) fn evaluates_here(scope: &Scope, tree: &Node) -> Option<Severity> {
    let mut writes = items(tree, "remote_write").peekable();
    if writes.peek().is_none() {
        return Some(Severity::Warning);
    }
    // Rules that read what is not sent on cannot be evaluated elsewhere.
    let asked: Vec<&str> =
        scope.project.queries().filter(|query| query.rule.is_some()).flat_map(|query| metric_names(query.expr)).collect();
    let passes = |write: &Node| {
        let keeps = items(write, "write_relabel_configs").filter(|step| {
            let names = texts(step, "source_labels");
            text(step, "action") == Some("keep") && names.len() == 1 && names[0].text() == Some(METRIC_NAME)
        });
        let patterns: Vec<AnchoredRegex> = keeps.filter_map(|step| AnchoredRegex::new(text(step, "regex")?).ok()).collect();
        asked.iter().all(|name| scope.facts.is_recorded(name) || patterns.iter().all(|regex| regex.is_match(name)))
    };
    if !writes.any(passes) {
        return Some(Severity::Warning);
    }
    // An agent has no use for this; those who copy a configuration leave it in.
    tree.get("global").and_then(|global| global.get("evaluation_interval")).map(|_| Severity::Info)
}

fn drops_recordings(file: &File, step: &Node) -> Option<Finding> {
    let names = texts(step, "source_labels");
    if text(step, "action") != Some("keep") || names.len() != 1 || names[0].text() != Some(METRIC_NAME) {
        return None;
    }
    let (node, regex) = (step.get("regex")?, AnchoredRegex::new(text(step, "regex")?).ok()?);
    let lost: Vec<&str> = ["job:requests:rate5m", "up", "ALERTS"].into_iter().filter(|name| !regex.is_match(name)).collect();
    // A pattern that lists names is a choice; one that takes whatever begins alike forgets what has other beginnings.
    if lost.len() < 3 || !node.text()?.ends_with(".*") || node.text()?.contains('|') {
        return None;
    }
    let message = "recorded series with colons in their names, `up` and `ALERTS` are not sent on";
    let finding = Finding::at("scrape/remote-write-drops-recordings", file, node.span, message);
    let value = Text::of(&file.source, node)?;
    let wanted = format!("{}|[^:]+:.+|up|ALERTS", value.value);
    let edit = value.edit(Span::new(value.value.len(), value.value.len()), "|[^:]+:.+|up|ALERTS");
    let fix = edit.map(|edit| Fix { title: "send recorded series on, too".to_owned(), edits: vec![edit] });
    Some(finding.help(format!("add them: `{wanted}`")).fix(fix))
}

/// Two Prometheis that scrape the same must be told apart where their series meet.
fn replica(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    let Some(labels) = tree.get("global").and_then(|global| global.get("external_labels")) else { return };
    let names = labels.entries().iter().filter_map(|(name, _)| name.text());
    let tells = |name: &str| ["replica", "prometheus", "pod", "instance", "host"].iter().any(|word| name.contains(word));
    if tree.get("remote_write").is_some() && !names.into_iter().any(tells) {
        let span = tree.get("global").and_then(|global| key_span(global, "external_labels")).unwrap_or(labels.head());
        let message = "no external label tells a second Prometheus of the same pair apart";
        found.push(
            Finding::at("scrape/no-replica-label", file, span, message)
                .help("add `replica: $(POD_NAME)`, and drop it where duplicates are removed"),
        );
    }
}
