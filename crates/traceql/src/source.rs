//! What evaluation needs of a store.

pub use phoenix_model::logs::{ReadError, ReadLimits};
pub use phoenix_model::traces::{
    ColumnValues, Compare, Intrinsic, Scope, SpanBatch, SpanColumn, SpanCondition, SpanField, SpanPredicate, SpanRows, SpanSelect,
    SpanStats, SpanTime, SpanValue, SpanVisitor, TagName, TraceInfo,
};

/// Where spans come from.
pub trait SpanSource {
    /// Gives the spans that count to the visitors: each trace once, in one batch, to one of them. A
    /// store may read with as many threads as there are visitors. A trace whose spans lie in several
    /// places is put together before conditions decide.
    fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError>;

    /// Names of attributes of spans in `[start_ns, end_ns)`, sorted; names from a little beyond the range may be among them.
    fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError>;
}
