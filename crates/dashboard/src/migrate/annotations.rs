//! Queries that mark moments in charts.

use super::Context;
use super::dashboard::built_in;
use super::data_source::{Named, Sources};
use crate::json::{Fields, Object};
use serde_json::Value;

/// Brings them into the newest form.
pub(crate) fn migrate(dashboard: &mut Object, context: &Context<'_>) {
    // Before version 6 they were one of the things that could be pulled down.
    if let Some(Value::Array(pulldowns)) = dashboard.take("pulldowns") {
        let old = pulldowns.iter().filter_map(Value::as_object).find(|pulldown| pulldown.text("type") == Some("annotations"));
        if let Some(old) = old
            && !dashboard.has("annotations")
        {
            dashboard.make_object("annotations").put("list", old.list("annotations").to_vec());
        }
    }
    let annotations = dashboard.make_object("annotations");
    // The annotations of the deprecated `enable` of the whole.
    annotations.shift_remove("enable");
    let list = annotations.make_list("list");
    list.retain(Value::is_object);
    for query in list.iter_mut().filter_map(Value::as_object_mut) {
        one(query, context);
    }
    let is_built_in = |query: &Value| query.as_object().is_some_and(|query| query.integer("builtIn") == Some(1));
    if !list.iter().any(is_built_in) {
        list.insert(0, built_in());
    }
}

fn one(query: &mut Object, context: &Context<'_>) {
    if !query.get("name").is_some_and(Value::is_string) {
        query.put("name", "Annotations");
    }
    if query.get("enable").and_then(Value::as_bool).is_none() {
        let enable = query.flag("enable").unwrap_or(true);
        query.put("enable", enable);
    }
    if !query.get("iconColor").is_some_and(Value::is_string) {
        query.put("iconColor", "red");
    }
    if query.flag("showIn").is_some() && query.integer("showIn") == Some(0) {
        query.shift_remove("showIn");
    }
    let source = if query.integer("builtIn") == Some(1) || query.text("type") == Some("dashboard") {
        match context.sources.named(query.get("datasource")) {
            Named::One(source) if source.text("uid").is_some_and(|uid| uid.starts_with("-- ")) => source,
            _ => built_in().as_object().and_then(|built_in| built_in.object("datasource")).cloned().unwrap_or_default(),
        }
    } else {
        match context.sources.named(query.get("datasource")) {
            Named::One(source) => source,
            Named::Default | Named::Mixed(_) => Sources::of_target(query),
        }
    };
    query.put("datasource", source);
    // Loki's and Prometheus' editors write the query into `target` or beside it.
    if !query.has("expr")
        && let Some(expr) = query.object("target").and_then(|target| target.text("expr")).map(str::to_owned)
    {
        query.put("expr", expr);
    }
    if !query.has("tagKeys")
        && let Some(keys) = query.take("tagsField").filter(Value::is_string)
    {
        query.put("tagKeys", keys);
    }
}
