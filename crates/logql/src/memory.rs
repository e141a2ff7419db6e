//! Entries in memory as a [`LogSource`]: for tests of rules and queries, and of this crate.

use crate::source::{
    FieldFormat, FieldSelect, FieldValue, FieldVisitor, LogBatch, LogSelect, LogSource, LogVisitor, Need, ReadError, ReadLimits, ReadStats,
    StreamCounts,
};
use crate::stages::json::{self, Raw};
use crate::stages::logfmt::Pairs;
use crate::stages::row::push_sanitized;
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

    fn read_fields(
        &self,
        select: &LogSelect<'_>,
        fields: &FieldSelect<'_>,
        limits: &ReadLimits<'_>,
        visitor: &mut dyn FieldVisitor,
    ) -> Option<Result<ReadStats, ReadError>> {
        let mut parsing = Parsing { fields, visitor };
        Some(self.read(&LogSelect { need: Need { lines: true, ..select.need }, ..select.clone() }, limits, &mut parsing))
    }

    fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        let has = |entry: &MemoryEntry| match names {
            None => !entry.metadata.is_empty(),
            Some(names) => names.iter().any(|name| entry.metadata.get(name).is_some()),
        };
        self.streams.iter().any(|stream| stream.entries[stream.range(start_ns, end_ns)].iter().any(has))
    }
}

/// Finds fields by reading whole lines.
struct Parsing<'v> {
    fields: &'v FieldSelect<'v>,
    visitor: &'v mut dyn FieldVisitor,
}

impl LogVisitor for Parsing<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        let found: Vec<Option<Vec<String>>> = batch.lines.iter().map(|line| values(line, self.fields)).collect();
        let column = |at: usize| -> Vec<FieldValue<'_>> {
            let is_number = self.fields.number == Some(self.fields.names[at].as_str());
            let read = found.iter().map(|values| match values.as_ref().map(|values| values[at].as_str()) {
                None => FieldValue::Unknown,
                Some("") => FieldValue::Absent,
                Some(text) => text.parse().ok().filter(|_| is_number).map_or(FieldValue::Text(text), FieldValue::Number),
            });
            read.collect()
        };
        let columns: Vec<Vec<FieldValue<'_>>> = (0..self.fields.names.len()).map(column).collect();
        self.visitor.fields(batch, &columns.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

/// The values of fields in a line, empty where there is none; nothing for a line with mistakes.
fn values(line: &str, fields: &FieldSelect<'_>) -> Option<Vec<String>> {
    let mut values = vec![String::new(); fields.names.len()];
    let mut seen = vec![false; fields.names.len()];
    let mut note = |name: &str, value: &dyn Fn(&mut String)| {
        if let Some(at) = fields.names.iter().position(|wanted| wanted == name)
            && !std::mem::replace(&mut seen[at], true)
        {
            value(&mut values[at]);
        }
    };
    match fields.format {
        FieldFormat::Logfmt => {
            for pair in Pairs::new(line) {
                let pair = pair.ok()?;
                let mut name = String::new();
                push_sanitized(pair.key, true, &mut name);
                if !pair.value.is_empty() {
                    note(&name, &|out| pair.push_value(out));
                }
            }
        }
        FieldFormat::Json => json::leaves(line, &mut |path, value| {
            let mut name = String::new();
            for (i, key) in path.iter().enumerate() {
                if i > 0 {
                    name.push('_');
                }
                push_sanitized(key, i == 0, &mut name);
            }
            if value != Raw::Null {
                note(&name, &|out| value.push_to(out));
            }
        })
        .ok()?,
    }
    Some(values)
}
