//! Alerts that were accepted and have not been forgotten yet.

use crate::{State, StateError};

/// An alert as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAlert {
    /// The fingerprint of its labels, as 16 hexadecimal digits.
    pub fingerprint: String,
    /// JSON, in the alerting room's form.
    pub body: String,
    /// When it ends or ended, in milliseconds since the Unix epoch.
    pub ends_at_ms: i64,
}

impl State {
    /// Keeps alerts, each in place of what was kept under its fingerprint; all or none.
    pub async fn save_alerts(&self, alerts: &[StoredAlert]) -> Result<(), StateError> {
        if alerts.is_empty() {
            return Ok(());
        }
        let failed = || StateError::query("save alerts");
        let mut transaction = self.begin().await?;
        for alert in alerts {
            sqlx::query(
                "INSERT INTO alert (fingerprint, body, ends_at_ms) VALUES ($1, $2, $3) \
                 ON CONFLICT (fingerprint) DO UPDATE SET body = excluded.body, ends_at_ms = excluded.ends_at_ms",
            )
            .bind(&alert.fingerprint)
            .bind(&alert.body)
            .bind(alert.ends_at_ms)
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        }
        transaction.commit().await.map_err(failed())
    }

    /// Every alert that is kept, sorted by fingerprint.
    pub async fn load_alerts(&self) -> Result<Vec<StoredAlert>, StateError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as("SELECT fingerprint, body, ends_at_ms FROM alert ORDER BY fingerprint")
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("load alerts"))?;
        Ok(rows.into_iter().map(|(fingerprint, body, ends_at_ms)| StoredAlert { fingerprint, body, ends_at_ms }).collect())
    }

    /// Forgets alerts; unknown fingerprints are fine.
    pub async fn remove_alerts(&self, fingerprints: &[String]) -> Result<(), StateError> {
        if fingerprints.is_empty() {
            return Ok(());
        }
        let failed = || StateError::query("remove alerts");
        let mut transaction = self.begin().await?;
        for fingerprint in fingerprints {
            sqlx::query("DELETE FROM alert WHERE fingerprint = $1").bind(fingerprint).execute(&mut *transaction).await.map_err(failed())?;
        }
        transaction.commit().await.map_err(failed())
    }
}
