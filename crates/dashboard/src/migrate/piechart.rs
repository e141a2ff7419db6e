//! The plugin `grafana-piechart-panel`: `piechart`.

use super::field_config::{FieldConfig, calculation};
use super::graph;
use crate::json::{Fields, Object, drop_keys, number, plain};
use serde_json::json;

const KEYS: [&str; 19] = [
    "aliasColors",
    "breakPoint",
    "cacheTimeout",
    "combine",
    "decimals",
    "fontSize",
    "format",
    "legend",
    "legendType",
    "nullPointMode",
    "nullText",
    "pieType",
    "sortColumn",
    "strokeWidth",
    "unit",
    "valueName",
    "hiddenSeries",
    "legendTable",
    "sort",
];

/// Brings the panel into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    let mut config = FieldConfig::take(panel);
    let none = Object::new();
    let legend = panel.object("legend").unwrap_or(&none);
    let on = |key: &str, default: bool| legend.flag(key).unwrap_or(default);
    let kind = panel.text("legendType").unwrap_or("Under graph");
    let shown = on("show", true) && kind != "On graph";
    let values: Vec<&str> = [("value", on("values", false)), ("percent", on("percentage", false))]
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(id, _)| id)
        .collect();
    let mut options = Object::new();
    options.put("pieType", if panel.text("pieType") == Some("donut") { "donut" } else { "pie" });
    options
        .put("reduceOptions", json!({"calcs": [calculation(panel.text("valueName").unwrap_or("current"))], "fields": "", "values": false}));
    options.put("displayLabels", if kind == "On graph" { vec!["name"] } else { Vec::new() });
    let mut new = Object::new();
    new.put("showLegend", shown);
    // With numbers beside the names the old legend was a table.
    new.put("displayMode", if values.is_empty() { "list" } else { "table" });
    new.put("placement", if kind == "Right side" { "right" } else { "bottom" });
    new.put("values", values);
    if let Some(width) = legend.get("sideWidth").and_then(number).filter(|width| *width > 0.0) {
        new.put("width", plain(width));
    }
    options.put("legend", new);
    options.put("tooltip", json!({"mode": "single", "sort": "none"}));
    config.defaults.put("color", json!({"mode": "palette-classic"}));
    config.defaults.put("unit", panel.text("format").filter(|unit| !unit.is_empty()).unwrap_or("short"));
    if let Some(decimals) = panel.get("decimals").and_then(number) {
        config.defaults.put("decimals", plain(decimals));
    }
    graph::colors(panel, &mut config);
    // Small slices were put together; they are shown each.
    let combined = panel.object("combine").and_then(|combine| combine.number("threshold")).is_some_and(|threshold| threshold > 0.0);
    let combine = panel.take("combine").filter(|_| combined);
    drop_keys(panel, &KEYS);
    if let Some(combine) = combine {
        panel.put("combine", combine);
    }
    panel.put("type", "piechart");
    panel.put("options", options);
    config.put(panel);
}
