//! Queries of panels.

use super::Context;
use crate::json::{Fields, Object, drop_keys, integer};
use phoenix_model::Severity;
use serde_json::Value;
use std::collections::BTreeSet;

/// Gives every query a name of its own and the keys that its language has today. Data sources are told already.
pub(crate) fn migrate(panel: &mut Object, context: &mut Context<'_>) {
    let id = panel.integer("id");
    let Some(targets) = panel.list_mut("targets") else { return };
    targets.retain(Value::is_object);
    name(targets, id, context);
    for target in targets.iter_mut().filter_map(Value::as_object_mut) {
        let kind = target.object("datasource").and_then(|source| source.text("type")).unwrap_or_default().to_owned();
        if let Some(hide) = target.flag("hide") {
            target.put("hide", hide);
        }
        match kind.as_str() {
            "prometheus" => prometheus(target),
            "loki" => loki(target),
            "tempo" => super::tempo::migrate(target),
            _ => {}
        }
    }
}

/// `A` to `Z`, then `AA`, as Grafana counts.
fn name(targets: &mut [Value], panel: Option<i64>, context: &mut Context<'_>) {
    let mut taken = BTreeSet::new();
    let mut unnamed = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let name = target.get("refId").and_then(Value::as_str).filter(|name| !name.is_empty());
        match name {
            Some(name) if taken.insert(name.to_owned()) => {}
            Some(name) => {
                let message = format!("two queries are called `{name}`; the later one gets another name");
                context.notes.add(Severity::Info, panel, &format!("/targets/{at}/refId"), message);
                unnamed.push(at);
            }
            None => unnamed.push(at),
        }
    }
    let mut names = (0..).map(letters);
    for at in unnamed {
        let free = names.find(|name| !taken.contains(name)).expect("there is always another");
        if let Some(target) = targets[at].as_object_mut() {
            target.put("refId", free);
        }
    }
}

fn letters(mut number: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(b'A' + (number % 26) as u8);
        match (number / 26).checked_sub(1) {
            Some(rest) => number = rest,
            None => break,
        }
    }
    name.iter().rev().map(|letter| char::from(*letter)).collect()
}

fn prometheus(target: &mut Object) {
    if !target.get("expr").is_some_and(Value::is_string) {
        // Some programs write what is asked as `query`.
        let query = target.text("query").unwrap_or_default().to_owned();
        target.put("expr", query);
    }
    for key in ["instant", "range", "exemplar"] {
        if let Some(flag) = target.flag(key) {
            target.put(key, flag);
        }
    }
    // Of the editor of version 2 and 3, which worked it out anew each time.
    drop_keys(target, &["metric", "prometheusLink", "calculatedInterval", "target"]);
    if let Some(step) = target.take("step") {
        // The least step in seconds, before `interval` was told as a duration.
        if let (Some(step), false) = (integer(&step).filter(|step| *step > 0), target.has("interval") || target.has("intervalFactor")) {
            target.put("interval", format!("{step}s"));
        }
    }
    if let Some(factor) = target.get("intervalFactor").and_then(integer) {
        target.put("intervalFactor", factor.max(1));
    }
}

fn loki(target: &mut Object) {
    if !target.get("expr").is_some_and(Value::is_string) {
        let query = target.text("query").unwrap_or_default().to_owned();
        target.put("expr", query);
    }
    // The pattern beside the selector, of Grafana 6.
    if let Some(Value::String(pattern)) = target.take("regexp")
        && !pattern.is_empty()
        && let Some(expr) = target.text("expr").map(|expr| format!("{expr} |~ {}", Value::from(pattern.as_str())))
    {
        target.put("expr", expr);
    }
    if let Some(lines) = target.take("maxLines").as_ref().and_then(integer) {
        target.put("maxLines", lines.max(0));
    }
    let instant = target.take("instant") == Some(Value::Bool(true));
    target.shift_remove("range");
    if !target.get("queryType").is_some_and(Value::is_string) {
        target.put("queryType", if instant { "instant" } else { "range" });
    }
}
