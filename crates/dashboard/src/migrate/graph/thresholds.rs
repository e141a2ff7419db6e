//! Thresholds of the old graph: each is a value with what lies above or below it.

use crate::json::{Fields, Object, plain};
use crate::migrate::field_config::FieldConfig;
use serde_json::{Value, json};

/// One threshold.
struct Old {
    value: f64,
    below: bool,
    color: String,
}

/// As steps from minus infinity upwards. Where nothing is coloured a step is transparent.
pub(super) fn migrate(panel: &mut Object, config: &mut FieldConfig) {
    let list: Vec<&Object> = panel.list("thresholds").iter().filter_map(Value::as_object).collect();
    let mut old: Vec<Old> = Vec::new();
    let (mut area, mut line, mut others) = (false, false, Vec::new());
    for threshold in list {
        let Some(value) = threshold.number("value") else { continue };
        // Steps belong to a field; of the other axis there may be none.
        if threshold.text("yaxis") == Some("right") {
            others.push(Value::Object(threshold.clone()));
            continue;
        }
        let fill = threshold.flag("fill").unwrap_or(false);
        area |= fill;
        line |= threshold.flag("line").unwrap_or(false);
        old.push(Old { value, below: threshold.text("op") == Some("lt"), color: color(threshold, fill) });
    }
    old.sort_by(|a, b| a.value.total_cmp(&b.value));
    let steps = steps(&old);
    if steps.len() > 1 {
        config.defaults.put("thresholds", json!({"mode": "absolute", "steps": steps}));
        let mode = match (area, line) {
            (true, true) => "line+area",
            (true, false) => "area",
            _ => "line",
        };
        config.custom.put("thresholdsStyle", json!({"mode": mode}));
    }
    if !others.is_empty() {
        panel.put("rightThresholds", others);
    }
}

fn color(threshold: &Object, fill: bool) -> String {
    let own = || threshold.text(if fill { "fillColor" } else { "lineColor" }).or_else(|| threshold.text("lineColor"));
    match threshold.text("colorMode") {
        Some("critical") => "red",
        Some("warning") => "orange",
        Some("ok") => "green",
        _ => own().unwrap_or("red"),
    }
    .to_owned()
}

fn steps(old: &[Old]) -> Vec<Value> {
    let step = |at: Option<f64>, color: &str| json!({"value": at.map_or(Value::Null, plain), "color": color});
    let mut steps = Vec::new();
    // What lies below the first is coloured only where that one is meant for below.
    match old.first() {
        Some(first) if first.below => steps.push(step(None, &first.color)),
        _ => steps.push(step(None, "transparent")),
    }
    for (at, one) in old.iter().enumerate() {
        let color = match old.get(at + 1) {
            _ if !one.below => &one.color,
            // Between two that colour what is below, the upper one's colour shows.
            Some(next) if next.below => &next.color,
            _ => "transparent",
        };
        steps.push(step(Some(one.value), color));
    }
    steps
}
