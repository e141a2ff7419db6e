//! Recording and alerting rules: rule files, their evaluation, and the alerts that come of it.
//!
//! - [`file`](mod@file): Prometheus' rule files become [`GroupSpec`]s, with diagnostics. What an expression may say
//!   is for an [`ExprChecker`] to judge: this room knows no query language.
//! - [`Group`]: the deterministic core. [`Group::evaluate`] runs a group's rules at one moment
//!   against a `MetricsEngine` and hands alerts to an `AlertSink`.
//! - [`Scheduler`]: evaluates each group at its interval, on threads of its own.
//! - [`AlertStateStore`]: where pending and firing alerts outlive the process.
//!
//! What is deliberately absent: grouping, silencing and delivery of alerts (they are `alert`'s),
//! and any clock of its own: evaluation is told the time.

mod active;
mod alerting;
mod check;
mod error;
pub mod file;
mod group;
mod metrics;
mod options;
mod query;
mod recording;
mod restore;
mod schedule;
mod scheduler;
mod spec;
mod status;

pub use active::{AlertState, Detection, DetectionObserver};
pub use check::ExprChecker;
pub use error::RulesError;
pub use file::{RuleFile, parse};
pub use group::{Context, Group};
pub use metrics::RuleMetrics;
pub use options::{Bounds, Options, Unbounded};
pub use query::QueryDoor;
pub use restore::AlertStateStore;
pub use schedule::Slots;
pub use scheduler::{Doors, Scheduler};
pub use spec::{AlertingSpec, GroupSpec, RuleKind, RuleSpec};
pub use status::{ActiveAlert, AlertingStatus, GroupStatus, Health, RuleStatus};
