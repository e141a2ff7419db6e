//! Counting entries per stream and level between edges.

use super::{MemoryQuery, MemoryView};
use hashbrown::HashMap;
use phoenix_model::logs::{Level, ReadError, ReadLimits, Stream, StreamCounts};
use phoenix_model::{Charge, Labels};
use std::sync::Arc;

/// Counts of many sources, added up.
pub(crate) struct CountTable<'a> {
    edges_ns: &'a [i64],
    places: HashMap<(Labels, Level), usize>,
    counts: Vec<StreamCounts>,
    charge: Charge,
}

impl<'a> CountTable<'a> {
    /// Nothing counted yet, between ascending edges.
    pub(crate) fn new(edges_ns: &'a [i64], limits: &ReadLimits<'_>) -> Result<Self, ReadError> {
        Ok(Self { edges_ns, places: HashMap::new(), counts: Vec::new(), charge: limits.budget.charge(0)? })
    }

    fn place(&mut self, stream: &Arc<Stream>, level: Level) -> Result<usize, ReadError> {
        let key = (stream.labels.clone(), level);
        if let Some(place) = self.places.get(&key) {
            return Ok(*place);
        }
        let buckets = self.edges_ns.len().saturating_sub(1);
        self.charge.grow(buckets as u64 * 16 + 128)?;
        self.counts.push(StreamCounts { stream: Arc::clone(stream), level, counts: vec![(0, 0); buckets] });
        self.places.insert(key, self.counts.len() - 1);
        Ok(self.counts.len() - 1)
    }

    /// Adds the rows of a memtable that a question asks for; gives how many these are, and of how many streams.
    pub(crate) fn add_memory(
        &mut self,
        view: &MemoryView,
        query: &MemoryQuery<'_>,
        limits: &ReadLimits<'_>,
    ) -> Result<(u64, u64), ReadError> {
        let (Some(first_ns), Some(last_ns)) = (self.edges_ns.first().copied(), self.edges_ns.last().copied()) else { return Ok((0, 0)) };
        // For each stream and level its place, from 1.
        let _charge = limits.budget.charge((view.streams.len() * Level::ALL.len()) as u64 * 4)?;
        let mut places = vec![0_u32; view.streams.len() * Level::ALL.len()];
        let mut rows = 0;
        let mut bucket = 0;
        for block in view.blocks.iter().filter(|block| block.min_ns < last_ns && block.max_ns >= first_ns) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            for row in query.rows(block) {
                let (number, level, timestamp_ns) = (block.streams[row], block.levels[row], block.timestamps_ns[row]);
                // Most rows lie in the same bucket as the one before.
                if bucket == 0
                    || timestamp_ns < self.edges_ns[bucket - 1]
                    || self.edges_ns.get(bucket).is_none_or(|edge| timestamp_ns >= *edge)
                {
                    bucket = self.edges_ns.partition_point(|edge| *edge <= timestamp_ns);
                    if bucket == 0 || bucket == self.edges_ns.len() {
                        continue;
                    }
                }
                let key = number as usize * Level::ALL.len() + level as usize;
                if places[key] == 0 {
                    places[key] = self.place(view.streams.get(number), level)? as u32 + 1;
                }
                let count = &mut self.counts[places[key] as usize - 1].counts[bucket - 1];
                count.0 += 1;
                count.1 += u64::from(block.line_bytes(row));
                rows += 1;
            }
        }
        let streams = places.chunks(Level::ALL.len()).filter(|levels| levels.iter().any(|place| *place > 0)).count();
        Ok((rows, streams as u64))
    }

    /// Adds counts between the edges from number `first` on.
    pub(crate) fn add(&mut self, counts: &StreamCounts, first: usize) -> Result<(), ReadError> {
        if counts.counts.iter().all(|(entries, _)| *entries == 0) {
            return Ok(());
        }
        let place = self.place(&counts.stream, counts.level)?;
        for (sum, count) in self.counts[place].counts[first..].iter_mut().zip(&counts.counts) {
            sum.0 += count.0;
            sum.1 += count.1;
        }
        Ok(())
    }

    /// The sums, in the order of streams and levels.
    pub(crate) fn finish(mut self) -> Vec<StreamCounts> {
        self.counts.sort_unstable_by(|a, b| a.stream.cmp(&b.stream).then(a.level.cmp(&b.level)));
        self.counts
    }
}
