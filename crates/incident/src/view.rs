//! What the API shows: snake_case, moments as RFC 3339 texts, durations in milliseconds.

use crate::IncidentError;
use crate::figures::{IncidentFigures, figures};
use crate::incident::{IncidentAlert, IncidentId, Status, fingerprint, moment};
use crate::schedule::{Duty, Handover, OnCallConfig, Override, who_is};
use crate::store;
use crate::timeline::{Event, EventKind};
use jiff::Timestamp;
use phoenix_model::Labels;
use phoenix_state::State;
use phoenix_state::incident::{IncidentRow, PageRow};
use serde::Serialize;

/// An incident in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentSummary {
    /// `INC-42`.
    pub id: IncidentId,
    /// One line.
    pub title: String,
    /// May be empty.
    pub severity: String,
    /// `open`, `acknowledged` or `resolved`.
    pub status: Status,
    /// Labels that its alerts share.
    pub labels: Labels,
    /// When the condition began to hold.
    pub condition_since: Timestamp,
    /// When it was first opened.
    pub opened_at: Timestamp,
    /// When it was last reopened.
    pub reopened_at: Option<Timestamp>,
    /// When the first page of this round was delivered.
    pub paged_at: Option<Timestamp>,
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// Who did.
    pub acknowledged_by: Option<String>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// 1 for the first opening, one more for each reopening.
    pub round: i64,
    /// Detection and recovery.
    pub figures: IncidentFigures,
}

/// An incident's own page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentDetail {
    /// As in a list.
    #[serde(flatten)]
    pub summary: IncidentSummary,
    /// Annotations of the leading alert: `summary`, `description`, `runbook_url`.
    pub annotations: Labels,
    /// The annotation `runbook_url`, when it is an http or https URL.
    pub runbook_url: Option<String>,
    /// The query that raised the leading alert.
    pub expression: Option<Expression>,
    /// Its alerts: those that fire first, then by the time they joined.
    pub alerts: Vec<AlertView>,
    /// Its pages, in the order in which they were decided.
    pub pages: Vec<PageView>,
    /// What happened, in order.
    pub timeline: Vec<EventView>,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expression {
    /// `promql`, `logql` or `traceql`.
    pub language: String,
    /// The text.
    pub text: String,
}

/// An alert of an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertView {
    /// As in Alertmanager's API.
    pub fingerprint: String,
    /// `firing`, `muted` or `resolved`.
    pub status: &'static str,
    /// Its labels.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// When it began to fire.
    pub starts_at: Timestamp,
    /// When it joined the incident.
    pub joined_at: Timestamp,
    /// When it ended.
    pub left_at: Option<Timestamp>,
    /// Why it is muted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub muted_by: String,
    /// A link to the expression that raised it; may be empty.
    pub generator_url: String,
    /// The query that raised it.
    pub expression: Option<Expression>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageView {
    /// The round of the incident.
    pub round: i64,
    /// The level, team or person that the escalation named.
    pub level: String,
    /// Who is paged.
    pub person: String,
    /// `waiting`, `sending`, `sent`, `given_up` or `cancelled`.
    pub status: String,
    /// Of the last attempt; empty before the first.
    pub method: String,
    /// Attempts begun.
    pub attempts: i64,
    /// When it was decided.
    pub intended_at: Timestamp,
    /// When it is tried (again).
    pub next_attempt_at: Option<Timestamp>,
    /// When it was delivered.
    pub sent_at: Option<Timestamp>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_error: String,
    /// Why this person.
    pub why: String,
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Its place, from 1.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: EventKind,
    /// What happened, in words.
    pub text: String,
    /// Who did it or whom it concerns.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// Why.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Whose turn it is on a level, or why nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnCallView {
    /// The level, or another name that the escalation uses.
    pub level: String,
    /// The person's name in the on-call file; `None` when the level names nobody.
    pub person: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// How they are reached, in order: `email`, `webhook`, `slack`.
    pub methods: Vec<&'static str>,
    /// When the turn began.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// In words: why this person, or why nobody.
    pub reason: String,
    /// When this level is paged, in milliseconds after the first page; `None` for a level that no step names.
    pub paged_after_ms: Option<u64>,
}

/// A level passes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverView {
    /// The level.
    pub level: String,
    /// When.
    pub at: Timestamp,
    /// Who has it from then on.
    pub person: String,
    /// Until when.
    pub until: Option<Timestamp>,
    /// In words.
    pub reason: String,
}

/// Something has changed; for live updates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Update {
    /// An incident.
    Incident {
        /// As in a list.
        incident: Box<IncidentSummary>,
        /// What was added to its timeline.
        events: Vec<EventView>,
    },
    /// The on-call file or an override.
    OnCall,
}

impl IncidentSummary {
    pub(crate) fn of(row: &IncidentRow) -> Result<Self, IncidentError> {
        let id = IncidentId(row.id);
        Ok(Self {
            id,
            title: row.title.clone(),
            severity: row.severity.clone(),
            status: Status::from_name(&row.status).unwrap_or(Status::Open),
            labels: store::parsed(id, "incident", &row.labels)?,
            condition_since: moment(row.condition_since_ms),
            opened_at: moment(row.opened_ms),
            reopened_at: row.reopened_ms.map(moment),
            paged_at: row.paged_ms.map(moment),
            acknowledged_at: row.acknowledged_ms.map(moment),
            acknowledged_by: Some(row.acknowledged_by.clone()).filter(|who| !who.is_empty()),
            resolved_at: row.resolved_ms.map(moment),
            round: row.round,
            figures: figures(row),
        })
    }
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self { seq: event.seq, at: moment(event.at_ms), kind: event.kind, text: event.text, who: event.who, why: event.why }
    }
}

impl From<PageRow> for PageView {
    fn from(row: PageRow) -> Self {
        let waiting = row.status == "waiting";
        Self {
            round: row.round,
            level: row.level,
            person: row.person,
            status: row.status,
            method: row.method,
            attempts: row.attempts,
            intended_at: moment(row.intended_ms),
            next_attempt_at: waiting.then(|| moment(row.next_attempt_ms)),
            sent_at: row.sent_ms.map(moment),
            last_error: row.last_error,
            why: row.why,
        }
    }
}

impl AlertView {
    fn of(known: IncidentAlert) -> Self {
        let alert = known.alert;
        Self {
            fingerprint: fingerprint(&alert.labels),
            status: known.status.as_str(),
            labels: alert.labels,
            annotations: alert.annotations,
            starts_at: moment(alert.starts_at_ms),
            joined_at: moment(known.joined_ms),
            left_at: known.left_ms.map(moment),
            muted_by: known.muted_by,
            generator_url: alert.generator_url,
            expression: alert.expression.map(|(language, text)| Expression { language, text }),
        }
    }
}

/// Reads an incident with everything that belongs to it.
pub(crate) async fn detail(state: &State, id: IncidentId) -> Result<IncidentDetail, IncidentError> {
    let row = state.incident(id.0).await?.ok_or(IncidentError::NotFound(id))?;
    let mut alerts = Vec::new();
    for alert in state.incident_alerts(id.0).await? {
        alerts.push(store::parsed::<IncidentAlert>(id, "alert", &alert.body)?);
    }
    alerts.sort_by_key(|a| (!store::is_live(a), a.joined_ms));
    let annotations: Labels = store::parsed(id, "incident", &row.annotations)?;
    let runbook = annotations.get("runbook_url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    Ok(IncidentDetail {
        summary: IncidentSummary::of(&row)?,
        runbook_url: runbook.map(str::to_owned),
        annotations,
        expression: (!row.expression.is_empty()).then(|| Expression { language: row.language.clone(), text: row.expression.clone() }),
        alerts: alerts.into_iter().map(AlertView::of).collect(),
        pages: state.incident_pages(id.0).await?.into_iter().map(PageView::from).collect(),
        timeline: state.incident_events(id.0).await?.into_iter().map(|row| store::event(row).into()).collect(),
    })
}

/// Whose turn it is on every level, in the order in which they are paged.
pub(crate) fn on_call(config: &OnCallConfig, overrides: &[Override], at: Timestamp) -> Vec<OnCallView> {
    let after = |target: &str| {
        if config.first_level().is_some_and(|level| level.name == target) {
            return Some(0);
        }
        config.escalation.iter().find(|step| step.target == target).map(|step| step.after.as_millis() as u64)
    };
    let mut views: Vec<OnCallView> = config
        .targets()
        .into_iter()
        .map(|target| {
            let paged_after_ms = after(target);
            let level = target.to_owned();
            match who_is(config, overrides, target, at) {
                Ok(Duty { person, from, until, reason, .. }) => OnCallView {
                    level,
                    methods: person.contacts.iter().map(|c| c.method.as_str()).collect(),
                    name: person.name,
                    person: Some(person.id),
                    from,
                    until,
                    reason,
                    paged_after_ms,
                },
                Err(reason) => {
                    OnCallView { level, person: None, name: None, methods: Vec::new(), from: None, until: None, reason, paged_after_ms }
                }
            }
        })
        .collect();
    views.sort_by_key(|view| view.paged_after_ms.unwrap_or(u64::MAX));
    views
}

impl From<Handover> for HandoverView {
    fn from(handover: Handover) -> Self {
        let duty = handover.duty;
        Self { level: handover.level, at: handover.at, person: duty.person.id, until: duty.until, reason: duty.reason }
    }
}
