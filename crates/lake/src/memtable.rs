//! Entries in memory that are not in segments yet.
//!
//! Rows stand in the order in which they came, in blocks of columns with their text in an arena;
//! a row names its stream by number. Full blocks never change, so that a reader takes references to
//! them and is out of the way.
//!
//! An entry that is the same as another in stream, time, line and metadata is stored once, as Loki
//! does, as long as the first one is here or in the memtable that is on its way to segments.
//! Later ones are dropped when segments are merged.

mod block;
mod count;
mod read;
mod streams;

pub(crate) use block::Block;
pub(crate) use count::CountTable;
pub(crate) use read::{MemoryQuery, matches};
pub(crate) use streams::{StreamList, StreamTable};

use crate::retention::Cutoffs;
use hashbrown::{DefaultHashBuilder, HashTable};
use phoenix_model::logs::{EntryRef, LogWrite, Stream};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// A block of so many bytes takes no more rows.
const BLOCK_BYTES: usize = 512 << 10;

/// A reader copies an open block up to this size, and closes a larger one.
const COPIED_BYTES: usize = 64 << 10;

/// What a row takes beside its text: its place in the columns, and in the table of rows that were seen.
const ROW_BYTES: u64 = 21 + 16;

/// Entries in memory.
pub(crate) struct Memtable {
    streams: StreamTable,
    full: Vec<Arc<Block>>,
    open: Block,
    seen: HashTable<Seen>,
    hasher: DefaultHashBuilder,
    /// The memtable before this one, while it is on its way to segments.
    pub(crate) previous: Option<Arc<Memtable>>,
    bytes: u64,
    /// [`phoenix_env::Clock::monotonic`] when the first row came.
    first_write: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Seen {
    hash: u32,
    row: u32,
}

/// What a batch became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Inserted {
    /// Entries that were stored.
    pub(crate) stored: u64,
    /// Entries that are here already.
    pub(crate) duplicates: u64,
    /// Bytes of the lines that were stored.
    pub(crate) line_bytes: u64,
}

/// What a reader looks at: it does not change any more.
#[derive(Clone)]
pub(crate) struct MemoryView {
    /// The streams, by their numbers.
    pub(crate) streams: StreamList,
    /// The rows.
    pub(crate) blocks: Vec<Arc<Block>>,
}

impl Memtable {
    /// An empty memtable. All memtables of a store share a hasher.
    pub(crate) fn new(hasher: DefaultHashBuilder, previous: Option<Arc<Memtable>>) -> Self {
        Self {
            streams: StreamTable::new(hasher.clone()),
            full: Vec::new(),
            open: Block::beginning_at(0),
            seen: HashTable::new(),
            hasher,
            previous,
            bytes: 0,
            first_write: None,
        }
    }

    /// About the most bytes that a batch can take here.
    pub(crate) fn estimate(write: &LogWrite) -> u64 {
        let mut streams = 0;
        let mut before: Option<&[u8]> = None;
        for (labels, _) in write.streams() {
            if before != Some(labels.as_bytes()) {
                streams += StreamTable::cost(labels);
            }
            before = Some(labels.as_bytes());
        }
        write.size_bytes() as u64 + write.len() as u64 * ROW_BYTES + streams
    }

    /// Adds the entries that are not past their retention, and not here already. Those that were
    /// added go to `stored` as well, if somebody wants them.
    pub(crate) fn insert<'w>(
        &mut self,
        write: &'w LogWrite,
        cutoffs: &Cutoffs<'_>,
        now: Duration,
        mut stored: Option<&mut Vec<(Arc<Stream>, EntryRef<'w>)>>,
    ) -> Inserted {
        let mut inserted = Inserted::default();
        for (labels, entries) in write.streams() {
            let cutoff_ns = cutoffs.of_labels(labels);
            let mut stream = None;
            for entry in entries.filter(|entry| entry.timestamp_ns >= cutoff_ns) {
                let id = *stream.get_or_insert_with(|| {
                    let (id, cost) = self.streams.intern(labels);
                    self.bytes += cost;
                    id
                });
                let hash = self.hash(labels.as_bytes(), &entry);
                if self.finds(hash, id, &entry) || self.previous.as_ref().is_some_and(|previous| previous.has(hash, labels, &entry)) {
                    inserted.duplicates += 1;
                    continue;
                }
                let row = self.open.first_row + self.open.len() as u32;
                self.seen.insert_unique(spread(hash), Seen { hash, row }, |seen| spread(seen.hash));
                self.open.push(id, &entry);
                self.bytes += ROW_BYTES + (entry.line.len() + entry.metadata.as_bytes().len()) as u64;
                inserted.stored += 1;
                inserted.line_bytes += entry.line.len() as u64;
                if let Some(stored) = &mut stored {
                    stored.push((Arc::clone(self.streams.get(id)), entry));
                }
                if self.open.bytes() >= BLOCK_BYTES {
                    self.close_block();
                }
            }
        }
        if inserted.stored > 0 && self.first_write.is_none() {
            self.first_write = Some(now);
        }
        inserted
    }

    fn hash(&self, labels: &[u8], entry: &EntryRef<'_>) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        labels.hash(&mut hasher);
        entry.timestamp_ns.hash(&mut hasher);
        entry.line.hash(&mut hasher);
        entry.metadata.as_bytes().hash(&mut hasher);
        let hash = hasher.finish();
        (hash ^ (hash >> 32)) as u32
    }

    fn finds(&self, hash: u32, stream: u32, entry: &EntryRef<'_>) -> bool {
        let same = |seen: &Seen| {
            seen.hash == hash && {
                let block = self.block_of(seen.row);
                let row = (seen.row - block.first_row) as usize;
                block.streams[row] == stream && {
                    let held = block.entry(row);
                    held.timestamp_ns == entry.timestamp_ns && held.line == entry.line && held.metadata == entry.metadata
                }
            }
        };
        self.seen.find(spread(hash), same).is_some()
    }

    fn has(&self, hash: u32, labels: &phoenix_model::Labels, entry: &EntryRef<'_>) -> bool {
        self.streams.find(labels).is_some_and(|stream| self.finds(hash, stream, entry))
    }

    fn block_of(&self, row: u32) -> &Block {
        if row >= self.open.first_row {
            return &self.open;
        }
        let at = self.full.partition_point(|block| block.first_row <= row);
        &self.full[at - 1]
    }

    fn close_block(&mut self) {
        let next = Block::beginning_at(self.open.first_row + self.open.len() as u32);
        let mut full = std::mem::replace(&mut self.open, next);
        if full.len() > 0 {
            full.shrink();
            self.full.push(Arc::new(full));
        }
    }

    /// Ends it: no more rows will come.
    pub(crate) fn close(&mut self) {
        self.close_block();
        self.previous = None;
    }

    /// The rows as they are now.
    pub(crate) fn view(&mut self) -> MemoryView {
        if self.open.bytes() >= COPIED_BYTES {
            self.close_block();
        }
        let mut blocks = self.full.clone();
        if self.open.len() > 0 {
            blocks.push(Arc::new(self.open.clone()));
        }
        MemoryView { streams: self.streams.list(), blocks }
    }

    /// The rows of a memtable that takes no more.
    pub(crate) fn closed_view(&self) -> MemoryView {
        MemoryView { streams: self.streams.list(), blocks: self.full.clone() }
    }

    /// About the bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> u64 {
        u64::from(self.open.first_row) + self.open.len() as u64
    }

    /// The number of streams.
    pub(crate) fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// When the first row came; `None` when there is none.
    pub(crate) fn first_write(&self) -> Option<Duration> {
        self.first_write
    }
}

/// The table wants its bits at both ends of 64.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests;
