//! The rows of the page that is being filled.

use super::column::Piece;
use super::filter::{FieldHash, FilterBuilder};
use super::layout::{
    ATTRIBUTES, DROPPED, DURATION, EVENTS, FIXED_COLUMNS, FLAGS, KIND, LINKS, NAME, PARENT, PARENT_ID, Promoted, PromotedKind, RESOURCE,
    ROOT_NAME, ROOT_SERVICE, SCOPE, SERVICE, SHAPE, SPAN_ID, START, STATUS, STATUS_MESSAGE, TRACE_DURATION, TRACE_ID, TRACE_START,
    TRACE_STATE,
};
use super::packed::{put_dropped, put_events, put_resource, put_scope};
use super::tags::{TagCounts, kind_of};
use crate::table::chunk::{ChunkWriter, Values};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use parquet::errors::ParquetError;
use phoenix_lines::{RowSet, Texts};
use phoenix_model::traces::{AttributeValue, Attributes, Intrinsic, Scope, SpanKind, SpanRef, SpanStatus, TraceId, TraceWrite};
use std::hash::BuildHasher;

const ABSENT: u32 = u32::MAX;

/// So many different numbers of an attribute stand in a page's filter.
const FILTERED_NUMBERS: usize = 256;

/// Texts of a column, each distinct one once.
#[derive(Default)]
pub(super) struct TextRows {
    hasher: DefaultHashBuilder,
    known: HashTable<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    codes: Vec<u32>,
}

impl TextRows {
    fn get(&self, code: u32) -> &[u8] {
        text_of(&self.ends, &self.bytes, code)
    }

    /// The code of a text.
    fn code(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        if let Some(code) = self.known.find(hash, |code| self.get(*code) == text) {
            return *code;
        }
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        let Self { hasher, known, ends, bytes, .. } = self;
        known.insert_unique(hash, code, |code| hasher.hash_one(text_of(ends, bytes, *code)));
        code
    }

    /// Gives a row a text; rows before it that have none get none.
    fn set(&mut self, row: usize, text: &[u8]) {
        let code = self.code(text);
        self.set_code(row, code);
    }

    fn set_code(&mut self, row: usize, code: u32) {
        self.codes.resize(row, ABSENT);
        self.codes.push(code);
    }

    fn distinct(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|code| self.get(code))
    }

    fn write(
        &mut self,
        chunk: &mut ChunkWriter,
        rows: usize,
        integers: bool,
        zstd: &mut zstd::bulk::Compressor<'_>,
    ) -> Result<(), ParquetError> {
        self.codes.resize(rows, ABSENT);
        let mut present = RowSet::none(rows);
        self.codes.iter().enumerate().filter(|(_, code)| **code != ABSENT).for_each(|(row, _)| present.insert(row));
        let texts = Texts { codes: &self.codes, ends: &self.ends, bytes: &self.bytes };
        let values = if integers { Values::Integers(texts) } else { Values::Texts(texts) };
        chunk.page(&values, rows, Some(&present), zstd)
    }

    fn clear(&mut self, keep_bytes: usize) {
        self.known.clear();
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(keep_bytes);
        self.codes.clear();
    }
}

fn text_of<'a>(ends: &[u32], bytes: &'a [u8], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &bytes[start as usize..ends[code] as usize]
}

/// Bytes of those rows that have some.
#[derive(Default)]
struct ByteRows {
    rows: Vec<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl ByteRows {
    /// Gives a row what was put behind the bytes, if it is something.
    fn end(&mut self, row: usize) {
        let before = self.ends.last().copied().unwrap_or_default() as usize;
        if self.bytes.len() > before {
            self.rows.push(row as u32);
            self.ends.push(self.bytes.len() as u32);
        }
    }

    fn write(&self, chunk: &mut ChunkWriter, rows: usize, zstd: &mut zstd::bulk::Compressor<'_>) -> Result<(), ParquetError> {
        let present = rows_of(&self.rows, rows);
        chunk.page(&Values::Bytes(&self.ends, &self.bytes), rows, Some(&present), zstd)
    }

    fn clear(&mut self, keep_bytes: usize) {
        self.rows.clear();
        self.ends.clear();
        self.bytes.clear();
        self.bytes.shrink_to(keep_bytes);
    }
}

fn rows_of(numbers: &[u32], rows: usize) -> RowSet {
    let mut present = RowSet::none(rows);
    for row in numbers {
        present.insert(*row as usize);
    }
    present
}

/// What a page knows of a trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageTrace<'a> {
    pub id: TraceId,
    pub start_ns: i64,
    pub duration_ns: i64,
    /// Service and name.
    pub root: Option<(&'a str, &'a str)>,
}

/// The rows of a page.
pub(super) struct PageRows {
    promoted: Vec<Promoted>,
    by_key: HashMap<String, usize>,
    pub rows: usize,
    pub raw_bytes: usize,
    trace_rows: Vec<u32>,
    trace_ids: Vec<u8>,
    trace_starts: Vec<i64>,
    trace_durations: Vec<i64>,
    span_ids: Vec<u8>,
    parents: Vec<i64>,
    parent_rows: Vec<u32>,
    starts: Vec<i64>,
    durations: Vec<i64>,
    flags: Vec<i64>,
    flag_rows: Vec<u32>,
    /// The columns of texts, by number.
    texts: Vec<TextRows>,
    parent_ids: ByteRows,
    dropped: ByteRows,
    attributes: ByteRows,
    events: ByteRows,
    links: ByteRows,
    /// The codes of resource, service and scope by where they stand in the caller's blocks.
    resources: HashMap<(u32, usize), (u32, u32)>,
    scopes: HashMap<(u32, usize), u32>,
    pub leftovers: u64,
    filter: FilterBuilder,
    shape: Vec<u8>,
    scratch: Vec<u8>,
}

impl PageRows {
    pub(super) fn new(promoted: Vec<Promoted>) -> Self {
        Self {
            by_key: promoted.iter().enumerate().map(|(number, promoted)| (promoted.key.clone(), number)).collect(),
            rows: 0,
            raw_bytes: 0,
            trace_rows: Vec::new(),
            trace_ids: Vec::new(),
            trace_starts: Vec::new(),
            trace_durations: Vec::new(),
            span_ids: Vec::new(),
            parents: Vec::new(),
            parent_rows: Vec::new(),
            starts: Vec::new(),
            durations: Vec::new(),
            flags: Vec::new(),
            flag_rows: Vec::new(),
            texts: (0..FIXED_COLUMNS + promoted.len()).map(|_| TextRows::default()).collect(),
            parent_ids: ByteRows::default(),
            dropped: ByteRows::default(),
            attributes: ByteRows::default(),
            events: ByteRows::default(),
            links: ByteRows::default(),
            resources: HashMap::new(),
            scopes: HashMap::new(),
            leftovers: 0,
            filter: FilterBuilder::default(),
            shape: Vec::new(),
            scratch: Vec::new(),
            promoted,
        }
    }

    /// The attributes that have columns.
    pub(super) fn promoted(&self) -> &[Promoted] {
        &self.promoted
    }

    /// Begins a trace, or goes on with one that began in an earlier page.
    pub(super) fn begin_trace(&mut self, trace: &PageTrace<'_>) {
        let row = self.rows;
        self.trace_rows.push(row as u32);
        self.trace_ids.extend(trace.id.0);
        self.trace_starts.resize(row, 0);
        self.trace_starts.push(trace.start_ns);
        self.trace_durations.resize(row, 0);
        self.trace_durations.push(trace.duration_ns);
        if let Some((service, name)) = trace.root {
            self.texts[ROOT_SERVICE].set(row, service.as_bytes());
            self.texts[ROOT_NAME].set(row, name.as_bytes());
        }
    }

    /// Adds a span of the trace begun last. `block` tells writes apart.
    pub(super) fn push(
        &mut self,
        write: &TraceWrite,
        block: u32,
        span: &SpanRef<'_>,
        distance: i64,
        trace_start_ns: i64,
        tags: &mut TagCounts,
    ) {
        let row = self.rows;
        let fixed = &span.fixed;
        self.span_ids.extend(fixed.span_id.0);
        self.parents.resize(row, 0);
        // Where parents form a circle, the parent comes later, maybe in another page.
        if distance < 0 {
            self.parent_ids.bytes.extend(fixed.parent_id.0);
            self.parents.push(0);
        } else {
            self.parents.push(distance);
            self.parent_rows.push(row as u32);
        }
        self.parent_ids.end(row);
        self.starts.push(fixed.start_ns.wrapping_sub(trace_start_ns));
        self.durations.push(fixed.duration_ns);
        let resource = if let Some(codes) = self.resources.get(&(block, span.resource)) {
            *codes
        } else {
            self.add_resource(write, block, span.resource, tags)
        };
        self.texts[RESOURCE].set_code(row, resource.0);
        self.texts[SERVICE].set_code(row, resource.1);
        let scope =
            if let Some(code) = self.scopes.get(&(block, span.scope)) { *code } else { self.add_scope(write, block, span.scope, tags) };
        self.texts[SCOPE].set_code(row, scope);
        self.texts[NAME].set(row, span.name.as_bytes());
        self.texts[KIND].set(row, fixed.kind.as_str().as_bytes());
        self.texts[STATUS].set(row, fixed.status.as_str().as_bytes());
        if !span.status_message.is_empty() {
            self.texts[STATUS_MESSAGE].set(row, span.status_message.as_bytes());
        }
        if !span.trace_state.is_empty() {
            self.texts[TRACE_STATE].set(row, span.trace_state.as_bytes());
        }
        if fixed.flags != 0 {
            self.flags.resize(row, 0);
            self.flags.push(i64::from(fixed.flags));
            self.flag_rows.push(row as u32);
        }
        if fixed.dropped != [0; 3] {
            put_dropped(&mut self.dropped.bytes, fixed.dropped);
            self.dropped.end(row);
        }
        self.push_attributes(row, span.attributes, tags);
        if !span.events.is_empty() {
            put_events(&mut self.events.bytes, span.events, fixed.start_ns);
            self.events.end(row);
            if let Some(field) = FieldHash::intrinsic(Intrinsic::EventName) {
                span.events.iter().for_each(|event| self.filter.value(field, Piece::Text(event.name)));
            }
            span.events.iter().for_each(|event| add_set(&mut self.filter, tags, Scope::Event, event.attributes));
        }
        if !span.links.is_empty() {
            self.links.bytes.extend_from_slice(span.links.as_bytes());
            self.links.end(row);
            span.links.iter().for_each(|link| add_set(&mut self.filter, tags, Scope::Link, link.attributes));
        }
        self.rows += 1;
    }

    fn add_resource(&mut self, write: &TraceWrite, block: u32, number: usize, tags: &mut TagCounts) -> (u32, u32) {
        let resource = write.resource(number);
        self.scratch.clear();
        put_resource(&mut self.scratch, &resource);
        let known = self.texts[RESOURCE].ends.len();
        let code = self.texts[RESOURCE].code(&self.scratch);
        if code as usize == known {
            self.raw_bytes += self.scratch.len();
            add_set(&mut self.filter, tags, Scope::Resource, resource.attributes);
        }
        let service = self.texts[SERVICE].code(resource.service().as_bytes());
        self.resources.insert((block, number), (code, service));
        (code, service)
    }

    fn add_scope(&mut self, write: &TraceWrite, block: u32, number: usize, tags: &mut TagCounts) -> u32 {
        let scope = write.scope(number);
        self.scratch.clear();
        put_scope(&mut self.scratch, &scope);
        let known = self.texts[SCOPE].ends.len();
        let code = self.texts[SCOPE].code(&self.scratch);
        if code as usize == known {
            self.raw_bytes += self.scratch.len();
            add_set(&mut self.filter, tags, Scope::Instrumentation, scope.attributes);
        }
        self.scopes.insert((block, number), code);
        code
    }

    fn push_attributes(&mut self, row: usize, attributes: Attributes<'_>, tags: &mut TagCounts) {
        self.shape.clear();
        let mut in_columns = false;
        for (attribute, entry) in attributes.entries() {
            let number = self.by_key.get(attribute.key).copied();
            if let Some(number) = number {
                let rows = &mut self.texts[FIXED_COLUMNS + number];
                let promoted = match (&attribute.value, self.promoted[number].kind) {
                    (AttributeValue::Text(text), PromotedKind::Text) => {
                        rows.set(row, text.as_bytes());
                        true
                    }
                    (AttributeValue::Int(int), PromotedKind::Int) => {
                        rows.set(row, &int.to_le_bytes());
                        true
                    }
                    (AttributeValue::Bool(bool), PromotedKind::Bool) => {
                        rows.set(row, if *bool { b"true" } else { b"false" });
                        true
                    }
                    _ => false,
                };
                if promoted {
                    in_columns = true;
                    self.shape.push(number as u8 + 1);
                    continue;
                }
                self.leftovers |= 1 << number;
            }
            self.shape.push(0);
            self.attributes.bytes.extend_from_slice(entry);
            let field = FieldHash::attribute(Scope::Span, attribute.key);
            add_value(&mut self.filter, field, &attribute.value);
            tags.add(Scope::Span, attribute.key, kind_of(&attribute.value), 1);
        }
        self.attributes.end(row);
        if in_columns {
            let shape = std::mem::take(&mut self.shape);
            self.texts[SHAPE].set(row, &shape);
            self.shape = shape;
        }
    }

    /// Writes the page, and appends its filter.
    pub(super) fn write(
        &mut self,
        chunks: &mut [ChunkWriter],
        filter: &mut Vec<u8>,
        tags: &mut TagCounts,
        zstd: &mut zstd::bulk::Compressor<'_>,
    ) -> Result<(), ParquetError> {
        let rows = self.rows;
        self.fill_filter(tags);
        self.filter.finish(filter);
        let traces = rows_of(&self.trace_rows, rows);
        let id_ends: Vec<u32> = (1..=self.trace_rows.len() as u32).map(|count| count * 16).collect();
        chunks[TRACE_ID].page(&Values::Bytes(&id_ends, &self.trace_ids), rows, Some(&traces), zstd)?;
        self.trace_starts.resize(rows, 0);
        chunks[TRACE_START].page(&Values::Numbers(&self.trace_starts), rows, Some(&traces), zstd)?;
        self.trace_durations.resize(rows, 0);
        chunks[TRACE_DURATION].page(&Values::Numbers(&self.trace_durations), rows, Some(&traces), zstd)?;
        let id_ends: Vec<u32> = (1..=rows as u32).map(|count| count * 8).collect();
        chunks[SPAN_ID].page(&Values::Bytes(&id_ends, &self.span_ids), rows, None, zstd)?;
        let parents = rows_of(&self.parent_rows, rows);
        chunks[PARENT].page(&Values::Numbers(&self.parents), rows, Some(&parents), zstd)?;
        chunks[START].page(&Values::Numbers(&self.starts), rows, None, zstd)?;
        chunks[DURATION].page(&Values::Numbers(&self.durations), rows, None, zstd)?;
        self.flags.resize(rows, 0);
        let flagged = rows_of(&self.flag_rows, rows);
        chunks[FLAGS].page(&Values::Numbers(&self.flags), rows, Some(&flagged), zstd)?;
        for column in [ROOT_SERVICE, ROOT_NAME, SERVICE, NAME, KIND, STATUS, STATUS_MESSAGE, RESOURCE, SCOPE, TRACE_STATE, SHAPE] {
            self.texts[column].write(&mut chunks[column], rows, false, zstd)?;
        }
        for (number, promoted) in self.promoted.iter().enumerate() {
            let column = FIXED_COLUMNS + number;
            self.texts[column].write(&mut chunks[column], rows, promoted.kind == PromotedKind::Int, zstd)?;
        }
        for (column, bytes) in [
            (PARENT_ID, &self.parent_ids),
            (DROPPED, &self.dropped),
            (ATTRIBUTES, &self.attributes),
            (EVENTS, &self.events),
            (LINKS, &self.links),
        ] {
            bytes.write(&mut chunks[column], rows, zstd)?;
        }
        Ok(())
    }

    /// Adds what the columns of texts hold to the filter, and names and numbers of attributes to the tags.
    fn fill_filter(&mut self, tags: &mut TagCounts) {
        let Self { filter, texts, promoted, .. } = self;
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        for (column, intrinsic) in [
            (NAME, Intrinsic::Name),
            (STATUS_MESSAGE, Intrinsic::StatusMessage),
            (ROOT_SERVICE, Intrinsic::RootService),
            (ROOT_NAME, Intrinsic::RootName),
        ] {
            let Some(field) = FieldHash::intrinsic(intrinsic) else { continue };
            texts[column].distinct().for_each(|bytes| filter.value(field, Piece::Text(text(bytes))));
            if intrinsic == Intrinsic::StatusMessage {
                // Spans without one have an empty one.
                filter.value(field, Piece::Text(""));
            }
        }
        let kinds: Vec<&str> = SpanKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let states: Vec<&str> = SpanStatus::ALL.iter().map(|status| status.as_str()).collect();
        for (column, intrinsic, words) in [(KIND, Intrinsic::Kind, kinds), (STATUS, Intrinsic::Status, states)] {
            let Some(field) = FieldHash::intrinsic(intrinsic) else { continue };
            let number = |bytes: &[u8]| words.iter().position(|word| word.as_bytes() == bytes);
            texts[column].distinct().filter_map(number).for_each(|number| filter.value(field, Piece::Int(number as i64)));
        }
        for (number, promoted) in promoted.iter().enumerate() {
            let rows = &texts[FIXED_COLUMNS + number];
            let count = rows.codes.iter().filter(|code| **code != ABSENT).count();
            if count == 0 {
                continue;
            }
            let field = FieldHash::attribute(Scope::Span, &promoted.key);
            filter.field(field);
            tags.add(Scope::Span, &promoted.key, Some(promoted.kind), count as u64);
            match promoted.kind {
                PromotedKind::Text => rows.distinct().for_each(|bytes| filter.value(field, Piece::Text(text(bytes)))),
                PromotedKind::Bool => rows.distinct().for_each(|bytes| filter.value(field, Piece::Bool(bytes == b"true"))),
                PromotedKind::Int if rows.ends.len() > FILTERED_NUMBERS => filter.more(field),
                PromotedKind::Int => rows.distinct().for_each(|bytes| {
                    filter.value(field, Piece::Int(i64::from_le_bytes(bytes.try_into().unwrap_or_default())));
                }),
            }
        }
    }

    /// Forgets which resources and scopes stand where in the caller's blocks, since these are others now.
    pub(super) fn forget_blocks(&mut self) {
        self.resources.clear();
        self.scopes.clear();
    }

    /// Begins the next page. Memory is kept unless something very long made it large.
    pub(super) fn clear(&mut self, keep_bytes: usize) {
        (self.rows, self.raw_bytes, self.leftovers) = (0, 0, 0);
        self.trace_rows.clear();
        self.trace_ids.clear();
        self.span_ids.clear();
        for numbers in
            [&mut self.trace_starts, &mut self.trace_durations, &mut self.parents, &mut self.starts, &mut self.durations, &mut self.flags]
        {
            numbers.clear();
        }
        self.parent_rows.clear();
        self.flag_rows.clear();
        self.texts.iter_mut().for_each(|rows| rows.clear(keep_bytes));
        for rows in [&mut self.parent_ids, &mut self.dropped, &mut self.attributes, &mut self.events, &mut self.links] {
            rows.clear(keep_bytes);
        }
        self.forget_blocks();
    }
}

fn add_set(filter: &mut FilterBuilder, tags: &mut TagCounts, scope: Scope, attributes: Attributes<'_>) {
    for attribute in attributes.iter() {
        add_value(filter, FieldHash::attribute(scope, attribute.key), &attribute.value);
        tags.add(scope, attribute.key, None, 1);
    }
}

fn add_value(filter: &mut FilterBuilder, field: FieldHash, value: &AttributeValue<'_>) {
    filter.field(field);
    super::column::each_value(value, |piece| filter.value(field, piece));
}
