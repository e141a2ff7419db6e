//! The metrics of a service: one registry, from which a scrape is answered and from which OTLP is sent.

mod handles;
mod labels;
mod phoenix;

pub use handles::{Counters, Gauges, Histograms, Labels};
pub use labels::{
    CollectorLabels, Endpoint, Endpoints, ExperimentDurationLabels, ExperimentLabels, ExperimentState, Method, PipelineLabels,
    RequestLabels, SavingsLabels, Variant,
};
pub use phoenix::{DEFAULT_BUCKETS, EXPERIMENT_BUCKETS, PhoenixMetrics, WebSocketGuard};

pub(crate) use handles::TraceIds;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_protobuf::{self, prometheus_data_model::MetricFamily};
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Metric, Registry};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of one service. A clone is another handle on the same.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    registry: Registry,
    names: BTreeSet<String>,
}

impl Metrics {
    /// Without any metric yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metric of the service's own, under the name that is exposed: that of a counter ends with `_total`.
    ///
    /// # Panics
    /// If the name is none in Prometheus' data model, if it is taken, or if a counter's does not end with `_total`:
    /// the program is wrong, and would be so at each scrape.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        let mut chars = name.bytes();
        let is_name = chars.next().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b':'))
            && chars.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'));
        assert!(is_name, "`{name}` is not a name of a metric: letters, digits, `_` and `:`, not a digit first");
        // OpenMetrics names the family without the suffix, and the library writes it behind each counter.
        let family = match metric.metric_type() {
            MetricType::Counter => name
                .strip_suffix("_total")
                .unwrap_or_else(|| panic!("the counter `{name}` must end with `_total`, as OpenMetrics wants it")),
            _ => name,
        };
        let mut inner = self.0.lock();
        assert!(inner.names.insert(family.to_owned()), "there is a metric `{name}` already");
        inner.registry.register_collector(Box::new(Described {
            name: family.to_owned(),
            help: help.replace('\\', r"\\").replace('\n', r"\n"),
            metric: Box::new(metric),
        }));
    }

    /// The answer to a scrape, as OpenMetrics 1.0 ([`CONTENT_TYPE`]).
    pub fn encode(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.lock().registry).expect("writing to a string does not fail");
        text
    }

    /// The same as data.
    pub(crate) fn families(&self) -> Vec<MetricFamily> {
        prometheus_protobuf::encode(&self.0.lock().registry).expect("writing to a list does not fail")
    }
}

/// A metric with the help that it was given: the library's own registry puts a full stop behind it.
struct Described {
    name: String,
    help: String,
    metric: Box<dyn Metric>,
}

impl fmt::Debug for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Described").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Collector for Described {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let metric = &*self.metric;
        EncodeMetric::encode(metric, encoder.encode_descriptor(&self.name, &self.help, None, metric.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;

    #[test]
    fn metrics_of_ones_own_have_the_names_and_the_help_they_were_given() {
        let metrics = Metrics::new();
        let counter: Counter = Counter::default();
        metrics.register("orders_total", "Orders, by\nnobody", counter.clone());
        metrics.register("queue_length", "Waiting", Gauge::<i64>::default());
        counter.inc();
        let want = "# HELP orders Orders, by\\nnobody\n# TYPE orders counter\norders_total 1\n\
                    # HELP queue_length Waiting\n# TYPE queue_length gauge\nqueue_length 0\n# EOF\n";
        assert_eq!(metrics.encode(), want);
    }

    #[test]
    fn names_that_make_no_sense_are_refused_at_once() {
        for (name, want) in [
            ("orders", "must end with `_total`"),
            ("", "is not a name"),
            ("1_total", "is not a name"),
            ("orders-total", "is not a name"),
            ("taken_total", "already"),
        ] {
            let refused = std::panic::catch_unwind(|| {
                let metrics = Metrics::new();
                metrics.register("taken_total", "", Counter::<u64>::default());
                metrics.register(name, "", Counter::<u64>::default());
            });
            let told = refused.expect_err(name).downcast::<String>().expect("a formatted message");
            assert!(told.contains(want), "{name}: {told}");
        }
    }
}
