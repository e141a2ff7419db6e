//! What holds for every JSON: reading ends, and what was read once stays as it is.

#![expect(clippy::disallowed_methods, reason = "the test reads files of the repository")]

use phoenix_dashboard::{ReadOptions, read_value};
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::path::Path;

/// All keys and words of the dashboards beside this file: random JSON of other words would be passed over.
fn vocabulary() -> (Vec<String>, Vec<Value>) {
    let (mut keys, mut values) = (Vec::new(), vec![Value::Null, true.into(), 0.into(), (-1).into(), 1.5.into(), 24.into(), 1e300.into()]);
    for folder in ["tests/migrate"] {
        let Ok(files) = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) else { continue };
        for file in files {
            let path = file.expect("it lists").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let text = std::fs::read_to_string(path).expect("it can be read");
                gather(&serde_json::from_str(&text).expect("it is JSON"), &mut keys, &mut values);
            }
        }
    }
    keys.sort();
    keys.dedup();
    (keys, values)
}

fn gather(value: &Value, keys: &mut Vec<String>, values: &mut Vec<Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|inner| gather(inner, keys, values)),
        Value::Object(object) => {
            for (key, inner) in object {
                keys.push(key.clone());
                gather(inner, keys, values);
            }
        }
        leaf if !values.contains(leaf) => values.push(leaf.clone()),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let (keys, values) = vocabulary();
    prop::sample::select(values).prop_recursive(6, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(keys.clone()), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// One of the dashboards with some of its parts taken for others.
fn any_mutation() -> impl Strategy<Value = Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("it lists").path());
    let dashboards: Vec<Value> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).expect("it can be read")).expect("it is JSON"))
        .collect();
    let changes = prop::collection::vec((any::<u32>(), any_json()), 1..6);
    (prop::sample::select(dashboards), changes).prop_map(|(mut dashboard, changes)| {
        for (at, with) in changes {
            let mut left = at % count(&dashboard);
            replace(&mut dashboard, &mut left, &with);
        }
        dashboard
    })
}

fn count(value: &Value) -> u32 {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(object) => object.values().map(count).sum(),
        _ => 0,
    }
}

fn replace(value: &mut Value, left: &mut u32, with: &Value) {
    if *left == 0 {
        *value = with.clone();
        *left = u32::MAX;
        return;
    }
    *left -= 1;
    match value {
        Value::Array(list) => list.iter_mut().for_each(|inner| replace_unless_done(inner, left, with)),
        Value::Object(object) => object.values_mut().for_each(|inner| replace_unless_done(inner, left, with)),
        _ => {}
    }
}

fn replace_unless_done(value: &mut Value, left: &mut u32, with: &Value) {
    // Far above what any dashboard here has.
    if *left < u32::MAX / 2 {
        replace(value, left, with);
    }
}

/// The first place where two values differ, and both.
fn difference<'a>(path: &str, a: &'a Value, b: &'a Value) -> Option<(String, &'a Value, &'a Value)> {
    static NOTHING: Value = Value::Null;
    let nothing = &NOTHING;
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys());
            keys.into_iter()
                .find_map(|key| difference(&format!("{path}/{key}"), a.get(key).unwrap_or(nothing), b.get(key).unwrap_or(nothing)))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(&format!("{path}/{at}"), a, b))
        }
        _ => (a != b).then(|| (path.to_owned(), a, b)),
    }
}

fn stays(value: &Value) {
    let Ok(first) = read_value(value.clone(), &ReadOptions::default()) else { return };
    let again = read_value(first.dashboard.export(), &ReadOptions::default()).expect("what was exported can be read");
    let (again, first_json) = (Value::Object(again.dashboard.into_json()), Value::Object(first.dashboard.json().clone()));
    if let Some((path, was, is)) = difference("", &first_json, &again) {
        panic!("{path} was {was} and is {is} when it is read again: {value}");
    }
    for finding in &first.report {
        let path = &finding.path;
        assert!(path.is_empty() || path.starts_with('/'), "{path} is no place");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_or_refused(mut value in any_json()) {
        if let Some(object) = value.as_object_mut() {
            object.insert("title".to_owned(), "any".into());
        }
        stays(&value);
    }

    #[test]
    fn a_damaged_dashboard_is_read_or_refused(value in any_mutation()) {
        stays(&value);
    }
}
