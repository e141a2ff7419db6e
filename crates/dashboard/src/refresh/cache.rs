//! What is known of ranges that were asked for before, within a budget of bytes.

use parking_lot::Mutex;
use phoenix_engine::Language;
use phoenix_model::Recent;
use phoenix_query::{Annotation, Column, Grid};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::ops::Range;
use std::sync::Arc;

/// Which values an entry holds: those of one query at moments that lie a step apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub language: Language,
    /// As the formatter writes it.
    pub text: String,
    pub step_ms: i64,
    /// Where moments stand between multiples of the step.
    pub phase_ms: i64,
    pub lookback_ms: i64,
}

/// What is known of a query.
#[derive(Debug)]
pub(super) struct Known {
    pub grid: Grid,
    /// Sorted by labels.
    pub columns: Arc<Vec<Column>>,
    /// The steps that hold unless the store tells otherwise; the columns may have more.
    pub settled: Range<usize>,
    /// What the store is asked with.
    pub mark: u64,
    /// Remarks of the evaluations.
    pub infos: Vec<Annotation>,
}

impl Known {
    fn size_bytes(&self) -> u64 {
        let column = |column: &Column| size_of::<Column>() + column.labels.as_bytes().len() + size_of_val(column.values.as_slice());
        let columns: usize = self.columns.iter().map(column).sum();
        (columns + self.infos.iter().map(|info| info.message.len() + size_of::<Annotation>()).sum::<usize>() + size_of::<Self>()) as u64
    }
}

/// Entries by key; the least recently used go first.
pub(super) struct RangeCache {
    entries: Mutex<Recent<Key, Arc<Known>>>,
    pub(super) metrics: Metrics,
}

/// What the cache tells of itself.
#[derive(Clone, Default)]
pub(super) struct Metrics {
    pub hits: Counter,
    pub misses: Counter,
    pub uncacheable: Counter,
    evictions: Counter,
    bytes: Gauge,
    entries: Gauge,
}

impl RangeCache {
    pub fn new(limit_bytes: u64, registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        let registry = registry.sub_registry_with_prefix("phoenix_dashboard_cache");
        registry.register("hits", "Range queries of dashboards of which some steps were known", metrics.hits.clone());
        registry.register("misses", "Range queries of dashboards of which no step was known", metrics.misses.clone());
        registry.register("uncacheable", "Range queries of dashboards whose values depend on the whole range", metrics.uncacheable.clone());
        registry.register("evictions", "Queries forgotten to make room for others", metrics.evictions.clone());
        registry.register("bytes", "Memory of what is known of queries of dashboards", metrics.bytes.clone());
        registry.register("entries", "Queries of dashboards of which something is known", metrics.entries.clone());
        Self { entries: Mutex::new(Recent::new(limit_bytes)), metrics }
    }

    /// What is known of a query, which is thereby used.
    pub fn get(&self, key: &Key) -> Option<Arc<Known>> {
        self.entries.lock().get(key).cloned()
    }

    /// Keeps what is known of a query instead of what was.
    pub fn put(&self, key: Key, known: Known) {
        let bytes = known.size_bytes() + 2 * key.text.len() as u64;
        let mut entries = self.entries.lock();
        // One query must not push out those of all other panels.
        let share = entries.limit_bytes() / 4;
        let forgotten = entries.put(key, Arc::new(known), bytes, share);
        self.metrics.evictions.inc_by(forgotten as u64);
        self.metrics.bytes.set(entries.used_bytes() as i64);
        self.metrics.entries.set(entries.len() as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;

    fn key(text: &str) -> Key {
        Key { language: Language::PromQl, text: text.to_owned(), step_ms: 1, phase_ms: 0, lookback_ms: 1 }
    }

    fn known(steps: usize) -> Known {
        let columns = vec![Column::floats(Labels::empty(), vec![1.0; steps])];
        Known { grid: Grid { start_ms: 0, step_ms: 1, steps }, columns: Arc::new(columns), settled: 0..steps, mark: 0, infos: Vec::new() }
    }

    #[test]
    fn what_is_known_is_bounded_and_counted() {
        let cache = RangeCache::new(4_200, &mut Registry::default());
        for text in ["a", "b", "c", "d", "e"] {
            cache.put(key(text), known(100));
        }
        let held: Vec<bool> = ["a", "b", "c", "d", "e"].iter().map(|text| cache.get(&key(text)).is_some()).collect();
        assert_eq!(held, [false, true, true, true, true], "four fit");
        assert_eq!((cache.metrics.evictions.get(), cache.metrics.entries.get()), (1, 4));
        // Larger than its share: not kept, and what was known of it is gone.
        cache.put(key("b"), known(1_000));
        assert!(cache.get(&key("b")).is_none());
        assert_eq!(cache.metrics.entries.get(), 3);
        assert!(cache.metrics.bytes.get() <= 4_200);
    }
}
