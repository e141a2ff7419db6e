//! Steps between the answers of queries and what is shown.

use super::Context;
use super::stat::current_name;
use crate::json::{Fields, Object};
use serde_json::{Value, json};

/// Brings them into the newest form.
pub(crate) fn migrate(panel: &mut Object, context: &Context<'_>) {
    let Some(old) = panel.get("transformations") else { return };
    let old = old.as_array().cloned().unwrap_or_default();
    let mut out = Vec::with_capacity(old.len());
    for step in old {
        let Value::Object(mut step) = step else { continue };
        let Some(id) = step.text("id").map(str::to_owned) else { continue };
        if !step.get("options").is_some_and(Value::is_object) {
            step.put("options", Object::new());
        }
        if let Some(disabled) = step.flag("disabled") {
            step.put("disabled", disabled);
        }
        let options = step.make_object("options");
        match id.as_str() {
            // Its name until Grafana 9.
            "seriesToColumns" => {
                options.put_missing("byField", "Time");
                options.put_missing("mode", "outer");
                step.put("id", "joinByField");
            }
            "joinByField" => options.put_missing("mode", "outer"),
            "filterFieldsByName" => names(options),
            "labelsToFields" if (1..31).contains(&context.version) => {
                // It put rows together by itself.
                out.push(Value::Object(step));
                out.push(json!({"id": "merge", "options": {}}));
                continue;
            }
            "reduce" => {
                for reducer in options.list_mut("reducers").into_iter().flatten() {
                    if let Some(name) = reducer.as_str() {
                        *reducer = Value::from(current_name(name));
                    }
                }
            }
            "timeSeriesTable" => stats(options),
            _ => {}
        }
        out.push(Value::Object(step));
    }
    if out.is_empty() {
        panel.shift_remove("transformations");
    } else {
        panel.put("transformations", out);
    }
}

/// A pattern, and lists of names, before both stood in one object.
fn names(options: &mut Object) {
    for key in ["include", "exclude"] {
        let new = match options.get(key) {
            Some(Value::String(pattern)) => json!({"pattern": pattern}),
            Some(Value::Array(names)) => json!({"names": names}),
            _ => continue,
        };
        options.put(key, new);
    }
}

/// What each query's trend is measured by, before version 39 in one map.
fn stats(options: &mut Object) {
    let Some(Value::Object(by_query)) = options.take("refIdToStat") else { return };
    for (query, stat) in by_query {
        options.insert(query, json!({"stat": stat}));
    }
}
