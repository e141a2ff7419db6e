//! `findings`: what the linter finds in what is loaded; `lint_query`: in one query.

use super::{NativeError, rfc3339};
use crate::findings;
use crate::http::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use phoenix_engine::{Language, QueryError};
use serde::Deserialize;
use serde_json::{Value, json};

/// A query longer than this is not linted.
const MAX_QUERY_BYTES: usize = 32 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LintQuery {
    query: String,
    #[serde(default)]
    language: Option<String>,
}

pub(super) async fn list(State(api): State<Api>) -> Json<Value> {
    let latest = api.findings.latest();
    Json(json!({
        "checked_at": latest.checked_at_ms.map(rfc3339),
        "asked_store": latest.asked_store,
        "texts": latest.texts,
        "left_out": latest.left_out,
        "errors": latest.errors,
        "warnings": latest.warnings,
        "findings": latest.findings,
        "more": latest.more,
    }))
}

pub(super) async fn lint_query(State(api): State<Api>, Json(body): Json<LintQuery>) -> Result<Json<Value>, NativeError> {
    let name = body.language.as_deref().unwrap_or("promql");
    let language = Language::from_name(name)
        .ok_or_else(|| NativeError::bad_request(format!("unknown query language `{name}`; one of promql, logql, traceql")))?;
    if body.query.len() > MAX_QUERY_BYTES {
        let message = format!("the query has {} bytes, the limit is {MAX_QUERY_BYTES}", body.query.len());
        return Err(NativeError::bad_request(message));
    }
    let found = findings::of_query(&api, language, body.query).await.map_err(|error| {
        let status = match error {
            QueryError::Limit(_) => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        NativeError::new(status, format!("the query was not linted: {error}"))
    })?;
    Ok(Json(json!({"findings": found})))
}
