//! `compare({…})`: how often each value of each attribute occurs among the spans of a selection, and
//! among the others.
//!
//! As in Tempo, series carry `__meta_type` (`baseline`, `selection`, and with `_total` behind it the
//! number of spans that have the attribute at all, whose label is nil) beside the attribute, and an
//! attribute with more values than are wanted has a series with `__meta_error`.

use super::Series;
use super::groups::ValueIds;
use super::matched::{Weights, matched, read};
use super::steps::Steps;
use crate::ast::{AttributeName, IntrinsicName, Pipeline, SpansetExpr, SpansetKind, Static};
use crate::eval::columns::Frame;
use crate::eval::condition::{Cond, Expr};
use crate::eval::filter::Verdicts;
use crate::eval::plan::Plan;
use crate::eval::value::{Value, total_order};
use crate::eval::{EvalError, EvalOptions};
use crate::source::{Intrinsic, ReadError, ReadLimits, Scope, SpanBatch, SpanSource, SpanStats, SpanVisitor};
use phoenix_model::Charge;
use std::sync::Arc;

/// The most attributes that are compared.
const MAX_ATTRIBUTES: usize = 1000;

/// How many values of each attribute are given unless the query says.
const TOP: u64 = 10;

/// What is compared beside attributes.
const INTRINSICS: [IntrinsicName; 6] = [
    IntrinsicName::Name,
    IntrinsicName::Kind,
    IntrinsicName::Status,
    IntrinsicName::StatusMessage,
    IntrinsicName::RootName,
    IntrinsicName::RootService,
];

struct Comparison {
    plan: Plan,
    selection: Cond,
    /// The selection's first and last moment.
    range: Option<(i64, i64)>,
    fields: Vec<(Arc<str>, Expr)>,
    start: usize,
    weight: Option<usize>,
    steps: Steps,
}

/// The parameters of a comparison beside the pipeline.
pub(crate) struct Compared<'q> {
    pub selection: &'q SpansetExpr,
    pub top: Option<u64>,
    pub range: Option<(i64, i64)>,
    pub weighted: bool,
}

pub(crate) fn compare(
    pipeline: &Pipeline,
    compared: &Compared<'_>,
    steps: Steps,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
) -> Result<(Vec<Series>, SpanStats), EvalError> {
    let SpansetKind::Filter(selection) = &compared.selection.kind else {
        return Err(EvalError::Execution("`compare` wants one `{ … }` as its selection".to_owned()));
    };
    let mut plan = Plan::new(pipeline)?;
    plan.shown.clear();
    let selection = plan.cond(selection.as_ref())?;
    let limits = ReadLimits { budget: options.budget, cancelled: options.cancelled, max_bytes: options.max_bytes };
    let names = source.tag_names(steps.start_ns, steps.end_ns, &limits)?;
    let names: Vec<_> = names.into_iter().filter(|name| matches!(name.scope, Scope::Resource | Scope::Span)).collect();
    if names.len() > MAX_ATTRIBUTES {
        let count = names.len();
        return Err(EvalError::Limit(format!("limit of {MAX_ATTRIBUTES} attributes in `compare` reached: there are {count}")));
    }
    let mut fields: Vec<(Arc<str>, Expr)> =
        INTRINSICS.into_iter().map(|name| (name.to_string().into(), Expr::Field(plan.columns.intrinsic(name)))).collect();
    for name in names {
        let attribute = AttributeName { of_parent: false, scope: Some(name.scope), key: name.key };
        fields.push((attribute.to_string().into(), Expr::Field(plan.columns.attribute(&attribute))));
    }
    let start = plan.columns.intrinsic_at(Intrinsic::Start);
    let weight = compared.weighted.then(|| plan.columns.intrinsic_at(Intrinsic::Weight));
    let comparison = Comparison { plan, selection, range: compared.range, fields, start, weight, steps };
    let (mut counters, stats) = read(&comparison.plan, &steps, source, options, || Counter::new(&comparison, options))?;
    let mut all = counters.remove(0);
    for other in counters {
        all.merge(other)?;
    }
    let top = usize::try_from(compared.top.unwrap_or(TOP)).unwrap_or(usize::MAX);
    Ok((all.series(top, options)?, stats))
}

/// Counts of the values of one attribute: of value `v` in group `g` (0 baseline, 1 selection) at step
/// `s` in `(v * 2 + g) * steps + s`.
#[derive(Default)]
struct Counts {
    values: ValueIds,
    cells: Vec<f64>,
}

struct Counter<'p> {
    comparison: &'p Comparison,
    options: &'p EvalOptions<'p>,
    verdicts: Verdicts,
    counts: Vec<Counts>,
    charged: u64,
    charge: Option<Charge>,
    rows: Vec<u32>,
    at: Vec<u32>,
    ids: Vec<u32>,
    selected: Vec<bool>,
}

impl SpanVisitor for Counter<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.options.check_cancelled()?;
        let comparison = self.comparison;
        let frame = Frame::new(batch, &comparison.plan.columns)?;
        let into = (&mut self.rows, &mut self.at);
        matched(&comparison.plan, comparison.start, &comparison.steps, &frame, &mut self.verdicts, self.options.columnar, into);
        let selected = comparison.selection.rows(&frame, &mut self.verdicts);
        let starts = frame.ints(comparison.start);
        let in_range = |row: usize| comparison.range.is_none_or(|(first, last)| (first..=last).contains(&starts[row]));
        self.selected.clear();
        self.selected.extend(self.rows.iter().map(|row| selected.get(*row as usize) && in_range(*row as usize)));
        let weights = Weights::new(&frame, comparison.weight);
        for (nth, (_, expr)) in comparison.fields.iter().enumerate() {
            let counts = &mut self.counts[nth];
            counts.values.ids(expr, &frame, &self.rows, &mut self.ids);
            let cells = counts.values.values.len() * 2 * comparison.steps.count;
            self.charge_for(nth, cells)?;
            let counts = &mut self.counts[nth];
            counts.cells.resize(cells, 0.0);
            for (nth, id) in self.ids.iter().enumerate().filter(|(_, id)| **id != 0) {
                let group = *id as usize * 2 + usize::from(self.selected[nth]);
                counts.cells[group * comparison.steps.count + self.at[nth] as usize] += weights.of(self.rows[nth]);
            }
        }
        Ok(())
    }
}

impl<'p> Counter<'p> {
    fn new(comparison: &'p Comparison, options: &'p EvalOptions<'p>) -> Self {
        Self {
            comparison,
            options,
            verdicts: Verdicts::default(),
            counts: comparison.fields.iter().map(|_| Counts::default()).collect(),
            charged: 0,
            charge: None,
            rows: Vec::new(),
            at: Vec::new(),
            ids: Vec::new(),
            selected: Vec::new(),
        }
    }

    /// Charges for the cells of an attribute that come up.
    fn charge_for(&mut self, nth: usize, cells: usize) -> Result<(), ReadError> {
        let more = (cells - self.counts[nth].cells.len()) as u64;
        let bytes = more * 8 + more / (2 * self.comparison.steps.count as u64) * 128;
        if bytes > 0 {
            match &mut self.charge {
                Some(charge) => charge.grow(bytes)?,
                none => *none = Some(self.options.budget.charge(bytes)?),
            }
            self.charged += bytes;
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), EvalError> {
        let width = 2 * self.comparison.steps.count;
        for (nth, theirs) in other.counts.into_iter().enumerate() {
            for (id, value) in theirs.values.values.iter().enumerate().skip(1) {
                let here = self.counts[nth].values.id(Value::from_static(value)) as usize * width;
                let cells = self.counts[nth].values.values.len() * width;
                self.charge_for(nth, cells)?;
                self.counts[nth].cells.resize(cells, 0.0);
                let from = theirs.cells.get(id * width..(id + 1) * width).unwrap_or_default();
                self.counts[nth].cells[here..here + width].iter_mut().zip(from).for_each(|(a, b)| *a += b);
            }
        }
        Ok(())
    }

    fn series(&self, top: usize, options: &EvalOptions<'_>) -> Result<Vec<Series>, EvalError> {
        let steps = self.comparison.steps.count;
        let mut series = Vec::new();
        for ((name, _), counts) in self.comparison.fields.iter().zip(&self.counts) {
            for (group, kind) in ["baseline", "selection"].into_iter().enumerate() {
                let cells = |id: usize| &counts.cells[(id * 2 + group) * steps..(id * 2 + group + 1) * steps];
                let mut found: Vec<(f64, usize)> = (1..counts.cells.len() / (2 * steps)).map(|id| (cells(id).iter().sum(), id)).collect();
                // No message is no message, though it is a text.
                let no_message = |id: usize| &**name == "statusMessage" && counts.values.values[id] == Static::Text("".into());
                found.retain(|(total, id)| *total > 0.0 && !no_message(*id));
                if found.is_empty() {
                    continue;
                }
                let value = |id: usize| &counts.values.values[id];
                found.sort_by(|(a, i), (b, j)| b.total_cmp(a).then_with(|| total_order(value(*i), value(*j))));
                let mut total = vec![0.0; steps];
                for (_, id) in &found {
                    total.iter_mut().zip(cells(*id)).for_each(|(sum, count)| *sum += count);
                }
                let labelled = |kind: &str, of: Static, values: Vec<f64>| Series {
                    labels: vec![("__meta_type".into(), Static::Text(kind.into())), (name.clone(), of)],
                    values,
                    exemplars: Vec::new(),
                };
                series.extend(found.iter().take(top).map(|(_, id)| labelled(kind, value(*id).clone(), cells(*id).to_vec())));
                series.push(labelled(&format!("{kind}_total"), Static::Nil, total));
                let error = (Arc::from("__meta_error"), Static::Text("__too_many_values__".into()));
                let told = series
                    .iter()
                    .any(|series: &Series| series.labels.first() == Some(&error) && series.labels.last().is_some_and(|(n, _)| n == name));
                if found.len() > top && !told {
                    series.push(Series {
                        labels: vec![error, (name.clone(), Static::Nil)],
                        values: vec![f64::NAN; steps],
                        exemplars: Vec::new(),
                    });
                }
            }
        }
        if series.len() > options.max_series {
            let max = options.max_series;
            return Err(EvalError::Limit(format!("limit `max_series` reached: the comparison has more than {max} series")));
        }
        Ok(series)
    }
}
