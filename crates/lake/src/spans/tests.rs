//! Spans against what was written, wherever they lie.

mod damage;
mod large;
mod peers;
mod reading;
mod spans;

use super::*;
use crate::segment::{PageCache, SegmentError, SegmentInfo};
use hashbrown::DefaultHashBuilder;
use phoenix_env::SimDisk;
use phoenix_env::objects::{FolderObjects, SharedObjects};
use phoenix_model::Budget;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{
    Intrinsic, SpanBatch, SpanField, SpanId, SpanKind, SpanRows, SpanSelect, SpanTime, SpanValue, SpanVisitor, TraceId, TraceWrite,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Everything of a span, so that two can be compared.
type Whole = (TraceId, i64, SpanId, String);

fn whole(write: &TraceWrite) -> Vec<Whole> {
    let describe = |span: phoenix_model::traces::SpanRef<'_>| {
        let text = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            span.fixed,
            write.resource(span.resource),
            write.scope(span.scope),
            span.name,
            span.status_message,
            span.trace_state,
            span.attributes.as_bytes(),
            span.events.as_bytes(),
            span.links.as_bytes(),
        );
        (span.fixed.trace_id, span.fixed.start_ns, span.fixed.span_id, text)
    };
    let mut all: Vec<Whole> = write.spans().map(describe).collect();
    all.sort();
    all
}

/// Spans of which each comes once, as a store keeps them: the first one stays.
fn once<'w>(writes: impl IntoIterator<Item = &'w TraceWrite>) -> TraceWrite {
    let mut seen = BTreeSet::new();
    let mut kept = TraceWrite::default();
    for write in writes {
        for span in write.spans() {
            let fixed = span.fixed;
            if seen.insert((fixed.trace_id, fixed.span_id, fixed.start_ns, fixed.kind)) {
                let resource = kept.copy_resource(&write.resource(span.resource));
                let scope = kept.copy_scope(&write.scope(span.scope));
                kept.copy_span(resource, scope, &span);
            }
        }
    }
    kept
}

fn by_trace(write: &TraceWrite) -> BTreeMap<TraceId, Vec<Whole>> {
    let mut traces: BTreeMap<TraceId, Vec<Whole>> = BTreeMap::new();
    for span in whole(write) {
        traces.entry(span.0).or_default().push(span);
    }
    traces
}

/// Segments and memtables as a store would have them.
struct Place {
    disk: SimDisk,
    objects: SharedObjects,
    cache: Arc<PageCache>,
    options: SpanSegmentOptions,
    segments: Vec<SpanSegment>,
    memory: SpanMemtable,
    next: usize,
}

impl Place {
    fn new(options: SpanSegmentOptions) -> Self {
        let disk = SimDisk::new(1);
        let objects: SharedObjects = Arc::new(FolderObjects::open(Arc::new(disk.clone()), "/objects").unwrap());
        Self {
            disk,
            objects,
            cache: Arc::new(PageCache::new(8 << 20)),
            options,
            segments: Vec::new(),
            memory: SpanMemtable::new(DefaultHashBuilder::default(), None),
            next: 0,
        }
    }

    fn small() -> Self {
        Self::new(SpanSegmentOptions { page_rows: 16, row_group_pages: 2, ..SpanSegmentOptions::default() })
    }

    fn insert(&mut self, write: &TraceWrite) -> SpansInserted {
        self.memory.insert(write, i64::MIN, Duration::ZERO)
    }

    fn open(&mut self, info: &SegmentInfo) {
        self.segments.push(SpanSegment::open(&self.objects, "p", info, &self.cache).unwrap());
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("{:04}", self.next)
    }

    fn flush(&mut self) {
        let mut memory = std::mem::replace(&mut self.memory, SpanMemtable::new(DefaultHashBuilder::default(), None));
        memory.close();
        let flush = SpanFlush::new(&memory.closed_view(), 4);
        let mut infos = Vec::new();
        for partition in 0..flush.partitions().len() {
            let id = self.id();
            let target = SpanTarget { objects: &self.objects, prefix: "p", id: &id, options: &self.options };
            let segments = &self.segments;
            let mut elsewhere = |id| Ok(segments.iter().any(|segment| segment.may_hold(id).unwrap()));
            infos.extend(flush.write(partition, &target, i64::MIN, &mut elsewhere).unwrap());
        }
        for info in &infos {
            self.open(info);
        }
    }

    /// Merges some of the segments.
    fn merge(&mut self, count: usize) -> Result<(), SegmentError> {
        let id = self.id();
        let (inputs, others) = self.segments.split_at(count.min(self.segments.len()));
        let target = SpanTarget { objects: &self.objects, prefix: "p", id: &id, options: &self.options };
        let mut elsewhere = |id| Ok(others.iter().any(|segment| segment.may_hold(id).unwrap()));
        let inputs: Vec<&SpanSegment> = inputs.iter().collect();
        let merged = merge_spans(&inputs, &target, i64::MIN, &mut elsewhere, &mut || true)?;
        let count = inputs.len();
        self.segments.drain(..count);
        if let SpanMerged::Segment(info) = merged {
            let merged = SpanSegment::open(&self.objects, "p", &info, &self.cache).unwrap();
            self.segments.insert(0, merged);
        }
        Ok(())
    }

    fn scene<T>(&mut self, read: impl FnOnce(&SpanScene<'_>) -> T) -> T {
        let memory = vec![self.memory.view()];
        read(&SpanScene { memory, segments: self.segments.iter().collect(), cutoff_ns: i64::MIN })
    }

    fn trace(&mut self, id: TraceId) -> TraceWrite {
        self.scene(|scene| scene.trace(id, None, &limits(&Budget::unlimited()))).unwrap()
    }

    /// What a read gives: for each trace its spans in order.
    fn read(&mut self, select: &SpanSelect<'_>) -> BTreeMap<TraceId, Vec<SpanId>> {
        assert_eq!(select.columns[0], SpanField::Intrinsic(Intrinsic::SpanId));
        let mut visitors = [Collected::default(), Collected::default()];
        let [a, b] = &mut visitors;
        let outcome = self.scene(|scene| scene.read(select, &limits(&Budget::unlimited()), &mut [a, b]));
        outcome.unwrap();
        let mut traces = BTreeMap::new();
        for (id, spans) in visitors.into_iter().flat_map(|visitor| visitor.traces) {
            assert!(traces.insert(id, spans).is_none(), "{id} was given twice");
        }
        traces
    }
}

fn limits(budget: &Budget) -> ReadLimits<'_> {
    ReadLimits { budget, cancelled: &|| false, max_bytes: u64::MAX }
}

#[derive(Default)]
struct Collected {
    traces: Vec<(TraceId, Vec<SpanId>)>,
    /// Start, duration, root's service and name.
    facts: BTreeMap<TraceId, (i64, i64, String, String)>,
}

impl SpanVisitor for Collected {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        let phoenix_model::traces::ColumnValues::Ids(ids) = batch.columns[0].values else { panic!("the first column holds ids") };
        assert_eq!(ids.len(), batch.rows);
        for trace in batch.traces {
            let rows = trace.rows.start as usize..trace.rows.end as usize;
            self.traces.push((trace.id, ids[rows].to_vec()));
            let facts = (trace.start_ns, trace.duration_ns, trace.root_service.to_owned(), trace.root_name.to_owned());
            self.facts.insert(trace.id, facts);
        }
        Ok(())
    }
}
