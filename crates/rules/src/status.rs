//! What the API tells about groups, rules and alerts. Times are milliseconds since the Unix epoch.

use crate::active::AlertState;
use phoenix_engine::Language;
use phoenix_model::Labels;
use std::time::Duration;

/// Whether a rule's last evaluation went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Not evaluated yet.
    #[default]
    Unknown,
    /// It went well.
    Ok,
    /// It failed; [`RuleStatus::last_error`] says why.
    Err,
}

impl Health {
    /// As in Prometheus' API: `unknown`, `ok`, `err`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ok => "ok",
            Self::Err => "err",
        }
    }
}

/// A group as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupStatus {
    /// The rule file.
    pub file: String,
    /// The group's name.
    pub name: String,
    /// How often it is evaluated.
    pub interval: Duration,
    /// How far in the past its rules look.
    pub query_offset: Duration,
    /// The most series or alerts of one rule; 0 for no limit.
    pub limit: usize,
    /// The language of its expressions.
    pub language: Language,
    /// When the last evaluation began; `None` before the first.
    pub last_evaluation_ms: Option<i64>,
    /// How long the last evaluation took.
    pub evaluation_time: Duration,
    /// The rules, in order.
    pub rules: Vec<RuleStatus>,
}

/// A rule as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleStatus {
    /// The name of the alert or of the recorded metric.
    pub name: String,
    /// The expression.
    pub expr: String,
    /// The rule's labels (templates for alerts).
    pub labels: Labels,
    /// Whether the last evaluation went well.
    pub health: Health,
    /// Why it did not; empty otherwise.
    pub last_error: String,
    /// When it was last evaluated; `None` before the first time.
    pub last_evaluation_ms: Option<i64>,
    /// How long that took.
    pub evaluation_time: Duration,
    /// The line in the file, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What alerting rules have; `None` for recording rules.
    pub alerting: Option<AlertingStatus>,
}

/// What only alerting rules have.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertingStatus {
    /// `for`.
    pub hold: Duration,
    /// `keep_firing_for`.
    pub keep_firing: Duration,
    /// Templates of annotations.
    pub annotations: Labels,
    /// The worst state among the alerts.
    pub state: AlertState,
    /// Pending and firing alerts, sorted by labels.
    pub alerts: Vec<ActiveAlert>,
}

/// A pending or firing alert.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveAlert {
    /// Its labels, without external ones.
    pub labels: Labels,
    /// Texts for people.
    pub annotations: Labels,
    /// Pending or firing.
    pub state: AlertState,
    /// From when `for` counts.
    pub active_at_ms: i64,
    /// The evaluation that first found the condition true; earlier than `active_at_ms` only after an outage.
    pub condition_since_ms: i64,
    /// When it began to fire.
    pub fired_at_ms: Option<i64>,
    /// Since when it fires only because of `keep_firing_for`.
    pub keep_firing_since_ms: Option<i64>,
    /// The expression's value at the last evaluation that gave the alert.
    pub value: f64,
}
