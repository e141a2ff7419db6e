//! Labels and streams: `labels`, `label/{name}/values`, `series` and `detected_labels`.

use super::error::LokiError;
use super::params::{Bounds, Lookback, selector};
use super::{Loki, MAX_LISTED};
use crate::http::envelope::{Success, json};
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use phoenix_engine::logs::LogScope;
use phoenix_engine::{LogsEngine, QueryError};
use phoenix_model::Matcher;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What streams a request is about.
struct Scope {
    sets: Vec<Vec<Matcher>>,
    bounds: Bounds,
}

impl Scope {
    /// `query`, `start`, `end` and `since`.
    fn of_query(loki: &Loki, params: &Params) -> Result<Self, LokiError> {
        let bounds = loki.asked(params).bounds(Lookback::SixHours)?;
        let matchers = selector(params.get("query").unwrap_or_default())?;
        Ok(Self { sets: if matchers.is_empty() { Vec::new() } else { vec![matchers] }, bounds })
    }

    fn read<T>(
        &self,
        what: &str,
        read: impl FnOnce(&LogScope<'_>, usize) -> Result<(Vec<T>, bool), QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let Bounds { start_ns, end_ns } = self.bounds;
        // What lies exactly at `end` counts here, as labels are not exact to the nanosecond in Loki either.
        let scope = LogScope { sets: &self.sets, start_ns, end_ns: end_ns.saturating_add(1) };
        match read(&scope, MAX_LISTED)? {
            (found, false) => Ok(found),
            (_, true) => Err(QueryError::Limit(format!(
                "there are more than {MAX_LISTED} {what}, the limit of one answer; name a selector or a shorter range"
            ))),
        }
    }
}

pub(super) async fn name_list(loki: &Loki, params: &Params) -> Result<Vec<String>, LokiError> {
    let scope = Scope::of_query(loki, params)?;
    loki.run("", move |engine, _| scope.read("labels", |scope, limit| engine.label_names(scope, limit))).await
}

pub(super) async fn value_list(loki: &Loki, name: String, params: &Params) -> Result<Vec<String>, LokiError> {
    let scope = Scope::of_query(loki, params)?;
    loki.run("", move |engine, _| scope.read("values", |scope, limit| engine.label_values(&name, scope, limit))).await
}

pub(super) async fn names(State(loki): State<Loki>, params: Params) -> Result<Success, LokiError> {
    Ok(Success::new(&name_list(&loki, &params).await?))
}

pub(super) async fn values(State(loki): State<Loki>, Path(name): Path<String>, params: Params) -> Result<Success, LokiError> {
    Ok(Success::new(&value_list(&loki, name, &params).await?))
}

pub(super) async fn series(State(loki): State<Loki>, params: Params) -> Result<Success, LokiError> {
    let bounds = loki.asked(&params).bounds(Lookback::SixHours)?;
    let mut sets = Vec::new();
    for text in params.all("match[]").chain(params.all("match")) {
        sets.push(selector(text)?);
    }
    // An empty selector takes all streams, whatever stands beside it.
    if sets.iter().any(Vec::is_empty) {
        sets.clear();
    }
    let scope = Scope { sets, bounds };
    let series = loki.run("", move |engine, _| scope.read("streams", |scope, limit| engine.series(scope, limit))).await?;
    Ok(Success::new(&series))
}

/// Labels that Loki shows whatever their values are.
const ALWAYS_SHOWN: [&str; 4] = ["cluster", "namespace", "instance", "pod"];

pub(super) async fn detected(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let scope = Scope::of_query(&loki, &params)?;
    let labels = loki.run("", move |engine, _| cardinalities(engine, &scope)).await?;
    let labels: Vec<Value> = labels.into_iter().map(|(label, cardinality)| json!({"label": label, "cardinality": cardinality})).collect();
    Ok(json(StatusCode::OK, json!({"detectedLabels": labels}).to_string()))
}

/// The labels of the streams with how many values each has; without those whose values are all
/// numbers or UUIDs, which nobody picks from a list.
fn cardinalities(engine: &dyn LogsEngine, scope: &Scope) -> Result<Vec<(String, usize)>, QueryError> {
    let series = scope.read("streams", |scope, limit| engine.series(scope, limit))?;
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for labels in &series {
        for (name, value) in labels {
            values.entry(name).or_default().insert(value);
        }
    }
    Ok(values
        .into_iter()
        .filter(|(name, values)| ALWAYS_SHOWN.contains(name) || !values.iter().all(|value| is_identifier(value)))
        .map(|(name, values)| (name.to_owned(), values.len()))
        .collect())
}

fn is_identifier(value: &str) -> bool {
    let is_uuid = value.len() == 36
        && value.bytes().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() });
    is_uuid || value.parse::<f64>().is_ok()
}
