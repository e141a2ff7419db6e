//! Writes a table.

use super::chunk::ChunkWriter;
use super::layout::{Column, ColumnKind, Places, RowGroup};
use super::{SegmentError, keys};
use parking_lot::Mutex;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, Type};
use phoenix_env::objects::{ObjectError, ObjectWriter, SharedObjects};
use std::io::Write;
use std::sync::Arc;

/// Bytes of compressed pages at which a row group ends before it has all of its pages.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// What a table is, beside its columns.
pub(crate) struct TableOptions {
    /// What its rows are: the name of Parquet's root.
    pub name: &'static str,
    /// The version of the format of its segment.
    pub version: u32,
    /// Pages of a row group, which is put together in memory.
    pub row_group_pages: usize,
    /// zstd's level.
    pub zstd_level: i32,
    /// The columns by which rows ascend, if any.
    pub sorted_by: Vec<usize>,
    /// What other programs shall take a column's values for.
    pub logical: fn(&Column) -> Option<LogicalType>,
}

/// Writes a table, with a row group in memory at a time. Dropped before [`TableWriter::finish`],
/// nothing of it exists.
pub(crate) struct TableWriter {
    id: String,
    file: SerializedFileWriter<Sink>,
    error: Arc<Mutex<Option<ObjectError>>>,
    zstd: zstd::bulk::Compressor<'static>,
    row_group_pages: usize,
    places: Places,
    chunks: Vec<ChunkWriter>,
    /// Pages so far.
    pages: usize,
    /// The first page of the row group that is being filled.
    first_page: usize,
    /// Bytes of the object so far.
    written: u64,
}

/// The object as the library wants to write it. Keeps the store's own error where the writer finds
/// it when the library has wrapped it up.
struct Sink {
    object: Box<dyn ObjectWriter>,
    written: u64,
    error: Arc<Mutex<Option<ObjectError>>>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Err(error) = self.object.write(bytes) {
            let shown = std::io::Error::other(error.to_string());
            *self.error.lock() = Some(error);
            return Err(shown);
        }
        self.written += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn schema_of(columns: &[Column], options: &TableOptions) -> Result<Type, ParquetError> {
    let field = |column: &Column| {
        let physical = if column.kind == ColumnKind::Numbers { Physical::INT64 } else { Physical::BYTE_ARRAY };
        let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        let field = Type::primitive_type_builder(&column.name, physical).with_repetition(repetition);
        Ok(Arc::new(field.with_logical_type((options.logical)(column)).build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<_, ParquetError>>()?;
    Type::group_type_builder(options.name).with_fields(fields).build()
}

impl TableWriter {
    /// Begins the table of a segment `id` below `prefix`.
    pub(crate) fn create(
        objects: &SharedObjects,
        prefix: &str,
        id: &str,
        columns: Vec<Column>,
        options: &TableOptions,
    ) -> Result<Self, SegmentError> {
        let [parquet_key, _] = keys(prefix, id);
        let encode = |reason: String| SegmentError::Encode { id: id.to_owned(), reason };
        let schema = Arc::new(schema_of(&columns, options).map_err(|error| encode(error.to_string()))?);
        let descriptor = SchemaDescriptor::new(Arc::clone(&schema));
        let chunks = columns.iter().enumerate().map(|(at, column)| ChunkWriter::new(column, descriptor.column(at))).collect();
        let sorted = |column: &usize| SortingColumn { column_idx: *column as i32, descending: false, nulls_first: false };
        let sorted_by = (!options.sorted_by.is_empty()).then(|| options.sorted_by.iter().map(sorted).collect());
        let version = KeyValue::new(format!("phoenix.{}.version", options.name), options.version.to_string());
        let properties = WriterProperties::builder()
            .set_created_by(concat!("phoenix ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![version]))
            .set_sorting_columns(sorted_by)
            .build();
        let error = Arc::default();
        let sink = Sink { object: objects.create(&parquet_key)?, written: 0, error: Arc::clone(&error) };
        let file = SerializedFileWriter::new(sink, schema, Arc::new(properties)).map_err(|error| encode(error.to_string()))?;
        let written = file.bytes_written() as u64;
        let zstd = zstd::bulk::Compressor::new(options.zstd_level).map_err(|error| encode(error.to_string()))?;
        Ok(Self {
            id: id.to_owned(),
            file,
            error,
            zstd,
            row_group_pages: options.row_group_pages,
            places: Places { columns, groups: Vec::new() },
            chunks,
            pages: 0,
            first_page: 0,
            written,
        })
    }

    /// Adds a page: `write` gives each column its part of it.
    pub(crate) fn page(
        &mut self,
        write: impl FnOnce(&mut [ChunkWriter], &mut zstd::bulk::Compressor<'_>) -> Result<(), ParquetError>,
    ) -> Result<(), SegmentError> {
        write(&mut self.chunks, &mut self.zstd).map_err(|error| self.failed(&error))?;
        self.pages += 1;
        Ok(())
    }

    /// Whether the row group is full, and shall be ended before the next page.
    pub(crate) fn is_full(&self) -> bool {
        self.pages - self.first_page >= self.row_group_pages
            || self.chunks.iter().map(ChunkWriter::size_bytes).sum::<usize>() >= ROW_GROUP_BYTES
    }

    /// Whether the row group has a page.
    pub(crate) fn has_pages(&self) -> bool {
        self.pages > self.first_page
    }

    /// Ends the row group, and begins the next one.
    pub(crate) fn end_group(&mut self) -> Result<(), SegmentError> {
        let mut finished = Vec::with_capacity(self.chunks.len());
        for chunk in &mut self.chunks {
            match chunk.finish(self.written, &mut self.zstd) {
                Ok((bytes, close, places)) => {
                    self.written = places.bytes.end;
                    finished.push((bytes, close, places));
                }
                Err(error) => return Err(self.failed(&error)),
            }
        }
        let mut chunks = Vec::with_capacity(finished.len());
        let written = (|| {
            let mut group = self.file.next_row_group()?;
            for (bytes, close, places) in finished {
                group.append_column(&bytes, close)?;
                chunks.push(places);
            }
            group.close().map(|_| ())
        })();
        written.map_err(|error| self.failed(&error))?;
        self.places.groups.push(RowGroup { first_page: self.first_page as u32, chunks });
        self.first_page = self.pages;
        if self.file.bytes_written() as u64 != self.written {
            return Err(SegmentError::Encode { id: self.id.clone(), reason: "pages are not where they should be".to_owned() });
        }
        Ok(())
    }

    /// The store's error behind one of the library's, if there is one.
    fn failed(&self, error: &ParquetError) -> SegmentError {
        match self.error.lock().take() {
            Some(error) => error.into(),
            None => SegmentError::Encode { id: self.id.clone(), reason: error.to_string() },
        }
    }

    /// Makes the object exist, whole and durable: where its pages stand, and its bytes.
    pub(crate) fn finish(mut self) -> Result<(Places, u64), SegmentError> {
        if self.has_pages() {
            self.end_group()?;
        }
        let sink = match self.file.into_inner() {
            Ok(sink) => sink,
            Err(error) => {
                let reason = error.to_string();
                return Err(self.error.lock().take().map_or(SegmentError::Encode { id: self.id, reason }, SegmentError::from));
            }
        };
        let bytes = sink.written;
        sink.object.finish()?;
        Ok((self.places, bytes))
    }
}
