//! The traces that a query finds, latest first.

use super::columns::Frame;
use super::filter::Verdicts;
use super::plan::Plan;
use super::spansets::{Sets, Spanset};
use super::value::Value;
use super::{EvalError, EvalOptions, flag};
use crate::ast::{Body, Query, Static};
use crate::result::{FoundSpan, FoundSpanset, FoundTrace, SearchOutput};
use crate::source::{
    ColumnValues, Intrinsic, ReadError, SpanBatch, SpanPredicate, SpanRows, SpanSelect, SpanSource, SpanTime, SpanVisitor, TraceInfo,
};
use phoenix_model::Charge;
use phoenix_model::traces::{SpanId, TraceId};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What a search says beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchParams {
    /// The first moment that counts, in nanoseconds since the Unix epoch. A trace counts if some of it lies in the range.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// The most traces.
    pub limit: usize,
    /// The most spans of each set; 0 for all.
    pub spans_per_set: usize,
}

/// The latest traces that a query finds.
pub fn search(query: &Query, params: &SearchParams, source: &dyn SpanSource, options: &EvalOptions<'_>) -> Result<SearchOutput, EvalError> {
    let Body::Search(pipeline) = &query.body else {
        return Err(EvalError::Execution("a metrics query gives numbers and no traces".to_owned()));
    };
    let any_order = flag(query, "most_recent")? == Some(false);
    let mut plan = Plan::new(pipeline)?;
    let fixed = [Intrinsic::SpanId, Intrinsic::Start, Intrinsic::Duration].map(|intrinsic| plan.columns.intrinsic_at(intrinsic));
    let name = plan.names.then(|| plan.columns.intrinsic_at(Intrinsic::Name));
    if params.limit == 0 || params.end_ns <= params.start_ns {
        return Ok(SearchOutput::default());
    }
    let (required, rows) = if options.pushdown { (plan.required(), plan.rows()) } else { (Vec::new(), vec![SpanPredicate::True]) };
    let select = SpanSelect {
        start_ns: params.start_ns,
        end_ns: params.end_ns,
        time: SpanTime::Trace,
        required: &required,
        rows: if options.pushdown { plan.select_rows(&rows) } else { SpanRows::WholeTraces },
        columns: &plan.columns.fields,
        services: true,
        roots: true,
    };
    let bound = AtomicI64::new(i64::MIN);
    let (finders, stats) = options.read(source, &select, || Finder {
        plan: &plan,
        fixed,
        name,
        params: *params,
        options,
        any_order,
        verdicts: Verdicts::default(),
        found: BTreeMap::new(),
        bound: &bound,
        held: Held::default(),
    })?;
    let mut traces: Vec<FoundTrace> = finders.into_iter().flat_map(|finder| finder.found.into_values().map(|found| found.trace)).collect();
    traces.sort_by_key(|trace| (Reverse(trace.start_ns), trace.id));
    traces.truncate(params.limit);
    Ok(SearchOutput { traces, stats })
}

/// What a thread found so far: the latest, by start and id.
struct Finder<'p> {
    plan: &'p Plan,
    /// The columns of id, start and duration.
    fixed: [usize; 3],
    name: Option<usize>,
    params: SearchParams,
    options: &'p EvalOptions<'p>,
    any_order: bool,
    verdicts: Verdicts,
    found: BTreeMap<(i64, Reverse<TraceId>), Found>,
    /// Shared by all threads: no trace before it can be among the latest.
    bound: &'p AtomicI64,
    held: Held,
}

struct Found {
    trace: FoundTrace,
    bytes: u64,
    spans: usize,
}

/// What is kept, and what is charged for it.
#[derive(Default)]
struct Held {
    bytes: u64,
    spans: usize,
    charged: u64,
    charge: Option<Charge>,
}

impl SpanVisitor for Finder<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.options.check_cancelled()?;
        let (plan, options) = (self.plan, self.options);
        let frame = Frame::new(batch, &plan.columns)?;
        let sets = Sets::new(plan, &frame, &mut self.verdicts, options.columnar);
        let mut order: Vec<usize> = (0..batch.traces.len()).filter(|trace| self.counts(&batch.traces[*trace])).collect();
        order.sort_unstable_by_key(|trace| (Reverse(batch.traces[*trace].start_ns), batch.traces[*trace].id));
        for trace in order {
            let info = &batch.traces[trace];
            if info.start_ns < self.bound.load(Ordering::Relaxed) {
                break;
            }
            let spansets = sets.of(trace);
            if !spansets.is_empty() {
                self.keep(&frame, trace, &spansets)?;
            }
        }
        Ok(())
    }

    fn bound_ns(&self) -> Option<i64> {
        Some(self.bound.load(Ordering::Relaxed)).filter(|bound| *bound > i64::MIN)
    }
}

impl Finder<'_> {
    fn counts(&self, info: &TraceInfo<'_>) -> bool {
        info.start_ns < self.params.end_ns
            && info.start_ns.saturating_add(info.duration_ns) >= self.params.start_ns
            && !info.rows.is_empty()
    }

    fn keep(&mut self, frame: &Frame<'_>, trace: usize, sets: &[Spanset]) -> Result<(), ReadError> {
        let info = &frame.batch.traces[trace];
        let key = (info.start_ns, Reverse(info.id));
        if self.found.len() == self.params.limit && self.found.first_key_value().is_some_and(|(first, _)| key < *first) {
            return Ok(());
        }
        let spansets: Vec<FoundSpanset> = sets.iter().map(|set| self.spanset(frame, trace, set)).collect();
        // Stores give them in the order in which they met them.
        let mut services = info.services.to_vec();
        services.sort();
        let trace = FoundTrace {
            id: info.id,
            start_ns: info.start_ns,
            duration_ns: info.duration_ns,
            root_service: info.root_service.into(),
            root_name: info.root_name.into(),
            services,
            spansets,
        };
        let (bytes, spans) = (size_bytes(&trace), trace.spansets.iter().map(|set| set.spans.len()).sum());
        self.held.bytes += bytes;
        self.held.spans += spans;
        self.found.insert(key, Found { trace, bytes, spans });
        if self.found.len() > self.params.limit
            && let Some((_, earliest)) = self.found.pop_first()
        {
            self.held.bytes -= earliest.bytes;
            self.held.spans -= earliest.spans;
        }
        if self.held.spans > self.options.max_spans {
            let max = self.options.max_spans;
            return Err(ReadError::Limit(format!("limit `max_spans` reached: the answer has more than {max} spans")));
        }
        if self.held.bytes > self.held.charged {
            let more = self.held.bytes - self.held.charged;
            match &mut self.held.charge {
                Some(charge) => charge.grow(more)?,
                none => *none = Some(self.options.budget.charge(more)?),
            }
            self.held.charged = self.held.bytes;
        }
        if self.found.len() == self.params.limit
            && let Some(((earliest, _), _)) = self.found.first_key_value()
        {
            // With enough traces in hand, any will do if the query says so.
            self.bound.fetch_max(if self.any_order { i64::MAX } else { *earliest }, Ordering::Relaxed);
        }
        Ok(())
    }

    fn spanset(&self, frame: &Frame<'_>, trace: usize, set: &Spanset) -> FoundSpanset {
        let [id, start, duration] = self.fixed;
        let (starts, durations) = (frame.ints(start), frame.ints(duration));
        let ids = if let ColumnValues::Ids(ids) = frame.batch.columns[id].values { ids } else { &[] };
        let mut rows = set.rows.clone();
        rows.sort_by_key(|row| starts.get(*row as usize));
        if self.params.spans_per_set > 0 {
            rows.truncate(self.params.spans_per_set);
        }
        let span = |row: u32| {
            let row = row as usize;
            let shown = self.plan.shown.iter().map(|(key, field)| (key.clone(), frame.value(field, trace, row)));
            FoundSpan {
                id: ids.get(row).copied().unwrap_or(SpanId::NONE),
                name: self.name.map_or_else(|| "".into(), |at| text(&frame.cell_at(at, row))),
                start_ns: starts.get(row).copied().unwrap_or_default(),
                duration_ns: durations.get(row).copied().unwrap_or_default(),
                attributes: shown.filter(|(_, value)| *value != Value::Nil).map(|(key, value)| (key, value.into_static())).collect(),
            }
        };
        FoundSpanset { matched: set.rows.len() as u64, spans: rows.into_iter().map(span).collect(), attributes: set.attributes.clone() }
    }
}

fn text(value: &Value<'_>) -> Arc<str> {
    if let Value::Text(text) = value { text.as_ref().into() } else { "".into() }
}

/// Roughly what a found trace takes in memory.
fn size_bytes(trace: &FoundTrace) -> u64 {
    let attributes = |attributes: &[(Arc<str>, Static)]| attributes.iter().map(|(_, value)| 64 + static_bytes(value)).sum::<usize>();
    let spans = |set: &FoundSpanset| set.spans.iter().map(|span| 128 + attributes(&span.attributes)).sum::<usize>();
    let sets: usize = trace.spansets.iter().map(|set| 96 + attributes(&set.attributes) + spans(set)).sum();
    (256 + sets + trace.services.len() * 48) as u64
}

fn static_bytes(value: &Static) -> usize {
    match value {
        Static::Text(text) => text.len(),
        Static::Array(values) => values.iter().map(|value| 32 + static_bytes(value)).sum(),
        _ => 0,
    }
}
