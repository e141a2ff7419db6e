//! Evaluation over a [`SpanSource`].
//!
//! A query is made ready once: names become columns, conditions that compare a field with a literal
//! go down to the store (which may answer with more than they ask for, never less), and everything
//! is decided again here. Conditions are worked out for whole batches, a bit for each span, with one
//! verdict for each value of a dictionary; only what is left is looked at span by span. Each thread
//! has a visitor of its own, and what they found is put together at the end.
//!
//! Where this differs from Tempo, and where its documentation leaves a choice:
//!
//! - A search gives the latest traces, always: by start, and by id where starts are equal. Tempo
//!   does so with `with(most_recent=true)` and otherwise gives those that it finds first. With
//!   `with(most_recent=false)` a search here may end early as well.
//! - Attributes that a query names are shown with each span that has them, also where another part
//!   of an `||` made it match.
//! - `nil` in arithmetic and comparisons gives nil and false; `!` of what is no truth value is nil.
//! - Whole numbers stay whole in arithmetic as long as they fit; division of whole numbers by zero
//!   gives nil. Durations keep being durations in sums and products.
//! - `rate`, `count_over_time`, `sum_over_time`, `avg_over_time`, `quantile_over_time`,
//!   `histogram_over_time` and `compare` count each span as many times as its sampling says that it
//!   stands for. `with(weighted=false)` counts kept spans only, as Tempo does.
//! - Quantiles come from buckets with 32 parts for each power of two instead of one, and know the
//!   least and greatest value of each.
//! - A histogram counts values of zero and below in the bucket 0, and 1 in the bucket 1; Tempo leaves
//!   values below 2 out.
//! - A series has a sample for each step at which it has a value. For `rate` and `count_over_time`
//!   that is every step of a series that occurs; a query that matches no span has no series.

mod bits;
mod columns;
mod condition;
mod filter;
mod metrics;
mod plan;
mod search;
mod spansets;
mod structure;
mod tags;
mod value;

pub use metrics::{MetricsParams, metrics_instant, metrics_range};
pub use search::{SearchParams, search};
pub use tags::{TagField, TagParams, tag_values};

use crate::ast::{FieldExpr, Query, Static};
use crate::source::{ReadError, ReadLimits, SpanSelect, SpanSource, SpanStats, SpanVisitor};
use phoenix_model::{Budget, BudgetExceeded};

/// What bounds an evaluation, and how it works.
#[derive(Clone, Copy)]
pub struct EvalOptions<'a> {
    /// Memory for what is kept of spans, and for series.
    pub budget: &'a Budget,
    /// Asked regularly; a `true` ends the evaluation.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Bytes that the store may read.
    pub max_bytes: u64,
    /// How many series a metrics stage may have.
    pub max_series: usize,
    /// How many values a metrics stage may have: series times steps.
    pub max_samples: u64,
    /// How many spans the answer to a search may have.
    pub max_spans: usize,
    /// How many visitors the store is given, each of which may have a thread; at least 1.
    pub threads: usize,
    /// Whether conditions are worked out for whole columns. Without, each span is looked at by
    /// itself: the answers are the same.
    pub columnar: bool,
    /// Whether conditions are told to the store. Without, it gives everything in the range: the
    /// answers are the same.
    pub pushdown: bool,
}

impl<'a> EvalOptions<'a> {
    /// No limit but the budget and 1,000 series, and one thread.
    pub fn new(budget: &'a Budget) -> Self {
        Self {
            budget,
            cancelled: &|| false,
            max_bytes: u64::MAX,
            max_series: 1000,
            max_samples: u64::MAX,
            max_spans: usize::MAX,
            threads: 1,
            columnar: true,
            pushdown: true,
        }
    }

    /// Reads with a visitor for each thread.
    fn read<V: SpanVisitor + Send>(
        &self,
        source: &dyn SpanSource,
        select: &SpanSelect<'_>,
        mut visitor: impl FnMut() -> V,
    ) -> Result<(Vec<V>, SpanStats), EvalError> {
        let mut visitors: Vec<V> = (0..self.threads.max(1)).map(|_| visitor()).collect();
        let limits = ReadLimits { budget: self.budget, cancelled: self.cancelled, max_bytes: self.max_bytes };
        let mut given: Vec<&mut (dyn SpanVisitor + Send)> = visitors.iter_mut().map(|visitor| visitor as _).collect();
        let stats = source.read(select, &limits, &mut given)?;
        Ok((visitors, stats))
    }

    fn check_cancelled(&self) -> Result<(), ReadError> {
        if (self.cancelled)() { Err(ReadError::Cancelled) } else { Ok(()) }
    }
}

impl std::fmt::Debug for EvalOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvalOptions").field("max_series", &self.max_series).field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// Why an evaluation gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The query does not fit the kind of question, or has a part that has no meaning.
    #[error("{0}")]
    Execution(String),
    /// A limit was hit; the message names it.
    #[error("{0}")]
    Limit(String),
    /// The query was given up.
    #[error("query was cancelled")]
    Cancelled,
    /// The store could not be read.
    #[error("{0}")]
    Storage(String),
}

impl From<ReadError> for EvalError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Limit(message) => Self::Limit(message),
            ReadError::Cancelled => Self::Cancelled,
            ReadError::Storage(message) => Self::Storage(message),
        }
    }
}

impl From<BudgetExceeded> for EvalError {
    fn from(error: BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}

/// A hint that is true or false.
fn flag(query: &Query, name: &str) -> Result<Option<bool>, EvalError> {
    match query.hint(name) {
        None => Ok(None),
        Some(Static::Bool(bool)) => Ok(Some(*bool)),
        Some(_) => Err(EvalError::Execution(format!("hint `{name}` has to be true or false"))),
    }
}

/// The name of what an expression gives, as labels and attributes of sets carry it: `resource.service.name`, `status`.
fn expression_name(expr: &FieldExpr) -> String {
    condition::stripped(expr).to_string()
}
