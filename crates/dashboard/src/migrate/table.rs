//! The table of Grafana before 7: `table`.

use super::field_config::{FieldConfig, by_name, calculation, heading};
use super::singlestat::{old_mappings, steps};
use crate::json::{Fields, Object, drop_keys, number, plain};
use serde_json::{Value, json};

const KEYS: [&str; 9] = ["styles", "transform", "columns", "sort", "fontSize", "pageSize", "scroll", "showHeader", "legend"];

/// Whether a panel of the type `table` is the old one.
pub(crate) fn is_old(panel: &Object, version: i64) -> bool {
    let has_new = panel.has("fieldConfig") || panel.object("options").is_some_and(|options| !options.is_empty());
    panel.get("styles").is_some_and(Value::is_array) || (version < 24 && !has_new && panel.has("transform"))
}

/// Brings the panel into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    let mut config = FieldConfig::take(panel);
    let mut options = Object::new();
    options.put("showHeader", panel.flag("showHeader").unwrap_or(true));
    transform(panel);
    let styles: Vec<Object> = panel.list("styles").iter().filter_map(Value::as_object).cloned().collect();
    // The first style that matched a column was the only one; the last override that matches wins.
    for style in styles.iter().rev() {
        let pattern = style.text("pattern").unwrap_or_default();
        let properties = properties(style);
        if pattern == "/.*/" {
            // For all columns that nothing else matches.
            for (id, value) in properties {
                match id.strip_prefix("custom.") {
                    Some(custom) => config.custom.put(custom, value),
                    None => config.defaults.put(id, value),
                }
            }
        } else if !pattern.is_empty() {
            config.add(&by_name(pattern), properties);
        }
    }
    sort(panel, &styles, &mut options);
    let sort = panel.take("sort").filter(|_| !options.contains_key("sortBy"));
    drop_keys(panel, &KEYS);
    // A column by number cannot be named before there is data.
    if let Some(sort) = sort.filter(|sort| sort.get("col").is_some_and(Value::is_number)) {
        panel.put("sort", sort);
    }
    panel.put("type", "table");
    panel.put("options", options);
    config.put(panel);
}

fn sort(panel: &Object, styles: &[Object], options: &mut Object) {
    let Some(sort) = panel.object("sort") else { return };
    let desc = sort.flag("desc").unwrap_or(false);
    let of_series = panel.text("transform") == Some("timeseries_aggregations");
    let column = match sort.get("col") {
        Some(Value::String(name)) => Some(name.clone()),
        // The first column is the time, or the name of the series, behind which the chosen ones stand.
        Some(Value::Number(at)) => match at.as_u64().and_then(|at| usize::try_from(at).ok()) {
            Some(0) if of_series => Some("Metric".to_owned()),
            Some(0) => Some("Time".to_owned()),
            Some(at) if of_series => {
                panel.list("columns").get(at - 1).and_then(|column| column.get("text")).and_then(Value::as_str).map(str::to_owned)
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(column) = column {
        let alias = styles.iter().find(|style| style.text("pattern") == Some(&column)).and_then(|style| style.text("alias"));
        let name = alias.filter(|alias| !alias.is_empty()).unwrap_or(&column);
        options.put("sortBy", json!([{"displayName": name, "desc": desc}]));
    }
}

/// How series became rows.
fn transform(panel: &mut Object) {
    let added = match panel.text("transform") {
        Some("timeseries_to_columns") => vec![json!({"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}})],
        Some("timeseries_to_rows") => vec![json!({"id": "seriesToRows", "options": {}})],
        Some("timeseries_aggregations") => {
            let columns = panel.list("columns").iter().filter_map(|column| column.get("value")).filter_map(Value::as_str);
            let calcs: Vec<&str> = columns.map(calculation).collect();
            let calcs = if calcs.is_empty() { vec!["mean"] } else { calcs };
            // Styles and sorting speak of columns by the names that they had.
            let mut names = Object::new();
            names.put("Field", "Metric");
            for column in panel.list("columns").iter().filter_map(Value::as_object) {
                if let (Some(value), Some(text)) = (column.text("value").and_then(|value| heading(calculation(value))), column.text("text"))
                {
                    names.put(value, text);
                }
            }
            vec![
                json!({"id": "reduce", "options": {"reducers": calcs, "mode": "seriesToRows", "includeTimeField": false}}),
                json!({"id": "organize", "options": {"excludeByName": {}, "indexByName": {}, "renameByName": names}}),
            ]
        }
        Some("table") | None if panel.list("targets").len() > 1 => vec![json!({"id": "merge", "options": {}})],
        _ => Vec::new(),
    };
    // Queries of series must be asked as such, whatever they say.
    if matches!(panel.text("transform"), Some("table")) {
        for target in panel.list_mut("targets").into_iter().flatten().filter_map(Value::as_object_mut) {
            target.put_missing("format", "table");
        }
    }
    if !added.is_empty() {
        let transformations = panel.make_list("transformations");
        if transformations.is_empty() {
            transformations.extend(added);
        }
    }
}

fn properties(style: &Object) -> Vec<(&'static str, Value)> {
    let mut out = Vec::new();
    if let Some(alias) = style.text("alias").filter(|alias| !alias.is_empty()) {
        out.push(("displayName", json!(alias)));
    }
    match style.text("type").unwrap_or("number") {
        "hidden" => {
            out.push(("custom.hidden", json!(true)));
            return out;
        }
        "date" => {
            let format = style.text("dateFormat").filter(|format| !format.is_empty()).unwrap_or("YYYY-MM-DD HH:mm:ss");
            out.push(("unit", json!(format!("time: {format}"))));
        }
        "string" => {
            let mappings = old_mappings(style);
            if !mappings.is_empty() {
                out.push(("mappings", Value::Array(mappings)));
            }
            colored(style, &mut out);
        }
        _ => {
            if let Some(unit) = style.text("unit").filter(|unit| !unit.is_empty()) {
                out.push(("unit", json!(unit)));
            }
            if let Some(decimals) = style.get("decimals").and_then(number) {
                out.push(("decimals", plain(decimals)));
            }
            colored(style, &mut out);
        }
    }
    if style.flag("link") == Some(true)
        && let Some(url) = style.text("linkUrl")
    {
        let link = json!({
            "title": style.text("linkTooltip").unwrap_or_default(),
            "url": link(url),
            "targetBlank": style.flag("linkTargetBlank").unwrap_or(false)
        });
        out.push(("links", json!([link])));
    }
    if let Some(align @ ("left" | "center" | "right")) = style.text("align") {
        out.push(("custom.align", json!(align)));
    }
    out
}

fn colored(style: &Object, out: &mut Vec<(&'static str, Value)>) {
    let options = match style.text("colorMode") {
        Some("cell") => json!({"type": "color-background", "mode": "basic"}),
        Some("row") => json!({"type": "color-background", "mode": "basic", "applyToRow": true}),
        Some("value") => json!({"type": "color-text"}),
        _ => return,
    };
    out.push(("custom.cellOptions", options));
    let colors: Vec<&str> = style.list("colors").iter().filter_map(Value::as_str).collect();
    let ends: Vec<f64> = match style.get("thresholds") {
        Some(Value::Array(ends)) => ends.iter().filter_map(number).collect(),
        Some(Value::String(text)) => text.split(',').filter_map(|end| end.trim().parse().ok()).collect(),
        _ => Vec::new(),
    };
    if !ends.is_empty() {
        out.push(("thresholds", steps(&ends, &colors)));
        out.push(("color", json!({"mode": "thresholds"})));
    }
}

/// Cells in the address of a link: this one, or one of the row by number or name.
fn link(url: &str) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some(at) = rest.find("__cell") {
        let (before, from) = rest.split_at(at);
        let behind = &from["__cell".len()..];
        // `$__cell`, `${__cell}`, `${__cell:raw}`, `$__cell_2`, `${__cell_2}`
        let braces = before.ends_with("${");
        let Some(before) = before.strip_suffix("${").or_else(|| before.strip_suffix('$')) else {
            out.push_str(before);
            out.push_str("__cell");
            rest = behind;
            continue;
        };
        out.push_str(before);
        let number: String =
            behind.strip_prefix('_').map(|text| text.chars().take_while(char::is_ascii_digit).collect()).unwrap_or_default();
        let mut behind = if number.is_empty() { behind } else { &behind[1 + number.len()..] };
        if braces {
            behind = behind.split_once('}').map_or("", |(_, behind)| behind);
        }
        if number.is_empty() {
            out.push_str("${__value.raw}");
        } else {
            out.push_str(&format!("${{__data.fields[{number}]}}"));
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
