//! What can go wrong in the store.

use phoenix_env::DiskError;
use phoenix_model::BudgetExceeded;
use phoenix_model::histogram::HistogramError;

/// Why the store could not do what it was asked. It can be cloned, since writers that commit
/// together share one outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TsdbError {
    /// The data folder belongs to another process.
    #[error("the data folder {folder} is in use: is another Phoenix running? Stop it, or give this one another `data_dir`")]
    Locked {
        /// The folder.
        folder: String,
    },
    /// The data folder was written by a newer version; nothing in it was touched.
    #[error(
        "the data folder {folder} has format {found}, this version of Phoenix reads up to {supported}: run the newer version, or use another `data_dir`"
    )]
    NewerFormat {
        /// The folder.
        folder: String,
        /// The format that the folder says it has.
        found: u64,
        /// The newest format that this version reads.
        supported: u64,
    },
    /// The file that says which format the data folder has can't be understood.
    #[error("{file} does not say which format the data folder has ({reason}): restore the file from a backup, or use another `data_dir`")]
    BadFormatFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk is full. Nothing of the batch was stored; try again when there is room.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The disk failed. Nothing was acknowledged.
    #[error("{0}")]
    Disk(String),
    /// The store pushes back, since it can't move its head to the disk. Try again later.
    #[error("the metrics store can't take more samples: {0}")]
    Busy(String),
    /// A file is damaged.
    #[error("{file} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A histogram of the batch is none. Nothing of the batch was stored.
    #[error("the native histogram of {series} can't be stored: {reason}")]
    BadHistogram {
        /// The series.
        series: String,
        /// What is wrong with it.
        reason: HistogramError,
    },
    /// A limit was hit; the message names it.
    #[error("{0}")]
    Limit(String),
    /// Whoever asked gave up.
    #[error("the query was cancelled")]
    Cancelled,
    /// The store has been shut down.
    #[error("the metrics store has been shut down")]
    Closed,
}

impl From<DiskError> for TsdbError {
    fn from(error: DiskError) -> Self {
        if error.is_full() { Self::DiskFull(error.to_string()) } else { Self::Disk(error.to_string()) }
    }
}

impl From<BudgetExceeded> for TsdbError {
    fn from(error: BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}
