//! Labels, matchers, samples, durations, limits and diagnostics: the nouns every other room speaks.
//!
//! This room does no I/O and knows neither async nor HTTP. Timestamps of samples are milliseconds
//! since the Unix epoch as `i64`, as in Prometheus' storage and remote write formats; those of log
//! entries are nanoseconds.

pub mod alert;
pub mod budget;
mod compensated;
pub mod diagnostic;
pub mod duration;
pub mod histogram;
pub mod labels;
pub mod logs;
pub mod matcher;
pub mod past;
mod re2;
mod recent;
pub mod sample;
pub mod secret;
pub mod suggest;
pub mod traces;
pub mod write;

pub use alert::{Alert, AlertSink};
pub use budget::{Budget, BudgetExceeded, Charge};
pub use compensated::CompensatedSum;
pub use diagnostic::{Diagnostic, Severity, Source, Span};
pub use duration::{format_duration, parse_duration};
pub use histogram::{BucketSpan, CounterReset, Histogram};
pub use labels::{Labels, LabelsBuilder, LabelsRef};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use past::{Changed, PastChanges, Settled};
pub use recent::Recent;
pub use sample::{Exemplar, STALE_NAN_BITS, Sample, SeriesSamples, SeriesSink, is_stale, stale_nan};
pub use secret::Secret;
pub use write::{WriteBatch, WriteOutcome};
