//! What is collected, for a page that shows it.

use phoenix_model::Labels;
use serde::Serialize;

/// A file, listener or journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetStatus {
    /// The job's name.
    pub job: String,
    /// The file's path, the listener's address, or `journal`.
    pub target: String,
    /// The labels that its lines begin with.
    pub labels: Labels,
    /// Bytes of the file that were read; 0 for what is not a file.
    pub offset_bytes: u64,
    /// Bytes of the file up to which everything is stored.
    pub stored_bytes: u64,
    /// The file's length at the last look.
    pub length_bytes: u64,
    /// Lines since it is followed.
    pub lines: u64,
    /// What went wrong last; it is tried again.
    pub last_error: Option<String>,
}
