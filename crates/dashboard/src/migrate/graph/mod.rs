//! The panel `graph` of Grafana before 8: `timeseries`, `histogram` or `bargauge`.

mod axes;
mod series;
mod thresholds;

use super::field_config::{FieldConfig, calculation, heading};
use crate::json::{Fields, Object, drop_keys, number, plain};
use serde_json::{Value, json};
pub(crate) use series::colors;

/// What is told otherwise now.
const KEYS: [&str; 42] = [
    "aliasColors",
    "aliasYAxis",
    "annotate",
    "bars",
    "dashLength",
    "dashes",
    "decimals",
    "fill",
    "fillGradient",
    "grid",
    "hiddenSeries",
    "leftYAxisLabel",
    "legend",
    "lines",
    "linewidth",
    "nullPointMode",
    "percentage",
    "pointradius",
    "points",
    "resolution",
    "rightYAxisLabel",
    "scale",
    "seriesOverrides",
    "spaceLength",
    "stack",
    "steppedLine",
    "thresholds",
    "tooltip",
    "x-axis",
    "xaxis",
    "y-axis",
    "y_format",
    "y_formats",
    "yaxes",
    "zerofill",
    "timezone",
    "loadingEditor",
    "useTimeZone",
    "xAxis",
    "yAxis",
    "legendSideLastValue",
    "leftLogBase",
];

/// Brings the panel into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    axes::modernize(panel);
    let mode = panel.object("xaxis").and_then(|axis| axis.text("mode")).unwrap_or("time").to_owned();
    let mut config = FieldConfig::take(panel);
    if let Some(links) = panel.object_mut("options").and_then(|options| options.take("dataLinks"))
        && !config.defaults.has("links")
    {
        config.defaults.put("links", links);
    }
    let mut options = Object::new();
    options.put("legend", legend(panel, &mut config));
    options.put("tooltip", tooltip(panel));
    config.defaults.put("color", json!({"mode": "palette-classic"}));
    match mode.as_str() {
        "histogram" => {
            panel.put("type", "histogram");
            if let Some(count) = panel.object("xaxis").and_then(|axis| axis.number("buckets")).filter(|count| *count >= 1.0) {
                options.put("bucketCount", plain(count));
            }
            options.put("combine", false);
            config.custom.put("fillOpacity", 80);
            config.custom.put("lineWidth", 1);
            series::colors(panel, &mut config);
        }
        "series" => {
            let values = panel.object("xaxis").map_or(&[][..], |axis| axis.list("values"));
            let value = values.first().and_then(Value::as_str).unwrap_or("total");
            let calcs = json!([calculation(value)]);
            options = Object::new();
            options.put("orientation", "vertical");
            options.put("displayMode", "basic");
            options.put("showUnfilled", false);
            options.put("reduceOptions", json!({"calcs": calcs, "fields": "", "values": false}));
            panel.put("type", "bargauge");
            axes::left(panel, &mut config);
            for key in ["axisLabel", "axisPlacement", "scaleDistribution"] {
                config.custom.shift_remove(key);
            }
            series::colors(panel, &mut config);
        }
        _ => {
            panel.put("type", "timeseries");
            drawing(panel, &mut config.custom);
            if panel.text("nullPointMode") == Some("null as zero") {
                config.defaults.put("nullValueMode", "null as zero");
            }
            axes::left(panel, &mut config);
            series::colors(panel, &mut config);
            series::overrides(panel, &mut config);
            thresholds::migrate(panel, &mut config);
            axes::time(panel, &mut config);
        }
    }
    // Kept where it means something that is not shown, so that the report can tell.
    let aligned = panel.object("yaxis").and_then(|axis| axis.flag("align")) == Some(true);
    if !aligned {
        drop_keys(panel, &["yaxis"]);
    }
    if panel.list("timeRegions").is_empty() {
        drop_keys(panel, &["timeRegions"]);
    }
    drop_keys(panel, &KEYS);
    panel.put("options", options);
    config.put(panel);
}

/// How lines, bars and points are drawn.
fn drawing(panel: &Object, custom: &mut Object) {
    let flag = |key: &str, default: bool| panel.flag(key).unwrap_or(default);
    let (bars, lines, points) = (flag("bars", false), flag("lines", true), flag("points", false));
    let style = match (bars, lines, points) {
        (true, ..) => "bars",
        (_, true, _) => "line",
        _ => "points",
    };
    custom.put("drawStyle", style);
    custom.put("lineInterpolation", if flag("steppedLine", false) { "stepAfter" } else { "linear" });
    let width = panel.number("linewidth").unwrap_or(1.0);
    custom.put("lineWidth", plain(if style == "bars" && !lines { width.min(1.0) } else { width }));
    let gradient = panel.number("fillGradient").filter(|gradient| *gradient > 0.0);
    let opacity = match gradient {
        // Bars were always filled.
        _ if style == "bars" => 100.0,
        Some(gradient) => gradient * 10.0,
        None => panel.number("fill").unwrap_or(1.0) * 10.0,
    };
    custom.put("fillOpacity", plain(opacity.clamp(0.0, 100.0)));
    custom.put("gradientMode", if gradient.is_some() && style != "bars" { "opacity" } else { "none" });
    custom.put("showPoints", if points { "always" } else { "never" });
    custom.put("pointSize", plain(point_size(panel.number("pointradius").unwrap_or(2.0))));
    custom.put("spanNulls", panel.text("nullPointMode") == Some("connected"));
    custom.put("stacking", stacking(flag("stack", false), flag("percentage", false), "A"));
    if flag("dashes", false) {
        custom.put("lineStyle", dashes(panel));
    }
    custom.put("axisPlacement", "auto");
    custom.put("thresholdsStyle", json!({"mode": "off"}));
    if flag("hiddenSeries", false) {
        custom.put("hideFrom", json!({"legend": false, "tooltip": false, "viz": true}));
    }
}

/// The diameter of a point of a radius, with its border.
fn point_size(radius: f64) -> f64 {
    2.0 + radius * 2.0
}

fn stacking(stack: bool, percent: bool, group: &str) -> Value {
    let mode = match (stack, percent) {
        (false, _) => "none",
        (true, false) => "normal",
        (true, true) => "percent",
    };
    json!({"mode": mode, "group": group})
}

fn dashes(of: &Object) -> Value {
    let length = of.number("dashLength").unwrap_or(10.0);
    let space = of.number("spaceLength").unwrap_or(10.0);
    json!({"fill": "dash", "dash": [plain(length), plain(space)]})
}

fn legend(panel: &Object, config: &mut FieldConfig) -> Value {
    let none = Object::new();
    let old = panel.object("legend").unwrap_or(&none);
    let on = |key: &str| old.flag(key) == Some(true);
    let table = on("alignAsTable");
    let right = on("rightSide");
    let calcs: Vec<&str> =
        ["min", "max", "avg", "current", "total"].into_iter().filter(|key| on("values") && on(key)).map(calculation).collect();
    let mut legend = Object::new();
    legend.put("showLegend", old.flag("show").unwrap_or(true));
    legend.put("displayMode", if table { "table" } else { "list" });
    legend.put("placement", if right { "right" } else { "bottom" });
    if let Some(width) = old.get("sideWidth").and_then(number).filter(|width| *width > 0.0 && right) {
        legend.put("width", plain(width));
    }
    if let Some(by) = old.text("sort").and_then(|sort| heading(calculation(sort))).filter(|_| table) {
        legend.put("sortBy", by);
        legend.put("sortDesc", on("sortDesc"));
    }
    legend.put("calcs", calcs);
    for (key, reducer) in [("hideEmpty", "allIsNull"), ("hideZero", "allIsZero")] {
        if on(key) {
            let hidden = json!({"legend": true, "tooltip": true, "viz": false});
            config.add(
                &json!({"id": "byValue", "options": {"reducer": reducer, "op": "gte", "value": 0}}),
                vec![("custom.hideFrom", hidden)],
            );
        }
    }
    Value::Object(legend)
}

fn tooltip(panel: &Object) -> Value {
    let old = panel.object("tooltip");
    let shared = old.and_then(|tooltip| tooltip.flag("shared")).unwrap_or(true);
    let sort = match old.and_then(|tooltip| tooltip.integer("sort")) {
        Some(1) => "asc",
        Some(2) => "desc",
        _ => "none",
    };
    json!({"mode": if shared { "multi" } else { "single" }, "sort": sort})
}
