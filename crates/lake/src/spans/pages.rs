//! Columns of pages as values of spans.

use super::column::{Column, ColumnBuilder, Piece, Values, each_value};
use super::layout::{Head, PARENT, ROOT_NAME, ROOT_SERVICE, SPAN_ID, TRACE_DURATION, TRACE_ID, TRACE_START};
use super::nesting::MISSING;
use super::rows::{TraceFacts, TraceTexts, Traces};
use crate::table::cache::Part;
use crate::table::{CodedNumbers, ColumnReader, NumberColumn, SegmentError, TableHead, TextColumn};
use phoenix_model::traces::{Attributes, SpanId, SpanValue, TraceId};
use std::sync::Arc;

/// Reads columns of one page after the other.
pub(super) type PageReader<'a> = ColumnReader<'a, Head>;

impl PageReader<'_> {
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
        let (Some(group), files) = (texts.group, self.files) else { return Ok(make()) };
        debug_assert_eq!(self.head.table.group_of(page).0, group as usize);
        let part = Part::Values { group, column: column as u32 };
        let values = files.cached(part, || {
            let values = make();
            let bytes = values.iter().map(|value| if let SpanValue::Text(text) = value { text.len() + 40 } else { 24 }).sum();
            Ok((values, bytes))
        })?;
        Ok(Arc::clone(&values))
    }

    /// Whole numbers of a promoted attribute.
    pub(super) fn integers(&mut self, page: u32, column: usize) -> Result<Column, SegmentError> {
        if !self.has(page, column) {
            return Ok(Column::ABSENT);
        }
        let make = |numbers: &[[u8; 8]]| -> (Arc<[SpanValue]>, usize) {
            (numbers.iter().map(|bytes| SpanValue::Int(i64::from_le_bytes(*bytes))).collect(), numbers.len() * 24)
        };
        if let Some(CodedNumbers { codes, values }) = self.coded_numbers(page, column, make)? {
            return Ok(Column::of(Values::Coded(codes, Arc::clone(&values))));
        }
        let NumberColumn { numbers, present } = self.numbers(page, column)?;
        Ok(Column::of(Values::Ints(numbers, present.map_or_else(Vec::new, |present| present.absent()))))
    }

    /// The traces of a page, without their roots.
    pub(super) fn traces(&mut self, page: u32) -> Result<Traces, SegmentError> {
        let rows = self.head.rows(page) as u32;
        let (ids, begins) = self.dense_texts(page, TRACE_ID)?;
        let starts = self.dense_numbers(page, TRACE_START)?;
        let durations = self.dense_numbers(page, TRACE_DURATION)?;
        // All three stand in the first rows of traces, and nowhere else.
        if starts.len() != ids.len() || durations.len() != ids.len() {
            return Err(self.corrupt(page, TRACE_ID, "traces have no time"));
        }
        let mut begins: Vec<u32> = begins.map_or_else(|| (0..rows).collect(), |present| present.rows().collect());
        if begins.first() != Some(&0) {
            return Err(self.corrupt(page, TRACE_ID, "its first row has no trace"));
        }
        begins.push(rows);
        let mut facts: Vec<TraceFacts> = Vec::with_capacity(ids.len());
        for (number, bounds) in begins.windows(2).enumerate() {
            let id = ids.get(number as u32).try_into().map_err(|_| self.corrupt(page, TRACE_ID, "an id has not 16 bytes"))?;
            let (start_ns, duration_ns) = (starts[number], durations[number]);
            facts.push(TraceFacts { id: TraceId(id), rows: bounds[0]..bounds[1], start_ns, duration_ns });
        }
        Ok(Traces { facts, roots: None })
    }

    /// Services and names of the roots of a page's traces.
    pub(super) fn roots(&mut self, page: u32, traces: &Traces) -> Result<[TraceTexts; 2], SegmentError> {
        let mut read = |column: usize| -> Result<TraceTexts, SegmentError> {
            let texts = self.texts(page, column)?;
            let values = self.values(page, column, &texts, &text_value, None)?;
            Ok(TraceTexts { codes: traces.facts.iter().map(|facts| texts.codes[facts.rows.start as usize]).collect(), values })
        };
        Ok([read(ROOT_SERVICE)?, read(ROOT_NAME)?])
    }

    /// For each row how far before it its parent is.
    pub(super) fn distances(&mut self, page: u32) -> Result<Vec<i64>, SegmentError> {
        let mut parents = self.numbers(page, PARENT)?;
        if let Some(present) = &parents.present {
            let missing = parents.numbers.iter_mut().enumerate().filter(|(row, _)| !present.has(*row));
            missing.for_each(|(_, distance)| *distance = MISSING);
        }
        Ok(parents.numbers)
    }

    pub(super) fn span_ids(&mut self, page: u32) -> Result<Vec<SpanId>, SegmentError> {
        let (table, present) = self.dense_texts(page, SPAN_ID)?;
        let all_have_eight = present.is_none() && table.ends.iter().enumerate().all(|(row, end)| *end as usize == (row + 1) * 8);
        let ids = all_have_eight.then(|| table.bytes().as_chunks::<8>().0.iter().map(|id| SpanId(*id)).collect());
        ids.ok_or_else(|| self.corrupt(page, SPAN_ID, "an id has not 8 bytes"))
    }
}

/// A text as a value; what is no UTF-8 does not come from the writer.
pub(super) fn text_value(bytes: &[u8]) -> SpanValue {
    SpanValue::Text(std::str::from_utf8(bytes).unwrap_or_default().into())
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
