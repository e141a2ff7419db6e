//! Errors as Grafana tells them: a message, and for some a word in `status`.

use crate::dashboards::LibraryError;
use crate::http::envelope::ApiError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use phoenix_ingest::remote_write::Refusal;
use serde_json::json;

/// See the module.
#[derive(Debug)]
pub(super) struct GrafanaError {
    status: StatusCode,
    message: String,
    word: Option<&'static str>,
}

impl GrafanaError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), word: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// With a word that clients compare.
    pub(super) fn with_word(mut self, word: &'static str) -> Self {
        self.word = Some(word);
        self
    }
}

impl From<LibraryError> for GrafanaError {
    fn from(error: LibraryError) -> Self {
        let message = error.to_string();
        match error {
            LibraryError::NotFound(_) => Self::not_found(message),
            LibraryError::Invalid(_) | LibraryError::Unreadable(_) => Self::bad_request(message),
            LibraryError::Changed { what, .. } => {
                let message = format!("The {what} has been changed by someone else");
                Self::new(StatusCode::PRECONDITION_FAILED, message).with_word("version-mismatch")
            }
            LibraryError::Exists { what, .. } => {
                let message = format!("A {what} with the same uid already exists");
                Self::new(StatusCode::PRECONDITION_FAILED, message).with_word("name-exists")
            }
            LibraryError::OfFile { what, file } => {
                Self::bad_request(format!("Cannot change provisioned {what}: it comes from {file}, which Phoenix does not write"))
            }
            LibraryError::Full { .. } => Self::new(StatusCode::FORBIDDEN, format!("Quota reached: {message}")),
            LibraryError::State(_) | LibraryError::Ended => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl From<Refusal> for GrafanaError {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal.message)
    }
}

impl From<ApiError> for GrafanaError {
    fn from(error: ApiError) -> Self {
        Self::bad_request(error.message())
    }
}

impl IntoResponse for GrafanaError {
    fn into_response(self) -> Response {
        let mut body = json!({"message": self.message});
        if let Some(word) = self.word {
            body["status"] = json!(word);
        }
        (self.status, Json(body)).into_response()
    }
}
