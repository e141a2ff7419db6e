//! Collecting logs: files, syslog and systemd's journal, configured in Promtail's own format.
//!
//! Each job reads its targets, takes the lines through its [`pipeline`], and hands them to an [`EntrySink`].
//! A checkpoint moves only after the sink has accepted what lies before it, so nothing is lost over a
//! restart; what was accepted after the last saved checkpoint comes twice. While the sink is busy, reading
//! stops.

mod batch;
mod collector;
mod config;
mod consume;
mod journal;
mod metrics;
pub mod pipeline;
mod positions;
mod sink;
mod stamps;
mod syslog;
mod tail;
mod targets;

pub use collector::{CollectError, Doors, LogCollector};
pub use config::{
    CollectConfig, Job, JournalConfig, LineLimits, ListenAddress, NOT_ACTING, SyslogConfig, SyslogProtocol, documented_keys,
    is_promtail_config, parse,
};
pub use metrics::CollectMetrics;
pub use sink::{EntrySink, SinkError};
pub use targets::TargetStatus;
