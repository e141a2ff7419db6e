//! What the API shows (`docs/reference/http-api.md`): snake_case, moments as RFC 3339 texts.

use crate::IncidentError;
use crate::escalation::Escalation;
use crate::figures::figures;
use crate::incident::{IncidentAlert, IncidentId, Status, fingerprint, moment};
use crate::schedule::{Duty, Handover, OnCallConfig, Override, who_is};
use crate::store;
use crate::timeline::{Event, EventKind};
use jiff::Timestamp;
use phoenix_model::Labels;
use phoenix_state::State;
use phoenix_state::incident::{IncidentRow, PageRow};
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentList {
    /// Newest first.
    pub incidents: Vec<IncidentSummary>,
    /// For the parameter `before` of the next page; `None` at the end.
    pub next: Option<IncidentId>,
}

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
    pub state: Status,
    /// Labels that its alerts share.
    pub labels: Labels,
    /// Annotations of the leading alert: `summary`, `description`, `runbook_url`.
    pub annotations: Labels,
    /// The key of its alert group.
    pub group_key: String,
    /// The receiver of the route; may be empty.
    pub receiver: String,
    /// Whether somebody is (or was) paged in this round.
    pub paging: bool,
    /// When it was first opened.
    pub opened_at: Timestamp,
    /// When it was last reopened.
    pub reopened_at: Option<Timestamp>,
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// Who did.
    pub acknowledged_by: Option<String>,
    /// When it ended.
    pub resolved_at: Option<Timestamp>,
    /// Who ended it by hand.
    pub resolved_by: Option<String>,
    /// How often it was reopened.
    pub reopened: i64,
    /// The query that raised the leading alert.
    pub expression: Option<Expression>,
    /// The annotation `runbook_url`, when it is an http or https URL.
    pub runbook_url: Option<String>,
    /// Detection and recovery.
    pub figures: FiguresView,
    /// How far paging has come.
    pub escalation: EscalationView,
}

/// An incident's own page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentDetail {
    /// As in a list.
    #[serde(flatten)]
    pub summary: IncidentSummary,
    /// Its alerts: those that fire first, then by the time they joined.
    pub alerts: Vec<AlertView>,
    /// Its pages, in the order in which they were decided.
    pub pages: Vec<PageView>,
    /// What happened, in order.
    pub timeline: Vec<EventView>,
}

/// Detection and recovery, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FiguresView {
    /// When the condition began to hold, as far as the alerts tell.
    pub condition_started_at: Timestamp,
    /// When the incident was opened.
    pub detected_at: Timestamp,
    /// When the first page of this round was delivered.
    pub paged_at: Option<Timestamp>,
    /// From the condition's beginning to the opening.
    pub time_to_detect_seconds: f64,
    /// From the (re)opening to the first delivered page.
    pub time_to_page_seconds: Option<f64>,
    /// From the (re)opening to the acknowledgement.
    pub time_to_acknowledge_seconds: Option<f64>,
    /// From the first opening to the end.
    pub time_to_resolve_seconds: Option<f64>,
}

/// How far paging has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EscalationView {
    /// The level that was paged last.
    pub level: Option<String>,
    /// The level whose turn comes next if nobody acknowledges.
    pub next_level: Option<String>,
    /// When.
    pub next_at: Option<Timestamp>,
    /// Why nobody further is paged.
    pub stopped_because: Option<String>,
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
    pub resolved_at: Option<Timestamp>,
    /// Why it is muted.
    pub muted_by: Option<String>,
    /// A link to the expression that raised it; may be empty.
    pub generator_url: String,
    /// The query that raised it.
    pub expression: Option<Expression>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageView {
    /// 1 for the first opening, one more for each reopening.
    pub round: i64,
    /// The level, team or person that the escalation named.
    pub level: String,
    /// Who is paged.
    pub person: String,
    /// `waiting`, `sending`, `sent`, `given_up` or `cancelled`.
    pub status: String,
    /// Of the last attempt, or the first one to come: `email`, `webhook`, `slack`.
    pub method: String,
    /// The mail address, or the host of the URL.
    pub address: String,
    /// Attempts begun.
    pub attempts: i64,
    /// When it was decided.
    pub intended_at: Timestamp,
    /// When it is tried (again).
    pub next_attempt_at: Option<Timestamp>,
    /// When it was delivered.
    pub sent_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Why this person.
    pub why: String,
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// Its place in the timeline, from 1.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: EventKind,
    /// What happened, in words.
    pub text: String,
    /// Who did it.
    pub who: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// The on-call page. The server adds whether a file is configured, and its diagnostics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnCallView {
    /// In the order in which they are paged.
    pub levels: Vec<LevelView>,
    /// The handovers of the next five weeks.
    pub upcoming: Vec<HandoverView>,
    /// As written.
    pub page_on: Vec<String>,
    /// Overrides in force or to come.
    pub overrides: Vec<OverrideView>,
}

/// Whose turn it is on a level, or why nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelView {
    /// The level, or another name that the escalation uses.
    pub level: String,
    /// One person, or none when the level names nobody.
    pub people: Vec<PersonView>,
    /// Whose turn it is among the level's teams.
    pub team: Option<String>,
    /// When this level is paged, after the first page; `None` for a level that no step names.
    pub after_seconds: Option<u64>,
    /// When the turn began.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// In words: why this person, or why nobody.
    pub why: String,
}

/// Somebody on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonView {
    /// The name in the on-call file.
    pub name: String,
    /// The full name.
    pub full_name: Option<String>,
    /// How they are reached, in order: `email`, `webhook`, `slack`.
    pub methods: Vec<&'static str>,
}

/// A level passes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverView {
    /// The level.
    pub level: String,
    /// When.
    pub at: Timestamp,
    /// Who had it.
    pub from: Vec<String>,
    /// Who has it from then on.
    pub to: Vec<String>,
    /// In words.
    pub why: String,
}

/// A person stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideView {
    /// Its number.
    pub id: i64,
    /// The level.
    pub level: String,
    /// Who stands in.
    pub person: String,
    /// From then on,
    pub from: Timestamp,
    /// up to, not including, then.
    pub until: Timestamp,
    /// Who asked for it.
    pub created_by: String,
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

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn expression(language: &str, text: &str) -> Option<Expression> {
    (!text.is_empty()).then(|| Expression { language: language.to_owned(), text: text.to_owned() })
}

impl IncidentSummary {
    pub(crate) fn of(row: &IncidentRow, config: &OnCallConfig) -> Result<Self, IncidentError> {
        let id = IncidentId(row.id);
        let annotations: Labels = store::parsed(id, "incident", &row.annotations)?;
        let runbook = annotations.get("runbook_url").filter(|url| url.starts_with("https://") || url.starts_with("http://"));
        let escalation: Option<Escalation> = match row.escalation.as_str() {
            "" => None,
            text => Some(store::parsed(id, "incident", text)?),
        };
        let state = Status::from_name(&row.status).unwrap_or(Status::Open);
        Ok(Self {
            id,
            title: row.title.clone(),
            severity: row.severity.clone(),
            state,
            labels: store::parsed(id, "incident", &row.labels)?,
            group_key: row.group_key.clone(),
            receiver: row.receiver.clone(),
            paging: escalation.is_some(),
            opened_at: moment(row.opened_ms),
            reopened_at: row.reopened_ms.map(moment),
            acknowledged_at: row.acknowledged_ms.map(moment),
            acknowledged_by: some(&row.acknowledged_by),
            resolved_at: row.resolved_ms.map(moment),
            resolved_by: some(&row.resolved_by),
            reopened: row.round - 1,
            expression: expression(&row.language, &row.expression),
            runbook_url: runbook.map(str::to_owned),
            annotations,
            figures: FiguresView::of(row),
            escalation: EscalationView::of(escalation.as_ref(), row, state, config),
        })
    }
}

impl FiguresView {
    fn of(row: &IncidentRow) -> Self {
        let figures = figures(row);
        let seconds = |ms: i64| ms as f64 / 1000.0;
        Self {
            condition_started_at: moment(row.condition_since_ms),
            detected_at: moment(row.opened_ms),
            paged_at: row.paged_ms.map(moment),
            time_to_detect_seconds: seconds(figures.time_to_detect_ms),
            time_to_page_seconds: figures.time_to_page_ms.map(seconds),
            time_to_acknowledge_seconds: figures.time_to_acknowledge_ms.map(seconds),
            time_to_resolve_seconds: figures.time_to_resolve_ms.map(seconds),
        }
    }
}

impl EscalationView {
    fn of(escalation: Option<&Escalation>, row: &IncidentRow, state: Status, config: &OnCallConfig) -> Self {
        let Some(escalation) = escalation else {
            return Self { stopped_because: Some("no entry of page_on matches".to_owned()), ..Self::default() };
        };
        let next = escalation.next_step(config);
        let stopped_because = match state {
            Status::Resolved => Some("the incident is resolved".to_owned()),
            Status::Acknowledged => Some(format!("acknowledged by {}", row.acknowledged_by)),
            Status::Open if escalation.paused_since_ms.is_some() => Some("every alert that still fires is muted".to_owned()),
            Status::Open if next.is_none() && escalation.level.is_none() => Some("no level names anybody".to_owned()),
            Status::Open if next.is_none() => Some("the last level was paged".to_owned()),
            Status::Open => None,
        };
        let next = next.filter(|_| stopped_because.is_none());
        Self {
            level: escalation.level.clone(),
            next_at: next.as_ref().map(|(delay_ms, _)| moment(escalation.started_ms.saturating_add((*delay_ms).max(0)))),
            next_level: next.map(|(_, target)| target),
            stopped_because,
        }
    }
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self { id: event.seq, at: moment(event.at_ms), kind: event.kind, text: event.text, who: some(&event.who), why: some(&event.why) }
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
            address: row.address,
            attempts: row.attempts,
            intended_at: moment(row.intended_ms),
            next_attempt_at: waiting.then(|| moment(row.next_attempt_ms)),
            sent_at: row.sent_ms.map(moment),
            error: some(&row.last_error),
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
            resolved_at: known.left_ms.map(moment),
            muted_by: some(&known.muted_by),
            generator_url: alert.generator_url,
            expression: alert.expression.map(|(language, text)| Expression { language, text }),
        }
    }
}

/// Reads an incident with everything that belongs to it.
pub(crate) async fn detail(state: &State, id: IncidentId, config: &OnCallConfig) -> Result<IncidentDetail, IncidentError> {
    let row = state.incident(id.0).await?.ok_or(IncidentError::NotFound(id))?;
    let mut alerts = Vec::new();
    for alert in state.incident_alerts(id.0).await? {
        alerts.push(store::parsed::<IncidentAlert>(id, "alert", &alert.body)?);
    }
    alerts.sort_by_key(|a| (!store::is_live(a), a.joined_ms));
    Ok(IncidentDetail {
        summary: IncidentSummary::of(&row, config)?,
        alerts: alerts.into_iter().map(AlertView::of).collect(),
        pages: state.incident_pages(id.0).await?.into_iter().map(PageView::from).collect(),
        timeline: state.incident_events(id.0).await?.into_iter().map(|row| store::event(row).into()).collect(),
    })
}

/// Whose turn it is on every level, in the order in which they are paged.
pub(crate) fn levels(config: &OnCallConfig, overrides: &[Override], at: Timestamp) -> Vec<LevelView> {
    let after = |target: &str| {
        if config.first_level().is_some_and(|level| level.name == target) {
            return Some(0);
        }
        config.escalation.iter().find(|step| step.target == target).map(|step| step.after.as_secs())
    };
    let view = |target: &str| {
        let (level, after_seconds) = (target.to_owned(), after(target));
        match who_is(config, overrides, target, at) {
            Ok(Duty { person, team, from, until, reason, .. }) => {
                let methods = person.contacts.iter().map(|c| c.method.as_str()).collect();
                let people = vec![PersonView { name: person.id, full_name: person.name, methods }];
                LevelView { level, people, team, after_seconds, from, until, why: reason }
            }
            Err(why) => LevelView { level, people: Vec::new(), team: None, after_seconds, from: None, until: None, why },
        }
    };
    let mut views: Vec<LevelView> = config.targets().into_iter().map(view).collect();
    views.sort_by_key(|view| view.after_seconds.unwrap_or(u64::MAX));
    views
}

impl From<Handover> for HandoverView {
    fn from(handover: Handover) -> Self {
        let duty = handover.duty;
        Self {
            level: handover.level,
            at: handover.at,
            from: handover.before.into_iter().collect(),
            to: vec![duty.person.id],
            why: duty.reason,
        }
    }
}

impl From<&Override> for OverrideView {
    fn from(o: &Override) -> Self {
        let (level, person, created_by) = (o.level.clone(), o.person.clone(), o.created_by.clone());
        Self { id: o.id, level, person, from: moment(o.from_ms), until: moment(o.until_ms), created_by }
    }
}
