//! Saving and deleting dashboards.

use super::{DashboardRow, Expected, MAX_DASHBOARDS, MAX_VERSIONS, Saved};
use crate::{AuditEntry, State, StateError, StateTransaction};

/// A version that somebody wants to save.
#[derive(Debug, Clone, Copy)]
pub struct DashboardSave<'a> {
    /// Its name in links.
    pub uid: &'a str,
    /// The folder's; empty at the root.
    pub folder_uid: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its tags.
    pub tags: &'a [String],
    /// What its report says is not shown as it was meant.
    pub problems: i64,
    /// The version of Phoenix that counted them.
    pub counted_by: &'a str,
    /// JSON.
    pub body: &'a str,
    /// Who saves it.
    pub by: &'a str,
    /// What is said about the change; may be empty.
    pub message: &'a str,
    /// The version that is brought back, or 0.
    pub restored_from: i64,
    /// When.
    pub now_ms: i64,
    /// What has to be there.
    pub expected: Expected,
}

impl State {
    /// Keeps a version of a dashboard with a line of the audit log, both or neither. The version's
    /// number is given here; of two that expect the same version one gets a conflict.
    pub async fn save_dashboard(&self, save: &DashboardSave<'_>) -> Result<Saved<DashboardRow>, StateError> {
        let mut transaction = self.begin().await?;
        let mut row = DashboardRow {
            uid: save.uid.to_owned(),
            folder_uid: save.folder_uid.to_owned(),
            title: save.title.to_owned(),
            tags: save.tags.to_vec(),
            version: 1,
            problems: save.problems,
            counted_by: save.counted_by.to_owned(),
            created_ms: save.now_ms,
            updated_ms: save.now_ms,
            created_by: save.by.to_owned(),
            updated_by: save.by.to_owned(),
        };
        let changed = match save.expected {
            Expected::Absent => None,
            Expected::Version(version) => update(&mut transaction, save, Some(version)).await?,
            Expected::Any => update(&mut transaction, save, None).await?,
        };
        match changed {
            Some((version, created_ms, created_by)) => (row.version, row.created_ms, row.created_by) = (version, created_ms, created_by),
            None if matches!(save.expected, Expected::Version(_)) => {
                return Ok(current(&mut transaction, save.uid).await?.map_or(Saved::Missing, Saved::Conflict));
            }
            None => {
                let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM dashboard")
                    .fetch_one(&mut *transaction)
                    .await
                    .map_err(StateError::query("count dashboards"))?;
                if !insert(&mut transaction, &row).await? {
                    return Ok(current(&mut transaction, save.uid).await?.map_or(Saved::Missing, Saved::Conflict));
                }
                if count >= MAX_DASHBOARDS {
                    return Ok(Saved::Full(MAX_DASHBOARDS));
                }
            }
        }
        write_version(&mut transaction, save, row.version).await?;
        let action = match (row.version, save.restored_from) {
            (1, _) => "dashboard.create",
            (_, 0) => "dashboard.update",
            _ => "dashboard.restore",
        };
        let detail = serde_json::json!({"title": row.title, "folder": row.folder_uid, "version": row.version, "message": save.message});
        Self::audit_in(&mut transaction, &entry(save.now_ms, save.by, action, save.uid, detail.to_string())).await?;
        transaction.commit().await.map_err(StateError::query("save a dashboard"))?;
        Ok(Saved::Done(row))
    }

    /// Forgets a dashboard and its versions; its title, or `None` when there is none.
    pub async fn delete_dashboard(&self, uid: &str, by: &str, now_ms: i64) -> Result<Option<String>, StateError> {
        let mut transaction = self.begin().await?;
        let title = delete_in(&mut transaction, uid, by, now_ms).await?;
        transaction.commit().await.map_err(StateError::query("delete a dashboard"))?;
        Ok(title)
    }

    /// Keeps what the report of a dashboard counts now and which Phoenix says so, unless it has been saved anew since.
    pub async fn set_dashboard_problems(&self, uid: &str, version: i64, problems: i64, counted_by: &str) -> Result<(), StateError> {
        sqlx::query("UPDATE dashboard SET problems = $3, counted_by = $4 WHERE uid = $1 AND version = $2")
            .bind(uid)
            .bind(version)
            .bind(problems)
            .bind(counted_by)
            .execute(self.pool())
            .await
            .map_err(StateError::query("save the report of a dashboard"))?;
        Ok(())
    }
}

/// Deletes one within a transaction, with its line of the audit log.
pub(super) async fn delete_in(transaction: &mut StateTransaction, uid: &str, by: &str, now_ms: i64) -> Result<Option<String>, StateError> {
    let title: Option<String> = sqlx::query_scalar("DELETE FROM dashboard WHERE uid = $1 RETURNING title")
        .bind(uid)
        .fetch_optional(&mut **transaction)
        .await
        .map_err(StateError::query("delete a dashboard"))?;
    if let Some(title) = &title {
        let detail = serde_json::json!({"title": title}).to_string();
        State::audit_in(transaction, &entry(now_ms, by, "dashboard.delete", uid, detail)).await?;
    }
    Ok(title)
}

/// The new version's number, when the first was saved and by whom; `None` when nothing fits.
async fn update(
    transaction: &mut StateTransaction,
    save: &DashboardSave<'_>,
    version: Option<i64>,
) -> Result<Option<(i64, i64, String)>, StateError> {
    // The version is compared by the statement that raises it: of two at once one finds nothing.
    sqlx::query_as(
        "UPDATE dashboard SET folder_uid = $2, title = $3, tags = $4, problems = $5, updated_ms = $6, updated_by = $7, \
         counted_by = $10, \
         version = version + 1 WHERE uid = $1 AND ($9 = 1 OR version = $8) RETURNING version, created_ms, created_by",
    )
    .bind(save.uid)
    .bind(save.folder_uid)
    .bind(save.title)
    .bind(json(save.tags))
    .bind(save.problems)
    .bind(save.now_ms)
    .bind(save.by)
    .bind(version.unwrap_or(0))
    .bind(i64::from(version.is_none()))
    .bind(save.counted_by)
    .fetch_optional(&mut **transaction)
    .await
    .map_err(StateError::query("save a dashboard"))
}

/// Whether there was none of this uid.
async fn insert(transaction: &mut StateTransaction, row: &DashboardRow) -> Result<bool, StateError> {
    let done = sqlx::query(
        "INSERT INTO dashboard (uid, folder_uid, title, tags, version, problems, created_ms, updated_ms, created_by, updated_by, counted_by) \
         VALUES ($1, $2, $3, $4, 1, $5, $6, $6, $7, $7, $8) ON CONFLICT (uid) DO NOTHING",
    )
    .bind(&row.uid)
    .bind(&row.folder_uid)
    .bind(&row.title)
    .bind(json(&row.tags))
    .bind(row.problems)
    .bind(row.created_ms)
    .bind(&row.created_by)
    .bind(&row.counted_by)
    .execute(&mut **transaction)
    .await
    .map_err(StateError::query("save a dashboard"))?;
    Ok(done.rows_affected() == 1)
}

async fn write_version(transaction: &mut StateTransaction, save: &DashboardSave<'_>, version: i64) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO dashboard_version (dashboard_uid, version, body, created_ms, created_by, message, restored_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(save.uid)
    .bind(version)
    .bind(save.body)
    .bind(save.now_ms)
    .bind(save.by)
    .bind(save.message)
    .bind(save.restored_from)
    .execute(&mut **transaction)
    .await
    .map_err(StateError::query("save a version of a dashboard"))?;
    sqlx::query("DELETE FROM dashboard_version WHERE dashboard_uid = $1 AND version <= $2")
        .bind(save.uid)
        .bind(version - MAX_VERSIONS)
        .execute(&mut **transaction)
        .await
        .map_err(StateError::query("forget old versions of a dashboard"))?;
    Ok(())
}

async fn current(transaction: &mut StateTransaction, uid: &str) -> Result<Option<i64>, StateError> {
    sqlx::query_scalar("SELECT version FROM dashboard WHERE uid = $1")
        .bind(uid)
        .fetch_optional(&mut **transaction)
        .await
        .map_err(StateError::query("read a dashboard"))
}

fn json(tags: &[String]) -> String {
    serde_json::to_string(tags).expect("strings can always be written as JSON")
}

fn entry(at_ms: i64, who: &str, action: &str, uid: &str, detail: String) -> AuditEntry {
    AuditEntry { at_ms, who: who.to_owned(), action: action.to_owned(), subject: format!("dashboard/{uid}"), detail }
}
