//! What holds for all groups.

use phoenix_engine::QueryLimits;
use phoenix_model::Labels;
use std::any::Any;
use std::time::Duration;

/// What holds for all groups. [`Options::default`] is what Prometheus starts with.
#[derive(Debug, Clone)]
pub struct Options {
    /// What links in alerts begin with, without a slash at the end.
    pub external_url: String,
    /// Labels put on alerts as they are handed over, and known to templates.
    pub external_labels: Labels,
    /// The interval of groups that give none (`global.evaluation_interval`).
    pub interval: Duration,
    /// The offset of groups that give none (`global.rule_query_offset`).
    pub query_offset: Duration,
    /// How long Phoenix may have been away for the state of alerts to be taken up again
    /// (`--rules.alert.for-outage-tolerance`).
    pub outage_tolerance: Duration,
    /// How long an alert whose state came from `ALERTS_FOR_STATE` waits at least before it fires
    /// (`--rules.alert.for-grace-period`). Rules with a shorter `for` start anew then.
    pub for_grace_period: Duration,
    /// How often a firing alert is handed over again (`--rules.alert.resend-delay`).
    pub resend_delay: Duration,
    /// How long after a start a restored alert is held although the expression does not give its
    /// series: the first scrapes have yet to come in.
    pub restore_settle: Duration,
    /// Threads for evaluation; so many groups are evaluated at a time.
    pub threads: usize,
    /// How long one query may take.
    pub query_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            external_url: String::new(),
            external_labels: Labels::empty(),
            interval: Duration::from_mins(1),
            query_offset: Duration::ZERO,
            outage_tolerance: Duration::from_hours(1),
            for_grace_period: Duration::from_mins(10),
            resend_delay: Duration::from_mins(1),
            restore_settle: Duration::from_secs(30),
            threads: 4,
            query_timeout: Duration::from_mins(2),
        }
    }
}

/// What bounds each query of a rule.
pub trait Bounds: Send + Sync {
    /// Limits for one query. The query is over when what stands beside them is dropped.
    fn next(&self) -> (QueryLimits, Box<dyn Any>);
}

/// Without limits; for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unbounded;

impl Bounds for Unbounded {
    fn next(&self) -> (QueryLimits, Box<dyn Any>) {
        (QueryLimits::unlimited(), Box::new(()))
    }
}
