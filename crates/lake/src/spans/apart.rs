//! Traces whose spans lie in several places, put together.

use super::SpanScene;
use super::memtable::is_same;
use super::rows::At;
use hashbrown::HashMap;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{SpanId, SpanKind, TraceId, TraceWrite};
use phoenix_model::{Budget, Charge};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Traces up to this size look for duplicates by comparing spans.
const COMPARED: usize = 24;

/// Some traces from all places.
pub(super) struct Gathered {
    pub blocks: Vec<Arc<TraceWrite>>,
    /// Each with the places of its spans, each span once.
    pub traces: Vec<(TraceId, Vec<At>)>,
    _charge: Charge,
}

impl SpanScene<'_> {
    /// The traces that may lie in several places, ascending: those of the lists of all segments, those
    /// in several memtables, and those in memory that segments hold too.
    pub(super) fn split(&self) -> Result<Vec<TraceId>, ReadError> {
        let mut split = Vec::new();
        for segment in &self.segments {
            split.extend_from_slice(&segment.split()?);
        }
        for (number, view) in self.memory.iter().enumerate() {
            split.extend(view.in_segments(&self.segments)?);
            for other in &self.memory[number + 1..] {
                split.extend(view.ids().filter(|id| other.holds(*id)));
            }
        }
        split.sort_unstable();
        split.dedup();
        Ok(split)
    }

    /// Puts traces together, which ascend. Of spans that are the same the one in the place that
    /// is named first stays: segments come before memory.
    pub(super) fn gather(&self, ids: &[TraceId], limits: &ReadLimits<'_>, bytes: &mut u64) -> Result<Gathered, ReadError> {
        let mut charge = limits.budget.charge(0)?;
        let mut blocks: Vec<Arc<TraceWrite>> = Vec::new();
        let mut spans: HashMap<TraceId, Vec<At>> = HashMap::new();
        for segment in &self.segments {
            let mut here = Vec::new();
            for id in ids {
                if segment.may_hold(*id)? {
                    here.push(*id);
                }
            }
            if here.is_empty() {
                continue;
            }
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let write = segment.parts(&here, bytes, limits.budget)?;
            charge.grow((write.size_bytes() + write.len() * (super::copy::ROW_BYTES + 16)) as u64)?;
            for row in 0..write.len() {
                spans.entry(write.fixed(row).trace_id).or_default().push(At { block: blocks.len() as u32, row: row as u32 });
            }
            blocks.push(write);
        }
        for view in &self.memory {
            let first = blocks.len() as u32;
            blocks.extend(view.blocks.iter().cloned());
            for id in ids {
                if let Some(found) = view.spans_of(*id) {
                    charge.grow(found.len() as u64 * 16)?;
                    let moved = found.iter().map(|at| At { block: at.block + first, row: at.row });
                    spans.entry(*id).or_default().extend(moved);
                }
            }
        }
        let mut traces: Vec<(TraceId, Vec<At>)> = spans.into_iter().collect();
        traces.sort_unstable_by_key(|(id, _)| *id);
        for (_, spans) in &mut traces {
            drop_same(&blocks, spans);
        }
        Ok(Gathered { blocks, traces, _charge: charge })
    }
}

/// Leaves out spans that are the same as an earlier one.
pub(super) fn drop_same(blocks: &[Arc<TraceWrite>], spans: &mut Vec<At>) {
    let fixed = |at: At| blocks[at.block as usize].fixed(at.row as usize);
    if spans.len() <= COMPARED {
        let mut kept: Vec<At> = Vec::with_capacity(spans.len());
        for at in spans.iter() {
            if !kept.iter().any(|before| is_same(fixed(*before), fixed(*at))) {
                kept.push(*at);
            }
        }
        *spans = kept;
        return;
    }
    let mut seen: BTreeSet<(SpanId, i64, SpanKind)> = BTreeSet::new();
    spans.retain(|at| {
        let span = fixed(*at);
        seen.insert((span.span_id, span.start_ns, span.kind))
    });
}

/// The spans of a trace by start, as one write; charged to the budget while they are copied.
pub(super) fn copy_trace(blocks: &[Arc<TraceWrite>], spans: &[At], budget: &Budget) -> Result<TraceWrite, ReadError> {
    let mut charge = budget.charge(spans.len() as u64 * super::copy::ROW_BYTES as u64)?;
    let mut sorted = spans.to_vec();
    sorted.sort_by_key(|at| {
        let span = blocks[at.block as usize].fixed(at.row as usize);
        (span.start_ns, span.span_id)
    });
    let mut write = TraceWrite::default();
    let (mut resources, mut scopes) = (HashMap::new(), HashMap::new());
    let mut charged = 0;
    for at in sorted {
        let block = &blocks[at.block as usize];
        let span = block.span(at.row as usize);
        let resource = *resources.entry((at.block, span.resource)).or_insert_with(|| write.copy_resource(&block.resource(span.resource)));
        let scope = *scopes.entry((at.block, span.scope)).or_insert_with(|| write.copy_scope(&block.scope(span.scope)));
        write.copy_span(resource, scope, &span);
        charge.grow((write.size_bytes() - charged) as u64)?;
        charged = write.size_bytes();
    }
    Ok(write)
}
