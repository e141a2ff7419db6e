//! Errors of queries as Tempo's API tells them.

use axum::http::StatusCode;
use phoenix_engine::QueryError;

pub(super) use super::super::plain_error::PlainError as TempoError;

/// From an error of the language's, in Tempo's form.
pub(super) fn of_query(error: &QueryError, query: &str) -> TempoError {
    match error {
        QueryError::Parse(diagnostics) => {
            TempoError::bad_request(format!("invalid TraceQL query: {}", phoenix_traceql::tempo_message(diagnostics, query)))
        }
        QueryError::Execution(message) => TempoError::bad_request(message),
        QueryError::Limit(message) => TempoError::new(StatusCode::UNPROCESSABLE_ENTITY, message),
        QueryError::Cancelled => TempoError::cancelled("the request was cancelled by the client"),
        QueryError::Timeout(_) => TempoError::new(StatusCode::GATEWAY_TIMEOUT, format!("{error} (limit `limits.query_timeout`)")),
        QueryError::Storage(message) => TempoError::new(StatusCode::INTERNAL_SERVER_ERROR, message),
    }
}
