//! Writing incidents.

use super::{EventRow, IncidentAlertRow, IncidentChange, IncidentRow, PageRow};
use crate::{State, StateError, StateTransaction};

/// A new incident that is there already was written by an attempt whose answer got lost; the
/// condition keeps another incident that took the number from being overwritten.
const INSERT: &str = "INSERT INTO incident (id, group_key, title, severity, status, watched, labels, annotations, language, expression, \
    condition_since_ms, opened_ms, reopened_ms, paged_ms, acknowledged_ms, acknowledged_by, resolved_ms, round, escalation, \
    last_flush_ms, flush_interval_ms, receiver, resolved_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23) \
    ON CONFLICT (id) DO UPDATE SET title = excluded.title, severity = excluded.severity, status = excluded.status, \
    watched = excluded.watched, labels = excluded.labels, annotations = excluded.annotations, language = excluded.language, \
    expression = excluded.expression, condition_since_ms = excluded.condition_since_ms, reopened_ms = excluded.reopened_ms, \
    paged_ms = excluded.paged_ms, acknowledged_ms = excluded.acknowledged_ms, acknowledged_by = excluded.acknowledged_by, \
    resolved_ms = excluded.resolved_ms, round = excluded.round, escalation = excluded.escalation, \
    last_flush_ms = excluded.last_flush_ms, flush_interval_ms = excluded.flush_interval_ms, receiver = excluded.receiver, \
    resolved_by = excluded.resolved_by \
    WHERE incident.group_key = excluded.group_key AND incident.opened_ms = excluded.opened_ms";
const UPDATE: &str = "UPDATE incident SET group_key = $2, title = $3, severity = $4, status = $5, watched = $6, labels = $7, \
    annotations = $8, language = $9, expression = $10, condition_since_ms = $11, opened_ms = $12, reopened_ms = $13, paged_ms = $14, \
    acknowledged_ms = $15, acknowledged_by = $16, resolved_ms = $17, round = $18, escalation = $19, last_flush_ms = $20, \
    flush_interval_ms = $21, receiver = $22, resolved_by = $23 WHERE id = $1";

impl State {
    /// Writes an incident with what changed of it, all or nothing. Writing the same again changes nothing.
    pub async fn save_incident(&self, change: &IncidentChange) -> Result<(), StateError> {
        let mut transaction = self.begin().await?;
        write_incident(&mut transaction, &change.incident, change.is_new).await?;
        for alert in &change.alerts {
            write_alert(&mut transaction, change.incident.id, alert).await?;
        }
        for event in &change.events {
            write_event(&mut transaction, change.incident.id, event).await?;
        }
        for page in &change.pages {
            write_page(&mut transaction, change.incident.id, page).await?;
        }
        transaction.commit().await.map_err(StateError::query("save an incident"))
    }
}

async fn write_incident(transaction: &mut StateTransaction, row: &IncidentRow, is_new: bool) -> Result<(), StateError> {
    let done = sqlx::query(if is_new { INSERT } else { UPDATE })
        .bind(row.id)
        .bind(&row.group_key)
        .bind(&row.title)
        .bind(&row.severity)
        .bind(&row.status)
        .bind(i64::from(row.watched))
        .bind(&row.labels)
        .bind(&row.annotations)
        .bind(&row.language)
        .bind(&row.expression)
        .bind(row.condition_since_ms)
        .bind(row.opened_ms)
        .bind(row.reopened_ms)
        .bind(row.paged_ms)
        .bind(row.acknowledged_ms)
        .bind(&row.acknowledged_by)
        .bind(row.resolved_ms)
        .bind(row.round)
        .bind(&row.escalation)
        .bind(row.last_flush_ms)
        .bind(row.flush_interval_ms)
        .bind(&row.receiver)
        .bind(&row.resolved_by)
        .execute(&mut **transaction)
        .await
        .map_err(StateError::query("save an incident"))?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    let reason = if is_new {
        "another process has given this number to another group; one process at a time may write incidents"
    } else {
        "it is gone; something else has removed it"
    };
    Err(StateError::Corrupt { what: format!("incident {}", row.id), reason: reason.to_owned() })
}

async fn write_alert(transaction: &mut StateTransaction, incident: i64, row: &IncidentAlertRow) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO incident_alert (incident_id, fingerprint, status, body) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (incident_id, fingerprint) DO UPDATE SET status = excluded.status, body = excluded.body",
    )
    .bind(incident)
    .bind(&row.fingerprint)
    .bind(&row.status)
    .bind(&row.body)
    .execute(&mut **transaction)
    .await
    .map_err(StateError::query("save an alert of an incident"))?;
    Ok(())
}

async fn write_event(transaction: &mut StateTransaction, incident: i64, row: &EventRow) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO incident_event (incident_id, seq, at_ms, kind, body, who, why) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (incident_id, seq) DO NOTHING",
    )
    .bind(incident)
    .bind(row.seq)
    .bind(row.at_ms)
    .bind(&row.kind)
    .bind(&row.text)
    .bind(&row.who)
    .bind(&row.why)
    .execute(&mut **transaction)
    .await
    .map_err(StateError::query("save an event of an incident"))?;
    Ok(())
}

async fn write_page(transaction: &mut StateTransaction, incident: i64, row: &PageRow) -> Result<(), StateError> {
    sqlx::query(
        "INSERT INTO incident_page (incident_id, round, level, person, status, method, attempts, refused, intended_ms, \
         next_attempt_ms, sent_ms, last_error, why, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (incident_id, round, level, person) DO UPDATE SET status = excluded.status, method = excluded.method, \
         attempts = excluded.attempts, refused = excluded.refused, next_attempt_ms = excluded.next_attempt_ms, \
         sent_ms = excluded.sent_ms, last_error = excluded.last_error, address = excluded.address",
    )
    .bind(incident)
    .bind(row.round)
    .bind(&row.level)
    .bind(&row.person)
    .bind(&row.status)
    .bind(&row.method)
    .bind(row.attempts)
    .bind(&row.refused)
    .bind(row.intended_ms)
    .bind(row.next_attempt_ms)
    .bind(row.sent_ms)
    .bind(&row.last_error)
    .bind(&row.why)
    .bind(&row.address)
    .execute(&mut **transaction)
    .await
    .map_err(StateError::query("save a page of an incident"))?;
    Ok(())
}
