//! Logs as what a store holds.

mod flush;
mod merge;

use crate::LakeError;
use crate::batch::{decode_batch, encode_batch};
use crate::compaction::{Merge, Pace};
use crate::memtable::{MemoryView, Memtable};
use crate::options::LakeOptions;
use crate::retention::{Cutoffs, KeptFrom};
use crate::schema::{Flush, Merged, Schema, Table};
use crate::segment::{PageCache, Segment, SegmentError, SegmentInfo};
use crate::store::{Held, Store, View};
use crate::subscribe::Subscribers;
use crate::words::Words;
use crate::write::Outcome;
use hashbrown::DefaultHashBuilder;
use phoenix_env::objects::SharedObjects;
use phoenix_model::logs::LogWrite;
use phoenix_model::{Changed, Settled};
use std::sync::Arc;
use std::time::Duration;

const NS_PER_MS: i64 = 1_000_000;

/// The store of logs.
pub type Lake = Store<Logs>;

/// What the store of logs has beside what every store has.
pub struct Logs {
    hasher: DefaultHashBuilder,
    cache: Arc<PageCache>,
    pub(crate) subscribers: Arc<Subscribers>,
}

impl Table for Memtable {
    type View = MemoryView;

    fn view(&mut self) -> MemoryView {
        Memtable::view(self)
    }

    fn closed_view(&self) -> MemoryView {
        Memtable::closed_view(self)
    }

    fn close(&mut self) {
        Memtable::close(self);
    }

    fn forget_previous(&mut self) {
        self.previous = None;
    }

    fn bytes(&self) -> u64 {
        Memtable::bytes(self)
    }

    fn rows(&self) -> u64 {
        Memtable::rows(self)
    }

    fn groups(&self) -> u64 {
        self.stream_count() as u64
    }

    fn first_write(&self) -> Option<Duration> {
        Memtable::first_write(self)
    }
}

impl Schema for Logs {
    const WORDS: Words = Words {
        signal: "logs",
        metrics: "phoenix_lake",
        entries: "entries",
        title: "Log entries",
        groups: "streams",
        raw: ("line_bytes", "the lines of the entries"),
        selectors: true,
    };

    type Table = Memtable;
    type Segment = Segment;
    type Order = flush::Places;

    fn new(options: &LakeOptions) -> Self {
        let cache = Arc::new(PageCache::new(options.cache_bytes));
        Self { hasher: DefaultHashBuilder::default(), cache, subscribers: Arc::default() }
    }

    fn table(&self, previous: Option<Arc<Memtable>>) -> Memtable {
        Memtable::new(self.hasher.clone(), previous)
    }

    fn replay(&self, payload: &[u8], table: &mut Memtable, now: Duration) -> bool {
        let Some(write) = decode_batch(payload) else { return false };
        table.insert(&write, &Cutoffs::NONE, now, None);
        true
    }

    fn open_segment(&self, objects: &SharedObjects, prefix: &str, info: &SegmentInfo) -> Result<Segment, SegmentError> {
        Segment::open(objects, prefix, info, &self.cache)
    }

    fn order(view: &MemoryView) -> (Vec<i64>, flush::Places) {
        flush::sort_rows(view)
    }

    fn write_partition(
        store: &Lake,
        view: &MemoryView,
        order: &flush::Places,
        partition: (usize, i64),
        flush: &Flush<'_>,
    ) -> Result<Option<SegmentInfo>, LakeError> {
        flush::write_partition(store, view, order, partition, flush)
    }

    fn merge(store: &Lake, merge: &Merge<'_, Self>, pace: &mut Pace<'_, Self>) -> Result<Merged, LakeError> {
        merge::merge(store, merge, pace)
    }

    fn kept_from(segment: &Segment, at_zero: &Cutoffs<'_>) -> Result<KeptFrom, LakeError> {
        let streams = segment.streams()?;
        let of_streams = || streams.iter().map(|stream| at_zero.of(stream));
        Ok(KeptFrom { earliest: of_streams().min().unwrap_or(i64::MIN), latest: of_streams().max().unwrap_or(i64::MIN) })
    }

    fn choose_rewrite(view: &View<Self>, now_ns: Option<i64>, due_to: u64) -> Result<Option<Arc<Held<Self>>>, LakeError> {
        merge::choose_rewrite(view, now_ns, due_to)
    }

    fn settle(store: &Lake) -> Result<(), LakeError> {
        store.settle_deletes()
    }
}

impl Lake {
    /// How far an answer holds whose entries are read after this call.
    pub fn settled(&self) -> Settled {
        let now_ms = self.clock.now_ms();
        let retention = self.view.read().retention.clone();
        let shortest_ns = retention.cutoffs(now_ms).distinct().last().copied().unwrap_or(i64::MIN);
        let kept_from_ms = if shortest_ns == i64::MIN { i64::MIN } else { shortest_ns.div_euclid(NS_PER_MS) + 1 };
        self.past.settled(now_ms, kept_from_ms)
    }

    /// Which answers about the past may be different from what they were at [`Settled::mark`].
    pub fn changed_since(&self, mark: u64) -> Changed {
        self.past.since(mark)
    }

    /// Stores entries. When it returns, they are durable by the policy of `sync`, and the next read
    /// sees them. Subscribers have been told.
    ///
    /// Errors: [`LakeError::Busy`] and [`LakeError::DiskFull`], which pass; [`LakeError::Limit`] for a
    /// batch that is larger than the memtable may ever be. Nothing of the batch was acknowledged;
    /// after an error other than these it may nevertheless be there after a restart.
    pub fn write(&self, write: &LogWrite) -> Result<Outcome, LakeError> {
        if write.is_empty() {
            return Ok(Outcome::default());
        }
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let mut stored = Vec::new();
        let subscribers = &self.schema.subscribers;
        let wants_stored = subscribers.any();
        let outcome = self.take(
            Memtable::estimate(write),
            |out| encode_batch(write, &cutoffs, out),
            |table, now| table.insert(write, &cutoffs, now, wants_stored.then_some(&mut stored)),
        )?;
        if let Some(oldest_ns) = write.oldest_ns() {
            self.past.stored(oldest_ns.div_euclid(NS_PER_MS), self.clock.now_ms());
        }
        if wants_stored {
            subscribers.tell(&stored);
        }
        Ok(outcome)
    }
}
