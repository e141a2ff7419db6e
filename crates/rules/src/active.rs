//! One alert's way through inactive, pending and firing.

use phoenix_model::Labels;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How long an alert that resolved is still handed over, so that its end is not missed.
pub(crate) const RESOLVED_RETENTION: Duration = Duration::from_mins(15);

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The expression does not give it, or no longer.
    Inactive,
    /// The expression gives it, but not for long enough.
    Pending,
    /// People should know.
    Firing,
}

impl AlertState {
    /// As in `alertstate` and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

impl fmt::Display for AlertState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How long it took to notice: told once, when an alert begins to fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// `file;name` of the group.
    pub group: String,
    /// The alert's labels as they are handed over, external labels included.
    pub labels: Labels,
    /// The evaluation that first found the condition true, in milliseconds since the Unix epoch.
    pub condition_since_ms: i64,
    /// The evaluation that made the alert fire.
    pub fired_at_ms: i64,
}

/// Is told of each alert that begins to fire, before the alert itself is handed over.
pub trait DetectionObserver: Send + Sync {
    /// One alert began to fire. Must not block.
    fn detected(&self, detection: &Detection);
}

/// An alert of a rule: one for each set of labels that the expression gave. Times are milliseconds
/// since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "`activeAt` is what Prometheus calls it")]
pub(crate) struct Active {
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    #[serde(with = "exact_float")]
    pub value: f64,
    /// From when `for` counts; moved forward by an outage.
    pub active_at_ms: i64,
    /// When the condition was first seen, outages or not.
    pub condition_since_ms: i64,
    pub fired_at_ms: Option<i64>,
    pub resolved_at_ms: Option<i64>,
    pub keep_firing_since_ms: Option<i64>,
    pub last_sent_at_ms: Option<i64>,
}

impl Active {
    pub(crate) fn new(labels: Labels, annotations: Labels, value: f64, at_ms: i64) -> Self {
        Self {
            labels,
            annotations,
            state: AlertState::Pending,
            value,
            active_at_ms: at_ms,
            condition_since_ms: at_ms,
            fired_at_ms: None,
            resolved_at_ms: None,
            keep_firing_since_ms: None,
            last_sent_at_ms: None,
        }
    }

    /// The expression no longer gives it. Returns whether it keeps firing all the same.
    pub(crate) fn vanish(&mut self, at_ms: i64, keep_firing: Duration) -> bool {
        if self.state == AlertState::Firing && !keep_firing.is_zero() {
            let since = *self.keep_firing_since_ms.get_or_insert(at_ms);
            if at_ms - since < keep_firing.as_millis() as i64 {
                return true;
            }
        }
        if self.state != AlertState::Inactive {
            self.state = AlertState::Inactive;
            self.resolved_at_ms = Some(at_ms);
        }
        false
    }

    /// Whether an inactive alert was told about for long enough.
    pub(crate) fn is_forgotten(&self, at_ms: i64) -> bool {
        self.resolved_at_ms.is_some_and(|resolved| at_ms - resolved > RESOLVED_RETENTION.as_millis() as i64)
    }

    /// Fires when it was pending for long enough; says whether it began to just now.
    pub(crate) fn ripen(&mut self, at_ms: i64, hold: Duration) -> bool {
        let ripe = self.state == AlertState::Pending && at_ms - self.active_at_ms >= hold.as_millis() as i64;
        if ripe {
            self.state = AlertState::Firing;
            self.fired_at_ms = Some(at_ms);
        }
        ripe
    }

    /// Whether it has to be handed over (again).
    pub(crate) fn needs_sending(&self, at_ms: i64, resend_delay: Duration) -> bool {
        if self.state == AlertState::Pending {
            return false;
        }
        let Some(sent) = self.last_sent_at_ms else { return true };
        self.resolved_at_ms.is_some_and(|resolved| resolved > sent) || sent + (resend_delay.as_millis() as i64) < at_ms
    }
}

/// JSON has no NaN and no infinity, but a value may be one.
mod exact_float {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
