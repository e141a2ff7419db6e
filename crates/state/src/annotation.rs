//! Annotations: events on the time axis that people and their tools mark, such as deploys.

use crate::{AuditEntry, State, StateError, StateTransaction};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use std::fmt::Write;

/// Annotations that one answer holds.
pub const MAX_ANNOTATIONS_ANSWERED: i64 = 10_000;
/// Tags that one answer holds.
const MAX_TAGS_ANSWERED: i64 = 1_000;

/// An annotation. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnnotationRow {
    /// Rising from 1; given when it is added.
    pub id: i64,
    /// When it began.
    pub time_ms: i64,
    /// When it ended; `time_ms` for a moment.
    pub time_end_ms: i64,
    /// What happened.
    pub text: String,
    /// Its tags, each once.
    pub tags: Vec<String>,
    /// The dashboard that it belongs to; empty for none.
    pub dashboard_uid: String,
    /// The panel that it belongs to; 0 for none.
    pub panel_id: i64,
    /// When it was added.
    pub created_ms: i64,
    /// When it was changed.
    pub updated_ms: i64,
    /// Who added it.
    pub created_by: String,
}

/// Which annotations to list. Empty lists and `None` do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotationFilter {
    /// What ends before it is left out.
    pub from_ms: Option<i64>,
    /// What begins after it is left out.
    pub to_ms: Option<i64>,
    /// All of these tags, or any.
    pub tags: Vec<String>,
    /// Whether one of `tags` is enough.
    pub match_any: bool,
    /// Of this dashboard.
    pub dashboard_uid: Option<String>,
    /// Of this panel.
    pub panel_id: Option<i64>,
}

impl<'r> FromRow<'r, AnyRow> for AnnotationRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        let tags: String = row.try_get("tags")?;
        Ok(Self {
            id: row.try_get("id")?,
            time_ms: row.try_get("time_ms")?,
            time_end_ms: row.try_get("time_end_ms")?,
            text: row.try_get("text")?,
            tags: serde_json::from_str(&tags).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            dashboard_uid: row.try_get("dashboard_uid")?,
            panel_id: row.try_get("panel_id")?,
            created_ms: row.try_get("created_ms")?,
            updated_ms: row.try_get("updated_ms")?,
            created_by: row.try_get("created_by")?,
        })
    }
}

impl State {
    /// Keeps an annotation and gives it its number, with a line of the audit log. With more than
    /// `limit` the oldest are forgotten.
    pub async fn add_annotation(&self, row: &AnnotationRow, limit: i64) -> Result<i64, StateError> {
        let failed = || StateError::query("save an annotation");
        let mut transaction = self.begin().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO annotation (time_ms, time_end_ms, text, tags, dashboard_uid, panel_id, created_ms, updated_ms, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) RETURNING id",
        )
        .bind(row.time_ms)
        .bind(row.time_end_ms)
        .bind(&row.text)
        .bind(json(&row.tags))
        .bind(&row.dashboard_uid)
        .bind(row.panel_id)
        .bind(row.created_ms)
        .bind(&row.created_by)
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed())?;
        write_tags(&mut transaction, id, &row.tags).await?;
        Self::audit_in(&mut transaction, &entry(row.created_ms, &row.created_by, "annotation.create", id, &row.text)).await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM annotation").fetch_one(&mut *transaction).await.map_err(failed())?;
        if count > limit {
            sqlx::query("DELETE FROM annotation WHERE id IN (SELECT id FROM annotation ORDER BY time_ms, id LIMIT $1)")
                .bind(count - limit)
                .execute(&mut *transaction)
                .await
                .map_err(StateError::query("forget old annotations"))?;
        }
        transaction.commit().await.map_err(failed())?;
        Ok(id)
    }

    /// Changes times, text and tags of an annotation, with a line of the audit log. Returns whether there is one.
    pub async fn update_annotation(&self, row: &AnnotationRow, who: &str) -> Result<bool, StateError> {
        let failed = || StateError::query("save an annotation");
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE annotation SET time_ms = $2, time_end_ms = $3, text = $4, tags = $5, updated_ms = $6 WHERE id = $1")
            .bind(row.id)
            .bind(row.time_ms)
            .bind(row.time_end_ms)
            .bind(&row.text)
            .bind(json(&row.tags))
            .bind(row.updated_ms)
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM annotation_tag WHERE annotation_id = $1")
            .bind(row.id)
            .execute(&mut *transaction)
            .await
            .map_err(failed())?;
        write_tags(&mut transaction, row.id, &row.tags).await?;
        Self::audit_in(&mut transaction, &entry(row.updated_ms, who, "annotation.update", row.id, &row.text)).await?;
        transaction.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// Forgets an annotation, with a line of the audit log. Returns whether there was one.
    pub async fn delete_annotation(&self, id: i64, who: &str, now_ms: i64) -> Result<bool, StateError> {
        let failed = || StateError::query("delete an annotation");
        let mut transaction = self.begin().await?;
        let text: Option<String> = sqlx::query_scalar("DELETE FROM annotation WHERE id = $1 RETURNING text")
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed())?;
        let Some(text) = text else { return Ok(false) };
        Self::audit_in(&mut transaction, &entry(now_ms, who, "annotation.delete", id, &text)).await?;
        transaction.commit().await.map_err(failed())?;
        Ok(true)
    }

    /// One annotation.
    pub async fn annotation(&self, id: i64) -> Result<Option<AnnotationRow>, StateError> {
        sqlx::query_as("SELECT * FROM annotation WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await
            .map_err(StateError::query("read an annotation"))
    }

    /// Annotations, newest first, at most `limit` (and never more than [`MAX_ANNOTATIONS_ANSWERED`]).
    pub async fn annotations(&self, filter: &AnnotationFilter, limit: i64) -> Result<Vec<AnnotationRow>, StateError> {
        let mut sql = "SELECT * FROM annotation WHERE time_end_ms >= $1 AND time_ms <= $2 \
                       AND ($3 = '' OR dashboard_uid = $3) AND ($4 < 0 OR panel_id = $4)"
            .to_owned();
        let tagged = |from: usize, to: usize| {
            let places: Vec<String> = (from..to).map(|place| format!("${place}")).collect();
            format!("id IN (SELECT annotation_id FROM annotation_tag WHERE tag IN ({}))", places.join(", "))
        };
        let end = 6 + filter.tags.len();
        if filter.match_any && !filter.tags.is_empty() {
            let _ = write!(sql, " AND {}", tagged(6, end));
        } else {
            for place in 6..end {
                let _ = write!(sql, " AND {}", tagged(place, place + 1));
            }
        }
        sql.push_str(" ORDER BY time_ms DESC, id DESC LIMIT $5");
        // Only the number of places depends on the question; every value is bound.
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(filter.from_ms.unwrap_or(i64::MIN))
            .bind(filter.to_ms.unwrap_or(i64::MAX))
            .bind(filter.dashboard_uid.clone().unwrap_or_default())
            .bind(filter.panel_id.unwrap_or(-1))
            .bind(limit.clamp(0, MAX_ANNOTATIONS_ANSWERED));
        for tag in &filter.tags {
            query = query.bind(tag.clone());
        }
        query.fetch_all(self.pool()).await.map_err(StateError::query("list annotations"))
    }

    /// Tags with how many annotations have them, sorted; those that contain `part`, in any case.
    pub async fn annotation_tags(&self, part: &str, limit: i64) -> Result<Vec<(String, i64)>, StateError> {
        let escaped: String =
            part.to_lowercase().chars().flat_map(|c| ['\\'].into_iter().filter(move |_| "%_\\".contains(c)).chain([c])).collect();
        sqlx::query_as("SELECT tag, COUNT(*) FROM annotation_tag WHERE LOWER(tag) LIKE $1 ESCAPE '\\' GROUP BY tag ORDER BY tag LIMIT $2")
            .bind(format!("%{escaped}%"))
            .bind(limit.clamp(0, MAX_TAGS_ANSWERED))
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("list the tags of annotations"))
    }
}

async fn write_tags(transaction: &mut StateTransaction, id: i64, tags: &[String]) -> Result<(), StateError> {
    for tag in tags {
        sqlx::query("INSERT INTO annotation_tag (annotation_id, tag) VALUES ($1, $2) ON CONFLICT (tag, annotation_id) DO NOTHING")
            .bind(id)
            .bind(tag)
            .execute(&mut **transaction)
            .await
            .map_err(StateError::query("save the tags of an annotation"))?;
    }
    Ok(())
}

fn json(tags: &[String]) -> String {
    serde_json::to_string(tags).expect("strings can always be written as JSON")
}

fn entry(at_ms: i64, who: &str, action: &str, id: i64, text: &str) -> AuditEntry {
    let detail = serde_json::json!({"text": text}).to_string();
    AuditEntry { at_ms, who: who.to_owned(), action: action.to_owned(), subject: format!("annotation/{id}"), detail }
}
