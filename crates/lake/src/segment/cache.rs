//! Pages and indexes that were read lately.

/// Parts of segments in memory, within a budget of bytes, shared by all segments of a store.
pub struct PageCache {
    limit_bytes: usize,
}

impl PageCache {
    /// A cache of at most `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes }
    }

    /// The most it holds.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }
}
