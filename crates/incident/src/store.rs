//! Incidents to rows and back.

use crate::escalation::{Page, PageStatus};
use crate::incident::{AlertStatus, Incident, IncidentAlert, IncidentId, Status, Unsaved};
use crate::schedule::{Method, Override};
use crate::timeline::{Event, EventKind};
use phoenix_model::Labels;
use phoenix_state::incident::{EventRow, IncidentAlertRow, IncidentChange, IncidentRow, OverrideRow, PageRow};
use phoenix_state::{State, StateError};
use serde::de::DeserializeOwned;

impl Incident {
    /// What has to be written, as rows. `watched`: whether a restart has to bring it back to mind.
    pub fn change(&self, watched: bool) -> IncidentChange {
        let (language, expression) = self.expression.clone().unwrap_or_default();
        IncidentChange {
            is_new: self.is_new,
            incident: IncidentRow {
                id: self.id.0,
                group_key: self.group_key.clone(),
                receiver: self.receiver.clone(),
                title: self.title.clone(),
                severity: self.severity.clone(),
                status: self.status.as_str().to_owned(),
                watched,
                labels: json(&self.labels),
                annotations: json(&self.annotations),
                language,
                expression,
                condition_since_ms: self.condition_since_ms,
                opened_ms: self.opened_ms,
                reopened_ms: self.reopened_ms,
                paged_ms: self.paged_ms,
                acknowledged_ms: self.acknowledged_ms,
                acknowledged_by: self.acknowledged_by.clone(),
                resolved_ms: self.resolved_ms,
                resolved_by: self.resolved_by.clone(),
                round: self.round,
                escalation: self.escalation.as_ref().map_or_else(String::new, json),
                last_flush_ms: self.last_flush_ms,
                flush_interval_ms: self.flush_interval_ms,
            },
            alerts: self
                .alerts
                .iter()
                .filter(|(id, _)| self.unsaved.alerts.contains(*id))
                .map(|(id, alert)| IncidentAlertRow {
                    fingerprint: id.clone(),
                    status: alert.status.as_str().to_owned(),
                    body: json(alert),
                })
                .collect(),
            events: self.unsaved.events.iter().map(event_row).collect(),
            pages: self
                .pages
                .iter()
                .filter(|p| self.unsaved.pages.contains(&(p.round, p.level.clone(), p.person.clone())))
                .map(page_row)
                .collect(),
        }
    }

    /// Notes that everything is written.
    pub fn saved(&mut self) {
        self.is_new = false;
        self.unsaved = Unsaved::default();
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data with text keys can be written as JSON")
}

fn event_row(event: &Event) -> EventRow {
    EventRow {
        seq: event.seq,
        at_ms: event.at_ms,
        kind: event.kind.name(),
        text: event.text.clone(),
        who: event.who.clone(),
        why: event.why.clone(),
    }
}

fn page_row(page: &Page) -> PageRow {
    PageRow {
        round: page.round,
        level: page.level.clone(),
        person: page.person.clone(),
        status: page.status.as_str().to_owned(),
        method: page.method.map_or("", Method::as_str).to_owned(),
        address: page.address.clone(),
        attempts: page.attempts,
        refused: json(&page.refused),
        intended_ms: page.intended_ms,
        next_attempt_ms: page.next_attempt_ms,
        sent_ms: page.sent_ms,
        last_error: page.last_error.clone(),
        why: page.why.clone(),
    }
}

/// Reads a whole incident; `None` when there is none of this number.
pub(crate) async fn load(state: &State, id: IncidentId) -> Result<Option<Incident>, StateError> {
    match state.incident(id.0).await? {
        Some(row) => Ok(Some(assemble(state, row).await?)),
        None => Ok(None),
    }
}

/// Reads all incidents that a restart has to bring back to mind. One that cannot be read is left
/// out with an error in the log, so that it does not keep the others from being paged about.
pub(crate) async fn load_watched(state: &State) -> Result<Vec<Incident>, StateError> {
    let mut incidents = Vec::new();
    for row in state.watched_incidents().await? {
        let id = IncidentId(row.id);
        match assemble(state, row).await {
            Ok(incident) => incidents.push(incident),
            Err(e @ StateError::Corrupt { .. }) => tracing::error!(incident = %id, error = %e, "an incident is left out"),
            Err(e) => return Err(e),
        }
    }
    Ok(incidents)
}

async fn assemble(state: &State, row: IncidentRow) -> Result<Incident, StateError> {
    let id = IncidentId(row.id);
    let mut alerts = std::collections::BTreeMap::new();
    for alert in state.incident_alerts(row.id).await? {
        alerts.insert(alert.fingerprint, parsed::<IncidentAlert>(id, "alert", &alert.body)?);
    }
    let mut pages = Vec::new();
    for page in state.incident_pages(row.id).await? {
        let unknown = || corrupt(id, "page", &format!("unknown status `{}`", page.status));
        pages.push(Page {
            status: PageStatus::ALL.into_iter().find(|s| s.as_str() == page.status).ok_or_else(unknown)?,
            round: page.round,
            level: page.level,
            person: page.person,
            method: Method::from_name(&page.method),
            address: page.address,
            attempts: page.attempts,
            refused: parsed(id, "page", &page.refused)?,
            intended_ms: page.intended_ms,
            next_attempt_ms: page.next_attempt_ms,
            sent_ms: page.sent_ms,
            last_error: page.last_error,
            why: page.why,
        });
    }
    let event_count = state.last_incident_event(row.id).await?;
    Ok(Incident {
        id,
        is_new: false,
        status: Status::from_name(&row.status).ok_or_else(|| corrupt(id, "incident", &format!("unknown status `{}`", row.status)))?,
        labels: parsed::<Labels>(id, "incident", &row.labels)?,
        annotations: parsed::<Labels>(id, "incident", &row.annotations)?,
        escalation: if row.escalation.is_empty() { None } else { Some(parsed(id, "incident", &row.escalation)?) },
        group_key: row.group_key,
        receiver: row.receiver,
        title: row.title,
        severity: row.severity,
        expression: if row.expression.is_empty() { None } else { Some((row.language, row.expression)) },
        condition_since_ms: row.condition_since_ms,
        opened_ms: row.opened_ms,
        reopened_ms: row.reopened_ms,
        paged_ms: row.paged_ms,
        acknowledged_ms: row.acknowledged_ms,
        acknowledged_by: row.acknowledged_by,
        resolved_ms: row.resolved_ms,
        resolved_by: row.resolved_by,
        round: row.round,
        alerts,
        pages,
        last_flush_ms: row.last_flush_ms,
        flush_interval_ms: row.flush_interval_ms,
        event_count,
        unsaved: Unsaved::default(),
    })
}

/// Reads an event. A kind that this version does not know is shown as a note.
pub(crate) fn event(row: EventRow) -> Event {
    let kind = EventKind::from_name(&row.kind).unwrap_or(EventKind::Note);
    Event { seq: row.seq, at_ms: row.at_ms, kind, text: row.text, who: row.who, why: row.why }
}

pub(crate) fn override_of(row: OverrideRow) -> Override {
    Override {
        id: row.id,
        level: row.level,
        person: row.person,
        from_ms: row.from_ms,
        until_ms: row.until_ms,
        created_by: row.created_by,
        created_ms: row.created_ms,
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(id: IncidentId, what: &str, text: &str) -> Result<T, StateError> {
    serde_json::from_str(text).map_err(|e| corrupt(id, what, &e.to_string()))
}

fn corrupt(id: IncidentId, what: &str, reason: &str) -> StateError {
    StateError::Corrupt { what: format!("{what} of {id}"), reason: reason.to_owned() }
}

/// Whether an alert counts as firing for people who look at it.
pub(crate) fn is_live(alert: &IncidentAlert) -> bool {
    alert.status != AlertStatus::Resolved
}
