//! Alerts coming in, and keeping them.

use super::{Core, Room};
use phoenix_model::Alert;
use phoenix_state::{StateError, StoredAlert};
use std::sync::Arc;

/// Some alerts found no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit of {limit} {what} reached; {refused} alerts were refused: {help}")]
pub struct AlertsRefused {
    /// What there are too many of.
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
    /// How many alerts found no place.
    pub refused: usize,
    /// What to do.
    pub help: &'static str,
}

impl Room {
    /// Takes alerts in and routes them at once. What people would notice if it were forgotten goes
    /// to the state store soon after.
    pub(crate) fn take_in(&self, alerts: Vec<Alert>) {
        if let Err(error) = self.try_take_in(alerts) {
            tracing::error!("{error}");
        }
    }

    /// As [`Room::take_in`]; says when alerts found no place.
    pub(crate) fn try_take_in(&self, alerts: Vec<Alert>) -> Result<(), AlertsRefused> {
        let now = self.now();
        let (mut no_alert, mut no_group) = (0, 0);
        let mut to_store = Vec::new();
        {
            let mut core = self.core.lock();
            let Core { alerts: held, dispatcher, .. } = &mut *core;
            for alert in alerts {
                let status = if alert.is_resolved_at(now.wall_ms) { "resolved" } else { "firing" };
                self.metrics.received.get_or_create(&[("status", status), ("version", "v2")]).inc();
                let fingerprint = crate::fingerprint::Fingerprint::of(&alert.labels);
                if !held.contains(fingerprint) {
                    if alert.is_resolved_at(now.wall_ms) {
                        // Nobody has heard of it, so nobody needs to hear that it is over.
                        continue;
                    }
                    if held.len() >= self.limits.alerts {
                        no_alert += 1;
                        continue;
                    }
                }
                let (alert, stored) = held.put(alert, now.wall_ms);
                if stored {
                    to_store.push(Arc::clone(&alert));
                }
                no_group += usize::from(dispatcher.insert(&alert, now).is_err());
            }
        }
        self.wake.notify_one();
        if !to_store.is_empty() {
            let mut unsaved = self.unsaved.lock();
            for held in to_store {
                let body = serde_json::to_string(&held.alert).expect("alerts can always be written as JSON");
                let fingerprint = held.fingerprint.to_string();
                unsaved.insert(fingerprint.clone(), StoredAlert { fingerprint, body, ends_at_ms: held.alert.ends_at_ms });
            }
            drop(unsaved);
            self.wake_saver.notify_one();
        }
        let refused = |what, metric, limit, refused, help| {
            self.metrics.limited.get_or_create(&[("limit", metric)]).inc_by(refused as u64);
            Err(AlertsRefused { what, limit, refused, help })
        };
        if no_alert > 0 {
            return refused("alerts", "alerts", self.limits.alerts, no_alert, "let rules raise fewer");
        }
        if no_group > 0 {
            return refused("alert groups", "groups", self.limits.groups, no_group, "group by fewer labels");
        }
        Ok(())
    }

    /// Writes what is unsaved. On success everything that was taken in before the call is on stable
    /// storage; after an error it is tried again.
    pub(crate) async fn save_alerts(&self) -> Result<(), StateError> {
        let _saving = self.saving.lock().await;
        let batch: Vec<StoredAlert> = std::mem::take(&mut *self.unsaved.lock()).into_values().collect();
        let result = self.state.save_alerts(&batch).await;
        if result.is_err() {
            self.metrics.state_errors.inc();
            let mut unsaved = self.unsaved.lock();
            for alert in batch {
                unsaved.entry(alert.fingerprint.clone()).or_insert(alert);
            }
        }
        result
    }

    pub(super) async fn save_alerts_forever(self: Arc<Self>) {
        loop {
            self.wake_saver.notified().await;
            while let Err(error) = self.save_alerts().await {
                tracing::error!("{error}; alerts are held in memory alone until it works again");
                self.clock.sleep(std::time::Duration::from_secs(5)).await;
            }
        }
    }
}
