//! The config in force, and putting another one in its place.

use super::{Alerting, Core, Room};
use crate::config::AlertConfig;
use crate::notify::sender::Tools;
use crate::notify::{Channel, Sender};
use crate::template;
use phoenix_env::{SharedClock, SharedDisk};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a config that reads well can't be put in force.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A template file is missing or wrong.
    #[error("templates of the alerting config: {0}")]
    Templates(String),
    /// A text of a receiver calls a template that does not exist, or can't be read.
    #[error("receiver {receiver}: {reason}")]
    Text {
        /// The receiver's name.
        receiver: String,
        /// What is wrong.
        reason: String,
    },
    /// A certificate is missing or wrong.
    #[error("receiver {receiver}: {source}")]
    Http {
        /// The receiver's name.
        receiver: String,
        /// What is wrong.
        #[source]
        source: phoenix_http::HttpError,
    },
}

/// A config with what follows from it.
pub(crate) struct Active {
    pub config: AlertConfig,
    pub senders: BTreeMap<String, Vec<Arc<Sender>>>,
    tools: Tools,
}

impl Active {
    pub(super) fn new(config: AlertConfig, disk: &SharedDisk, clock: &SharedClock) -> Result<Self, ConfigError> {
        let templates = template::load(&config.templates, disk, clock).map_err(ConfigError::Templates)?;
        let tools = Tools { disk: disk.clone(), clock: clock.clone(), templates: Arc::new(templates) };
        let mut senders = BTreeMap::new();
        for (name, receiver) in &config.receivers {
            for text in receiver.texts() {
                tools
                    .templates
                    .check("text", text)
                    .map_err(|e| ConfigError::Text { receiver: name.clone(), reason: format!("{e}, in {text:?}") })?;
            }
            let all: Result<Vec<_>, _> = receiver.integrations.iter().map(|i| Sender::new(i.clone(), &tools).map(Arc::new)).collect();
            senders.insert(name.clone(), all.map_err(|source| ConfigError::Http { receiver: name.clone(), source })?);
        }
        Ok(Self { config, senders, tools })
    }

    pub(super) fn channel(&self) -> Channel {
        Channel {
            tools: self.tools.clone(),
            smtp: self.config.smtp.clone(),
            slack_api_url: self.config.slack_api_url.clone(),
            http: self.config.http.clone(),
        }
    }
}

impl AlertConfig {
    /// Why the config, which reads well, can't be put in force: files that it names, and what its texts call.
    pub fn cannot_act(&self, disk: &SharedDisk, clock: &SharedClock) -> Option<ConfigError> {
        Active::new(self.clone(), disk, clock).err()
    }
}

impl Alerting {
    /// Puts another config in force. Groups that exist under both keep their timers, and the
    /// notification log goes on, so nothing is repeated. After an error the old config stays.
    pub fn apply_config(&self, config: AlertConfig) -> Result<(), ConfigError> {
        let room = &self.room;
        let active = match Active::new(config, &room.disk, &room.clock) {
            Ok(active) => Arc::new(active),
            Err(error) => {
                room.metrics.reload_successful.set(0);
                return Err(error);
            }
        };
        let now = room.now();
        {
            let mut core = room.core.lock();
            let Core { alerts, dispatcher, .. } = &mut *core;
            // Under the same lock, so that no flush sees new routes with old receivers.
            *room.active.write() = Arc::clone(&active);
            let refused = dispatcher.apply_routes(Arc::clone(&active.config.routes), alerts.iter(), now);
            if refused > 0 {
                room.metrics.limited.get_or_create(&[("limit", "groups")]).inc_by(refused as u64);
                tracing::error!(refused, limit = room.limits.groups, "the limit of alert groups is reached: some alerts are not grouped");
            }
        }
        room.loaded();
        room.wake.notify_one();
        Ok(())
    }

    /// Notes that a config file could not be read, for the metrics; the config in force stays.
    pub fn reload_failed(&self) {
        self.room.metrics.reload_successful.set(0);
    }
}

impl Room {
    pub(super) fn loaded(&self) {
        self.metrics.reload_successful.set(1);
        self.metrics.reload_time_seconds.set(self.clock.now_ms() as f64 / 1_000.0);
    }
}
