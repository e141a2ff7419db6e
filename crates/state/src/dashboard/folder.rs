//! Folders of dashboards.

use super::{Expected, MAX_FOLDERS, Saved, write};
use crate::{AuditEntry, State, StateError, StateTransaction};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// A folder. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderRow {
    /// Its name in links.
    pub uid: String,
    /// The folder that it stands in; empty at the root.
    pub parent_uid: String,
    /// Its title.
    pub title: String,
    /// Rises with each change, from 1.
    pub version: i64,
    /// When it was made.
    pub created_ms: i64,
    /// When it was changed.
    pub updated_ms: i64,
    /// Who made it.
    pub created_by: String,
    /// Who changed it.
    pub updated_by: String,
}

impl<'r> FromRow<'r, AnyRow> for FolderRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            uid: row.try_get("uid")?,
            parent_uid: row.try_get("parent_uid")?,
            title: row.try_get("title")?,
            version: row.try_get("version")?,
            created_ms: row.try_get("created_ms")?,
            updated_ms: row.try_get("updated_ms")?,
            created_by: row.try_get("created_by")?,
            updated_by: row.try_get("updated_by")?,
        })
    }
}

/// A folder as somebody wants it.
#[derive(Debug, Clone, Copy)]
pub struct FolderSave<'a> {
    /// Its name in links.
    pub uid: &'a str,
    /// The folder that it stands in; empty at the root.
    pub parent_uid: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Who wants it.
    pub by: &'a str,
    /// When.
    pub now_ms: i64,
    /// What has to be there. [`Expected::Any`] changes one that exists.
    pub expected: Expected,
}

impl State {
    /// All folders, by title.
    pub async fn dashboard_folders(&self) -> Result<Vec<FolderRow>, StateError> {
        sqlx::query_as("SELECT * FROM dashboard_folder ORDER BY title, uid LIMIT $1")
            .bind(MAX_FOLDERS)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("list folders"))
    }

    /// Makes or changes a folder, with a line of the audit log. Whether its parent is there, and no
    /// child of its own, is the caller's to see.
    pub async fn save_dashboard_folder(&self, save: &FolderSave<'_>) -> Result<Saved<FolderRow>, StateError> {
        let mut transaction = self.begin().await?;
        let row = match save.expected {
            Expected::Absent => insert(&mut transaction, save).await?,
            Expected::Version(version) => update(&mut transaction, save, Some(version)).await?,
            Expected::Any => update(&mut transaction, save, None).await?,
        };
        if let Saved::Done(row) = &row {
            let action = if row.version == 1 { "dashboard_folder.create" } else { "dashboard_folder.update" };
            let detail = serde_json::json!({"title": row.title, "parent": row.parent_uid}).to_string();
            Self::audit_in(&mut transaction, &entry(save.now_ms, save.by, action, save.uid, detail)).await?;
            transaction.commit().await.map_err(StateError::query("save a folder"))?;
        }
        Ok(row)
    }

    /// Forgets folders with all dashboards in them, each with its line of the audit log; all or nothing.
    /// Gives the uids of the dashboards.
    pub async fn delete_dashboard_folders(&self, uids: &[String], by: &str, now_ms: i64) -> Result<Vec<String>, StateError> {
        let failed = || StateError::query("delete a folder");
        let mut transaction = self.begin().await?;
        let mut deleted = Vec::new();
        for uid in uids {
            let inside: Vec<String> = sqlx::query_scalar("SELECT uid FROM dashboard WHERE folder_uid = $1 ORDER BY uid")
                .bind(uid)
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed())?;
            for dashboard in &inside {
                write::delete_in(&mut transaction, dashboard, by, now_ms).await?;
            }
            deleted.extend(inside);
            let title: Option<String> = sqlx::query_scalar("DELETE FROM dashboard_folder WHERE uid = $1 RETURNING title")
                .bind(uid)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed())?;
            if let Some(title) = title {
                let detail = serde_json::json!({"title": title}).to_string();
                Self::audit_in(&mut transaction, &entry(now_ms, by, "dashboard_folder.delete", uid, detail)).await?;
            }
        }
        transaction.commit().await.map_err(failed())?;
        Ok(deleted)
    }
}

async fn insert(transaction: &mut StateTransaction, save: &FolderSave<'_>) -> Result<Saved<FolderRow>, StateError> {
    let failed = || StateError::query("save a folder");
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM dashboard_folder").fetch_one(&mut **transaction).await.map_err(failed())?;
    if count >= MAX_FOLDERS {
        return Ok(Saved::Full(MAX_FOLDERS));
    }
    let row = sqlx::query_as(
        "INSERT INTO dashboard_folder (uid, parent_uid, title, version, created_ms, updated_ms, created_by, updated_by) \
         VALUES ($1, $2, $3, 1, $4, $4, $5, $5) ON CONFLICT (uid) DO NOTHING RETURNING *",
    )
    .bind(save.uid)
    .bind(save.parent_uid)
    .bind(save.title)
    .bind(save.now_ms)
    .bind(save.by)
    .fetch_optional(&mut **transaction)
    .await
    .map_err(failed())?;
    match row {
        Some(row) => Ok(Saved::Done(row)),
        None => Ok(current(transaction, save.uid).await?.map_or(Saved::Missing, Saved::Conflict)),
    }
}

async fn update(transaction: &mut StateTransaction, save: &FolderSave<'_>, version: Option<i64>) -> Result<Saved<FolderRow>, StateError> {
    let row = sqlx::query_as(
        "UPDATE dashboard_folder SET parent_uid = $2, title = $3, updated_ms = $4, updated_by = $5, version = version + 1 \
         WHERE uid = $1 AND ($7 = 1 OR version = $6) RETURNING *",
    )
    .bind(save.uid)
    .bind(save.parent_uid)
    .bind(save.title)
    .bind(save.now_ms)
    .bind(save.by)
    .bind(version.unwrap_or(0))
    .bind(i64::from(version.is_none()))
    .fetch_optional(&mut **transaction)
    .await
    .map_err(StateError::query("save a folder"))?;
    match row {
        Some(row) => Ok(Saved::Done(row)),
        None => Ok(current(transaction, save.uid).await?.map_or(Saved::Missing, Saved::Conflict)),
    }
}

async fn current(transaction: &mut StateTransaction, uid: &str) -> Result<Option<i64>, StateError> {
    sqlx::query_scalar("SELECT version FROM dashboard_folder WHERE uid = $1")
        .bind(uid)
        .fetch_optional(&mut **transaction)
        .await
        .map_err(StateError::query("read a folder"))
}

fn entry(at_ms: i64, who: &str, action: &str, uid: &str, detail: String) -> AuditEntry {
    AuditEntry { at_ms, who: who.to_owned(), action: action.to_owned(), subject: format!("dashboard_folder/{uid}"), detail }
}
