//! What the store says about itself.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The store's metrics, registered as `phoenix_lake_*`.
pub(crate) struct Metrics {
    pub(crate) memory_entries: Gauge,
    pub(crate) memory_bytes: Gauge,
    pub(crate) memory_streams: Gauge,
    pub(crate) entries: Counter,
    pub(crate) line_bytes: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) too_old: Counter,
    pub(crate) busy: Counter,
    pub(crate) write_failures: Counter,
    pub(crate) wal_bytes: Gauge,
    pub(crate) wal_written_bytes: Counter,
    pub(crate) fsync_seconds: Histogram,
    pub(crate) fsync_failures: Counter,
    pub(crate) segments: Gauge,
    pub(crate) segment_bytes: Gauge,
    pub(crate) segment_entries: Gauge,
    pub(crate) flushes: Counter,
    pub(crate) flush_failures: Counter,
    pub(crate) merges: Counter,
    pub(crate) merged_bytes: Counter,
    pub(crate) segments_expired: Counter,
    pub(crate) maintain_failures: Counter,
    pub(crate) corruptions: Counter,
    pub(crate) pending_deletes: Gauge,
    pub(crate) subscriptions: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("phoenix_lake");
        let mut gauge = |name: &str, help: &str| {
            let gauge: Gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let memory_entries = gauge("memory_entries", "Log entries in memory that are not in segments yet");
        let memory_bytes = gauge("memory_bytes", "About the bytes that the entries in memory take");
        let memory_streams = gauge("memory_streams", "Streams of the entries in memory");
        let wal_bytes = gauge("wal_bytes", "Bytes of the write-ahead log that a restart would replay");
        let segments = gauge("segments", "Immutable segments in storage");
        let segment_bytes = gauge("segment_bytes", "Bytes of all segments in storage, indexes included");
        let segment_entries = gauge("segment_entries", "Log entries in segments");
        let pending_deletes = gauge("pending_deletes", "Requests to delete that are not carried out in storage yet");
        let subscriptions = gauge("subscriptions", "Live tails");
        let mut counter = |name: &str, help: &str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let entries = counter("entries", "Log entries stored");
        let line_bytes = counter("line_bytes", "Bytes of the lines of the entries stored");
        let duplicates = counter("duplicate_entries", "Log entries that were in memory already");
        let too_old = counter("too_old_entries", "Log entries left out as older than the retention");
        let busy = counter("busy_refusals", "Batches refused since the entries in memory or the log reached their limit");
        let write_failures = counter("write_failures", "Batches that were not stored because of an error");
        let wal_written_bytes = counter("wal_written_bytes", "Bytes written to the write-ahead log");
        let fsync_failures = counter("fsync_failures", "Failed fsyncs of the write-ahead log");
        let flushes = counter("flushes", "Moves of entries from memory to segments");
        let flush_failures = counter("flush_failures", "Moves to segments that failed and are tried again");
        let merges = counter("merges", "Merges and rewrites of segments");
        let merged_bytes = counter("merged_bytes", "Bytes of segments written by merges");
        let segments_expired = counter("segments_expired", "Segments removed by the retention");
        let maintain_failures = counter("maintain_failures", "Steps of upkeep that failed and are tried again");
        let corruptions = counter("corruptions", "Damaged files that were met");
        let fsync_seconds = Histogram::new(exponential_buckets(0.000_1, 4.0, 10));
        registry.register("fsync_duration_seconds", "Time that an fsync of the write-ahead log takes", fsync_seconds.clone());
        Self {
            memory_entries,
            memory_bytes,
            memory_streams,
            entries,
            line_bytes,
            duplicates,
            too_old,
            busy,
            write_failures,
            wal_bytes,
            wal_written_bytes,
            fsync_seconds,
            fsync_failures,
            segments,
            segment_bytes,
            segment_entries,
            flushes,
            flush_failures,
            merges,
            merged_bytes,
            segments_expired,
            maintain_failures,
            corruptions,
            pending_deletes,
            subscriptions,
        }
    }
}
