//! What Phoenix finds in lines: `detected_fields`, `detected_field/{name}/values` and `patterns`.

use super::Loki;
use super::error::LokiError;
use super::params::{Bounds, Lookback, SECOND_NS, must_be_entries, must_be_filters};
use crate::http::envelope::{Success, json};
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use phoenix_engine::logs::{DetectedField, LogRange};
use phoenix_model::logs::Direction;
use serde_json::{Value, json};

/// Lines that are looked at when nothing is said, and the most.
const DEFAULT_LINES: usize = 100;
const MAX_LINES: usize = 5_000;
/// Fields of an answer, or values of a field, when nothing is said.
const DEFAULT_FIELDS: usize = 1_000;
/// Steps of patterns are not shorter.
const MIN_PATTERN_STEP_NS: i64 = 10 * SECOND_NS;

async fn read(loki: &Loki, params: &Params, values: usize) -> Result<Vec<DetectedField>, LokiError> {
    let asked = loki.asked(params);
    let Bounds { start_ns, end_ns } = asked.bounds(Lookback::Hour)?;
    let query = asked.query()?.to_owned();
    must_be_entries(&query, "detected fields")?;
    let lines = asked.count("line_limit", DEFAULT_LINES)?.min(MAX_LINES);
    let range = LogRange { start_ns, end_ns, step_ns: SECOND_NS, interval_ns: 0, limit: lines, direction: Direction::Backward };
    let text = query.clone();
    let (fields, _) = loki.run(&query, move |engine, limits| engine.detected_fields(&text, &range, lines, values, limits)).await?;
    Ok(fields)
}

fn field_limit(loki: &Loki, params: &Params) -> Result<usize, LokiError> {
    let asked = loki.asked(params);
    asked.count(if params.non_empty("limit").is_some() { "limit" } else { "field_limit" }, DEFAULT_FIELDS)
}

pub(super) async fn detected(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let limit = field_limit(&loki, &params)?;
    let mut fields = read(&loki, &params, 0).await?;
    fields.truncate(limit);
    let fields: Vec<Value> = fields.iter().map(field_json).collect();
    Ok(json(StatusCode::OK, json!({"fields": fields, "limit": limit}).to_string()))
}

fn field_json(field: &DetectedField) -> Value {
    let mut body = json!({
        "label": field.name,
        "type": field.kind,
        "cardinality": field.cardinality,
        // As Go writes a list that nobody made.
        "parsers": if field.parsers.is_empty() { Value::Null } else { json!(field.parsers) },
    });
    if !field.json_path.is_empty() {
        body["jsonPath"] = json!(field.json_path);
    }
    body
}

pub(super) async fn values(State(loki): State<Loki>, Path(name): Path<String>, params: Params) -> Result<Response, LokiError> {
    let limit = field_limit(&loki, &params)?;
    let fields = read(&loki, &params, limit).await?;
    let values: Vec<String> = fields.into_iter().find(|field| field.name == name).map(|field| field.values).unwrap_or_default();
    Ok(json(StatusCode::OK, json!({"values": values, "limit": limit}).to_string()))
}

pub(super) async fn patterns(State(loki): State<Loki>, params: Params) -> Result<Success, LokiError> {
    let asked = loki.asked(&params);
    let bounds @ Bounds { start_ns, end_ns } = asked.bounds(Lookback::Hour)?;
    let step_ns = asked.step_ns(bounds)?.max(MIN_PATTERN_STEP_NS);
    let query = asked.query()?.to_owned();
    must_be_filters(&query, "patterns")?;
    let text = query.clone();
    let found = loki.run(&query, move |engine, limits| engine.patterns(&text, start_ns, end_ns, step_ns, limits)).await?;
    let data: Vec<Value> = found
        .iter()
        .map(|found| {
            let samples: Vec<(i64, u64)> = found.samples.iter().map(|(at_ns, count)| (at_ns / SECOND_NS, *count)).collect();
            let mut body = json!({"pattern": found.pattern});
            if !found.level.as_str().is_empty() {
                body["level"] = json!(found.level.as_str());
            }
            body["samples"] = json!(samples);
            body
        })
        .collect();
    Ok(Success::new(&data))
}
