//! Which file brings which kind of panel into the newest form, and what kinds share.

use super::{Context, graph, heatmap, piechart, singlestat, stat, table};
use crate::json::{Fields, Object, drop_keys};
use serde_json::{Value, json};

/// Brings what a kind of panel has of its own into the newest form.
pub(crate) fn migrate(panel: &mut Object, context: &Context<'_>) {
    if panel.text("type") == Some("timeseries") && (1..35).contains(&context.version) {
        time_axis(panel);
    }
    match panel.text("type").unwrap_or_default() {
        "graph" | "graphite" | "flot" => graph::migrate(panel),
        "singlestat" | "grafana-singlestat-panel" => singlestat::migrate(panel),
        "table-old" => table::migrate(panel),
        "table" if table::is_old(panel, context.version) => table::migrate(panel),
        "table2" => panel.put("type", "table"),
        "heatmap" if heatmap::is_old(panel) => heatmap::migrate(panel),
        "grafana-piechart-panel" => piechart::migrate(panel),
        "stat" | "gauge" | "bargauge" => stat::migrate(panel),
        "text" | "text2" => text(panel),
        "dashlist" => dashlist(panel),
        "alertlist" => alertlist(panel),
        _ => {}
    }
    if let Some(options) = panel.object_mut("options") {
        legend(options);
        tooltip(options);
    }
}

/// A text stood beside the options until Grafana 7.
fn text(panel: &mut Object) {
    panel.put("type", "text");
    let (mode, content) = (panel.take("mode"), panel.take("content"));
    drop_keys(panel, &["style", "fontSize"]);
    let options = panel.make_object("options");
    for (key, value) in [("mode", mode), ("content", content)] {
        if let Some(value) = value.filter(Value::is_string) {
            options.put_missing(key, value);
        }
    }
    // Plain text was a third mode.
    if !matches!(options.text("mode"), Some("html" | "markdown" | "code")) {
        options.put("mode", "markdown");
    }
    options.put_missing("content", "");
}

/// A list of dashboards had its options beside the others of the panel until Grafana 7.
fn dashlist(panel: &mut Object) {
    const NAMES: [(&str, &str); 8] = [
        ("starred", "showStarred"),
        ("recent", "showRecentlyViewed"),
        ("search", "showSearch"),
        ("headings", "showHeadings"),
        ("limit", "maxItems"),
        ("query", "query"),
        ("tags", "tags"),
        ("folderId", "folderId"),
    ];
    let is_old = NAMES.iter().any(|(old, _)| panel.contains_key(*old));
    if !is_old {
        return;
    }
    let mut options = panel.object("options").cloned().unwrap_or_default();
    // A mode before that was one of three.
    if let Some(Value::String(mode)) = panel.take("mode") {
        options.put_missing(
            if mode == "search" {
                "showSearch"
            } else if mode == "recently viewed" {
                "showRecentlyViewed"
            } else {
                "showStarred"
            },
            true,
        );
    }
    for (old, new) in NAMES {
        if let Some(value) = panel.take(old) {
            options.put_missing(new, value);
        }
    }
    panel.put("options", options);
}

/// So had a list of alerts.
fn alertlist(panel: &mut Object) {
    let mut options = panel.object("options").cloned().unwrap_or_default();
    for (old, new) in
        [("limit", "maxItems"), ("sortOrder", "sortOrder"), ("nameFilter", "alertName"), ("onlyAlertsOnDashboard", "dashboardAlerts")]
    {
        if let Some(value) = panel.take(old) {
            options.put_missing(new, value);
        }
    }
    let states = panel.take("stateFilter").or_else(|| options.get("stateFilter").filter(|states| states.is_array()).cloned());
    if let Some(Value::Array(states)) = states {
        let mut filter = Object::new();
        for (old, new) in
            [("alerting", "firing"), ("pending", "pending"), ("ok", "normal"), ("no_data", "noData"), ("execution_error", "error")]
        {
            // Nothing chosen was everything.
            filter.put(new, states.is_empty() || states.iter().any(|state| state.as_str() == Some(old)));
        }
        options.put("stateFilter", filter);
    }
    drop_keys(panel, &["show"]);
    panel.put("options", options);
}

/// Whether there is a legend was one of its modes until Grafana 9.
fn legend(options: &mut Object) {
    let Some(legend) = options.object_mut("legend") else { return };
    // Of panels that were tried out before Grafana 8.
    if let Some(Value::Bool(table)) = legend.take("asTable") {
        legend.put_missing("displayMode", if table { "table" } else { "list" });
    }
    if let Some(Value::Bool(shown)) = legend.take("isVisible") {
        legend.put_missing("showLegend", shown);
    }
    match legend.text("displayMode") {
        Some("hidden") => {
            legend.put("displayMode", "list");
            legend.put("showLegend", false);
        }
        Some(_) => legend.put_missing("showLegend", true),
        None => {}
    }
    // Of the same time.
    if let Some("under" | "over") = legend.text("placement") {
        legend.put("placement", "bottom");
    }
}

/// The tooltip's options had another name in the first `timeseries`.
fn tooltip(options: &mut Object) {
    if let Some(old) = options.take("tooltipOptions").filter(Value::is_object) {
        options.put_missing("tooltip", old);
    }
    if let Some(tooltip) = options.object_mut("tooltip") {
        match tooltip.text("mode") {
            Some("multi" | "single" | "none") | None => {}
            _ => tooltip.put("mode", "single"),
        }
    }
}

/// Until version 35 the placement of axes did not hold for the one of time.
fn time_axis(panel: &mut Object) {
    let config = panel.object_mut("fieldConfig");
    let Some(config) = config else { return };
    let hidden = config.object("defaults").and_then(|defaults| defaults.object("custom")).and_then(|custom| custom.text("axisPlacement"));
    if hidden != Some("hidden") {
        return;
    }
    let shown = json!({"matcher": {"id": "byType", "options": "time"}, "properties": [{"id": "custom.axisPlacement", "value": "auto"}]});
    config.make_list("overrides").push(shown);
}
