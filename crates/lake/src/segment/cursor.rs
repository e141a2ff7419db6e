//! All rows of a segment, one after the other.

use super::SegmentError;
use phoenix_model::logs::{EntryRef, Stream};
use std::sync::Arc;

/// Goes through the rows of a segment in the order of stream and time. Begins at the first row.
pub struct Rows {
    nothing: (),
}

impl Rows {
    /// The row at which it stands; `None` at the end.
    pub fn current(&self) -> Option<(&Arc<Stream>, EntryRef<'_>)> {
        let () = self.nothing;
        None
    }

    /// Goes to the next row.
    pub fn advance(&mut self) -> Result<(), SegmentError> {
        Err(SegmentError::Unfinished)
    }
}
