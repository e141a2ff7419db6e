//! The heatmap of Grafana before 9.

use super::field_config::FieldConfig;
use crate::json::{Fields, Object, drop_keys, number, plain};
use serde_json::{Value, json};

const KEYS: [&str; 17] = [
    "cards",
    "color",
    "dataFormat",
    "heatmap",
    "hideZeroBuckets",
    "highlightCards",
    "legend",
    "reverseYBuckets",
    "tooltip",
    "tooltipDecimals",
    "xAxis",
    "xBucketNumber",
    "xBucketSize",
    "yAxis",
    "yBucketBound",
    "yBucketNumber",
    "yBucketSize",
];

/// Whether a panel of the type `heatmap` is the old one.
pub(crate) fn is_old(panel: &Object) -> bool {
    ["dataFormat", "cards", "yAxis", "heatmap", "hideZeroBuckets"].iter().any(|key| panel.has(key))
}

/// Brings the panel into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    let config = FieldConfig::take(panel);
    let none = Object::new();
    let axis = panel.object("yAxis").unwrap_or(&none);
    let calculate = panel.text("dataFormat") != Some("tsbuckets");
    let mut options = Object::new();
    options.put("calculate", calculate);
    if calculate {
        options.put("calculation", calculation(panel, axis));
    }
    options.put("color", color(panel));
    let gap = panel.object("cards").and_then(|cards| cards.number("cardPadding")).unwrap_or(2.0);
    options.put("cellGap", plain(gap));
    let radius = panel.object("cards").and_then(|cards| cards.number("cardRound")).unwrap_or(0.0);
    options.put("cellRadius", plain(radius));
    options.put("showValue", "never");
    // Cells of nothing were left out where that was wanted.
    let hides = panel.flag("hideZeroBuckets") == Some(true);
    options.put("filterValues", if hides { json!({"le": 1e-9}) } else { json!({}) });
    options.put("rowsFrame", json!({"layout": bound(panel)}));
    options.put("legend", json!({"show": panel.object("legend").and_then(|legend| legend.flag("show")).unwrap_or(false)}));
    let tooltip = panel.object("tooltip");
    let shows = tooltip.and_then(|tooltip| tooltip.flag("show")).unwrap_or(true);
    let histogram = tooltip.and_then(|tooltip| tooltip.flag("showHistogram")).unwrap_or(false);
    options.put("tooltip", json!({"mode": if shows { "single" } else { "none" }, "yHistogram": histogram, "showColorScale": false}));
    options.put("yAxis", y_axis(panel, axis));
    drop_keys(panel, &KEYS);
    panel.put("options", options);
    config.put(panel);
}

/// Which end of a bucket its name tells.
fn bound(panel: &Object) -> &'static str {
    match panel.text("yBucketBound") {
        Some("upper") => "le",
        Some("lower") => "ge",
        Some("middle") => "unknown",
        _ => "auto",
    }
}

fn calculation(panel: &Object, axis: &Object) -> Value {
    let buckets = |size: &str, count: &str| {
        let text = |key: &str| match panel.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        match (text(size), text(count)) {
            (Some(value), _) => json!({"mode": "size", "value": value}),
            (None, Some(value)) => json!({"mode": "count", "value": value}),
            (None, None) => json!({"mode": "size"}),
        }
    };
    let x = buckets("xBucketSize", "xBucketNumber");
    let mut y = buckets("yBucketSize", "yBucketNumber");
    let base = axis.number("logBase").unwrap_or(1.0);
    if let Some(y) = y.as_object_mut() {
        if base > 1.0 {
            y.put("scale", json!({"type": "log", "log": plain(base)}));
            if let Some(split) = axis.get("splitFactor").and_then(number) {
                y.put("mode", "count");
                y.put("value", plain(split).to_string());
            }
        } else {
            y.put("scale", json!({"type": "linear"}));
        }
    }
    json!({"xBuckets": x, "yBuckets": y})
}

fn color(panel: &Object) -> Value {
    let none = Object::new();
    let old = panel.object("color").unwrap_or(&none);
    let mut color = Object::new();
    let opacity = old.text("mode") == Some("opacity");
    color.put("mode", if opacity { "opacity" } else { "scheme" });
    // Named after the functions of d3.
    let scheme = old.text("colorScheme").unwrap_or("interpolateOranges");
    color.put("scheme", scheme.strip_prefix("interpolate").unwrap_or(scheme));
    color.put("fill", old.text("cardColor").unwrap_or("dark-orange"));
    color.put("scale", if old.text("colorScale") == Some("linear") { "linear" } else { "exponential" });
    color.put("exponent", old.get("exponent").and_then(number).map_or(json!(0.5), plain));
    color.put("steps", 128);
    color.put("reverse", false);
    for key in ["min", "max"] {
        if let Some(end) = old.get(key).and_then(number) {
            color.put(key, plain(end));
        }
    }
    Value::Object(color)
}

fn y_axis(panel: &Object, axis: &Object) -> Value {
    let mut out = Object::new();
    out.put("axisPlacement", if axis.flag("show").unwrap_or(true) { "left" } else { "hidden" });
    out.put("reverse", panel.flag("reverseYBuckets").unwrap_or(false));
    out.put("unit", axis.text("format").filter(|unit| !unit.is_empty()).unwrap_or("short"));
    for key in ["decimals", "min", "max"] {
        if let Some(value) = axis.get(key).and_then(number) {
            out.put(key, plain(value));
        }
    }
    Value::Object(out)
}
