//! A page as a unit: its columns are read when they are asked for.

use super::column::{ABSENT, Column, ColumnBuilder, Piece, Values};
use super::layout::{
    ATTRIBUTES, DURATION, EVENTS, FIXED_COLUMNS, KIND, LINKS, NAME, PARENT_ID, PromotedKind, RESOURCE, SCOPE, START, STATUS,
    STATUS_MESSAGE, TRACE_STATE,
};
use super::nesting::NestedSets;
use super::packed::{restore_events, take_resource, take_scope};
use super::pages::{PageReader, column_of_bytes, column_of_others, text_value};
use super::rows::{Traces, Unit, nested_sets, parent_ids, push_attribute, push_inner, push_list};
use crate::table::{SegmentError, TextColumn};
use hashbrown::HashMap;
use phoenix_model::logs::ReadError;
use phoenix_model::traces::{
    Attributes, Events, Intrinsic, Links, Scope, SpanField, SpanId, SpanKind, SpanRecord, SpanRef, SpanStatus, SpanValue, sampling_weight,
};
use std::sync::Arc;

/// What the values of a dictionary say of one field: for each of them its place in the field's
/// dictionary, or several.
pub(super) struct Mapped {
    codes: Vec<u32>,
    lists: Option<Vec<Vec<u32>>>,
    values: Arc<[SpanValue]>,
}

/// Gives the values that packed bytes have; `None` when they make no sense.
type EachOfBytes<'e> = dyn Fn(&[u8], &mut dyn FnMut(Piece<'_>)) -> Option<()> + 'e;

/// Gives the values that a span's events or links have.
type EachOfSpan<'e> = dyn Fn(&SpanRef<'_>, &mut dyn FnMut(Piece<'_>)) + 'e;

/// What was worked out of dictionaries, by row group.
pub(super) type MappedFields = HashMap<(u32, SpanField), Arc<Mapped>>;

/// A page of a segment that holds whole traces.
pub(super) struct PageUnit<'r, 'a> {
    reader: &'r mut PageReader<'a>,
    mapped: &'r mut MappedFields,
    page: u32,
    traces: Option<Traces>,
    distances: Option<Vec<i64>>,
    nested: Option<NestedSets>,
}

impl<'r, 'a> PageUnit<'r, 'a> {
    pub(super) fn new(reader: &'r mut PageReader<'a>, mapped: &'r mut MappedFields, page: u32) -> Self {
        Self { reader, mapped, page, traces: None, distances: None, nested: None }
    }

    fn traces(&mut self, roots: bool) -> Result<&Traces, SegmentError> {
        let mut traces = match self.traces.take() {
            Some(traces) => traces,
            None => self.reader.traces(self.page)?,
        };
        if roots && traces.roots.is_none() {
            traces.roots = Some(self.reader.roots(self.page, &traces)?);
        }
        Ok(self.traces.insert(traces))
    }

    fn distances(&mut self) -> Result<&mut Vec<i64>, SegmentError> {
        if self.distances.is_none() {
            self.distances = Some(self.reader.distances(self.page)?);
        }
        Ok(self.distances.get_or_insert_default())
    }

    fn nested(&mut self) -> Result<&NestedSets, SegmentError> {
        if self.nested.is_none() {
            let distances = std::mem::take(self.distances()?);
            self.nested = Some(nested_sets(self.traces(false)?, &distances));
            self.distances = Some(distances);
        }
        Ok(self.nested.get_or_insert_default())
    }

    /// A column of texts as it is.
    fn text_column(&mut self, column: usize) -> Result<Column, SegmentError> {
        let texts = self.reader.texts(self.page, column)?;
        if texts.table.len() == 0 {
            return Ok(Column::ABSENT);
        }
        if texts.group.is_some() {
            let values = self.reader.values(self.page, column, &texts, &text_value, None)?;
            return Ok(Column::of(Values::Coded(texts.codes, values)));
        }
        Ok(Column::of(Values::Texts(texts.codes, texts.table)))
    }

    /// A column of texts as other values, and one for rows without a text.
    fn valued(&mut self, column: usize, value: &dyn Fn(&[u8]) -> SpanValue, filler: Option<SpanValue>) -> Result<Column, SegmentError> {
        let mut texts = self.reader.texts(self.page, column)?;
        let filled = filler.is_some();
        let values = self.reader.values(self.page, column, &texts, value, filler)?;
        if filled {
            let last = values.len() as u32 - 1;
            texts.codes.iter_mut().filter(|code| **code == ABSENT).for_each(|code| *code = last);
        }
        Ok(Column::of(Values::Coded(texts.codes, values)))
    }

    /// What resources or scopes say of a field.
    fn shared(&mut self, column: usize, field: &SpanField, each: &EachOfBytes<'_>) -> Result<Column, SegmentError> {
        let texts = self.reader.texts(self.page, column)?;
        let known = texts.group.and_then(|group| self.mapped.get(&(group, field.clone())).cloned());
        let mapped = if let Some(mapped) = known {
            mapped
        } else {
            let mapped = map_dictionary(&texts, each).ok_or_else(|| self.reader.corrupt(self.page, column, "it makes no sense"))?;
            let mapped = Arc::new(mapped);
            if let Some(group) = texts.group {
                self.mapped.insert((group, field.clone()), Arc::clone(&mapped));
            }
            mapped
        };
        let Some(lists) = &mapped.lists else {
            if mapped.values.is_empty() {
                return Ok(Column::ABSENT);
            }
            let codes = texts.codes.iter().map(|code| mapped.codes.get(*code as usize).copied().unwrap_or(ABSENT)).collect();
            return Ok(Column::of(Values::Coded(codes, Arc::clone(&mapped.values))));
        };
        let (mut codes, mut ends) = (Vec::new(), Vec::with_capacity(texts.codes.len()));
        for code in &texts.codes {
            codes.extend_from_slice(lists.get(*code as usize).map_or(&[], Vec::as_slice));
            ends.push(codes.len() as u32);
        }
        Ok(Column { ends: Some(ends), values: Values::Coded(codes, Arc::clone(&mapped.values)) })
    }

    fn bytes(
        &mut self,
        column: usize,
        each: impl FnMut(usize, &[u8], &mut dyn FnMut(Piece<'_>)) -> Option<()>,
    ) -> Result<Column, SegmentError> {
        let texts = self.reader.texts(self.page, column)?;
        if texts.table.len() == 0 {
            return Ok(Column::ABSENT);
        }
        column_of_bytes(&texts, ColumnBuilder::lists(), each).ok_or_else(|| self.reader.corrupt(self.page, column, "it makes no sense"))
    }

    fn events(&mut self, each: &EachOfSpan<'_>) -> Result<Column, SegmentError> {
        let mut packed = Vec::new();
        self.bytes(EVENTS, |_, bytes, push| {
            packed.clear();
            // Times after the span's start are what is asked for.
            restore_events(bytes, 0, &mut packed)?;
            each(&inner_span(Events::trusted(&packed), Links::default()), push);
            Some(())
        })
    }

    fn links(&mut self, each: &EachOfSpan<'_>) -> Result<Column, SegmentError> {
        self.bytes(LINKS, |_, bytes, push| {
            each(&inner_span(Events::default(), Links::checked(bytes)?), push);
            Some(())
        })
    }

    fn intrinsic(&mut self, field: &SpanField, intrinsic: Intrinsic) -> Result<Column, SegmentError> {
        let page = self.page;
        let of_root = matches!(intrinsic, Intrinsic::RootName | Intrinsic::RootService);
        if of_root || matches!(intrinsic, Intrinsic::TraceId | Intrinsic::TraceDuration) {
            return Ok(self.traces(of_root)?.column(intrinsic).unwrap_or(Column::ABSENT));
        }
        Ok(match intrinsic {
            Intrinsic::SpanId => Column::of(Values::Ids(self.reader.span_ids(page)?)),
            Intrinsic::ParentId => {
                let ids = self.reader.span_ids(page)?;
                let raw = self.reader.texts(page, PARENT_ID)?;
                let distances = std::mem::take(self.distances()?);
                let missing = |row: usize| {
                    let code = raw.codes[row];
                    if code == ABSENT { SpanId::NONE } else { raw.table.get(code).try_into().map_or(SpanId::NONE, SpanId) }
                };
                let parents = parent_ids(self.traces(false)?, &distances, &ids, missing);
                self.distances = Some(distances);
                Column::of(Values::Ids(parents))
            }
            Intrinsic::Start => {
                let mut starts = self.reader.numbers(page, START)?.numbers;
                for facts in &self.traces(false)?.facts {
                    let rows = facts.rows.start as usize..facts.rows.end as usize;
                    starts[rows].iter_mut().for_each(|start| *start = start.wrapping_add(facts.start_ns));
                }
                Column::ints(starts)
            }
            Intrinsic::Duration => Column::ints(self.reader.numbers(page, DURATION)?.numbers),
            Intrinsic::Name => self.text_column(NAME)?,
            Intrinsic::Kind => self.valued(KIND, &|word| number_of(word, &SpanKind::ALL.map(SpanKind::as_str)), None)?,
            Intrinsic::Status => self.valued(STATUS, &|word| number_of(word, &SpanStatus::ALL.map(SpanStatus::as_str)), None)?,
            Intrinsic::StatusMessage => self.valued(STATUS_MESSAGE, &text_value, Some(SpanValue::Text("".into())))?,
            Intrinsic::Weight => {
                let weight = |bytes: &[u8]| SpanValue::Float(sampling_weight(std::str::from_utf8(bytes).unwrap_or_default()));
                self.valued(TRACE_STATE, &weight, Some(SpanValue::Float(1.0)))?
            }
            Intrinsic::NestedSetLeft => Column::ints(self.nested()?.left.clone()),
            Intrinsic::NestedSetRight => Column::ints(self.nested()?.right.clone()),
            Intrinsic::NestedSetParent => Column::ints(self.nested()?.parent.clone()),
            Intrinsic::ChildCount => Column::ints(self.nested()?.children.clone()),
            Intrinsic::ScopeName => self.shared(SCOPE, field, &|bytes, push| {
                push(Piece::Text(take_scope(bytes)?.name));
                Some(())
            })?,
            Intrinsic::ScopeVersion => self.shared(SCOPE, field, &|bytes, push| {
                push(Piece::Text(take_scope(bytes)?.version));
                Some(())
            })?,
            Intrinsic::EventName | Intrinsic::EventTimeSinceStart => self.events(&|span, push| push_list(intrinsic, span, push))?,
            Intrinsic::LinkTraceId | Intrinsic::LinkSpanId => self.links(&|span, push| push_list(intrinsic, span, push))?,
            Intrinsic::TraceId | Intrinsic::TraceDuration | Intrinsic::RootName | Intrinsic::RootService => Column::ABSENT,
        })
    }

    fn span_attribute(&mut self, key: &str) -> Result<Column, SegmentError> {
        let page = self.page;
        let promoted = self.reader.head.promoted(key);
        let mut column = None;
        if let Some(number) = promoted {
            let at = FIXED_COLUMNS + number;
            let of_column = match self.reader.head.promoted[number].kind {
                PromotedKind::Text => self.text_column(at)?,
                PromotedKind::Int => self.reader.integers(page, at)?,
                PromotedKind::Bool => self.valued(at, &|word| SpanValue::Bool(word == b"true"), None)?,
            };
            if self.reader.head.pages[page as usize].leftovers & 1 << number == 0 {
                return Ok(of_column);
            }
            column = Some(of_column);
        }
        let others = self.reader.texts(page, ATTRIBUTES)?;
        column_of_others(key, &others, column.as_ref()).ok_or_else(|| self.reader.corrupt(page, ATTRIBUTES, "they make no sense"))
    }

    fn column(&mut self, field: &SpanField) -> Result<Column, SegmentError> {
        let (scope, key) = match field {
            SpanField::Intrinsic(intrinsic) => return self.intrinsic(field, *intrinsic),
            SpanField::Attribute(scope, key) => (*scope, &**key),
        };
        match scope {
            Scope::Resource => self.shared(RESOURCE, field, &|bytes, push| {
                push_attribute(take_resource(bytes)?.attributes, key, push);
                Some(())
            }),
            Scope::Instrumentation => self.shared(SCOPE, field, &|bytes, push| {
                push_attribute(take_scope(bytes)?.attributes, key, push);
                Some(())
            }),
            Scope::Span => self.span_attribute(key),
            Scope::Event => self.events(&|span, push| push_inner(scope, key, span, push)),
            Scope::Link => self.links(&|span, push| push_inner(scope, key, span, push)),
        }
    }
}

impl Unit for PageUnit<'_, '_> {
    fn rows(&self) -> usize {
        self.reader.head.pages[self.page as usize].rows as usize
    }

    fn traces(&mut self, roots: bool) -> Result<&Traces, ReadError> {
        Ok(PageUnit::traces(self, roots)?)
    }

    fn trace_count(&self) -> u64 {
        u64::from(self.reader.head.pages[self.page as usize].traces)
    }

    fn load(&mut self, field: &SpanField) -> Result<Column, ReadError> {
        Ok(self.column(field)?)
    }
}

fn map_dictionary(texts: &TextColumn, each: &EachOfBytes<'_>) -> Option<Mapped> {
    let mut builder = ColumnBuilder::default();
    let mut lists = Vec::with_capacity(texts.table.len());
    for code in 0..texts.table.len() as u32 {
        let mut codes = Vec::new();
        each(texts.table.get(code), &mut |piece| codes.push(builder.code(piece)))?;
        lists.push(codes);
    }
    let codes = lists.iter().map(|codes| codes.first().copied().unwrap_or(ABSENT)).collect();
    let single = lists.iter().all(|codes| codes.len() <= 1);
    Some(Mapped { codes, lists: (!single).then_some(lists), values: builder.into_dictionary() })
}

fn number_of(word: &[u8], words: &[&str]) -> SpanValue {
    SpanValue::Int(words.iter().position(|known| known.as_bytes() == word).unwrap_or_default() as i64)
}

/// A span of which only events and links are known; it starts at 0.
fn inner_span<'a>(events: Events<'a>, links: Links<'a>) -> SpanRef<'a> {
    SpanRef {
        fixed: SpanRecord::default(),
        resource: 0,
        scope: 0,
        name: "",
        status_message: "",
        trace_state: "",
        attributes: Attributes::EMPTY,
        events,
        links,
    }
}
