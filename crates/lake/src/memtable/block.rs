//! Rows in columns, with their text in arenas.

use phoenix_model::LabelsRef;
use phoenix_model::logs::{EntryRef, Level};

/// Rows of many streams, in the order in which they came.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The number of its first row within the memtable.
    pub(crate) first_row: u32,
    /// The time of the oldest row.
    pub(crate) min_ns: i64,
    /// The time of the newest row.
    pub(crate) max_ns: i64,
    /// For each row, the number of its stream.
    pub(crate) streams: Vec<u32>,
    /// For each row, its time.
    pub(crate) timestamps_ns: Vec<i64>,
    /// For each row, its level.
    pub(crate) levels: Vec<Level>,
    line_ends: Vec<u32>,
    metadata_ends: Vec<u32>,
    text: String,
    metadata: Vec<u8>,
}

impl Block {
    /// An empty block whose first row will have this number.
    pub(crate) fn beginning_at(first_row: u32) -> Self {
        Self {
            first_row,
            min_ns: i64::MAX,
            max_ns: i64::MIN,
            streams: Vec::new(),
            timestamps_ns: Vec::new(),
            levels: Vec::new(),
            line_ends: Vec::new(),
            metadata_ends: Vec::new(),
            text: String::new(),
            metadata: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, stream: u32, entry: &EntryRef<'_>) {
        self.min_ns = self.min_ns.min(entry.timestamp_ns);
        self.max_ns = self.max_ns.max(entry.timestamp_ns);
        self.streams.push(stream);
        self.timestamps_ns.push(entry.timestamp_ns);
        self.levels.push(entry.level);
        self.text.push_str(entry.line);
        self.metadata.extend_from_slice(entry.metadata.as_bytes());
        self.line_ends.push(self.text.len() as u32);
        self.metadata_ends.push(self.metadata.len() as u32);
    }

    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// About the bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + self.metadata.len() + self.len() * 21
    }

    /// A row's line.
    pub(crate) fn line(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.line_ends[row - 1] };
        &self.text[start as usize..self.line_ends[row] as usize]
    }

    /// The length of a row's line in bytes.
    pub(crate) fn line_bytes(&self, row: usize) -> u32 {
        self.line_ends[row] - if row == 0 { 0 } else { self.line_ends[row - 1] }
    }

    /// Whether some row may have metadata under one of these names, or any at all if `names` is `None`.
    pub(crate) fn may_have_metadata(&self, names: Option<&[&str]>) -> bool {
        let holds = |name: &&str| memchr::memmem::find(&self.metadata, name.as_bytes()).is_some();
        !self.metadata.is_empty() && names.is_none_or(|names| names.iter().any(holds))
    }

    /// A row's metadata.
    pub(crate) fn metadata(&self, row: usize) -> LabelsRef<'_> {
        let start = if row == 0 { 0 } else { self.metadata_ends[row - 1] };
        LabelsRef::trusted(&self.metadata[start as usize..self.metadata_ends[row] as usize])
    }

    /// A row without its stream.
    pub(crate) fn entry(&self, row: usize) -> EntryRef<'_> {
        EntryRef { timestamp_ns: self.timestamps_ns[row], line: self.line(row), metadata: self.metadata(row), level: self.levels[row] }
    }

    /// Gives back memory that was taken ahead.
    pub(crate) fn shrink(&mut self) {
        self.streams.shrink_to_fit();
        self.timestamps_ns.shrink_to_fit();
        self.levels.shrink_to_fit();
        self.line_ends.shrink_to_fit();
        self.metadata_ends.shrink_to_fit();
        self.text.shrink_to_fit();
        self.metadata.shrink_to_fit();
    }
}
