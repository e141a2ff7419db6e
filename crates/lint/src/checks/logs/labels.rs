//! Labels that queries ask for and nothing sends.

use super::fluent_bit::{Section, sections};
use super::queries::{self, LogQuery};
use crate::checks::Scope;
use crate::finding::{Finding, RestsOn};
use crate::project::{File, FileKind};
use phoenix_model::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Labels that receivers add themselves.
const ADDED: [&str; 3] = ["service_name", "detected_level", "__stream_shard__"];

/// Outputs behind which others may send the lines on, with labels of their own.
const PASSED_ON: [&str; 6] = ["forward", "http", "kafka", "opentelemetry", "syslog", "tcp"];

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let queries: Vec<LogQuery> = scope.project.files.iter().flat_map(queries::of).collect();
    for query in &queries {
        found.extend(text_instead_of_level(query));
    }
    let Some(sent) = sent(scope) else { return };
    let mut asked: BTreeMap<String, &LogQuery> = BTreeMap::new();
    for query in &queries {
        let mut told = BTreeSet::new();
        for used in phoenix_logql::analysis::log_uses(&query.expr) {
            for matcher in used.logs.matchers.iter().filter(|matcher| !matcher.matches_empty()) {
                let name = &matcher.name;
                if !sent.labels.contains(name) && !ADDED.contains(&name.as_str()) && told.insert(name.clone()) {
                    let labels: Vec<&str> = sent.labels.iter().map(String::as_str).collect();
                    let message = format!("no output sends the label `{name}`: the query finds nothing");
                    let finding = Finding::at("logs/label-never-sent", query.file, query.span, message).rests_on(RestsOn::Project);
                    found.push(finding.help(format!("the labels that are sent are `{}`", labels.join("`, `"))));
                    asked.entry(name.clone()).or_insert(query);
                }
            }
        }
    }
    // Once where the labels are chosen, too: that is the place to mend it.
    if let Some((_, query)) = asked.first_key_value() {
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let message = format!("`{}` asks for the label `{}`, which is not sent", query.file.source.name, names.join("`, `"));
        let finding = Finding::at("logs/label-never-sent", sent.file, sent.span, message).rests_on(RestsOn::Project);
        found.push(finding.help(format!("add it: `labels …, {0}=${0}`", names[0])));
    }
}

/// What all outputs send together.
struct Sent<'a> {
    labels: BTreeSet<String>,
    file: &'a File,
    span: Span,
}

/// The labels of all outputs; `None` when there are none, or some that are not known.
fn sent<'a>(scope: &Scope<'a>) -> Option<Sent<'a>> {
    // Other senders may send anything: collectors, Promtail, and whatever gets the lines from here.
    let promtail =
        |file: &File| file.tree.as_deref().is_some_and(|tree| tree.get("clients").is_some() && tree.get("scrape_configs").is_some());
    if scope.project.files.iter().any(|file| file.kind == FileKind::Collector || promtail(file)) {
        return None;
    }
    let mut all: Option<Sent> = None;
    for file in scope.project.of_kind(FileKind::FluentBit) {
        let sections = sections(file);
        if PASSED_ON.iter().any(|plugin| sections.iter().any(|section| section.is("output", plugin))) {
            return None;
        }
        for section in sections.iter().filter(|section| section.is("output", "loki")) {
            let labels = labels(section)?;
            let span = section.entry("labels").map_or(section.span, |(_, span)| span);
            all.get_or_insert_with(|| Sent { labels: BTreeSet::new(), file, span }).labels.extend(labels);
        }
    }
    all
}

/// The labels of an output; `None` when they are known only while it runs.
fn labels(section: &Section) -> Option<Vec<String>> {
    let on = |key: &str| section.get(key).is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "off" | "false" | "no"));
    if on("auto_kubernetes_labels") || section.get("label_map_path").is_some() {
        return None;
    }
    let mut found: Vec<String> = section.get("labels").unwrap_or("job=fluent-bit").split(',').filter_map(label).collect();
    found.extend(section.get("label_keys").unwrap_or("").split(',').filter_map(label));
    Some(found)
}

/// `name=value`, or the record's own field: `$stream`, `$kubernetes['pod_name']`, whose label is `kubernetes_pod_name`.
fn label(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((name, _)) = text.split_once('=') {
        return Some(name.trim().to_owned());
    }
    let field = text.strip_prefix('$')?;
    Some(field.replace("']['", "_").replace("['", "_").replace("']", ""))
}

/// A search for the word instead of the level.
fn text_instead_of_level(query: &LogQuery) -> Option<Finding> {
    const LEVELS: [&str; 4] = ["error", "err", "warn", "fatal"];
    let text = query.text.to_ascii_lowercase();
    let word = LEVELS.iter().find(|level| text.contains(&format!("|= \"{level}\"")) || text.contains(&format!("|~ \"(?i){level}\"")))?;
    let by_level = |name: &str| matches!(name, "level" | "detected_level" | "severity");
    let uses = phoenix_logql::analysis::log_uses(&query.expr);
    if uses.iter().any(|used| used.logs.matchers.iter().any(|matcher| by_level(&matcher.name))) || text.contains("level") {
        return None;
    }
    let message = format!("the word `{word}` is looked for, not the level: it finds `errors=0` and misses `level=fatal`");
    let finding = Finding::at("logs/text-instead-of-level", query.file, query.span, message);
    Some(finding.help("choose by the label or field `level`: `level=~\"error|fatal\"`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read() {
        for (text, want) in [
            ("job=phoenix", Some("job")),
            (" service = $service ", Some("service")),
            ("$stream", Some("stream")),
            ("$kubernetes['labels']['app']", Some("kubernetes_labels_app")),
            ("", None),
        ] {
            assert_eq!(label(text).as_deref(), want, "{text}");
        }
    }
}
