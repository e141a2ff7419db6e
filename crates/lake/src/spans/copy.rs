//! Copies spans out of pages.

use super::column::{Column, Values};
use super::layout::{
    ATTRIBUTES, DROPPED, DURATION, EVENTS, FIXED_COLUMNS, FLAGS, Head, KIND, LINKS, NAME, PARENT, PARENT_ID, Promoted, PromotedKind,
    RESOURCE, SCOPE, SHAPE, START, STATUS, STATUS_MESSAGE, TRACE_STATE,
};
use super::nesting::MISSING;
use super::packed::{restore_events, take_dropped, take_resource, take_scope};
use super::pages::PageReader;
use super::rows::Traces;
use crate::table::{SegmentError, TextColumn};
use hashbrown::HashMap;
use phoenix_model::traces::{
    AttributeValue, Attributes, AttributesBuilder, Events, Links, SpanId, SpanKind, SpanRecord, SpanRef, SpanStatus, SpanValue, TraceId,
    TraceWrite,
};
use phoenix_model::{Budget, Charge};

/// What a span of a [`TraceWrite`] takes beside what has a variable length.
pub(super) const ROW_BYTES: usize = 136;

impl PageReader<'_> {
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
