//! Field access and methods: what Go finds by reflection.

use crate::time::{GoTime, format_go_duration};
use crate::value::{self, Kind, Value, kind};
use jiff::tz::TimeZone;

/// Follows a path of names from a value. Arguments go to the last name, which must then be a method.
pub(crate) fn follow(base: &Value, path: &str, arguments: &[Value]) -> Result<Value, String> {
    let mut current = base.clone();
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let arguments = if names.peek().is_none() { arguments } else { &[] };
        current = step(&current, name, arguments)?;
    }
    Ok(current)
}

fn step(value: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    match value {
        Value::Map(fields) => match kind(fields) {
            Kind::Time(moment) => time_method(&moment, name, arguments),
            Kind::Duration(nanoseconds) => duration_method(nanoseconds, name, arguments),
            Kind::Object(object, fields) => match fields.get(name) {
                Some(Value::Function(method)) => method(arguments).map_err(|e| e.to_string()),
                Some(field) => no_arguments(name, arguments).map(|()| field.clone()),
                None => Err(unknown_field(name, object, fields)),
            },
            Kind::Plain(fields) => {
                if let Some(field) = fields.get(name) {
                    return no_arguments(name, arguments).map(|()| field.clone());
                }
                if let Some(result) = pairs_method(fields, name, arguments) {
                    return result;
                }
                no_arguments(name, arguments)?;
                Ok(missing(fields))
            }
        },
        Value::List(items) => list_method(items, name, arguments),
        Value::Nil => Err(format!("nil pointer evaluating interface {{}}.{name}")),
        other => Err(format!("can't evaluate field {name} in type {}", other.type_name())),
    }
}

/// What stands for a missing key: Go's zero value of a map of strings, else nothing.
fn missing(fields: &std::collections::BTreeMap<std::sync::Arc<str>, Value>) -> Value {
    if fields.values().all(|v| matches!(v, Value::String(_))) { value::string("") } else { Value::Nil }
}

/// `index`: as Go's, with the empty string for a missing key of a map of strings.
pub(crate) fn index(arguments: &[Value]) -> Result<Value, String> {
    let (first, keys) = arguments.split_first().ok_or("index needs a value")?;
    let mut current = first.clone();
    for key in keys {
        current = match (&current, key) {
            (Value::Map(fields), Value::String(name)) => fields.get(name).cloned().unwrap_or_else(|| missing(fields)),
            _ => current.index(key).map_err(|e| e.to_string())?,
        };
    }
    Ok(current)
}

fn no_arguments(name: &str, arguments: &[Value]) -> Result<(), String> {
    if arguments.is_empty() { Ok(()) } else { Err(format!("{name} has arguments but cannot be invoked as function")) }
}

fn unknown_field(name: &str, object: &str, fields: &std::collections::BTreeMap<std::sync::Arc<str>, Value>) -> String {
    let known = fields.keys().map(|k| &**k).filter(|k| !k.starts_with('\0'));
    let hint = phoenix_model::suggest::nearest(name, known).map_or_else(String::new, |near| format!("; did you mean {near}?"));
    format!("can't evaluate field {name} in type {object}{hint}")
}

/// Alertmanager's methods on `KV`. A key of the same name wins, as nobody could reach it otherwise.
fn pairs_method(
    fields: &std::collections::BTreeMap<std::sync::Arc<str>, Value>,
    name: &str,
    arguments: &[Value],
) -> Option<Result<Value, String>> {
    // Sorted by name, with `alertname` in front, as Alertmanager does.
    let sorted = || {
        let mut all: Vec<_> = fields.iter().collect();
        all.sort_by_key(|(name, _)| (&***name != "alertname", (*name).clone()));
        all
    };
    let result = match name {
        "SortedPairs" => value::list(
            sorted().into_iter().map(|(k, v)| value::object("Pair", [("Name", value::string(k.clone())), ("Value", v.clone())])),
        ),
        "Names" => value::list(sorted().into_iter().map(|(k, _)| value::string(k.clone()))),
        "Values" => value::list(sorted().into_iter().map(|(_, v)| v.clone())),
        "Remove" => {
            let [Value::List(names)] = arguments else {
                return Some(Err("Remove takes a list of names, as in `.Labels.Remove (stringSlice \"a\" \"b\")`".to_owned()));
            };
            let removed = |key: &str| names.iter().any(|n| n.as_str() == Some(key));
            return Some(Ok(value::map(fields.iter().filter(|(k, _)| !removed(k)).map(|(k, v)| (k.clone(), v.clone())))));
        }
        _ => return None,
    };
    Some(no_arguments(name, arguments).map(|()| result))
}

/// Alertmanager's methods on `Alerts` and on `Pairs`.
fn list_method(items: &[Value], name: &str, arguments: &[Value]) -> Result<Value, String> {
    no_arguments(name, arguments)?;
    let field = |item: &Value, name: &str| item.field(name).cloned();
    let with_status =
        |status: &str| value::list(items.iter().filter(|i| field(i, "Status").as_ref().and_then(Value::as_str) == Some(status)).cloned());
    match name {
        "Firing" => Ok(with_status("firing")),
        "Resolved" => Ok(with_status("resolved")),
        "Names" => Ok(value::list(items.iter().filter_map(|i| field(i, "Name")))),
        "Values" => Ok(value::list(items.iter().filter_map(|i| field(i, "Value")))),
        _ => Err(format!("can't evaluate field {name} in type list")),
    }
}

fn time_method(moment: &GoTime, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let zoned = moment.zoned();
    let other = || match arguments {
        [Value::Map(fields)] => match kind(fields) {
            Kind::Time(other) => Ok(other),
            _ => Err(format!("{name} takes a time")),
        },
        _ => Err(format!("{name} takes a time")),
    };
    let span = || match arguments {
        [Value::Map(fields)] => match kind(fields) {
            Kind::Duration(nanoseconds) => Ok(nanoseconds),
            _ => Err(format!("{name} takes a duration")),
        },
        [Value::Int(nanoseconds)] => Ok(*nanoseconds),
        _ => Err(format!("{name} takes a duration")),
    };
    let zone = zoned.time_zone().iana_name().unwrap_or("UTC");
    Ok(match name {
        "Format" => match arguments {
            [Value::String(layout)] => return Ok(value::string(moment.format(layout))),
            _ => return Err("Format takes a layout such as \"2006-01-02 15:04\"".to_owned()),
        },
        "Sub" => return Ok(value::duration(moment.ms().saturating_sub(other()?.ms()))),
        "Before" => return Ok(Value::Bool(moment.ms() < other()?.ms())),
        "After" => return Ok(Value::Bool(moment.ms() > other()?.ms())),
        "Equal" => return Ok(Value::Bool(moment.ms() == other()?.ms())),
        "Add" => return Ok(value::time_in(moment.ms().saturating_add(span()? / 1_000_000), zone)),
        _ => {
            no_arguments(name, arguments)?;
            match name {
                "UTC" => value::time_ns_in(moment.ns(), "UTC"),
                "Local" => value::time_in(moment.ms(), TimeZone::system().iana_name().unwrap_or("UTC")),
                "String" => value::string(moment.to_string()),
                // Go's zero time is the first of January of year 1.
                "IsZero" => Value::Bool(moment.ms() == -62_135_596_800_000),
                "Unix" => Value::Int(moment.ms().div_euclid(1000)),
                "UnixMilli" => Value::Int(moment.ms()),
                "UnixNano" => Value::Int(i64::try_from(moment.ns()).unwrap_or(i64::MAX)),
                "Year" => Value::Int(zoned.year().into()),
                // Go prints a month by its name.
                "Month" => value::string(moment.format("January")),
                "Day" => Value::Int(zoned.day().into()),
                "YearDay" => Value::Int(zoned.day_of_year().into()),
                "Hour" => Value::Int(zoned.hour().into()),
                "Minute" => Value::Int(zoned.minute().into()),
                "Second" => Value::Int(zoned.second().into()),
                "Weekday" => value::string(moment.format("Monday")),
                _ => return Err(format!("can't evaluate field {name} in type time.Time")),
            }
        }
    })
}

fn duration_method(nanoseconds: i64, name: &str, arguments: &[Value]) -> Result<Value, String> {
    if matches!(name, "Round" | "Truncate") {
        let unit = match arguments {
            [Value::Int(unit)] => *unit,
            [Value::Map(fields)] => match kind(fields) {
                Kind::Duration(unit) => unit,
                _ => return Err(format!("{name} takes a duration")),
            },
            _ => return Err(format!("{name} takes a duration")),
        };
        if unit <= 0 {
            return Ok(value::duration_ns(nanoseconds));
        }
        let half = if name == "Round" { unit / 2 * nanoseconds.signum() } else { 0 };
        return Ok(value::duration_ns(nanoseconds.saturating_add(half) / unit * unit));
    }
    no_arguments(name, arguments)?;
    Ok(match name {
        "Seconds" => Value::Float(nanoseconds as f64 / 1e9),
        "Minutes" => Value::Float(nanoseconds as f64 / 6e10),
        "Hours" => Value::Float(nanoseconds as f64 / 3.6e12),
        "Milliseconds" => Value::Int(nanoseconds / 1_000_000),
        "Nanoseconds" => Value::Int(nanoseconds),
        "String" => value::string(format_go_duration(nanoseconds)),
        _ => return Err(format!("can't evaluate field {name} in type time.Duration")),
    })
}
