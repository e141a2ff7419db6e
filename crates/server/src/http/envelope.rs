//! Prometheus' answer envelope, its error types and their status codes.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use phoenix_engine::QueryError;
use serde::Serialize;

/// An error as Prometheus' API tells it.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    /// The request is wrong: 400.
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_data", message)
    }

    /// There is no such thing: 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The query can't be evaluated: 422.
    pub fn execution(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "execution", message)
    }

    /// Something broke here: 500.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The message without the type.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let message = error.to_string();
        match error {
            QueryError::Parse(diagnostics) => match diagnostics.first() {
                Some(first) => {
                    let (line, column) = first.position().unwrap_or((1, 1));
                    let help = first.help.as_ref().map(|h| format!("; {h}")).unwrap_or_default();
                    Self::bad_data(format!("invalid parameter \"query\": {line}:{column}: parse error: {}{help}", first.message))
                }
                None => Self::bad_data("invalid parameter \"query\""),
            },
            QueryError::Execution(_) | QueryError::Limit(_) => Self::execution(message),
            QueryError::Cancelled => Self::new(StatusCode::from_u16(499).expect("499 is a valid status"), "canceled", message),
            QueryError::Timeout(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message),
            QueryError::Storage(_) => Self::internal(message),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            status: &'a str,
            error_type: &'a str,
            error: &'a str,
        }
        let body = serde_json::to_string(&Body { status: "error", error_type: self.kind, error: &self.message });
        json(self.status, body.expect("strings serialize"))
    }
}

/// A finished JSON text as an answer.
pub fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// `{"status":"success","data":…}` with warnings and infos where there are some.
#[derive(Debug)]
pub struct Success {
    data: String,
    warnings: Vec<String>,
    infos: Vec<String>,
}

impl Success {
    /// Around data that serializes.
    pub fn new(data: &impl Serialize) -> Self {
        Self::raw(serde_json::to_string(data).expect("API bodies have string keys and no failing serializers"))
    }

    /// Around data that is JSON already.
    pub fn raw(data: String) -> Self {
        Self { data, warnings: Vec::new(), infos: Vec::new() }
    }

    /// Adds warnings.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Adds infos.
    #[must_use]
    pub fn with_infos(mut self, infos: impl IntoIterator<Item = String>) -> Self {
        self.infos.extend(infos);
        self
    }
}

impl IntoResponse for Success {
    fn into_response(self) -> Response {
        let mut body = String::with_capacity(self.data.len() + 64);
        body.push_str("{\"status\":\"success\",\"data\":");
        body.push_str(&self.data);
        for (name, list) in [("warnings", &self.warnings), ("infos", &self.infos)] {
            if !list.is_empty() {
                body.push_str(",\"");
                body.push_str(name);
                body.push_str("\":");
                body.push_str(&serde_json::to_string(list).expect("strings serialize"));
            }
        }
        body.push('}');
        json(StatusCode::OK, body)
    }
}
