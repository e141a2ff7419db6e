//! Parts of segments that were read lately.

use super::SegmentError;
use crate::segment::layout::Section;
use parking_lot::Mutex;
use phoenix_model::Recent;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of segments in memory, within a budget of bytes, shared by all segments of a store. What
/// was used longest ago leaves first.
pub struct PageCache {
    parts: Mutex<Recent<Key, Arc<dyn Any + Send + Sync>>>,
    segments: AtomicU64,
    /// Making one takes longer than a small page.
    decompressors: Mutex<Vec<zstd::bulk::Decompressor<'static>>>,
}

/// Decompressors that are kept for the next reader.
const DECOMPRESSORS: usize = 8;

/// A part of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Where the sections of the index stand.
    Preamble,
    Section(Section),
    /// The dictionary of a column in a row group.
    Dictionary {
        group: u32,
        column: u32,
    },
    /// All bytes of a column in a row group, from a remote store.
    Chunk {
        group: u32,
        column: u32,
    },
    /// The times of a page.
    Times {
        page: u32,
    },
    /// The values of a dictionary, of spans.
    Values {
        group: u32,
        column: u32,
    },
    /// The filters of a row group of spans.
    Filters {
        group: u32,
    },
    /// A piece of the directory of traces.
    Bucket {
        bucket: u32,
    },
    /// The traces that other places may hold too.
    Split,
    /// The spans of some traces, by the hash of their ids.
    Traces {
        hash: u64,
    },
}

type Key = (u64, Part);

impl PageCache {
    /// The budget of [`PageCache::default`].
    pub const DEFAULT_BYTES: usize = 32 << 20;

    /// A cache of at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self { parts: Mutex::new(Recent::new(limit_bytes as u64)), segments: AtomicU64::new(0), decompressors: Mutex::default() }
    }

    /// The most that it holds.
    pub fn limit_bytes(&self) -> usize {
        self.parts.lock().limit_bytes() as usize
    }

    /// What it holds now.
    pub fn used_bytes(&self) -> usize {
        self.parts.lock().used_bytes() as usize
    }

    /// A number for a segment that is opened.
    pub(crate) fn number(&self) -> u64 {
        self.segments.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Gives a part of a segment, which `load` reads and measures in bytes if it is not here.
    pub(crate) fn get<T: Any + Send + Sync>(
        &self,
        segment: u64,
        part: Part,
        load: impl FnOnce() -> Result<(T, usize), SegmentError>,
    ) -> Result<Arc<T>, SegmentError> {
        let key = (segment, part);
        let held = self.parts.lock().get(&key).cloned();
        if let Some(value) = held.and_then(|value| value.downcast::<T>().ok()) {
            return Ok(value);
        }
        let (value, bytes) = load()?;
        let value = Arc::new(value);
        let shared: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&value);
        let mut parts = self.parts.lock();
        // What fills half of the cache would only drive out all else.
        let share = parts.limit_bytes() / 2;
        parts.put(key, shared, bytes as u64, share);
        Ok(value)
    }

    /// A decompressor, to be given back.
    pub(crate) fn decompressor(&self) -> std::io::Result<zstd::bulk::Decompressor<'static>> {
        let kept = self.decompressors.lock().pop();
        kept.map_or_else(zstd::bulk::Decompressor::new, Ok)
    }

    pub(crate) fn keep_decompressor(&self, zstd: zstd::bulk::Decompressor<'static>) {
        let mut kept = self.decompressors.lock();
        if kept.len() < DECOMPRESSORS {
            kept.push(zstd);
        }
    }

    /// Forgets all parts of a segment.
    pub(crate) fn forget(&self, segment: u64) {
        self.parts.lock().retain(|(of, _)| *of != segment);
    }
}

impl Default for PageCache {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_leaves_first() {
        let cache = PageCache::new(100);
        let get = |page: u32| {
            let mut loaded = false;
            let value = cache.get(1, Part::Times { page }, || {
                loaded = true;
                Ok((page, 40))
            });
            assert_eq!(*value.unwrap(), page);
            loaded
        };
        assert!(get(1) && get(2) && !get(1));
        assert!(get(3), "drives out 2");
        assert!(!get(1) && !get(3) && get(2));
        assert!(cache.used_bytes() <= 100);
        let large = cache.get(1, Part::Times { page: 9 }, || Ok((9_u8, 60))).unwrap();
        assert_eq!((*large, cache.used_bytes()), (9, 80));
        cache.forget(1);
        assert_eq!(cache.used_bytes(), 0);
        assert!(get(1));
    }
}
