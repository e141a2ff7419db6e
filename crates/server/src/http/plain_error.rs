//! Errors of Loki's and Tempo's APIs: a status, and the message as plain text.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// An error as APIs of Grafana's programs tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainError {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl PlainError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
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

    /// Not in this way: 405.
    pub(super) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    /// Its client gave up: 499.
    pub(super) fn cancelled(message: impl Into<String>) -> Self {
        Self::new(StatusCode::from_u16(499).expect("499 is a valid status"), message)
    }

    /// Too much at once: 429.
    pub(super) fn too_many(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message)
    }
}

impl IntoResponse for PlainError {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{}\n", self.message)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, 1.into());
        }
        response
    }
}
