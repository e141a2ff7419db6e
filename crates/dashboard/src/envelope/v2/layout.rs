//! Layouts of version 2 on the grid: grids as they are, rows with headings, tabs as rows, and automatic grids from left
//! to right.

use super::{panel, spec};
use crate::finding::Notes;
use crate::json::{Fields, Object};
use phoenix_model::Severity;
use serde_json::{Value, json};

/// Layouts within each other; more is nothing that an editor makes.
const MAX_DEPTH: usize = 8;

/// The panels of a layout in the classic form.
pub(super) fn panels(layout: &Value, elements: &Object, notes: &mut Notes) -> Vec<Value> {
    let mut grid = Grid { elements, notes, panels: Vec::new(), top: 0 };
    grid.layout(layout, 0);
    grid.panels
}

struct Grid<'a> {
    elements: &'a Object,
    notes: &'a mut Notes,
    panels: Vec<Value>,
    /// Where what comes next begins.
    top: i64,
}

impl Grid<'_> {
    fn layout(&mut self, layout: &Value, depth: usize) {
        let (Some(kind), Some(spec)) = (layout.as_object().and_then(|layout| layout.text("kind")), spec(layout)) else { return };
        if depth >= MAX_DEPTH {
            let message = format!("layouts stand more than {MAX_DEPTH} deep within each other; the panels below are left out");
            self.notes.add(Severity::Error, None, "", message);
            return;
        }
        match kind {
            "GridLayout" => self.items(spec.list("items")),
            "AutoGridLayout" => self.automatic(spec),
            "RowsLayout" => self.rows(spec.list("rows"), depth),
            "TabsLayout" => {
                self.notes.add(Severity::Warning, None, "", "tabs are shown as rows, one below the other");
                self.rows(spec.list("tabs"), depth);
            }
            other => {
                let message = format!("the layout `{}` is not known; its panels are left out", other.chars().take(40).collect::<String>());
                self.notes.add(Severity::Error, None, "", message);
            }
        }
    }

    fn rows(&mut self, rows: &[Value], depth: usize) {
        for row in rows.iter().filter_map(spec) {
            if row.has("conditionalRendering") {
                self.conditional();
            }
            let collapsed = row.flag("collapse") == Some(true);
            if row.flag("hideHeader") != Some(true) {
                let mut header = heading(row.text("title").unwrap_or_default(), self.top, collapsed);
                repeat(row, &mut header);
                self.panels.push(Value::Object(header));
                self.top += 1;
            }
            let first = self.panels.len();
            if let Some(layout) = row.get("layout") {
                self.layout(layout, depth + 1);
            }
            if collapsed && row.flag("hideHeader") != Some(true) {
                let inner = self.panels.split_off(first);
                if let Some(header) = self.panels.last_mut().and_then(Value::as_object_mut) {
                    header.put("panels", inner);
                }
            }
        }
    }

    /// Panels with places, and rows as `v2alpha1` had them among these.
    fn items(&mut self, items: &[Value]) {
        let base = self.top;
        for item in items {
            let Some(spec) = spec(item) else { continue };
            if item.get("kind").and_then(Value::as_str) == Some("GridLayoutRow") {
                let y = base + spec.integer("y").unwrap_or(0).clamp(0, 100_000);
                let collapsed = spec.flag("collapsed") == Some(true);
                let mut header = heading(spec.text("title").unwrap_or_default(), y, collapsed);
                repeat(spec, &mut header);
                self.panels.push(Value::Object(header));
                let first = self.panels.len();
                for inner in spec.list("elements").iter().filter_map(self::spec) {
                    self.item(inner, y + 1);
                }
                if collapsed {
                    let inner = self.panels.split_off(first);
                    if let Some(header) = self.panels.last_mut().and_then(Value::as_object_mut) {
                        header.put("panels", inner);
                    }
                }
            } else {
                self.item(spec, base);
            }
        }
    }

    fn item(&mut self, spec: &Object, base: i64) {
        let of = |key: &str, default: i64| spec.integer(key).unwrap_or(default).clamp(0, 100_000);
        let (y, h) = (base + of("y", 0), of("height", 8));
        self.top = self.top.max(y + h);
        self.element(spec, &json!({"x": of("x", 0), "y": y, "w": of("width", 12), "h": h}));
    }

    fn element(&mut self, spec: &Object, place: &Value) {
        if spec.has("conditionalRendering") {
            self.conditional();
        }
        let name = spec.object("element").and_then(|element| element.text("name")).unwrap_or_default();
        let Some(mut panel) = self.elements.get(name).and_then(panel) else {
            let name: String = name.chars().take(80).collect();
            self.notes.add(Severity::Error, None, "", format!("the layout names the element `{name}`, which is not there"));
            return;
        };
        panel.put("gridPos", place.clone());
        repeat(spec, &mut panel);
        self.panels.push(Value::Object(panel));
    }

    fn automatic(&mut self, spec: &Object) {
        let columns = spec.integer("maxColumnCount").unwrap_or(3).clamp(1, 24);
        let w = 24 / columns;
        let h = match spec.text("rowHeightMode") {
            Some("short") => 5,
            Some("tall") => 14,
            Some("custom") => (spec.integer("rowHeight").unwrap_or(320).clamp(38, 10_000) + 37) / 38,
            _ => 9,
        };
        let base = self.top;
        for (at, item) in spec.list("items").iter().filter_map(self::spec).enumerate() {
            let (column, line) = (at as i64 % columns, at as i64 / columns);
            let y = base + line * h;
            self.top = self.top.max(y + h);
            self.element(item, &json!({"x": column * w, "y": y, "w": w, "h": h}));
        }
    }

    fn conditional(&mut self) {
        self.notes.add(Severity::Warning, None, "", "what is shown under conditions is always shown");
    }
}

fn heading(title: &str, y: i64, collapsed: bool) -> Object {
    let mut header = Object::new();
    header.put("type", "row");
    header.put("title", title);
    header.put("collapsed", collapsed);
    header.put("gridPos", json!({"x": 0, "y": y, "w": 24, "h": 1}));
    header.put("panels", Vec::<Value>::new());
    header
}

fn repeat(spec: &Object, panel: &mut Object) {
    let Some(repeat) = spec.object("repeat") else { return };
    for (old, new) in [("value", "repeat"), ("direction", "repeatDirection"), ("maxPerRow", "maxPerRow")] {
        if let Some(value) = repeat.get(old) {
            panel.put(new, value.clone());
        }
    }
}
