//! Data sources: by name, by reference, by variable, or not told at all.

use super::source_types::{OWN, kind_of_name, kind_of_target};
use crate::json::{Fields, Object};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a dashboard's variables of the type `datasource` are called, and the kind that each offers.
pub(crate) struct Sources {
    variables: BTreeMap<String, Option<String>>,
}

/// A data source as a panel, query or variable names it.
pub(crate) enum Named {
    /// None is named: the default one.
    Default,
    /// Each query has its own.
    Mixed(Object),
    /// This one.
    One(Object),
}

impl Sources {
    /// Those of a dashboard.
    pub(crate) fn of(dashboard: &Object) -> Self {
        let variables = dashboard.object("templating").map_or(&[][..], |templating| templating.list("list"));
        let variables = variables.iter().filter_map(Value::as_object).filter_map(|variable| {
            let kind = match variable.text("type") {
                Some("datasource") => variable.text("query").filter(|query| !query.is_empty()).map(str::to_owned),
                _ => None,
            };
            Some((variable.text("name")?.to_owned(), kind))
        });
        Self { variables: variables.collect() }
    }

    /// The newest form of whatever names a data source.
    pub(crate) fn named(&self, value: Option<&Value>) -> Named {
        match value {
            Some(Value::String(name)) => self.by_name(name),
            Some(Value::Object(reference)) => self.by_reference(reference),
            _ => Named::Default,
        }
    }

    fn by_name(&self, name: &str) -> Named {
        match name.trim() {
            "" | "default" => Named::Default,
            "-- Mixed --" => Named::Mixed(mixed()),
            "-- Dashboard --" => Named::One(object(json!({"type": "datasource", "uid": "-- Dashboard --"}))),
            "-- Grafana --" | "grafana" => Named::One(object(json!({"type": "grafana", "uid": "-- Grafana --"}))),
            name => Named::One(self.of_uid(name)),
        }
    }

    fn by_reference(&self, reference: &Object) -> Named {
        let mut reference = reference.clone();
        let kind = reference.text("type").map(str::to_owned).filter(|kind| !kind.is_empty());
        let uid = reference.text("uid").map(str::to_owned).filter(|uid| !uid.is_empty() && uid != "default");
        match (kind, uid) {
            (None, None) => return Named::Default,
            (_, Some(uid)) if uid == "-- Mixed --" => return Named::Mixed(reference),
            (_, Some(uid)) if uid == "-- Dashboard --" => reference.put("type", "datasource"),
            (_, Some(uid)) if uid == "-- Grafana --" => {
                reference.put_missing("type", "grafana");
            }
            (Some(kind), None) => reference.put("uid", kind),
            (Some(_), Some(_)) => {}
            (None, Some(uid)) => {
                for (key, value) in self.of_uid(&uid) {
                    reference.insert(key, value);
                }
            }
        }
        Named::One(reference)
    }

    /// A reference to what is only known by a name or a variable.
    fn of_uid(&self, name: &str) -> Object {
        let mut reference = Object::new();
        let kind = match variable(name) {
            Some(variable) => match self.variables.get(variable) {
                Some(kind) => kind.clone(),
                // An input whose declaration was cut away, such as `${DS_PROMETHEUS}`, is called after its kind.
                None => kind_of_name(variable).map(str::to_owned),
            },
            None => kind_of_name(name).map(str::to_owned),
        };
        let known = variable(name).is_none_or(|variable| self.variables.contains_key(variable));
        match kind {
            Some(kind) => {
                // Names of other servers' data sources lead nowhere; ours are called after their kind.
                let own = OWN.iter().any(|(own, _)| *own == kind);
                let uid = if own && (!known || variable(name).is_none()) { kind.clone() } else { name.to_owned() };
                reference.put("type", kind);
                reference.put("uid", uid);
            }
            None => reference.put("uid", name),
        }
        reference
    }

    /// The data source of a query that names none.
    pub(crate) fn of_target(target: &Object) -> Object {
        let kind = kind_of_target(target).unwrap_or("prometheus");
        object(json!({"type": kind, "uid": kind}))
    }

    /// Gives a panel and its queries their data sources.
    pub(crate) fn of_panel(&self, panel: &mut Object) {
        let named = self.named(panel.get("datasource"));
        let Some(targets) = panel.list_mut("targets") else {
            match named {
                Named::Default => drop(panel.shift_remove("datasource")),
                Named::Mixed(reference) | Named::One(reference) => panel.put("datasource", reference),
            }
            return;
        };
        for target in targets.iter_mut().filter_map(Value::as_object_mut) {
            let own = self.named(target.get("datasource"));
            let expression = matches!(&own, Named::One(own) if own.text("type") == Some("__expr__") || own.text("uid") == Some("__expr__"));
            let source = match (&named, own) {
                (_, Named::One(own)) if expression => own,
                // The panel's wins, unless it is mixed: a query may still name what the panel had before.
                (Named::One(panel), Named::One(own)) if panel.text("type").is_none() && panel.get("uid") == own.get("uid") => own,
                (Named::One(panel), _) => complete(panel, target),
                (Named::Mixed(_) | Named::Default, Named::One(own)) => complete(&own, target),
                (Named::Mixed(_) | Named::Default, Named::Default | Named::Mixed(_)) => Self::of_target(target),
            };
            target.put("datasource", source);
        }
        let first = targets.iter().filter_map(Value::as_object).filter_map(|target| target.object("datasource"));
        let mut kinds = first.filter(|source| source.text("type") != Some("__expr__"));
        let source = match named {
            Named::Mixed(reference) => reference,
            Named::One(reference) => match kinds.next() {
                Some(first) if first.get("uid") == reference.get("uid") => first.clone(),
                _ => reference,
            },
            Named::Default => match kinds.next().cloned() {
                None => object(json!({"type": "prometheus", "uid": "prometheus"})),
                Some(first) if kinds.all(|source| *source == first) => first,
                Some(_) => mixed(),
            },
        };
        panel.put("datasource", source);
    }
}

/// A reference whose kind is told by the query, when nothing else does.
fn complete(reference: &Object, target: &Object) -> Object {
    let mut reference = reference.clone();
    if !reference.has("type")
        && let Some(kind) = kind_of_target(target)
    {
        reference.put("type", kind);
        // A name that says nothing leads to the one that we have, a variable to what it is filled with.
        let own = OWN.iter().any(|(own, _)| *own == kind);
        if own && reference.text("uid").is_none_or(|uid| variable(uid).is_none()) {
            reference.put("uid", kind);
        }
    }
    reference
}

fn mixed() -> Object {
    object(json!({"type": "datasource", "uid": "-- Mixed --"}))
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// The variable that a text consists of.
fn variable(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = match text.strip_prefix("${").and_then(|inner| inner.strip_suffix('}')) {
        Some(inner) => inner.split(':').next().unwrap_or(inner),
        None => text.strip_prefix("[[").and_then(|inner| inner.strip_suffix("]]")).or_else(|| text.strip_prefix('$'))?,
    };
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}
