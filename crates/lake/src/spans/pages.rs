//! Reads pages of spans, column by column.

use super::column::{ABSENT, Column, ColumnBuilder, Piece, TextTable, Values, each_value};
use super::layout::{
    ATTRIBUTES, DROPPED, DURATION, EVENTS, FIXED_COLUMNS, FLAGS, Head, KIND, LINKS, NAME, PARENT, PARENT_ID, Promoted, PromotedKind,
    RESOURCE, ROOT_NAME, ROOT_SERVICE, SCOPE, SHAPE, SPAN_ID, START, STATUS, STATUS_MESSAGE, TRACE_DURATION, TRACE_ID, TRACE_START,
    TRACE_STATE,
};
use super::nesting::MISSING;
use super::packed::{restore_events, take_dropped, take_resource, take_scope};
use super::rows::{TraceFacts, Traces};
use super::segment::SpanSegment;
use crate::segment::SegmentError;
use crate::segment::cache::Part;
use crate::segment::encoding::{Input, take_deltas, take_hybrid};
use crate::segment::layout::{DictionaryPlace, PageEncoding, PagePlace};
use hashbrown::HashMap;
use phoenix_model::traces::{
    AttributeValue, Attributes, AttributesBuilder, Events, Links, SpanId, SpanKind, SpanRecord, SpanRef, SpanStatus, SpanValue, TraceId,
    TraceWrite,
};
use phoenix_model::{Budget, Charge};
use std::sync::Arc;

/// What a span of a [`TraceWrite`] takes beside what has a variable length.
pub(super) const ROW_BYTES: usize = 136;

/// Texts of a page: for each row a code, and the texts by code.
#[derive(Debug, Clone)]
pub(super) struct TextColumn {
    pub codes: Vec<u32>,
    pub table: Arc<TextTable>,
    /// The row group, if the texts are its dictionary.
    pub group: Option<u32>,
}

impl TextColumn {
    fn get(&self, row: usize) -> Option<&[u8]> {
        let code = self.codes[row];
        (code != ABSENT).then(|| self.table.get(code))
    }

    fn text(&self, row: usize) -> &str {
        std::str::from_utf8(self.get(row).unwrap_or_default()).unwrap_or_default()
    }
}

/// Numbers of a page, and for each row whether there is one; `None` if all have one.
pub(super) struct NumberColumn {
    pub numbers: Vec<i64>,
    pub present: Option<Vec<u32>>,
}

struct PageBytes {
    present: Option<Vec<u32>>,
    bytes: Vec<u8>,
    start: usize,
}

/// Reads columns of one page after the other.
pub(super) struct PageReader<'a> {
    pub segment: &'a SpanSegment,
    pub head: Arc<Head>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    /// Whether what pages share goes through the cache.
    cached: bool,
    /// A row group of a remote store that is read once and not cached.
    group: Option<(usize, Vec<u8>)>,
    /// Bytes that were read.
    pub bytes: u64,
}

impl<'a> PageReader<'a> {
    pub(super) fn new(segment: &'a SpanSegment, head: Arc<Head>, cached: bool) -> Self {
        Self { segment, head, zstd: None, cached, group: None, bytes: 0 }
    }

    pub(super) fn corrupt(&self, page: u32, column: usize, reason: &str) -> SegmentError {
        let name = self.head.columns.get(column).map_or("", |column| &column.name);
        self.segment.corrupt_parquet(format!("page {page} of column `{name}`: {reason}"))
    }

    fn rows(&self, page: u32) -> usize {
        self.head.pages[page as usize].rows as usize
    }

    /// Reads bytes of a column's row group. From a remote store the whole column of the row group
    /// is read at once and kept; all columns of it are when the reader goes through all pages.
    fn read(&mut self, group: usize, column: usize, offset: u64, length: u32) -> Result<Vec<u8>, SegmentError> {
        let segment = self.segment;
        let beyond = || segment.corrupt_parquet("a page lies beyond its column".to_owned());
        if !segment.objects.is_remote() {
            self.bytes += u64::from(length);
            return Ok(segment.objects.read_range(&segment.parquet_key, offset, length as usize)?);
        }
        let chunks = &self.head.groups[group].chunks;
        if !self.cached {
            let (start, end) = chunks.first().zip(chunks.last()).map(|(a, b)| (a.bytes.start, b.bytes.end)).ok_or_else(beyond)?;
            if self.group.as_ref().is_none_or(|(number, _)| *number != group) {
                self.group = None;
                let length = usize::try_from(end.saturating_sub(start)).map_err(|_| beyond())?;
                self.bytes += length as u64;
                self.group = Some((group, segment.objects.read_range(&segment.parquet_key, start, length)?));
            }
            let bytes = self.group.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            let from = offset.checked_sub(start).and_then(|from| usize::try_from(from).ok()).ok_or_else(beyond)?;
            return bytes.get(from..).and_then(|bytes| bytes.get(..length as usize)).map(<[u8]>::to_vec).ok_or_else(beyond);
        }
        let place = &chunks[column].bytes;
        let read = &mut self.bytes;
        let chunk = segment.cache.get(segment.number, Part::Chunk { group: group as u32, column: column as u32 }, || {
            let length = (place.end - place.start) as usize;
            *read += length as u64;
            let bytes = segment.objects.read_range(&segment.parquet_key, place.start, length)?;
            Ok((bytes, length))
        })?;
        let from = (offset - place.start) as usize;
        chunk.get(from..from + length as usize).map(<[u8]>::to_vec).ok_or_else(beyond)
    }

    fn decompress(&mut self, bytes: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
        let mut zstd = match self.zstd.take() {
            Some(zstd) => zstd,
            None => self.segment.cache.decompressor()?,
        };
        let outcome = zstd.decompress(bytes, length);
        self.zstd = Some(zstd);
        outcome
    }

    fn page(&mut self, page: u32, column: usize, place: &PagePlace) -> Result<PageBytes, SegmentError> {
        let (group, _) = self.head.group_of(page);
        let bytes = self.read(group, column, place.offset, place.length)?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(self.corrupt(page, column, "its checksum is wrong"));
        }
        let rows = self.rows(page);
        let levels = place.levels as usize;
        if place.present as usize > rows {
            return Err(self.corrupt(page, column, "it has more values than rows"));
        }
        let mut present = None;
        if (place.present as usize) < rows {
            let mut flags = Vec::new();
            take_hybrid(&bytes[..levels], 1, rows, &mut flags)
                .filter(|()| flags.iter().filter(|flag| **flag == 1).count() == place.present as usize)
                .ok_or_else(|| self.corrupt(page, column, "it does not say which rows have values"))?;
            present = Some(flags);
        }
        if place.compressed {
            let values =
                self.decompress(&bytes[levels..], place.values as usize).map_err(|error| self.corrupt(page, column, &error.to_string()))?;
            return Ok(PageBytes { present, bytes: values, start: 0 });
        }
        Ok(PageBytes { present, bytes, start: levels })
    }

    /// Numbers; zero where there is none.
    pub(super) fn numbers(&mut self, page: u32, column: usize) -> Result<NumberColumn, SegmentError> {
        let rows = self.rows(page);
        let Some(place) = self.head.place(page, column) else {
            return Ok(NumberColumn { numbers: vec![0; rows], present: Some(vec![0; rows]) });
        };
        let PageBytes { present, bytes, start } = self.page(page, column, &place)?;
        let mut numbers = Vec::new();
        (place.encoding == PageEncoding::Deltas)
            .then(|| take_deltas(&mut Input::new(&bytes[start..]), place.present as usize, &mut numbers))
            .flatten()
            .ok_or_else(|| self.corrupt(page, column, "its numbers make no sense"))?;
        Ok(NumberColumn { numbers: spread(present.as_deref(), numbers, 0), present })
    }

    /// Texts, or bytes.
    pub(super) fn texts(&mut self, page: u32, column: usize) -> Result<TextColumn, SegmentError> {
        let Some(place) = self.head.place(page, column) else {
            return Ok(TextColumn { codes: vec![ABSENT; self.rows(page)], table: Arc::default(), group: None });
        };
        let PageBytes { present, bytes, start } = self.page(page, column, &place)?;
        match place.encoding {
            PageEncoding::Deltas => Err(self.corrupt(page, column, "it holds numbers")),
            PageEncoding::Lengths => {
                let table = with_lengths(bytes, start, place.present as usize)
                    .ok_or_else(|| self.corrupt(page, column, "its texts make no sense"))?;
                let codes = spread(present.as_deref(), (0..place.present).collect(), ABSENT);
                Ok(TextColumn { codes, table: Arc::new(table), group: None })
            }
            PageEncoding::Dictionary => {
                let table = self.dictionary(page, column)?;
                let codes = self.codes(page, column, &place, &bytes[start..], table.len())?;
                let group = Some(self.head.group_of(page).0 as u32);
                Ok(TextColumn { codes: spread(present.as_deref(), codes, ABSENT), table, group })
            }
        }
    }

    fn codes(&self, page: u32, column: usize, place: &PagePlace, bytes: &[u8], entries: usize) -> Result<Vec<u32>, SegmentError> {
        let mut codes = Vec::new();
        let mut input = Input::new(bytes);
        input
            .byte()
            .and_then(|width| take_hybrid(input.rest(), u32::from(width), place.present as usize, &mut codes))
            .filter(|()| (codes.iter().fold(0, |most, code| (*code).max(most)) as usize) < entries)
            .ok_or_else(|| self.corrupt(page, column, "its codes make no sense"))?;
        Ok(codes)
    }

    /// The bytes of a column's dictionary, decompressed.
    fn dictionary_bytes(&mut self, page: u32, column: usize) -> Result<(Vec<u8>, DictionaryPlace), SegmentError> {
        let (group, _) = self.head.group_of(page);
        let place = self.head.groups[group].chunks[column].dictionary.ok_or_else(|| self.corrupt(page, column, "it has no dictionary"))?;
        let bytes = self.read(group, column, place.offset, place.length)?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(self.corrupt(page, column, "its dictionary's checksum is wrong"));
        }
        let bytes = self.decompress(&bytes, place.values as usize).map_err(|error| self.corrupt(page, column, &error.to_string()))?;
        Ok((bytes, place))
    }

    fn dictionary(&mut self, page: u32, column: usize) -> Result<Arc<TextTable>, SegmentError> {
        let segment = self.segment;
        let part = Part::Dictionary { group: self.head.group_of(page).0 as u32, column: column as u32 };
        segment.cache.get(segment.number, part, || {
            let (bytes, place) = self.dictionary_bytes(page, column)?;
            let table = plain_texts(&bytes, &place).ok_or_else(|| self.corrupt(page, column, "its dictionary makes no sense"))?;
            let size = table.size_bytes();
            Ok((table, size))
        })
    }

    /// A dictionary as values: `value` makes them of texts, and `filler` is added at the end for rows without one.
    pub(super) fn values(
        &mut self,
        page: u32,
        column: usize,
        texts: &TextColumn,
        value: &dyn Fn(&[u8]) -> SpanValue,
        filler: Option<SpanValue>,
    ) -> Result<Arc<[SpanValue]>, SegmentError> {
        let make =
            || -> Arc<[SpanValue]> { (0..texts.table.len() as u32).map(|code| value(texts.table.get(code))).chain(filler).collect() };
        let (Some(group), segment) = (texts.group, self.segment) else { return Ok(make()) };
        debug_assert_eq!(self.head.group_of(page).0, group as usize);
        let part = Part::Values { group, column: column as u32 };
        let values = segment.cache.get(segment.number, part, || {
            let values = make();
            let bytes = values.iter().map(|value| if let SpanValue::Text(text) = value { text.len() + 40 } else { 24 }).sum();
            Ok((values, bytes))
        })?;
        Ok(Arc::clone(&values))
    }

    /// Whole numbers of a promoted attribute.
    pub(super) fn integers(&mut self, page: u32, column: usize) -> Result<Column, SegmentError> {
        let Some(place) = self.head.place(page, column) else { return Ok(Column::ABSENT) };
        if place.encoding == PageEncoding::Deltas {
            let NumberColumn { numbers, present } = self.numbers(page, column)?;
            let absent = present.map_or_else(Vec::new, |present| present.iter().map(|flag| *flag == 0).collect());
            return Ok(Column::of(Values::Ints(numbers, absent)));
        }
        if place.encoding != PageEncoding::Dictionary {
            return Err(self.corrupt(page, column, "it holds no numbers"));
        }
        let segment = self.segment;
        let part = Part::Values { group: self.head.group_of(page).0 as u32, column: column as u32 };
        let values: Arc<Arc<[SpanValue]>> = segment.cache.get(segment.number, part, || {
            let (bytes, place) = self.dictionary_bytes(page, column)?;
            let (numbers, rest) = bytes.as_chunks::<8>();
            if !rest.is_empty() || numbers.len() != place.entries as usize {
                return Err(self.corrupt(page, column, "its dictionary makes no sense"));
            }
            let values: Arc<[SpanValue]> = numbers.iter().map(|bytes| SpanValue::Int(i64::from_le_bytes(*bytes))).collect();
            let size = values.len() * 24;
            Ok((values, size))
        })?;
        let PageBytes { present, bytes, start } = self.page(page, column, &place)?;
        let codes = self.codes(page, column, &place, &bytes[start..], values.len())?;
        Ok(Column::of(Values::Coded(spread(present.as_deref(), codes, ABSENT), Arc::clone(&values))))
    }

    /// The traces of a page.
    pub(super) fn traces(&mut self, page: u32) -> Result<Traces, SegmentError> {
        let rows = self.rows(page) as u32;
        let ids = self.texts(page, TRACE_ID)?;
        let starts = self.numbers(page, TRACE_START)?;
        let durations = self.numbers(page, TRACE_DURATION)?;
        let services = self.texts(page, ROOT_SERVICE)?;
        let names = self.texts(page, ROOT_NAME)?;
        let mut facts: Vec<TraceFacts> = Vec::with_capacity(self.head.pages[page as usize].traces as usize);
        for row in 0..rows {
            let at = row as usize;
            let Some(id) = ids.get(at) else { continue };
            let id = <[u8; 16]>::try_from(id).map_err(|_| self.corrupt(page, TRACE_ID, "an id has not 16 bytes"))?;
            if let Some(last) = facts.last_mut() {
                last.rows.end = row;
            }
            facts.push(TraceFacts {
                id: TraceId(id),
                rows: row..rows,
                start_ns: starts.numbers[at],
                duration_ns: durations.numbers[at],
                root_service: services.codes[at],
                root_name: names.codes[at],
            });
        }
        if facts.first().is_none_or(|facts| facts.rows.start != 0) {
            return Err(self.corrupt(page, TRACE_ID, "its first row has no trace"));
        }
        let services = self.values(page, ROOT_SERVICE, &services, &text_value, None)?;
        let names = self.values(page, ROOT_NAME, &names, &text_value, None)?;
        Ok(Traces { facts, services, names })
    }

    /// For each row how far before it its parent is.
    pub(super) fn distances(&mut self, page: u32) -> Result<Vec<i64>, SegmentError> {
        let mut parents = self.numbers(page, PARENT)?;
        if let Some(present) = &parents.present {
            parents.numbers.iter_mut().zip(present).filter(|(_, flag)| **flag == 0).for_each(|(distance, _)| *distance = MISSING);
        }
        Ok(parents.numbers)
    }

    pub(super) fn span_ids(&mut self, page: u32) -> Result<Vec<SpanId>, SegmentError> {
        let texts = self.texts(page, SPAN_ID)?;
        let id = |row| texts.get(row).and_then(|id| id.try_into().ok()).map(SpanId);
        let ids = (0..self.rows(page)).map(id).collect::<Option<_>>();
        ids.ok_or_else(|| self.corrupt(page, SPAN_ID, "an id has not 8 bytes"))
    }

    /// Copies spans of the traces that are wanted, of the pages that are read together with one.
    pub(super) fn copy_unit(&mut self, page: u32, wanted: &mut dyn FnMut(TraceId) -> bool, out: &mut Copied) -> Result<(), SegmentError> {
        let mut ids_before = Vec::new();
        for page in self.head.unit(page) {
            let traces = self.traces(page)?;
            let chosen: Vec<bool> = traces.facts.iter().map(|facts| wanted(facts.id)).collect();
            if chosen.contains(&true) {
                self.copy_page(page, &traces, &chosen, &mut ids_before, out)?;
                out.settle()?;
            }
        }
        Ok(())
    }

    fn copy_page(
        &mut self,
        page: u32,
        traces: &Traces,
        chosen: &[bool],
        ids_before: &mut Vec<SpanId>,
        out: &mut Copied,
    ) -> Result<(), SegmentError> {
        let ids = self.span_ids(page)?;
        let distances = self.distances(page)?;
        let (starts, durations, flags) = (self.numbers(page, START)?, self.numbers(page, DURATION)?, self.numbers(page, FLAGS)?);
        let fixed =
            [PARENT_ID, NAME, KIND, STATUS, STATUS_MESSAGE, RESOURCE, SCOPE, TRACE_STATE, DROPPED, SHAPE, ATTRIBUTES, EVENTS, LINKS];
        let mut texts = Vec::with_capacity(fixed.len());
        for column in fixed {
            texts.push(self.texts(page, column)?);
        }
        let Ok([parent_ids, names, kinds, states, messages, resources, scopes, trace_states, dropped, shapes, attributes, events, links]) =
            <[TextColumn; 13]>::try_from(texts)
        else {
            return Err(self.corrupt(page, 0, "columns are missing"));
        };
        let mut promoted = Vec::new();
        for number in 0..self.head.promoted.len() {
            let column = FIXED_COLUMNS + number;
            promoted.push(if self.head.promoted[number].kind == PromotedKind::Int {
                PromotedColumn::Ints(self.integers(page, column)?)
            } else {
                PromotedColumn::Texts(self.texts(page, column)?)
            });
        }
        let corrupt = |column: usize, reason: &str| self.corrupt(page, column, reason);
        let (mut of_resource, mut of_scope): (HashMap<u32, usize>, HashMap<u32, usize>) = (HashMap::new(), HashMap::new());
        let (mut packed, mut packed_events) = (Vec::new(), Vec::new());
        for (number, facts) in traces.facts.iter().enumerate() {
            let continues = number == 0 && self.head.pages[page as usize].continues;
            if !continues {
                ids_before.clear();
            }
            let first = facts.rows.start as usize;
            let before = ids_before.len();
            let range = first..facts.rows.end as usize;
            if number + 1 == traces.facts.len() {
                ids_before.extend_from_slice(&ids[range.clone()]);
            }
            if !chosen[number] {
                continue;
            }
            for row in range.clone() {
                let parent_id = match distances[row] {
                    0 => SpanId::NONE,
                    MISSING => {
                        let id = parent_ids.get(row).and_then(|id| id.try_into().ok()).map(SpanId);
                        id.ok_or_else(|| corrupt(PARENT_ID, "an id is missing"))?
                    }
                    distance => {
                        // Counted from the first row of the trace, which may stand in an earlier page.
                        let above = i64::try_from(before + row - first).ok().and_then(|row| row.checked_sub(distance));
                        let above = above.and_then(|above| usize::try_from(above).ok());
                        let id = above
                            .and_then(|above| if above < before { ids_before.get(above) } else { ids[range.clone()].get(above - before) });
                        *id.ok_or_else(|| corrupt(PARENT, "a parent lies beyond its trace"))?
                    }
                };
                let start_ns = facts.start_ns.wrapping_add(starts.numbers[row]);
                let known = |word: &[u8], words: &[&str]| words.iter().position(|known| known.as_bytes() == word);
                let kind = known(kinds.get(row).unwrap_or_default(), &SpanKind::ALL.map(SpanKind::as_str));
                let status = known(states.get(row).unwrap_or_default(), &SpanStatus::ALL.map(SpanStatus::as_str));
                let fixed = SpanRecord {
                    trace_id: facts.id,
                    span_id: ids[row],
                    parent_id,
                    start_ns,
                    duration_ns: durations.numbers[row],
                    kind: kind.map_or(SpanKind::Unspecified, |number| SpanKind::ALL[number]),
                    status: status.map_or(SpanStatus::Unset, |number| SpanStatus::ALL[number]),
                    flags: flags.numbers[row] as u32,
                    dropped: match dropped.get(row) {
                        None => [0; 3],
                        Some(bytes) => take_dropped(bytes).ok_or_else(|| corrupt(DROPPED, "it makes no sense"))?,
                    },
                };
                let resource = if let Some(number) = of_resource.get(&resources.codes[row]) {
                    *number
                } else {
                    let number =
                        out.resource(resources.get(row).unwrap_or_default()).ok_or_else(|| corrupt(RESOURCE, "it makes no sense"))?;
                    of_resource.insert(resources.codes[row], number);
                    number
                };
                let scope = if let Some(number) = of_scope.get(&scopes.codes[row]) {
                    *number
                } else {
                    let number = out.scope(scopes.get(row).unwrap_or_default()).ok_or_else(|| corrupt(SCOPE, "it makes no sense"))?;
                    of_scope.insert(scopes.codes[row], number);
                    number
                };
                packed.clear();
                restore_attributes(&self.head, shapes.get(row), attributes.get(row), &promoted, row, &mut packed)
                    .ok_or_else(|| corrupt(SHAPE, "attributes do not fit together"))?;
                packed_events.clear();
                restore_events(events.get(row).unwrap_or_default(), start_ns, &mut packed_events)
                    .ok_or_else(|| corrupt(EVENTS, "they make no sense"))?;
                let links = Links::checked(links.get(row).unwrap_or_default()).ok_or_else(|| corrupt(LINKS, "they make no sense"))?;
                let span = SpanRef {
                    fixed,
                    resource,
                    scope,
                    name: names.text(row),
                    status_message: messages.text(row),
                    trace_state: trace_states.text(row),
                    attributes: Attributes::trusted(&packed),
                    events: Events::trusted(&packed_events),
                    links,
                };
                out.write.copy_span(resource, scope, &span);
            }
        }
        Ok(())
    }
}

impl Drop for PageReader<'_> {
    fn drop(&mut self) {
        if let Some(zstd) = self.zstd.take() {
            self.segment.cache.keep_decompressor(zstd);
        }
    }
}

enum PromotedColumn {
    Ints(Column),
    Texts(TextColumn),
}

impl PromotedColumn {
    fn value(&self, kind: PromotedKind, row: usize) -> Option<AttributeValue<'_>> {
        Some(match self {
            Self::Ints(column) => match &column.values {
                Values::Ints(ints, absent) if !absent.get(row).is_some_and(|absent| *absent) => AttributeValue::Int(*ints.get(row)?),
                Values::Coded(codes, values) => match values.get(codes[row] as usize)? {
                    SpanValue::Int(int) => AttributeValue::Int(*int),
                    _ => return None,
                },
                _ => return None,
            },
            Self::Texts(texts) if kind == PromotedKind::Bool => AttributeValue::Bool(texts.get(row)? == b"true"),
            Self::Texts(texts) => AttributeValue::Text(std::str::from_utf8(texts.get(row)?).ok()?.into()),
        })
    }
}

/// Puts a span's attributes together in the order in which they came.
fn restore_attributes(
    head: &Head,
    shape: Option<&[u8]>,
    others: Option<&[u8]>,
    promoted: &[PromotedColumn],
    row: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let others = others.unwrap_or_default();
    let Some(shape) = shape else {
        out.extend_from_slice(Attributes::checked(others)?.as_bytes());
        return Some(());
    };
    let mut entries = Attributes::checked(others)?.entries();
    let mut builder = AttributesBuilder::new(out);
    for byte in shape {
        if let Some(number) = usize::from(*byte).checked_sub(1) {
            let Promoted { key, kind } = head.promoted.get(number)?;
            builder.push_distinct(key, &promoted[number].value(*kind, row)?);
        } else {
            builder.push_entry(entries.next()?.1);
        }
    }
    entries.next().is_none().then_some(())
}

/// Spans that were copied out of pages; their resources and scopes stand there once.
#[derive(Default)]
pub(super) struct Copied {
    pub write: TraceWrite,
    /// What the copies are charged to, if they are.
    charge: Option<Charge>,
    charged: usize,
    resources: HashMap<Box<[u8]>, usize>,
    scopes: HashMap<Box<[u8]>, usize>,
}

impl Copied {
    /// Copies that are charged to a budget, page by page.
    pub(super) fn charged_to(budget: &Budget) -> Result<Self, SegmentError> {
        Ok(Self { charge: Some(budget.charge(0)?), ..Self::default() })
    }

    /// Bytes of memory that copies take, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        self.write.size_bytes() + self.write.len() * ROW_BYTES
    }

    fn settle(&mut self) -> Result<(), SegmentError> {
        let size = self.size_bytes();
        if let Some(charge) = &mut self.charge {
            charge.grow((size - self.charged) as u64)?;
            self.charged = size;
        }
        Ok(())
    }

    fn resource(&mut self, packed: &[u8]) -> Option<usize> {
        if let Some(number) = self.resources.get(packed) {
            return Some(*number);
        }
        let number = self.write.copy_resource(&take_resource(packed)?);
        self.resources.insert(packed.into(), number);
        Some(number)
    }

    fn scope(&mut self, packed: &[u8]) -> Option<usize> {
        if let Some(number) = self.scopes.get(packed) {
            return Some(*number);
        }
        let number = self.write.copy_scope(&take_scope(packed)?);
        self.scopes.insert(packed.into(), number);
        Some(number)
    }
}

/// A text as a value; what is no UTF-8 does not come from the writer.
pub(super) fn text_value(bytes: &[u8]) -> SpanValue {
    SpanValue::Text(std::str::from_utf8(bytes).unwrap_or_default().into())
}

/// Puts values to the rows that have one, and `filler` to the others.
fn spread<T: Copy>(present: Option<&[u32]>, values: Vec<T>, filler: T) -> Vec<T> {
    let Some(present) = present else { return values };
    let mut next = 0;
    let of_row = |flag: &u32| {
        let value = values.get(next).copied().unwrap_or(filler);
        next += *flag as usize & 1;
        if *flag == 1 { value } else { filler }
    };
    present.iter().map(of_row).collect()
}

/// Texts after their lengths.
fn with_lengths(bytes: Vec<u8>, start: usize, count: usize) -> Option<TextTable> {
    let mut input = Input::new(&bytes[start..]);
    let mut lengths = Vec::new();
    take_deltas(&mut input, count, &mut lengths)?;
    let mut end = 0_u32;
    let mut ends = Vec::with_capacity(count);
    for length in lengths {
        end = end.checked_add(u32::try_from(length).ok()?)?;
        ends.push(end);
    }
    let start = bytes.len() - input.rest().len();
    (input.rest().len() == end as usize).then_some(TextTable { ends, bytes, start })
}

/// Parquet's plain texts: each after four bytes of its length.
fn plain_texts(bytes: &[u8], place: &DictionaryPlace) -> Option<TextTable> {
    let mut input = Input::new(bytes);
    let mut table = TextTable::default();
    for _ in 0..place.entries {
        let length = input.u32()? as usize;
        table.bytes.extend_from_slice(input.bytes(length)?);
        table.ends.push(table.bytes.len() as u32);
    }
    input.rest().is_empty().then_some(table)
}

/// Attributes that stand among the others, as a column; `column` is that of the promoted ones of the same name.
pub(super) fn column_of_others(key: &str, others: &TextColumn, column: Option<&Column>) -> Option<Column> {
    let mut builder = ColumnBuilder::default();
    for row in 0..others.codes.len() {
        if let Some(column) = column {
            column.each_in_row(row, &mut |piece| builder.push(piece));
        }
        if let Some(bytes) = others.get(row) {
            for attribute in Attributes::checked(bytes)?.iter().filter(|attribute| attribute.key == key) {
                each_value(&attribute.value, |piece| builder.push(piece));
            }
        }
        builder.end_row();
    }
    Some(builder.finish())
}

/// For each row the pieces that `each` finds in the bytes of a column.
pub(super) fn column_of_bytes(
    texts: &TextColumn,
    mut builder: ColumnBuilder,
    mut each: impl FnMut(usize, &[u8], &mut dyn FnMut(Piece<'_>)) -> Option<()>,
) -> Option<Column> {
    for row in 0..texts.codes.len() {
        if let Some(bytes) = texts.get(row) {
            each(row, bytes, &mut |piece| builder.push(piece))?;
        }
        builder.end_row();
    }
    Some(builder.finish())
}
