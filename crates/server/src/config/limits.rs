//! The section `limits`: what bounds the process, beneath whatever the other formats allow.

use phoenix_yaml::{Bytes, Duration};
use serde::Deserialize;

/// All limits, with their defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the whole process; `None` takes a share of the machine's or the cgroup's.
    pub memory_bytes: Option<u64>,
    /// Memory of one query.
    pub query_memory_bytes: u64,
    /// The longest time for one query, waiting included.
    pub query_timeout: std::time::Duration,
    /// Samples that one query may load.
    pub query_max_samples: u64,
    /// Queries that run at once.
    pub query_concurrency: usize,
    /// Queries that may wait for their turn; one more is refused.
    pub query_waiting: usize,
    /// How far back an instant selector looks for a sample.
    pub query_lookback: std::time::Duration,
    /// Bytes of log lines that one query may read, before filters decide.
    pub query_max_log_bytes: u64,
    /// Log entries that one query may ask for.
    pub query_max_log_entries: usize,
    /// Series that the answer to one metric query over logs may have.
    pub query_max_log_series: usize,
    /// Live tails of logs at the same time.
    pub log_tails: usize,
    /// Annotations that are kept; with one more the oldest is forgotten.
    pub annotations: u64,
    /// Series that receive samples at the same time.
    pub series: u64,
    /// Bytes of a request's body, uncompressed.
    pub body_size_bytes: u64,
    /// Bytes of a scraped body, uncompressed, where the job sets no `body_size_limit`.
    pub scrape_body_size_bytes: u64,
    /// Samples of one scrape, where the job sets no `sample_limit`.
    pub samples_per_scrape: u64,
    /// Targets of one job, where it sets no `target_limit`.
    pub targets_per_job: u64,
    /// Labels of one series.
    pub labels_per_series: u64,
    /// Bytes of a label's name.
    pub label_name_length: u64,
    /// Bytes of a label's value.
    pub label_value_length: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    memory: Option<Bytes>,
    query_memory: Bytes,
    query_timeout: Duration,
    query_max_samples: u64,
    query_concurrency: usize,
    query_waiting: usize,
    query_lookback: Duration,
    query_max_log_bytes: Bytes,
    query_max_log_entries: usize,
    query_max_log_series: usize,
    log_tails: usize,
    annotations: u64,
    series: u64,
    body_size: Bytes,
    scrape_body_size: Bytes,
    samples_per_scrape: u64,
    targets_per_job: u64,
    labels_per_series: u64,
    label_name_length: u64,
    label_value_length: u64,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            memory: None,
            query_memory: Bytes(512 << 20),
            query_timeout: Duration::from_secs(120),
            query_max_samples: 50_000_000,
            query_concurrency: 20,
            query_waiting: 100,
            query_lookback: Duration::from_secs(300),
            query_max_log_bytes: Bytes(100 << 30),
            query_max_log_entries: 5_000,
            query_max_log_series: 5_000,
            log_tails: 50,
            annotations: 100_000,
            series: 2_000_000,
            body_size: Bytes(64 << 20),
            scrape_body_size: Bytes(128 << 20),
            samples_per_scrape: 1_000_000,
            targets_per_job: 50_000,
            labels_per_series: 256,
            label_name_length: 1_024,
            label_value_length: 65_536,
        }
    }
}

/// The smallest useful value of each limit: zero would stop Phoenix, it does not mean "unlimited" here.
pub(super) const AT_LEAST_ONE: [&str; 19] = [
    "memory",
    "query_memory",
    "query_timeout",
    "query_max_samples",
    "query_concurrency",
    "query_lookback",
    "query_max_log_bytes",
    "query_max_log_entries",
    "query_max_log_series",
    "log_tails",
    "annotations",
    "series",
    "body_size",
    "scrape_body_size",
    "samples_per_scrape",
    "targets_per_job",
    "labels_per_series",
    "label_name_length",
    "label_value_length",
];

impl RawLimits {
    /// The keys that are zero although that would stop Phoenix.
    pub fn zeros(&self) -> Vec<&'static str> {
        let values = [
            self.memory.map_or(1, Bytes::get),
            self.query_memory.get(),
            self.query_timeout.get().as_millis() as u64,
            self.query_max_samples,
            self.query_concurrency as u64,
            self.query_lookback.get().as_millis() as u64,
            self.query_max_log_bytes.get(),
            self.query_max_log_entries as u64,
            self.query_max_log_series as u64,
            self.log_tails as u64,
            self.annotations,
            self.series,
            self.body_size.get(),
            self.scrape_body_size.get(),
            self.samples_per_scrape,
            self.targets_per_job,
            self.labels_per_series,
            self.label_name_length,
            self.label_value_length,
        ];
        AT_LEAST_ONE.iter().zip(values).filter(|(_, value)| *value == 0).map(|(key, _)| *key).collect()
    }

    pub fn resolve(self) -> Limits {
        Limits {
            memory_bytes: self.memory.map(Bytes::get),
            query_memory_bytes: self.query_memory.get(),
            query_timeout: self.query_timeout.get(),
            query_max_samples: self.query_max_samples,
            query_concurrency: self.query_concurrency,
            query_waiting: self.query_waiting,
            query_lookback: self.query_lookback.get(),
            query_max_log_bytes: self.query_max_log_bytes.get(),
            query_max_log_entries: self.query_max_log_entries,
            query_max_log_series: self.query_max_log_series,
            log_tails: self.log_tails,
            annotations: self.annotations,
            series: self.series,
            body_size_bytes: self.body_size.get(),
            scrape_body_size_bytes: self.scrape_body_size.get(),
            samples_per_scrape: self.samples_per_scrape,
            targets_per_job: self.targets_per_job,
            labels_per_series: self.labels_per_series,
            label_name_length: self.label_name_length,
            label_value_length: self.label_value_length,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        RawLimits::default().resolve()
    }
}
