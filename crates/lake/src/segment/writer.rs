//! Writes a segment.

use super::{SegmentError, SegmentInfo, SegmentOptions};
use phoenix_env::objects::SharedObjects;
use phoenix_model::logs::{EntryRef, Stream};
use std::sync::Arc;

/// Writes a segment, with a row group in memory at a time. Dropped before
/// [`SegmentWriter::finish`], nothing of the segment exists.
pub struct SegmentWriter {
    options: SegmentOptions,
}

impl SegmentWriter {
    /// Begins a segment `id` below `prefix`.
    pub fn create(objects: &SharedObjects, prefix: &str, id: &str, options: &SegmentOptions) -> Result<Self, SegmentError> {
        let _ = (objects, prefix, id);
        Ok(Self { options: options.clone() })
    }

    /// Begins a stream; entries pushed from now on are its. Streams ascend, and each comes once.
    pub fn begin_stream(&mut self, stream: &Arc<Stream>) -> Result<(), SegmentError> {
        let _ = (stream, &self.options);
        Err(SegmentError::Unfinished)
    }

    /// Adds an entry, in ascending order of time within the stream; times may be equal.
    pub fn push(&mut self, entry: EntryRef<'_>) -> Result<(), SegmentError> {
        let _ = entry;
        Err(SegmentError::Unfinished)
    }

    /// Bytes of lines that were pushed.
    pub fn raw_bytes(&self) -> u64 {
        0
    }

    /// Makes the segment exist, whole and durable: first its Parquet object, then its index.
    pub fn finish(self) -> Result<SegmentInfo, SegmentError> {
        Err(SegmentError::Unfinished)
    }
}
