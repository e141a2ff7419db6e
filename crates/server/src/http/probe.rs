//! `/probe`, as blackbox_exporter answers it: one probe a request, by the modules of the file that `probes` names.

use super::Api;
use super::params::Params;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use phoenix_probe::{Answer, CONTENT_TYPE, ProbeError, Request};
use std::time::Duration;

/// What a scrape says of its own time limit, in seconds.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

pub(super) fn router() -> Router<Api> {
    Router::new().route("/probe", get(probe))
}

async fn probe(State(api): State<Api>, headers: HeaderMap, params: Params) -> Response {
    let current = api.reloader.current();
    if current.probes.modules.is_empty() {
        let text = "Nothing is probed: name a file of modules, in blackbox_exporter's format, under `probes` in phoenix.yaml.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    let timeout = headers.get(SCRAPE_TIMEOUT).and_then(|value| value.to_str().ok()?.parse().ok());
    let request = Request {
        module: params.get("module").unwrap_or_default().to_owned(),
        target: params.get("target").unwrap_or_default().to_owned(),
        hostname: params.non_empty("hostname").map(str::to_owned),
        scrape_timeout: timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    };
    let probes = api.probes.with_config(std::sync::Arc::clone(&current.probes));
    // A probe is part of detection: queries must not make it slow, and a slow one would look like a slow target.
    let answer = api.paging.spawn(async move { probes.probe(&request).await }).await;
    match answer {
        Ok(Ok(answer)) if params.get("debug") == Some("true") => in_full(&answer).into_response(),
        Ok(Ok(answer)) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], answer.text).into_response(),
        Ok(Err(ProbeError::Bad(reason))) => (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response(),
        Ok(Err(ProbeError::Busy)) => (StatusCode::SERVICE_UNAVAILABLE, "Too many probes are running.\n").into_response(),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the probe ended unexpectedly; this is a bug in Phoenix, see the log\n").into_response()
        }
    }
}

/// What was done and seen, and the metrics.
fn in_full(answer: &Answer) -> String {
    format!("Logs for the probe:\n{}\n\n\n\nMetrics that would have been returned:\n{}", answer.log.join("\n"), answer.text)
}
