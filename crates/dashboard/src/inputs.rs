//! What an exported dashboard asks for when it is imported: `__inputs`, and library panels in `__elements`.

use crate::finding::Notes;
use crate::json::{Fields, Object, depth, drop_keys, for_each_text};
use crate::migrate::source_types::{OWN, kind_of_name};
use crate::read::{MAX_BYTES, MAX_DEPTH, ReadError};
use phoenix_model::Severity;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Something that stands as `${NAME}` in an exported dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// The name in `${NAME}`.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// `datasource` or `constant`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of data source; empty for constants.
    #[serde(rename = "pluginId")]
    pub plugin_id: String,
    /// The value that was taken, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// More inputs than anybody exports.
const MAX_INPUTS: usize = 200;

/// Values by name: those of the request's own envelope, and those of the caller, which win.
pub(crate) fn given(envelope: &[Value], caller: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let of_envelope = envelope.iter().filter_map(|input| {
        let input = input.as_object()?;
        Some((input.text("name")?.to_owned(), input.text("value")?.to_owned()))
    });
    of_envelope.chain(caller.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()
}

/// Puts values where inputs stand, and models where library panels are named.
pub(crate) fn fill(dashboard: &mut Object, given: &BTreeMap<String, String>, notes: &mut Notes) -> Result<Vec<Input>, ReadError> {
    let declared = dashboard.take("__inputs");
    let elements = dashboard.take("__elements");
    drop_keys(dashboard, &["__requires"]);
    let inputs: Vec<Input> = declared
        .iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_object)
        .take(MAX_INPUTS)
        .filter_map(|declared| input(declared, given))
        .collect();
    inline_libraries(dashboard, elements.as_ref(), notes)?;
    replace(dashboard, &inputs)?;
    for input in inputs.iter().filter(|input| input.value.is_none()) {
        notes
            .add(Severity::Warning, None, "", format!("the input `{}` has no value", input.name))
            .help(format!("`${{{}}}` stays in the dashboard as it is; give a value when it is imported", input.name));
    }
    Ok(inputs)
}

fn input(declared: &Object, given: &BTreeMap<String, String>) -> Option<Input> {
    let name = declared.text("name").filter(|name| !name.is_empty())?;
    let kind = declared.text("type").unwrap_or("constant");
    let plugin_id = declared.text("pluginId").unwrap_or_default();
    let default = match kind {
        // There is one data source of each of our kinds; of others the kind is all that can be told.
        "datasource" if !plugin_id.is_empty() => Some(plugin_id),
        "datasource" => kind_of_name(name),
        _ => declared.text("value"),
    };
    Some(Input {
        name: name.to_owned(),
        label: declared.text("label").filter(|label| !label.is_empty()).unwrap_or(name).to_owned(),
        kind: kind.to_owned(),
        plugin_id: plugin_id.to_owned(),
        value: given.get(name).cloned().or_else(|| default.map(str::to_owned)),
    })
}

/// Replaces `${NAME}` in all texts.
fn replace(dashboard: &mut Object, inputs: &[Input]) -> Result<(), ReadError> {
    let values: Vec<(String, &str)> =
        inputs.iter().filter_map(|input| Some((format!("${{{}}}", input.name), input.value.as_deref()?))).collect();
    let mut bytes = 0;
    for inner in dashboard.values_mut() {
        for_each_text(inner, &mut |text| {
            if bytes > MAX_BYTES || !text.contains("${") {
                return;
            }
            for (pattern, value) in &values {
                // Asked before anything is written: a long value at many places would fill the memory.
                bytes += text.matches(pattern.as_str()).count() * value.len();
                if bytes > MAX_BYTES {
                    return;
                }
                if text.contains(pattern.as_str()) {
                    *text = text.replace(pattern.as_str(), value);
                }
            }
        });
    }
    if bytes > MAX_BYTES { Err(ReadError::TooLong { bytes }) } else { Ok(()) }
}

/// Library panels come by their uid, with the model in `__elements`, or with the model in the panel itself.
fn inline_libraries(dashboard: &mut Object, elements: Option<&Value>, notes: &mut Notes) -> Result<(), ReadError> {
    let mut bytes = 0;
    let lists = ["panels", "rows"];
    for key in lists {
        for panel in dashboard.list_mut(key).into_iter().flatten() {
            inline_library(panel, elements, &mut bytes, notes)?;
            let Some(inner) = panel.as_object_mut().and_then(|panel| panel.list_mut("panels")) else { continue };
            for panel in inner {
                inline_library(panel, elements, &mut bytes, notes)?;
            }
        }
    }
    Ok(())
}

fn inline_library(panel: &mut Value, elements: Option<&Value>, bytes: &mut usize, notes: &mut Notes) -> Result<(), ReadError> {
    let Some(panel) = panel.as_object_mut() else { return Ok(()) };
    let Some(library) = panel.object("libraryPanel") else { return Ok(()) };
    let uid = library.text("uid").unwrap_or_default().to_owned();
    let element = match elements {
        Some(Value::Object(elements)) => elements.object(&uid),
        // Early exports wrote a list.
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).find(|element| element.text("uid") == Some(&uid)),
        _ => None,
    };
    let model = library.object("model").or_else(|| element.and_then(|element| element.object("model")));
    let Some(model) = model else {
        // What came back from a server that filled it in already.
        if !panel.has("type") || panel.text("type") == Some("library-panel-ref") {
            let name = library.text("name").unwrap_or(&uid).to_owned();
            panel.put("type", "library-panel-ref");
            let note = notes.add(
                Severity::Error,
                panel.integer("id"),
                "/libraryPanel",
                format!("the library panel `{name}` is not part of the dashboard and is not shown"),
            );
            note.help("in Grafana, export the dashboard with \"Export for sharing externally\", which puts library panels into it");
        }
        return Ok(());
    };
    // A small panel may name a large model many times.
    let mut model = model.clone();
    *bytes += serde_json::to_string(&model).map_or(0, |text| text.len());
    if *bytes > MAX_BYTES {
        return Err(ReadError::TooLong { bytes: *bytes });
    }
    let inner = depth(&Value::Object(model.clone()));
    if inner > MAX_DEPTH {
        return Err(ReadError::TooDeep { depth: inner });
    }
    if let Some(library) = panel.object_mut("libraryPanel") {
        library.shift_remove("model");
    }
    // Where it stands, and that it comes from a library, are the dashboard's; all else is the library's.
    for key in ["id", "gridPos", "libraryPanel"] {
        match panel.get(key) {
            Some(value) => model.put(key, value.clone()),
            None => drop_keys(&mut model, &[key]),
        }
    }
    if !model.has("title") {
        model.put("title", panel.text("title").unwrap_or_default().to_owned());
    }
    *panel = model;
    Ok(())
}

/// The dashboard as Grafana imports it.
pub(crate) fn export(dashboard: &Object) -> Value {
    let mut out = dashboard.clone();
    out.put("id", Value::Null);
    let text = Value::Object(out.clone()).to_string();
    let mut inputs = Vec::new();
    for (kind, label) in OWN {
        let mut name = format!("DS_{}", kind.to_uppercase());
        // A variable may have the name already.
        while text.contains(&name) {
            name.push('_');
        }
        let mut used = false;
        let variable = format!("${{{name}}}");
        for inner in out.values_mut() {
            for_each_source(inner, &mut |source| {
                if source.text("type") == Some(kind) && source.text("uid") == Some(kind) {
                    source.put("uid", variable.as_str());
                    used = true;
                }
            });
        }
        if used {
            let description = format!("The data source for {label}");
            inputs.push(json!({"name": name, "label": label, "description": description, "type": "datasource", "pluginId": kind, "pluginName": label}));
        }
    }
    let mut whole = Object::new();
    if !inputs.is_empty() {
        whole.put("__inputs", inputs);
    }
    whole.extend(out);
    Value::Object(whole)
}

fn for_each_source(value: &mut Value, change: &mut impl FnMut(&mut Object)) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| for_each_source(inner, change)),
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                match inner {
                    Value::Object(source) if key == "datasource" => change(source),
                    inner => for_each_source(inner, change),
                }
            }
        }
        _ => {}
    }
}
