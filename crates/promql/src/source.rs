//! What evaluation needs of a store.

use phoenix_model::{Budget, Matcher, SeriesSamples, SeriesSink};

/// What a query is going to read. A store may use all of it; only matchers and times bind.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectHints {
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// The first moment that counts, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// The last moment that counts; inclusive.
    pub end_ms: i64,
    /// The distance between steps in milliseconds; 0 for a single moment.
    pub step_ms: i64,
    /// The function or aggregation that the samples go into, if it stands right above the selector.
    pub func: Option<&'static str>,
}

/// A store could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// A limit was hit; the message names it.
    #[error("{0}")]
    Limit(String),
    /// The query was given up in the meantime.
    #[error("query was cancelled")]
    Cancelled,
    /// Anything else.
    #[error("{0}")]
    Storage(String),
}

impl From<phoenix_model::BudgetExceeded> for SourceError {
    fn from(error: phoenix_model::BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}

/// Where samples come from.
pub trait SeriesSource {
    /// All series that match, each with its samples within the times, staleness markers included.
    /// Series without a sample there may be left out. Called once for each distinct selector of a
    /// query, not for each step.
    ///
    /// `budget` is the query's: a store charges it for what it needs while reading. What it
    /// returns is charged by the evaluation.
    fn select(&self, hints: &SelectHints, budget: &Budget) -> Result<Vec<SeriesSamples>, SourceError>;

    /// The same series piece by piece, in the order of labels. What is evaluated series by series is read so, and need
    /// not fit into memory as a whole. A sink that breaks off is answered with [`SourceError::Cancelled`].
    fn select_each(&self, hints: &SelectHints, budget: &Budget, sink: &mut dyn SeriesSink) -> Result<(), SourceError> {
        let mut series = self.select(hints, budget)?;
        if !series.is_sorted_by(|a, b| a.labels <= b.labels) {
            series.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        if sink.take(series).is_break() { Err(SourceError::Cancelled) } else { Ok(()) }
    }
}
