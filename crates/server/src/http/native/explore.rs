//! `parse_query`: what Explore underlines.

use super::NativeError;
use crate::http::params::Params;
use axum::Json;
use phoenix_engine::Language;
use phoenix_logql::analysis::QueryKind;
use phoenix_model::Severity;
use phoenix_promql::ValueType;
use phoenix_traceql::Body;
use serde::Deserialize;
use serde_json::{Value, json};

/// A query longer than this is refused before it is parsed.
const MAX_QUERY_BYTES: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParseQuery {
    query: String,
    #[serde(default)]
    language: Option<String>,
}

pub(super) async fn parse_get(params: Params) -> Result<Json<Value>, NativeError> {
    let query = params.get("query").ok_or_else(|| NativeError::bad_request("the parameter `query` is missing"))?;
    parse(query, params.get("language"))
}

pub(super) async fn parse_post(Json(body): Json<ParseQuery>) -> Result<Json<Value>, NativeError> {
    parse(&body.query, body.language.as_deref())
}

fn parse(query: &str, language: Option<&str>) -> Result<Json<Value>, NativeError> {
    let name = language.unwrap_or("promql");
    let language = Language::from_name(name)
        .ok_or_else(|| NativeError::bad_request(format!("unknown query language `{name}`; one of promql, logql, traceql")))?;
    if query.len() > MAX_QUERY_BYTES {
        return Err(NativeError::bad_request(format!("the query has {} bytes, the limit is {MAX_QUERY_BYTES}", query.len())));
    }
    Ok(Json(match language {
        Language::PromQl => parse_metrics(query),
        Language::LogQl => parse_logs(query),
        Language::TraceQl => parse_traces(query),
    }))
}

fn parse_metrics(query: &str) -> Value {
    let parsed = phoenix_promql::parse(query);
    let ok = parsed.diagnostics.iter().all(|d| d.severity != Severity::Error);
    let expr = parsed.query.as_ref().filter(|_| ok);
    json!({
        "ok": ok && expr.is_some(),
        "kind": expr.map(|e| kind(e.value_type())),
        "formatted": expr.map(phoenix_promql::format),
        "diagnostics": parsed.diagnostics,
    })
}

fn parse_logs(query: &str) -> Value {
    let parsed = phoenix_logql::parse(query);
    let ok = parsed.diagnostics.iter().all(|d| d.severity != Severity::Error);
    let expr = parsed.query.as_ref().filter(|_| ok);
    let kind = |kind| match kind {
        QueryKind::Logs => "streams",
        QueryKind::Metric => "vector",
        QueryKind::Scalar => "scalar",
    };
    json!({
        "ok": expr.is_some(),
        "kind": expr.map(|e| kind(e.query_kind())),
        "formatted": expr.map(phoenix_logql::pretty),
        "diagnostics": parsed.diagnostics,
    })
}

fn parse_traces(query: &str) -> Value {
    let parsed = phoenix_traceql::parse(query);
    let ok = parsed.diagnostics.iter().all(|d| d.severity != Severity::Error);
    let query = parsed.query.as_ref().filter(|_| ok);
    let kind = |body: &Body| match body {
        Body::Search(_) => "traces",
        Body::Metrics(_) => "matrix",
    };
    json!({
        "ok": query.is_some(),
        "kind": query.map(|query| kind(&query.body)),
        "formatted": query.map(phoenix_traceql::pretty),
        "diagnostics": parsed.diagnostics,
    })
}

/// The name that the API of queries gives to a result of this type.
fn kind(value: ValueType) -> Option<&'static str> {
    match value {
        ValueType::Scalar => Some("scalar"),
        ValueType::String => Some("string"),
        ValueType::Vector => Some("vector"),
        ValueType::Matrix => Some("matrix"),
        ValueType::Unknown => None,
    }
}
