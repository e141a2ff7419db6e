//! What the store says about itself.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The store's metrics, registered as `phoenix_tsdb_*`.
pub(crate) struct Metrics {
    pub(crate) head_series: Gauge,
    pub(crate) head_samples: Gauge,
    pub(crate) head_bytes: Gauge,
    pub(crate) samples_appended: Counter,
    pub(crate) exemplars: Gauge,
    pub(crate) exemplars_appended: Counter,
    pub(crate) out_of_bounds: Counter,
    pub(crate) over_series_limit: Counter,
    pub(crate) write_failures: Counter,
    pub(crate) wal_bytes: Gauge,
    pub(crate) wal_written_bytes: Counter,
    pub(crate) fsync_seconds: Histogram,
    pub(crate) fsync_failures: Counter,
    pub(crate) parts: Gauge,
    pub(crate) part_bytes: Gauge,
    pub(crate) flushes: Counter,
    pub(crate) merges: Counter,
    pub(crate) merged_bytes: Counter,
    pub(crate) parts_expired: Counter,
    pub(crate) maintain_failures: Counter,
    pub(crate) corruptions: Counter,
    pub(crate) cache_bytes: Gauge,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("phoenix_tsdb");
        let mut gauge = |name: &str, help: &str| {
            let gauge: Gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let head_series = gauge("head_series", "Series in memory");
        let head_samples = gauge("head_samples", "Samples in memory that are not in parts yet");
        let head_bytes = gauge("head_bytes", "About the bytes that the samples in memory take");
        let wal_bytes = gauge("wal_bytes", "Bytes of the write-ahead log that a restart would replay");
        let parts = gauge("parts", "Immutable parts on disk");
        let part_bytes = gauge("part_bytes", "Bytes of all parts on disk");
        let exemplars = gauge("exemplars", "Exemplars in memory");
        let cache_bytes = gauge("cache_bytes", "Bytes of pieces of parts held in memory");
        let mut counter = |name: &str, help: &str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let samples_appended = counter("samples_appended", "Samples stored");
        let exemplars_appended = counter("exemplars_appended", "Exemplars stored");
        let out_of_bounds = counter("out_of_bounds_samples", "Samples left out as older than the retention or too far in the future");
        let over_series_limit =
            counter("over_series_limit_samples", "Samples left out because their series would exceed the limit on series");
        let write_failures = counter("write_failures", "Batches that were not stored because of an error");
        let wal_written_bytes = counter("wal_written_bytes", "Bytes written to the write-ahead log");
        let fsync_failures = counter("fsync_failures", "Failed fsyncs of the write-ahead log");
        let flushes = counter("flushes", "Moves of the head to parts");
        let merges = counter("merges", "Merges of parts");
        let merged_bytes = counter("merged_bytes", "Bytes written by merges");
        let parts_expired = counter("parts_expired", "Parts removed by the retention");
        let maintain_failures = counter("maintain_failures", "Flushes, merges and removals that failed and are tried again");
        let corruptions = counter("corruptions", "Damaged files that were met");
        let cache_hits = counter("cache_hits", "Pieces of parts that were found in memory");
        let cache_misses = counter("cache_misses", "Pieces of parts that were read from disk");
        let fsync_seconds = Histogram::new(exponential_buckets(0.000_1, 4.0, 10));
        registry.register("fsync_duration_seconds", "Time that an fsync of the write-ahead log takes", fsync_seconds.clone());
        Self {
            head_series,
            head_samples,
            head_bytes,
            samples_appended,
            exemplars,
            exemplars_appended,
            out_of_bounds,
            over_series_limit,
            write_failures,
            wal_bytes,
            wal_written_bytes,
            fsync_seconds,
            fsync_failures,
            parts,
            part_bytes,
            flushes,
            merges,
            merged_bytes,
            parts_expired,
            maintain_failures,
            corruptions,
            cache_bytes,
            cache_hits,
            cache_misses,
        }
    }
}
