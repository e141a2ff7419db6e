//! A field configuration that is put together for a panel of an old kind.

use crate::json::{Fields, Object};
use serde_json::{Value, json};

/// Defaults and overrides as they are gathered.
#[derive(Default)]
pub(crate) struct FieldConfig {
    pub(crate) defaults: Object,
    pub(crate) custom: Object,
    pub(crate) overrides: Vec<Value>,
}

impl FieldConfig {
    /// What the panel has already: since Grafana 7 old kinds kept links and a few overrides there.
    pub(crate) fn take(panel: &mut Object) -> Self {
        let mut config = match panel.take("fieldConfig") {
            Some(Value::Object(config)) => config,
            _ => Object::new(),
        };
        let mut defaults = match config.take("defaults") {
            Some(Value::Object(defaults)) => defaults,
            _ => Object::new(),
        };
        let custom = match defaults.take("custom") {
            Some(Value::Object(custom)) => custom,
            _ => Object::new(),
        };
        let overrides = config.list("overrides").to_vec();
        Self { defaults, custom, overrides }
    }

    /// Adds an override when it says anything.
    pub(crate) fn add(&mut self, matcher: &Value, properties: Vec<(&str, Value)>) {
        if properties.is_empty() {
            return;
        }
        let properties: Vec<Value> = properties.into_iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
        self.overrides.push(json!({"matcher": matcher, "properties": properties}));
    }

    /// Writes all of it into the panel.
    pub(crate) fn put(mut self, panel: &mut Object) {
        if !self.custom.is_empty() {
            self.defaults.put("custom", self.custom);
        }
        panel.put("fieldConfig", json!({"defaults": self.defaults, "overrides": self.overrides}));
    }
}

/// The matcher of a name as old panels wrote it: `/…/` is a pattern.
pub(crate) fn by_name(name: &str) -> Value {
    let is_pattern = name.len() > 1 && name.starts_with('/') && name[1..].contains('/');
    json!({"id": if is_pattern { "byRegexp" } else { "byName" }, "options": name})
}

/// A colour for all of a field.
pub(crate) fn fixed_color(color: &str) -> Value {
    json!({"mode": "fixed", "fixedColor": color})
}

/// Today's name of a calculation.
pub(crate) fn calculation(old: &str) -> &str {
    match old {
        "current" => "lastNotNull",
        "avg" => "mean",
        "total" => "sum",
        "first" => "firstNotNull",
        other => other,
    }
}

/// The heading of a calculation in legends and tables.
pub(crate) fn heading(calculation: &str) -> Option<&'static str> {
    Some(match calculation {
        "lastNotNull" => "Last *",
        "firstNotNull" => "First *",
        "mean" => "Mean",
        "sum" => "Total",
        "min" => "Min",
        "max" => "Max",
        "count" => "Count",
        "delta" => "Delta",
        "diff" => "Difference",
        "range" => "Range",
        _ => return None,
    })
}
