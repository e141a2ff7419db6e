//! Log entries from memory to segments.

use super::Lake;
use crate::LakeError;
use crate::memtable::MemoryView;
use crate::partition::{partition_of, partitions};
use crate::schema::Flush;
use crate::segment::metadata::KeyCounts;
use crate::segment::{SegmentError, SegmentInfo, SegmentWriter};
use crate::tombstone::Tombstone;
use phoenix_model::logs::{EntryRef, Stream};
use std::sync::Arc;

/// The rows of a memtable in the order of segments.
pub(crate) struct Places(Vec<Place>);

/// A row and its place in the order of segments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    partition: u32,
    stream_rank: u32,
    timestamp_ns: i64,
    block: u32,
    row: u32,
}

/// Writes a segment, beginning when there is something to write.
pub(super) struct LazyWriter<'a> {
    store: &'a Lake,
    partition: i64,
    /// The keys of metadata that get columns.
    metadata_columns: Vec<String>,
    writer: Option<SegmentWriter>,
    stream: Option<Arc<Stream>>,
}

impl<'a> LazyWriter<'a> {
    /// A segment of about so many entries, with these keys of metadata.
    pub(super) fn new(store: &'a Lake, partition: i64, entries: u64, keys: &KeyCounts) -> Self {
        let metadata_columns = keys.columns(entries, store.options.segment.metadata_columns);
        Self { store, partition, metadata_columns, writer: None, stream: None }
    }

    /// Adds an entry; streams ascend, and times within them.
    pub(super) fn push(&mut self, stream: &Arc<Stream>, entry: EntryRef<'_>) -> Result<(), SegmentError> {
        if self.writer.is_none() {
            let id = self.store.take_segment_name(self.partition);
            let options = &self.store.options;
            let columns = std::mem::take(&mut self.metadata_columns);
            self.writer = Some(SegmentWriter::create(&self.store.objects, &options.prefix, &id, &options.segment, columns)?);
        }
        let writer = self.writer.as_mut().expect("it was just made");
        if !self.stream.as_ref().is_some_and(|before| Arc::ptr_eq(before, stream)) {
            writer.begin_stream(stream)?;
            self.stream = Some(Arc::clone(stream));
        }
        writer.push(entry)
    }

    /// Makes the segment exist; `None` when nothing was pushed.
    pub(super) fn finish(self) -> Result<Option<SegmentInfo>, SegmentError> {
        self.writer.map(SegmentWriter::finish).transpose()
    }
}

/// Writes the rows of a partition, given by its place and itself, without those that are past their
/// retention or deleted.
pub(super) fn write_partition(
    store: &Lake,
    view: &MemoryView,
    order: &Places,
    (index, partition): (usize, i64),
    flush: &Flush<'_>,
) -> Result<Option<SegmentInfo>, LakeError> {
    let end = |index: usize| order.0.partition_point(|place| (place.partition as usize) < index);
    let places = &order.0[end(index)..end(index + 1)];
    let mut keys = KeyCounts::default();
    for place in places {
        keys.add_set(view.blocks[place.block as usize].metadata(place.row as usize), 1);
    }
    let mut writer = LazyWriter::new(store, partition, places.len() as u64, &keys);
    let mut touching: Vec<&Tombstone> = Vec::new();
    let mut cutoff_ns = i64::MIN;
    let mut before = None;
    for place in places {
        let block = &view.blocks[place.block as usize];
        let (row, number) = (place.row as usize, block.streams[place.row as usize]);
        let stream = view.streams.get(number);
        if before != Some(number) {
            before = Some(number);
            cutoff_ns = flush.cutoffs.of(stream);
            touching.clear();
            touching.extend(flush.due.iter().map(|deletion| &deletion.tombstone).filter(|tombstone| tombstone.touches_stream(stream)));
        }
        let entry = block.entry(row);
        if entry.timestamp_ns < cutoff_ns || touching.iter().any(|t| t.covers(entry.timestamp_ns, entry.line)) {
            continue;
        }
        writer.push(stream, entry)?;
    }
    Ok(writer.finish()?)
}

/// The partitions of a memtable, ascending, and its rows in the order of partition, stream and time.
pub(super) fn sort_rows(view: &MemoryView) -> (Vec<i64>, Places) {
    let partitions = partitions(view.blocks.iter().flat_map(|block| &block.timestamps_ns).copied());
    let mut by_labels: Vec<(&Arc<Stream>, u32)> = view.streams.iter().zip(0..).collect();
    by_labels.sort_unstable_by(|a, b| a.0.cmp(b.0));
    let mut ranks = vec![0_u32; by_labels.len()];
    for (rank, (_, number)) in (0..).zip(&by_labels) {
        ranks[*number as usize] = rank;
    }
    let mut places = Vec::with_capacity(view.blocks.iter().map(|block| block.len()).sum());
    for (block_number, block) in (0..).zip(&view.blocks) {
        for row in 0..block.len() {
            let timestamp_ns = block.timestamps_ns[row];
            let partition = partition_of(&partitions, timestamp_ns) as u32;
            let stream_rank = ranks[block.streams[row] as usize];
            places.push(Place { partition, stream_rank, timestamp_ns, block: block_number, row: row as u32 });
        }
    }
    places.sort_unstable();
    (partitions, Places(places))
}
