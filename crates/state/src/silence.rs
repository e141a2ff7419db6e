//! Silences, as they are kept. What they mean is the alerting room's business.

use crate::{AuditEntry, State, StateError};
use serde::{Deserialize, Serialize};

/// One matcher of a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMatcher {
    /// The label's name.
    pub name: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub op: String,
    /// The value or pattern.
    pub value: String,
}

/// A silence. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSilence {
    /// A UUID.
    pub id: String,
    /// All of them have to match.
    pub matchers: Vec<StoredMatcher>,
    /// From when on.
    pub starts_at_ms: i64,
    /// Until when.
    pub ends_at_ms: i64,
    /// When it was last changed.
    pub updated_at_ms: i64,
    /// Who asked for it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl State {
    /// Keeps silences, each in place of what was kept under its id, with the line of the audit log
    /// that tells of it; all or none. Editing one that is active means two changes (the old one
    /// ends, a new one begins) that belong together.
    pub async fn save_silences(&self, silences: &[StoredSilence], audit: &AuditEntry) -> Result<(), StateError> {
        let failed = || StateError::query("save a silence");
        let mut transaction = self.begin().await?;
        for silence in silences {
            let matchers = serde_json::to_string(&silence.matchers).expect("strings can always be written as JSON");
            sqlx::query(
                "INSERT INTO silence (id, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) \
                 ON CONFLICT (id) DO UPDATE SET matchers = excluded.matchers, starts_at_ms = excluded.starts_at_ms, \
                 ends_at_ms = excluded.ends_at_ms, updated_at_ms = excluded.updated_at_ms, \
                 created_by = excluded.created_by, comment = excluded.comment",
            )
            .bind(&silence.id)
            .bind(matchers)
            .bind(silence.starts_at_ms)
            .bind(silence.ends_at_ms)
            .bind(silence.updated_at_ms)
            .bind(&silence.created_by)
            .bind(&silence.comment)
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        }
        Self::audit_in(&mut transaction, audit).await?;
        transaction.commit().await.map_err(failed())
    }

    /// Every silence that is kept, sorted by id.
    pub async fn load_silences(&self) -> Result<Vec<StoredSilence>, StateError> {
        type Row = (String, String, i64, i64, i64, String, String);
        let rows: Vec<Row> =
            sqlx::query_as("SELECT id, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment FROM silence ORDER BY id")
                .fetch_all(self.pool())
                .await
                .map_err(StateError::query("load silences"))?;
        rows.into_iter()
            .map(|(id, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment)| {
                let matchers = serde_json::from_str(&matchers)
                    .map_err(|e| StateError::Corrupt { what: format!("silence {id}"), reason: e.to_string() })?;
                Ok(StoredSilence { id, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment })
            })
            .collect()
    }

    /// Forgets silences that ended before `before_ms`; returns how many.
    pub async fn remove_silences_ended_before(&self, before_ms: i64) -> Result<u64, StateError> {
        let done = sqlx::query("DELETE FROM silence WHERE ends_at_ms < $1")
            .bind(before_ms)
            .execute(self.pool())
            .await
            .map_err(StateError::query("remove old silences"))?;
        Ok(done.rows_affected())
    }
}
