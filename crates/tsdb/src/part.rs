//! Immutable parts: the samples of one day in one file.
//!
//! ```text
//! magic
//! blobs       columns of values and of native histograms, columns of timestamps, posting lists: any number packed into each
//! tables      blobs too: timestamp columns, series (128 a blob), label pairs (128 a blob)
//! meta        one blob: bounds, label names, where each blob lies, its length and CRC-32
//! footer      fixed size: where the meta blob lies, its CRC-32, magic
//! ```
//!
//! Series are sorted by metric name, then labels, and numbered from 0. Label pairs are sorted by
//! name, then value, and numbered too; a series is the numbers of its pairs and of its columns.
//! Series with the same timestamps share one column of them in the whole part. Everything is read
//! blob by blob through the block cache and checked against its CRC-32.
//!
//! A chunk is a column of floats or one of native histograms, which its first byte says. A series
//! that changed from one to the other has chunks of both.

mod cursor;
mod meta;
mod pairs;
mod reader;
mod tables;
mod writer;

pub(crate) use cursor::{Column, PartCursor};
pub(crate) use reader::Part;
pub(crate) use writer::{PartIdentity, PartWriter};

use crate::TsdbError;
use phoenix_env::DiskError;

/// What each part starts with.
const MAGIC: &[u8; 8] = b"PHXPART1";

/// What each part ends with.
const END_MAGIC: &[u8; 8] = b"PHXPEND1";

/// Meta's offset (8), length (4) and checksum (4), the checksum of these (4), magic (8).
const FOOTER_BYTES: u64 = 8 + 4 + 4 + 4 + 8;

/// A blob is written when it has grown to this.
const BLOB_BYTES: usize = 64 << 10;

/// Entries in one blob of a table.
const TABLE_ROWS: usize = 128;

/// A day in milliseconds. Days begin at midnight UTC.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A part can't be read.
#[derive(Debug)]
pub(crate) enum PartError {
    /// The bytes are not what was written.
    Corrupt(&'static str),
    /// The disk fails.
    Disk(DiskError),
}

impl From<DiskError> for PartError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

/// A failure with the part that it happened in.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// This part is damaged.
    Corrupt(std::sync::Arc<Part>, &'static str),
    /// Anything else.
    Other(TsdbError),
}

impl From<TsdbError> for ReadError {
    fn from(error: TsdbError) -> Self {
        Self::Other(error)
    }
}

impl PartError {
    pub(crate) fn of(self, part: &std::sync::Arc<Part>) -> ReadError {
        match self {
            Self::Corrupt(reason) => ReadError::Corrupt(part.clone(), reason),
            Self::Disk(error) => ReadError::Other(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
