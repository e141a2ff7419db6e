//! Merging segments of spans.

use super::apart::drop_same;
use super::copy::Copied;
use super::layout::Head;
use super::pages::PageReader;
use super::rows::{At, extent};
use super::segment::SpanSegment;
use super::tags::TagCounts;
use super::writer::{SpanSegmentWriter, SpanTarget, sort_key};
use crate::segment::{SegmentError, SegmentInfo};
use hashbrown::HashMap;
use phoenix_model::Budget;
use phoenix_model::traces::{TraceId, TraceWrite};
use std::sync::Arc;

/// After so many spans a merge asks whether it shall go on.
const ROWS_PER_STEP: usize = 4096;
/// So many split traces are put together at a time.
const JOINED_TRACES: usize = 2048;
/// Memory for that; traces that do not fit in are left in parts.
const JOINED_BYTES: u64 = 64 << 20;

/// What came of a merge.
#[derive(Debug)]
pub(crate) enum SpanMerged {
    /// A segment with all that is left.
    Segment(SegmentInfo),
    /// No span is left.
    Nothing,
    /// The caller did not want to go on.
    GivenUp,
}

/// Why a merge ends early.
enum Ended {
    Failed(SegmentError),
    GivenUp,
}

impl From<SegmentError> for Ended {
    fn from(error: SegmentError) -> Self {
        Self::Failed(error)
    }
}

struct Merge<'m, 'a> {
    inputs: &'m [&'a SpanSegment],
    target: &'m SpanTarget<'m>,
    cutoff_ns: i64,
    elsewhere: &'m mut dyn FnMut(TraceId) -> Result<bool, SegmentError>,
    go_on: &'m mut dyn FnMut() -> bool,
    heads: Vec<Arc<Head>>,
    writer: Option<SpanSegmentWriter>,
    until_pause: usize,
}

/// Writes segments into one, in bounded memory. Traces whose last span ends before `cutoff_ns` are
/// left out. `elsewhere` is asked for traces that an input lists as split: whether a segment that
/// is not among the inputs, or a memtable, may hold it. `go_on` is called every few thousand
/// spans; when it says no, the merge ends with [`SpanMerged::GivenUp`].
///
/// Traces that lie in several inputs are put together; they stand behind all others.
pub(crate) fn merge_spans(
    inputs: &[&SpanSegment],
    target: &SpanTarget<'_>,
    cutoff_ns: i64,
    elsewhere: &mut dyn FnMut(TraceId) -> Result<bool, SegmentError>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<SpanMerged, SegmentError> {
    let heads = inputs.iter().map(|input| input.head()).collect::<Result<_, _>>()?;
    let merge = Merge { inputs, target, cutoff_ns, elsewhere, go_on, heads, writer: None, until_pause: ROWS_PER_STEP };
    match merge.run() {
        Ok(Some(info)) => Ok(SpanMerged::Segment(info)),
        Ok(None) => Ok(SpanMerged::Nothing),
        Err(Ended::GivenUp) => Ok(SpanMerged::GivenUp),
        Err(Ended::Failed(error)) => Err(error),
    }
}

/// The units of a segment, one after the other.
struct Cursor<'a> {
    reader: PageReader<'a>,
    page: u32,
    /// The traces of the unit, the next one last.
    traces: Vec<(TraceId, Vec<At>, i64, i64)>,
}

impl Merge<'_, '_> {
    fn run(mut self) -> Result<Option<SegmentInfo>, Ended> {
        let mut split: Vec<TraceId> = Vec::new();
        for input in self.inputs {
            split.extend_from_slice(&input.split()?);
        }
        split.sort_unstable();
        split.dedup();
        self.stream(&split)?;
        self.join_all(&split)?;
        let Some(writer) = self.writer else { return Ok(None) };
        Ok(Some(writer.finish()?))
    }

    /// Writes the traces that lie in one input only.
    fn stream(&mut self, split: &[TraceId]) -> Result<(), Ended> {
        let mut cursors: Vec<Cursor<'_>> = (self.inputs.iter().zip(&self.heads))
            .map(|(input, head)| Cursor { reader: PageReader::new(&input.files, Arc::clone(head), false), page: 0, traces: Vec::new() })
            .collect();
        let mut blocks: Vec<Arc<TraceWrite>> = cursors.iter().map(|_| Arc::default()).collect();
        loop {
            for (number, cursor) in cursors.iter_mut().enumerate() {
                if cursor.traces.is_empty()
                    && cursor.load(number, &mut blocks, split)?
                    && let Some(writer) = &mut self.writer
                {
                    writer.forget_blocks();
                }
            }
            let key = |cursor: &Cursor<'_>| cursor.traces.last().map(|(id, _, start_ns, _)| sort_key(*start_ns, *id));
            let next = cursors.iter().enumerate().filter_map(|(number, cursor)| Some((key(cursor)?, number))).min();
            let Some((_, number)) = next else { return Ok(()) };
            if let Some((id, spans, _, end_ns)) = cursors[number].traces.pop()
                && end_ns >= self.cutoff_ns
            {
                self.push(id, &blocks, &spans)?;
            }
        }
    }

    fn push(&mut self, id: TraceId, blocks: &[Arc<TraceWrite>], spans: &[At]) -> Result<(), Ended> {
        self.writer()?.push(id, blocks, spans)?;
        self.until_pause = self.until_pause.saturating_sub(spans.len());
        if self.until_pause == 0 {
            self.until_pause = ROWS_PER_STEP;
            if !(self.go_on)() {
                return Err(Ended::GivenUp);
            }
        }
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut SpanSegmentWriter, SegmentError> {
        if self.writer.is_none() {
            let mut tags = TagCounts::default();
            self.heads.iter().for_each(|head| tags.add_tags(&head.tags));
            let rows = self.inputs.iter().map(|input| input.info().rows).sum();
            self.writer = Some(SpanSegmentWriter::create(self.target, tags.promoted(rows, self.target.options.promoted))?);
        }
        Ok(self.writer.as_mut().expect("it was just made"))
    }

    /// Writes the split traces that inputs hold, put together.
    fn join_all(&mut self, split: &[TraceId]) -> Result<(), Ended> {
        // Ordered by when they began, roughly, so that those which are put together lie close to each other.
        let mut ids: Vec<(i64, TraceId)> = Vec::new();
        for id in split {
            let mut at_ns = None;
            for (input, head) in self.inputs.iter().zip(&self.heads) {
                at_ns = at_ns.or(input.pages_of(*id)?.first().map(|page| head.pages[*page as usize].first_trace_ns));
            }
            ids.extend(at_ns.map(|at_ns| (at_ns, *id)));
        }
        ids.sort_unstable();
        for chunk in ids.chunks(JOINED_TRACES) {
            let mut chunk: Vec<TraceId> = chunk.iter().map(|(_, id)| *id).collect();
            chunk.sort_unstable();
            self.join(&chunk)?;
        }
        Ok(())
    }

    fn join(&mut self, ids: &[TraceId]) -> Result<(), Ended> {
        let budget = Budget::new("memory of a merge", JOINED_BYTES);
        let mut blocks = Vec::new();
        for input in self.inputs {
            match input.read_parts(ids, &mut 0, &budget.child("memory of a merge", JOINED_BYTES / self.inputs.len().max(1) as u64)) {
                Ok(write) => blocks.push(Arc::new(write)),
                Err(SegmentError::Budget(_)) => {
                    drop(blocks);
                    let [id] = ids else {
                        let (first, second) = ids.split_at(ids.len() / 2);
                        self.join(first)?;
                        return self.join(second);
                    };
                    return self.copy_parts(*id);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut spans: HashMap<TraceId, Vec<At>> = HashMap::new();
        for (block, write) in blocks.iter().enumerate() {
            for row in 0..write.len() {
                spans.entry(write.fixed(row).trace_id).or_default().push(At { block: block as u32, row: row as u32 });
            }
        }
        let mut traces: Vec<((i64, TraceId), i64, Vec<At>)> = Vec::with_capacity(spans.len());
        for (id, mut spans) in spans {
            drop_same(&blocks, &mut spans);
            let (start_ns, end_ns) = extent_of(&blocks, &spans);
            traces.push((sort_key(start_ns, id), end_ns, spans));
        }
        traces.sort_unstable_by_key(|(key, ..)| *key);
        self.writer()?.forget_blocks();
        for ((_, id), end_ns, spans) in traces {
            if (self.elsewhere)(id)? {
                self.writer()?.mark_split(id);
            } else if end_ns < self.cutoff_ns {
                continue;
            }
            self.push(id, &blocks, &spans)?;
        }
        Ok(())
    }

    /// Writes the parts of a very large trace as they are.
    fn copy_parts(&mut self, id: TraceId) -> Result<(), Ended> {
        for (input, head) in self.inputs.iter().zip(&self.heads.clone()) {
            let mut reader = PageReader::new(&input.files, Arc::clone(head), true);
            for page in input.pages_of(id)? {
                let mut copied = Copied::default();
                reader.copy_unit(page, &mut |other| other == id, &mut copied)?;
                let spans: Vec<At> = (0..copied.write.len() as u32).map(|row| At { block: 0, row }).collect();
                let writer = self.writer()?;
                writer.mark_split(id);
                writer.forget_blocks();
                self.push(id, &[Arc::new(copied.write)], &spans)?;
            }
        }
        Ok(())
    }
}

fn extent_of(blocks: &[Arc<TraceWrite>], spans: &[At]) -> (i64, i64) {
    extent(spans.iter().map(|at| {
        let fixed = blocks[at.block as usize].fixed(at.row as usize);
        (fixed.start_ns, fixed.duration_ns)
    }))
}

impl Cursor<'_> {
    /// Reads units until one has a trace that is wanted; whether one was read.
    fn load(&mut self, number: usize, blocks: &mut [Arc<TraceWrite>], split: &[TraceId]) -> Result<bool, SegmentError> {
        let mut loaded = false;
        while self.traces.is_empty() && (self.page as usize) < self.reader.head.pages.len() {
            let mut copied = Copied::default();
            self.reader.copy_unit(self.page, &mut |id| split.binary_search(&id).is_err(), &mut copied)?;
            self.page = self.reader.head.unit(self.page).end;
            blocks[number] = Arc::new(copied.write);
            loaded = true;
            let write = &blocks[number];
            for row in 0..write.len() {
                let id = write.fixed(row).trace_id;
                let at = At { block: number as u32, row: row as u32 };
                match self.traces.last_mut() {
                    Some((last, spans, ..)) if *last == id => spans.push(at),
                    _ => self.traces.push((id, vec![at], 0, 0)),
                }
            }
            for (_, spans, start_ns, end_ns) in &mut self.traces {
                (*start_ns, *end_ns) = extent_of(blocks, spans);
            }
            self.traces.reverse();
        }
        Ok(loaded)
    }
}
