//! The panel `singlestat` of Grafana before 7: `stat` or `gauge`.

use super::field_config::{FieldConfig, calculation, fixed_color};
use super::mappings::Old;
use crate::json::{Fields, Object, drop_keys, number, plain};
use serde_json::{Value, json};

const KEYS: [&str; 30] = [
    "cacheTimeout",
    "colorBackground",
    "colorPostfix",
    "colorPrefix",
    "colorValue",
    "colors",
    "decimals",
    "format",
    "gauge",
    "mappingType",
    "mappingTypes",
    "maxPerLine",
    "nullPointMode",
    "nullText",
    "postfix",
    "postfixFontSize",
    "prefix",
    "prefixFontSize",
    "rangeMaps",
    "repeatPanel",
    "sparkline",
    "tableColumn",
    "thresholds",
    "valueFontSize",
    "valueMaps",
    "valueName",
    "maxValue",
    "minValue",
    "seriesOverrides",
    "fontSize",
];

/// Brings the panel into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    let mut config = FieldConfig::take(panel);
    let none = Object::new();
    let gauge = panel.object("gauge").unwrap_or(&none).clone();
    let is_gauge = gauge.flag("show") == Some(true);
    let value = panel.text("valueName").unwrap_or("avg").to_owned();
    let calc = if value == "name" { "lastNotNull" } else { calculation(&value) };
    // Only tables have columns to choose from; of series the column was kept and not looked at.
    let is_table = panel.list("targets").iter().filter_map(Value::as_object).any(|target| target.text("format") == Some("table"));
    let column = panel.text("tableColumn").filter(|column| is_table && !column.is_empty());
    let fields = column.map_or(String::new(), |column| format!("/^{}$/", escaped(column)));
    let mut options = Object::new();
    options.put("reduceOptions", json!({"calcs": [calc], "fields": fields, "values": false}));
    options.put("orientation", "auto");
    if is_gauge {
        options.put("showThresholdMarkers", gauge.flag("thresholdMarkers").unwrap_or(true));
        options.put("showThresholdLabels", gauge.flag("thresholdLabels").unwrap_or(false));
        config.defaults.put("min", gauge.get("minValue").and_then(number).map_or(json!(0), plain));
        config.defaults.put("max", gauge.get("maxValue").and_then(number).map_or(json!(100), plain));
    } else {
        let on = |key: &str| panel.flag(key) == Some(true);
        let color = if on("colorBackground") {
            "background"
        } else if on("colorValue") {
            "value"
        } else {
            "none"
        };
        let line = panel.object("sparkline").filter(|line| line.flag("show") == Some(true));
        options.put("colorMode", color);
        options.put("graphMode", if line.is_some() { "area" } else { "none" });
        options.put("justifyMode", "auto");
        options.put("textMode", if value == "name" { "name" } else { "auto" });
        if let Some(color) = line.and_then(|line| line.text("lineColor")).filter(|_| color == "none") {
            config.defaults.put("color", fixed_color(color));
        }
        for end in ["ymin", "ymax"] {
            if let Some(value) = line.and_then(|line| line.get(end)).and_then(number) {
                config.defaults.put(&end[1..], plain(value));
            }
        }
    }
    config.defaults.put_missing("color", json!({"mode": "thresholds"}));
    config.defaults.put("thresholds", thresholds(panel));
    if let Some(decimals) = panel.get("decimals").and_then(number) {
        config.defaults.put("decimals", plain(decimals));
    }
    texts(panel, &mut config);
    mapped(panel, &mut config.defaults);
    panel.put("type", if is_gauge { "gauge" } else { "stat" });
    // What stands beside a value with a unit cannot be told; it is kept for the report.
    let kept: Vec<(String, Value)> = ["prefix", "postfix"]
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), panel.get(*key).filter(|_| config.custom.has(key))?.clone())))
        .collect();
    config.custom = Object::new();
    drop_keys(panel, &KEYS);
    panel.extend(kept);
    panel.put("options", options);
    config.put(panel);
}

/// The unit, with a text before or behind the value where the unit leaves room for it.
fn texts(panel: &Object, config: &mut FieldConfig) {
    let text = |key: &str| panel.text(key).filter(|text| !text.trim().is_empty());
    let unit = panel.text("format").filter(|unit| !unit.is_empty()).unwrap_or("none");
    let unit = match (unit, text("prefix"), text("postfix")) {
        ("none", Some(prefix), None) => format!("prefix:{prefix}"),
        ("none", None, Some(postfix)) => format!("suffix:{postfix}"),
        (unit, prefix, postfix) => {
            for (key, text) in [("prefix", prefix), ("postfix", postfix)] {
                if text.is_some() {
                    config.custom.put(key, true);
                }
            }
            unit.to_owned()
        }
    };
    config.defaults.put("unit", unit);
    if let Some(text) = panel.text("nullText").filter(|text| !text.is_empty()) {
        config.defaults.put("noValue", text);
    }
    if panel.text("nullPointMode") == Some("null as zero") {
        config.defaults.put("nullValueMode", "null as zero");
    }
}

/// `50,80` and the three colours around them.
fn thresholds(panel: &Object) -> Value {
    let colors: Vec<&str> = panel.list("colors").iter().filter_map(Value::as_str).collect();
    let ends: Vec<f64> = match panel.get("thresholds") {
        Some(Value::String(text)) => text.split(',').filter_map(|end| end.trim().parse().ok()).collect(),
        Some(Value::Number(number)) => number.as_f64().into_iter().collect(),
        _ => Vec::new(),
    };
    steps(&ends, &colors)
}

/// Thresholds of old panels: a list of values, and colours of which there is one more.
pub(crate) fn steps(ends: &[f64], colors: &[&str]) -> Value {
    // Before version 9 there were three, of which the first meant nothing.
    let ends = if ends.len() > 2 && colors.len() <= ends.len() { &ends[1..] } else { ends };
    let color = |at: usize| colors.get(at).copied().unwrap_or("green");
    let mut steps = vec![json!({"color": color(0), "value": null})];
    steps.extend(ends.iter().enumerate().map(|(at, end)| json!({"color": color(at + 1), "value": plain(*end)})));
    json!({"mode": "absolute", "steps": steps})
}

/// Texts of values or of ranges; which of the two was a choice.
pub(crate) fn old_mappings(of: &Object) -> Vec<Value> {
    let mut old = Old::default();
    if of.integer("mappingType") == Some(2) {
        for map in of.list("rangeMaps").iter().filter_map(Value::as_object) {
            old.range(map.get("from"), map.get("to"), map.text("text").unwrap_or_default());
        }
    } else {
        for map in of.list("valueMaps").iter().filter_map(Value::as_object) {
            match map.get("value") {
                Some(Value::String(value)) if !value.is_empty() => old.value(value, map.text("text").unwrap_or_default()),
                Some(Value::Number(value)) => old.value(&value.to_string(), map.text("text").unwrap_or_default()),
                _ => {}
            }
        }
    }
    old.finish()
}

fn mapped(panel: &Object, defaults: &mut Object) {
    let mappings = old_mappings(panel);
    // A text for `null` was shown where nothing was found, too.
    let of_null = mappings.iter().find(|mapping| mapping["type"] == "special").map(|mapping| mapping["options"]["result"]["text"].clone());
    if let Some(text) = of_null {
        defaults.put_missing("noValue", text);
    }
    defaults.put("mappings", mappings);
}

/// A text as a pattern that matches it alone.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
