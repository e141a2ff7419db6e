//! What Phoenix tells about its own scraping.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The label of metrics that are kept per job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct JobLabel {
    pub(crate) scrape_job: String,
}

/// Counters and gauges of the scraper.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScrapeMetrics {
    pub(crate) scrapes: Counter,
    pub(crate) failures: Counter,
    pub(crate) write_failures: Counter,
    pub(crate) write_retries: Counter,
    pub(crate) samples: Counter,
    pub(crate) samples_out_of_bounds: Counter,
    pub(crate) samples_over_series_limit: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) exemplars: Counter,
    pub(crate) missed: Counter,
    pub(crate) targets: Family<JobLabel, Gauge>,
    pub(crate) discovery_failures: Family<JobLabel, Counter>,
}

impl ScrapeMetrics {
    /// Registers them.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let counters = [
            ("phoenix_scrapes", "Scrapes that were tried.", &metrics.scrapes),
            ("phoenix_scrape_failures", "Scrapes that failed: no answer, or one that can't be used.", &metrics.failures),
            ("phoenix_scrape_write_failures", "Scrapes whose samples could not be stored and are lost.", &metrics.write_failures),
            ("phoenix_scrape_write_retries", "Writes tried again because the disk was full or the store busy.", &metrics.write_retries),
            ("phoenix_scrape_samples_stored", "Samples of scrapes that were stored.", &metrics.samples),
            (
                "phoenix_scrape_samples_out_of_bounds",
                "Samples of scrapes left out because they are older than the retention or too far in the future.",
                &metrics.samples_out_of_bounds,
            ),
            (
                "phoenix_scrape_samples_over_series_limit",
                "Samples of scrapes left out because the store has as many series as it may.",
                &metrics.samples_over_series_limit,
            ),
            ("phoenix_scrape_samples_duplicate", "Samples left out because a target exposed their series twice.", &metrics.duplicates),
            ("phoenix_scrape_exemplars", "Exemplars that were read; the store keeps those that are new.", &metrics.exemplars),
            ("phoenix_scrapes_missed", "Scrapes that were due while the one before still ran.", &metrics.missed),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        registry.register("phoenix_scrape_targets", "Targets of a job.", metrics.targets.clone());
        registry.register(
            "phoenix_discovery_failures",
            "Refreshes of a job's discovery that failed; the last good targets stay.",
            metrics.discovery_failures.clone(),
        );
        metrics
    }
}
