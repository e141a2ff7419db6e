//! Reading dashboards and their versions.

use super::{DashboardRow, MAX_DASHBOARDS, MAX_VERSIONS, VersionRow};
use crate::{State, StateError};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// The row with its tags as they are stored.
pub(super) struct Stored(DashboardRow, String);

impl<'r> FromRow<'r, AnyRow> for Stored {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        let dashboard = DashboardRow {
            uid: row.try_get("uid")?,
            folder_uid: row.try_get("folder_uid")?,
            title: row.try_get("title")?,
            tags: Vec::new(),
            version: row.try_get("version")?,
            problems: row.try_get("problems")?,
            counted_by: row.try_get("counted_by")?,
            created_ms: row.try_get("created_ms")?,
            updated_ms: row.try_get("updated_ms")?,
            created_by: row.try_get("created_by")?,
            updated_by: row.try_get("updated_by")?,
        };
        Ok(Self(dashboard, row.try_get("tags")?))
    }
}

impl Stored {
    pub(super) fn row(self) -> Result<DashboardRow, StateError> {
        let Self(mut row, tags) = self;
        row.tags = serde_json::from_str(&tags)
            .map_err(|e| StateError::Corrupt { what: format!("dashboard {}", row.uid), reason: e.to_string() })?;
        Ok(row)
    }
}

impl<'r> FromRow<'r, AnyRow> for VersionRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            version: row.try_get("version")?,
            created_ms: row.try_get("created_ms")?,
            created_by: row.try_get("created_by")?,
            message: row.try_get("message")?,
            restored_from: row.try_get("restored_from")?,
        })
    }
}

impl State {
    /// All dashboards, by title.
    pub async fn dashboards(&self) -> Result<Vec<DashboardRow>, StateError> {
        let rows: Vec<Stored> = sqlx::query_as("SELECT * FROM dashboard ORDER BY title, uid LIMIT $1")
            .bind(MAX_DASHBOARDS)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("list dashboards"))?;
        rows.into_iter().map(Stored::row).collect()
    }

    /// One dashboard without its text.
    pub async fn dashboard_row(&self, uid: &str) -> Result<Option<DashboardRow>, StateError> {
        let row: Option<Stored> = sqlx::query_as("SELECT * FROM dashboard WHERE uid = $1")
            .bind(uid)
            .fetch_optional(self.pool())
            .await
            .map_err(StateError::query("read a dashboard"))?;
        row.map(Stored::row).transpose()
    }

    /// One dashboard with the text of its newest version.
    pub async fn dashboard(&self, uid: &str) -> Result<Option<(DashboardRow, String)>, StateError> {
        let failed = StateError::query;
        let row: Option<AnyRow> = sqlx::query(
            "SELECT dashboard.*, dashboard_version.body FROM dashboard JOIN dashboard_version \
             ON dashboard_version.dashboard_uid = dashboard.uid AND dashboard_version.version = dashboard.version WHERE dashboard.uid = $1",
        )
        .bind(uid)
        .fetch_optional(self.pool())
        .await
        .map_err(failed("read a dashboard"))?;
        let Some(row) = row else { return Ok(None) };
        let body: String = row.try_get("body").map_err(failed("read a dashboard"))?;
        Ok(Some((Stored::from_row(&row).map_err(failed("read a dashboard"))?.row()?, body)))
    }

    /// The versions of a dashboard that are kept, newest first; none when there is no such dashboard.
    pub async fn dashboard_versions(&self, uid: &str) -> Result<Vec<VersionRow>, StateError> {
        sqlx::query_as(
            "SELECT version, created_ms, created_by, message, restored_from FROM dashboard_version \
             WHERE dashboard_uid = $1 ORDER BY version DESC LIMIT $2",
        )
        .bind(uid)
        .bind(MAX_VERSIONS)
        .fetch_all(self.pool())
        .await
        .map_err(StateError::query("list the versions of a dashboard"))
    }

    /// One version with its text.
    pub async fn dashboard_version(&self, uid: &str, version: i64) -> Result<Option<(VersionRow, String)>, StateError> {
        let failed = StateError::query;
        let row: Option<AnyRow> = sqlx::query("SELECT * FROM dashboard_version WHERE dashboard_uid = $1 AND version = $2")
            .bind(uid)
            .bind(version)
            .fetch_optional(self.pool())
            .await
            .map_err(failed("read a version of a dashboard"))?;
        let Some(row) = row else { return Ok(None) };
        let body: String = row.try_get("body").map_err(failed("read a version of a dashboard"))?;
        Ok(Some((VersionRow::from_row(&row).map_err(failed("read a version of a dashboard"))?, body)))
    }
}
