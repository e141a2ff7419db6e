//! Why rules could not be evaluated or kept.

use phoenix_engine::{QueryError, WriteError};

/// What went wrong with a rule or a group.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RulesError {
    /// The expression could not be evaluated.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The expression gives something else than a vector or a number.
    #[error("rule result is not a vector or scalar but a {0}")]
    NotAVector(&'static str),
    /// Two series of the result have the same labels once the rule's own are put on.
    #[error("vector contains metrics with the same labelset after applying {0} labels")]
    SameLabels(&'static str),
    /// A histogram with counts below zero, which no store and no format takes.
    #[error("the result has a histogram with a negative count: {0}")]
    NegativeHistogram(phoenix_model::Labels),
    /// The group's `limit` was reached.
    #[error("exceeded limit of {limit} with {found} {what}")]
    Limit {
        /// The group's `limit`.
        limit: usize,
        /// How many there were.
        found: usize,
        /// `series` or `alerts`.
        what: &'static str,
    },
    /// The result could not be stored.
    #[error("the result could not be stored: {0}")]
    Write(#[from] WriteError),
    /// The store kept fewer samples than it was given.
    #[error("{over_series_limit} series of the result exceed the limit on series, {out_of_bounds} samples are out of bounds")]
    LeftOut {
        /// Samples whose series would have been too many.
        over_series_limit: u64,
        /// Samples outside of the retention.
        out_of_bounds: u64,
    },
    /// The threads of the scheduler could not be started.
    #[error("cannot start the threads of the rules: {0}")]
    Threads(String),
}
