//! Overrides of the on-call schedule, and keys that are made once.

use super::OverrideRow;
use crate::{AuditEntry, State, StateError};
use phoenix_model::Secret;

/// Overrides that may be kept at the same time.
const MAX_OVERRIDES: i64 = 1_000;

impl State {
    /// Keeps an override and gives it its number, with an entry in the audit log.
    pub async fn add_override(&self, row: &OverrideRow) -> Result<i64, StateError> {
        let mut transaction = self.begin().await?;
        let failed = StateError::query;
        let id: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) + 1 FROM on_call_override")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed("save an override"))?;
        sqlx::query(
            "INSERT INTO on_call_override (id, level, person, from_ms, until_ms, created_by, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id)
        .bind(&row.level)
        .bind(&row.person)
        .bind(row.from_ms)
        .bind(row.until_ms)
        .bind(&row.created_by)
        .bind(row.created_ms)
        .execute(&mut *transaction)
        .await
        .map_err(failed("save an override"))?;
        let entry = AuditEntry {
            at_ms: row.created_ms,
            who: row.created_by.clone(),
            action: "on_call_override.create".to_owned(),
            subject: format!("on_call_override/{id}"),
            detail: serde_json::json!({"level": row.level, "person": row.person, "from_ms": row.from_ms, "until_ms": row.until_ms})
                .to_string(),
        };
        Self::audit_in(&mut transaction, &entry).await?;
        transaction.commit().await.map_err(failed("save an override"))?;
        Ok(id)
    }

    /// Ends an override at `now_ms`: one that has not begun never will, one that runs is cut short.
    /// Returns whether there was one to end.
    pub async fn end_override(&self, id: i64, who: &str, now_ms: i64) -> Result<bool, StateError> {
        let mut transaction = self.begin().await?;
        let failed = StateError::query;
        let cut = sqlx::query(
            "UPDATE on_call_override SET until_ms = CASE WHEN from_ms > $2 THEN from_ms ELSE $2 END \
             WHERE id = $1 AND until_ms > $2 AND until_ms > from_ms",
        )
        .bind(id)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await
        .map_err(failed("end an override"))?;
        let found = cut.rows_affected() > 0;
        if found {
            let (action, subject) = ("on_call_override.end".to_owned(), format!("on_call_override/{id}"));
            let entry = AuditEntry { at_ms: now_ms, who: who.to_owned(), action, subject, detail: String::new() };
            Self::audit_in(&mut transaction, &entry).await?;
        }
        transaction.commit().await.map_err(failed("end an override"))?;
        Ok(found)
    }

    /// Overrides that have not ended at `now_ms`, at most 1,000, in the order in which they were made.
    pub async fn overrides(&self, now_ms: i64) -> Result<Vec<OverrideRow>, StateError> {
        sqlx::query_as("SELECT * FROM on_call_override WHERE until_ms > $1 AND until_ms > from_ms ORDER BY id LIMIT $2")
            .bind(now_ms)
            .bind(MAX_OVERRIDES)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read overrides"))
    }

    /// The key of this name; `fresh` is kept and returned when there is none yet. Two processes
    /// that start together get the same one.
    pub async fn kept_key(&self, name: &str, fresh: &Secret) -> Result<Secret, StateError> {
        sqlx::query("INSERT INTO kept_key (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(fresh.expose())
            .execute(self.pool())
            .await
            .map_err(StateError::query("keep a key"))?;
        let value: String = sqlx::query_scalar("SELECT value FROM kept_key WHERE name = $1")
            .bind(name)
            .fetch_one(self.pool())
            .await
            .map_err(StateError::query("read a key"))?;
        Ok(Secret::new(value))
    }
}
