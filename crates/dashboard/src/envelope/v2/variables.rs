//! Variables of version 2.

use super::{query, spec};
use crate::json::{Fields, drop_keys};
use serde_json::Value;

/// What the kinds were called.
const KINDS: [(&str, &str); 10] = [
    ("QueryVariable", "query"),
    ("CustomVariable", "custom"),
    ("TextVariable", "textbox"),
    ("ConstantVariable", "constant"),
    ("DatasourceVariable", "datasource"),
    ("IntervalVariable", "interval"),
    ("AdhocVariable", "adhoc"),
    ("GroupByVariable", "groupby"),
    ("SwitchVariable", "switch"),
    ("SnapshotVariable", "snapshot"),
];

/// Orders of choices, in the order of their numbers.
const SORTS: [&str; 9] = [
    "disabled",
    "alphabeticalAsc",
    "alphabeticalDesc",
    "numericalAsc",
    "numericalDesc",
    "alphabeticalCaseInsensitiveAsc",
    "alphabeticalCaseInsensitiveDesc",
    "naturalAsc",
    "naturalDesc",
];

/// A variable in the classic form.
pub(super) fn classic(value: &Value) -> Option<Value> {
    let kind = value.as_object()?.text("kind")?;
    let mut out = spec(value)?.clone();
    let kind = KINDS.iter().find(|(new, _)| *new == kind).map_or(kind, |(_, old)| old);
    out.put("type", kind);
    let hide = match out.text("hide") {
        Some("hideLabel") => 1,
        Some("hideVariable") => 2,
        Some("inControlsMenu") => 3,
        _ => 0,
    };
    out.put("hide", hide);
    let refresh = match out.text("refresh") {
        Some("onTimeRangeChanged") => 2,
        Some("onDashboardLoad") => 1,
        _ => 0,
    };
    out.put("refresh", refresh);
    if let Some(sort) = out.text("sort") {
        let at = SORTS.iter().position(|known| *known == sort).unwrap_or(0);
        out.put("sort", at);
    }
    match kind {
        "query" => {
            let mut asked = query(out.object("query"), out.get("datasource"));
            if let Some(source) = asked.take("datasource") {
                out.put("datasource", source);
            }
            // A query that was a text became an object of one key.
            match asked.take("__legacyStringValue") {
                Some(text) => out.put("query", text),
                None => out.put("query", asked),
            }
        }
        "datasource" => {
            let of = out.text("pluginId").unwrap_or_default().to_owned();
            out.put("query", of);
            drop_keys(&mut out, &["pluginId"]);
        }
        "adhoc" | "groupby" => {
            // The data source stands beside `spec` since `v2beta1`.
            let mut source = out.object("datasource").cloned().unwrap_or_default();
            let whole = value.as_object()?;
            if let Some(group) = whole.text("group") {
                source.put_missing("type", group);
            }
            if let Some(name) = whole.object("datasource").and_then(|source| source.text("name")) {
                source.put_missing("uid", name);
            }
            out.put("datasource", source);
        }
        _ => {}
    }
    Some(Value::Object(out))
}
