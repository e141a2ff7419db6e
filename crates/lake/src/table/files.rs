//! The two objects of a segment.

use super::cache::Part;
use super::{PageCache, SegmentError};
use phoenix_env::objects::SharedObjects;
use std::any::Any;
use std::sync::Arc;

/// The keys of a segment's objects below a prefix: Parquet, index.
pub(crate) fn keys(prefix: &str, id: &str) -> [String; 2] {
    let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    [format!("{folder}{id}.parquet"), format!("{folder}{id}.index")]
}

/// A segment's objects, and its place in the cache. What was cached of it goes with it.
pub(crate) struct Files {
    pub objects: SharedObjects,
    pub cache: Arc<PageCache>,
    /// Its number in the cache.
    pub number: u64,
    pub parquet_key: String,
    pub index_key: String,
}

impl Files {
    pub(crate) fn new(objects: &SharedObjects, prefix: &str, id: &str, cache: &Arc<PageCache>) -> Self {
        let [parquet_key, index_key] = keys(prefix, id);
        Self { objects: Arc::clone(objects), cache: Arc::clone(cache), number: cache.number(), parquet_key, index_key }
    }

    /// The index does not hold what was written to it.
    pub(crate) fn corrupt(&self, reason: String) -> SegmentError {
        SegmentError::Corrupt { key: self.index_key.clone(), reason }
    }

    /// The Parquet object does not hold what was written to it.
    pub(crate) fn corrupt_parquet(&self, reason: String) -> SegmentError {
        SegmentError::Corrupt { key: self.parquet_key.clone(), reason }
    }

    /// Bytes of the index.
    pub(crate) fn index(&self, offset: u64, length: usize) -> Result<Vec<u8>, SegmentError> {
        Ok(self.objects.read_range(&self.index_key, offset, length)?)
    }

    /// A part from the cache, which `load` reads and measures in bytes if it is not there.
    pub(crate) fn cached<T: Any + Send + Sync>(
        &self,
        part: Part,
        load: impl FnOnce() -> Result<(T, usize), SegmentError>,
    ) -> Result<Arc<T>, SegmentError> {
        self.cache.get(self.number, part, load)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.cache.forget(self.number);
    }
}
