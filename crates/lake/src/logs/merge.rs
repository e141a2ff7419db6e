//! Merging segments of log entries: by stream and time, without what was deleted, is past its
//! retention, or is there twice.

use super::flush::LazyWriter;
use super::{Lake, Logs};
use crate::LakeError;
use crate::compaction::{Merge, Pace};
use crate::deletes::Deletion;
use crate::schema::Merged;
use crate::segment::Rows;
use crate::segment::metadata::KeyCounts;
use crate::store::{Held, View};
use crate::tombstone::Tombstone;
use phoenix_model::logs::{EntryRef, Stream};
use std::sync::Arc;

/// Of entries with the same stream and time, so many are looked at to find one that is the same as another.
const MAX_COMPARED: usize = 1000;

/// A segment that is merged.
struct Input<'a> {
    rows: Rows<'a>,
    clean_to: u64,
    /// The tombstones that touch the stream it is at.
    touching: Vec<&'a Tombstone>,
}

/// The rows with the same stream and time that were written, for finding ones that are the same.
#[derive(Default)]
struct Written {
    timestamp_ns: i64,
    rows: Vec<(usize, String, Vec<u8>)>,
}

pub(super) fn merge(store: &Lake, merge: &Merge<'_, Logs>, pace: &mut Pace<'_, Logs>) -> Result<Merged, LakeError> {
    let mut inputs = Vec::new();
    let (mut keys, mut entries) = (KeyCounts::default(), 0);
    for held in merge.inputs {
        held.segment.count_keys(&mut keys)?;
        entries += held.entry.info.rows;
        inputs.push(Input { rows: held.segment.rows()?, clean_to: held.entry.clean_to, touching: Vec::new() });
    }
    let mut writer = LazyWriter::new(store, merge.partition, entries, &keys);
    while let Some(stream) = first_stream(&inputs) {
        let cutoff_ns = merge.what.cutoffs.of(&stream);
        // The inputs that have the stream, each with the time of its row.
        let mut taking: Vec<(i64, usize)> = Vec::new();
        for (index, input) in inputs.iter_mut().enumerate() {
            if input.is_at(&stream) {
                let counts = |d: &&&Arc<Deletion>| d.entry.number > input.clean_to && d.tombstone.touches_stream(&stream);
                input.touching = merge.what.due.iter().filter(counts).map(|d| &d.tombstone).collect();
                taking.push((input.timestamp_ns(), index));
            }
        }
        let mut written = Written::default();
        while let Some((timestamp_ns, index)) = taking.iter().min().copied() {
            let shared = taking.len() > 1 && taking.iter().filter(|other| other.0 == timestamp_ns).count() > 1;
            let input = &mut inputs[index];
            if let Some((_, entry)) = input.rows.current()
                && entry.timestamp_ns >= cutoff_ns
                && !input.touching.iter().any(|tombstone| tombstone.covers(entry.timestamp_ns, entry.line))
                && written.is_new(index, &entry, shared)
            {
                writer.push(&stream, entry)?;
            }
            input.rows.advance()?;
            if input.is_at(&stream) {
                let next_ns = input.timestamp_ns();
                taking.iter_mut().filter(|other| other.1 == index).for_each(|other| other.0 = next_ns);
            } else {
                taking.retain(|other| other.1 != index);
            }
            if !pace.goes_on(store) {
                return Ok(Merged::GivenUp);
            }
        }
    }
    Ok(Merged::Done(writer.finish()?))
}

/// A segment with entries that were deleted, or with streams that are past their retention.
pub(super) fn choose_rewrite(view: &View<Logs>, now_ns: Option<i64>, due_to: u64) -> Result<Option<Arc<Held<Logs>>>, LakeError> {
    for deletion in view.deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to) {
        for held in view.segments.iter() {
            if held.is_touched(deletion)? {
                return Ok(Some(Arc::clone(held)));
            }
        }
    }
    for held in view.segments.iter() {
        if let Some(now_ns) = now_ns
            && held.kept_from(&view.retention)?.some_gone(held.entry.info.max_ns, now_ns)
        {
            return Ok(Some(Arc::clone(held)));
        }
    }
    Ok(None)
}

impl Input<'_> {
    fn is_at(&self, stream: &Arc<Stream>) -> bool {
        self.rows.current().is_some_and(|(current, _)| Arc::ptr_eq(current, stream) || current == stream)
    }

    fn timestamp_ns(&self) -> i64 {
        self.rows.current().map_or(i64::MAX, |(_, entry)| entry.timestamp_ns)
    }
}

impl Written {
    /// Whether no row of another segment with the same time, line and metadata was written. `shared`
    /// says whether another segment stands at the same time.
    fn is_new(&mut self, index: usize, entry: &EntryRef<'_>, shared: bool) -> bool {
        if self.timestamp_ns != entry.timestamp_ns {
            self.timestamp_ns = entry.timestamp_ns;
            self.rows.clear();
        }
        if !shared && self.rows.is_empty() {
            return true;
        }
        let same = |(other, line, metadata): &(usize, String, Vec<u8>)| {
            *other != index && line == entry.line && metadata == entry.metadata.as_bytes()
        };
        if self.rows.iter().any(same) {
            return false;
        }
        if self.rows.len() < MAX_COMPARED {
            self.rows.push((index, entry.line.to_owned(), entry.metadata.as_bytes().to_vec()));
        }
        true
    }
}

fn first_stream(inputs: &[Input<'_>]) -> Option<Arc<Stream>> {
    inputs.iter().filter_map(|input| input.rows.current()).map(|(stream, _)| stream).min().cloned()
}
