//! Spans in memory as a [`SpanSource`]: for commands, for tests of rules and queries, and of this
//! crate. It looks at every span and gives exactly what is asked for.

mod columns;
mod tree;

use crate::source::{
    Compare, Intrinsic, ReadError, ReadLimits, Scope, SpanBatch, SpanColumn, SpanCondition, SpanField, SpanPredicate, SpanRows, SpanSelect,
    SpanSource, SpanStats, SpanTime, SpanValue, SpanVisitor, TagName, TraceInfo,
};
use columns::Column;
use phoenix_model::traces::{AttributeValue, Attributes, Scalar, SpanRef, TraceId, TraceWrite, sampling_weight};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};
use tree::{Row, Trace, trace};

/// Spans by trace, with their places in the nested sets.
///
/// Numbers are given depth-first from 1; roots, and the spans right below another, in order of
/// start and id. Spans whose parent is not there follow the roots and have the parent 0.
#[derive(Debug, Default)]
pub struct MemorySource {
    write: TraceWrite,
    /// Latest start first.
    traces: Vec<Trace>,
    batch_traces: usize,
}

impl MemorySource {
    /// The spans of a write.
    pub fn new(write: TraceWrite) -> Self {
        let mut by_trace: HashMap<TraceId, Vec<usize>> = HashMap::new();
        for number in 0..write.len() {
            by_trace.entry(write.fixed(number).trace_id).or_default().push(number);
        }
        let mut traces: Vec<Trace> = by_trace.into_iter().map(|(id, spans)| trace(&write, id, &spans)).collect();
        traces.sort_by_key(|trace| (Reverse(trace.start_ns), trace.id));
        Self { write, traces, batch_traces: 64 }
    }

    /// With this many traces in a batch; at least 1.
    #[must_use]
    pub fn with_batches_of(self, traces: usize) -> Self {
        Self { batch_traces: traces.max(1), ..self }
    }

    /// What a field holds for a span: no value, one, or several.
    fn values(&self, trace: &Trace, row: &Row, field: &SpanField) -> Vec<SpanValue> {
        let span = self.write.span(row.span);
        match field {
            SpanField::Attribute(scope, key) => self.attribute(&span, *scope, key),
            SpanField::Intrinsic(intrinsic) => self.intrinsic(trace, row, &span, *intrinsic),
        }
    }

    fn attribute(&self, span: &SpanRef<'_>, scope: Scope, key: &str) -> Vec<SpanValue> {
        let of = |attributes: Attributes<'_>| attributes.get(key).map_or_else(Vec::new, values_of);
        match scope {
            Scope::Span => of(span.attributes),
            Scope::Resource => of(self.write.resource(span.resource).attributes),
            Scope::Instrumentation => of(self.write.scope(span.scope).attributes),
            Scope::Event => span.events.iter().flat_map(|event| of(event.attributes)).collect(),
            Scope::Link => span.links.iter().flat_map(|link| of(link.attributes)).collect(),
        }
    }

    fn intrinsic(&self, trace: &Trace, row: &Row, span: &SpanRef<'_>, intrinsic: Intrinsic) -> Vec<SpanValue> {
        let text = |text: &str| vec![SpanValue::Text(text.into())];
        let int = |int: i64| vec![SpanValue::Int(int)];
        match intrinsic {
            Intrinsic::SpanId => text(&span.fixed.span_id.to_string()),
            Intrinsic::ParentId => text(&span.fixed.parent_id.to_string()),
            Intrinsic::Start => int(span.fixed.start_ns),
            Intrinsic::Duration => int(span.fixed.duration_ns),
            Intrinsic::Name => text(span.name),
            Intrinsic::Kind => int(span.fixed.kind as i64),
            Intrinsic::Status => int(span.fixed.status as i64),
            Intrinsic::StatusMessage => text(span.status_message),
            Intrinsic::NestedSetLeft => int(row.left),
            Intrinsic::NestedSetRight => int(row.right),
            Intrinsic::NestedSetParent => int(row.parent),
            Intrinsic::ChildCount => int(row.children),
            Intrinsic::Weight => vec![SpanValue::Float(sampling_weight(span.trace_state))],
            Intrinsic::ScopeName => text(self.write.scope(span.scope).name),
            Intrinsic::ScopeVersion => text(self.write.scope(span.scope).version),
            Intrinsic::EventName => span.events.iter().flat_map(|event| text(event.name)).collect(),
            Intrinsic::EventTimeSinceStart => span.events.iter().flat_map(|event| int(event.time_ns - span.fixed.start_ns)).collect(),
            Intrinsic::LinkTraceId => span.links.iter().flat_map(|link| text(&link.trace_id.to_string())).collect(),
            Intrinsic::LinkSpanId => span.links.iter().flat_map(|link| text(&link.span_id.to_string())).collect(),
            Intrinsic::TraceId => text(&trace.id.to_string()),
            Intrinsic::TraceDuration => int(trace.duration_ns),
            Intrinsic::RootName => text(&trace.root_name),
            Intrinsic::RootService => text(&trace.root_service),
        }
    }

    fn meets(&self, trace: &Trace, row: &Row, predicate: &SpanPredicate) -> bool {
        match predicate {
            SpanPredicate::True => true,
            SpanPredicate::All(all) => all.iter().all(|predicate| self.meets(trace, row, predicate)),
            SpanPredicate::Any(any) => any.iter().any(|predicate| self.meets(trace, row, predicate)),
            SpanPredicate::Is(SpanCondition { field, compare }) => {
                let values = self.values(trace, row, field);
                match compare {
                    Compare::Absent => values.is_empty(),
                    compare => values.iter().any(|value| meets(compare, value)),
                }
            }
        }
    }

    /// The rows of a trace that are given; none if the trace does not count.
    fn wanted(&self, trace: &Trace, select: &SpanSelect<'_>) -> Vec<Row> {
        let range = select.start_ns..select.end_ns;
        let in_range = |row: &&Row| select.time == SpanTime::Trace || range.contains(&self.write.fixed(row.span).start_ns);
        let overlaps = trace.start_ns < select.end_ns && trace.start_ns.saturating_add(trace.duration_ns) >= select.start_ns;
        let rows: Vec<&Row> = trace.rows.iter().filter(in_range).collect();
        let met = |predicate: &SpanPredicate| rows.iter().any(|row| self.meets(trace, row, predicate));
        if (select.time == SpanTime::Trace && !overlaps) || !select.required.iter().all(met) {
            return Vec::new();
        }
        match select.rows {
            SpanRows::WholeTraces => rows.into_iter().copied().collect(),
            SpanRows::Matching(matching) => {
                let all = || select.required.iter().chain(matching);
                rows.into_iter().filter(|row| all().any(|predicate| self.meets(trace, row, predicate))).copied().collect()
            }
        }
    }
}

impl SpanSource for MemorySource {
    fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError> {
        let mut stats = SpanStats::default();
        let count = visitors.len().max(1);
        for (turn, traces) in self.traces.chunks(self.batch_traces.max(1)).enumerate() {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let Some(visitor) = visitors.get_mut(turn % count) else { return Ok(stats) };
            let bound = visitor.bound_ns().unwrap_or(i64::MIN);
            let mut rows: Vec<(&Trace, Row)> = Vec::new();
            let mut infos = Vec::new();
            for trace in traces.iter().filter(|trace| trace.start_ns >= bound) {
                stats.traces += 1;
                stats.spans += trace.rows.len() as u64;
                let wanted = self.wanted(trace, select);
                if wanted.is_empty() {
                    continue;
                }
                let first = rows.len() as u32;
                rows.extend(wanted.into_iter().map(|row| (trace, row)));
                infos.push(TraceInfo {
                    id: trace.id,
                    rows: first..rows.len() as u32,
                    start_ns: trace.start_ns,
                    duration_ns: trace.duration_ns,
                    root_service: &trace.root_service,
                    root_name: &trace.root_name,
                    services: if select.services { &trace.services } else { &[] },
                });
            }
            if infos.is_empty() {
                continue;
            }
            // Stores have several forms for a column, and readers know them all: here they take turns.
            let coded = turn % 2 == 1;
            let held: Vec<Column> = select.columns.iter().map(|field| self.column(&rows, field, coded)).collect();
            let columns: Vec<SpanColumn<'_>> = held.iter().map(Column::as_span_column).collect();
            visitor.batch(&SpanBatch { rows: rows.len(), traces: &infos, columns: &columns })?;
        }
        Ok(stats)
    }

    fn tag_names(&self, start_ns: i64, end_ns: i64, _: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError> {
        let mut names = BTreeSet::new();
        for span in self.write.spans().filter(|span| (start_ns..end_ns).contains(&span.fixed.start_ns)) {
            let mut add = |scope, attributes: Attributes<'_>| {
                names.extend(attributes.iter().map(|attribute| TagName { scope, key: attribute.key.into() }));
            };
            add(Scope::Span, span.attributes);
            add(Scope::Resource, self.write.resource(span.resource).attributes);
            add(Scope::Instrumentation, self.write.scope(span.scope).attributes);
            span.events.iter().for_each(|event| add(Scope::Event, event.attributes));
            span.links.iter().for_each(|link| add(Scope::Link, link.attributes));
        }
        Ok(names.into_iter().collect())
    }
}

fn values_of(value: AttributeValue<'_>) -> Vec<SpanValue> {
    let scalar = |scalar: Scalar<'_>| match scalar {
        Scalar::Text(text) => SpanValue::Text(text.into()),
        Scalar::Int(int) => SpanValue::Int(int),
        Scalar::Float(float) => SpanValue::Float(float),
        Scalar::Bool(bool) => SpanValue::Bool(bool),
    };
    match value {
        AttributeValue::Text(text) => vec![SpanValue::Text(text.into())],
        AttributeValue::Int(int) => vec![SpanValue::Int(int)],
        AttributeValue::Float(float) => vec![SpanValue::Float(float)],
        AttributeValue::Bool(bool) => vec![SpanValue::Bool(bool)],
        AttributeValue::Array(values) => values.into_iter().map(scalar).collect(),
    }
}

/// Whether a value meets a condition other than [`Compare::Absent`].
fn meets(compare: &Compare, value: &SpanValue) -> bool {
    let against = |than: &SpanValue| match (value, than) {
        (SpanValue::Text(a), SpanValue::Text(b)) => Some(a.cmp(b)),
        (SpanValue::Int(a), SpanValue::Int(b)) => Some(a.cmp(b)),
        (SpanValue::Int(a), SpanValue::Float(b)) => (*a as f64).partial_cmp(b),
        (SpanValue::Float(a), SpanValue::Int(b)) => a.partial_cmp(&(*b as f64)),
        (SpanValue::Float(a), SpanValue::Float(b)) => a.partial_cmp(b),
        (SpanValue::Bool(a), SpanValue::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let number = |value: &SpanValue| matches!(value, SpanValue::Int(_) | SpanValue::Float(_));
    match compare {
        Compare::Eq(than) => against(than) == Some(Ordering::Equal),
        // What is no number differs from every number.
        Compare::Ne(than) => against(than).map_or(number(value) && number(than), Ordering::is_ne),
        Compare::Gt(than) => against(than) == Some(Ordering::Greater),
        Compare::Ge(than) => against(than).is_some_and(Ordering::is_ge),
        Compare::Lt(than) => against(than) == Some(Ordering::Less),
        Compare::Le(than) => against(than).is_some_and(Ordering::is_le),
        Compare::Matches(regex) => matches!(value, SpanValue::Text(text) if regex.is_match(text)),
        Compare::MatchesNot(regex) => matches!(value, SpanValue::Text(text) if !regex.is_match(text)),
        Compare::Exists => true,
        Compare::Absent => false,
    }
}
