//! What dashboards are wrapped in: nothing, the answers and requests of Grafana's API, Kubernetes' objects.

mod v2;

use crate::finding::Notes;
use crate::json::{Fields, Object};
use crate::read::{ReadError, parse};
use serde_json::Value;

/// What was in an envelope.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    /// In the classic form, of whatever version.
    pub(crate) dashboard: Object,
    /// The uid that the envelope tells.
    pub(crate) uid: Option<String>,
    /// Values for inputs, as a request to import has them.
    pub(crate) inputs: Vec<Value>,
}

/// Takes a dashboard out of its envelope.
pub(crate) fn open(value: Value, notes: &mut Notes) -> Result<Envelope, ReadError> {
    let Value::Object(mut outer) = value else {
        let (message, help) = match value {
            Value::Array(_) => ("the text is a list, not one dashboard", "give each dashboard in a file of its own"),
            _ => ("the text is no JSON object", "a dashboard is a JSON object: in Grafana, Export, then Save to file"),
        };
        return Err(ReadError::NotADashboard { message: message.to_owned(), help: help.to_owned() });
    };
    if let Some(api) = outer.text("apiVersion").map(str::to_owned) {
        return kubernetes(&api, outer, notes);
    }
    // `json` is what grafana.com's catalogue answers.
    for key in ["dashboard", "json"] {
        if outer.get(key).is_some_and(Value::is_object) && !looks_like_one(&outer) {
            let inputs = outer.list("inputs").to_vec();
            let Some(Value::Object(dashboard)) = outer.take(key) else { unreachable!("it is an object") };
            // An answer of a server that keeps version 2 wraps that once more.
            if dashboard.has("apiVersion") {
                return Ok(Envelope { inputs, ..open(Value::Object(dashboard), notes)? });
            }
            return Ok(Envelope { dashboard: classic(dashboard, notes), uid: None, inputs });
        }
    }
    if !looks_like_one(&outer) {
        return Err(no_dashboard(&outer));
    }
    Ok(Envelope { dashboard: classic(outer, notes), ..Envelope::default() })
}

fn looks_like_one(object: &Object) -> bool {
    ["panels", "rows", "schemaVersion", "templating", "elements", "title"].iter().any(|key| object.has(key))
}

/// The classic form, of either.
fn classic(dashboard: Object, notes: &mut Notes) -> Object {
    if v2::is_v2(&dashboard) { v2::classic(dashboard, notes) } else { dashboard }
}

fn kubernetes(api: &str, mut outer: Object, notes: &mut Notes) -> Result<Envelope, ReadError> {
    let kind = outer.text("kind").unwrap_or_default().to_owned();
    let metadata = outer.object("metadata");
    let uid = metadata.and_then(|metadata| metadata.text("name")).map(str::to_owned);
    let Some(Value::Object(mut spec)) = outer.take("spec") else {
        return Err(no_dashboard(&outer));
    };
    match api.split('/').next().unwrap_or_default() {
        "dashboard.grafana.app" if kind == "Dashboard" || kind.is_empty() => {
            Ok(Envelope { dashboard: classic(spec, notes), uid, inputs: Vec::new() })
        }
        // The operator's resource holds the dashboard as text.
        "grafana.integreatly.org" | "integreatly.org" if kind == "GrafanaDashboard" => match spec.take("json") {
            Some(Value::String(text)) => open(parse(&text)?, notes),
            Some(value @ Value::Object(_)) => open(value, notes),
            _ => Err(ReadError::NotADashboard {
                message: "the GrafanaDashboard has no `spec.json`".to_owned(),
                help: "dashboards that the operator fetches from elsewhere must be fetched first".to_owned(),
            }),
        },
        _ => Err(ReadError::NotADashboard {
            message: format!("the text is a `{kind}` of `{api}`, not a dashboard"),
            help: "`apiVersion` should begin with dashboard.grafana.app/, `kind` should be Dashboard".to_owned(),
        }),
    }
}

fn no_dashboard(object: &Object) -> ReadError {
    let keys: Vec<String> = object.keys().take(5).map(|key| format!("`{}`", key.chars().take(40).collect::<String>())).collect();
    let message = match keys.as_slice() {
        [] => "the JSON object is empty".to_owned(),
        keys => format!("the JSON has none of the keys of a dashboard; it has {}", keys.join(", ")),
    };
    ReadError::NotADashboard { message, help: "a dashboard has at least `panels` or a `title`".to_owned() }
}
