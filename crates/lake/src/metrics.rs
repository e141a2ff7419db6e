//! What the store says about itself.

use crate::words::Words;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The metrics of a store: `phoenix_lake_*` of logs, `phoenix_traces_*` of spans.
pub(crate) struct Metrics {
    pub(crate) memory_entries: Gauge,
    pub(crate) memory_bytes: Gauge,
    pub(crate) memory_groups: Gauge,
    pub(crate) entries: Counter,
    pub(crate) raw_bytes: Counter,
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
    /// Makes the metrics of a store and registers those that it has.
    pub(crate) fn register(registry: &mut Registry, words: &Words) -> Self {
        let registry = registry.sub_registry_with_prefix(words.metrics);
        let Words { entries: name, title, groups, raw: (raw_name, raw_title), .. } = *words;
        let mut gauge = |name: &str, help: &str| {
            let gauge: Gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let memory_entries = gauge(&format!("memory_{name}"), &format!("{title} in memory that are not in segments yet"));
        let memory_bytes = gauge("memory_bytes", &format!("About the bytes that the {name} in memory take"));
        let memory_groups = gauge(&format!("memory_{groups}"), &format!("{} of the {name} in memory", capital(groups)));
        let wal_bytes = gauge("wal_bytes", "Bytes of the write-ahead log that a restart would replay");
        let segments = gauge("segments", "Immutable segments in storage");
        let segment_bytes = gauge("segment_bytes", "Bytes of all segments in storage, indexes included");
        let segment_entries = gauge(&format!("segment_{name}"), &format!("{title} in segments"));
        let (pending_deletes, subscriptions) = if words.selectors {
            let pending_deletes = gauge("pending_deletes", "Requests to delete that are not carried out in storage yet");
            (pending_deletes, gauge("subscriptions", "Live tails"))
        } else {
            Default::default()
        };
        let mut counter = |name: &str, help: &str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let entries = counter(name, &format!("{title} stored"));
        let raw_bytes = counter(raw_name, &format!("Bytes of {raw_title} stored"));
        let duplicates = counter(&format!("duplicate_{name}"), &format!("{title} that were in memory already"));
        let too_old = counter(&format!("too_old_{name}"), &format!("{title} left out as older than the retention"));
        let busy = counter("busy_refusals", &format!("Batches refused since the {name} in memory or the log reached their limit"));
        let write_failures = counter("write_failures", "Batches that were not stored because of an error");
        let wal_written_bytes = counter("wal_written_bytes", "Bytes written to the write-ahead log");
        let fsync_failures = counter("fsync_failures", "Failed fsyncs of the write-ahead log");
        let flushes = counter("flushes", &format!("Moves of {name} from memory to segments"));
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
            memory_groups,
            entries,
            raw_bytes,
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

/// A word as the first of a sentence.
fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}
