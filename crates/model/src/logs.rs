//! Log entries, streams, what a reader asks of a store of logs, and what it is given.
//!
//! Times of logs are nanoseconds since the Unix epoch as `i64`, as in Loki's API and in OTLP.
//! A range of time holds its start and not its end.

use crate::labels::{Labels, LabelsRef};
use crate::{Budget, BudgetExceeded};
use regex::Regex;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The structured metadata under which Loki gives the level that it found.
pub const DETECTED_LEVEL: &str = "detected_level";

/// How bad an entry says it is, under the names that Loki gives in `detected_level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Level {
    /// Nobody looked: the entry has no `detected_level`.
    #[default]
    Absent = 0,
    /// `unknown`: looked for and not found.
    Unknown = 1,
    /// `trace`
    Trace = 2,
    /// `debug`
    Debug = 3,
    /// `info`
    Info = 4,
    /// `warn`
    Warn = 5,
    /// `error`
    Error = 6,
    /// `critical`
    Critical = 7,
    /// `fatal`
    Fatal = 8,
}

impl Level {
    /// All levels, by number.
    pub const ALL: [Self; 9] =
        [Self::Absent, Self::Unknown, Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Critical, Self::Fatal];

    /// The value of `detected_level`; empty for [`Level::Absent`].
    pub fn as_str(self) -> &'static str {
        ["", "unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal"][self as usize]
    }

    /// Reads the number that `as u8` gives.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A stream: entries that share their labels. Stores keep one of these for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    /// The labels, without `detected_level`.
    pub labels: Labels,
}

/// Entries on their way into a store. Text stands in one arena, so that reading a request makes
/// no allocation for an entry.
#[derive(Debug, Clone, Default)]
pub struct LogWrite {
    streams: Vec<WriteStream>,
    entries: Vec<WriteEntry>,
    text: String,
    metadata: Vec<u8>,
}

/// The entries of one stream within a [`LogWrite`], as a range of its entries.
#[derive(Debug, Clone)]
pub struct WriteStream {
    /// The stream's labels.
    pub labels: Labels,
    entries: Range<u32>,
}

#[derive(Debug, Clone, Copy)]
struct WriteEntry {
    timestamp_ns: i64,
    line_end: u32,
    metadata_end: u32,
    level: Level,
}

/// One entry of a [`LogWrite`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// The line.
    pub line: &'a str,
    /// Structured metadata, without `detected_level`.
    pub metadata: LabelsRef<'a>,
    /// The level that was found.
    pub level: Level,
}

impl LogWrite {
    /// Begins a stream; entries pushed from now on are its. The same labels may come again.
    pub fn begin_stream(&mut self, labels: Labels) {
        let at = self.entries.len() as u32;
        self.streams.push(WriteStream { labels, entries: at..at });
    }

    /// Adds an entry to the stream begun last.
    ///
    /// # Panics
    /// When no stream was begun.
    pub fn push(&mut self, timestamp_ns: i64, line: &str, metadata: LabelsRef<'_>, level: Level) {
        self.text.push_str(line);
        self.metadata.extend_from_slice(metadata.as_bytes());
        self.entries.push(WriteEntry { timestamp_ns, line_end: self.text.len() as u32, metadata_end: self.metadata.len() as u32, level });
        self.streams.last_mut().expect("a stream is begun before its entries").entries.end += 1;
    }

    /// The streams, each with its entries, in the order in which they came.
    pub fn streams(&self) -> impl Iterator<Item = (&Labels, impl Iterator<Item = EntryRef<'_>> + Clone)> {
        self.streams.iter().map(|stream| (&stream.labels, stream.entries.clone().map(|i| self.entry(i as usize))))
    }

    fn entry(&self, i: usize) -> EntryRef<'_> {
        let before = i.checked_sub(1).map(|before| self.entries[before]);
        let (line_start, metadata_start) = before.map_or((0, 0), |b| (b.line_end, b.metadata_end));
        let entry = self.entries[i];
        EntryRef {
            timestamp_ns: entry.timestamp_ns,
            line: &self.text[line_start as usize..entry.line_end as usize],
            metadata: LabelsRef::trusted(&self.metadata[metadata_start as usize..entry.metadata_end as usize]),
            level: entry.level,
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The time of the oldest entry, in nanoseconds since the Unix epoch.
    pub fn oldest_ns(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.timestamp_ns).min()
    }

    /// Bytes of lines and metadata.
    pub fn size_bytes(&self) -> usize {
        self.text.len() + self.metadata.len()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.streams.clear();
        self.entries.clear();
        self.text.clear();
        self.metadata.clear();
    }
}

/// In which order a reader wants entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first; Loki's default.
    #[default]
    Backward,
}

/// A condition on lines as they are stored. A line passes when any of the alternatives is found
/// in it, or, negated, when none is.
#[derive(Debug, Clone)]
pub struct LineFilter {
    /// Whether finding an alternative refuses the line.
    pub negated: bool,
    /// At least one.
    pub alternatives: Vec<LinePattern>,
}

/// What a [`LineFilter`] looks for.
#[derive(Debug, Clone)]
pub enum LinePattern {
    /// A text anywhere in the line, byte for byte. The empty text is in every line.
    Contains(String),
    /// A regular expression that matches anywhere in the line.
    Regex(Regex),
    /// Loki's `|>`: literals in this order with any text between them. The first must begin the
    /// line and the last must end it, unless they are empty; between two literals stands at least
    /// one byte.
    Literals(Vec<String>),
}

impl LineFilter {
    /// Whether a line passes.
    pub fn passes(&self, line: &str) -> bool {
        self.alternatives.iter().any(|pattern| pattern.is_in(line)) != self.negated
    }
}

impl LinePattern {
    /// Whether the line has it.
    pub fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Contains(text) => memchr::memmem::find(line.as_bytes(), text.as_bytes()).is_some(),
            Self::Regex(regex) => regex.is_match(line),
            Self::Literals(literals) => literals_match(literals, line),
        }
    }
}

fn literals_match(literals: &[String], line: &str) -> bool {
    let [first, middle @ .., last] = literals else {
        return literals.first().is_some_and(|only| line == only);
    };
    let Some(mut rest) = line.strip_prefix(first.as_str()) else { return false };
    for literal in middle {
        let Some(at) = rest.get(1..).and_then(|_| memchr::memmem::find(&rest.as_bytes()[1..], literal.as_bytes())) else {
            return false;
        };
        rest = &rest[1 + at + literal.len()..];
    }
    rest.len() > last.len() && rest.ends_with(last.as_str())
}

/// What a reader asks of a store of logs.
#[derive(Debug, Clone)]
pub struct LogSelect<'a> {
    /// Conditions on the stream's labels; all must hold.
    pub matchers: &'a [crate::Matcher],
    /// The first moment that counts.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// The order in which batches come, roughly: a later batch may hold entries that lie before
    /// those of an earlier one. `None` lets the store choose.
    pub direction: Option<Direction>,
    /// Conditions on the line. The store applies them exactly.
    pub filters: &'a [LineFilter],
    /// Texts that each entry that matters holds in its line, in a value of its metadata, or in a
    /// value of its stream's labels, byte for byte; or else the line holds a backslash (its text
    /// may then be an escaped form). For who does not need lines, a text in the line does not count.
    /// The store may use them to skip entries, and need not.
    pub hints: &'a [String],
    /// What the reader looks at. What it does not need may be left empty in batches.
    pub need: Need,
    /// The names of the structured metadata at which the reader looks, where it needs metadata at
    /// all; every name if it is `None`. Metadata under other names may be left out of batches, and
    /// is none that holds a hint.
    pub metadata_names: Option<&'a [String]>,
}

/// What a reader looks at in entries, beside stream and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Need {
    /// The lines.
    pub lines: bool,
    /// Structured metadata.
    pub metadata: bool,
    /// The lengths of lines in bytes, where lines are not needed.
    pub sizes: bool,
}

/// Entries of one stream that passed the conditions. All slices have the same length, or are
/// empty because they are not needed.
#[derive(Debug, Clone, Copy)]
pub struct LogBatch<'a> {
    /// The stream.
    pub stream: &'a Arc<Stream>,
    /// In ascending order for most stores; readers don't rely on it.
    pub timestamps_ns: &'a [i64],
    /// Always there.
    pub levels: &'a [Level],
    /// The lines, if needed.
    pub lines: &'a [&'a str],
    /// Structured metadata, if needed; without `detected_level`.
    pub metadata: &'a [LabelsRef<'a>],
    /// The lengths of the lines in bytes, if needed.
    pub sizes: &'a [u32],
}

/// Takes what a store gives.
pub trait LogVisitor {
    /// Takes a batch. An error ends the reading.
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError>;

    /// The time beyond which entries don't matter any more: entries at or before it when reading
    /// backward, at or after it when reading forward. Asked before each batch is put together.
    fn bound_ns(&self) -> Option<i64> {
        None
    }
}

/// How fields stand in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldFormat {
    /// `key=value key="a value"`
    Logfmt,
    /// A JSON object.
    Json,
}

/// Fields that a reader looks at instead of the lines in which they stand.
#[derive(Debug, Clone, Copy)]
pub struct FieldSelect<'a> {
    /// How the lines are written.
    pub format: FieldFormat,
    /// The names of the labels that they become: characters other than ASCII letters, digits and
    /// `_` in keys count as `_`. Of several fields of one name the first counts. Nobody looks at
    /// the values of a name that the batch's stream has among its labels.
    pub names: &'a [String],
    /// The name of which only the number matters, if there is one.
    pub number: Option<&'a str>,
}

/// The value of a field in one line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    /// The line does not have the field, or its value is empty.
    Absent,
    /// The value, without escapes.
    Text(&'a str),
    /// What the value's text is when read as a number; only for [`FieldSelect::number`].
    Number(f64),
    /// The store cannot tell: the reader must look at the line.
    Unknown,
}

/// Takes fields of lines.
pub trait FieldVisitor {
    /// Takes a batch with the values of each name, as many as there are entries. `batch.lines` holds
    /// the lines of entries with a value that is unknown; those of others may be empty texts. An
    /// error ends the reading.
    fn fields(&mut self, batch: &LogBatch<'_>, values: &[&[FieldValue<'_>]]) -> Result<(), ReadError>;
}

/// What bounds a reader.
pub struct ReadLimits<'a> {
    /// Charged for what the store holds while reading.
    pub budget: &'a Budget,
    /// Whether the reader has given up.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Bytes of lines that may be read (counted before filters decide).
    pub max_bytes: u64,
}

/// What reading took, for the `stats` of Loki's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadStats {
    /// Lines that filters looked at.
    pub lines: u64,
    /// Bytes of lines that filters looked at.
    pub bytes: u64,
    /// Lines that passed.
    pub passed: u64,
    /// Lines of these that were still in memory only.
    pub memory_lines: u64,
    /// Segments that had something in the range of time.
    pub segments: u64,
    /// Pages that were read.
    pub pages_read: u64,
    /// Pages that filters and indexes ruled out.
    pub pages_skipped: u64,
    /// Compressed bytes that were read.
    pub compressed_bytes: u64,
}

impl std::ops::AddAssign for ReadStats {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.passed += other.passed;
        self.memory_lines += other.memory_lines;
        self.segments += other.segments;
        self.pages_read += other.pages_read;
        self.pages_skipped += other.pages_skipped;
        self.compressed_bytes += other.compressed_bytes;
    }
}

/// How many entries of a stream and level lie between neighbouring edges of time, and their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamCounts {
    /// The stream.
    pub stream: Arc<Stream>,
    /// The level.
    pub level: Level,
    /// For each pair of neighbouring edges `[e, f)`: entries, and bytes of their lines.
    pub counts: Vec<(u64, u64)>,
}

/// Why a store could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A limit was hit; the message names it.
    #[error("{0}")]
    Limit(String),
    /// The query was given up in the meantime.
    #[error("query was cancelled")]
    Cancelled,
    /// Anything else.
    #[error("{0}")]
    Storage(String),
}

impl From<BudgetExceeded> for ReadError {
    fn from(error: BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_gives_back_what_was_pushed() {
        let mut write = LogWrite::default();
        let metadata = Labels::from_pairs([("trace_id", "7")]);
        write.begin_stream(Labels::from_pairs([("app", "a")]));
        write.push(1, "one", metadata.as_ref(), Level::Info);
        write.push(2, "", LabelsRef::EMPTY, Level::Absent);
        write.begin_stream(Labels::from_pairs([("app", "b")]));
        write.push(3, "three", LabelsRef::EMPTY, Level::Unknown);
        let read: Vec<_> = write.streams().map(|(labels, entries)| (labels.value("app").to_owned(), entries.collect::<Vec<_>>())).collect();
        assert_eq!(read[0].1[0], EntryRef { timestamp_ns: 1, line: "one", metadata: metadata.as_ref(), level: Level::Info });
        assert_eq!(read[0].1[1].line, "");
        assert_eq!((read[1].0.as_str(), read[1].1[0].line, read[1].1.len()), ("b", "three", 1));
        assert_eq!(write.len(), 3);
    }

    #[test]
    fn literals_stand_in_order_with_something_between() {
        for (literals, line, want) in [
            (vec!["a ", " c"], "a b c", true),
            (vec!["a ", " c"], "a  c", false),
            (vec!["", " c"], "xx c", true),
            (vec!["", ""], "x", true),
            (vec!["", ""], "", false),
            (vec!["", "b", ""], "abc", true),
            (vec!["", "b", ""], "bc", false),
            (vec!["", "b", ""], "ab", false),
            (vec!["abc"], "abc", true),
            (vec!["abc"], "abcd", false),
        ] {
            let pattern = LinePattern::Literals(literals.iter().map(|s| (*s).to_owned()).collect());
            assert_eq!(pattern.is_in(line), want, "{literals:?} in {line:?}");
        }
    }
}
