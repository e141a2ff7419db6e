//! `/-/healthy`, `/-/ready`, `/-/reload`, `/metrics` and `/metrics/host`.

use super::Api;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/-/healthy", get(|| async { "Phoenix is Healthy.\n" }))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload).put(reload))
        .route("/metrics", get(metrics))
        .route("/metrics/host", get(host_metrics))
}

async fn ready(State(api): State<Api>) -> Response {
    if api.shutdown.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "Phoenix is shutting down.\n").into_response();
    }
    "Phoenix is Ready.\n".into_response()
}

async fn reload(State(api): State<Api>) -> Response {
    let reloader = api.reloader.clone();
    match reloader.reload().await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(diagnostics) => {
            let mut text = "failed to reload config; the old one goes on\n".to_owned();
            for diagnostic in diagnostics {
                text.push_str(&diagnostic.to_string());
                text.push('\n');
            }
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    let mut text = String::with_capacity(64 << 10);
    match prometheus_client::encoding::text::encode(&mut text, &api.registry.lock()) {
        Ok(()) => ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn host_metrics(State(api): State<Api>) -> Response {
    let host = api.parts.host.clone();
    let text = tokio::task::spawn_blocking(move || {
        let mut text = String::with_capacity(64 << 10);
        host.render(&mut text);
        text
    })
    .await;
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "reading the host's metrics failed; see the log\n").into_response(),
    }
}
