//! `up` and the `scrape_*` series.

use super::append::{Counts, Samples};
use super::job::Job;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Labels, stale_nan};
use std::time::Duration;

/// The labels of a target's own series, built once.
#[derive(Debug)]
pub(crate) struct ReportSeries {
    always: [Labels; 5],
    extra: Option<[Labels; 3]>,
}

/// What there is to report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    pub(crate) is_up: bool,
    pub(crate) duration: Duration,
    pub(crate) counts: Counts,
    pub(crate) body_bytes: u64,
}

impl ReportSeries {
    pub(crate) fn new(target_labels: &Labels, extra_metrics: bool) -> Self {
        let series = |name: &str| {
            let mut labels = target_labels.to_builder();
            labels.set(METRIC_NAME, name);
            labels.build()
        };
        let always =
            ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"];
        let extra = ["scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes"];
        Self { always: always.map(series), extra: extra_metrics.then(|| extra.map(series)) }
    }

    /// Adds the report of a scrape.
    pub(crate) fn push(&self, report: &Report, timeout: Duration, job: &Job, at_ms: i64, samples: &mut Samples) {
        let Counts { scraped, kept, added, .. } = report.counts;
        let values = [f64::from(u8::from(report.is_up)), report.duration.as_secs_f64(), scraped as f64, kept as f64, added as f64];
        for (labels, value) in self.always.iter().zip(values) {
            samples.push(labels, at_ms, value);
        }
        if let Some(extra) = &self.extra {
            let values = [timeout.as_secs_f64(), job.configured_sample_limit as f64, report.body_bytes as f64];
            for (labels, value) in extra.iter().zip(values) {
                samples.push(labels, at_ms, value);
            }
        }
    }

    /// Marks them stale: the target is gone.
    pub(crate) fn push_stale(&self, at_ms: i64, samples: &mut Samples) {
        for labels in self.always.iter().chain(self.extra.iter().flatten()) {
            samples.push(labels, at_ms, stale_nan());
        }
    }
}
