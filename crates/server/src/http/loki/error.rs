//! Errors of queries as Loki's API tells them.

use axum::http::StatusCode;
use phoenix_engine::QueryError;

pub(super) use super::super::plain_error::PlainError as LokiError;

/// From an error of the language's, in Loki's form.
pub(super) fn of_query(error: &QueryError, query: &str) -> LokiError {
    match error {
        QueryError::Parse(diagnostics) => LokiError::bad_request(phoenix_logql::loki_message(diagnostics, query)),
        QueryError::Execution(message) | QueryError::Limit(message) => LokiError::bad_request(message),
        QueryError::Cancelled => LokiError::cancelled("The request was cancelled by the client."),
        QueryError::Timeout(_) => LokiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            format!(
                "Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed ({error}; limit `limits.query_timeout`)"
            ),
        ),
        QueryError::Storage(message) => LokiError::new(StatusCode::INTERNAL_SERVER_ERROR, message),
    }
}
