//! The notification log: an intent before sending, the result after.
//!
//! What survives a crash: an intent without a result means that the notification may or may not
//! have been delivered; the next attempt sends it again (at least once). A result means that the
//! receiver has taken it, so it is not sent again before something changes.

use crate::{State, StateError};
use sqlx::{FromRow, Row};

/// Which integration of which receiver about which group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NotificationKey {
    /// The group's key, as `{}/{severity="critical"}:{alertname="X"}`.
    pub group_key: String,
    /// The receiver's name.
    pub receiver: String,
    /// The kind of integration, as `webhook`.
    pub integration: String,
    /// Its position among the receiver's integrations of that kind, from 0.
    pub position: u32,
}

/// What an integration was told: fingerprints of alerts, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// The alerts that fired.
    pub firing: Vec<String>,
    /// The alerts that had resolved.
    pub resolved: Vec<String>,
}

/// What the log knows of one key. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationEntry {
    /// Whose entry it is.
    pub key: NotificationKey,
    /// When the last notification was delivered; `None` before the first.
    pub sent_at_ms: Option<i64>,
    /// What that one said.
    pub delivered: Delivery,
    /// What the receiver has to remember; may be empty.
    pub receiver_data: String,
    /// What is on its way, and since when: an attempt that has no result yet.
    pub intent: Option<(i64, Delivery)>,
    /// When the last attempt failed, if none has succeeded since.
    pub failed_at_ms: Option<i64>,
    /// How many attempts have failed since the last success.
    pub failures: i64,
    /// Why the last one failed.
    pub last_error: String,
}

/// What somebody is about to send. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// What it says.
    pub delivery: &'a Delivery,
    /// The replica's name; the same after a restart.
    pub holder: &'a str,
    /// The last delivery that the caller knows of ([`NotificationEntry::sent_at_ms`]).
    pub seen_sent_at_ms: Option<i64>,
    /// When the attempt begins.
    pub at_ms: i64,
    /// When others may try if no result is written.
    pub until_ms: i64,
    /// When the entry can be forgotten.
    pub expires_at_ms: i64,
}

/// The answer to an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The intent is written: send now.
    Granted,
    /// Another replica is sending about this key, until the time given (milliseconds since the epoch).
    HeldBy {
        /// The replica's name.
        holder: String,
        /// When its claim runs out if it writes no result.
        until_ms: i64,
    },
    /// Another replica has delivered since the caller looked: look again.
    Outdated,
}

impl State {
    /// What the log knows of a key; `None` when nothing was ever tried or it has expired.
    pub async fn notification(&self, key: &NotificationKey) -> Result<Option<NotificationEntry>, StateError> {
        let row = sqlx::query("SELECT * FROM nflog WHERE group_key = $1 AND receiver = $2 AND integration = $3 AND position = $4")
            .bind(&key.group_key)
            .bind(&key.receiver)
            .bind(&key.integration)
            .bind(i64::from(key.position))
            .fetch_optional(self.pool())
            .await
            .map_err(StateError::query("read the notification log"))?;
        row.map(|row| Entry::from_row(&row).map_err(StateError::query("read the notification log"))?.into_entry()).transpose()
    }

    /// The whole log, sorted by key.
    pub async fn notifications(&self) -> Result<Vec<NotificationEntry>, StateError> {
        let rows: Vec<Entry> = sqlx::query_as("SELECT * FROM nflog ORDER BY group_key, receiver, integration, position")
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read the notification log"))?;
        rows.into_iter().map(Entry::into_entry).collect()
    }

    /// Writes that somebody is about to send. Refused while another holder's claim runs, and when
    /// something was delivered since the caller looked, so that of two replicas on one database
    /// only one sends. A holder's own older intent is replaced: it is what a crash left behind.
    pub async fn claim_notification(&self, key: &NotificationKey, intent: &Intent<'_>) -> Result<Claim, StateError> {
        let failed = || StateError::query("write an intent to the notification log");
        let done = sqlx::query(
            "INSERT INTO nflog (group_key, receiver, integration, position, intent_at_ms, intent_until_ms, intent_holder, \
             intent_firing, intent_resolved, sent_at_ms, firing, resolved, receiver_data, failed_at_ms, failures, last_error, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '[]', '[]', '', NULL, 0, '', $10) \
             ON CONFLICT (group_key, receiver, integration, position) DO UPDATE SET intent_at_ms = excluded.intent_at_ms, \
             intent_until_ms = excluded.intent_until_ms, intent_holder = excluded.intent_holder, \
             intent_firing = excluded.intent_firing, intent_resolved = excluded.intent_resolved, expires_at_ms = excluded.expires_at_ms \
             WHERE (nflog.intent_holder IS NULL OR nflog.intent_holder = excluded.intent_holder \
             OR nflog.intent_until_ms <= excluded.intent_at_ms) AND nflog.sent_at_ms IS NOT DISTINCT FROM $11",
        )
        .bind(&key.group_key)
        .bind(&key.receiver)
        .bind(&key.integration)
        .bind(i64::from(key.position))
        .bind(intent.at_ms)
        .bind(intent.until_ms)
        .bind(intent.holder)
        .bind(to_json(&intent.delivery.firing))
        .bind(to_json(&intent.delivery.resolved))
        .bind(intent.expires_at_ms)
        .bind(intent.seen_sent_at_ms)
        .execute(self.pool())
        .await
        .map_err(failed())?;
        if done.rows_affected() > 0 {
            return Ok(Claim::Granted);
        }
        let held: Option<(Option<String>, Option<i64>)> = sqlx::query_as(
            "SELECT intent_holder, intent_until_ms FROM nflog \
             WHERE group_key = $1 AND receiver = $2 AND integration = $3 AND position = $4",
        )
        .bind(&key.group_key)
        .bind(&key.receiver)
        .bind(&key.integration)
        .bind(i64::from(key.position))
        .fetch_optional(self.pool())
        .await
        .map_err(failed())?;
        match held {
            Some((Some(holder), Some(until_ms))) if holder != intent.holder && until_ms > intent.at_ms => {
                Ok(Claim::HeldBy { holder, until_ms })
            }
            _ => Ok(Claim::Outdated),
        }
    }

    /// Writes that a notification was delivered; its intent is done.
    pub async fn notification_sent(
        &self,
        key: &NotificationKey,
        delivered: &Delivery,
        receiver_data: &str,
        now_ms: i64,
        expires_at_ms: i64,
    ) -> Result<(), StateError> {
        sqlx::query(
            "UPDATE nflog SET intent_at_ms = NULL, intent_until_ms = NULL, intent_holder = NULL, intent_firing = NULL, \
             intent_resolved = NULL, sent_at_ms = $5, firing = $6, resolved = $7, receiver_data = $8, failed_at_ms = NULL, \
             failures = 0, last_error = '', expires_at_ms = $9 \
             WHERE group_key = $1 AND receiver = $2 AND integration = $3 AND position = $4",
        )
        .bind(&key.group_key)
        .bind(&key.receiver)
        .bind(&key.integration)
        .bind(i64::from(key.position))
        .bind(now_ms)
        .bind(to_json(&delivered.firing))
        .bind(to_json(&delivered.resolved))
        .bind(receiver_data)
        .bind(expires_at_ms)
        .execute(self.pool())
        .await
        .map_err(StateError::query("write a result to the notification log"))?;
        Ok(())
    }

    /// Writes that the attempt failed for good; its intent is done, and the next flush tries again.
    pub async fn notification_failed(&self, key: &NotificationKey, error: &str, now_ms: i64) -> Result<(), StateError> {
        sqlx::query(
            "UPDATE nflog SET intent_at_ms = NULL, intent_until_ms = NULL, intent_holder = NULL, intent_firing = NULL, \
             intent_resolved = NULL, failed_at_ms = $5, failures = failures + 1, last_error = $6 \
             WHERE group_key = $1 AND receiver = $2 AND integration = $3 AND position = $4",
        )
        .bind(&key.group_key)
        .bind(&key.receiver)
        .bind(&key.integration)
        .bind(i64::from(key.position))
        .bind(now_ms)
        .bind(error)
        .execute(self.pool())
        .await
        .map_err(StateError::query("write a failure to the notification log"))?;
        Ok(())
    }

    /// Forgets entries that have expired; returns how many.
    pub async fn remove_expired_notifications(&self, now_ms: i64) -> Result<u64, StateError> {
        let done = sqlx::query("DELETE FROM nflog WHERE expires_at_ms < $1")
            .bind(now_ms)
            .execute(self.pool())
            .await
            .map_err(StateError::query("tidy the notification log"))?;
        Ok(done.rows_affected())
    }
}

fn to_json(fingerprints: &[String]) -> String {
    serde_json::to_string(fingerprints).expect("strings can always be written as JSON")
}

/// A row as it is stored.
struct Entry {
    key: NotificationKey,
    intent_at_ms: Option<i64>,
    intent_firing: Option<String>,
    intent_resolved: Option<String>,
    sent_at_ms: Option<i64>,
    firing: String,
    resolved: String,
    receiver_data: String,
    failed_at_ms: Option<i64>,
    failures: i64,
    last_error: String,
}

impl<'r> FromRow<'r, sqlx::any::AnyRow> for Entry {
    fn from_row(row: &'r sqlx::any::AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key: NotificationKey {
                group_key: row.try_get("group_key")?,
                receiver: row.try_get("receiver")?,
                integration: row.try_get("integration")?,
                position: row.try_get::<i64, _>("position")? as u32,
            },
            intent_at_ms: row.try_get("intent_at_ms")?,
            intent_firing: row.try_get("intent_firing")?,
            intent_resolved: row.try_get("intent_resolved")?,
            sent_at_ms: row.try_get("sent_at_ms")?,
            firing: row.try_get("firing")?,
            resolved: row.try_get("resolved")?,
            receiver_data: row.try_get("receiver_data")?,
            failed_at_ms: row.try_get("failed_at_ms")?,
            failures: row.try_get("failures")?,
            last_error: row.try_get("last_error")?,
        })
    }
}

impl Entry {
    fn into_entry(self) -> Result<NotificationEntry, StateError> {
        let list = |text: &str| -> Result<Vec<String>, StateError> {
            serde_json::from_str(text).map_err(|e| StateError::Corrupt {
                what: format!("notification log entry of {} for {}", self.key.receiver, self.key.group_key),
                reason: e.to_string(),
            })
        };
        let delivered = Delivery { firing: list(&self.firing)?, resolved: list(&self.resolved)? };
        let intent = match (self.intent_at_ms, &self.intent_firing, &self.intent_resolved) {
            (Some(at_ms), Some(firing), Some(resolved)) => Some((at_ms, Delivery { firing: list(firing)?, resolved: list(resolved)? })),
            _ => None,
        };
        Ok(NotificationEntry {
            key: self.key,
            sent_at_ms: self.sent_at_ms,
            delivered,
            receiver_data: self.receiver_data,
            intent,
            failed_at_ms: self.failed_at_ms,
            failures: self.failures,
            last_error: self.last_error,
        })
    }
}
