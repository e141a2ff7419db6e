//! Reading spans over memtables and segments.

use super::apart::copy_trace;
use super::filter::asks_filter;
use super::layout::Head;
use super::memtable::SpanView;
use super::prune::in_time;
use super::segment::SpanSegment;
use super::tags::TagCounts;
use hashbrown::HashSet;
use parking_lot::Mutex;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{Scope, SpanSelect, SpanStats, SpanVisitor, TagName, TraceId, TraceWrite};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Traces that lie in several places are put together so many at a time.
const APART_TRACES: usize = 1024;

/// All places where spans lie: all held segments, also those out of the range of time, since parts
/// of traces may lie there.
pub(crate) struct SpanScene<'a> {
    /// The memtables, the frozen one first.
    pub(crate) memory: Vec<SpanView>,
    /// The segments, the oldest first.
    pub(crate) segments: Vec<&'a SpanSegment>,
    /// Traces whose last span ends before this are past their retention.
    pub(crate) cutoff_ns: i64,
}

/// Something that one thread reads.
pub(super) enum Task<'s> {
    Group { segment: &'s SpanSegment, head: Arc<Head>, group: usize },
    Bucket { view: &'s SpanView, bucket: usize },
    Apart { ids: &'s [TraceId] },
}

/// What all threads of a read share.
pub(super) struct Shared<'r> {
    pub scene: &'r SpanScene<'r>,
    pub select: &'r SpanSelect<'r>,
    pub limits: &'r ReadLimits<'r>,
    pub apart: HashSet<TraceId>,
    /// Whether filters may rule pages out.
    pub filtered: bool,
    /// Later ones first.
    pub tasks: Vec<(i64, Task<'r>)>,
    pub next: AtomicUsize,
    pub failed: AtomicBool,
    pub bytes: AtomicU64,
}

impl SpanScene<'_> {
    /// Gives the visitors the traces that count, each in one batch to one of them; as many threads
    /// read as there are visitors. Later traces come first, roughly.
    ///
    /// With [`SpanTime::Span`], conditions are met only by spans that start within the range, and
    /// other spans are given only with [`SpanRows::WholeTraces`]. Where nothing says which rows are
    /// given, traces come without rows.
    pub(crate) fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError> {
        let mut stats = SpanStats::default();
        if select.start_ns >= select.end_ns || visitors.is_empty() {
            return Ok(stats);
        }
        let apart = self.split()?;
        let mut tasks = Vec::new();
        for view in &self.memory {
            tasks.extend((0..view.buckets.len()).rev().map(|bucket| (i64::MAX, Task::Bucket { view, bucket })));
        }
        tasks.extend(apart.chunks(APART_TRACES).map(|ids| (i64::MAX, Task::Apart { ids })));
        for segment in &self.segments {
            let info = segment.info();
            if info.rows == 0 || info.min_ns >= select.end_ns || info.max_ns < select.start_ns {
                continue;
            }
            stats.segments += 1;
            let head = segment.head()?;
            for group in 0..head.table.groups.len() {
                let wanted = head.pages_of(group).map(|page| &head.pages[page as usize]).filter(|page| in_time(page, select));
                if let Some(last_ns) = wanted.map(|page| page.last_trace_ns).max() {
                    tasks.push((last_ns, Task::Group { segment, head: Arc::clone(&head), group }));
                }
            }
        }
        tasks.sort_by_key(|(last_ns, _)| std::cmp::Reverse(*last_ns));
        let _charge = limits.budget.charge((tasks.len() * size_of::<(i64, Task<'_>)>() + apart.len() * 40) as u64)?;
        let shared = Shared {
            scene: self,
            select,
            limits,
            apart: apart.iter().copied().collect(),
            filtered: select.required.iter().any(asks_filter),
            tasks,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
        };
        if let [visitor] = visitors {
            stats += shared.run(&mut **visitor)?;
            return Ok(stats);
        }
        let outcomes = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for visitor in visitors.iter_mut() {
                let (shared, outcomes) = (&shared, &outcomes);
                scope.spawn(move || {
                    let outcome = shared.run(&mut **visitor);
                    if outcome.is_err() {
                        shared.failed.store(true, Ordering::Relaxed);
                    }
                    outcomes.lock().push(outcome);
                });
            }
        });
        // The others give up when one fails; theirs is not the reason.
        let (mut first, mut given_up) = (None, None);
        for outcome in outcomes.into_inner() {
            match outcome {
                Ok(part) => stats += part,
                Err(ReadError::Cancelled) => given_up = Some(ReadError::Cancelled),
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.or(given_up).map_or(Ok(stats), Err)
    }

    /// The spans of a trace by start; none if it is not there, or if none of it lies within the range.
    /// With a range, only segments that reach into it are asked.
    pub(crate) fn trace(&self, id: TraceId, range: Option<(i64, i64)>, limits: &ReadLimits<'_>) -> Result<TraceWrite, ReadError> {
        let overlaps = |segment: &&SpanSegment| range.is_none_or(|(start_ns, end_ns)| segment.info().overlaps(start_ns, end_ns));
        let scene = SpanScene {
            memory: self.memory.clone(),
            segments: self.segments.iter().copied().filter(|segment| overlaps(segment)).collect(),
            cutoff_ns: self.cutoff_ns,
        };
        let gathered = scene.gather(&[id], limits, &mut 0)?;
        let Some((_, spans)) = gathered.traces.first() else { return Ok(TraceWrite::default()) };
        let (first_ns, last_ns) = super::rows::extent(spans.iter().map(|at| {
            let fixed = gathered.blocks[at.block as usize].fixed(at.row as usize);
            (fixed.start_ns, fixed.duration_ns)
        }));
        if last_ns < self.cutoff_ns || range.is_some_and(|(start_ns, end_ns)| first_ns >= end_ns || last_ns < start_ns) {
            return Ok(TraceWrite::default());
        }
        copy_trace(&gathered.blocks, spans, limits.budget)
    }

    /// Names of attributes, sorted. Those of segments and memtables that reach into the range; of a
    /// segment with more than ten thousand names, some are missing.
    pub(crate) fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError> {
        let mut tags = TagCounts::default();
        for segment in self.segments.iter().filter(|segment| segment.info().overlaps(start_ns, end_ns)) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            tags.add_tags(&segment.head()?.tags);
        }
        for block in self.memory.iter().flat_map(|view| view.blocks.iter()) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let in_range = |span: &phoenix_model::traces::SpanRef<'_>| {
                span.fixed.start_ns < end_ns && span.fixed.start_ns.saturating_add(span.fixed.duration_ns) >= start_ns
            };
            let (mut resources, mut scopes) = (HashSet::new(), HashSet::new());
            for span in block.spans().filter(in_range) {
                tags.add_span(&span);
                if resources.insert(span.resource) {
                    tags.add_set(Scope::Resource, block.resource(span.resource).attributes);
                }
                if scopes.insert(span.scope) {
                    tags.add_set(Scope::Instrumentation, block.scope(span.scope).attributes);
                }
            }
        }
        Ok(tags.finish().into_iter().map(|tag| TagName { scope: tag.scope, key: tag.key.into() }).collect())
    }
}
