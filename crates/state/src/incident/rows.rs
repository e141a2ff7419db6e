//! The rows, as plain values. Times are milliseconds since the Unix epoch.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// An incident without its alerts, pages and timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentRow {
    /// The number in INC-42.
    pub id: i64,
    /// The key of the alert group.
    pub group_key: String,
    /// The receiver's name of the route; may be empty.
    pub receiver: String,
    /// One line for people.
    pub title: String,
    /// The value of the label `severity`; may be empty.
    pub severity: String,
    /// `open`, `acknowledged` or `resolved`.
    pub status: String,
    /// Whether the process has to keep it in mind.
    pub watched: bool,
    /// JSON object.
    pub labels: String,
    /// JSON object.
    pub annotations: String,
    /// The language of `expression`; empty when unknown.
    pub language: String,
    /// The query that raised the first alert; empty when unknown.
    pub expression: String,
    /// When the condition began to hold.
    pub condition_since_ms: i64,
    /// When it was first opened.
    pub opened_ms: i64,
    /// When it was last reopened.
    pub reopened_ms: Option<i64>,
    /// When the first page was delivered since the last (re)opening.
    pub paged_ms: Option<i64>,
    /// When somebody acknowledged it.
    pub acknowledged_ms: Option<i64>,
    /// Who; empty when nobody has.
    pub acknowledged_by: String,
    /// When it ended.
    pub resolved_ms: Option<i64>,
    /// Who ended it by hand; empty when it ended with its alerts.
    pub resolved_by: String,
    /// 1 for the first opening, one more for each reopening.
    pub round: i64,
    /// JSON; empty when nobody is paged.
    pub escalation: String,
    /// When its group was last flushed.
    pub last_flush_ms: i64,
    /// The time between the last two flushes.
    pub flush_interval_ms: i64,
}

/// An alert of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentAlertRow {
    /// Hash of its labels.
    pub fingerprint: String,
    /// `firing`, `muted` or `resolved`.
    pub status: String,
    /// JSON.
    pub body: String,
}

/// An entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventRow {
    /// Its place in the timeline, from 1.
    pub seq: i64,
    /// When it happened.
    pub at_ms: i64,
    /// What kind of event.
    pub kind: String,
    /// What happened, in words.
    pub text: String,
    /// Who did it or whom it concerns; may be empty.
    pub who: String,
    /// Why; may be empty.
    pub why: String,
}

/// A page to one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRow {
    /// The round of the incident.
    pub round: i64,
    /// The level, team or person that the escalation named.
    pub level: String,
    /// Who is paged.
    pub person: String,
    /// `waiting`, `sending`, `sent`, `given_up` or `cancelled`.
    pub status: String,
    /// The method of the last attempt, or the first one to come.
    pub method: String,
    /// What may be shown of the address.
    pub address: String,
    /// Attempts begun.
    pub attempts: i64,
    /// JSON list of positions of contacts that refused for good.
    pub refused: String,
    /// When it was decided.
    pub intended_ms: i64,
    /// When to try (again).
    pub next_attempt_ms: i64,
    /// When it was delivered.
    pub sent_ms: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: String,
    /// Why this person is paged.
    pub why: String,
}

/// A person stands in on a level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverrideRow {
    /// Its number.
    pub id: i64,
    /// The level.
    pub level: String,
    /// Who stands in.
    pub person: String,
    /// From then on,
    pub from_ms: i64,
    /// up to, not including, then.
    pub until_ms: i64,
    /// Who asked for it.
    pub created_by: String,
    /// When it was made.
    pub created_ms: i64,
}

/// What is written together: the incident, and those of its parts that are new or changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentChange {
    /// Whether the incident is written for the first time; a used number is then an error.
    pub is_new: bool,
    /// The whole row.
    pub incident: IncidentRow,
    /// New or changed alerts.
    pub alerts: Vec<IncidentAlertRow>,
    /// New events; one that is there already stays as it is.
    pub events: Vec<EventRow>,
    /// New or changed pages.
    pub pages: Vec<PageRow>,
}

impl<'r> FromRow<'r, AnyRow> for IncidentRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            group_key: row.try_get("group_key")?,
            receiver: row.try_get("receiver")?,
            title: row.try_get("title")?,
            severity: row.try_get("severity")?,
            status: row.try_get("status")?,
            watched: row.try_get::<i64, _>("watched")? != 0,
            labels: row.try_get("labels")?,
            annotations: row.try_get("annotations")?,
            language: row.try_get("language")?,
            expression: row.try_get("expression")?,
            condition_since_ms: row.try_get("condition_since_ms")?,
            opened_ms: row.try_get("opened_ms")?,
            reopened_ms: row.try_get("reopened_ms")?,
            paged_ms: row.try_get("paged_ms")?,
            acknowledged_ms: row.try_get("acknowledged_ms")?,
            acknowledged_by: row.try_get("acknowledged_by")?,
            resolved_ms: row.try_get("resolved_ms")?,
            resolved_by: row.try_get("resolved_by")?,
            round: row.try_get("round")?,
            escalation: row.try_get("escalation")?,
            last_flush_ms: row.try_get("last_flush_ms")?,
            flush_interval_ms: row.try_get("flush_interval_ms")?,
        })
    }
}

impl<'r> FromRow<'r, AnyRow> for IncidentAlertRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self { fingerprint: row.try_get("fingerprint")?, status: row.try_get("status")?, body: row.try_get("body")? })
    }
}

impl<'r> FromRow<'r, AnyRow> for EventRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seq: row.try_get("seq")?,
            at_ms: row.try_get("at_ms")?,
            kind: row.try_get("kind")?,
            text: row.try_get("body")?,
            who: row.try_get("who")?,
            why: row.try_get("why")?,
        })
    }
}

impl<'r> FromRow<'r, AnyRow> for PageRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            round: row.try_get("round")?,
            level: row.try_get("level")?,
            person: row.try_get("person")?,
            status: row.try_get("status")?,
            method: row.try_get("method")?,
            address: row.try_get("address")?,
            attempts: row.try_get("attempts")?,
            refused: row.try_get("refused")?,
            intended_ms: row.try_get("intended_ms")?,
            next_attempt_ms: row.try_get("next_attempt_ms")?,
            sent_ms: row.try_get("sent_ms")?,
            last_error: row.try_get("last_error")?,
            why: row.try_get("why")?,
        })
    }
}

impl<'r> FromRow<'r, AnyRow> for OverrideRow {
    fn from_row(row: &'r AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            level: row.try_get("level")?,
            person: row.try_get("person")?,
            from_ms: row.try_get("from_ms")?,
            until_ms: row.try_get("until_ms")?,
            created_by: row.try_get("created_by")?,
            created_ms: row.try_get("created_ms")?,
        })
    }
}
