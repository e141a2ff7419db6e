//! The store of logs: write-ahead log, memtable, Parquet segments with filters, compaction, retention.
//!
//! A batch goes to the *write-ahead log*, then to the *memtable*, and is acknowledged; the next
//! reader sees it. [`Lake::maintain`] moves the memtable to immutable *segments* (objects of a
//! local folder or a bucket), one for each UTC day that it touches, merges segments, and drops what
//! is past its retention or was deleted.

mod error;
pub mod segment;
mod tombstone;

pub use error::LakeError;
pub use tombstone::Tombstone;
