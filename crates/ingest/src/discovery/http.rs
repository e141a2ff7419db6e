//! `http_sd_configs`: a server that answers a JSON list of target groups.

use super::{Discovery, Found, LIST_LIMIT_BYTES, check_count, label_sets};
use crate::config::TargetGroup;
use phoenix_http::{HttpClient, HttpError};
use phoenix_model::Labels;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use std::time::Duration;
use tokio::sync::mpsc;
use url::Url;

pub(super) async fn poll(discovery: &Discovery, url: &Url, refresh: Duration, client: &HttpClient, reports: &mpsc::Sender<Found>) {
    let mut last: Option<Vec<Labels>> = None;
    let source = shown(url);
    loop {
        let asked = tokio::select! {
            asked = ask(client, url, refresh) => asked,
            () = discovery.clock.sleep(refresh) => Err(format!("no complete answer within the refresh interval of {refresh:?}")),
        };
        let found = match asked {
            Ok(targets) => {
                let changed = last.as_ref() != Some(&targets);
                last = Some(targets);
                Found { targets: last.clone().filter(|_| changed), errors: vec![(source.clone(), None)] }
            }
            Err(reason) => Found { targets: None, errors: vec![(source.clone(), Some(reason))] },
        };
        if reports.send(found).await.is_err() {
            return;
        }
        discovery.clock.sleep(refresh).await;
    }
}

async fn ask(client: &HttpClient, url: &Url, refresh: Duration) -> Result<Vec<Labels>, String> {
    let request = client
        .get(url.clone())
        .map_err(|e| e.to_string())?
        .header(ACCEPT, "application/json")
        .header("X-Prometheus-Refresh-Interval-Seconds", refresh.as_secs_f64().to_string());
    let mut response = client.send(request).await.map_err(|e| e.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("the server answered HTTP status {}", response.status()));
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(format!("the server sends Content-Type {content_type:?}, expected \"application/json\""));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| HttpError::from_request(e).to_string())? {
        if (body.len() + chunk.len()) as u64 > LIST_LIMIT_BYTES {
            return Err(format!("the answer is longer than the limit of {LIST_LIMIT_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    let groups: Vec<TargetGroup> = serde_json::from_slice(&body).map_err(|e| format!("the answer is not a list of target groups: {e}"))?;
    check_count(&groups)?;
    let source = shown(url);
    let with_url = |labels: Labels| {
        let mut labels = labels.to_builder();
        labels.set("__meta_url", &source);
        labels.build()
    };
    Ok(groups.iter().flat_map(label_sets).map(with_url).collect())
}

/// The address without a password.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        let _ = url.set_password(Some("xxxxx"));
    }
    url.to_string()
}
