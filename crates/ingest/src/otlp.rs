//! The receiver of OTLP: logs into the store of logs, metrics into the store of metrics. Traces go to
//! [`TraceReceiver`](crate::traces::TraceReceiver), which has readers of its own.
//! <https://opentelemetry.io/docs/specs/otlp/>
//!
//! Logs are put the way Loki puts them (`otlp_config` in [`LogLimits`](crate::log_limits::LogLimits)),
//! metrics the way Prometheus does with its default `translation_strategy`; exponential histograms become
//! native ones. Samples of delta temporality are added up, as Prometheus has counters that only grow.

pub(crate) mod body;
mod delta;
mod exemplars;
mod histogram;
mod logs;
mod metrics;
mod names;
mod receiver;
pub(crate) mod value;

pub use body::{OtlpAnswer, OtlpSyntax};
pub use metrics::MetricsTranslation;
pub use receiver::OtlpReceiver;
