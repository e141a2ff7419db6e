//! Spans in memory that are not in segments yet.
//!
//! Spans stand in blocks in the order in which they came; beside them, traces in buckets say where
//! each trace's spans are. What a reader works out of a bucket, the order of its spans and what
//! is known of its traces, is kept until another span comes to it.

use super::SpanSegment;
use super::rows::{Arranged, At};
use crate::segment::SegmentError;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use parking_lot::Mutex;
use phoenix_model::traces::{SpanRecord, TraceId, TraceWrite};
use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A block of so many bytes takes no more spans.
const BLOCK_BYTES: usize = 512 << 10;
/// Nor does one of so many spans.
const BLOCK_ROWS: usize = 4096;
/// A reader copies an open block up to this size, and closes a larger one.
const COPIED_BYTES: usize = 64 << 10;
/// Traces of a bucket.
const BUCKET_TRACES: usize = 256;
/// A bucket takes no more traces when it has so many spans, so that a large trace is not worked
/// out again for each small one.
const BUCKET_ROWS: usize = 8192;
/// What a span takes beside its text: its row, its place in its trace and in the table of spans
/// that were seen, and what readers keep of it.
const ROW_BYTES: u64 = 136 + 8 + 16 + 16;
/// What a trace takes.
const TRACE_BYTES: u64 = 160;

/// Spans in memory.
pub(crate) struct SpanMemtable {
    full: Vec<Arc<TraceWrite>>,
    open: TraceWrite,
    /// The numbers of the resources and scopes of the open block, by their hash.
    resources: HashTable<(u64, u32)>,
    scopes: HashTable<(u64, u32)>,
    /// Which bucket, and which of its traces.
    traces: HashTable<(u32, u32)>,
    buckets: Vec<Arc<Bucket>>,
    seen: HashTable<Seen>,
    hasher: DefaultHashBuilder,
    /// The memtable before this one, while it is on its way to segments.
    previous: Option<Arc<SpanMemtable>>,
    elsewhere: Arc<Mutex<Elsewhere>>,
    bytes: u64,
    rows: u64,
    first_write: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Seen {
    hash: u32,
    at: At,
}

/// Some traces and where their spans are, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    ids: Vec<TraceId>,
    spans: Vec<Vec<At>>,
    rows: usize,
    arranged: OnceLock<Arc<Arranged>>,
}

impl Clone for Bucket {
    fn clone(&self) -> Self {
        // It is cloned to be changed.
        Self { ids: self.ids.clone(), spans: self.spans.clone(), rows: self.rows, arranged: OnceLock::new() }
    }
}

/// Which traces segments hold too, as far as somebody asked. Segments never change, so that a trace
/// is looked for once in each.
#[derive(Default)]
struct Elsewhere {
    /// For each segment how many of the traces were looked for.
    asked: HashMap<String, usize>,
    found: BTreeSet<TraceId>,
}

/// What a batch became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SpansInserted {
    /// Spans that were stored.
    pub(crate) stored: u64,
    /// Spans that are here already.
    pub(crate) duplicates: u64,
    /// Spans that end before the cutoff.
    pub(crate) too_old: u64,
    /// Bytes of what was stored: names, attributes, events and links.
    pub(crate) raw_bytes: u64,
}

/// What a reader looks at; cheap to clone.
#[derive(Clone)]
pub(crate) struct SpanView {
    pub(super) blocks: Arc<[Arc<TraceWrite>]>,
    pub(super) buckets: Arc<[Arc<Bucket>]>,
    hasher: DefaultHashBuilder,
    /// Where traces are, by the hash of their id; made when somebody asks.
    places: Arc<OnceLock<HashTable<(u32, u32)>>>,
    elsewhere: Arc<Mutex<Elsewhere>>,
}

impl Bucket {
    /// The traces in the order of nested sets.
    pub(super) fn arranged(&self, blocks: &[Arc<TraceWrite>]) -> Arc<Arranged> {
        let arrange = || Arc::new(Arranged::new(blocks, self.ids.iter().copied().zip(self.spans.iter().map(Vec::as_slice))));
        Arc::clone(self.arranged.get_or_init(arrange))
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }
}

/// Bytes of variable length.
fn raw_bytes(span: &phoenix_model::traces::SpanRef<'_>) -> usize {
    span.name.len()
        + span.status_message.len()
        + span.trace_state.len()
        + span.attributes.as_bytes().len()
        + span.events.as_bytes().len()
        + span.links.as_bytes().len()
}

impl SpanMemtable {
    /// An empty memtable. All memtables of a store share a hasher.
    pub(crate) fn new(hasher: DefaultHashBuilder, previous: Option<Arc<SpanMemtable>>) -> Self {
        Self {
            full: Vec::new(),
            open: TraceWrite::default(),
            resources: HashTable::new(),
            scopes: HashTable::new(),
            traces: HashTable::new(),
            buckets: Vec::new(),
            seen: HashTable::new(),
            hasher,
            previous,
            elsewhere: Arc::default(),
            bytes: 0,
            rows: 0,
            first_write: None,
        }
    }

    /// About the most bytes that a batch can take here.
    pub(crate) fn estimate(write: &TraceWrite) -> u64 {
        write.size_bytes() as u64
            + write.len() as u64 * (ROW_BYTES + TRACE_BYTES)
            + (write.resource_count() + write.scope_count()) as u64 * 64
    }

    /// Adds the spans that do not end before `cutoff_ns` and are not here already. `now` is
    /// [`phoenix_env::Clock::monotonic`].
    pub(crate) fn insert(&mut self, write: &TraceWrite, cutoff_ns: i64, now: Duration) -> SpansInserted {
        let mut inserted = SpansInserted::default();
        // The numbers in the open block, with the number of full blocks when they were looked up.
        let mut resources = vec![(usize::MAX, 0); write.resource_count()];
        let mut scopes = vec![(usize::MAX, 0); write.scope_count()];
        let mut latest: Option<(TraceId, (u32, u32))> = None;
        for number in 0..write.len() {
            let fixed = write.fixed(number);
            if fixed.start_ns.saturating_add(fixed.duration_ns) < cutoff_ns {
                inserted.too_old += 1;
                continue;
            }
            let hash = self.hash(fixed);
            if self.finds(hash, fixed) || self.previous.as_ref().is_some_and(|previous| previous.finds(hash, fixed)) {
                inserted.duplicates += 1;
                continue;
            }
            let span = write.span(number);
            let block = self.full.len();
            if resources[span.resource].0 != block {
                resources[span.resource] = (block, self.resource(write, span.resource));
            }
            if scopes[span.scope].0 != block {
                scopes[span.scope] = (block, self.scope(write, span.scope));
            }
            let at = At { block: block as u32, row: self.open.len() as u32 };
            self.open.copy_span(resources[span.resource].1, scopes[span.scope].1, &span);
            let raw = raw_bytes(&span) as u64;
            self.bytes += raw + ROW_BYTES;
            inserted.raw_bytes += raw;
            inserted.stored += 1;
            self.rows += 1;
            self.seen.insert_unique(spread(hash), Seen { hash, at }, |seen| spread(seen.hash));
            let place = match latest {
                Some((id, place)) if id == fixed.trace_id => place,
                _ => self.place(fixed.trace_id),
            };
            latest = Some((fixed.trace_id, place));
            let bucket = Arc::make_mut(&mut self.buckets[place.0 as usize]);
            bucket.spans[place.1 as usize].push(at);
            bucket.rows += 1;
            bucket.arranged.take();
            if self.open.size_bytes() >= BLOCK_BYTES || self.open.len() >= BLOCK_ROWS {
                self.close_block();
            }
        }
        if inserted.stored > 0 && self.first_write.is_none() {
            self.first_write = Some(now);
        }
        inserted
    }

    fn hash(&self, span: &SpanRecord) -> u32 {
        let hash = self.hasher.hash_one((span.trace_id.0, span.span_id.0, span.start_ns));
        (hash ^ (hash >> 32)) as u32
    }

    fn fixed(&self, at: At) -> &SpanRecord {
        self.full.get(at.block as usize).map_or(&self.open, |block| block).fixed(at.row as usize)
    }

    fn finds(&self, hash: u32, span: &SpanRecord) -> bool {
        self.seen.find(spread(hash), |seen| seen.hash == hash && is_same(self.fixed(seen.at), span)).is_some()
    }

    /// The number of a resource in the open block.
    fn resource(&mut self, write: &TraceWrite, number: usize) -> usize {
        let resource = write.resource(number);
        let hash = self.hasher.hash_one(resource);
        let same = |(of, number): &(u64, u32)| *of == hash && self.open.resource(*number as usize) == resource;
        if let Some((_, number)) = self.resources.find(hash, same) {
            return *number as usize;
        }
        let number = self.open.copy_resource(&resource);
        self.resources.insert_unique(hash, (hash, number as u32), |(hash, _)| *hash);
        self.bytes += (resource.attributes.as_bytes().len() + resource.schema_url.len() + 64) as u64;
        number
    }

    /// The number of a scope in the open block.
    fn scope(&mut self, write: &TraceWrite, number: usize) -> usize {
        let scope = write.scope(number);
        let hash = self.hasher.hash_one(scope);
        let same = |(of, number): &(u64, u32)| *of == hash && self.open.scope(*number as usize) == scope;
        if let Some((_, number)) = self.scopes.find(hash, same) {
            return *number as usize;
        }
        let number = self.open.copy_scope(&scope);
        self.scopes.insert_unique(hash, (hash, number as u32), |(hash, _)| *hash);
        self.bytes += (scope.attributes.as_bytes().len() + scope.name.len() + scope.version.len() + scope.schema_url.len() + 64) as u64;
        number
    }

    /// The place of a trace, which is made if it is not here yet.
    fn place(&mut self, id: TraceId) -> (u32, u32) {
        let hash = self.hasher.hash_one(id);
        let of = |buckets: &[Arc<Bucket>], place: &(u32, u32)| buckets[place.0 as usize].ids[place.1 as usize];
        if let Some(place) = self.traces.find(hash, |place| of(&self.buckets, place) == id) {
            return *place;
        }
        if self.buckets.last().is_none_or(|bucket| bucket.ids.len() >= BUCKET_TRACES || bucket.rows >= BUCKET_ROWS) {
            self.buckets.push(Arc::default());
        }
        let at = self.buckets.len() - 1;
        let bucket = Arc::make_mut(&mut self.buckets[at]);
        let place = (at as u32, bucket.ids.len() as u32);
        bucket.ids.push(id);
        bucket.spans.push(Vec::new());
        self.bytes += TRACE_BYTES;
        self.traces.insert_unique(hash, place, |place| self.hasher.hash_one(of(&self.buckets, place)));
        place
    }

    fn close_block(&mut self) {
        if self.open.is_empty() {
            return;
        }
        self.full.push(Arc::new(std::mem::take(&mut self.open)));
        self.resources.clear();
        self.scopes.clear();
    }

    /// Forgets the memtable before this one, which has become segments.
    pub(crate) fn forget_previous(&mut self) {
        self.previous = None;
    }

    /// Ends it: no more spans will come.
    pub(crate) fn close(&mut self) {
        self.close_block();
        self.previous = None;
        self.seen.shrink_to_fit(|seen| spread(seen.hash));
    }

    /// The spans as they are now.
    pub(crate) fn view(&mut self) -> SpanView {
        if self.open.size_bytes() >= COPIED_BYTES {
            self.close_block();
        }
        let mut blocks = self.full.clone();
        if !self.open.is_empty() {
            blocks.push(Arc::new(self.open.clone()));
        }
        self.view_of(blocks)
    }

    /// The spans of a memtable that takes no more.
    pub(crate) fn closed_view(&self) -> SpanView {
        self.view_of(self.full.clone())
    }

    fn view_of(&self, blocks: Vec<Arc<TraceWrite>>) -> SpanView {
        SpanView {
            blocks: blocks.into(),
            buckets: self.buckets.clone().into(),
            hasher: self.hasher.clone(),
            places: Arc::default(),
            elsewhere: Arc::clone(&self.elsewhere),
        }
    }

    /// About the bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of spans.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The number of traces.
    pub(crate) fn trace_count(&self) -> usize {
        self.traces.len()
    }

    /// When the first span came; `None` when there is none.
    pub(crate) fn first_write(&self) -> Option<Duration> {
        self.first_write
    }
}

/// Whether two spans count as one.
pub(super) fn is_same(a: &SpanRecord, b: &SpanRecord) -> bool {
    (a.trace_id, a.span_id, a.start_ns, a.kind) == (b.trace_id, b.span_id, b.start_ns, b.kind)
}

impl SpanView {
    /// Whether it holds a trace.
    pub(crate) fn holds(&self, id: TraceId) -> bool {
        self.spans_of(id).is_some()
    }

    /// The traces, in the order in which they came first.
    pub(super) fn ids(&self) -> impl Iterator<Item = TraceId> {
        self.buckets.iter().flat_map(|bucket| bucket.ids.iter().copied())
    }

    /// The traces with their bucket and place in it, and their spans.
    pub(super) fn traces(&self) -> impl Iterator<Item = ((u32, u32), TraceId, &[At])> {
        let of_bucket = |(number, bucket): (usize, &'_ Arc<Bucket>)| (0..bucket.ids.len()).map(move |place| (number as u32, place as u32));
        let places = self.buckets.iter().enumerate().flat_map(of_bucket);
        places.map(|at| (at, self.buckets[at.0 as usize].ids[at.1 as usize], self.spans_at(at)))
    }

    /// The spans of a trace by its bucket and its place in it.
    pub(super) fn spans_at(&self, at: (u32, u32)) -> &[At] {
        &self.buckets[at.0 as usize].spans[at.1 as usize]
    }

    /// The spans of a trace.
    pub(super) fn spans_of(&self, id: TraceId) -> Option<&[At]> {
        let hash_of = |place: &(u32, u32)| self.hasher.hash_one(self.buckets[place.0 as usize].ids[place.1 as usize]);
        let places = self.places.get_or_init(|| {
            let mut places = HashTable::with_capacity(self.buckets.iter().map(|bucket| bucket.ids.len()).sum());
            for (at, bucket) in self.buckets.iter().enumerate() {
                for place in 0..bucket.ids.len() {
                    let place = (at as u32, place as u32);
                    places.insert_unique(hash_of(&place), place, hash_of);
                }
            }
            places
        });
        let found = places.find(self.hasher.hash_one(id), |place| self.buckets[place.0 as usize].ids[place.1 as usize] == id)?;
        Some(&self.buckets[found.0 as usize].spans[found.1 as usize])
    }

    /// The traces that segments hold too (a few may be among them that none holds), ascending.
    pub(super) fn in_segments(&self, segments: &[&SpanSegment]) -> Result<Vec<TraceId>, SegmentError> {
        let mut elsewhere = self.elsewhere.lock();
        let count = self.buckets.iter().map(|bucket| bucket.ids.len()).sum();
        for segment in segments {
            let asked = elsewhere.asked.get(&segment.info().id).copied().unwrap_or_default();
            if asked >= count {
                continue;
            }
            let ids: Vec<TraceId> = self.ids().skip(asked).collect();
            let which = segment.may_hold_which(&ids)?;
            elsewhere.found.extend(ids.into_iter().zip(which).filter(|(_, held)| *held).map(|(id, _)| id));
            elsewhere.asked.insert(segment.info().id.clone(), count);
        }
        // A later view may have asked for traces that are not here yet; they do no harm.
        Ok(elsewhere.found.iter().copied().collect())
    }
}

/// The table wants its bits at both ends of 64.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
