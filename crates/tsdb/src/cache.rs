//! Pieces of parts in memory, within a budget of bytes.

use crate::metrics::Metrics;
use hashbrown::HashMap;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use std::collections::VecDeque;
use std::sync::Arc;

/// The part's number and the blob's number within.
type Key = (u64, u32);

/// A cache that gives a piece that was used since it was last looked at a second chance.
pub(crate) struct BlockCache {
    limit_bytes: u64,
    blocks: Mutex<Blocks>,
    held: Gauge,
    hits: Counter,
    misses: Counter,
}

#[derive(Default)]
struct Blocks {
    by_key: HashMap<Key, (Arc<[u8]>, bool)>,
    queue: VecDeque<Key>,
    bytes: u64,
}

/// What a piece takes on top of its bytes.
const OVERHEAD_BYTES: u64 = 80;

impl BlockCache {
    pub(crate) fn new(limit_bytes: u64, metrics: &Metrics) -> Self {
        Self {
            limit_bytes,
            blocks: Mutex::default(),
            held: metrics.cache_bytes.clone(),
            hits: metrics.cache_hits.clone(),
            misses: metrics.cache_misses.clone(),
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<Arc<[u8]>> {
        let mut blocks = self.blocks.lock();
        if let Some((bytes, used)) = blocks.by_key.get_mut(&key) {
            *used = true;
            self.hits.inc();
            return Some(bytes.clone());
        }
        self.misses.inc();
        None
    }

    pub(crate) fn put(&self, key: Key, bytes: Arc<[u8]>) {
        let size = bytes.len() as u64 + OVERHEAD_BYTES;
        if size > self.limit_bytes / 4 {
            return;
        }
        let mut blocks = self.blocks.lock();
        if blocks.by_key.insert(key, (bytes, false)).is_some() {
            return;
        }
        blocks.queue.push_back(key);
        blocks.bytes += size;
        while blocks.bytes > self.limit_bytes {
            let Some(oldest) = blocks.queue.pop_front() else { break };
            match blocks.by_key.get_mut(&oldest) {
                Some((_, used @ true)) => {
                    *used = false;
                    blocks.queue.push_back(oldest);
                }
                _ => {
                    if let Some((gone, _)) = blocks.by_key.remove(&oldest) {
                        blocks.bytes -= gone.len() as u64 + OVERHEAD_BYTES;
                    }
                }
            }
        }
        self.held.set(blocks.bytes as i64);
    }

    /// Drops the pieces of parts that are gone.
    pub(crate) fn forget(&self, part: u64) {
        let mut blocks = self.blocks.lock();
        let mut freed = 0;
        blocks.by_key.retain(|key, (bytes, _)| {
            let keep = key.0 != part;
            freed += if keep { 0 } else { bytes.len() as u64 + OVERHEAD_BYTES };
            keep
        });
        blocks.queue.retain(|key| key.0 != part);
        blocks.bytes -= freed;
        self.held.set(blocks.bytes as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::registry::Registry;

    #[test]
    fn holds_no_more_than_its_budget_and_keeps_what_is_used() {
        let cache = BlockCache::new(10_000, &Metrics::register(&mut Registry::default()));
        for i in 0..100 {
            cache.put((1, i), vec![0; 920].into());
            assert!(cache.get((1, 0)).is_some(), "used all the time");
        }
        assert!(cache.blocks.lock().bytes <= 10_000);
        assert_eq!(cache.blocks.lock().by_key.len(), 10);
        cache.put((1, 200), vec![0; 5000].into());
        assert!(cache.get((1, 200)).is_none(), "too large a share");
        cache.forget(1);
        let blocks = cache.blocks.lock();
        assert_eq!((blocks.bytes, blocks.queue.len()), (0, 0));
    }
}
