//! Variables of a dashboard.

use super::Context;
use super::data_source::{Named, Sources};
use crate::json::{Fields, Object, drop_keys};
use phoenix_model::Severity;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Brings them into the newest form. A variable without a usable name is left out.
pub(crate) fn migrate(dashboard: &mut Object, context: &mut Context<'_>) {
    let templating = dashboard.make_object("templating");
    templating.shift_remove("enable");
    let list = templating.make_list("list");
    let mut seen = BTreeSet::new();
    list.retain(|variable| {
        let Some(name) = variable.as_object().and_then(|variable| variable.text("name")) else {
            context.notes.add(Severity::Warning, None, "/templating/list", "a variable without a name is left out");
            return false;
        };
        if !seen.insert(name.to_owned()) {
            let message = format!("the variable `{name}` is there twice; the first one is used");
            context.notes.add(Severity::Warning, None, "/templating/list", message);
            return false;
        }
        true
    });
    for variable in list.iter_mut().filter_map(Value::as_object_mut) {
        one(variable, context);
    }
}

fn one(variable: &mut Object, context: &Context<'_>) {
    let version = context.version;
    let mut kind = match variable.text("type") {
        // Their name before version 6.
        None | Some("" | "filter") => "query".to_owned(),
        Some(kind) => kind.to_owned(),
    };
    hide(variable);
    let hidden = variable.integer("hide").unwrap_or(0);
    // What could be seen could be changed as well.
    if kind == "constant" && version < 27 && hidden != 2 {
        "textbox".clone_into(&mut kind);
    }
    variable.put("type", kind.as_str());
    old_formats(variable);
    match kind.as_str() {
        "query" => query(variable, context),
        "adhoc" | "groupby" => source(variable, context),
        "datasource" => {
            let query = variable.text("query").unwrap_or_default().to_owned();
            variable.put("query", query);
        }
        "constant" | "textbox" | "custom" | "interval" => {
            let query = match variable.take("query") {
                Some(Value::String(query)) => query,
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            if kind == "constant" || kind == "textbox" && !variable.has("current") {
                let current = json!({"selected": false, "text": query, "value": query});
                variable.put("current", current);
            }
            variable.put("query", query);
        }
        _ => {}
    }
    if kind == "adhoc" {
        adhoc(variable);
    } else {
        current(variable, &kind);
    }
    options(variable, &kind);
}

/// 0 shows it, 1 leaves out its label, 2 hides it.
fn hide(variable: &mut Object) {
    let hides = variable.take("hideVariable") == Some(Value::Bool(true));
    let hides_label = variable.take("hideLabel") == Some(Value::Bool(true));
    let hide = match variable.take("hide") {
        Some(Value::Bool(true)) => 2,
        Some(Value::String(text)) if text == "hideVariable" => 2,
        Some(Value::String(text)) if text == "hideLabel" => 1,
        Some(value) => crate::json::integer(&value).filter(|hide| (0..=3).contains(hide)).unwrap_or(0),
        None if hides => 2,
        None if hides_label => 1,
        None => 0,
    };
    variable.put("hide", hide);
}

/// How several values were written before the query said it.
fn old_formats(variable: &mut Object) {
    let all = variable.take("allFormat");
    if variable.flag("includeAll") == Some(true) && !variable.has("allValue") {
        match all.as_ref().and_then(Value::as_str) {
            Some("wildcard") => variable.put("allValue", "*"),
            Some("regex wildcard") => variable.put("allValue", ".*"),
            _ => {}
        }
    }
    if variable.text("allValue") == Some("") {
        variable.put("allValue", Value::Null);
    }
    drop_keys(variable, &["multiFormat", "tags", "tagsQuery", "tagValuesQuery", "useTags", "refresh_on_load"]);
    for key in ["multi", "includeAll", "auto"] {
        if let Some(flag) = variable.flag(key) {
            variable.put(key, flag);
        }
    }
    if let Some(label) = variable.take("label") {
        match label {
            Value::String(label) if !label.is_empty() => variable.put("label", label),
            _ => {}
        }
    }
}

fn source(variable: &mut Object, context: &Context<'_>) {
    let source = match context.sources.named(variable.get("datasource")) {
        Named::One(source) => source,
        Named::Default | Named::Mixed(_) => Sources::of_target(&Object::new()),
    };
    variable.put("datasource", source);
}

fn query(variable: &mut Object, context: &Context<'_>) {
    source(variable, context);
    let refresh = match variable.get("refresh") {
        Some(Value::Bool(true)) => 1,
        Some(Value::Bool(false)) | None => 0,
        Some(value) => crate::json::integer(value).unwrap_or(0),
    };
    // Options that were kept in the file are other people's; since version 29 they are asked for at least once.
    variable.put("refresh", if refresh == 2 { 2 } else { 1 });
    if !variable.get("query").is_some_and(|query| query.is_string() || query.is_object()) {
        let definition = variable.text("definition").unwrap_or_default().to_owned();
        variable.put("query", definition);
    }
    if !variable.get("regex").is_some_and(Value::is_string) {
        variable.put("regex", "");
    }
    let sort = variable.integer("sort").unwrap_or(0);
    variable.put("sort", sort);
}

fn adhoc(variable: &mut Object) {
    for key in ["filters", "baseFilters"] {
        if key == "filters" || variable.has(key) {
            let filters = variable.make_list(key);
            filters.retain(|filter| filter.get("key").is_some_and(Value::is_string));
        }
    }
}

/// What is chosen: `{text, value}`, both lists where several can be chosen.
fn current(variable: &mut Object, kind: &str) {
    let several = variable.flag("multi") == Some(true);
    let current = match variable.take("current") {
        Some(Value::Object(current)) if !current.is_empty() => current,
        Some(value @ (Value::String(_) | Value::Number(_) | Value::Array(_))) => {
            let mut current = Object::new();
            current.put("text", value.clone());
            current.put("value", value);
            current
        }
        _ => {
            variable.put("current", Object::new());
            return;
        }
    };
    let mut out = current.clone();
    drop_keys(&mut out, &["tags"]);
    let texts = as_texts(current.get("text").or_else(|| current.get("value")));
    let mut values = as_texts(current.get("value").or_else(|| current.get("text")));
    if values.is_empty() {
        values.clone_from(&texts);
    }
    if values.is_empty() {
        variable.put("current", Object::new());
        return;
    }
    let texts = if texts.is_empty() { values.clone() } else { texts };
    // Of these two no key says whether there may be several.
    let several = several || matches!(kind, "groupby" | "snapshot") && current.get("value").is_some_and(Value::is_array);
    if several {
        out.put("text", texts);
        out.put("value", values);
    } else {
        out.put("text", texts[0].clone());
        out.put("value", values[0].clone());
    }
    variable.put("current", out);
}

fn as_texts(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn options(variable: &mut Object, kind: &str) {
    match kind {
        // They are asked for when the dashboard is shown.
        "query" | "datasource" => variable.put("options", Vec::<Value>::new()),
        "adhoc" => drop_keys(variable, &["options"]),
        _ => {
            let options = variable.make_list("options");
            options.retain(|option| option.get("value").is_some_and(|value| value.is_string() || value.is_array()));
        }
    }
}
