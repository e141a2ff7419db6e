//! An entry as the event that a program sees, and back.

use crate::collect::pipeline::{Entry, Field};
use ::vrl::value::{KeyString, ObjectMap, Value};
use phoenix_model::LabelsBuilder;
use phoenix_model::labels::is_legacy_label_name;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Add, Sub};
use std::time::Duration;

const MESSAGE: &str = "message";
const TIMESTAMP: &str = "timestamp";
const LABELS: &str = "labels";
const EXTRACTED: &str = "extracted";
const METADATA: &str = "structured_metadata";

/// The event of an entry.
pub(super) fn of(entry: &Entry) -> Value {
    let texts = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Value {
        pairs.map(|(name, value)| (KeyString::from(name), Value::from(value))).collect()
    };
    let extracted: Value = entry.extracted.iter().map(|(name, field)| (KeyString::from(name.as_str()), value_of(field))).collect();
    [
        (MESSAGE, Value::from(entry.line.as_str())),
        (TIMESTAMP, timestamp(entry.timestamp_ns)),
        (LABELS, texts(&mut entry.labels.build().iter())),
        (EXTRACTED, extracted),
        (METADATA, texts(&mut entry.metadata.pairs())),
    ]
    .into_iter()
    .map(|(name, value)| (KeyString::from(name), value))
    .collect()
}

/// A moment as VRL has it.
pub(super) fn timestamp(ns: i64) -> Value {
    Value::Timestamp(since_default(ns))
}

/// Counted from the epoch, which is the default of the type, so that its crate need not be named here.
fn since_default<T: Default + Add<Duration, Output = T> + Sub<Duration, Output = T>>(ns: i64) -> T {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    if ns < 0 { T::default() - distance } else { T::default() + distance }
}

fn value_of(field: &Field) -> Value {
    match field {
        Field::Text(text) => Value::from(text.as_str()),
        Field::Int(number) => Value::Integer(*number),
        // VRL has no NaN.
        Field::Float(number) if number.is_nan() => Value::Null,
        Field::Float(number) => Value::from_f64_or_zero(*number),
        Field::Bool(flag) => Value::Boolean(*flag),
        Field::Null => Value::Null,
    }
}

/// Gives the entry what a program left of its event, or says why that can't be.
pub(super) fn take(event: Value, entry: &mut Entry) -> Result<(), String> {
    let kind = event.kind();
    let Value::Object(mut event) = event else { return Err(format!("the program left {kind} in the place of the event")) };
    let line = event.remove(MESSAGE).as_ref().and_then(text);
    let timestamp_ns = match event.remove(TIMESTAMP) {
        None | Some(Value::Null) => None,
        Some(Value::Timestamp(time)) => {
            Some(time.timestamp_nanos_opt().ok_or_else(|| format!("the time {time} in `.{TIMESTAMP}` is too far away"))?)
        }
        Some(other) => return Err(format!("`.{TIMESTAMP}` is {}, not a timestamp; `parse_timestamp` makes one", other.kind())),
    };
    let labels = object(&mut event, LABELS)?;
    if let Some(name) = labels.iter().flatten().map(|(name, _)| name.as_str()).find(|name| !is_legacy_label_name(name)) {
        return Err(format!("`{name}` in `.{LABELS}` is not a label's name"));
    }
    let metadata = object(&mut event, METADATA)?.unwrap_or_default();
    let mut extracted = object(&mut event, EXTRACTED)?.unwrap_or_default();
    // What else stands at the top is what a program for Vector makes of a line.
    extracted.append(&mut event);

    if let Some(line) = line {
        entry.line = line;
    }
    entry.timestamp_ns = timestamp_ns.unwrap_or(entry.timestamp_ns);
    if let Some(labels) = labels {
        let kept: BTreeSet<&str> = labels.keys().map(KeyString::as_str).collect();
        entry.labels.retain(|name| kept.contains(name));
        for (name, value) in &labels {
            entry.labels.set(name, &text(value).unwrap_or_default());
        }
    }
    entry.metadata = LabelsBuilder::default();
    for (name, value) in &metadata {
        if let Some(value) = text(value) {
            entry.metadata.set(name, &value);
        }
    }
    entry.extracted = extracted.into_iter().map(|(name, value)| (name.as_str().to_owned(), field_of(value))).collect::<BTreeMap<_, _>>();
    Ok(())
}

/// Takes an object out of the event; `None` when it is not there.
fn object(event: &mut ObjectMap, name: &str) -> Result<Option<ObjectMap>, String> {
    match event.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(format!("`.{name}` is {}, not an object", other.kind())),
    }
}

/// As text, lists and objects as JSON; `None` for null.
fn text(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| value.to_string_lossy().into_owned())
}

fn field_of(value: Value) -> Field {
    match value {
        Value::Null => Field::Null,
        Value::Integer(number) => Field::Int(number),
        Value::Float(number) => Field::Float(number.into_inner()),
        Value::Boolean(flag) => Field::Bool(flag),
        other => Field::Text(text(&other).unwrap_or_default()),
    }
}
