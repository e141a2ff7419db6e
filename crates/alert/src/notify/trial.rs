//! A trial: one message with a config that is not in force, to see whether it arrives.

use super::sender::{Sender, Tools};
use super::{Channel, Notification, NotifyError};
use crate::alerting::ConfigError;
use crate::alerts::HeldAlert;
use crate::config::AlertConfig;
use crate::template::{self, Data};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::{Alert, Labels};
use phoenix_state::Delivery;
use std::sync::Arc;

/// How long the trial's alert would fire.
const TRIAL_MS: i64 = 5 * 60_000;

fn tools(config: &AlertConfig, clock: &SharedClock, disk: &SharedDisk) -> Result<Tools, ConfigError> {
    let templates = template::load(&config.templates, disk, clock).map_err(ConfigError::Templates)?;
    Ok(Tools { disk: disk.clone(), clock: clock.clone(), templates: Arc::new(templates) })
}

impl Channel {
    /// The transports of a config that is not in force.
    pub fn of(config: &AlertConfig, clock: &SharedClock, disk: &SharedDisk) -> Result<Self, ConfigError> {
        Ok(Self {
            tools: tools(config, clock, disk)?,
            smtp: config.smtp.clone(),
            slack_api_url: config.slack_api_url.clone(),
            http: config.http.clone(),
        })
    }
}

/// Sends an alert named `PhoenixTest` through each integration of a receiver, with its templates,
/// one attempt each. Gives each integration's name with what became of it; nothing for a receiver
/// that the config does not have.
pub async fn send_trial(
    config: &AlertConfig,
    receiver: &str,
    clock: &SharedClock,
    disk: &SharedDisk,
) -> Result<Vec<(String, Result<(), NotifyError>)>, ConfigError> {
    let tools = tools(config, clock, disk)?;
    let now_ms = clock.now_ms();
    let group_labels = Labels::from_pairs([("alertname", "PhoenixTest")]);
    let alert = Alert {
        labels: Labels::from_pairs([("alertname", "PhoenixTest"), ("severity", "none")]),
        annotations: Labels::from_pairs([("summary", "This is a test of how Phoenix notifies. Nothing is wrong.")]),
        starts_at_ms: now_ms,
        ends_at_ms: now_ms + TRIAL_MS,
        generator_url: String::new(),
        condition_since_ms: None,
        expression: None,
        updated_at_ms: now_ms,
        timeout: false,
    };
    let alerts = [Arc::new(HeldAlert::new(alert))];
    let data = Data::new(receiver, &group_labels, &alerts, "", now_ms);
    let delivery = Delivery { firing: vec![alerts[0].fingerprint.to_string()], resolved: Vec::new() };
    let integrations = config.receivers.get(receiver).map_or(&[][..], |known| &known.integrations);
    let mut outcomes = Vec::new();
    for (index, integration) in integrations.iter().enumerate() {
        let name = format!("{receiver}/{}[{index}]", integration.kind.name());
        let sender =
            Sender::new(integration.clone(), &tools).map_err(|source| ConfigError::Http { receiver: receiver.to_owned(), source })?;
        let notification = Notification {
            group_key: "{}:{alertname=\"PhoenixTest\"}",
            value: data.to_value(),
            data: &data,
            delivery: &delivery,
            previous_ms: None,
            now_ms,
        };
        outcomes.push((name, sender.send(&notification).await));
    }
    Ok(outcomes)
}
