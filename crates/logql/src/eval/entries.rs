//! Queries of entries: the first or last of them that pass, in a bounded heap.

use super::{EvalError, EvalOptions, RangeParams};
use crate::ast::LogExpr;
use crate::result::LogEntry;
use crate::source::{LogBatch, LogSelect, LogSource, LogVisitor, Need, ReadError, ReadStats};
use crate::stages::row::{Row, Wanted};
use crate::stages::{Pipeline, distinct_key};
use hashbrown::HashMap;
use phoenix_model::logs::{Direction, Stream};
use phoenix_model::{Charge, Labels, LabelsRef};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// What an entry takes beside its texts, in bytes.
const ENTRY_BYTES: u64 = 256;

/// Gives the entries of a range in the order of `params.direction`.
pub(super) fn read(
    logs: &LogExpr,
    params: &RangeParams,
    source: &dyn LogSource,
    options: &EvalOptions<'_>,
) -> Result<(Vec<LogEntry>, ReadStats), EvalError> {
    let (start_ns, end_ns) = (params.start_ns, params.end_ns);
    if params.limit == 0 || end_ns <= start_ns {
        return Ok((Vec::new(), ReadStats::default()));
    }
    let mut pipeline = Pipeline::new(&logs.stages, Wanted::All)?;
    pipeline.now_ns = Some(options.now_ns);
    let (filters, hints) = (std::mem::take(&mut pipeline.filters), std::mem::take(&mut pipeline.hints));
    // What comes behind `distinct` works on the entries that it leaves, in their final order.
    let behind = pipeline.distinct().map(|(at, names)| (at, names.to_vec()));
    let (distinct, mut behind) = match behind {
        Some((at, names)) => {
            let mut behind = pipeline.split_off(at);
            behind.drop_first();
            (Some(names), Some(behind))
        }
        None => (None, None),
    };
    let select = LogSelect {
        matchers: &logs.matchers,
        start_ns,
        end_ns,
        direction: Some(params.direction),
        filters: &filters,
        hints: &hints,
        need: Need { lines: true, metadata: true, sizes: false },
        metadata_names: None,
    };
    let mut reader = Reader {
        options,
        direction: params.direction,
        // Who thins entries out afterwards needs all of them.
        limit: if params.interval_ns > 0 || distinct.is_some() { usize::MAX } else { params.limit },
        pipeline,
        row: Row::default(),
        stream: None,
        batch: 0,
        heap: BinaryHeap::new(),
        distinct,
        firsts: HashMap::new(),
        failure: None,
    };
    let result = source.read(&select, &options.read_limits(), &mut reader);
    if let Some(failure) = reader.failure.take() {
        return Err(failure);
    }
    let stats = result?;
    let mut held: Vec<Held> = reader.heap.into_vec();
    held.extend(reader.firsts.into_values());
    held.sort_unstable();
    let mut entries: Vec<LogEntry> = Vec::with_capacity(held.len().min(params.limit));
    let mut thinning = Thinning { interval_ns: params.interval_ns, last: HashMap::new() };
    let mut row = Row::default();
    for Held { mut entry, .. } in held {
        if entries.len() >= params.limit {
            break;
        }
        if let Some(behind) = &mut behind {
            row.restore(&entry);
            if !behind.process(&entry.line, &mut row) {
                continue;
            }
            entry = row.to_entry(&entry.line);
        }
        if thinning.keeps(&entry) {
            entries.push(entry);
        }
    }
    Ok((entries, stats))
}

/// At most one entry of a stream in each interval.
struct Thinning {
    interval_ns: i64,
    last: HashMap<(Labels, Labels, Labels), i64>,
}

impl Thinning {
    fn keeps(&mut self, entry: &LogEntry) -> bool {
        if self.interval_ns <= 0 {
            return true;
        }
        let key = (entry.stream.clone(), entry.metadata.clone(), entry.parsed.clone());
        let last = self.last.get(&key);
        let keeps = last.is_none_or(|last| entry.timestamp_ns.abs_diff(*last) >= self.interval_ns as u64);
        if keeps {
            self.last.insert(key, entry.timestamp_ns);
        }
        keeps
    }
}

/// An entry of the answer so far. The smallest comes first in the answer.
struct Held {
    entry: LogEntry,
    stream: Arc<Stream>,
    batch: usize,
    index: usize,
    direction: Direction,
    _charge: Charge,
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_time = self.entry.timestamp_ns.cmp(&other.entry.timestamp_ns);
        let by_time = if self.direction == Direction::Forward { by_time } else { by_time.reverse() };
        by_time
            .then_with(|| if Arc::ptr_eq(&self.stream, &other.stream) { Ordering::Equal } else { self.stream.cmp(&other.stream) })
            .then_with(|| self.batch.cmp(&other.batch))
            // Within a batch later entries come later; backward they come first.
            .then_with(|| if self.direction == Direction::Forward { self.index.cmp(&other.index) } else { other.index.cmp(&self.index) })
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Held {}

struct Reader<'a> {
    options: &'a EvalOptions<'a>,
    direction: Direction,
    limit: usize,
    pipeline: Pipeline,
    row: Row,
    stream: Option<Arc<Stream>>,
    batch: usize,
    /// The last entry of the answer is on top.
    heap: BinaryHeap<Held>,
    distinct: Option<Vec<String>>,
    /// The first entry for each set of values.
    firsts: HashMap<Vec<u8>, Held>,
    failure: Option<EvalError>,
}

impl Reader<'_> {
    /// Whether an entry comes before another in the answer.
    fn before(&self, timestamp_ns: i64, other_ns: i64) -> bool {
        match self.direction {
            Direction::Forward => timestamp_ns < other_ns,
            Direction::Backward => timestamp_ns > other_ns,
        }
    }

    fn is_full(&self) -> bool {
        self.heap.len() >= self.limit
    }

    fn entries(&mut self, batch: &LogBatch<'_>) -> Result<(), EvalError> {
        // Entries of the same time keep their order: backward, the last of a batch comes first.
        let backward = self.direction == Direction::Backward;
        let count = batch.timestamps_ns.len();
        let slow = self.pipeline.is_slow();
        for step in 0..count {
            if slow && (self.options.cancelled)() {
                return Err(EvalError::Cancelled);
            }
            let i = if backward { count - 1 - step } else { step };
            let timestamp_ns = batch.timestamps_ns[i];
            if self.is_full() && self.heap.peek().is_some_and(|last| !self.before(timestamp_ns, last.entry.timestamp_ns)) {
                continue;
            }
            let metadata = batch.metadata.get(i).copied().unwrap_or(LabelsRef::EMPTY);
            self.row.begin_entry(timestamp_ns, metadata, batch.levels[i], &self.pipeline.wanted);
            if !self.pipeline.process(batch.lines[i], &mut self.row) {
                continue;
            }
            self.keep(batch, i)?;
        }
        Ok(())
    }

    fn keep(&mut self, batch: &LogBatch<'_>, index: usize) -> Result<(), EvalError> {
        let key = self.distinct.as_ref().map(|names| distinct_key(names, &self.row));
        if let Some(first) = key.as_ref().and_then(|key| self.firsts.get(key))
            && !self.before(batch.timestamps_ns[index], first.entry.timestamp_ns)
        {
            return Ok(());
        }
        let entry = self.row.to_entry(batch.lines[index]);
        let labels = [&entry.stream, &entry.metadata, &entry.parsed];
        let bytes = ENTRY_BYTES + (entry.line.len() + labels.iter().map(|labels| labels.as_bytes().len()).sum::<usize>()) as u64;
        let held = Held {
            stream: Arc::clone(batch.stream),
            batch: self.batch,
            index,
            direction: self.direction,
            _charge: self.options.budget.charge(bytes)?,
            entry,
        };
        if let Some(key) = key {
            self.firsts.insert(key, held);
        } else {
            if self.is_full() {
                self.heap.pop();
            }
            self.heap.push(held);
        }
        Ok(())
    }
}

impl LogVisitor for Reader<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        if (self.options.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        if !self.stream.as_ref().is_some_and(|stream| Arc::ptr_eq(stream, batch.stream)) {
            self.stream = Some(Arc::clone(batch.stream));
            self.pipeline.begin_stream(&batch.stream.labels, &mut self.row);
        }
        self.batch += 1;
        self.entries(batch).map_err(|failure| {
            self.failure = Some(failure);
            ReadError::Cancelled
        })
    }

    fn bound_ns(&self) -> Option<i64> {
        if self.is_full() { self.heap.peek().map(|last| last.entry.timestamp_ns) } else { None }
    }
}
