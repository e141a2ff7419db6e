//! `/api/v1/targets`, `/api/v1/metadata` and their kin.

use crate::http::Api;
use crate::http::envelope::{ApiError, Success};
use crate::http::params::{Params, parse_selector};
use axum::extract::State;
use serde_json::json;

pub(super) async fn targets(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let current = api.reloader.current();
    let mut status = api.parts.scraper.targets(current.settings.external_url.host_str());
    if let Some(pool) = params.non_empty("scrapePool") {
        status.active_targets.retain(|t| t.scrape_pool == pool);
        status.dropped_targets.retain(|t| t.scrape_pool == pool);
    }
    match params.non_empty("state").unwrap_or("any") {
        "active" => status.dropped_targets.clear(),
        "dropped" => status.active_targets.clear(),
        "any" => {}
        other => return Err(ApiError::bad_data(format!("invalid parameter \"state\": `{other}` is none of active, dropped, any"))),
    }
    Ok(Success::new(&status))
}

pub(super) async fn scrape_pools(State(api): State<Api>) -> Success {
    let current = api.reloader.current();
    let names: Vec<&str> = current.scrape_configs().iter().map(|job| job.job_name.as_str()).collect();
    Success::new(&json!({"scrapePools": names}))
}

pub(super) async fn metadata(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let limit_per_metric = match params.non_empty("limit_per_metric").map(str::parse::<usize>) {
        None | Some(Ok(0)) => usize::MAX,
        Some(Ok(n)) => n,
        Some(Err(_)) => return Err(ApiError::bad_data("limit_per_metric must be a number")),
    };
    let (wanted, limit) = (params.non_empty("metric"), params.limit()?);
    let found = api.parts.scraper.metadata(wanted, limit, limit_per_metric);
    let mut data: serde_json::Map<String, serde_json::Value> = found
        .into_iter()
        .map(|(metric, list)| {
            let list: Vec<_> = list.iter().map(|m| json!({"type": m.kind, "help": m.help, "unit": m.unit})).collect();
            (metric, json!(list))
        })
        .collect();
    // What OTLP said of metrics that no target has.
    let mut told = api.parts.logs.otlp.metadata();
    told.retain(|(metric, _)| wanted.is_none_or(|wanted| wanted == metric) && !data.contains_key(metric));
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let room = limit.saturating_sub(data.len());
    data.extend(told.into_iter().take(room).map(|(metric, m)| (metric, json!([{"type": m.kind, "help": m.help, "unit": m.unit}]))));
    Ok(Success::new(&data))
}

pub(super) async fn target_metadata(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let matchers = params.non_empty("match_target").map(parse_selector).transpose()?.unwrap_or_default();
    Ok(Success::new(&api.parts.scraper.target_metadata(&matchers, params.non_empty("metric"), params.limit()?)))
}
