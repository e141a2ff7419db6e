//! Field configuration: how values are named, measured, coloured and mapped.

use super::mappings;
use crate::json::{Fields, Object, number};
use serde_json::{Value, json};

/// Brings the field configuration of a panel that shows data into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    let shows_data = panel.has("targets") || panel.has("fieldConfig");
    if !panel.get("options").is_some_and(Value::is_object) {
        panel.put("options", Object::new());
    }
    if !shows_data && panel.has("datasource") {
        panel.put("targets", Vec::<Value>::new());
    }
    if !shows_data && !panel.has("datasource") {
        return;
    }
    let config = panel.make_object("fieldConfig");
    defaults(config.make_object("defaults"));
    let overrides = config.make_list("overrides");
    overrides.retain(Value::is_object);
    for one in overrides.iter_mut().filter_map(Value::as_object_mut) {
        override_of(one);
    }
    overrides.retain(|one| one.get("matcher").is_some_and(Value::is_object));
    config.shift_remove("fieldMinMax");
}

fn defaults(defaults: &mut Object) {
    for key in ["min", "max", "decimals"] {
        if let Some(value) = defaults.take(key)
            && let Some(number) = number(&value)
        {
            defaults.put(key, crate::json::plain(number));
        }
    }
    // Before there were units of the data source's own, one was told as a title.
    if let Some(title) = defaults.take("title") {
        defaults.put_missing("displayName", title);
    }
    if let Some(unit) = defaults.take("unit").filter(Value::is_string) {
        defaults.put("unit", unit);
    }
    if let Some(value) = defaults.take("thresholds") {
        defaults.put("thresholds", thresholds(&value));
    }
    if let Some(value) = defaults.take("mappings") {
        defaults.put("mappings", mappings::migrate(&value));
    }
    if let Some(custom) = defaults.object_mut("custom") {
        custom_of(custom);
    }
    if let Some(links) = defaults.get_mut("links") {
        data_links(links);
    }
}

fn override_of(one: &mut Object) {
    let properties = one.make_list("properties");
    properties.retain(|property| property.get("id").or_else(|| property.get("path")).is_some_and(Value::is_string));
    for property in properties.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(path) = property.take("path") {
            property.put_missing("id", path);
        }
        let id = property.text("id").unwrap_or_default().to_owned();
        let value = property.get("value").cloned().unwrap_or(Value::Null);
        match id.as_str() {
            "thresholds" => property.put("value", thresholds(&value)),
            "mappings" => property.put("value", mappings::migrate(&value)),
            "title" => property.put("id", "displayName"),
            "min" | "max" | "decimals" => {
                property.put("value", number(&value).map_or(Value::Null, crate::json::plain));
            }
            "links" => {
                if let Some(links) = property.get_mut("value") {
                    data_links(links);
                }
            }
            "custom.displayMode" => {
                property.put("id", "custom.cellOptions");
                property.put("value", cell_options(value.as_str().unwrap_or("auto")));
            }
            _ => {}
        }
    }
}

/// Options of the kind of panel that were called otherwise.
fn custom_of(custom: &mut Object) {
    if let Some(Value::String(mode)) = custom.take("displayMode")
        && !custom.has("cellOptions")
    {
        custom.put("cellOptions", cell_options(&mode));
    }
}

/// How a cell of a table is shown, as one word before Grafana 10.
pub(crate) fn cell_options(mode: &str) -> Value {
    match mode {
        "basic" => json!({"type": "gauge", "mode": "basic"}),
        "gradient-gauge" => json!({"type": "gauge", "mode": "gradient"}),
        "lcd-gauge" => json!({"type": "gauge", "mode": "lcd"}),
        "color-background" => json!({"type": "color-background", "mode": "gradient"}),
        "color-background-solid" => json!({"type": "color-background", "mode": "basic"}),
        mode => json!({"type": mode}),
    }
}

/// `{mode, steps}`, of that or of a plain list of steps. The first step holds from minus infinity.
pub(crate) fn thresholds(value: &Value) -> Value {
    let (mode, steps) = match value {
        Value::Array(steps) => ("absolute", steps.as_slice()),
        Value::Object(object) => (object.text("mode").unwrap_or("absolute"), object.list("steps")),
        _ => ("absolute", &[][..]),
    };
    let mut steps: Vec<(f64, Value)> = steps
        .iter()
        .filter_map(Value::as_object)
        .map(|step| {
            let at = step.get("value").and_then(number).unwrap_or(f64::NEG_INFINITY);
            let mut step = step.clone();
            step.shift_remove("index");
            step.put("value", if at.is_finite() { crate::json::plain(at) } else { Value::Null });
            if !step.get("color").is_some_and(Value::is_string) {
                step.put("color", "green");
            }
            (at, Value::Object(step))
        })
        .collect();
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    if steps.is_empty() {
        steps.push((f64::NEG_INFINITY, json!({"color": "green", "value": null})));
    }
    let mut out = match value {
        Value::Object(object) => object.clone(),
        _ => Object::new(),
    };
    out.put("mode", if mode == "percentage" { "percentage" } else { "absolute" });
    out.put("steps", steps.into_iter().map(|(_, step)| step).collect::<Vec<_>>());
    Value::Object(out)
}

/// Links of values; the names of what is filled in have changed.
pub(crate) fn data_links(links: &mut Value) {
    const NAMES: [(&str, &str); 5] = [
        ("$__series_name", "${__series.name}"),
        ("${__series_name}", "${__series.name}"),
        ("$__value_time", "${__value.time}"),
        ("${__value_time}", "${__value.time}"),
        ("$__field_name", "${__field.name}"),
    ];
    let Some(list) = links.as_array_mut() else {
        *links = json!([]);
        return;
    };
    list.retain(Value::is_object);
    for link in list.iter_mut().filter_map(Value::as_object_mut) {
        let mut url = link.text("url").unwrap_or_default().to_owned();
        for (old, new) in NAMES {
            url = url.replace(old, new);
        }
        link.put("url", url);
        if !link.get("title").is_some_and(Value::is_string) {
            link.put("title", "");
        }
    }
}
