//! Webhooks: Alertmanager's JSON, version 4.

use super::NotifyError;
use super::sender::{Notification, Tools, post_json, reveal_url};
use crate::config::WebhookConfig;
use crate::template::Data;
use phoenix_http::HttpClient;
use serde::Serialize;

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    data: &'a Data,
    version: &'static str,
    #[serde(rename = "groupKey")]
    group_key: &'a str,
    #[serde(rename = "truncatedAlerts")]
    truncated_alerts: u64,
}

pub(super) async fn send(
    config: &WebhookConfig,
    http: &HttpClient,
    tools: &Tools,
    notification: &Notification<'_>,
) -> Result<(), NotifyError> {
    let url = reveal_url(&config.url, tools)?;
    post_json(http, url, None, payload(notification.data, notification.group_key, config.max_alerts)?).await.map(drop)
}

/// The body; of more than `max_alerts` (0: no limit) only the first are told.
fn payload(data: &Data, group_key: &str, max_alerts: u64) -> Result<Vec<u8>, NotifyError> {
    let count = data.alerts.len() as u64;
    let truncated_alerts = if max_alerts == 0 { 0 } else { count.saturating_sub(max_alerts) };
    let mut cut = data.clone();
    cut.alerts.truncate((count - truncated_alerts) as usize);
    let payload = Payload { data: &cut, version: "4", group_key, truncated_alerts };
    serde_json::to_vec(&payload).map_err(|e| NotifyError::permanent(e.to_string()))
}
