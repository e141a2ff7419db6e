//! Spans as what a store holds.
//!
//! A span is past its retention when it ended before that; segments are kept by the UTC day of a
//! trace's first span, and go as wholes. What a trace that lies in several places asks for is said
//! in [`crate::spans`]; the store's part is to tell the writer of a segment which traces other
//! segments may hold ([`elsewhere`]).

mod elsewhere;
mod record;

use crate::LakeError;
use crate::compaction::{Merge, Pace};
use crate::memtable::Inserted;
use crate::options::LakeOptions;
use crate::partition::MAX_DAYS;
use crate::retention::{Cutoffs, KeptFrom};
use crate::schema::{Flush, Merged, Schema, Table};
use crate::segment::{PageCache, SegmentError, SegmentInfo};
use crate::spans::{
    SpanFlush, SpanMemtable, SpanMerged, SpanScene, SpanSegment, SpanSegmentOptions, SpanTarget, SpanView, SpansInserted, merge_spans,
};
use crate::store::{Held, Store, View};
use crate::words::Words;
use crate::write::Outcome;
use elsewhere::Elsewhere;
use hashbrown::DefaultHashBuilder;
use phoenix_env::objects::SharedObjects;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{SpanBatch, SpanSelect, SpanStats, SpanVisitor, TagName, TraceId, TraceWrite};
use record::{decode_spans, encode_spans};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The most attributes of spans that get a column of their own in a segment.
const PROMOTED: usize = 64;

/// The store of spans. Of a retention, [`crate::Retention::streams`] plays no part.
pub type TraceLake = Store<Spans>;

/// What the store of spans has beside what every store has.
pub struct Spans {
    hasher: DefaultHashBuilder,
    cache: Arc<PageCache>,
    segment: SpanSegmentOptions,
}

impl Table for SpanMemtable {
    type View = SpanView;

    fn view(&mut self) -> SpanView {
        SpanMemtable::view(self)
    }

    fn closed_view(&self) -> SpanView {
        SpanMemtable::closed_view(self)
    }

    fn close(&mut self) {
        SpanMemtable::close(self);
    }

    fn forget_previous(&mut self) {
        SpanMemtable::forget_previous(self);
    }

    fn bytes(&self) -> u64 {
        SpanMemtable::bytes(self)
    }

    fn rows(&self) -> u64 {
        SpanMemtable::rows(self)
    }

    fn groups(&self) -> u64 {
        self.trace_count() as u64
    }

    fn first_write(&self) -> Option<Duration> {
        SpanMemtable::first_write(self)
    }
}

impl From<SpansInserted> for Inserted {
    fn from(inserted: SpansInserted) -> Self {
        Self { stored: inserted.stored, duplicates: inserted.duplicates, line_bytes: inserted.raw_bytes }
    }
}

impl Schema for Spans {
    const WORDS: Words = Words {
        signal: "traces",
        metrics: "phoenix_traces",
        entries: "spans",
        title: "Spans",
        groups: "traces",
        raw: ("span_bytes", "what the spans hold"),
        selectors: false,
    };

    type Table = SpanMemtable;
    type Segment = SpanSegment;
    type Order = SpanFlush;

    fn new(options: &LakeOptions) -> Self {
        let segment = SpanSegmentOptions {
            page_rows: options.segment.page_rows,
            page_bytes: options.segment.page_bytes,
            row_group_pages: options.segment.row_group_pages,
            zstd_level: options.segment.zstd_level,
            promoted: PROMOTED,
        };
        Self { hasher: DefaultHashBuilder::default(), cache: Arc::new(PageCache::new(options.cache_bytes)), segment }
    }

    fn table(&self, previous: Option<Arc<SpanMemtable>>) -> SpanMemtable {
        SpanMemtable::new(self.hasher.clone(), previous)
    }

    fn replay(&self, payload: &[u8], table: &mut SpanMemtable, now: Duration) -> bool {
        let Some(write) = decode_spans(payload) else { return false };
        table.insert(&write, i64::MIN, now);
        true
    }

    fn open_segment(&self, objects: &SharedObjects, prefix: &str, info: &SegmentInfo) -> Result<SpanSegment, SegmentError> {
        SpanSegment::open(objects, prefix, info, &self.cache)
    }

    fn order(view: &SpanView) -> (Vec<i64>, SpanFlush) {
        let flush = SpanFlush::new(view, MAX_DAYS);
        (flush.partitions().to_vec(), flush)
    }

    fn write_partition(
        store: &TraceLake,
        _view: &SpanView,
        order: &SpanFlush,
        (index, partition): (usize, i64),
        flush: &Flush<'_>,
    ) -> Result<Option<SegmentInfo>, LakeError> {
        let id = store.take_segment_name(partition);
        let segments = Arc::clone(&store.view.read().segments);
        let elsewhere = Elsewhere::ask(segments.iter(), order.ids(index).collect());
        let target = store.span_target(&id);
        Ok(order.write(index, &target, flush.cutoffs.default_ns(), &mut |id| Ok(elsewhere.may_hold(id)))?)
    }

    fn merge(store: &TraceLake, merge: &Merge<'_, Self>, pace: &mut Pace<'_, Self>) -> Result<Merged, LakeError> {
        let mut split = Vec::new();
        for input in merge.inputs {
            split.extend_from_slice(&input.segment.split()?);
        }
        split.sort_unstable();
        split.dedup();
        // Nobody merges beside this, and what is flushed meanwhile is written later and looks at the inputs itself.
        let segments = Arc::clone(&store.view.read().segments);
        let is_input = |held: &&Arc<Held<Self>>| merge.inputs.iter().any(|input| Arc::ptr_eq(input, held));
        let elsewhere = Elsewhere::ask(segments.iter().filter(|held| !is_input(held)), split);
        let inputs: Vec<&SpanSegment> = merge.inputs.iter().map(|held| &held.segment).collect();
        let id = store.take_segment_name(merge.partition);
        let target = store.span_target(&id);
        let cutoff_ns = merge.what.cutoffs.default_ns();
        let mut ask = |id| Ok(elsewhere.may_hold(id));
        Ok(match merge_spans(&inputs, &target, cutoff_ns, &mut ask, &mut || pace.looks_around(store))? {
            SpanMerged::Segment(info) => Merged::Done(Some(info)),
            SpanMerged::Nothing => Merged::Done(None),
            SpanMerged::GivenUp => Merged::GivenUp,
        })
    }

    fn kept_from(_segment: &SpanSegment, at_zero: &Cutoffs<'_>) -> Result<KeptFrom, LakeError> {
        Ok(KeptFrom { earliest: at_zero.default_ns(), latest: at_zero.default_ns() })
    }
}

/// Notes whether its visitor was given something: what it has can't be taken back.
struct Watched<'a> {
    visitor: &'a mut (dyn SpanVisitor + Send),
    given: &'a AtomicBool,
}

impl SpanVisitor for Watched<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.given.store(true, Ordering::Relaxed);
        self.visitor.batch(batch)
    }

    fn bound_ns(&self) -> Option<i64> {
        self.visitor.bound_ns()
    }
}

impl TraceLake {
    /// Stores spans. When it returns, they are durable by the policy of `sync`, and the next read sees
    /// them. A span that is in memory already (same trace, id, start and kind) is not stored again.
    ///
    /// Errors: [`LakeError::Busy`] and [`LakeError::DiskFull`], which pass; [`LakeError::Limit`] for a
    /// batch that is larger than the memtable may ever be. Nothing of the batch was acknowledged;
    /// after an error other than these it may nevertheless be there after a restart.
    pub fn write(&self, write: &TraceWrite) -> Result<Outcome, LakeError> {
        if write.is_empty() {
            return Ok(Outcome::default());
        }
        let cutoff_ns = self.cutoff_ns();
        self.take(
            SpanMemtable::estimate(write),
            |out| encode_spans(write, cutoff_ns, out),
            |table, now| table.insert(write, cutoff_ns, now).into(),
        )
    }

    /// Gives the spans that count to the visitors, each trace once, in one batch, to one of them; with
    /// as many threads as there are visitors. More may be given than was asked for. Later traces come
    /// first where a visitor has a bound. A trace in several places is put together before conditions
    /// decide; what is past its retention is left out, and so are parts in damaged segments beyond the range.
    pub fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError> {
        let given = AtomicBool::new(false);
        let mut watched: Vec<Watched<'_>> = visitors.iter_mut().map(|visitor| Watched { visitor: &mut **visitor, given: &given }).collect();
        let mut visitors: Vec<&mut (dyn SpanVisitor + Send)> = watched.iter_mut().map(|watched| watched as _).collect();
        let can_repeat = || !given.load(Ordering::Relaxed);
        self.with_scene(select.start_ns..select.end_ns, can_repeat, |scene| scene.read(select, limits, &mut visitors))
    }

    /// The spans of a trace by start; none if it is not there, or if none of it lies within the range
    /// (nanoseconds since the Unix epoch).
    pub fn trace(&self, id: TraceId, range: Option<Range<i64>>, limits: &ReadLimits<'_>) -> Result<TraceWrite, ReadError> {
        let whole = range.clone().unwrap_or(i64::MIN..i64::MAX);
        let range = range.map(|range| (range.start, range.end));
        self.with_scene(whole, || true, |scene| scene.trace(id, range, limits))
    }

    /// Names of attributes of spans in `[start_ns, end_ns)`, sorted; names from a little beyond the
    /// range may be among them.
    pub fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError> {
        self.with_scene(start_ns..end_ns, || true, |scene| scene.tag_names(start_ns, end_ns, limits))
    }

    /// Spans that ended before this moment are past their retention now.
    fn cutoff_ns(&self) -> i64 {
        self.view.read().retention.cutoffs(self.clock.now_ms()).default_ns()
    }

    /// Gives what there is to read: memory and all segments, but for those beyond the range that are
    /// damaged. Without them, all else holds as if they had never been: of the segments that
    /// hold a trace, all but one at most list it as split.
    /// What damage a reader meets is told, and who asks for other times goes on without that segment: at
    /// once where the reading can be repeated, and otherwise with the next question.
    fn with_scene<T>(
        &self,
        range: Range<i64>,
        can_repeat: impl Fn() -> bool,
        mut read: impl FnMut(&SpanScene<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let is_beyond = |held: &Arc<Held<Spans>>| !held.entry.info.overlaps(range.start, range.end);
        loop {
            let cutoff_ns = self.cutoff_ns();
            let (view, mut memory): (View<Spans>, Vec<SpanView>) = self.look();
            // What came first comes first.
            memory.reverse();
            let is_wanted = |held: &&Arc<Held<Spans>>| !(held.is_damaged() && is_beyond(held));
            let mut held: Vec<&Arc<Held<Spans>>> = view.segments.iter().filter(is_wanted).collect();
            held.sort_by_key(|held| held.entry.created_ms);
            let segments = held.iter().map(|held| &held.segment).collect();
            let found = read(&SpanScene { memory, segments, cutoff_ns });
            let Err(ReadError::Storage(reason)) = &found else { return found };
            self.note_damage(held.iter().copied(), reason);
            // Each time there is one segment less at least.
            if !(held.iter().any(|held| held.is_damaged() && is_beyond(held)) && can_repeat()) {
                return found;
            }
        }
    }

    fn span_target<'a>(&'a self, id: &'a str) -> SpanTarget<'a> {
        SpanTarget { objects: &self.objects, prefix: &self.options.prefix, id, options: &self.schema.segment }
    }
}
