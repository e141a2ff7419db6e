//! Axes of the old graph, in all the forms that they had.

use crate::json::{Fields, Object, number, plain};
use crate::migrate::field_config::FieldConfig;
use serde_json::{Value, json};

/// Brings the axes of versions before 12 into those of Grafana 4 to 7: `xaxis` and a list `yaxes`.
pub(super) fn modernize(panel: &mut Object) {
    let grid = panel.object("grid").cloned().unwrap_or_default();
    if !panel.get("yaxes").is_some_and(Value::is_array) {
        let shown = panel.flag("y-axis").unwrap_or(true);
        let formats: Vec<Value> = match panel.get("y_formats") {
            Some(Value::Array(formats)) => formats.clone(),
            _ => panel.get("y_format").cloned().into_iter().collect(),
        };
        let side = |side: &str, at: usize| {
            let of = |what: &str| grid.get(&format!("{side}{what}")).cloned().unwrap_or(Value::Null);
            let label = panel.get(&format!("{side}YAxisLabel")).cloned().unwrap_or(Value::Null);
            let format = formats.get(at).cloned().filter(Value::is_string).unwrap_or_else(|| json!("short"));
            json!({"format": format, "label": label, "logBase": of("LogBase"), "max": of("Max"), "min": of("Min"), "show": shown})
        };
        let axes = json!([side("left", 0), side("right", 1)]);
        panel.put("yaxes", axes);
    }
    if !panel.get("xaxis").is_some_and(Value::is_object) {
        let shown = panel.flag("x-axis").unwrap_or(true);
        panel.put("xaxis", json!({"show": shown, "mode": "time"}));
    }
    // Before version 13 thresholds belonged to the grid.
    if !panel.get("thresholds").is_some_and(Value::is_array) {
        let mut thresholds = Vec::new();
        let line = grid.flag("thresholdLine") == Some(true);
        let ends: Vec<f64> = ["threshold1", "threshold2"].into_iter().filter_map(|key| grid.number(key)).collect();
        let below = matches!(ends.as_slice(), [first, second] if first > second);
        for (key, color) in [("threshold1", "threshold1Color"), ("threshold2", "threshold2Color")] {
            if let Some(value) = grid.number(key) {
                let color = grid.text(color).unwrap_or("red");
                thresholds.push(json!({
                    "value": plain(value), "op": if below { "lt" } else { "gt" }, "colorMode": "custom",
                    "fill": !line, "line": line, "fillColor": color, "lineColor": color
                }));
            }
        }
        panel.put("thresholds", thresholds);
    }
    // Before version 4 series were put on the other side by name.
    if let Some(Value::Object(sides)) = panel.take("aliasYAxis") {
        let overrides = panel.make_list("seriesOverrides");
        for (alias, side) in sides {
            overrides.push(json!({"alias": alias, "yaxis": side}));
        }
    }
}

/// What one side of the chart says, as properties of a field.
pub(super) struct Axis {
    pub(super) unit: String,
    pub(super) min: Value,
    pub(super) max: Value,
    pub(super) decimals: Value,
    pub(super) label: String,
    pub(super) scale: Value,
    pub(super) shown: bool,
}

impl Axis {
    /// The left one is 0, the right one 1.
    pub(super) fn of(panel: &Object, side: usize) -> Self {
        let none = Object::new();
        let axis = panel.list("yaxes").get(side).and_then(Value::as_object).unwrap_or(&none);
        // Ends could also be words, such as `auto`, and patterns, such as `>5`.
        let end = |key: &str| axis.get(key).and_then(number).map_or(Value::Null, plain);
        let decimals = axis.get("decimals").or_else(|| panel.get("decimals")).and_then(number).map_or(Value::Null, plain);
        let base = axis.number("logBase").unwrap_or(1.0);
        Self {
            unit: axis.text("format").filter(|unit| !unit.is_empty()).unwrap_or("short").to_owned(),
            min: end("min"),
            max: end("max"),
            decimals,
            label: axis.text("label").unwrap_or_default().to_owned(),
            scale: if base > 1.0 { json!({"type": "log", "log": plain(base)}) } else { json!({"type": "linear"}) },
            shown: axis.flag("show").unwrap_or(true),
        }
    }
}

/// The left axis is the one of every field.
pub(super) fn left(panel: &Object, config: &mut FieldConfig) {
    let axis = Axis::of(panel, 0);
    config.defaults.put("unit", axis.unit);
    for (key, value) in [("min", axis.min), ("max", axis.max), ("decimals", axis.decimals)] {
        config.defaults.shift_remove(key);
        if !value.is_null() {
            config.defaults.put(key, value);
        }
    }
    if !axis.label.is_empty() {
        config.custom.put("axisLabel", axis.label);
    }
    if !axis.shown {
        config.custom.put("axisPlacement", "hidden");
    }
    config.custom.put("scaleDistribution", axis.scale);
}

/// What a field says that belongs to the right axis: all in which that differs from the left one.
pub(super) fn right(panel: &Object) -> Vec<(&'static str, Value)> {
    let (left, right) = (Axis::of(panel, 0), Axis::of(panel, 1));
    let mut properties = vec![("custom.axisPlacement", json!(if right.shown { "right" } else { "hidden" }))];
    if right.unit != left.unit {
        properties.push(("unit", json!(right.unit)));
    }
    for (id, ours, theirs) in [("min", right.min, left.min), ("max", right.max, left.max), ("decimals", right.decimals, left.decimals)] {
        if ours != theirs {
            properties.push((id, ours));
        }
    }
    if right.label != left.label {
        properties.push(("custom.axisLabel", json!(right.label)));
    }
    if right.scale != left.scale {
        properties.push(("custom.scaleDistribution", right.scale));
    }
    properties
}

/// The axis of time, where it is hidden.
pub(super) fn time(panel: &Object, config: &mut FieldConfig) {
    if panel.object("xaxis").and_then(|axis| axis.flag("show")) == Some(false) {
        config.add(&json!({"id": "byType", "options": "time"}), vec![("custom.axisPlacement", json!("hidden"))]);
    }
}
