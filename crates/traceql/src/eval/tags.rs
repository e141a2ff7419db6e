//! The values of an attribute or intrinsic, for completion in editors.

use super::columns::{Field, Frame, Place};
use super::filter::Verdicts;
use super::plan::Plan;
use super::value::{Value, order};
use super::{EvalError, EvalOptions};
use crate::ast::{AttributeName, Body, IntrinsicName, MetricsExpr, MetricsKind, Pipeline, Query, SpansetKind, StageKind, Static};
use crate::source::{
    ColumnValues, Intrinsic, ReadError, SpanBatch, SpanPredicate, SpanRows, SpanSelect, SpanSource, SpanTime, SpanValue, SpanVisitor,
};
use phoenix_model::Charge;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What values are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagField {
    /// An attribute, with or without a scope.
    Attribute(AttributeName),
    /// An intrinsic.
    Intrinsic(IntrinsicName),
}

/// Where values are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagParams {
    /// The first moment that counts, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// The most values; where there are more, any of them are given.
    pub limit: usize,
}

/// The values that a field has, sorted; the flag says whether some were left out. Only spans that meet
/// the query's first `{ … }` count, if it begins with one: all else of it is left aside, as Tempo does.
pub fn tag_values(
    field: &TagField,
    query: Option<&Query>,
    params: &TagParams,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
) -> Result<(Vec<Static>, bool), EvalError> {
    let filter = query.and_then(|query| match &query.body {
        Body::Search(pipeline) => first_filter(pipeline),
        Body::Metrics(expr) => of_metrics(expr).and_then(first_filter),
    });
    let mut plan = Plan::new(&filter.unwrap_or(Pipeline { stages: Vec::new(), span: phoenix_model::Span::default() }))?;
    let field = match field {
        TagField::Attribute(name) => plan.columns.attribute(name),
        TagField::Intrinsic(name) => plan.columns.intrinsic(*name),
    };
    let start = plan.columns.intrinsic_at(Intrinsic::Start);
    // Several places are several columns: what counts is decided span by span.
    let rows = if options.pushdown { plan.rows() } else { vec![SpanPredicate::True] };
    let required = if options.pushdown { plan.required() } else { Vec::new() };
    let select = SpanSelect {
        start_ns: params.start_ns,
        end_ns: params.end_ns,
        time: if plan.columns.parents { SpanTime::Trace } else { SpanTime::Span },
        required: &required,
        rows: if options.pushdown { plan.select_rows(&rows) } else { SpanRows::WholeTraces },
        columns: &plan.columns.fields,
        services: false,
        roots: plan.columns.roots,
    };
    if params.end_ns <= params.start_ns {
        return Ok((Vec::new(), false));
    }
    let collector = || Collector {
        plan: &plan,
        field: &field,
        start,
        params,
        options,
        verdicts: Verdicts::default(),
        seen: Vec::new(),
        found: BTreeSet::new(),
        charge: None,
        ends: false,
    };
    let mut found = BTreeSet::new();
    for collector in options.read(source, &select, collector)?.0 {
        found.extend(collector.found);
    }
    let more = found.len() > params.limit;
    Ok((found.into_iter().take(params.limit).map(|Ordered(value)| value).collect(), more))
}

fn of_metrics(expr: &MetricsExpr) -> Option<&Pipeline> {
    match &expr.kind {
        MetricsKind::Pipeline(pipeline, _) => Some(pipeline),
        MetricsKind::TopK(inner, _) | MetricsKind::BottomK(inner, _) | MetricsKind::Filter(inner, ..) | MetricsKind::Paren(inner) => {
            of_metrics(inner)
        }
        MetricsKind::Binary(..) | MetricsKind::Number(_) => None,
    }
}

fn first_filter(pipeline: &Pipeline) -> Option<Pipeline> {
    let first = pipeline.stages.first()?;
    match &first.kind {
        StageKind::Spanset(set) if matches!(set.kind, SpansetKind::Filter(_)) => {
            Some(Pipeline { stages: vec![first.clone()], span: first.span })
        }
        _ => None,
    }
}

/// Values in order.
#[derive(Debug, Clone)]
struct Ordered(Static);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        order(&self.0, &other.0)
    }
}

struct Collector<'p> {
    plan: &'p Plan,
    field: &'p Field,
    start: usize,
    params: &'p TagParams,
    options: &'p EvalOptions<'p>,
    verdicts: Verdicts,
    /// The dictionary seen last, and which of its values were taken.
    seen: Vec<(Arc<[SpanValue]>, Vec<bool>)>,
    found: BTreeSet<Ordered>,
    charge: Option<Charge>,
    /// Enough was found: nothing more is looked at.
    ends: bool,
}

impl SpanVisitor for Collector<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.options.check_cancelled()?;
        if self.ends {
            return Ok(());
        }
        let frame = Frame::new(batch, &self.plan.columns)?;
        let met = self.plan.leaves.first().map(|leaf| leaf.rows(&frame, &mut self.verdicts));
        let starts = frame.ints(self.start);
        let range = self.params.start_ns..self.params.end_ns;
        let counts = |row: usize| met.as_ref().is_none_or(|met| met.get(row)) && starts.get(row).is_some_and(|start| range.contains(start));
        let by_trace = self.field.places.iter().all(|place| !matches!(place, Place::Column { .. }));
        for trace in 0..batch.traces.len() {
            let mut rows = frame.rows(trace).filter(|row| counts(*row));
            if by_trace {
                if let Some(row) = rows.next() {
                    self.take(frame.value(self.field, trace, row))?;
                }
                continue;
            }
            for row in rows {
                if !self.taken_before(&frame, row) {
                    self.take(frame.value(self.field, trace, row))?;
                }
            }
        }
        Ok(())
    }

    fn bound_ns(&self) -> Option<i64> {
        self.ends.then_some(i64::MAX)
    }
}

impl Collector<'_> {
    /// Whether a row's value is one of a dictionary that was taken already; if not, it counts as taken now.
    fn taken_before(&mut self, frame: &Frame<'_>, row: usize) -> bool {
        let ([Place::Column { at, .. }], false) = (&self.field.places[..], self.field.of_parent) else { return false };
        let column = &frame.batch.columns[*at];
        let (None, ColumnValues::Coded(codes, dictionary)) = (column.ends, column.values) else { return false };
        let code = codes[row];
        if code == ColumnValues::ABSENT {
            return true;
        }
        if !self.seen.first().is_some_and(|(known, _)| Arc::ptr_eq(known, dictionary)) {
            self.seen = vec![(dictionary.clone(), vec![false; dictionary.len()])];
        }
        std::mem::replace(&mut self.seen[0].1[code as usize], true)
    }

    fn take(&mut self, value: Value<'_>) -> Result<(), ReadError> {
        match value {
            Value::Nil => {}
            Value::List(values, _) => values.into_iter().try_for_each(|value| self.take(value))?,
            value => {
                let value = Ordered(value.into_static());
                if self.found.contains(&value) {
                    return Ok(());
                }
                let bytes = 96 + if let Static::Text(text) = &value.0 { text.len() as u64 } else { 0 };
                match &mut self.charge {
                    Some(charge) => charge.grow(bytes)?,
                    none => *none = Some(self.options.budget.charge(bytes)?),
                }
                self.found.insert(value);
                self.ends = self.found.len() > self.params.limit;
            }
        }
        Ok(())
    }
}
