//! `/api/echo` and `/api/status/buildinfo`.

use crate::http::envelope::json;
use axum::http::StatusCode;
use axum::response::Response;

/// Clients read the version to know what the server can do: the Tempo whose language and API this is.
const TEMPO_VERSION: &str = "2.9.0";

pub(super) async fn echo() -> &'static str {
    "echo"
}

pub(super) async fn build_info() -> Response {
    let body = serde_json::json!({
        "version": TEMPO_VERSION,
        "revision": "",
        "branch": "",
        "buildDate": "",
        "buildUser": "",
        "goVersion": "",
        "phoenixVersion": env!("CARGO_PKG_VERSION"),
    });
    json(StatusCode::OK, body.to_string())
}
