//! A store of spans beside a plain set of spans that says what it should hold.

use super::faults::Promise;
use super::{DAY_NS, NOW_NS, Random, SECOND_NS, with_limits};
use phoenix_env::objects::SharedObjects;
use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, TraceLake};
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{
    ColumnValues, Intrinsic, Scope, SpanBatch, SpanColumn, SpanField, SpanId, SpanKind, SpanPredicate, SpanRecord, SpanRows, SpanSelect,
    SpanStats, SpanStatus, SpanTime, SpanValue, SpanVisitor, TraceId, TraceWrite,
};
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub const SPANS_DIR: &str = "/data/traces";

/// A span as it goes in, and as it is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub trace: u64,
    pub id: u64,
    /// 0 for a root.
    pub parent: u64,
    pub start_ns: i64,
    pub duration_ns: i64,
    pub service: u64,
    pub name: String,
    pub status: u8,
    pub text: String,
}

/// A trace as a reader is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub start_ns: i64,
    pub duration_ns: i64,
    pub root_service: String,
    pub root_name: String,
}

pub fn trace_id(number: u64) -> TraceId {
    // As random as real ones: the number alone would stand in the last bytes.
    let mut random = Random(number);
    let (a, b) = (random.next(), random.next());
    TraceId([a.to_be_bytes(), b.to_be_bytes()].concat().try_into().unwrap())
}

fn span_id(number: u64) -> SpanId {
    SpanId(number.to_be_bytes())
}

pub fn to_write(spans: &[Span]) -> TraceWrite {
    let mut write = TraceWrite::default();
    let scope = write.add_scope("lib", "1", "", 0, |_| ());
    for span in spans {
        let resource = write.add_resource("", 0, |attributes| attributes.text("service.name", &format!("service-{}", span.service)));
        let fixed = SpanRecord {
            trace_id: trace_id(span.trace),
            span_id: span_id(span.id),
            parent_id: span_id(span.parent),
            start_ns: span.start_ns,
            duration_ns: span.duration_ns,
            kind: SpanKind::Server,
            status: SpanStatus::ALL[usize::from(span.status)],
            ..SpanRecord::default()
        };
        write.begin_span(resource, scope, fixed, &span.name);
        write.set_attributes(|attributes| attributes.text("text", &span.text));
    }
    write
}

pub fn span_options() -> LakeOptions {
    let mut options = LakeOptions::traces(SPANS_DIR);
    options.memtable_bytes = 64 << 10;
    options.busy_wait = Duration::ZERO;
    options.retention.default = None;
    options.compaction.fan_in = 4;
    options.compaction.quiet_for = Duration::ZERO;
    options
}

pub fn open_spans(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions, objects: SharedObjects) -> Result<TraceLake, LakeError> {
    let disk: SharedDisk = Arc::new(disk.clone());
    TraceLake::open(options, disk, objects, clock.clone(), &mut Registry::default())
}

pub fn write_spans(store: &TraceLake, spans: &[Span]) -> Result<(), LakeError> {
    store.write(&to_write(spans)).map(|_| ())
}

/// What readers are given: each trace with all of its spans.
#[derive(Default)]
pub struct Found {
    /// By number, as `numbers` tells it.
    pub traces: Vec<(TraceId, Told, Vec<Span>)>,
}

const LEFT: usize = 6;

fn columns() -> Vec<SpanField> {
    let intrinsics = [
        Intrinsic::SpanId,
        Intrinsic::ParentId,
        Intrinsic::Start,
        Intrinsic::Duration,
        Intrinsic::Name,
        Intrinsic::Status,
        Intrinsic::NestedSetLeft,
        Intrinsic::NestedSetRight,
        Intrinsic::NestedSetParent,
    ];
    let mut columns: Vec<SpanField> = intrinsics.into_iter().map(SpanField::Intrinsic).collect();
    columns.push(SpanField::Attribute(Scope::Resource, "service.name".into()));
    columns.push(SpanField::Attribute(Scope::Span, "text".into()));
    columns
}

fn value(column: &SpanColumn<'_>, row: usize) -> Option<SpanValue> {
    let at = match column.ends {
        None => row,
        Some(ends) => {
            let from = if row == 0 { 0 } else { ends[row - 1] };
            assert_eq!(ends[row] - from, 1, "one value");
            from as usize
        }
    };
    match column.values {
        ColumnValues::Absent => None,
        ColumnValues::Coded(codes, _) if codes[at] == ColumnValues::ABSENT => None,
        ColumnValues::Coded(codes, dictionary) => Some(dictionary[codes[at] as usize].clone()),
        ColumnValues::Ints(values, absent) => (!absent.get(at).copied().unwrap_or(false)).then(|| SpanValue::Int(values[at])),
        ColumnValues::Floats(values, absent) => (!absent.get(at).copied().unwrap_or(false)).then(|| SpanValue::Float(values[at])),
        ColumnValues::Ids(_) => panic!("ids are asked for as ids"),
    }
}

fn id(column: &SpanColumn<'_>, row: usize) -> u64 {
    let ColumnValues::Ids(ids) = column.values else { panic!("ids, not {:?}", column.values) };
    u64::from_be_bytes(ids[row].0)
}

fn int(column: &SpanColumn<'_>, row: usize) -> i64 {
    match value(column, row) {
        Some(SpanValue::Int(int)) => int,
        other => panic!("a whole number, not {other:?}"),
    }
}

fn text(column: &SpanColumn<'_>, row: usize) -> String {
    match value(column, row) {
        Some(SpanValue::Text(text)) => text.to_string(),
        other => panic!("a text, not {other:?}"),
    }
}

impl SpanVisitor for Found {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        assert_eq!(batch.columns.len(), columns().len());
        let columns = batch.columns;
        for trace in batch.traces {
            let told = Told {
                start_ns: trace.start_ns,
                duration_ns: trace.duration_ns,
                root_service: trace.root_service.to_owned(),
                root_name: trace.root_name.to_owned(),
            };
            let mut spans = Vec::new();
            let mut lefts = BTreeMap::new();
            let mut nesting = Vec::new();
            for row in trace.rows.start as usize..trace.rows.end as usize {
                let number = |column: usize| int(&columns[column], row);
                let span = Span {
                    trace: 0,
                    id: id(&columns[0], row),
                    parent: id(&columns[1], row),
                    start_ns: number(2),
                    duration_ns: number(3),
                    name: text(&columns[4], row),
                    status: u8::try_from(number(5)).unwrap(),
                    service: text(&columns[9], row).strip_prefix("service-").unwrap().parse().unwrap(),
                    text: text(&columns[10], row),
                };
                lefts.insert(span.id, number(LEFT));
                nesting.push((span.id, span.parent, number(LEFT), number(LEFT + 1), number(LEFT + 2)));
                spans.push(span);
            }
            check_nesting(&nesting, &lefts);
            spans.sort();
            self.traces.push((trace.id, told, spans));
        }
        Ok(())
    }
}

/// A root's parent is -1, a parent that is not there is 0, and else it is the parent's left, within whose numbers the span lies.
fn check_nesting(nesting: &[(u64, u64, i64, i64, i64)], lefts: &BTreeMap<u64, i64>) {
    assert!(nesting.is_sorted_by_key(|row| row.2), "rows are in the order of nested sets: {nesting:?}");
    let rights: BTreeMap<u64, i64> = nesting.iter().map(|row| (row.0, row.3)).collect();
    for (span, parent, left, right, above) in nesting {
        match (parent, lefts.get(parent)) {
            (0, _) => assert_eq!(*above, -1, "{span:x} is a root: {nesting:?}"),
            (_, None) => assert_eq!(*above, 0, "the parent of {span:x} is missing: {nesting:?}"),
            (_, Some(of_parent)) => {
                assert_eq!(above, of_parent, "the parent of {span:x}: {nesting:?}");
                // Below a parent that is missing there are no numbers.
                assert!(*left == 0 || (of_parent < left && right < &rights[parent]), "{span:x} lies within its parent: {nesting:?}");
            }
        }
    }
}

pub fn everything(columns: &[SpanField]) -> SpanSelect<'_> {
    SpanSelect {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        time: SpanTime::Trace,
        required: &[],
        rows: SpanRows::WholeTraces,
        columns,
        services: false,
        roots: true,
    }
}

/// Reads with two visitors; all traces, each of which must have come once.
pub fn read_with(
    store: &TraceLake,
    limits: &ReadLimits<'_>,
    range: (i64, i64),
    required: &[SpanPredicate],
) -> Result<(Found, SpanStats), ReadError> {
    let columns = columns();
    let select = SpanSelect { start_ns: range.0, end_ns: range.1, required, ..everything(&columns) };
    let (mut first, mut second) = (Found::default(), Found::default());
    let stats = store.read(&select, limits, &mut [&mut first, &mut second])?;
    first.traces.append(&mut second.traces);
    let ids: BTreeSet<TraceId> = first.traces.iter().map(|trace| trace.0).collect();
    assert_eq!(ids.len(), first.traces.len(), "a trace came twice");
    Ok((first, stats))
}

pub fn read_spans(store: &TraceLake) -> Result<Found, ReadError> {
    Ok(with_limits(|limits| read_with(store, limits, (i64::MIN, i64::MAX), &[]))?.0)
}

pub fn read_trace(store: &TraceLake, number: u64) -> Result<Vec<Span>, ReadError> {
    let write = with_limits(|limits| store.trace(trace_id(number), None, limits))?;
    let mut spans: Vec<Span> = write
        .spans()
        .map(|span| Span {
            trace: number,
            id: u64::from_be_bytes(span.fixed.span_id.0),
            parent: u64::from_be_bytes(span.fixed.parent_id.0),
            start_ns: span.fixed.start_ns,
            duration_ns: span.fixed.duration_ns,
            service: write.resource(span.resource).service().strip_prefix("service-").unwrap().parse().unwrap(),
            name: span.name.to_owned(),
            status: span.fixed.status as u8,
            text: span.attributes.text("text").unwrap().to_owned(),
        })
        .collect();
    spans.sort();
    Ok(spans)
}

/// Checks that a store holds what was promised, as whole traces.
pub fn check_spans(promise: &Promise<Span>, store: &TraceLake, context: &str) {
    let found = read_spans(store).unwrap_or_else(|error| panic!("{context}: {error}"));
    let of_id: BTreeMap<TraceId, u64> =
        promise.acknowledged.iter().chain(&promise.unknown).map(|span| (trace_id(span.trace), span.trace)).collect();
    let mut held = BTreeSet::new();
    for (id, told, spans) in found.traces {
        let number = *of_id.get(&id).unwrap_or_else(|| panic!("{context}: trace {id} is invented"));
        let spans: Vec<Span> = spans.into_iter().map(|span| Span { trace: number, ..span }).collect();
        let start_ns = spans.iter().map(|span| span.start_ns).min().unwrap();
        let end_ns = spans.iter().map(|span| span.start_ns + span.duration_ns).max().unwrap();
        assert_eq!((told.start_ns, told.duration_ns), (start_ns, end_ns - start_ns), "{context}: trace {number}: {spans:?}");
        let root = spans.iter().find(|span| span.parent == 0);
        if let Some(root) = root {
            let told = (told.root_service.as_str(), told.root_name.as_str());
            assert_eq!(told, (format!("service-{}", root.service).as_str(), root.name.as_str()), "{context}: trace {number}");
        }
        for span in spans {
            assert!(held.insert(span.clone()), "{context}: {span:?} is there twice");
        }
    }
    promise.check_held(&held, context);
    // By id there must be the same.
    for number in held.iter().map(|span| span.trace).collect::<BTreeSet<_>>().into_iter().step_by(7) {
        let want: Vec<&Span> = held.iter().filter(|span| span.trace == number).collect();
        let got = read_trace(store, number).unwrap();
        assert_eq!(got.iter().collect::<Vec<_>>(), want, "{context}: trace {number} by id");
    }
}

/// Makes spans, none like another. Traces go on in later batches, some of them days later.
pub struct Spans {
    pub random: Random,
    /// Traces with their latest spans.
    traces: Vec<(u64, Vec<u64>)>,
}

impl Spans {
    pub fn new(seed: u64) -> Self {
        Self { random: Random(seed), traces: Vec::new() }
    }

    pub fn batch(&mut self, now_ns: i64) -> Vec<Span> {
        let count = 1 + self.random.below(12);
        (0..count).map(|_| self.span(now_ns)).collect()
    }

    fn span(&mut self, now_ns: i64) -> Span {
        let random = &mut self.random;
        let known = self.traces.len() as u64;
        // Mostly one of the latest traces.
        let at = match random.below(10) {
            0..3 => known,
            9 if known > 0 => random.below(known),
            _ => known.saturating_sub(1 + random.below(8)),
        } as usize;
        let span = random.next() | 1;
        let is_new = at == self.traces.len();
        if is_new {
            self.traces.push((random.next(), Vec::new()));
        }
        let (trace, spans) = &mut self.traces[at];
        let parent = match random.below(8) {
            // The root need not come first; its id is the trace's number.
            _ if spans.is_empty() => *trace | 1,
            0 => random.next() | 1,
            _ => spans[random.below(spans.len() as u64) as usize],
        };
        let is_root = !spans.contains(&(*trace | 1)) && !is_new && random.below(4) == 0;
        let (span, parent) = if is_root { (*trace | 1, 0) } else { (span, parent) };
        spans.push(span);
        let back = if random.below(20) == 0 { random.below(3 * DAY_NS as u64) } else { random.below(90 * SECOND_NS as u64) };
        Span {
            trace: *trace,
            id: span,
            parent,
            start_ns: now_ns - back as i64,
            duration_ns: random.below(5 * SECOND_NS as u64) as i64,
            service: random.below(5),
            name: format!("GET /{}", random.below(9)),
            status: random.below(3) as u8,
            text: format!("{:x} {}", random.next(), "x".repeat(random.below(60) as usize)),
        }
    }
}

/// A trace of its own with so many spans, all at `start_ns`.
pub fn wide_trace(trace: u64, spans: std::ops::Range<u64>, start_ns: i64) -> Vec<Span> {
    let span = |number: u64| Span {
        trace,
        id: number + 1,
        parent: u64::from(number != 0),
        start_ns: start_ns + number as i64,
        duration_ns: 1000,
        service: number % 3,
        name: "work".into(),
        status: 0,
        text: format!("{number}"),
    };
    spans.map(span).collect()
}

pub const LATER_NS: i64 = NOW_NS + SECOND_NS;
