//! An alert on its way from the rules (or from another Prometheus) to routing.

use crate::Labels;
use serde::{Deserialize, Serialize};

/// One alert as Alertmanager's API knows it. It is identified by its labels alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The identifying labels, `alertname` among them.
    pub labels: Labels,
    /// Text for people: `summary`, `description`, `runbook_url`. Not identifying.
    pub annotations: Labels,
    /// When it began to fire, in milliseconds since the Unix epoch.
    pub starts_at_ms: i64,
    /// When it ends or ended. In the future: it counts as resolved if no update comes before then.
    pub ends_at_ms: i64,
    /// A link to the expression that raised it; may be empty.
    pub generator_url: String,
    /// The expression that raised it, when Phoenix itself did: (language, text).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<(String, String)>,
    /// When its condition was first found true, when Phoenix' own rules know: before `starts_at_ms`
    /// for a rule with `for`. In milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_since_ms: Option<i64>,
    /// When this update was made.
    pub updated_at_ms: i64,
    /// Whether `ends_at_ms` was set because no end was given (Alertmanager's `timeout`).
    #[serde(default)]
    pub timeout: bool,
}

impl Alert {
    /// The alert's name: its label `alertname`, or the empty string.
    pub fn name(&self) -> &str {
        self.labels.value("alertname")
    }

    /// Whether the alert has ended at `now_ms`.
    pub fn is_resolved_at(&self, now_ms: i64) -> bool {
        self.ends_at_ms <= now_ms
    }
}

/// Where rules hand over their alerts. Called on every evaluation for each firing alert, and for
/// some time after an alert has resolved, as Prometheus resends to Alertmanager.
pub trait AlertSink: Send + Sync {
    /// Hands over; must not block for long.
    fn send(&self, alerts: Vec<Alert>);
}
