//! What evaluation needs of a store.

use phoenix_model::Matcher;
pub use phoenix_model::logs::{
    FieldFormat, FieldSelect, FieldValue, FieldVisitor, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats,
    StreamCounts,
};

/// Where entries come from.
pub trait LogSource {
    /// Gives all entries that match to the visitor, each once, in any number of batches.
    fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError>;

    /// Counts the entries of the matching streams between neighbouring edges (ascending), exactly,
    /// without reading lines. Streams and levels without an entry there are left out.
    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError>;

    /// Whether an entry of the range of time `[start_ns, end_ns)` may have structured metadata
    /// (other than `detected_level`) under one of these names, or any at all if `names` is `None`.
    /// `false` is a promise, and lets evaluation answer from counts where it would have to read
    /// metadata to know which labels there are; a store that does not know says `true`.
    fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        let _ = (names, start_ns, end_ns);
        true
    }

    /// As [`LogSource::read`], with fields of lines instead of the lines. `None` from a store that
    /// cannot do that better than its reader.
    fn read_fields(
        &self,
        select: &LogSelect<'_>,
        fields: &FieldSelect<'_>,
        limits: &ReadLimits<'_>,
        visitor: &mut dyn FieldVisitor,
    ) -> Option<Result<ReadStats, ReadError>> {
        let _ = (select, fields, limits, visitor);
        None
    }
}
