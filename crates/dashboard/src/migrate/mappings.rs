//! Texts in place of values.

use crate::json::{Fields, Object, number, plain};
use serde_json::{Value, json};

/// Mappings in the newest form, of those of Grafana 6 and 7 too.
pub(crate) fn migrate(value: &Value) -> Value {
    let Value::Array(list) = value else { return json!([]) };
    let list: Vec<&Object> = list.iter().filter_map(Value::as_object).collect();
    // Both kinds do not stand side by side: Grafana brings all of them into the new form at once.
    let mut out = Vec::new();
    let mut old = Old::default();
    for mapping in list {
        match mapping.get("type") {
            Some(Value::String(kind)) if ["value", "range", "regex", "special"].contains(&kind.as_str()) => {
                let mut mapping = mapping.clone();
                mapping.make_object("options");
                out.push(Value::Object(mapping));
            }
            _ => old.add(mapping),
        }
    }
    out.extend(old.finish());
    Value::Array(out)
}

/// Mappings that stood apart for each value, collected.
#[derive(Default)]
pub(crate) struct Old {
    values: Object,
    others: Vec<Value>,
    index: usize,
}

impl Old {
    /// One of Grafana 6 or 7: `type` 1 is a value, 2 a range.
    pub(crate) fn add(&mut self, mapping: &Object) {
        let text = as_text(mapping.get("text")).unwrap_or_default();
        let is_range = mapping.integer("type") == Some(2) || (mapping.integer("type").is_none() && mapping.has("from"));
        if is_range {
            self.range(mapping.get("from"), mapping.get("to"), &text);
        } else if let Some(value) = as_text(mapping.get("value")) {
            self.value(&value, &text);
        }
    }

    /// A value's text; `null` stands for no value.
    pub(crate) fn value(&mut self, value: &str, text: &str) {
        let result = self.result(text);
        if value == "null" {
            self.others.push(json!({"type": "special", "options": {"match": "null", "result": result}}));
        } else {
            // The first that matched was taken.
            self.values.entry(value.to_owned()).or_insert(result);
        }
    }

    /// The text of a range with both ends, either of which may be missing.
    pub(crate) fn range(&mut self, from: Option<&Value>, to: Option<&Value>, text: &str) {
        let is_null = |value: Option<&Value>| value.and_then(Value::as_str) == Some("null");
        let result = self.result(text);
        if is_null(from) || is_null(to) {
            self.others.push(json!({"type": "special", "options": {"match": "null", "result": result}}));
            return;
        }
        let end = |value: Option<&Value>| value.and_then(number).map_or(Value::Null, plain);
        self.others.push(json!({"type": "range", "options": {"from": end(from), "to": end(to), "result": result}}));
    }

    fn result(&mut self, text: &str) -> Value {
        let index = self.index;
        self.index += 1;
        json!({"text": text, "index": index})
    }

    /// All of them.
    pub(crate) fn finish(self) -> Vec<Value> {
        let mut out = Vec::new();
        if !self.values.is_empty() {
            out.push(json!({"type": "value", "options": self.values}));
        }
        out.extend(self.others);
        out
    }
}

fn as_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
