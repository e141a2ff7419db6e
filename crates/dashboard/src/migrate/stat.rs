//! `stat`, `gauge` and `bargauge` of Grafana 6, before what they say of fields stood in `fieldConfig`.

use super::field_config::{FieldConfig, calculation};
use super::mappings;
use crate::json::{Fields, Object, number, plain};
use serde_json::{Value, json};

/// Brings the options into the newest form.
pub(crate) fn migrate(panel: &mut Object) {
    // `gauge` of Grafana 6.0 had its options beside the others of the panel.
    if let Some(Value::Object(options)) = panel.take("options-gauge") {
        panel.put("options", options);
    }
    let kind = panel.text("type").unwrap_or_default().to_owned();
    let mut options = panel.object("options").cloned().unwrap_or_default();
    let old = options.take("fieldOptions");
    let values = options.take("valueOptions");
    if old.is_none() && values.is_none() {
        calcs(&mut options);
        panel.put("options", options);
        return;
    }
    let mut config = FieldConfig::take(panel);
    let mut reduce = Object::new();
    if let Some(Value::Object(values)) = values {
        reduce.put("calcs", json!([values.text("stat").unwrap_or("mean")]));
        reduce.put("values", false);
        of_values(&values, &mut config.defaults);
    }
    if let Some(Value::Object(mut old)) = old {
        for key in ["calcs", "values", "limit", "fields"] {
            if let Some(value) = old.take(key) {
                reduce.put(key, value);
            }
        }
        if let Some(Value::Object(defaults)) = old.take("defaults") {
            for (key, value) in defaults {
                config.defaults.insert(key, value);
            }
        }
        // What held for all fields was one override, before there were defaults.
        if let Some(Value::Object(one)) = old.take("override") {
            for (key, value) in one {
                config.defaults.insert(key, value);
            }
        }
        for key in ["thresholds", "mappings"] {
            if let Some(value) = old.take(key) {
                config.defaults.put_missing(key, value);
            }
        }
        if let Some(Value::Array(overrides)) = old.take("overrides") {
            config.overrides.extend(overrides);
        }
    }
    for key in ["thresholds", "valueMappings"] {
        if let Some(value) = options.take(key) {
            let value = if key == "thresholds" { value } else { mappings::migrate(&value) };
            config.defaults.put_missing(if key == "thresholds" { key } else { "mappings" }, value);
        }
    }
    for (old, new) in [("minValue", "min"), ("maxValue", "max")] {
        if let Some(end) = options.take(old).as_ref().and_then(number) {
            config.defaults.put_missing(new, plain(end));
        }
    }
    if kind == "gauge" && values_missing(&config.defaults) {
        config.defaults.put_missing("min", 0);
        config.defaults.put_missing("max", 100);
    }
    config.defaults.put_missing("color", json!({"mode": "thresholds"}));
    options.put("reduceOptions", reduce);
    calcs(&mut options);
    panel.put("options", options);
    config.put(panel);
}

/// Whether neither end of a gauge is told; of these versions that meant 0 and 100.
fn values_missing(defaults: &Object) -> bool {
    !defaults.has("min") && !defaults.has("max")
}

fn of_values(values: &Object, defaults: &mut Object) {
    let unit = values.text("unit").unwrap_or_default();
    let text = |key: &str| values.text(key).filter(|text| !text.is_empty());
    let unit = match (unit, text("prefix"), text("suffix")) {
        ("" | "none", Some(prefix), None) => format!("prefix:{prefix}"),
        ("" | "none", None, Some(suffix)) => format!("suffix:{suffix}"),
        (unit, ..) => unit.to_owned(),
    };
    if !unit.is_empty() {
        defaults.put("unit", unit);
    }
    if let Some(decimals) = values.get("decimals").and_then(number) {
        defaults.put("decimals", plain(decimals));
    }
}

/// What is calculated, by today's names.
fn calcs(options: &mut Object) {
    if !options.get("reduceOptions").is_some_and(Value::is_object) {
        options.put("reduceOptions", json!({"calcs": ["lastNotNull"], "fields": "", "values": false}));
    }
    let reduce = options.make_object("reduceOptions");
    let names: Vec<String> = match reduce.get("calcs") {
        Some(Value::Array(calcs)) => calcs.iter().filter_map(Value::as_str).map(|calc| current_name(calc).to_owned()).collect(),
        _ => Vec::new(),
    };
    reduce.put("calcs", if names.is_empty() { vec!["lastNotNull".to_owned()] } else { names });
    reduce.put_missing("fields", "");
    reduce.put_missing("values", false);
    // Grafana 6 called it so.
    if options.text("orientation").is_none() && options.contains_key("orientation") {
        options.put("orientation", "auto");
    }
}

/// Today's name of a calculation, which may be a new one already.
pub(crate) fn current_name(calc: &str) -> &str {
    // `first` and `last` are calculations of their own today, which heed nulls.
    if calc == "first" { calc } else { calculation(calc) }
}
