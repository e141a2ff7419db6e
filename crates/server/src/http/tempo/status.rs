//! `/api/echo` and `/api/status/buildinfo`.

use axum::response::Response;

/// Clients read the version to know what the server can do: the Tempo whose language and API this is.
const TEMPO_VERSION: &str = "2.9.0";

pub(super) async fn echo() -> &'static str {
    "echo"
}

pub(super) async fn build_info() -> Response {
    crate::http::build_info(TEMPO_VERSION)
}
