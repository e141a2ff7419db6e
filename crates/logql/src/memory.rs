//! Entries in memory as a [`LogSource`]: for tests of rules and queries, and of this crate.

use crate::source::{LogBatch, LogSelect, LogSource, LogVisitor, ReadError, ReadLimits, ReadStats, StreamCounts};
use phoenix_model::logs::{Direction, Level, LogWrite, Stream};
use phoenix_model::{Labels, LabelsRef, Matcher};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Entries that one batch holds.
const BATCH: usize = 512;

/// Entries by stream. Each stream's are sorted by time; those of the same time stay as they came.
#[derive(Debug, Default)]
pub struct MemoryLogs {
    streams: Vec<MemoryStream>,
    by_labels: HashMap<Labels, usize>,
}

#[derive(Debug)]
struct MemoryStream {
    stream: Arc<Stream>,
    entries: Vec<MemoryEntry>,
}

#[derive(Debug, Clone)]
struct MemoryEntry {
    timestamp_ns: i64,
    line: String,
    metadata: Labels,
    level: Level,
}

impl MemoryLogs {
    /// Without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all entries of a write.
    pub fn write(&mut self, write: &LogWrite) {
        for (labels, entries) in write.streams() {
            for entry in entries {
                self.push(labels, entry.timestamp_ns, entry.line, entry.metadata, entry.level);
            }
        }
    }

    /// Adds an entry; the time is in nanoseconds since the Unix epoch.
    pub fn push(&mut self, labels: &Labels, timestamp_ns: i64, line: &str, metadata: LabelsRef<'_>, level: Level) {
        let next = self.streams.len();
        let at = *self.by_labels.entry(labels.clone()).or_insert(next);
        if at == next {
            self.streams.push(MemoryStream { stream: Arc::new(Stream { labels: labels.clone() }), entries: Vec::new() });
        }
        let entries = &mut self.streams[at].entries;
        let place = entries.partition_point(|entry| entry.timestamp_ns <= timestamp_ns);
        entries.insert(place, MemoryEntry { timestamp_ns, line: line.to_owned(), metadata: metadata.to_labels(), level });
    }

    fn matching(&self, matchers: &[Matcher]) -> impl Iterator<Item = &MemoryStream> {
        self.streams.iter().filter(|stream| matchers.iter().all(|matcher| matcher.matches_labels(&stream.stream.labels)))
    }
}

impl MemoryStream {
    fn range(&self, start_ns: i64, end_ns: i64) -> Range<usize> {
        let before = |ns: i64| self.entries.partition_point(|entry| entry.timestamp_ns < ns);
        before(start_ns)..before(end_ns).max(before(start_ns))
    }
}

impl LogSource for MemoryLogs {
    fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        let mut stats = ReadStats::default();
        for stream in self.matching(select.matchers) {
            let range = stream.range(select.start_ns, select.end_ns);
            let mut batches: Vec<&[MemoryEntry]> = stream.entries[range].chunks(BATCH).collect();
            if select.direction == Some(Direction::Backward) {
                batches.reverse();
            }
            for entries in batches {
                if (limits.cancelled)() {
                    return Err(ReadError::Cancelled);
                }
                let bound_ns = visitor.bound_ns();
                let matters = |entry: &&MemoryEntry| match (bound_ns, select.direction) {
                    (Some(bound), Some(Direction::Forward)) => entry.timestamp_ns < bound,
                    (Some(bound), Some(Direction::Backward)) => entry.timestamp_ns > bound,
                    _ => true,
                };
                let mut kept: Vec<&MemoryEntry> = Vec::with_capacity(entries.len());
                for entry in entries.iter().filter(matters) {
                    stats.lines += 1;
                    stats.bytes += entry.line.len() as u64;
                    if stats.bytes > limits.max_bytes {
                        return Err(ReadError::Limit(format!("the query would read more than {} bytes of lines", limits.max_bytes)));
                    }
                    if select.filters.iter().all(|filter| filter.passes(&entry.line)) {
                        kept.push(entry);
                    }
                }
                if kept.is_empty() {
                    continue;
                }
                stats.passed += kept.len() as u64;
                stats.memory_lines += kept.len() as u64;
                let need = select.need;
                let all = |wanted: bool| kept.iter().filter(move |_| wanted);
                visitor.batch(&LogBatch {
                    stream: &stream.stream,
                    timestamps_ns: &kept.iter().map(|entry| entry.timestamp_ns).collect::<Vec<_>>(),
                    levels: &kept.iter().map(|entry| entry.level).collect::<Vec<_>>(),
                    lines: &all(need.lines).map(|entry| entry.line.as_str()).collect::<Vec<_>>(),
                    metadata: &all(need.metadata).map(|entry| entry.metadata.as_ref()).collect::<Vec<_>>(),
                    sizes: &all(need.sizes).map(|entry| entry.line.len() as u32).collect::<Vec<_>>(),
                })?;
            }
        }
        Ok(stats)
    }

    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        let mut found = Vec::new();
        for stream in self.matching(matchers) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let mut by_level: [Option<Vec<(u64, u64)>>; Level::ALL.len()] = Default::default();
            for (bucket, edges) in edges_ns.windows(2).enumerate() {
                for entry in &stream.entries[stream.range(edges[0], edges[1])] {
                    let counts = by_level[entry.level as usize].get_or_insert_with(|| vec![(0, 0); edges_ns.len() - 1]);
                    counts[bucket].0 += 1;
                    counts[bucket].1 += entry.line.len() as u64;
                }
            }
            found.extend(
                by_level
                    .into_iter()
                    .zip(Level::ALL)
                    .filter_map(|(counts, level)| counts.map(|counts| StreamCounts { stream: Arc::clone(&stream.stream), level, counts })),
            );
        }
        Ok((found, ReadStats::default()))
    }

    fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        let has = |entry: &MemoryEntry| match names {
            None => !entry.metadata.is_empty(),
            Some(names) => names.iter().any(|name| entry.metadata.get(name).is_some()),
        };
        self.streams.iter().any(|stream| stream.entries[stream.range(start_ns, end_ns)].iter().any(has))
    }
}
