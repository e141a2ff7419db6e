//! What can be wrong with stored patterns and columns.

use phoenix_model::logs::ReadError;

/// Why stored lines could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// The text of a pattern makes no sense.
    #[error("pattern of lines: {why} at byte {at}")]
    Pattern {
        /// Where, in bytes.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// More patterns than a segment can have.
    #[error("more than {limit} {what} of patterns of lines in one segment")]
    Patterns {
        /// The limit.
        limit: usize,
        /// What it counts.
        what: &'static str,
    },
    /// The lines of a page are too long together.
    #[error("lines of one page are longer than 4 GiB together")]
    PageFull,
    /// Columns and patterns don't fit together.
    #[error("columns of lines are damaged: {0}")]
    Columns(&'static str),
}

impl From<LinesError> for ReadError {
    fn from(error: LinesError) -> Self {
        Self::Storage(error.to_string())
    }
}
