//! Spans as rows: those in memory, and those of traces that were put together from several places.

use super::column::{ABSENT, Column, ColumnBuilder, Piece, Values, each_value};
use super::nesting::{Link, MISSING, NestedSets, Nesting, ROOT};
use hashbrown::HashMap;
use phoenix_model::logs::ReadError;
use phoenix_model::traces::{Attributes, Intrinsic, Scope, SpanField, SpanId, SpanRef, SpanValue, TraceId, TraceWrite, sampling_weight};
use std::ops::Range;
use std::sync::Arc;

/// Spans that are read together: whole traces, each with its rows in the order of nested sets.
pub(super) trait Unit {
    /// The number of spans.
    fn rows(&self) -> usize;

    /// The traces, whose rows follow each other; with their roots, if these are wanted.
    fn traces(&mut self, roots: bool) -> Result<&Traces, ReadError>;

    /// How many traces there are, without reading them.
    fn trace_count(&self) -> u64;

    /// Reads a column.
    fn load(&mut self, field: &SpanField) -> Result<Column, ReadError>;
}

/// The traces of a unit.
#[derive(Debug)]
pub(super) struct Traces {
    pub facts: Vec<TraceFacts>,
    /// Services and names of the roots, if they were read.
    pub roots: Option<[TraceTexts; 2]>,
}

/// A text for each trace.
#[derive(Debug)]
pub(super) struct TraceTexts {
    /// Places in the dictionary; [`ABSENT`] without a root.
    pub codes: Vec<u32>,
    pub values: Arc<[SpanValue]>,
}

/// What is known of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraceFacts {
    pub id: TraceId,
    pub rows: Range<u32>,
    pub start_ns: i64,
    pub duration_ns: i64,
}

impl TraceTexts {
    /// The text of a trace; empty if it has none.
    pub(super) fn get(&self, number: usize) -> &str {
        match self.values.get(self.codes[number] as usize) {
            Some(SpanValue::Text(text)) => text,
            _ => "",
        }
    }
}

impl Traces {
    /// A column with a value for each trace, as one for each row.
    fn spread<T: Copy>(&self, values: impl Iterator<Item = T>) -> Vec<T> {
        let rows = self.facts.last().map_or(0, |facts| facts.rows.end as usize);
        let mut spread = Vec::with_capacity(rows);
        for (facts, value) in self.facts.iter().zip(values) {
            spread.resize(facts.rows.end as usize, value);
        }
        spread
    }

    /// The columns that say something of whole traces; roots must have been read.
    pub(super) fn column(&self, intrinsic: Intrinsic) -> Option<Column> {
        let of_root = |which: usize| match &self.roots {
            Some(roots) => Values::Coded(self.spread(roots[which].codes.iter().copied()), Arc::clone(&roots[which].values)),
            None => Values::Absent,
        };
        Some(Column::of(match intrinsic {
            Intrinsic::TraceDuration => Values::Ints(self.spread(self.facts.iter().map(|facts| facts.duration_ns)), Vec::new()),
            Intrinsic::RootService => of_root(0),
            Intrinsic::RootName => of_root(1),
            Intrinsic::TraceId => {
                let mut builder = ColumnBuilder::default();
                for facts in &self.facts {
                    let code = builder.code(Piece::Text(&facts.id.to_string()));
                    for _ in facts.rows.clone() {
                        builder.push_codes(&[code]);
                        builder.end_row();
                    }
                }
                return Some(builder.finish());
            }
            _ => return None,
        }))
    }
}

/// Where a span stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub block: u32,
    pub row: u32,
}

/// The order of some traces.
#[derive(Debug)]
pub(super) struct Arranged {
    pub at: Vec<At>,
    /// See [`Nesting::distances`].
    pub distances: Vec<i64>,
    pub traces: Traces,
}

/// First start and last end.
pub(super) fn extent(spans: impl Iterator<Item = (i64, i64)>) -> (i64, i64) {
    spans.fold((i64::MAX, i64::MIN), |(first, last), (start_ns, duration_ns)| {
        (first.min(start_ns), last.max(start_ns.saturating_add(duration_ns)))
    })
}

pub(super) fn link(blocks: &[Arc<TraceWrite>], at: At) -> Link {
    let fixed = blocks[at.block as usize].fixed(at.row as usize);
    Link { id: fixed.span_id, parent: fixed.parent_id, start_ns: fixed.start_ns, kind: fixed.kind }
}

impl Arranged {
    /// Arranges traces; each comes with the places of its spans, without duplicates.
    pub(super) fn new<'t>(blocks: &[Arc<TraceWrite>], traces: impl Iterator<Item = (TraceId, &'t [At])>) -> Self {
        let mut nesting = Nesting::default();
        let mut links = Vec::new();
        let (mut at, mut distances, mut facts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut services, mut names) = (ColumnBuilder::default(), ColumnBuilder::default());
        let (mut root_services, mut root_names) = (Vec::new(), Vec::new());
        for (id, spans) in traces.filter(|(_, spans)| !spans.is_empty()) {
            links.clear();
            links.extend(spans.iter().map(|at| link(blocks, *at)));
            nesting.arrange(&links);
            let start = at.len() as u32;
            at.extend(nesting.order.iter().map(|number| spans[*number as usize]));
            distances.extend_from_slice(&nesting.distances);
            let (start_ns, end_ns) = extent(spans.iter().map(|at| {
                let fixed = blocks[at.block as usize].fixed(at.row as usize);
                (fixed.start_ns, fixed.duration_ns)
            }));
            let (mut root_service, mut root_name) = (ABSENT, ABSENT);
            if nesting.distances[0] == ROOT {
                let first = at[start as usize];
                let write = &blocks[first.block as usize];
                let span = write.span(first.row as usize);
                root_name = names.code(Piece::Text(span.name));
                root_service = services.code(Piece::Text(write.resource(span.resource).service()));
            }
            root_services.push(root_service);
            root_names.push(root_name);
            facts.push(TraceFacts { id, rows: start..at.len() as u32, start_ns, duration_ns: end_ns.saturating_sub(start_ns) });
        }
        let roots = [(root_services, services), (root_names, names)];
        let roots = roots.map(|(codes, builder)| TraceTexts { codes, values: builder.into_dictionary() });
        Self { at, distances, traces: Traces { facts, roots: Some(roots) } }
    }

    /// About the memory that it takes.
    pub(super) fn size_bytes(&self) -> usize {
        self.at.len() * (size_of::<At>() + 8) + self.traces.facts.len() * size_of::<TraceFacts>()
    }
}

/// Arranged traces with the blocks in which their spans stand.
pub(super) struct RowUnit<'a> {
    blocks: &'a [Arc<TraceWrite>],
    arranged: &'a Arranged,
    nested: Option<NestedSets>,
}

impl<'a> RowUnit<'a> {
    pub(super) fn new(blocks: &'a [Arc<TraceWrite>], arranged: &'a Arranged) -> Self {
        Self { blocks, arranged, nested: None }
    }

    fn fixed<T>(&self, value: impl Fn(&phoenix_model::traces::SpanRecord) -> T) -> Vec<T> {
        self.arranged.at.iter().map(|at| value(self.blocks[at.block as usize].fixed(at.row as usize))).collect()
    }

    /// A column of what each span says.
    fn each(&self, mut builder: ColumnBuilder, mut push: impl FnMut(&mut ColumnBuilder, &SpanRef<'_>)) -> Column {
        for at in &self.arranged.at {
            push(&mut builder, &self.blocks[at.block as usize].span(at.row as usize));
            builder.end_row();
        }
        builder.finish()
    }

    /// A column of what resources or scopes say, looked at once in each block.
    fn shared(&self, number: impl Fn(&SpanRef<'_>) -> usize, push: impl Fn(&TraceWrite, usize, &mut dyn FnMut(Piece<'_>))) -> Column {
        let mut builder = ColumnBuilder::default();
        let mut known: HashMap<(u32, usize), Vec<u32>> = HashMap::new();
        for at in &self.arranged.at {
            let write = &self.blocks[at.block as usize];
            let number = number(&write.span(at.row as usize));
            let codes = known.entry((at.block, number)).or_insert_with(|| {
                let mut codes = Vec::new();
                push(write, number, &mut |piece| codes.push(builder.code(piece)));
                codes
            });
            builder.push_codes(codes);
            builder.end_row();
        }
        builder.finish()
    }

    fn nested(&mut self) -> &NestedSets {
        let arranged = self.arranged;
        self.nested.get_or_insert_with(|| nested_sets(&arranged.traces, &arranged.distances))
    }

    fn intrinsic(&mut self, intrinsic: Intrinsic) -> Column {
        if let Some(column) = self.arranged.traces.column(intrinsic) {
            return column;
        }
        match intrinsic {
            Intrinsic::SpanId => Column::of(Values::Ids(self.fixed(|span| span.span_id))),
            Intrinsic::ParentId => Column::of(Values::Ids(self.fixed(|span| span.parent_id))),
            Intrinsic::Start => Column::ints(self.fixed(|span| span.start_ns)),
            Intrinsic::Duration => Column::ints(self.fixed(|span| span.duration_ns)),
            Intrinsic::Kind => Column::of(Values::Coded(self.fixed(|span| span.kind as u32), numbers(6))),
            Intrinsic::Status => Column::of(Values::Coded(self.fixed(|span| span.status as u32), numbers(3))),
            Intrinsic::Name => self.each(ColumnBuilder::default(), |builder, span| builder.push(Piece::Text(span.name))),
            Intrinsic::StatusMessage => self.each(ColumnBuilder::default(), |builder, span| builder.push(Piece::Text(span.status_message))),
            Intrinsic::Weight => {
                self.each(ColumnBuilder::default(), |builder, span| builder.push(Piece::Float(sampling_weight(span.trace_state))))
            }
            Intrinsic::NestedSetLeft => Column::ints(self.nested().left.clone()),
            Intrinsic::NestedSetRight => Column::ints(self.nested().right.clone()),
            Intrinsic::NestedSetParent => Column::ints(self.nested().parent.clone()),
            Intrinsic::ChildCount => Column::ints(self.nested().children.clone()),
            Intrinsic::ScopeName => self.shared(|span| span.scope, |write, number, push| push(Piece::Text(write.scope(number).name))),
            Intrinsic::ScopeVersion => self.shared(|span| span.scope, |write, number, push| push(Piece::Text(write.scope(number).version))),
            list => self.each(ColumnBuilder::lists(), |builder, span| push_list(list, span, &mut |piece| builder.push(piece))),
        }
    }

    fn attribute(&self, scope: Scope, key: &str) -> Column {
        match scope {
            Scope::Resource => {
                self.shared(|span| span.resource, |write, number, push| push_attribute(write.resource(number).attributes, key, push))
            }
            Scope::Instrumentation => {
                self.shared(|span| span.scope, |write, number, push| push_attribute(write.scope(number).attributes, key, push))
            }
            Scope::Span => self.each(ColumnBuilder::default(), |builder, span| {
                push_attribute(span.attributes, key, &mut |piece| builder.push(piece));
            }),
            scope => self.each(ColumnBuilder::lists(), |builder, span| push_inner(scope, key, span, &mut |piece| builder.push(piece))),
        }
    }
}

impl Unit for RowUnit<'_> {
    fn rows(&self) -> usize {
        self.arranged.at.len()
    }

    fn traces(&mut self, _: bool) -> Result<&Traces, ReadError> {
        Ok(&self.arranged.traces)
    }

    fn trace_count(&self) -> u64 {
        self.arranged.traces.facts.len() as u64
    }

    fn load(&mut self, field: &SpanField) -> Result<Column, ReadError> {
        Ok(match field {
            SpanField::Intrinsic(intrinsic) => self.intrinsic(*intrinsic),
            SpanField::Attribute(scope, key) => self.attribute(*scope, key),
        })
    }
}

/// The nested sets of all traces of a unit.
pub(super) fn nested_sets(traces: &Traces, distances: &[i64]) -> NestedSets {
    let mut nested = NestedSets::default();
    for facts in &traces.facts {
        nested.add(&distances[facts.rows.start as usize..facts.rows.end as usize]);
    }
    nested
}

/// A dictionary of the first whole numbers.
pub(super) fn numbers(count: i64) -> Arc<[SpanValue]> {
    (0..count).map(SpanValue::Int).collect()
}

/// The values of an attribute, if it is there.
pub(super) fn push_attribute(attributes: Attributes<'_>, key: &str, push: &mut dyn FnMut(Piece<'_>)) {
    if let Some(value) = attributes.get(key) {
        each_value(&value, push);
    }
}

/// The values of an attribute of a span's events or links.
pub(super) fn push_inner(scope: Scope, key: &str, span: &SpanRef<'_>, push: &mut dyn FnMut(Piece<'_>)) {
    if scope == Scope::Event {
        span.events.iter().for_each(|event| push_attribute(event.attributes, key, push));
    } else {
        span.links.iter().for_each(|link| push_attribute(link.attributes, key, push));
    }
}

/// What the events and links of a span say without being attributes.
pub(super) fn push_list(list: Intrinsic, span: &SpanRef<'_>, push: &mut dyn FnMut(Piece<'_>)) {
    match list {
        Intrinsic::EventName => span.events.iter().for_each(|event| push(Piece::Text(event.name))),
        Intrinsic::EventTimeSinceStart => {
            span.events.iter().for_each(|event| push(Piece::Int(event.time_ns.saturating_sub(span.fixed.start_ns))));
        }
        Intrinsic::LinkTraceId => span.links.iter().for_each(|link| push(Piece::Text(&link.trace_id.to_string()))),
        Intrinsic::LinkSpanId => span.links.iter().for_each(|link| push(Piece::Text(&link.span_id.to_string()))),
        _ => {}
    }
}

/// The parents' ids of rows, from distances; `missing` gives those of parents that are not there.
pub(super) fn parent_ids(traces: &Traces, distances: &[i64], ids: &[SpanId], missing: impl Fn(usize) -> SpanId) -> Vec<SpanId> {
    let mut parents = Vec::with_capacity(ids.len());
    for facts in &traces.facts {
        for row in facts.rows.clone() {
            let row = row as usize;
            let inside = |row: &i64| i64::from(facts.rows.start) <= *row && *row < i64::from(facts.rows.end);
            parents.push(match distances[row] {
                ROOT => SpanId::NONE,
                MISSING => missing(row),
                distance => (row as i64).checked_sub(distance).filter(inside).map_or(SpanId::NONE, |above| ids[above as usize]),
            });
        }
    }
    parents
}
