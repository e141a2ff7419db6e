//! Reading entries in memory.

use super::{Block, MemoryView};
use crate::retention::Cutoffs;
use crate::tombstone::Tombstone;
use hashbrown::HashMap;
use memchr::memmem::Finder;
use phoenix_model::logs::{
    Direction, Level, LineFilter, LinePattern, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats, Stream,
};
use phoenix_model::{Charge, LabelsRef, Matcher};
use std::sync::Arc;

/// The start of a stream that is not asked for.
const NEVER: i64 = i64::MAX;

/// A question to entries in memory, prepared once.
pub(crate) struct MemoryQuery<'a> {
    end_ns: i64,
    /// `None` when the visitor's bound says nothing.
    direction: Option<Direction>,
    need: Need,
    filters: Vec<PreparedFilter<'a>>,
    hints: Vec<Hint<'a>>,
    /// For each stream the first moment that counts, after its retention; [`NEVER`] if it is not asked for.
    starts_ns: Vec<i64>,
    /// For streams that some tombstone touches, those tombstones.
    buried: HashMap<u32, Vec<&'a Tombstone>>,
    _charge: Charge,
}

/// A filter with its needles prepared.
struct PreparedFilter<'a> {
    negated: bool,
    alternatives: Vec<PreparedPattern<'a>>,
}

enum PreparedPattern<'a> {
    Contains(Box<Finder<'a>>),
    Other(&'a LinePattern),
}

impl<'a> PreparedFilter<'a> {
    fn new(filter: &'a LineFilter) -> Self {
        let pattern = |pattern: &'a LinePattern| match pattern {
            LinePattern::Contains(text) => PreparedPattern::Contains(Box::new(Finder::new(text))),
            other => PreparedPattern::Other(other),
        };
        Self { negated: filter.negated, alternatives: filter.alternatives.iter().map(pattern).collect() }
    }

    fn passes(&self, line: &str) -> bool {
        let found = self.alternatives.iter().any(|pattern| match pattern {
            PreparedPattern::Contains(finder) => finder.find(line.as_bytes()).is_some(),
            PreparedPattern::Other(pattern) => pattern.is_in(line),
        });
        found != self.negated
    }
}

/// A text that entries which matter hold, in their line, metadata or labels.
struct Hint<'a> {
    finder: Finder<'a>,
    /// The streams whose labels hold it.
    streams: Vec<bool>,
}

impl<'a> Hint<'a> {
    /// `None` for a text that `detected_level` may hold.
    fn new(text: &'a str, view: &MemoryView) -> Option<Self> {
        if Level::ALL.iter().any(|level| level.as_str().contains(text)) {
            return None;
        }
        let holds = |stream: &Arc<Stream>| stream.labels.iter().any(|(_, value)| value.contains(text));
        Some(Self { finder: Finder::new(text), streams: view.streams.iter().map(holds).collect() })
    }

    /// Whether a row may hold it.
    fn allows(&self, block: &Block, row: usize) -> bool {
        let line = block.line(row).as_bytes();
        self.streams[block.streams[row] as usize]
            || self.finder.find(line).is_some()
            || memchr::memchr(b'\\', line).is_some()
            || self.finder.find(block.metadata(row).as_bytes()).is_some()
    }
}

/// A batch that is put together; its memory is kept from one to the next.
#[derive(Default)]
struct Columns<'b> {
    timestamps_ns: Vec<i64>,
    levels: Vec<Level>,
    lines: Vec<&'b str>,
    metadata: Vec<LabelsRef<'b>>,
    sizes: Vec<u32>,
}

impl<'a> MemoryQuery<'a> {
    /// Prepares a question to the rows of a view.
    pub(crate) fn new(
        view: &MemoryView,
        select: &'a LogSelect<'a>,
        cutoffs: &Cutoffs<'_>,
        tombstones: &'a [Tombstone],
        limits: &ReadLimits<'_>,
    ) -> Result<Self, ReadError> {
        let charge = limits.budget.charge(view.streams.len() as u64 * (8 + select.hints.len() as u64))?;
        let chosen = |stream: &Arc<Stream>| matches(select.matchers, stream);
        let start_of = |stream: &Arc<Stream>| if chosen(stream) { select.start_ns.max(cutoffs.of(stream)) } else { NEVER };
        let starts_ns: Vec<i64> = view.streams.iter().map(start_of).collect();
        let mut buried = HashMap::new();
        if !tombstones.is_empty() {
            for (number, stream) in view.streams.iter().enumerate().filter(|(number, _)| starts_ns[*number] != NEVER) {
                let touching: Vec<&Tombstone> = tombstones.iter().filter(|tombstone| tombstone.touches_stream(stream)).collect();
                if !touching.is_empty() {
                    buried.insert(number as u32, touching);
                }
            }
        }
        Ok(Self {
            end_ns: select.end_ns,
            direction: select.direction,
            need: select.need,
            filters: select.filters.iter().map(PreparedFilter::new).collect(),
            hints: select.hints.iter().filter_map(|hint| Hint::new(hint, view)).collect(),
            starts_ns,
            buried,
            _charge: charge,
        })
    }

    /// Whether a row counts, its line and tombstones aside.
    fn asks_for(&self, block: &Block, row: usize) -> bool {
        let timestamp_ns = block.timestamps_ns[row];
        timestamp_ns < self.end_ns && self.starts_ns[block.streams[row] as usize] <= timestamp_ns
    }

    /// Whether a tombstone hides a row.
    fn hides(&self, block: &Block, row: usize) -> bool {
        let covers = |tombstones: &Vec<&Tombstone>| tombstones.iter().any(|t| t.covers(block.timestamps_ns[row], block.line(row)));
        !self.buried.is_empty() && self.buried.get(&block.streams[row]).is_some_and(covers)
    }

    /// The rows that are asked for and that no tombstone hides, whatever their lines are.
    pub(crate) fn rows<'b>(&'b self, block: &'b Block) -> impl Iterator<Item = usize> + 'b {
        (0..block.len()).filter(move |row| self.asks_for(block, *row) && !self.hides(block, *row))
    }

    /// Gives the visitor what passes in a block: a batch for each stream.
    pub(crate) fn read_block(
        &self,
        view: &MemoryView,
        block: &Block,
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
        visitor: &mut dyn LogVisitor,
    ) -> Result<(), ReadError> {
        if (limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        let bound_ns = visitor.bound_ns();
        let within_bound = |row: &usize| match (bound_ns, self.direction) {
            (None, _) | (_, None) => true,
            (Some(bound_ns), Some(Direction::Backward)) => block.timestamps_ns[*row] > bound_ns,
            (Some(bound_ns), Some(Direction::Forward)) => block.timestamps_ns[*row] < bound_ns,
        };
        // What a row takes in the columns below.
        let _charge = limits.budget.charge(block.len() as u64 * 64)?;
        let mut passing: Vec<u32> = Vec::new();
        for row in (0..block.len()).filter(|row| self.asks_for(block, *row)).filter(within_bound) {
            stats.lines += 1;
            stats.bytes += u64::from(block.line_bytes(row));
            if (self.filters.is_empty() || {
                let line = block.line(row);
                self.filters.iter().all(|filter| filter.passes(line))
            }) && self.hints.iter().all(|hint| hint.allows(block, row))
                && !self.hides(block, row)
            {
                passing.push(row as u32);
            }
        }
        check_bytes(limits, stats)?;
        stats.passed += passing.len() as u64;
        stats.memory_lines += passing.len() as u64;
        passing.sort_unstable_by_key(|row| (block.streams[*row as usize], block.timestamps_ns[*row as usize], *row));
        let mut columns = Columns::default();
        for rows in passing.chunk_by(|a, b| block.streams[*a as usize] == block.streams[*b as usize]) {
            columns.fill(block, rows, self.need);
            visitor.batch(&LogBatch {
                stream: view.streams.get(block.streams[rows[0] as usize]),
                timestamps_ns: &columns.timestamps_ns,
                levels: &columns.levels,
                lines: &columns.lines,
                metadata: &columns.metadata,
                sizes: &columns.sizes,
            })?;
        }
        Ok(())
    }
}

impl<'b> Columns<'b> {
    fn fill(&mut self, block: &'b Block, rows: &[u32], need: Need) {
        let rows = || rows.iter().map(|row| *row as usize);
        self.timestamps_ns.clear();
        self.timestamps_ns.extend(rows().map(|row| block.timestamps_ns[row]));
        self.levels.clear();
        self.levels.extend(rows().map(|row| block.levels[row]));
        self.lines.clear();
        if need.lines {
            self.lines.extend(rows().map(|row| block.line(row)));
        }
        self.metadata.clear();
        if need.metadata {
            self.metadata.extend(rows().map(|row| block.metadata(row)));
        }
        self.sizes.clear();
        if need.sizes {
            self.sizes.extend(rows().map(|row| block.line_bytes(row)));
        }
    }
}

/// Whether a stream meets all conditions.
pub(crate) fn matches(matchers: &[Matcher], stream: &Stream) -> bool {
    matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels))
}

/// An error when more bytes of lines were read than may be.
pub(crate) fn check_bytes(limits: &ReadLimits<'_>, stats: &ReadStats) -> Result<(), ReadError> {
    if stats.bytes > limits.max_bytes {
        return Err(ReadError::Limit(format!(
            "the query reads more than {} bytes of lines; narrow the selector or the time range, or raise `limits.query_max_log_bytes`",
            limits.max_bytes
        )));
    }
    Ok(())
}
