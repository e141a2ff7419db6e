//! Tempo's older ways to search, as TraceQL.

use crate::json::{Fields, Object, drop_keys};
use serde_json::Value;

/// Brings a query of Tempo into TraceQL.
pub(crate) fn migrate(target: &mut Object) {
    match target.text("queryType").unwrap_or_default() {
        "nativeSearch" => native(target),
        "traceqlSearch" => filters(target),
        "traceId" => target.put("queryType", "traceql"),
        "" if target.text("query").is_some() => target.put("queryType", "traceql"),
        _ => {}
    }
    if let Some(limit) = target.get("limit").and_then(crate::json::integer) {
        target.put("limit", limit.max(1));
    }
}

/// The search by service, name, duration and tags in logfmt. What cannot be told in TraceQL stays, and is reported.
fn native(target: &mut Object) {
    let mut conditions = Vec::new();
    if let Some(service) = target.text("serviceName").filter(|text| !text.is_empty()) {
        conditions.push(format!("resource.service.name = {}", quoted(service)));
    }
    if let Some(name) = target.text("spanName").filter(|text| !text.is_empty()) {
        conditions.push(format!("name = {}", quoted(name)));
    }
    for (key, sign) in [("minDuration", ">="), ("maxDuration", "<=")] {
        if let Some(duration) = target.text(key).map(str::trim).filter(|text| !text.is_empty()) {
            conditions.push(format!("traceDuration {sign} {duration}"));
        }
    }
    let mut sets = Vec::new();
    let tags = target.text("search").unwrap_or_default().trim();
    if !conditions.is_empty() || tags.is_empty() {
        sets.push(join(&conditions));
    }
    if !tags.is_empty() {
        // A variable would be looked for as it stands.
        let Some(query) = (!tags.contains('$')).then(|| phoenix_traceql::from_tags(tags, None, None).ok()).flatten() else { return };
        sets.push(query.to_string());
    }
    target.put("query", sets.join(" && "));
    target.put("queryType", "traceql");
    drop_keys(target, &["serviceName", "spanName", "minDuration", "maxDuration", "search"]);
}

/// The search builder keeps its fields; what is asked is made of them.
fn filters(target: &mut Object) {
    let filters: Vec<&Object> = target.list("filters").iter().filter_map(Value::as_object).collect();
    if filters.is_empty() {
        return;
    }
    let conditions: Vec<String> = filters.into_iter().filter_map(condition).collect();
    target.put("query", join(&conditions));
}

fn condition(filter: &Object) -> Option<String> {
    let tag = filter.text("tag").filter(|tag| !tag.is_empty())?;
    let operator = filter.text("operator").unwrap_or("=");
    let intrinsic = filter.text("scope") == Some("intrinsic") || INTRINSICS.contains(&tag);
    let name = match filter.text("scope") {
        _ if intrinsic => tag.to_owned(),
        Some(scope @ ("resource" | "span" | "event" | "link" | "instrumentation")) => format!("{scope}.{}", attribute(tag)),
        _ => format!(".{}", attribute(tag.trim_start_matches('.'))),
    };
    let texts: Vec<&str> = match filter.get("value")? {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    let quotes = filter.text("valueType").map_or(!intrinsic, |kind| kind == "string");
    let value = match texts.as_slice() {
        [] => return None,
        // A variable may stand for several.
        [one] if quotes => quoted(one),
        [one] => (*one).to_owned(),
        several if quotes => quoted(&several.join("|")),
        several => {
            let each: Vec<String> = several.iter().map(|one| format!("{name} {operator} {one}")).collect();
            let word = if operator.starts_with('!') { " && " } else { " || " };
            return Some(format!("({})", each.join(word)));
        }
    };
    let operator = match (operator, texts.len()) {
        ("=", 2..) => "=~",
        ("!=", 2..) => "!~",
        (operator, _) => operator,
    };
    Some(format!("{name} {operator} {value}"))
}

const INTRINSICS: [&str; 14] = [
    "name",
    "status",
    "kind",
    "duration",
    "statusMessage",
    "traceDuration",
    "rootName",
    "rootServiceName",
    "span:name",
    "span:status",
    "span:kind",
    "span:duration",
    "trace:duration",
    "nestedSetParent",
];

fn join(conditions: &[String]) -> String {
    if conditions.is_empty() { "{}".to_owned() } else { format!("{{{}}}", conditions.join(" && ")) }
}

/// A text in TraceQL.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The name of an attribute, in quotes where it has other characters than names may have.
fn attribute(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_.-/".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}
