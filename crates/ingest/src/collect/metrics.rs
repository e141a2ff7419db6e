//! What Phoenix tells about the logs that it collects.

use super::pipeline::metrics::PipelineMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct JobLabel {
    pub(super) job: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LostLabels {
    pub(super) job: String,
    pub(super) reason: &'static str,
}

/// Counters of the collector. Cloning is cheap; clones count together.
#[derive(Debug, Clone, Default)]
pub struct CollectMetrics {
    pub(super) pipeline: PipelineMetrics,
    pub(super) lines: Family<JobLabel, Counter>,
    pub(super) bytes: Family<JobLabel, Counter>,
    pub(super) lost: Family<LostLabels, Counter>,
    pub(super) busy: Family<JobLabel, Counter>,
    pub(super) files: Family<JobLabel, Gauge>,
}

impl CollectMetrics {
    /// Metrics in a registry.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self { pipeline: PipelineMetrics::new(registry), ..Self::default() };
        registry.register("phoenix_logs_collected_lines", "Lines read from files, syslog and the journal, by job.", metrics.lines.clone());
        registry.register("phoenix_logs_collected_bytes", "Bytes of the lines that were read, by job.", metrics.bytes.clone());
        registry.register(
            "phoenix_logs_collect_lost",
            "Lines and messages that were read and not stored, by job and reason; stages that drop have a metric of their own.",
            metrics.lost.clone(),
        );
        registry.register("phoenix_logs_collect_busy", "Times that the store asked to wait, by job.", metrics.busy.clone());
        registry.register("phoenix_logs_tailed_files", "Files that are followed, by job.", metrics.files.clone());
        metrics
    }

    pub(super) fn lose(&self, job: &str, reason: &'static str, count: u64) {
        self.lost.get_or_create(&LostLabels { job: job.to_owned(), reason }).inc_by(count);
    }
}
