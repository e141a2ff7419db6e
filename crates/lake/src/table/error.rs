//! What can go wrong with a segment.

use phoenix_env::objects::ObjectError;
use phoenix_model::BudgetExceeded;
use phoenix_model::logs::ReadError;

/// What went wrong with which segment.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// The store of objects failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// An object does not hold what was written to it.
    #[error("{key} is damaged: {reason}")]
    Corrupt {
        /// The object's key.
        key: String,
        /// What does not fit.
        reason: String,
    },
    /// A version of the format that this program does not know.
    #[error("{key} has version {version} of the format, which this program does not know; use the program that wrote it, or a newer one")]
    Version {
        /// The object's key.
        key: String,
        /// The version that it says.
        version: u32,
    },
    /// What is read does not fit into the reader's memory.
    #[error(transparent)]
    Budget(#[from] BudgetExceeded),
    /// The caller gave streams or entries in another order than that of segments.
    #[error("segment {id}: {reason}")]
    Order {
        /// The segment's name.
        id: String,
        /// What came in the wrong order.
        reason: &'static str,
    },
    /// Parquet could not be written.
    #[error("segment {id}: cannot encode: {reason}")]
    Encode {
        /// The segment's name.
        id: String,
        /// The library's words.
        reason: String,
    },
}

impl SegmentError {
    /// Whether the store of objects has no room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Object(error) if error.is_full())
    }
}

impl From<SegmentError> for ReadError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Budget(exceeded) => exceeded.into(),
            error => Self::Storage(error.to_string()),
        }
    }
}
