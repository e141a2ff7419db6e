//! Grafana's schema version 2, where a dashboard has elements and a layout, in the classic form.
//!
//! `v2alpha1` wrote a query's kind where later versions have its `group`; both are read.

mod layout;
mod variables;

use crate::finding::Notes;
use crate::json::{Fields, Object, drop_keys};
use serde_json::{Value, json};

/// Whether this is a dashboard of version 2.
pub(super) fn is_v2(dashboard: &Object) -> bool {
    dashboard.get("elements").is_some_and(Value::is_object) && dashboard.get("layout").is_some_and(Value::is_object)
}

/// The classic form of a dashboard of version 2. What is the same in both stays.
pub(super) fn classic(mut dashboard: Object, notes: &mut Notes) -> Object {
    let elements = match dashboard.take("elements") {
        Some(Value::Object(elements)) => elements,
        _ => Object::new(),
    };
    let layout = dashboard.take("layout").unwrap_or(Value::Null);
    let panels = layout::panels(&layout, &elements, notes);
    let variables: Vec<Value> = dashboard.list("variables").iter().filter_map(variables::classic).collect();
    let annotations: Vec<Value> = dashboard.list("annotations").iter().filter_map(annotation).collect();
    let cursor = match dashboard.text("cursorSync") {
        Some("Crosshair") => 1,
        Some("Tooltip") => 2,
        _ => 0,
    };
    let settings = match dashboard.take("timeSettings") {
        Some(Value::Object(settings)) => settings,
        _ => Object::new(),
    };
    drop_keys(&mut dashboard, &["variables", "cursorSync", "preload"]);
    dashboard.put("schemaVersion", 41);
    dashboard.put("graphTooltip", cursor);
    dashboard.put("panels", panels);
    dashboard.put("templating", json!({"list": variables}));
    dashboard.put("annotations", json!({"list": annotations}));
    times(&settings, &mut dashboard);
    dashboard
}

fn times(settings: &Object, dashboard: &mut Object) {
    let text = |key: &str| settings.text(key).filter(|text| !text.is_empty());
    dashboard.put("time", json!({"from": text("from").unwrap_or("now-6h"), "to": text("to").unwrap_or("now")}));
    for (old, new) in [("autoRefresh", "refresh"), ("timezone", "timezone"), ("weekStart", "weekStart")] {
        if let Some(text) = text(old) {
            dashboard.put(new, text);
        }
    }
    if let Some(month) = settings.integer("fiscalYearStartMonth") {
        dashboard.put("fiscalYearStartMonth", month);
    }
    let mut picker = Object::new();
    if settings.flag("hideTimepicker") == Some(true) {
        picker.put("hidden", true);
    }
    for (old, new) in [("autoRefreshIntervals", "refresh_intervals"), ("nowDelay", "nowDelay"), ("quickRanges", "quick_ranges")] {
        if let Some(value) = settings.get(old).filter(|value| !value.is_null()) {
            picker.put(new, value.clone());
        }
    }
    dashboard.put("timepicker", picker);
}

/// What stands in `spec` of a thing of version 2.
fn spec(value: &Value) -> Option<&Object> {
    value.as_object()?.object("spec")
}

/// The kind of a query or a panel: `group`, or in `v2alpha1` the kind of the thing itself.
fn group(of: &Object) -> Option<&str> {
    of.text("group")
        .filter(|group| !group.is_empty())
        .or_else(|| of.text("kind").filter(|kind| *kind != "DataQuery" && *kind != "VizConfig"))
}

/// A query with its data source, which may stand beside it.
fn query(query: Option<&Object>, beside: Option<&Value>) -> Object {
    let Some(query) = query else { return Object::new() };
    let mut out = query.object("spec").cloned().unwrap_or_default();
    let uid = query.object("datasource").and_then(|source| source.text("name"));
    let mut source = beside.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(kind) = group(query) {
        source.put_missing("type", kind);
    }
    if let Some(uid) = uid {
        source.put_missing("uid", uid);
    }
    if !source.is_empty() {
        out.put("datasource", source);
    }
    out
}

fn annotation(value: &Value) -> Option<Value> {
    let mut spec = spec(value)?.clone();
    let asked = query(spec.object("query"), spec.get("datasource"));
    drop_keys(&mut spec, &["query", "datasource"]);
    // What only some data sources have.
    if let Some(Value::Object(legacy)) = spec.take("legacyOptions") {
        for (key, value) in legacy {
            spec.entry(key).or_insert(value);
        }
    }
    let mut out = asked;
    for (key, value) in spec {
        out.insert(key, value);
    }
    if out.take("builtIn") == Some(Value::Bool(true)) {
        out.put("builtIn", 1);
        out.put("type", "dashboard");
        out.put("datasource", json!({"type": "grafana", "uid": "-- Grafana --"}));
    }
    Some(Value::Object(out))
}

/// A panel of an element; its place is added by the layout.
fn panel(element: &Value) -> Option<Object> {
    let kind = element.as_object()?.text("kind")?;
    let spec = spec(element)?;
    let mut out = Object::new();
    for key in ["id", "title", "description", "transparent", "links"] {
        if let Some(value) = spec.get(key) {
            out.put(key, value.clone());
        }
    }
    if kind == "LibraryPanel" {
        out.put("libraryPanel", spec.get("libraryPanel").cloned().unwrap_or_default());
        return Some(out);
    }
    let data = spec.get("data").and_then(self::spec).cloned().unwrap_or_default();
    if let Some(options) = data.object("queryOptions") {
        out.extend(options.clone());
    }
    let targets: Vec<Value> = data.list("queries").iter().filter_map(target).collect();
    out.put("targets", targets);
    let steps: Vec<Value> = data.list("transformations").iter().filter_map(transformation).collect();
    out.put("transformations", steps);
    if let Some(shown) = spec.object("vizConfig") {
        out.put("type", group(shown).unwrap_or_default());
        for (key, value) in shown.object("spec").into_iter().flatten() {
            out.put(key, value.clone());
        }
    }
    Some(out)
}

fn target(value: &Value) -> Option<Value> {
    let spec = spec(value)?;
    let mut out = query(spec.object("query"), spec.get("datasource"));
    if let Some(name) = spec.get("refId") {
        out.put("refId", name.clone());
    }
    if let Some(hidden) = spec.flag("hidden") {
        out.put("hide", hidden);
    }
    Some(Value::Object(out))
}

fn transformation(value: &Value) -> Option<Value> {
    let whole = value.as_object()?;
    let mut out = whole.object("spec")?.clone();
    if let Some(kind) = group(whole).filter(|kind| *kind != "Transformation") {
        out.put_missing("id", kind);
    }
    Some(Value::Object(out))
}
