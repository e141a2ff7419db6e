//! The notification log through the state store, with a copy in memory for when the store fails:
//! a full disk must not keep a page from being sent. Without the store a restart or a second
//! replica may repeat what was sent.

use super::Room;
use phoenix_state::{Claim, Delivery, Intent, NotificationEntry, NotificationKey, StateError};
use std::time::Duration;

/// How long the store may take to answer before a notification goes on without it.
const STORE_LIMIT: Duration = Duration::from_secs(5);

/// What is known of a key.
pub(crate) struct Known {
    /// The latest entry, from the store or from memory.
    pub entry: Option<NotificationEntry>,
    /// The last delivery that the store knows of, in milliseconds since the Unix epoch.
    pub stored_ms: Option<i64>,
}

/// Marks a key as being worked on until dropped.
pub(crate) struct Busy<'a> {
    room: &'a Room,
    key: NotificationKey,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.room.busy_keys.lock().remove(&self.key);
    }
}

impl Room {
    /// `None` when somebody in this process already works on the key.
    pub(crate) fn claim_locally(&self, key: &NotificationKey) -> Option<Busy<'_>> {
        self.busy_keys.lock().insert(key.clone()).then(|| Busy { room: self, key: key.clone() })
    }

    async fn ask_store<T>(&self, question: impl Future<Output = Result<T, StateError>>) -> Option<T> {
        let result = tokio::select! {
            result = question => result.map_err(|error| error.to_string()),
            () = self.clock.sleep(STORE_LIMIT) => Err(format!("the state store does not answer within {STORE_LIMIT:?}")),
        };
        result
            .map_err(|error| {
                self.metrics.state_errors.inc();
                tracing::error!("{error}; notifying without it");
            })
            .ok()
    }

    /// What is known of a key.
    pub(crate) async fn log_entry(&self, key: &NotificationKey) -> Known {
        let copy = self.mirror.lock().get(key).map(|(entry, _)| entry.clone());
        let stored = self.ask_store(self.state.notification(key)).await.flatten();
        let stored_ms = stored.as_ref().and_then(|entry| entry.sent_at_ms);
        // The store may have missed a result that was written while it failed.
        let entry = match copy {
            Some(copy) if copy.sent_at_ms > stored_ms => Some(copy),
            _ => stored,
        };
        Known { entry, stored_ms }
    }

    /// Writes an intent. When the store fails, the answer is to go on.
    pub(crate) async fn log_intent(&self, key: &NotificationKey, intent: &Intent<'_>) -> Claim {
        self.ask_store(self.state.claim_notification(key, intent)).await.unwrap_or(Claim::Granted)
    }

    /// Writes that a message was delivered.
    pub(crate) async fn log_sent(&self, key: &NotificationKey, delivered: &Delivery, at_ms: i64, expires_at_ms: i64) {
        let entry = NotificationEntry {
            key: key.clone(),
            sent_at_ms: Some(at_ms),
            delivered: delivered.clone(),
            receiver_data: String::new(),
            intent: None,
            failed_at_ms: None,
            failures: 0,
            last_error: String::new(),
        };
        self.mirror.lock().insert(key.clone(), (entry, expires_at_ms));
        self.ask_store(self.state.notification_sent(key, delivered, "", at_ms, expires_at_ms)).await;
    }

    /// Writes that sending was given up.
    pub(crate) async fn log_failed(&self, key: &NotificationKey, reason: &str) {
        self.ask_store(self.state.notification_failed(key, reason, self.clock.now_ms())).await;
    }
}
