//! What is known of ranges that were asked for before, within a budget of bytes.

use parking_lot::Mutex;
use phoenix_engine::Language;
use phoenix_query::{Annotation, Column, Grid};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, HashMap};
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
    limit_bytes: u64,
    inner: Mutex<Inner>,
    pub(super) metrics: Metrics,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Arc<Key>, Held>,
    by_use: BTreeMap<u64, Arc<Key>>,
    uses: u64,
    bytes: u64,
}

struct Held {
    known: Arc<Known>,
    used: u64,
    bytes: u64,
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
        Self { limit_bytes, inner: Mutex::default(), metrics }
    }

    /// What is known of a query, which is thereby used.
    pub fn get(&self, key: &Key) -> Option<Arc<Known>> {
        let mut inner = self.inner.lock();
        let inner = &mut *inner;
        let held = inner.entries.get_mut(key)?;
        inner.uses += 1;
        if let Some(key) = inner.by_use.remove(&held.used) {
            inner.by_use.insert(inner.uses, key);
        }
        held.used = inner.uses;
        Some(Arc::clone(&held.known))
    }

    /// Keeps what is known of a query instead of what was.
    pub fn put(&self, key: Key, known: Known) {
        let bytes = known.size_bytes() + 2 * key.text.len() as u64;
        let mut inner = self.inner.lock();
        inner.forget(&key);
        // One query must not push out those of all other panels.
        if bytes <= self.limit_bytes / 4 {
            inner.uses += 1;
            let (key, used) = (Arc::new(key), inner.uses);
            inner.by_use.insert(used, Arc::clone(&key));
            inner.entries.insert(key, Held { known: Arc::new(known), used, bytes });
            inner.bytes += bytes;
        }
        while inner.bytes > self.limit_bytes {
            let Some((_, oldest)) = inner.by_use.pop_first() else { break };
            inner.forget(&oldest);
            self.metrics.evictions.inc();
        }
        self.metrics.bytes.set(inner.bytes as i64);
        self.metrics.entries.set(inner.entries.len() as i64);
    }
}

impl Inner {
    fn forget(&mut self, key: &Key) {
        if let Some(held) = self.entries.remove(key) {
            self.by_use.remove(&held.used);
            self.bytes -= held.bytes;
        }
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
    fn the_least_recently_used_goes_first_and_bytes_are_bounded() {
        let limit = 4_200;
        let cache = RangeCache::new(limit, &mut Registry::default());
        for text in ["a", "b", "c", "d"] {
            cache.put(key(text), known(100));
        }
        assert!(["a", "b", "c", "d"].iter().all(|text| cache.get(&key(text)).is_some()), "all fit");
        assert!(cache.get(&key("a")).is_some());
        cache.put(key("e"), known(100));
        let held: Vec<&str> =
            ["a", "b", "c", "d", "e"].into_iter().filter(|text| cache.inner.lock().entries.contains_key(&key(text))).collect();
        assert_eq!(held, ["a", "c", "d", "e"]);
        assert_eq!(cache.metrics.evictions.get(), 1);
        // Larger than its share: not kept, and what was known of it is gone.
        cache.put(key("a"), known(1_000));
        assert!(cache.get(&key("a")).is_none());
        let inner = cache.inner.lock();
        assert_eq!(inner.entries.len(), inner.by_use.len());
        assert_eq!(inner.bytes, inner.entries.values().map(|held| held.bytes).sum::<u64>());
        assert!(inner.bytes <= limit);
    }
}
