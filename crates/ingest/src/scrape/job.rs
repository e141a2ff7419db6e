//! What a job's config says about its scrapes, with defaults and Phoenix' own limits filled in.

use crate::exposition::ScrapeProtocol;
use crate::relabel::RelabelConfig;
use phoenix_model::histogram::{MAX_BUCKETS, MAX_SCHEMA};
use std::time::Duration;

/// The part of a scrape config that targets and their loops need.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) metrics_path: String,
    pub(crate) scheme: String,
    pub(crate) params: Vec<(String, Vec<String>)>,
    pub(crate) relabel: Vec<RelabelConfig>,
    pub(crate) samples: SampleRules,
    pub(crate) fetch: FetchRules,
    /// Targets that the job may have.
    pub(crate) target_limit: Limit,
    /// Dropped targets kept for the API.
    pub(crate) keep_dropped_targets: usize,
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are written.
    pub(crate) extra_metrics: bool,
    /// The `sample_limit` of the config, for the metric of that name.
    pub(crate) configured_sample_limit: u64,
}

/// How samples are taken from a body.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are keys of the config, each on its own")]
pub(crate) struct SampleRules {
    pub(crate) honor_labels: bool,
    pub(crate) honor_timestamps: bool,
    pub(crate) track_timestamps_staleness: bool,
    pub(crate) metric_relabel: Vec<RelabelConfig>,
    /// Whether only names of the classic pattern are taken.
    pub(crate) only_legacy_names: bool,
    pub(crate) sample_limit: Limit,
    /// `label_limit`: labels of one series.
    pub(crate) label_limit: Limit,
    pub(crate) label_name_length_limit: Limit,
    pub(crate) label_value_length_limit: Limit,
    pub(crate) histograms: HistogramScrape,
}

/// What becomes of histograms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HistogramScrape {
    /// Whether native ones are taken as such.
    pub(crate) native: bool,
    /// Whether classic ones are kept beside native ones.
    pub(crate) keep_classic: bool,
    /// Whether classic ones become native ones with custom buckets.
    pub(crate) convert_classic: bool,
    /// Buckets of a native histogram.
    pub(crate) bucket_limit: Limit,
    /// The largest schema; finer buckets are merged.
    pub(crate) max_schema: i32,
}

impl HistogramScrape {
    /// Classic ones as they are.
    pub(crate) fn classic_alone() -> Self {
        Self {
            native: false,
            keep_classic: false,
            convert_classic: false,
            bucket_limit: Limit { max: MAX_BUCKETS as u64, name: MAX_BUCKETS_NAME },
            max_schema: MAX_SCHEMA,
        }
    }
}

/// What the limit of the store on buckets is called.
pub(crate) const MAX_BUCKETS_NAME: &str = "buckets of a histogram that the store takes";

/// How a body is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FetchRules {
    pub(crate) protocols: Vec<ScrapeProtocol>,
    /// How names outside of the classic pattern are asked for, by the name of the `Accept` header.
    pub(crate) escaping: &'static str,
    pub(crate) fallback: Option<ScrapeProtocol>,
    pub(crate) compression: bool,
    pub(crate) body_size_limit: Limit,
}

/// A limit and the setting that a user would change to raise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// The largest allowed number.
    pub(crate) max: u64,
    /// The setting.
    pub(crate) name: &'static str,
}

impl Limit {
    /// The limit of the config, or, where that is 0 (none) or larger, Phoenix' own beneath it.
    pub(crate) fn of(configured: u64, name: &'static str, own: u64, own_name: &'static str) -> Self {
        if configured == 0 || configured > own { Self { max: own, name: own_name } } else { Self { max: configured, name } }
    }

    /// Whether a number is too large.
    pub(crate) fn is_exceeded_by(self, number: u64) -> bool {
        number > self.max
    }
}

/// Limits that hold beneath those of the scrape configs, where Prometheus would have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrapeLimits {
    /// Bytes of one body, after decompression.
    pub body_bytes: u64,
    /// Samples of one scrape, after relabelling.
    pub samples: u64,
    /// Labels of one series.
    pub labels: u64,
    /// Bytes of a label's name.
    pub label_name_bytes: u64,
    /// Bytes of a label's value.
    pub label_value_bytes: u64,
    /// Targets of one job.
    pub targets: u64,
    /// Dropped targets of one job that are kept for the API.
    pub dropped_targets: usize,
    /// Bytes of all bodies that are being read at one time.
    pub bodies_in_flight_bytes: u64,
}

impl Default for ScrapeLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            samples: 1_000_000,
            labels: 256,
            label_name_bytes: 1 << 10,
            label_value_bytes: 64 << 10,
            targets: 20_000,
            dropped_targets: 1_000,
            bodies_in_flight_bytes: 256 << 20,
        }
    }
}

#[cfg(test)]
pub(crate) fn test_job() -> Job {
    let own = |max| Limit { max, name: "limits.scrape" };
    Job {
        name: "test".to_owned(),
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(10),
        metrics_path: "/metrics".to_owned(),
        scheme: "http".to_owned(),
        params: vec![],
        relabel: vec![],
        samples: SampleRules {
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            metric_relabel: vec![],
            only_legacy_names: false,
            sample_limit: own(1000),
            label_limit: own(30),
            label_name_length_limit: own(200),
            label_value_length_limit: own(2000),
            histograms: HistogramScrape::classic_alone(),
        },
        fetch: FetchRules {
            protocols: ScrapeProtocol::DEFAULT.to_vec(),
            escaping: "allow-utf-8",
            fallback: None,
            compression: true,
            body_size_limit: own(1 << 20),
        },
        target_limit: own(1000),
        keep_dropped_targets: 100,
        extra_metrics: false,
        configured_sample_limit: 0,
    }
}
