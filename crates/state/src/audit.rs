//! Who did what, when: a list that only ever grows.

use crate::{State, StateError, StateTransaction};
use serde::Serialize;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The person or the part of Phoenix that did it.
    pub who: String,
    /// What was done, as `silence.create`.
    pub action: String,
    /// What it was done to, as `silence/1f2e…`.
    pub subject: String,
    /// More about it, as JSON; may be empty.
    pub detail: String,
}

const INSERT: &str = "INSERT INTO audit (at_ms, who, action, subject, detail) VALUES ($1, $2, $3, $4, $5)";

impl State {
    /// Adds an entry.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StateError> {
        bind(entry).execute(self.pool()).await.map_err(StateError::query("write the audit log"))?;
        Ok(())
    }

    /// Adds an entry in the transaction of what it tells of, so that both or neither are kept.
    pub async fn audit_in(transaction: &mut StateTransaction, entry: &AuditEntry) -> Result<(), StateError> {
        bind(entry).execute(&mut **transaction).await.map_err(StateError::query("write the audit log"))?;
        Ok(())
    }

    /// The latest entries, newest first; of one subject, or of all.
    pub async fn audit_log(&self, subject: Option<&str>, limit: u32) -> Result<Vec<AuditEntry>, StateError> {
        const COLUMNS_ALL: &str = "SELECT at_ms, who, action, subject, detail FROM audit ORDER BY id DESC LIMIT $1";
        const COLUMNS_ONE: &str = "SELECT at_ms, who, action, subject, detail FROM audit WHERE subject = $2 ORDER BY id DESC LIMIT $1";
        let query = match subject {
            None => sqlx::query_as(COLUMNS_ALL).bind(i64::from(limit)),
            Some(subject) => sqlx::query_as(COLUMNS_ONE).bind(i64::from(limit)).bind(subject.to_owned()),
        };
        let rows: Vec<(i64, String, String, String, String)> =
            query.fetch_all(self.pool()).await.map_err(StateError::query("read the audit log"))?;
        Ok(rows.into_iter().map(|(at_ms, who, action, subject, detail)| AuditEntry { at_ms, who, action, subject, detail }).collect())
    }
}

fn bind(entry: &AuditEntry) -> sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(INSERT)
        .bind(entry.at_ms)
        .bind(entry.who.clone())
        .bind(entry.action.clone())
        .bind(entry.subject.clone())
        .bind(entry.detail.clone())
}
