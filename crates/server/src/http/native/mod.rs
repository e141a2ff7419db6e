//! Phoenix' own API, `/api/phoenix/v1`: what no compatible API has words for.

mod annotations;
mod dashboards;
mod demo;
mod events;
mod explore;
mod findings;
mod home;
mod incidents;
pub(super) mod link;
mod on_call;
pub(crate) mod refresh;
mod targets;

pub(super) use dashboards::MAX_BODY_BYTES as MAX_DASHBOARD_BYTES;

use super::Api;
use super::envelope::ApiError;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use phoenix_ingest::remote_write::Refusal;
use phoenix_model::Diagnostic;
use serde_json::json;

/// The routes, without their prefix.
pub(super) fn router(api: &Api) -> Router<Api> {
    Router::new()
        .merge(dashboards::router(api))
        .merge(annotations::router())
        .route("/home", get(home::home))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{id}", get(incidents::read))
        .route("/incidents/{id}/acknowledge", post(incidents::acknowledge))
        .route("/incidents/{id}/resolve", post(incidents::resolve))
        .route("/incidents/{id}/notes", post(incidents::note))
        .route("/on-call", get(on_call::read))
        .route("/parse_query", get(explore::parse_get).post(explore::parse_post))
        .route("/findings", get(findings::list))
        .route("/lint_query", post(findings::lint_query))
        .route("/targets/relabel", get(targets::relabel))
        .route("/targets/logs", get(targets::logs))
        .route("/dashboards/query", post(refresh::query))
        .route("/events", get(events::stream))
        .route("/inbox", get(demo::inbox))
        .route("/demo", get(demo::faults))
        .route("/demo/faults/{name}", post(demo::set_fault))
        .fallback(|| async { NativeError::not_found("there is no such path in Phoenix' API; see docs/reference/http-api.md") })
}

/// An error of this API: a status, words, and findings about a text where there are some.
#[derive(Debug)]
pub(super) struct NativeError {
    status: StatusCode,
    message: String,
    diagnostics: Vec<Diagnostic>,
}

impl NativeError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), diagnostics: Vec::new() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }
}

impl From<Refusal> for NativeError {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal.message)
    }
}

impl From<ApiError> for NativeError {
    fn from(error: ApiError) -> Self {
        Self::bad_request(error.message())
    }
}

impl IntoResponse for NativeError {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.message});
        if !self.diagnostics.is_empty() {
            body["diagnostics"] = json!(self.diagnostics);
        }
        (self.status, axum::Json(body)).into_response()
    }
}

/// Milliseconds since the epoch as RFC 3339 in UTC.
pub(in crate::http) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| t.to_string())
}
