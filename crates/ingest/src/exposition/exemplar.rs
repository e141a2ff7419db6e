//! Exemplars of a body.

use phoenix_model::{Exemplar, Labels};

/// An exemplar as a target tells it: not all have a time.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldExemplar {
    /// Labels such as `trace_id`.
    pub labels: Labels,
    /// What was measured.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
}

impl ToldExemplar {
    /// The exemplar, at this time when it has none of its own.
    pub fn at(self, now_ms: i64) -> Exemplar {
        Exemplar { labels: self.labels, value: self.value, timestamp_ms: self.timestamp_ms.unwrap_or(now_ms) }
    }
}

/// An exemplar of OpenMetrics' text that was checked and not read yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExemplarText<'a>(pub(super) &'a str);

impl ExemplarText<'_> {
    /// Reads it.
    pub fn read(self) -> Result<ToldExemplar, String> {
        super::openmetrics::exemplar(self.0)
    }
}
