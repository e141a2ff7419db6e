//! What all kinds of panels share, and which file knows the kind.

use super::Context;
use super::{fields, kinds, targets, transformations};
use crate::json::{Fields, Object, drop_keys, slug};
use crate::stand_ins;
use phoenix_promql::ExprKind;
use serde_json::{Value, json};

/// Kinds that show no data of queries.
const WITHOUT_DATA: [&str; 8] = ["row", "text", "dashlist", "alertlist", "news", "welcome", "gettingstarted", "annolist"];

/// Brings a panel into the newest form.
pub(crate) fn migrate(panel: &mut Object, context: &mut Context<'_>) {
    common(panel);
    if panel.text("type") == Some("row") {
        return;
    }
    kind_of(panel);
    if panel.has("targets") && !panel.get("targets").is_some_and(Value::is_array) {
        panel.shift_remove("targets");
    }
    context.sources.of_panel(panel);
    let kind = panel.text("type").unwrap_or_default().to_owned();
    if WITHOUT_DATA.contains(&kind.as_str()) {
        // What an editor left behind when the kind was changed.
        drop_keys(panel, &["datasource", "targets"]);
    }
    targets::migrate(panel, context);
    kinds::migrate(panel, context);
    transformations::migrate(panel, context);
    fields::migrate(panel);
}

fn common(panel: &mut Object) {
    let title = match panel.get("title") {
        Some(Value::String(title)) => title.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    panel.put("title", title);
    if panel.text("description").is_none_or(str::is_empty) {
        panel.shift_remove("description");
    }
    if let Some(transparent) = panel.flag("transparent") {
        panel.put("transparent", transparent);
    }
    repeat(panel);
    links(panel);
    for key in ["interval", "timeFrom", "timeShift"] {
        if panel.get(key).is_some_and(|value| value.as_str().is_none_or(str::is_empty)) {
            panel.shift_remove(key);
        }
    }
    match panel.take("maxDataPoints").as_ref().and_then(crate::json::integer) {
        Some(points) if points > 0 => panel.put("maxDataPoints", points),
        _ => {}
    }
    drop_keys(panel, &["editable", "error", "isNew", "pluginVersion", "renderer"]);
}

fn repeat(panel: &mut Object) {
    if panel.text("repeat").is_none_or(str::is_empty) {
        drop_keys(panel, &["repeat", "repeatDirection"]);
    }
    // How narrow a repeated panel may be was told in columns of 24; now it is how many stand beside each other.
    if let Some(least) = panel.take("minSpan").as_ref().and_then(crate::json::integer)
        && least > 0
        && !panel.has("maxPerRow")
    {
        let beside = [1, 2, 3, 4, 6, 8, 12, 24];
        let wanted = 24 / least.min(24);
        let most = beside.into_iter().find(|n| *n >= wanted).unwrap_or(24);
        panel.put("maxPerRow", most);
    }
}

/// Links of panels named dashboards before they were addresses.
fn links(panel: &mut Object) {
    let Some(links) = panel.take("links") else { return };
    let Value::Array(links) = links else { return };
    let links: Vec<Value> = links.into_iter().filter_map(|link| link.as_object().map(link_of)).collect();
    panel.put("links", links);
}

fn link_of(old: &Object) -> Value {
    let is_new = !["dashboard", "dashUri", "params", "keepTime", "includeVars", "type"].iter().any(|key| old.contains_key(*key));
    let mut link = old.clone();
    if !is_new {
        let mut url = match (old.text("url"), old.text("dashUri"), old.text("dashboard")) {
            (Some(url), ..) if !url.is_empty() => url.to_owned(),
            (_, Some(path), _) => format!("dashboard/{path}"),
            (_, _, Some(title)) => format!("dashboard/db/{}", slug(title)),
            _ => "/".to_owned(),
        };
        let mut add = |text: &str| {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(text);
        };
        if old.flag("keepTime") == Some(true) {
            add("$__url_time_range");
        }
        if old.flag("includeVars") == Some(true) {
            add("$__all_variables");
        }
        if let Some(params) = old.text("params").filter(|params| !params.is_empty()) {
            add(params);
        }
        drop_keys(&mut link, &["dashboard", "dashUri", "params", "keepTime", "includeVars", "type"]);
        link.put("url", url);
    }
    if let Some(blank) = link.take("targetBlank") {
        link.put("targetBlank", blank == Value::Bool(true));
    }
    for key in ["title", "url"] {
        if !link.get(key).is_some_and(Value::is_string) {
            link.put(key, "");
        }
    }
    Value::Object(link)
}

/// Gives a panel a kind where none is told: what its only query gives decides.
fn kind_of(panel: &mut Object) {
    if panel.text("type").is_some_and(|kind| !kind.is_empty()) {
        return;
    }
    let targets: Vec<&Object> = panel.list("targets").iter().filter_map(Value::as_object).collect();
    let kind = match targets.as_slice() {
        [] if panel.has("content") || panel.object("options").is_some_and(|options| options.has("content")) => "text",
        [only] => kind_of_query(only),
        _ => "timeseries",
    };
    if kind == "text"
        && let Some(content) = panel.take("content")
    {
        panel.put("options", json!({"mode": "markdown", "content": content}));
    }
    panel.put("type", kind);
}

/// One number is a `stat`, lines are `logs`, traces are a `table`; all else changes over time.
fn kind_of_query(target: &Object) -> &'static str {
    match super::source_types::kind_of_target(target) {
        Some("prometheus") => {
            let query = stand_ins::fill(target.text("expr").unwrap_or_default());
            match phoenix_promql::parse(&query).into_result() {
                Ok(expr) if is_one_number(&expr.kind) => "stat",
                _ => "timeseries",
            }
        }
        Some("loki") => {
            let query = stand_ins::fill(target.text("expr").unwrap_or_default());
            if phoenix_logql::parse_log(&query).is_ok() { "logs" } else { "timeseries" }
        }
        Some("tempo") => "table",
        _ => "timeseries",
    }
}

/// Whether a query gives one series at most, whatever is stored.
fn is_one_number(expr: &ExprKind) -> bool {
    use phoenix_promql::ast::AggregateOp::{Bottomk, CountValues, LimitRatio, Limitk, Topk};
    match expr {
        ExprKind::Number(_) => true,
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => is_one_number(&inner.kind),
        ExprKind::Binary(binary) => is_one_number(&binary.lhs.kind) && is_one_number(&binary.rhs.kind),
        ExprKind::Aggregate(aggregate) => {
            let picks = matches!(aggregate.op, Topk | Bottomk | Limitk | LimitRatio | CountValues);
            !picks && aggregate.grouping.as_ref().is_none_or(|grouping| !grouping.without && grouping.labels.is_empty())
        }
        ExprKind::Call(call) => match call.function.name {
            "scalar" | "time" | "pi" => true,
            "abs" | "ceil" | "floor" | "round" | "clamp" | "clamp_min" | "clamp_max" | "vector" | "ln" | "log2" | "log10" | "exp"
            | "sqrt" => call.args.first().is_some_and(|first| is_one_number(&first.kind)),
            _ => false,
        },
        _ => false,
    }
}
