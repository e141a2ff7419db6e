//! `rules`: the groups in LogQL, as YAML. They come from files and can't be changed here.

use super::Loki;
use super::error::LokiError;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use phoenix_engine::Language;
use phoenix_model::format_duration;
use phoenix_rules::{GroupStatus, RuleStatus};
use std::fmt::Write;

pub(super) async fn all(State(loki): State<Loki>) -> Result<Response, LokiError> {
    answer(&loki, |_| true, true)
}

pub(super) async fn namespace(State(loki): State<Loki>, Path(namespace): Path<String>) -> Result<Response, LokiError> {
    answer(&loki, |group| group.file == namespace, true)
}

pub(super) async fn group(State(loki): State<Loki>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, LokiError> {
    answer(&loki, |group| group.file == namespace && group.name == name, false)
}

pub(super) async fn read_only() -> LokiError {
    LokiError::not_allowed("rules come from the files that `rules:` in phoenix.yaml names, and are changed there")
}

fn answer(loki: &Loki, wanted: impl Fn(&GroupStatus) -> bool, by_namespace: bool) -> Result<Response, LokiError> {
    let groups: Vec<GroupStatus> = (loki.rules)().into_iter().filter(|group| group.language == Language::LogQl && wanted(group)).collect();
    if groups.is_empty() {
        return Err(LokiError::not_found("no rule groups found"));
    }
    let mut out = String::new();
    let mut namespace = None;
    for group in &groups {
        if by_namespace && namespace != Some(&group.file) {
            let _ = writeln!(out, "{}:", quoted(&group.file));
            namespace = Some(&group.file);
        }
        write_group(&mut out, group, by_namespace);
    }
    Ok(([(header::CONTENT_TYPE, "application/yaml")], out).into_response())
}

/// A text in double quotes: YAML takes JSON's strings.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("strings serialize")
}

fn write_group(out: &mut String, group: &GroupStatus, in_list: bool) {
    let (first, indent) = if in_list { ("  - ", "    ") } else { ("", "") };
    let _ = writeln!(out, "{first}name: {}", quoted(&group.name));
    let _ = writeln!(out, "{indent}interval: {}", format_duration(group.interval));
    if group.limit > 0 {
        let _ = writeln!(out, "{indent}limit: {}", group.limit);
    }
    let _ = writeln!(out, "{indent}rules:");
    for rule in &group.rules {
        write_rule(out, rule, indent);
    }
}

fn write_rule(out: &mut String, rule: &RuleStatus, indent: &str) {
    let kind = if rule.alerting.is_some() { "alert" } else { "record" };
    let _ = writeln!(out, "{indent}  - {kind}: {}", quoted(&rule.name));
    let _ = writeln!(out, "{indent}    expr: {}", quoted(&rule.expr));
    if let Some(alerting) = &rule.alerting {
        if !alerting.hold.is_zero() {
            let _ = writeln!(out, "{indent}    for: {}", format_duration(alerting.hold));
        }
        if !alerting.keep_firing.is_zero() {
            let _ = writeln!(out, "{indent}    keep_firing_for: {}", format_duration(alerting.keep_firing));
        }
        write_pairs(out, "annotations", alerting.annotations.iter(), indent);
    }
    write_pairs(out, "labels", rule.labels.iter(), indent);
}

fn write_pairs<'a>(out: &mut String, key: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>, indent: &str) {
    for (i, (name, value)) in pairs.enumerate() {
        if i == 0 {
            let _ = writeln!(out, "{indent}    {key}:");
        }
        let _ = writeln!(out, "{indent}      {}: {}", quoted(name), quoted(value));
    }
}
