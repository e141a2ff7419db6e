//! `/api/v1/status/…`: what runs here, with which settings.

use crate::http::Api;
use crate::http::envelope::{ApiError, Success};
use crate::http::native::rfc3339;
use crate::http::params::Params;
use axum::extract::State;
use phoenix_tsdb::TopEntry;
use serde_json::json;

/// Entries in each list of the store's status, unless asked otherwise; and the most that may be asked.
const DEFAULT_TOP: usize = 10;
const MAX_TOP: usize = 10_000;

pub(super) async fn config(State(api): State<Api>) -> Success {
    Success::new(&json!({"yaml": api.reloader.current().shown()}))
}

pub(super) async fn flags(State(api): State<Api>) -> Success {
    let current = api.reloader.current();
    let settings = &current.settings;
    Success::new(&json!({
        "config.file": current.file_name(),
        "storage.tsdb.path": api.data_dir.display().to_string(),
        "storage.tsdb.retention.time": current.retention().map_or_else(|| "0s".to_owned(), phoenix_model::format_duration),
        "web.listen-address": settings.listen.to_string(),
        "web.external-url": settings.external_url.to_string(),
        "web.enable-lifecycle": "true",
        "web.enable-remote-write-receiver": "true",
        "query.timeout": phoenix_model::format_duration(settings.limits.query_timeout),
        "query.max-samples": settings.limits.query_max_samples.to_string(),
        "query.max-concurrency": settings.limits.query_concurrency.to_string(),
        "query.lookback-delta": "5m",
    }))
}

pub(super) async fn runtime_info(State(api): State<Api>) -> Success {
    let current = api.reloader.current();
    let store = api.parts.store.clone();
    let status = tokio::task::spawn_blocking(move || store.status(0)).await.ok().and_then(Result::ok).unwrap_or_default();
    let last = api.reloader.last();
    Success::new(&json!({
        "startTime": rfc3339(api.started_at_ms),
        "CWD": std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_default(),
        "hostname": rustix::system::uname().nodename().to_string_lossy(),
        "serverTime": rfc3339(api.clock.now_ms()),
        "reloadConfigSuccess": last.ok,
        "lastConfigTime": rfc3339(last.loaded_at_ms),
        "timeSeriesCount": status.series,
        "corruptionCount": status.problems.len(),
        "storageRetention": current.retention().map_or_else(|| "0s".to_owned(), phoenix_model::format_duration),
    }))
}

pub(super) async fn build_info() -> Success {
    // Clients read the version to know what the server can do: the Prometheus whose language and API this is.
    Success::new(&json!({
        "version": "3.0.0",
        "revision": "",
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
        "application": "phoenix",
        "phoenixVersion": env!("CARGO_PKG_VERSION"),
    }))
}

pub(super) async fn tsdb(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let limit = match params.non_empty("limit") {
        None => DEFAULT_TOP,
        Some(_) => params.limit()?.min(MAX_TOP),
    };
    let store = api.parts.store.clone();
    let status = tokio::task::spawn_blocking(move || store.status(limit)).await.map_err(|e| ApiError::internal(e.to_string()))?;
    let status = status.map_err(|e| ApiError::internal(e.to_string()))?;
    let pairs = |list: &[TopEntry]| list.iter().map(|top| json!({"name": top.name, "value": top.value})).collect::<Vec<_>>();
    Ok(Success::new(&json!({
        "headStats": {
            "numSeries": status.series,
            "numLabelPairs": status.label_pairs,
            "chunkCount": status.head_samples,
            "minTime": status.oldest_ms,
            "maxTime": status.newest_ms,
        },
        "seriesCountByMetricName": pairs(&status.series_by_metric),
        "labelValueCountByLabelName": pairs(&status.values_by_label),
        "memoryInBytesByLabelName": pairs(&status.bytes_by_label),
        "seriesCountByLabelValuePair": pairs(&status.series_by_pair),
        "phoenixParts": status.parts,
        "phoenixPartSamples": status.part_samples,
        "phoenixHeadBytes": status.head_bytes,
        "phoenixDiskBytes": status.part_bytes + status.wal_bytes,
        "phoenixProblems": status.problems.iter().map(|p| format!("{}: {}", p.file, p.message)).collect::<Vec<_>>(),
    })))
}

pub(super) async fn alertmanagers(State(api): State<Api>) -> Success {
    let own = format!("{}api/v2/alerts", api.reloader.current().settings.external_url);
    Success::new(&json!({"activeAlertmanagers": [{"url": own}], "droppedAlertmanagers": []}))
}
