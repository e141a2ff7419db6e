//! Where panels stand: rows of old versions, positions, ids.

use crate::finding::Notes;
use crate::json::{Fields, Object, drop_keys, integer};
use crate::read::{MAX_PANELS, ReadError};
use phoenix_model::Severity;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Columns of the grid.
const COLUMNS: i64 = 24;
/// Pixels of a row of the grid with the gap below it.
const CELL: f64 = 38.0;
/// Farther down than any page is long.
const MAX_Y: i64 = 1_000_000;

/// Panels of rows (before version 16), laid out on the grid.
pub(crate) fn panels_of_rows(dashboard: &mut Object) -> Result<(), ReadError> {
    let rows: Vec<Object> = match dashboard.take("rows") {
        Some(Value::Array(rows)) => rows.into_iter().filter_map(into_object).collect(),
        _ => Vec::new(),
    };
    let panels = dashboard.make_list("panels");
    // Rows once written as panels of panels.
    panels.retain(Value::is_object);
    drop_clones(panels);
    if !rows.is_empty() {
        lay_out(panels, rows);
    }
    unfold(panels);
    let count = panels.iter().map(|panel| 1 + panel.get("panels").and_then(Value::as_array).map_or(0, Vec::len)).sum();
    if count > MAX_PANELS { Err(ReadError::TooManyPanels { panels: count }) } else { Ok(()) }
}

/// Puts rows below whatever is on the grid already.
fn lay_out(panels: &mut Vec<Value>, rows: Vec<Object>) {
    // A row shows a heading only where one of them does.
    let headings = rows.iter().any(|row| row.flag("collapse") == Some(true) || row.flag("showTitle") == Some(true) || row.has("repeat"));
    let mut top = panels.iter().filter_map(Value::as_object).filter_map(bottom).max().unwrap_or(0);
    for mut row in rows {
        let collapsed = row.flag("collapse").or_else(|| row.flag("collapsed")).unwrap_or(false);
        let height = height(row.get("height")).unwrap_or(7);
        let mut header = Object::new();
        if headings {
            header.put("type", "row");
            header.put("title", row.text("title").unwrap_or_default().to_owned());
            header.put("collapsed", collapsed);
            header.put("gridPos", json!({"x": 0, "y": top, "w": COLUMNS, "h": 1}));
            if let Some(repeat) = row.take("repeat").filter(Value::is_string) {
                header.put("repeat", repeat);
            }
            top += 1;
        }
        let mut inner: Vec<Value> = row.make_list("panels").drain(..).filter(Value::is_object).collect();
        drop_clones(&mut inner);
        let bottom = flow_row(&mut inner, top, height);
        if headings && collapsed {
            header.put("panels", inner);
            panels.push(Value::Object(header));
            continue;
        }
        if headings {
            header.put("panels", Vec::<Value>::new());
            panels.push(Value::Object(header));
        }
        panels.append(&mut inner);
        top = bottom;
    }
}

/// Panels of one old row: from left to right, to the next line where the twelve columns are full.
fn flow_row(panels: &mut [Value], top: i64, row_height: i64) -> i64 {
    let (mut x, mut line, mut next) = (0, top, top);
    for panel in panels.iter_mut().filter_map(Value::as_object_mut) {
        let span = panel.number("span").unwrap_or(4.0);
        panel.shift_remove("span");
        let w = ((span * 2.0).floor() as i64).clamp(1, COLUMNS);
        let h = panel.take("height").as_ref().and_then(|value| height(Some(value))).unwrap_or(row_height);
        if x + w > COLUMNS {
            (x, line) = (0, next);
        }
        panel.put("gridPos", json!({"x": x, "y": line, "w": w, "h": h}));
        x += w;
        next = next.max(line + h);
    }
    next
}

/// A height in pixels, as `250px`, `"250"` or `250`, in rows of the grid.
fn height(value: Option<&Value>) -> Option<i64> {
    let pixels = match value? {
        Value::String(text) => text.trim().trim_end_matches("px").trim().parse().ok()?,
        other => crate::json::number(other)?,
    };
    Some(((pixels.clamp(90.0, 10_000.0)) / CELL).ceil() as i64)
}

fn bottom(panel: &Object) -> Option<i64> {
    let position = panel.object("gridPos")?;
    Some(position.integer("y")?.clamp(0, MAX_Y) + position.integer("h")?.clamp(0, MAX_Y))
}

/// Repeated panels are made anew when the dashboard is shown; old versions kept them in the file.
fn drop_clones(panels: &mut Vec<Value>) {
    let is_clone = |panel: &Value| {
        panel.get("repeatPanelId").is_some_and(|id| !id.is_null() && *id != 0) || panel.get("repeatedByRow") == Some(&Value::Bool(true))
    };
    panels.retain(|panel| !is_clone(panel));
    for panel in panels.iter_mut().filter_map(Value::as_object_mut) {
        drop_keys(panel, &["repeatPanelId", "repeatIteration", "scopedVars", "repeatedByRow"]);
        if let Some(inner) = panel.list_mut("panels") {
            drop_clones(inner);
        }
    }
}

/// Panels stand within a row only while it is folded, and never within anything else.
fn unfold(panels: &mut Vec<Value>) {
    let mut out = Vec::with_capacity(panels.len());
    for mut panel in panels.drain(..) {
        let Some(object) = panel.as_object_mut() else { continue };
        let is_row = object.text("type") == Some("row");
        let mut inner: Vec<Value> = match object.take("panels") {
            Some(Value::Array(inner)) => inner.into_iter().filter(Value::is_object).collect(),
            _ => Vec::new(),
        };
        for panel in inner.iter_mut().filter_map(Value::as_object_mut) {
            panel.shift_remove("panels");
        }
        if !is_row {
            out.push(panel);
            out.append(&mut inner);
            continue;
        }
        // A row within a row has nothing of its own to say.
        let folded = object.flag("collapsed").unwrap_or(false);
        object.put("collapsed", folded);
        if folded {
            inner.retain(|panel| panel.get("type").and_then(Value::as_str) != Some("row"));
            object.put("panels", inner);
            out.push(panel);
        } else {
            object.put("panels", Vec::<Value>::new());
            out.push(panel);
            out.append(&mut inner);
        }
    }
    *panels = out;
}

/// Gives every panel an id of its own.
pub(crate) fn identify(dashboard: &mut Object, notes: &mut Notes) {
    let mut taken = BTreeSet::new();
    let panels = dashboard.make_list("panels");
    for_each(panels, &mut |panel| {
        if let Some(id) = id_of(panel) {
            taken.insert(id);
        }
    });
    let mut next = 1;
    let mut seen = BTreeSet::new();
    for_each(panels, &mut |panel| {
        let written = id_of(panel);
        let id = match written {
            Some(id) if seen.insert(id) => id,
            _ => {
                while taken.contains(&next) {
                    next += 1;
                }
                taken.insert(next);
                seen.insert(next);
                if let Some(id) = written {
                    let note = notes.add(Severity::Info, Some(next), "/id", format!("two panels have the id {id}; this one gets {next}"));
                    note.help("links to the panel by its id lead to the first one");
                }
                next
            }
        };
        panel.put("id", id);
    });
}

fn id_of(panel: &Object) -> Option<i64> {
    // What browsers can count to, so that an id is the same there.
    panel.get("id").and_then(integer).filter(|id| (1..1 << 53).contains(id))
}

fn for_each(panels: &mut [Value], f: &mut impl FnMut(&mut Object)) {
    for panel in panels.iter_mut().filter_map(Value::as_object_mut) {
        f(panel);
        for inner in panel.list_mut("panels").into_iter().flatten().filter_map(Value::as_object_mut) {
            f(inner);
        }
    }
}

/// Gives every panel a position that lies on the grid; those without one stand below all others, from left to right.
pub(crate) fn place(dashboard: &mut Object) {
    let panels = dashboard.make_list("panels");
    let mut top = 0;
    for_each(panels, &mut |panel| {
        tidy(panel);
        top = top.max(bottom(panel).unwrap_or(0));
    });
    let (mut x, mut line, mut next) = (0, top, top);
    for_each(panels, &mut |panel| {
        if panel.has("gridPos") {
            return;
        }
        let (w, h) = size(panel.text("type").unwrap_or_default());
        if x + w > COLUMNS {
            (x, line) = (0, next);
        }
        panel.put("gridPos", json!({"x": x, "y": line, "w": w, "h": h}));
        x += w;
        next = next.max(line + h);
    });
}

/// How wide and high a panel is that does not say.
fn size(kind: &str) -> (i64, i64) {
    match kind {
        "row" => (COLUMNS, 1),
        "stat" | "gauge" => (6, 5),
        "table" | "logs" | "traces" | "nodeGraph" => (COLUMNS, 10),
        "text" => (12, 4),
        _ => (12, 8),
    }
}

/// A position within the grid, or none.
fn tidy(panel: &mut Object) {
    drop_keys(panel, &["span"]);
    let kind = panel.text("type").unwrap_or_default().to_owned();
    let Some(position) = panel.object("gridPos") else {
        panel.shift_remove("gridPos");
        return;
    };
    let of = |key: &str| position.get(key).and_then(integer);
    if of("x").is_none() && of("y").is_none() && of("w").is_none() && of("h").is_none() {
        panel.shift_remove("gridPos");
        return;
    }
    let (usual_w, usual_h) = size(&kind);
    let w = of("w").unwrap_or(usual_w).clamp(1, COLUMNS);
    let h = of("h").unwrap_or(usual_h).clamp(1, 1000);
    let x = of("x").unwrap_or(0).clamp(0, COLUMNS - w);
    let y = of("y").unwrap_or(0).clamp(0, MAX_Y);
    let position = panel.make_object("gridPos");
    for (key, value) in [("x", x), ("y", y), ("w", w), ("h", h)] {
        position.put(key, value);
    }
}

fn into_object(value: Value) -> Option<Object> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
