//! `/ready`, `/services`, `status/buildinfo` and what Grafana's Drilldown asks first.

use super::Loki;
use super::error::LokiError;
use crate::http::envelope::json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

/// Clients read the version to know what the server can do: the Loki whose language and API this is.
const LOKI_VERSION: &str = "3.5.0";

pub(super) async fn ready(State(loki): State<Loki>) -> Result<&'static str, LokiError> {
    if loki.shutdown.has_begun() {
        return Err(LokiError { status: StatusCode::SERVICE_UNAVAILABLE, message: "Phoenix is shutting down".to_owned() });
    }
    Ok("ready\n")
}

pub(super) async fn services() -> &'static str {
    "server => Running\nlogs => Running\n"
}

pub(super) async fn build_info() -> Response {
    crate::http::build_info(LOKI_VERSION)
}

pub(super) async fn drilldown_limits(State(loki): State<Loki>) -> Response {
    let limits = loki.push.receiver.limits();
    let body = json!({
        "limits": {
            "discover_log_levels": limits.discover_log_levels,
            "discover_service_name": limits.discover_service_name,
            "max_entries_limit_per_query": loki.max_entries,
            "volume_enabled": true,
            "volume_max_series": super::MAX_LISTED,
        },
        "pattern_ingester_enabled": true,
        "version": LOKI_VERSION,
    });
    json(StatusCode::OK, body.to_string())
}
