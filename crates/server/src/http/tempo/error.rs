//! Errors as Tempo's API tells them: a status, and the message as plain text.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use phoenix_engine::QueryError;

/// An error of a path of Tempo's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TempoError {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl TempoError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// The request is wrong: 400.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// There is no such thing: 404.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// Too much at once: 429.
    pub(super) fn too_many(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message)
    }

    /// From an error of the language's, in Tempo's form.
    pub(super) fn of_query(error: &QueryError, query: &str) -> Self {
        match error {
            QueryError::Parse(diagnostics) => {
                Self::bad_request(format!("invalid TraceQL query: {}", phoenix_traceql::tempo_message(diagnostics, query)))
            }
            QueryError::Execution(message) => Self::bad_request(message),
            QueryError::Limit(message) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, message),
            QueryError::Cancelled => {
                Self::new(StatusCode::from_u16(499).expect("499 is a valid status"), "the request was cancelled by the client")
            }
            QueryError::Timeout(_) => Self::new(StatusCode::GATEWAY_TIMEOUT, format!("{error} (limit `limits.query_timeout`)")),
            QueryError::Storage(message) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl IntoResponse for TempoError {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", self.message)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, 1.into());
        }
        response
    }
}
