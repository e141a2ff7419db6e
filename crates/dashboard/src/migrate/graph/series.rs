//! What the old graph said of single series.

use super::axes;
use super::{dashes, point_size, stacking};
use crate::json::{Fields, Object, number, plain};
use crate::migrate::field_config::{FieldConfig, by_name, fixed_color};
use serde_json::{Value, json};

/// Colours by name.
pub(crate) fn colors(panel: &Object, config: &mut FieldConfig) {
    for (name, color) in panel.object("aliasColors").into_iter().flatten() {
        if let Some(color) = color.as_str() {
            // Here slashes are part of the name.
            config.add(&json!({"id": "byName", "options": name}), vec![("color", fixed_color(color))]);
        }
    }
}

/// `seriesOverrides`: whatever else one series or those of a pattern do.
pub(super) fn overrides(panel: &Object, config: &mut FieldConfig) {
    for one in panel.list("seriesOverrides").iter().filter_map(Value::as_object) {
        let Some(alias) = one.text("alias").filter(|alias| !alias.is_empty()) else { continue };
        config.add(&by_name(alias), properties(one, panel));
    }
}

fn properties(one: &Object, panel: &Object) -> Vec<(&'static str, Value)> {
    let mut out = Vec::new();
    if one.integer("yaxis") == Some(2) {
        out.extend(axes::right(panel));
    }
    if let Some(color) = one.text("color") {
        out.push(("color", fixed_color(color)));
    }
    drawn(one, panel, &mut out);
    if let Some(stepped) = one.flag("steppedLine") {
        out.push(("custom.lineInterpolation", json!(if stepped { "stepAfter" } else { "linear" })));
    }
    if let Some(mode) = one.text("nullPointMode") {
        out.push(("custom.spanNulls", json!(mode == "connected")));
    }
    if let Some(on) = one.flag("dashes") {
        out.push(("custom.lineStyle", if on { dashes(one) } else { json!({"fill": "solid"}) }));
    } else if panel.flag("dashes") == Some(true) && (one.has("dashLength") || one.has("spaceLength")) {
        out.push(("custom.lineStyle", dashes(one)));
    }
    let percent = panel.flag("percentage") == Some(true);
    match one.get("stack") {
        Some(Value::Bool(on)) => out.push(("custom.stacking", stacking(*on, percent, "A"))),
        Some(Value::String(group)) if group == "true" || group == "false" => {
            out.push(("custom.stacking", stacking(group == "true", percent, "A")));
        }
        Some(Value::String(group)) if !group.is_empty() => out.push(("custom.stacking", stacking(true, percent, group))),
        _ => {}
    }
    match one.text("transform") {
        Some("negative-Y") => out.push(("custom.transform", json!("negative-Y"))),
        Some("constant") => out.push(("custom.transform", json!("constant"))),
        _ => {}
    }
    if let Some(other) = one.text("fillBelowTo").filter(|other| !other.is_empty()) {
        out.push(("custom.fillBelowTo", json!(other)));
    }
    let hidden = one.flag("hiddenSeries") == Some(true);
    let of_legend = one.flag("legend") == Some(false);
    let of_tooltip = one.flag("hideTooltip") == Some(true);
    if hidden || of_legend || of_tooltip {
        out.push(("custom.hideFrom", json!({"legend": of_legend, "tooltip": of_tooltip || hidden, "viz": hidden})));
    }
    out
}

/// Lines, bars, points and what fills them.
fn drawn(one: &Object, panel: &Object, out: &mut Vec<(&'static str, Value)>) {
    let (lines, bars, points) = (one.flag("lines"), one.flag("bars"), one.flag("points"));
    let mut opacity = None;
    match (lines, bars, points) {
        (_, Some(true), _) => {
            out.push(("custom.drawStyle", json!("bars")));
            opacity = Some(100.0);
        }
        (Some(true), ..) => out.push(("custom.drawStyle", json!("line"))),
        (Some(false), _, Some(true)) => out.push(("custom.drawStyle", json!("points"))),
        (Some(false), ..) => {
            out.push(("custom.lineWidth", json!(0)));
            // Without its line nothing is filled, unless it is the edge of a band.
            if !one.has("fillBelowTo") {
                opacity = Some(0.0);
            }
        }
        // Bars are taken away: what the panel draws otherwise.
        (None, Some(false), _) if panel.flag("bars") == Some(true) => {
            let style = if panel.flag("lines").unwrap_or(true) { "line" } else { "points" };
            out.push(("custom.drawStyle", json!(style)));
        }
        _ => {}
    }
    if let Some(points) = points {
        out.push(("custom.showPoints", json!(if points { "always" } else { "never" })));
    }
    if let Some(radius) = one.get("pointradius").and_then(number) {
        out.push(("custom.pointSize", plain(point_size(radius))));
    }
    let gradient = one.number("fillGradient").filter(|gradient| *gradient > 0.0);
    if let Some(gradient) = gradient {
        out.push(("custom.gradientMode", json!("opacity")));
        opacity = Some(gradient * 10.0);
    } else if let Some(fill) = one.get("fill").and_then(number)
        && bars != Some(true)
        && lines != Some(false)
    {
        opacity = Some(fill * 10.0);
    } else if let Some(fill) = one.get("fill").and_then(number)
        && one.has("fillBelowTo")
    {
        opacity = Some(fill * 10.0);
    }
    if let Some(opacity) = opacity {
        out.push(("custom.fillOpacity", plain(opacity.clamp(0.0, 100.0))));
    }
    if let Some(width) = one.get("linewidth").and_then(number)
        && lines != Some(false)
    {
        out.push(("custom.lineWidth", plain(width)));
    }
}
