//! Reading incidents.

use super::{EventRow, IncidentAlertRow, IncidentRow, PageRow};
use crate::{State, StateError};

/// Incidents that one question about many may return.
const MAX_ROWS: i64 = 10_000;

/// Which incidents to list. Empty lists and `None` do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Any of these states: `open`, `acknowledged`, `resolved`.
    pub status: Vec<String>,
    /// Any of these severities.
    pub severity: Vec<String>,
    /// Only incidents with a number below this one: the next page of the list.
    pub before_id: Option<i64>,
}

impl State {
    /// The highest number used so far; 0 when there is no incident.
    pub async fn last_incident_id(&self) -> Result<i64, StateError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM incident")
            .fetch_one(self.pool())
            .await
            .map_err(StateError::query("count incidents"))
    }

    /// Incidents that the process has to keep in mind, oldest first, at most 10,000.
    pub async fn watched_incidents(&self) -> Result<Vec<IncidentRow>, StateError> {
        sqlx::query_as("SELECT * FROM incident WHERE watched = 1 ORDER BY id LIMIT $1")
            .bind(MAX_ROWS)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read open incidents"))
    }

    /// Newest first, at most `limit` (and never more than 10,000).
    pub async fn incidents(&self, filter: &IncidentFilter, limit: u32) -> Result<Vec<IncidentRow>, StateError> {
        let mut sql = "SELECT * FROM incident WHERE id < $1".to_owned();
        let mut place = 1;
        for (column, values) in [("status", &filter.status), ("severity", &filter.severity)] {
            if !values.is_empty() {
                let places: Vec<String> = (1..=values.len()).map(|i| format!("${}", place + i)).collect();
                place += values.len();
                sql = format!("{sql} AND {column} IN ({})", places.join(", "));
            }
        }
        sql = format!("{sql} ORDER BY id DESC LIMIT ${}", place + 1);
        // Only the number of places depends on the question; every value is bound.
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(filter.before_id.unwrap_or(i64::MAX));
        for value in filter.status.iter().chain(&filter.severity) {
            query = query.bind(value.clone());
        }
        query.bind(i64::from(limit).min(MAX_ROWS)).fetch_all(self.pool()).await.map_err(StateError::query("list incidents"))
    }

    /// One incident.
    pub async fn incident(&self, id: i64) -> Result<Option<IncidentRow>, StateError> {
        sqlx::query_as("SELECT * FROM incident WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await
            .map_err(StateError::query("read an incident"))
    }

    /// Its alerts, those that have left included.
    pub async fn incident_alerts(&self, id: i64) -> Result<Vec<IncidentAlertRow>, StateError> {
        sqlx::query_as("SELECT fingerprint, status, body FROM incident_alert WHERE incident_id = $1 ORDER BY fingerprint LIMIT $2")
            .bind(id)
            .bind(MAX_ROWS)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read the alerts of an incident"))
    }

    /// Its timeline, oldest first.
    pub async fn incident_events(&self, id: i64) -> Result<Vec<EventRow>, StateError> {
        sqlx::query_as("SELECT seq, at_ms, kind, body, who, why FROM incident_event WHERE incident_id = $1 ORDER BY seq LIMIT $2")
            .bind(id)
            .bind(MAX_ROWS + 1)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read the timeline of an incident"))
    }

    /// How many events its timeline has.
    pub async fn last_incident_event(&self, id: i64) -> Result<i64, StateError> {
        sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM incident_event WHERE incident_id = $1")
            .bind(id)
            .fetch_one(self.pool())
            .await
            .map_err(StateError::query("read the timeline of an incident"))
    }

    /// Its pages, in the order in which they were decided.
    pub async fn incident_pages(&self, id: i64) -> Result<Vec<PageRow>, StateError> {
        sqlx::query_as("SELECT * FROM incident_page WHERE incident_id = $1 ORDER BY intended_ms, round, level, person LIMIT $2")
            .bind(id)
            .bind(MAX_ROWS)
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("read the pages of an incident"))
    }

    /// Incidents that ended in `from_ms..to_ms`, oldest first, at most 10,000.
    pub async fn closed_incidents(&self, from_ms: i64, to_ms: i64) -> Result<Vec<IncidentRow>, StateError> {
        sqlx::query_as(
            "SELECT * FROM incident WHERE status = 'resolved' AND resolved_ms >= $1 AND resolved_ms < $2 ORDER BY resolved_ms LIMIT $3",
        )
        .bind(from_ms)
        .bind(to_ms)
        .bind(MAX_ROWS)
        .fetch_all(self.pool())
        .await
        .map_err(StateError::query("read closed incidents"))
    }

    /// How many incidents there are of each state.
    pub async fn incident_counts(&self) -> Result<Vec<(String, i64)>, StateError> {
        sqlx::query_as("SELECT status, COUNT(*) FROM incident GROUP BY status ORDER BY status")
            .fetch_all(self.pool())
            .await
            .map_err(StateError::query("count incidents"))
    }
}
