//! From memory to segments of spans.

use super::memtable::SpanView;
use super::rows::extent;
use super::tags::TagCounts;
use super::writer::{SpanSegmentWriter, SpanTarget, sort_key};
use crate::partition::{DAY_NS, LATE};
use crate::segment::{SegmentError, SegmentInfo};
use phoenix_model::traces::TraceId;
use std::collections::BTreeSet;

/// A closed memtable, put in the order of segments: by the UTC day on which a trace's first span
/// (of those in this memtable) starts, then by minute and trace id.
pub(crate) struct SpanFlush {
    view: SpanView,
    partitions: Vec<i64>,
    traces: Vec<Place>,
}

struct Place {
    partition: usize,
    key: (i64, TraceId),
    end_ns: i64,
    /// Bucket, and place in it.
    at: (u32, u32),
}

impl SpanFlush {
    /// At most `max_days` partitions; what is older than the newest ones is in [`LATE`].
    pub(crate) fn new(view: &SpanView, max_days: usize) -> Self {
        let mut traces: Vec<(i64, Place)> = Vec::new();
        for (at, id, spans) in view.traces() {
            let (start_ns, end_ns) = extent(spans.iter().map(|at| {
                let fixed = view.blocks[at.block as usize].fixed(at.row as usize);
                (fixed.start_ns, fixed.duration_ns)
            }));
            if !spans.is_empty() {
                traces.push((start_ns.div_euclid(DAY_NS), Place { partition: 0, key: sort_key(start_ns, id), end_ns, at }));
            }
        }
        let days: BTreeSet<i64> = traces.iter().map(|(day, _)| *day).collect();
        let oldest = if days.len() > max_days { days.iter().rev().nth(max_days.saturating_sub(2)).copied() } else { None };
        let mut partitions: Vec<i64> = days.into_iter().filter(|day| oldest.is_none_or(|oldest| *day >= oldest)).collect();
        if oldest.is_some() {
            partitions.insert(0, LATE);
        }
        let place = |(day, place): (i64, Place)| {
            // What is older than the oldest day of its own comes before them all.
            Place { partition: partitions.partition_point(|partition| *partition <= day).saturating_sub(1), ..place }
        };
        let mut traces: Vec<Place> = traces.into_iter().map(place).collect();
        traces.sort_unstable_by_key(|place| (place.partition, place.key));
        Self { view: view.clone(), partitions, traces }
    }

    /// The partitions, ascending, as days since 1970.
    pub(crate) fn partitions(&self) -> &[i64] {
        &self.partitions
    }

    /// The traces of a partition, by its place in [`SpanFlush::partitions`].
    pub(crate) fn ids(&self, partition: usize) -> impl Iterator<Item = TraceId> {
        self.of(partition).iter().map(|place| place.key.1)
    }

    fn of(&self, partition: usize) -> &[Place] {
        let start = self.traces.partition_point(|place| place.partition < partition);
        let end = self.traces.partition_point(|place| place.partition <= partition);
        &self.traces[start..end]
    }

    /// Writes a partition (by its place in [`SpanFlush::partitions`]) into a segment. `elsewhere` says
    /// whether a segment ([`super::SpanSegment::may_hold`]) or the active memtable
    /// ([`SpanView::holds`]) may hold a trace; no other partition does. Traces whose last span ends
    /// before `cutoff_ns` are left out; `None` if nothing is left.
    pub(crate) fn write(
        &self,
        partition: usize,
        target: &SpanTarget<'_>,
        cutoff_ns: i64,
        elsewhere: &mut dyn FnMut(TraceId) -> Result<bool, SegmentError>,
    ) -> Result<Option<SegmentInfo>, SegmentError> {
        let kept = || self.of(partition).iter().filter(|place| place.end_ns >= cutoff_ns);
        let (mut tags, mut rows) = (TagCounts::default(), 0);
        for place in kept() {
            for at in self.view.spans_at(place.at) {
                tags.add_span(&self.view.blocks[at.block as usize].span(at.row as usize));
                rows += 1;
            }
        }
        if rows == 0 {
            return Ok(None);
        }
        let mut writer = SpanSegmentWriter::create(target, tags.promoted(rows, target.options.promoted))?;
        for place in kept() {
            if elsewhere(place.key.1)? {
                writer.mark_split(place.key.1);
            }
            writer.push(place.key.1, &self.view.blocks, self.view.spans_at(place.at))?;
        }
        Ok(Some(writer.finish()?))
    }
}
