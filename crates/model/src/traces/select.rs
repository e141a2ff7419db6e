//! What a reader asks of a store of spans, and what it is given.

use super::{SpanId, TraceId};
use crate::logs::ReadError;
use regex::Regex;
use std::ops::Range;
use std::sync::Arc;

/// Whose attribute it is, under TraceQL's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `resource.`
    Resource,
    /// `span.`
    Span,
    /// `event.`
    Event,
    /// `link.`
    Link,
    /// `instrumentation.`
    Instrumentation,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] = [Self::Resource, Self::Span, Self::Event, Self::Link, Self::Instrumentation];

    /// The name, as in TraceQL and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Span => "span",
            Self::Event => "event",
            Self::Link => "link",
            Self::Instrumentation => "instrumentation",
        }
    }
}

/// What every span has without being an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intrinsic {
    /// The span's id; ids.
    SpanId,
    /// Its parent's id; ids, [`SpanId::NONE`] for a root.
    ParentId,
    /// Nanoseconds since the Unix epoch; whole numbers.
    Start,
    /// Nanoseconds; whole numbers.
    Duration,
    /// Texts.
    Name,
    /// [`super::SpanKind`] by number; whole numbers.
    Kind,
    /// [`super::SpanStatus`] by number; whole numbers.
    Status,
    /// Texts; empty if there is none.
    StatusMessage,
    /// Numbers of nested sets: a span lies below another when its left and right lie between those of the other.
    /// Counted from 1 depth-first, on entering and on leaving; siblings and roots by start. Spans whose
    /// parent is not there are numbered too, after all roots (Tempo leaves them, and what is below them, at 0).
    NestedSetLeft,
    /// See [`Intrinsic::NestedSetLeft`].
    NestedSetRight,
    /// The left of the span's parent; -1 for a root, and 0 where a parent is named that is not
    /// there, or where parents form a circle.
    NestedSetParent,
    /// The number of spans right below it.
    ChildCount,
    /// What one kept span stands for: the inverse of the probability in `tracestate`, 1 without; numbers.
    Weight,
    /// The instrumentation scope's name; texts.
    ScopeName,
    /// The instrumentation scope's version; texts.
    ScopeVersion,
    /// The names of its events; lists of texts.
    EventName,
    /// Nanoseconds from the span's start to each event; lists of whole numbers.
    EventTimeSinceStart,
    /// The traces that its links name; lists of texts in hexadecimal.
    LinkTraceId,
    /// The spans that its links name; lists of texts in hexadecimal.
    LinkSpanId,
    /// Only in conditions; readers find it in [`TraceInfo::id`].
    TraceId,
    /// Nanoseconds from the first start to the last end. Only in conditions; see [`TraceInfo::duration_ns`].
    TraceDuration,
    /// Only in conditions; see [`TraceInfo::root_name`].
    RootName,
    /// Only in conditions; see [`TraceInfo::root_service`].
    RootService,
}

/// A part of a span.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SpanField {
    /// What every span has.
    Intrinsic(Intrinsic),
    /// An attribute. Those of events and links, and arrays, are lists.
    Attribute(Scope, Arc<str>),
}

/// A value in conditions and columns.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanValue {
    /// A text.
    Text(Arc<str>),
    /// A whole number, also durations in nanoseconds and kinds and states by number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

/// How a condition looks at a field's value.
#[derive(Debug, Clone)]
pub enum Compare {
    /// Equal; whole numbers and numbers compare as numbers.
    Eq(SpanValue),
    /// There, of the same type, and not equal.
    Ne(SpanValue),
    /// Greater.
    Gt(SpanValue),
    /// Greater or equal.
    Ge(SpanValue),
    /// Less.
    Lt(SpanValue),
    /// Less or equal.
    Le(SpanValue),
    /// A text that matches as a whole (the expression is anchored already).
    Matches(Regex),
    /// A text that does not match.
    MatchesNot(Regex),
    /// It is there.
    Exists,
    /// It is not there.
    Absent,
}

/// A condition on one field. A list meets it when any of its values does.
#[derive(Debug, Clone)]
pub struct SpanCondition {
    /// The field.
    pub field: SpanField,
    /// What its value has to be.
    pub compare: Compare,
}

/// Conditions on one span, combined.
#[derive(Debug, Clone)]
pub enum SpanPredicate {
    /// Every span meets it.
    True,
    /// One condition.
    Is(SpanCondition),
    /// All must be met.
    All(Vec<SpanPredicate>),
    /// One at least must be met.
    Any(Vec<SpanPredicate>),
}

/// Which of a trace's spans a reader wants.
#[derive(Debug, Clone, Copy)]
pub enum SpanRows<'a> {
    /// Those that meet one of `required`, or one of these.
    Matching(&'a [SpanPredicate]),
    /// All spans of the traces that count, also those that do not start within the range.
    WholeTraces,
}

/// Which time decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanTime {
    /// A span counts if it starts within the range.
    Span,
    /// A trace counts if some of it lies within the range; then all of its spans do.
    Trace,
}

/// What a reader asks of a store of spans.
///
/// The store may give more spans than were asked for, never fewer: the reader looks again.
#[derive(Debug, Clone)]
pub struct SpanSelect<'a> {
    /// The first moment that counts.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// Which time decides.
    pub time: SpanTime,
    /// A trace counts if for each of these it has a span that meets it. None: every trace counts.
    pub required: &'a [SpanPredicate],
    /// Which of its spans are given.
    pub rows: SpanRows<'a>,
    /// The columns that the reader looks at; batches have them in this order.
    pub columns: &'a [SpanField],
    /// Whether the reader looks at [`TraceInfo::services`].
    pub services: bool,
    /// Whether the reader looks at [`TraceInfo::root_service`] and [`TraceInfo::root_name`].
    pub roots: bool,
}

/// The values of one field in a batch.
#[derive(Debug, Clone, Copy)]
pub struct SpanColumn<'a> {
    /// For fields that may have several values in a span: row `i` has the values from `ends[i - 1]`
    /// (0 for the first row) up to, not including, `ends[i]`. `None`: one value for each row.
    pub ends: Option<&'a [u32]>,
    /// The values, as many as there are rows, or as the last of `ends` says.
    pub values: ColumnValues<'a>,
}

/// Values of a column. What a span does not have is absent.
#[derive(Debug, Clone, Copy)]
pub enum ColumnValues<'a> {
    /// No span has it.
    Absent,
    /// Places in a dictionary, [`ColumnValues::ABSENT`] where it is absent. The dictionary may hold
    /// values of several types. Batches with the same dictionary share it, so that what is worked
    /// out for its values can be kept while [`Arc::ptr_eq`] holds.
    Coded(&'a [u32], &'a Arc<[SpanValue]>),
    /// Whole numbers; absent where the second slice (which may be empty: none is) says true.
    Ints(&'a [i64], &'a [bool]),
    /// Numbers; absent where the second slice says true.
    Floats(&'a [f64], &'a [bool]),
    /// Ids; none is absent.
    Ids(&'a [SpanId]),
}

impl ColumnValues<'_> {
    /// The code of an absent value.
    pub const ABSENT: u32 = u32::MAX;
}

/// A trace within a batch.
#[derive(Debug, Clone)]
pub struct TraceInfo<'a> {
    /// Its id.
    pub id: TraceId,
    /// Its rows in the batch.
    pub rows: Range<u32>,
    /// Its first moment: that of all of its spans, not only of those in the batch; as are all that follow.
    pub start_ns: i64,
    /// From its first moment to its last.
    pub duration_ns: i64,
    /// `service.name` of the root's resource; empty if the root has not arrived.
    pub root_service: &'a str,
    /// The root's name; empty if the root has not arrived.
    pub root_name: &'a str,
    /// Services with the number of their spans, and of those with an error; if wanted.
    pub services: &'a [(Arc<str>, u32, u32)],
}

/// Spans of some traces. A trace stands in one batch with all of its spans that are given,
/// ordered by [`Intrinsic::NestedSetLeft`] within it.
#[derive(Debug, Clone, Copy)]
pub struct SpanBatch<'a> {
    /// The number of spans.
    pub rows: usize,
    /// The traces, whose rows follow each other.
    pub traces: &'a [TraceInfo<'a>],
    /// The columns, as the reader named them.
    pub columns: &'a [SpanColumn<'a>],
}

/// Takes what a store gives.
pub trait SpanVisitor {
    /// Takes a batch. An error ends the reading.
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError>;

    /// Traces that begin before this moment don't matter any more. Asked before each batch is put
    /// together; a store that can gives later traces first.
    fn bound_ns(&self) -> Option<i64> {
        None
    }
}

/// The name of an attribute that occurs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagName {
    /// Whose attribute it is.
    pub scope: Scope,
    /// Its key.
    pub key: Arc<str>,
}

/// What reading took, for the `metrics` of Tempo's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanStats {
    /// Traces that conditions looked at.
    pub traces: u64,
    /// Spans that conditions looked at.
    pub spans: u64,
    /// Bytes that were read, compressed where they are.
    pub bytes: u64,
    /// Segments that had something in the range of time.
    pub segments: u64,
}

impl std::ops::AddAssign for SpanStats {
    fn add_assign(&mut self, other: Self) {
        self.traces += other.traces;
        self.spans += other.spans;
        self.bytes += other.bytes;
        self.segments += other.segments;
    }
}
