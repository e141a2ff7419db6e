//! What belongs to the dashboard as a whole.

use crate::finding::Notes;
use crate::json::{Fields, Object, drop_keys, slug};
use phoenix_model::Severity;
use serde_json::{Value, json};

/// Gives the dashboard a uid; tells whether it had one.
pub(crate) fn uid(dashboard: &mut Object, of_envelope: Option<&str>, hint: Option<&str>, notes: &mut Notes) -> bool {
    let written = dashboard.text("uid").filter(|uid| !uid.is_empty()).or(of_envelope).filter(|uid| !uid.is_empty());
    let (uid, has_uid) = match written {
        Some(uid) if is_uid(uid) => (uid.to_owned(), true),
        Some(uid) => {
            let mended = slug(uid);
            let mended = if mended.is_empty() { "dashboard".to_owned() } else { mended };
            let message =
                format!("the uid `{}` cannot be used, the dashboard is called `{mended}`", uid.chars().take(80).collect::<String>());
            notes.add(Severity::Info, None, "/uid", message).help("a uid has at most 40 letters, digits, `-` and `_`");
            (mended, true)
        }
        None => {
            let made = hint.map(slug).filter(|hint| !hint.is_empty());
            let made = made.or_else(|| dashboard.text("title").map(slug).filter(|title| !title.is_empty()));
            (made.unwrap_or_else(|| "dashboard".to_owned()), false)
        }
    };
    dashboard.put("uid", uid);
    has_uid
}

fn is_uid(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Brings everything but panels, variables and annotations into the newest form.
pub(crate) fn migrate(dashboard: &mut Object, version: i64) {
    // The number of a row in some other server's database.
    dashboard.put("id", Value::Null);
    let title = match dashboard.get("title") {
        Some(Value::String(title)) if !title.trim().is_empty() => title.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => dashboard.text("uid").unwrap_or("dashboard").to_owned(),
    };
    dashboard.put("title", title);
    tags(dashboard);
    if dashboard.take("sharedCrosshair").is_some_and(|shared| shared == Value::Bool(true)) {
        dashboard.put_missing("graphTooltip", 1);
    }
    let tooltip = dashboard.integer("graphTooltip").filter(|mode| (0..=2).contains(mode)).unwrap_or(0);
    dashboard.put("graphTooltip", tooltip);
    time(dashboard);
    if !dashboard.get("timezone").is_some_and(Value::is_string) {
        dashboard.put("timezone", "");
    }
    if !dashboard.get("editable").is_some_and(Value::is_boolean) {
        dashboard.put("editable", true);
    }
    links(dashboard);
    if version < 25 {
        drop_keys(dashboard, &["hideControls", "originalTitle", "slug"]);
    }
}

fn tags(dashboard: &mut Object) {
    let tags: Vec<Value> = match dashboard.get("tags") {
        Some(Value::Array(tags)) => tags.iter().filter(|tag| tag.is_string()).cloned().collect(),
        Some(Value::String(tags)) => tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(Value::from).collect(),
        _ => Vec::new(),
    };
    dashboard.put("tags", tags);
}

/// The range of time, the picker, and how often it is all asked anew.
fn time(dashboard: &mut Object) {
    // Before version 7 the picker was one entry of a list.
    if let Some(Value::Array(nav)) = dashboard.take("nav")
        && let Some(first) = nav.into_iter().next().filter(Value::is_object)
    {
        dashboard.put_missing("timepicker", first);
    }
    // Before version 2 the range stood among the services.
    if let Some(Value::Object(services)) = dashboard.take("services")
        && let Some(range) = services.object("filter").and_then(|filter| filter.object("time"))
    {
        dashboard.put_missing("time", range.clone());
    }
    let as_text = |value: Option<&Value>| match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let range = dashboard.object("time");
    let from = as_text(range.and_then(|range| range.get("from"))).unwrap_or_else(|| "now-6h".to_owned());
    let to = as_text(range.and_then(|range| range.get("to"))).unwrap_or_else(|| "now".to_owned());
    let range = dashboard.make_object("time");
    range.put("from", from);
    range.put("to", to);

    let picker = dashboard.make_object("timepicker");
    drop_keys(picker, &["time_options", "collapse", "enable", "notice", "now", "status", "type"]);
    if let Some(intervals) = picker.take("refresh_intervals") {
        let intervals: Vec<Value> = match intervals {
            Value::Array(list) => list.into_iter().filter(Value::is_string).collect(),
            _ => Vec::new(),
        };
        if !intervals.is_empty() {
            picker.put("refresh_intervals", intervals);
        }
    }
    let refresh = dashboard.text("refresh").unwrap_or_default().to_owned();
    dashboard.put("refresh", refresh);
}

fn links(dashboard: &mut Object) {
    let links = dashboard.make_list("links");
    links.retain(Value::is_object);
    for link in links.iter_mut().filter_map(Value::as_object_mut) {
        let kind = match link.text("type") {
            Some("dashboards" | "link") => continue,
            // Two earlier names of a list by tags and of one dashboard.
            Some("dashlist") => "dashboards",
            _ if link.has("url") => "link",
            _ if !link.list("tags").is_empty() => "dashboards",
            _ => "link",
        };
        if let Some(path) = link.take("dashUri").as_ref().and_then(Value::as_str)
            && !link.has("url")
        {
            link.put("url", format!("/dashboard/{path}"));
        }
        link.put("type", kind);
    }
    for link in links.iter_mut().filter_map(Value::as_object_mut) {
        if !link.get("title").is_some_and(Value::is_string) {
            link.put("title", "");
        }
    }
}

/// The annotations that people write, which every dashboard can show.
pub(crate) fn built_in() -> Value {
    json!({
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": true,
        "hide": true,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard"
    })
}
