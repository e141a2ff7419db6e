//! What can go wrong in a store.

use crate::segment::SegmentError;
use phoenix_env::DiskError;
use phoenix_env::objects::ObjectError;
use phoenix_model::BudgetExceeded;
use phoenix_model::logs::ReadError;

/// Why the store could not do what it was asked. It can be cloned, since writers that commit
/// together share one outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LakeError {
    /// The data folder, or the place in the bucket, belongs to another process.
    #[error("{place} is in use: {reason}")]
    Locked {
        /// The folder or the prefix.
        place: String,
        /// Who holds it, and what to do.
        reason: String,
    },
    /// The data was written by a newer version; nothing of it was touched.
    #[error("{file} has format {found}, this version of Phoenix reads up to {supported}: run the newer version, or use another `data_dir`")]
    NewerFormat {
        /// The file that says so.
        file: String,
        /// The format that it says it has.
        found: u64,
        /// The newest format that this version reads.
        supported: u64,
    },
    /// The store pushes back, since entries come faster than they can be moved to storage.
    /// Nothing of the batch was stored; try again later.
    #[error("the store can't take more: {0}")]
    Busy(String),
    /// The disk or the bucket is full. Nothing of the batch was stored; try again when there is room.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The disk or the object store failed. Nothing was acknowledged.
    #[error("{0}")]
    Storage(String),
    /// A file or an object is damaged.
    #[error("{file} is corrupt: {reason}")]
    Corrupt {
        /// The file or the object's key.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A limit was hit; the message names it. Trying again does not help.
    #[error("{0}")]
    Limit(String),
    /// Whoever asked gave up.
    #[error("query was cancelled")]
    Cancelled,
    /// The store has been shut down.
    #[error("the store has been shut down")]
    Closed,
}

impl From<DiskError> for LakeError {
    fn from(error: DiskError) -> Self {
        if error.is_full() { Self::DiskFull(error.to_string()) } else { Self::Storage(error.to_string()) }
    }
}

impl From<ObjectError> for LakeError {
    fn from(error: ObjectError) -> Self {
        if error.is_full() { Self::DiskFull(error.to_string()) } else { Self::Storage(error.to_string()) }
    }
}

impl From<SegmentError> for LakeError {
    fn from(error: SegmentError) -> Self {
        match error {
            error if error.is_full() => Self::DiskFull(error.to_string()),
            SegmentError::Corrupt { key, reason } => Self::Corrupt { file: key, reason },
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<BudgetExceeded> for LakeError {
    fn from(error: BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}

impl From<ReadError> for LakeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Limit(text) => Self::Limit(text),
            ReadError::Cancelled => Self::Cancelled,
            ReadError::Storage(text) => Self::Storage(text),
        }
    }
}

impl From<LakeError> for ReadError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Limit(text) => Self::Limit(text),
            LakeError::Cancelled => Self::Cancelled,
            other => Self::Storage(other.to_string()),
        }
    }
}
