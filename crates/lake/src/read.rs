//! Reading entries, from memory and from segments.

use crate::logs::{Lake, Logs};
use crate::memtable::{CountTable, MemoryQuery, MemoryView};
use crate::retention::Cutoffs;
use crate::segment::{PageRef, Prepared};
use crate::store::{Held, View};
use crate::tombstone::Tombstone;
use phoenix_model::Matcher;
use phoenix_model::logs::{Direction, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats, Stream, StreamCounts};
use std::collections::BinaryHeap;
use std::sync::Arc;

/// What lies in a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexStats {
    /// Streams.
    pub streams: u64,
    /// Pieces of streams: a stream in a segment or in memory is one.
    pub chunks: u64,
    /// Entries.
    pub entries: u64,
    /// Bytes of their lines.
    pub bytes: u64,
}

/// Something to read, with how far it reaches in the direction of reading: the farther, the sooner it is read.
struct Unit {
    reach: i64,
    what: What,
}

enum What {
    /// A block of a memtable.
    Block { view: usize, block: usize },
    /// A segment whose pages are not looked up yet.
    Segment(usize),
    /// A page of a segment.
    Page(usize, PageRef),
}

impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        self.reach == other.reach
    }
}

impl Eq for Unit {}

impl PartialOrd for Unit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Unit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.reach.cmp(&other.reach)
    }
}

/// Larger for what is to be read sooner.
fn reach(direction: Direction, min_ns: i64, max_ns: i64) -> i64 {
    match direction {
        Direction::Backward => max_ns,
        // `!` turns the order around without overflow.
        Direction::Forward => !min_ns,
    }
}

/// Leaves out what is past its retention, where streams differ in it.
struct Retained<'a> {
    inner: &'a mut dyn LogVisitor,
    cutoffs: &'a Cutoffs<'a>,
}

impl LogVisitor for Retained<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        let cutoff_ns = self.cutoffs.of(batch.stream);
        if batch.timestamps_ns.iter().all(|t| *t >= cutoff_ns) {
            return self.inner.batch(batch);
        }
        let kept: Vec<usize> = (0..batch.timestamps_ns.len()).filter(|row| batch.timestamps_ns[*row] >= cutoff_ns).collect();
        if kept.is_empty() {
            return Ok(());
        }
        self.inner.batch(&LogBatch {
            stream: batch.stream,
            timestamps_ns: &pick(&kept, batch.timestamps_ns),
            levels: &pick(&kept, batch.levels),
            lines: &pick(&kept, batch.lines),
            metadata: &pick(&kept, batch.metadata),
            sizes: &pick(&kept, batch.sizes),
        })
    }

    fn bound_ns(&self) -> Option<i64> {
        self.inner.bound_ns()
    }
}

/// The rows that are kept, of a column that may be left out.
fn pick<T: Copy>(kept: &[usize], from: &[T]) -> Vec<T> {
    if from.is_empty() { Vec::new() } else { kept.iter().map(|row| from[*row]).collect() }
}

/// What a reader looks at, with what is worked out once for all of it.
pub(crate) struct Scene {
    pub(crate) view: View<Logs>,
    pub(crate) memory: Vec<MemoryView>,
    /// For each segment, the tombstones that count for it.
    pub(crate) buried: Vec<Vec<Tombstone>>,
    /// Those that count for entries in memory.
    pub(crate) buried_memory: Vec<Tombstone>,
}

impl Scene {
    pub(crate) fn new(store: &Lake, start_ns: i64, end_ns: i64) -> Self {
        let (mut view, memory) = store.look();
        view.segments = view.segments.iter().filter(|held| held.entry.info.overlaps(start_ns, end_ns)).cloned().collect();
        let of = |held: &Arc<Held<Logs>>| view.tombstones(held.entry.clean_to, held.entry.info.min_ns, held.entry.info.max_ns);
        let buried = if view.deletes.is_empty() { vec![Vec::new(); view.segments.len()] } else { view.segments.iter().map(of).collect() };
        let buried_memory = view.tombstones(0, i64::MIN, i64::MAX);
        Self { view, memory, buried, buried_memory }
    }
}

impl Lake {
    /// Gives all entries that match to the visitor, each once, roughly in the order that is asked for:
    /// what reaches furthest in the direction of reading comes first, and what lies beyond the
    /// visitor's bound is not read. Entries past their retention, and deleted ones, are left out.
    pub fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let select = LogSelect { start_ns: select.start_ns.max(cutoffs.earliest()), ..select.clone() };
        read_scene(&Scene::new(self, select.start_ns, select.end_ns), &select, &cutoffs, limits, visitor)
    }

    /// Counts the entries of the matching streams between neighbouring edges, which ascend, exactly and
    /// without reading lines (but for those that a tombstone with a condition on lines may cover).
    /// Streams and levels without an entry there are left out; the rest comes in the order of streams.
    pub fn counts(
        &self,
        matchers: &[Matcher],
        edges_ns: &[i64],
        limits: &ReadLimits<'_>,
    ) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        let mut chunks = 0;
        self.count_chunks(matchers, edges_ns, limits, &mut chunks)
    }

    fn count_chunks(
        &self,
        matchers: &[Matcher],
        edges_ns: &[i64],
        limits: &ReadLimits<'_>,
        chunks: &mut u64,
    ) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        let mut stats = ReadStats::default();
        let (Some(first_ns), Some(last_ns)) = (edges_ns.first().copied(), edges_ns.last().copied()) else { return Ok((Vec::new(), stats)) };
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let scene = Scene::new(self, first_ns.max(cutoffs.earliest()), last_ns);
        let mut table = CountTable::new(edges_ns, limits)?;
        let select = LogSelect {
            matchers,
            start_ns: first_ns,
            end_ns: last_ns,
            direction: None,
            filters: &[],
            hints: &[],
            need: Need::default(),
            metadata_names: None,
        };
        for view in &scene.memory {
            let query = MemoryQuery::new(view, &select, &cutoffs, &scene.buried_memory, limits)?;
            let (rows, streams) = table.add_memory(view, &query, limits)?;
            stats.memory_lines += rows;
            *chunks += streams;
        }
        for (held, tombstones) in scene.view.segments.iter().zip(&scene.buried) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let floor_ns = first_ns.max(held.entry.info.min_ns);
            let (whole, cut): (Vec<i64>, Vec<i64>) = cutoffs.distinct().into_iter().partition(|cutoff| *cutoff <= floor_ns);
            // One pass for the streams that keep all of the segment, and one for each moment within it
            // from which on others keep it: edges move with that.
            let mut passes = Vec::new();
            if !whole.is_empty() {
                passes.push((0, edges_ns.to_vec(), None));
            }
            for cutoff_ns in cut.iter().copied().filter(|cutoff| *cutoff <= held.entry.info.max_ns && *cutoff < last_ns) {
                let first = edges_ns.partition_point(|edge| *edge <= cutoff_ns) - 1;
                let edges = [&[cutoff_ns], &edges_ns[first + 1..]].concat();
                passes.push((first, edges, Some(cutoff_ns)));
            }
            for (first, edges, cutoff_ns) in passes {
                let counted = held.segment.counts(matchers, &edges, tombstones, limits, &mut stats)?;
                let mut before: Option<Arc<Stream>> = None;
                for counts in &counted {
                    let kept_from = cutoffs.of(&counts.stream);
                    if cutoff_ns.map_or(kept_from > floor_ns, |cutoff| kept_from != cutoff) {
                        continue;
                    }
                    if !before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &counts.stream)) {
                        *chunks += 1;
                        before = Some(Arc::clone(&counts.stream));
                    }
                    table.add(counts, first)?;
                }
            }
        }
        Ok((table.finish(), stats))
    }

    /// What lies in `[start_ns, end_ns)`, from the index.
    pub fn index_stats(&self, matchers: &[Matcher], start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<IndexStats, ReadError> {
        let mut chunks = 0;
        let (counts, _) = self.count_chunks(matchers, &[start_ns, end_ns], limits, &mut chunks)?;
        let mut found = IndexStats { chunks, ..IndexStats::default() };
        for streams in counts.chunk_by(|a, b| a.stream == b.stream) {
            found.streams += 1;
            for (entries, bytes) in streams.iter().flat_map(|counts| &counts.counts) {
                found.entries += entries;
                found.bytes += bytes;
            }
        }
        Ok(found)
    }
}

/// Gives the visitor what matches, without what is past its retention.
pub(crate) fn read_scene(
    scene: &Scene,
    select: &LogSelect<'_>,
    cutoffs: &Cutoffs<'_>,
    limits: &ReadLimits<'_>,
    visitor: &mut dyn LogVisitor,
) -> Result<ReadStats, ReadError> {
    if cutoffs.is_uniform() {
        read_units(scene, select, cutoffs, limits, visitor)
    } else {
        read_units(scene, select, cutoffs, limits, &mut Retained { inner: visitor, cutoffs })
    }
}

fn read_units(
    scene: &Scene,
    select: &LogSelect<'_>,
    cutoffs: &Cutoffs<'_>,
    limits: &ReadLimits<'_>,
    visitor: &mut dyn LogVisitor,
) -> Result<ReadStats, ReadError> {
    let mut stats = ReadStats::default();
    if select.start_ns >= select.end_ns {
        return Ok(stats);
    }
    let direction = select.direction.unwrap_or_default();
    let prepared = Prepared::new(select);
    let mut queries = Vec::new();
    let mut units = BinaryHeap::new();
    for (number, view) in scene.memory.iter().enumerate() {
        queries.push(MemoryQuery::new(view, select, cutoffs, &scene.buried_memory, limits)?);
        for (at, block) in view.blocks.iter().enumerate().filter(|(_, b)| b.min_ns < select.end_ns && b.max_ns >= select.start_ns) {
            units.push(Unit { reach: reach(direction, block.min_ns, block.max_ns), what: What::Block { view: number, block: at } });
        }
    }
    for (number, held) in scene.view.segments.iter().enumerate() {
        let info = &held.entry.info;
        units.push(Unit { reach: reach(direction, info.min_ns, info.max_ns), what: What::Segment(number) });
    }
    let mut charge = limits.budget.charge(units.len() as u64 * 32)?;
    while let Some(unit) = units.pop() {
        if (limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        let beyond = visitor.bound_ns().is_some_and(|bound_ns| match direction {
            Direction::Backward => unit.reach <= bound_ns,
            Direction::Forward => !unit.reach >= bound_ns,
        });
        if beyond && select.direction.is_some() {
            // All that is left reaches less far.
            break;
        }
        match unit.what {
            What::Block { view, block } => {
                let view_of = &scene.memory[view];
                queries[view].read_block(view_of, &view_of.blocks[block], limits, &mut stats, visitor)?;
            }
            What::Segment(number) => {
                stats.segments += 1;
                let pages = scene.view.segments[number].segment.plan(&prepared, &mut stats)?;
                charge.grow(pages.len() as u64 * 48)?;
                let unit = |page: PageRef| Unit { reach: reach(direction, page.min_ns, page.max_ns), what: What::Page(number, page) };
                units.extend(pages.into_iter().map(unit));
            }
            What::Page(number, page) => {
                let segment = &scene.view.segments[number].segment;
                segment.read_page(&page, &prepared, &scene.buried[number], limits, &mut stats, visitor)?;
            }
        }
    }
    Ok(stats)
}
