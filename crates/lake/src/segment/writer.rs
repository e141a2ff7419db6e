//! Writes a segment.

use super::layout::{Head, PageHead, Run, put_index};
use super::metadata::{KeyCounts, MetadataRows, REST, key_column};
use super::minutes::MinuteBuilder;
use super::pending::{LineRows, PageRows};
use super::words::FilterBuilder;
use super::{FORMAT_VERSION, LineEncoding, SegmentError, SegmentInfo, SegmentOptions};
use crate::table::chunk::{ChunkWriter, Values};
use crate::table::{Column, ColumnKind, TableOptions, TableWriter, keys};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use phoenix_env::objects::SharedObjects;
use phoenix_lines::{HEX_SLOTS, NUMBER_SLOTS, Page, Patterns, RowSet, TEXT_SLOTS, Texts};
use phoenix_model::logs::{EntryRef, Level, Stream};
use std::io::Write;
use std::sync::Arc;

/// The number of the column of metadata without a column of its own.
const REST_COLUMN: usize = 3;

/// Writes a segment, with a row group in memory at a time. Dropped before
/// [`SegmentWriter::finish`], nothing of the segment exists.
pub struct SegmentWriter {
    id: String,
    options: SegmentOptions,
    objects: SharedObjects,
    index_key: String,
    table: TableWriter,
    page: PageRows,
    filters: FilterBuilder,
    metadata_columns: Vec<String>,
    keys: KeyCounts,
    minutes: MinuteBuilder,
    /// The stream begun last, and whether it has an entry yet.
    stream: Option<(Arc<Stream>, bool)>,
    streams: Vec<Arc<Stream>>,
    minutes_ends: Vec<u64>,
    minutes_bytes: Vec<u8>,
    runs: Vec<Run>,
    pages: Vec<PageHead>,
    words: Vec<u8>,
    trigrams: Vec<u8>,
    last_ns: i64,
    raw_bytes: u64,
}

fn columns_of(encoding: LineEncoding, metadata: &[String]) -> Vec<Column> {
    let column = |name: &str, kind, optional| Column { name: name.to_owned(), kind, optional };
    let mut columns = vec![
        column("timestamp", ColumnKind::Numbers, false),
        column("stream", ColumnKind::Texts, false),
        column("level", ColumnKind::Texts, true),
        column(REST, ColumnKind::Texts, true),
        column("size", ColumnKind::Numbers, false),
    ];
    match encoding {
        LineEncoding::Text => columns.push(column("line", ColumnKind::Bytes, false)),
        LineEncoding::Patterns => {
            columns.push(column("pattern", ColumnKind::Texts, false));
            columns.extend((0..NUMBER_SLOTS).map(|slot| column(&format!("n{slot}"), ColumnKind::Numbers, true)));
            columns.extend((0..HEX_SLOTS).map(|slot| column(&format!("h{slot}"), ColumnKind::Bytes, true)));
            columns.extend((0..TEXT_SLOTS).map(|slot| column(&format!("t{slot}"), ColumnKind::Texts, true)));
        }
    }
    columns.extend(metadata.iter().map(|key| key_column(key)));
    columns
}

/// What other programs shall take a column's values for.
fn logical(column: &Column) -> Option<LogicalType> {
    match (column.kind, column.name.as_str()) {
        (ColumnKind::Numbers, "timestamp") => Some(LogicalType::timestamp(true, TimeUnit::NANOS)),
        (ColumnKind::Numbers, _) => None,
        (ColumnKind::Bytes, name) if name != "line" => None,
        (ColumnKind::Texts | ColumnKind::Bytes, _) => Some(LogicalType::String),
    }
}

impl SegmentWriter {
    /// Begins a segment `id` below `prefix`. `metadata_columns` are the keys of structured metadata that
    /// get a column each, ascending.
    pub fn create(
        objects: &SharedObjects,
        prefix: &str,
        id: &str,
        options: &SegmentOptions,
        metadata_columns: Vec<String>,
    ) -> Result<Self, SegmentError> {
        let [_, index_key] = keys(prefix, id);
        let table = TableOptions {
            name: "logs",
            version: FORMAT_VERSION,
            row_group_pages: options.row_group_pages,
            zstd_level: options.zstd_level,
            sorted_by: vec![1, 0],
            logical,
        };
        let table = TableWriter::create(objects, prefix, id, columns_of(options.lines, &metadata_columns), &table)?;
        Ok(Self {
            id: id.to_owned(),
            options: options.clone(),
            objects: Arc::clone(objects),
            index_key,
            table,
            page: PageRows {
                lines: match options.lines {
                    LineEncoding::Text => LineRows::default(),
                    LineEncoding::Patterns => LineRows::Patterns(Box::default(), Page::default()),
                },
                metadata: MetadataRows::new(&metadata_columns),
                ..PageRows::default()
            },
            filters: FilterBuilder::new(),
            metadata_columns,
            keys: KeyCounts::default(),
            minutes: MinuteBuilder::default(),
            stream: None,
            streams: Vec::new(),
            minutes_ends: vec![0],
            minutes_bytes: Vec::new(),
            runs: Vec::new(),
            pages: Vec::new(),
            words: Vec::new(),
            trigrams: Vec::new(),
            last_ns: i64::MIN,
            raw_bytes: 0,
        })
    }

    /// Begins a stream; entries pushed from now on are its. Streams ascend, and each comes once. A
    /// stream without entries is left out.
    pub fn begin_stream(&mut self, stream: &Arc<Stream>) -> Result<(), SegmentError> {
        self.end_stream();
        if self.streams.last().is_some_and(|last| **last >= **stream) {
            return Err(self.order("streams do not ascend"));
        }
        self.stream = Some((Arc::clone(stream), false));
        self.last_ns = i64::MIN;
        Ok(())
    }

    fn end_stream(&mut self) {
        if let Some((_, true)) = self.stream.take() {
            self.minutes.finish(&mut self.minutes_bytes);
            self.minutes_ends.push(self.minutes_bytes.len() as u64);
        }
    }

    fn order(&self, reason: &'static str) -> SegmentError {
        SegmentError::Order { id: self.id.clone(), reason }
    }

    /// Adds an entry, in ascending order of time within the stream; times may be equal.
    pub fn push(&mut self, entry: EntryRef<'_>) -> Result<(), SegmentError> {
        let Some((stream, begun)) = &mut self.stream else { return Err(self.order("an entry comes before its stream")) };
        if !*begun {
            *begun = true;
            self.streams.push(Arc::clone(stream));
        }
        if entry.timestamp_ns < self.last_ns {
            return Err(self.order("entries of a stream do not ascend"));
        }
        self.last_ns = entry.timestamp_ns;
        let row = self.page.timestamps.len() as u32;
        let stream = self.streams.len() as u32 - 1;
        match self.runs[self.page.first_run..].last_mut() {
            Some(run) if run.stream == stream => {
                run.end = row + 1;
                run.max_ns = entry.timestamp_ns;
            }
            _ => self.runs.push(Run {
                stream,
                page: self.pages.len() as u32,
                start: row,
                end: row + 1,
                min_ns: entry.timestamp_ns,
                max_ns: entry.timestamp_ns,
            }),
        }
        self.filters.add(entry.line.as_bytes());
        self.minutes.add(entry.timestamp_ns, entry.level, entry.line.len());
        self.page.timestamps.push(entry.timestamp_ns);
        self.page.levels.push(entry.level);
        self.page.sizes.push(entry.line.len() as i64);
        self.page.raw_bytes += entry.line.len() as u64;
        self.raw_bytes += entry.line.len() as u64;
        let pushed = self.page.lines.push(entry.line);
        pushed.map_err(|error| SegmentError::Encode { id: self.id.clone(), reason: error.to_string() })?;
        self.page.metadata_bytes += entry.metadata.as_bytes().len() as u64;
        let filters = &mut self.filters;
        self.page.metadata.push(entry.metadata, |value| filters.add(value.as_bytes()));
        if self.page.timestamps.len() >= self.options.page_rows
            || self.page.raw_bytes + self.page.metadata_bytes >= self.options.page_bytes as u64
        {
            self.end_page()?;
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), SegmentError> {
        let rows = self.page.timestamps.len();
        if rows == 0 {
            return Ok(());
        }
        let Self { table, page, runs, streams, keys, metadata_columns, .. } = self;
        let mut keys_of_page = 0;
        table.page(|chunks, zstd| {
            let (chunks, metadata) = chunks.split_at_mut(chunks.len() - metadata_columns.len());
            write_columns(page, &runs[page.first_run..], streams, chunks, zstd)?;
            let rest = chunks.get_mut(REST_COLUMN).ok_or_else(|| ParquetError::General("columns are missing".to_owned()))?;
            keys_of_page = page.metadata.write(rest, metadata, keys, zstd)?;
            Ok(())
        })?;
        // Levels are looked for as values of metadata are.
        for level in Level::ALL.into_iter().filter(|level| self.page.levels.contains(level)) {
            self.filters.add(level.as_str().as_bytes());
        }
        let filters = self.filters.finish();
        let words = self.words.len();
        let trigrams = self.trigrams.len();
        self.words.extend_from_slice(&filters.words);
        self.trigrams.extend_from_slice(&filters.trigrams);
        self.pages.push(PageHead {
            rows: rows as u32,
            raw_bytes: self.page.raw_bytes,
            metadata_bytes: self.page.metadata_bytes,
            keys: Some(keys_of_page),
            longest_word: filters.longest_word,
            backslash: filters.backslash,
            words: words..self.words.len(),
            trigrams: trigrams..self.trigrams.len(),
            runs: self.page.first_run..self.runs.len(),
        });
        let page = &mut self.page;
        page.timestamps.clear();
        page.levels.clear();
        page.sizes.clear();
        // One long line must not keep its memory for all pages that follow.
        page.lines.clear(self.options.page_bytes * 2);
        (page.raw_bytes, page.metadata_bytes, page.first_run) = (0, 0, self.runs.len());
        if self.table.is_full() { self.table.end_group() } else { Ok(()) }
    }

    /// Bytes of lines that were pushed.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// Makes the segment exist, whole and durable: first its Parquet object, then its index. Of a
    /// segment without entries the objects exist too.
    pub fn finish(mut self) -> Result<SegmentInfo, SegmentError> {
        self.end_stream();
        self.end_page()?;
        let (table, parquet_bytes) = self.table.finish()?;
        let id = self.id;
        let (min_ns, max_ns) = self.runs.iter().fold((i64::MAX, i64::MIN), |(min, max), run| (min.min(run.min_ns), max.max(run.max_ns)));
        let rows = self.pages.iter().map(|page| u64::from(page.rows)).sum();
        let (keys, renumber) = self.keys.finish();
        self.pages.iter_mut().for_each(|page| page.keys = page.keys.and_then(&renumber));
        let head = Head {
            encoding: self.options.lines,
            streams: self.streams.into(),
            minutes: self.minutes_ends,
            runs: self.runs,
            pages: self.pages,
            table,
            metadata_columns: self.metadata_columns,
            keys,
            patterns: match self.page.lines {
                LineRows::Text(..) => Patterns::default(),
                LineRows::Patterns(encoder, _) => encoder.into_patterns(),
            },
        };
        let index = put_index(&head, &self.minutes_bytes, &self.words, &self.trigrams, self.options.zstd_level)
            .map_err(|error| SegmentError::Encode { id: id.clone(), reason: error.to_string() })?;
        self.objects.put(&self.index_key, &index)?;
        Ok(SegmentInfo {
            id: id.clone(),
            rows,
            raw_bytes: self.raw_bytes,
            size_bytes: parquet_bytes + index.len() as u64,
            index_bytes: index.len() as u64,
            min_ns: if rows == 0 { 0 } else { min_ns },
            max_ns: if rows == 0 { 0 } else { max_ns },
            streams: head.streams.len() as u64,
        })
    }
}

/// Gives each column but those of metadata its part of a page.
fn write_columns(
    page: &mut PageRows,
    runs: &[Run],
    streams: &[Arc<Stream>],
    chunks: &mut [ChunkWriter],
    zstd: &mut zstd::bulk::Compressor<'_>,
) -> Result<(), ParquetError> {
    let rows = page.timestamps.len();
    let [timestamp, stream, level, _, size, lines @ ..] = chunks else {
        return Err(ParquetError::General("columns are missing".to_owned()));
    };
    timestamp.page(&Values::Numbers(&page.timestamps), rows, None, zstd)?;
    let (mut ends, mut bytes) = (Vec::with_capacity(runs.len()), Vec::new());
    let mut codes = Vec::with_capacity(rows);
    for (code, run) in runs.iter().enumerate() {
        write!(bytes, "{}", streams[run.stream as usize].labels)?;
        ends.push(bytes.len() as u32);
        codes.resize(run.end as usize, code as u32);
    }
    stream.page(&Values::Texts(Texts { codes: &codes, ends: &ends, bytes: &bytes }), rows, None, zstd)?;
    let mut present = RowSet::none(rows);
    (ends, bytes) = (Vec::new(), Vec::new());
    let mut code_of = [u32::MAX; Level::ALL.len()];
    codes.clear();
    for (row, level) in page.levels.iter().enumerate() {
        let code = &mut code_of[*level as usize];
        if *code == u32::MAX && *level != Level::Absent {
            *code = ends.len() as u32;
            bytes.extend_from_slice(level.as_str().as_bytes());
            ends.push(bytes.len() as u32);
        }
        if *level != Level::Absent {
            present.insert(row);
        }
        codes.push(*code);
    }
    level.page(&Values::Texts(Texts { codes: &codes, ends: &ends, bytes: &bytes }), rows, Some(&present), zstd)?;
    size.page(&Values::Numbers(&page.sizes), rows, None, zstd)?;
    page.lines.write(&page.timestamps, lines, zstd)
}
