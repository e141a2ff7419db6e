//! Data for templates: gotmpl's [`Value`], and how times, durations, labels and objects become one.
//!
//! Three things that Go tells apart by type are told apart here by a hidden first key:
//! an *object* (a struct: an unknown field is an error), a *time* and a *duration*. A map without
//! such a key is a plain map: the empty string stands for a missing key when all its values are
//! strings (Go's `map[string]string`, which labels and annotations are), else there is no value.

pub use gotmpl::Value;
use phoenix_model::Labels;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const OBJECT: &str = "\0object";
pub(crate) const TIME: &str = "\0time";
/// Nanoseconds of a time below its milliseconds.
pub(crate) const TIME_REST: &str = "\0time rest";
pub(crate) const ZONE: &str = "\0zone";
pub(crate) const DURATION: &str = "\0duration";

/// A text.
pub fn string(text: impl Into<Arc<str>>) -> Value {
    Value::String(text.into())
}

/// A list.
pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect::<Vec<_>>().into())
}

/// A map.
pub fn map<K: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::Map(Arc::new(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect()))
}

/// Labels or annotations: a map of strings. A missing one reads as the empty string. It has the
/// methods `SortedPairs`, `Names`, `Values` and `Remove`, as Alertmanager's `KV`.
pub fn labels(labels: &Labels) -> Value {
    map(labels.iter().map(|(name, value)| (name, string(value))))
}

/// A thing with named fields, such as an alert; `kind` is what errors call it. An unknown field
/// is an error. A [`Value::Function`] among the fields is a method.
pub fn object(kind: &str, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut all: BTreeMap<Arc<str>, Value> = fields.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    all.insert(Arc::from(OBJECT), string(kind));
    Value::Map(Arc::new(all))
}

/// A moment in UTC, in milliseconds since the Unix epoch. It prints as Go prints a `time.Time` and
/// has its methods `Format`, `Unix`, `UTC`, `Sub`, `Before`, `After`, `Year`, `Hour` and so on.
pub fn time(ms: i64) -> Value {
    time_in(ms, "UTC")
}

/// A moment in a zone of the tz database, in nanoseconds since the Unix epoch.
pub(crate) fn time_ns_in(ns: i128, zone: &str) -> Value {
    let (ms, rest) = (ns.div_euclid(1_000_000) as i64, ns.rem_euclid(1_000_000) as i64);
    map([(TIME, Value::Int(ms)), (TIME_REST, Value::Int(rest)), (ZONE, string(zone))])
}

pub(crate) fn time_in(ms: i64, zone: &str) -> Value {
    map([(TIME, Value::Int(ms)), (ZONE, string(zone))])
}

/// A duration in milliseconds. It prints as Go prints a `time.Duration`: `1h2m3s`.
pub fn duration(ms: i64) -> Value {
    duration_ns(ms.saturating_mul(1_000_000))
}

pub(crate) fn duration_ns(nanoseconds: i64) -> Value {
    map([(DURATION, Value::Int(nanoseconds))])
}

/// A sample as `query` gives it: `.Labels` and `.Value`.
pub fn sample(of: &Labels, value: Value) -> Value {
    object("sample", [("Labels", labels(of)), ("Value", value)])
}

/// JSON as data: objects become maps, whole numbers stay whole.
pub fn json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN)), Value::Int),
        serde_json::Value::String(text) => string(text.as_str()),
        serde_json::Value::Array(items) => list(items.iter().map(json)),
        serde_json::Value::Object(fields) => map(fields.iter().map(|(name, field)| (name.as_str(), json(field)))),
    }
}

/// What a hidden key makes of a map.
pub(crate) enum Kind<'a> {
    Plain(&'a BTreeMap<Arc<str>, Value>),
    Object(&'a str, &'a BTreeMap<Arc<str>, Value>),
    Time(crate::time::GoTime),
    Duration(i64),
}

pub(crate) fn kind(fields: &BTreeMap<Arc<str>, Value>) -> Kind<'_> {
    // Hidden keys begin with NUL and so come first; most maps have none.
    match fields.first_key_value() {
        Some((key, value)) if key.starts_with('\0') => match (&**key, value) {
            (OBJECT, Value::String(name)) => Kind::Object(name, fields),
            (DURATION, Value::Int(nanoseconds)) => Kind::Duration(*nanoseconds),
            (TIME, Value::Int(ms)) => {
                let zone = match fields.get(ZONE) {
                    Some(Value::String(zone)) => zone,
                    _ => "UTC",
                };
                let rest = match fields.get(TIME_REST) {
                    Some(Value::Int(rest)) => *rest,
                    _ => 0,
                };
                let ns = i128::from(*ms) * 1_000_000 + i128::from(rest);
                match crate::time::GoTime::from_ns(ns, zone).or_else(|_| crate::time::GoTime::from_ns(ns, "UTC")) {
                    Ok(moment) => Kind::Time(moment),
                    Err(_) => Kind::Plain(fields),
                }
            }
            _ => Kind::Plain(fields),
        },
        _ => Kind::Plain(fields),
    }
}

/// A number, from what Prometheus' functions take for one: numbers, texts, durations (as seconds).
pub(crate) fn to_float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::Uint(number) => Ok(*number as f64),
        Value::String(text) => parse_float(text).ok_or_else(|| format!("`{text}` is not a number")),
        Value::Map(fields) => match kind(fields) {
            Kind::Duration(nanoseconds) => Ok(nanoseconds as f64 / 1e9),
            _ => Err("a map is not a number".to_owned()),
        },
        Value::Nil => Err("nothing is not a number".to_owned()),
        other => Err(format!("a {} is not a number", other.type_name())),
    }
}

fn parse_float(text: &str) -> Option<f64> {
    // Rust reads all that Go writes; `infinity` and signs included, spaces not.
    text.parse().ok()
}
