//! The stage that makes numbers of spans: one reading of the store, one visitor for each thread.

use super::buckets::Distributions;
use super::cells::{Cells, power_of_two};
use super::exemplars::Exemplars;
use super::groups::Groups;
use super::matched::{Weights, matched, read};
use super::steps::Steps;
use super::{Series, quantile_label};
use crate::ast::{FieldExpr, MetricsOp, MetricsStage, Pipeline, Static};
use crate::eval::columns::{Frame, Place, Shape};
use crate::eval::condition::Expr;
use crate::eval::filter::Verdicts;
use crate::eval::plan::Plan;
use crate::eval::value::Value;
use crate::eval::{EvalError, EvalOptions, expression_name};
use crate::source::{ColumnValues, Intrinsic, ReadError, SpanBatch, SpanSource, SpanStats, SpanVisitor};
use phoenix_model::Charge;
use phoenix_model::traces::SpanId;
use std::sync::Arc;

/// A stage made ready.
pub(crate) struct Stage<'p> {
    pub plan: Plan,
    op: &'p MetricsOp,
    by: Vec<Expr>,
    names: Vec<Arc<str>>,
    measured: Option<Expr>,
    measured_name: String,
    /// The column of weights, if spans count by their weight.
    pub weight: Option<usize>,
    pub start: usize,
    /// The column of ids, if exemplars are wanted.
    id: Option<usize>,
    exemplars: usize,
    steps: Steps,
}

impl<'p> Stage<'p> {
    pub fn new(pipeline: &Pipeline, stage: &'p MetricsStage, steps: Steps, weighted: bool, exemplars: usize) -> Result<Self, EvalError> {
        let mut plan = Plan::new(pipeline)?;
        // Nothing is shown of single spans.
        plan.shown.clear();
        let by = stage.by.iter().map(|expr| Expr::compile(expr, &mut plan.columns)).collect::<Result<_, _>>()?;
        let measured_expr = measured(&stage.op);
        let measured = measured_expr.map(|expr| Expr::compile(expr, &mut plan.columns)).transpose()?;
        let counts_spans = !matches!(stage.op, MetricsOp::MinOverTime(_) | MetricsOp::MaxOverTime(_));
        let weight = (weighted && counts_spans).then(|| plan.columns.intrinsic_at(Intrinsic::Weight));
        let start = plan.columns.intrinsic_at(Intrinsic::Start);
        let id = (exemplars > 0).then(|| plan.columns.intrinsic_at(Intrinsic::SpanId));
        Ok(Self {
            plan,
            op: &stage.op,
            by,
            names: stage.by.iter().map(|expr| expression_name(expr).into()).collect(),
            measured,
            measured_name: measured_expr.map_or_else(String::new, expression_name),
            weight,
            start,
            id,
            exemplars,
            steps,
        })
    }

    pub fn evaluate(&self, source: &dyn SpanSource, options: &EvalOptions<'_>) -> Result<(Vec<Series>, SpanStats), EvalError> {
        let (mut counters, stats) = read(&self.plan, &self.steps, source, options, || Counter::new(self, options))?;
        let mut all = counters.remove(0);
        for other in counters {
            all.merge(other)?;
        }
        Ok((all.series(), stats))
    }

    fn cells(&self) -> Cells {
        match self.op {
            MetricsOp::MinOverTime(_) => Cells::Least(Vec::new()),
            MetricsOp::MaxOverTime(_) => Cells::Greatest(Vec::new()),
            MetricsOp::AvgOverTime(_) | MetricsOp::SumOverTime(_) => Cells::Sum(Vec::new()),
            MetricsOp::QuantileOverTime(..) => Cells::Buckets(Distributions::default()),
            MetricsOp::Rate | MetricsOp::CountOverTime | MetricsOp::HistogramOverTime(_) | MetricsOp::Compare { .. } => {
                Cells::Count(Vec::new())
            }
        }
    }

    fn is_histogram(&self) -> bool {
        matches!(self.op, MetricsOp::HistogramOverTime(_))
    }

    /// The labels of a group's series.
    fn labels(&self, values: Vec<Static>) -> Vec<(Arc<str>, Static)> {
        let mut names = self.names.clone();
        if self.is_histogram() {
            names.push("__bucket".into());
        }
        if names.is_empty() {
            return match self.op {
                MetricsOp::QuantileOverTime(..) => Vec::new(),
                op => vec![("__name__".into(), Static::Text(op.as_str().into()))],
            };
        }
        let first = names[0].clone();
        // As in Tempo: what is nil has no label, unless nothing would be left.
        let labels: Vec<_> = names.into_iter().zip(values).filter(|(_, value)| *value != Static::Nil).collect();
        if labels.is_empty() { vec![(first, Static::Nil)] } else { labels }
    }
}

fn measured(op: &MetricsOp) -> Option<&FieldExpr> {
    match op {
        MetricsOp::Rate | MetricsOp::CountOverTime | MetricsOp::Compare { .. } => None,
        MetricsOp::MinOverTime(expr)
        | MetricsOp::MaxOverTime(expr)
        | MetricsOp::AvgOverTime(expr)
        | MetricsOp::SumOverTime(expr)
        | MetricsOp::QuantileOverTime(expr, _)
        | MetricsOp::HistogramOverTime(expr) => Some(expr),
    }
}

/// What a thread counts.
struct Counter<'p> {
    stage: &'p Stage<'p>,
    options: &'p EvalOptions<'p>,
    verdicts: Verdicts,
    groups: Groups,
    cells: Cells,
    exemplars: Exemplars,
    /// Whether a span was counted.
    any: bool,
    charged: u64,
    charge: Option<Charge>,
    rows: Vec<u32>,
    at: Vec<u32>,
    group: Vec<u32>,
    ids: Vec<u32>,
    /// What is measured of each row; NaN for nothing. Durations are seconds.
    numbers: Vec<f64>,
}

impl<'p> Counter<'p> {
    fn new(stage: &'p Stage<'p>, options: &'p EvalOptions<'p>) -> Self {
        Self {
            stage,
            options,
            verdicts: Verdicts::default(),
            groups: Groups::new(stage.by.len() + usize::from(stage.is_histogram())),
            cells: stage.cells(),
            exemplars: Exemplars::new(stage.exemplars),
            any: false,
            charged: 0,
            charge: None,
            rows: Vec::new(),
            at: Vec::new(),
            group: Vec::new(),
            ids: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Makes room for the groups that there are, within the limits.
    fn grow(&mut self) -> Result<(), ReadError> {
        let (groups, steps) = (self.groups.len(), self.stage.steps.count);
        let quantiles = if let MetricsOp::QuantileOverTime(_, quantiles) = self.stage.op { quantiles.len() } else { 1 };
        let series = groups * quantiles;
        if series > self.options.max_series {
            let max = self.options.max_series;
            return Err(ReadError::Limit(format!(
                "limit `max_series` reached: the query has more than {max} series; group by fewer fields, or by such with fewer values"
            )));
        }
        let samples = series as u64 * steps as u64;
        if samples > self.options.max_samples {
            let max = self.options.max_samples;
            return Err(ReadError::Limit(format!(
                "limit `max_samples` reached: the query has more than {max} values; ask for a longer step or fewer series"
            )));
        }
        let cells = groups * steps;
        let places = (groups * self.stage.exemplars * 8) as u64;
        let bytes = self.cells.size_bytes(cells) + self.groups.size_bytes() + places + self.exemplars.size_bytes();
        if bytes > self.charged {
            match &mut self.charge {
                Some(charge) => charge.grow(bytes - self.charged)?,
                none => *none = Some(self.options.budget.charge(bytes)?),
            }
            self.charged = bytes;
        }
        self.cells.grow(cells);
        self.exemplars.grow(groups);
        Ok(())
    }

    /// Fills `numbers`.
    fn measure(&mut self, frame: &Frame<'_>) {
        self.numbers.clear();
        let Some(expr) = &self.stage.measured else { return };
        if let Expr::Field(field) = expr
            && let ([Place::Column { at, shape: shape @ (Shape::Plain | Shape::Duration), .. }], false) =
                (&field.places[..], field.of_parent)
            && let (None, ColumnValues::Ints(ints, absent)) = (frame.batch.columns[*at].ends, frame.batch.columns[*at].values)
        {
            let scale = if *shape == Shape::Duration { 1e9 } else { 1.0 };
            let number = |row: usize| if absent.get(row) == Some(&true) { f64::NAN } else { ints[row] as f64 / scale };
            self.numbers.extend(self.rows.iter().map(|row| number(*row as usize)));
            return;
        }
        let mut trace = 0;
        for row in &self.rows {
            while frame.batch.traces[trace].rows.end <= *row {
                trace += 1;
            }
            self.numbers.push(match expr.value(frame, trace, *row as usize) {
                Value::Duration(ns) => ns as f64 / 1e9,
                value => value.number().unwrap_or(f64::NAN),
            });
        }
    }

    /// Leaves out the rows of which nothing can be measured.
    fn keep_measured(&mut self) {
        if self.numbers.iter().any(|number| number.is_nan()) {
            let numbers = &self.numbers;
            let mut nth = 0;
            let mut kept = |_: &u32| {
                nth += 1;
                !numbers[nth - 1].is_nan()
            };
            self.rows.retain(&mut kept);
            nth = 0;
            let mut kept = |_: &u32| {
                nth += 1;
                !numbers[nth - 1].is_nan()
            };
            self.at.retain(&mut kept);
            self.numbers.retain(|number| !number.is_nan());
        }
    }

    fn merge(&mut self, other: Self) -> Result<(), EvalError> {
        if !other.any {
            return Ok(());
        }
        self.any = true;
        let group_of: Vec<usize> = (0..other.groups.len()).map(|group| self.groups.group(&other.groups.values(group))).collect();
        self.grow()?;
        self.cells.merge(other.cells, self.stage.steps.count, &group_of);
        if self.stage.exemplars > 0 {
            self.exemplars.merge(other.exemplars, &group_of);
        }
        Ok(())
    }

    fn series(self) -> Vec<Series> {
        let stage = self.stage;
        if !self.any {
            return Vec::new();
        }
        let labels = |group: usize| stage.labels(self.groups.values(group));
        let mut series = Vec::new();
        // The series that a group's exemplars stand beside.
        let mut series_of = Vec::new();
        if let MetricsOp::QuantileOverTime(_, quantiles) = stage.op {
            for group in 0..self.groups.len() {
                series_of.push(series.len());
                for quantile in quantiles {
                    let labels = labels(group).into_iter().chain([quantile_label(*quantile)]).collect();
                    series.push(Series { labels, values: vec![f64::NAN; stage.steps.count], exemplars: Vec::new() });
                }
            }
            self.cells.quantiles(quantiles, |cell, nth, value| {
                let group = cell / stage.steps.count;
                series[group * quantiles.len() + nth].values[cell % stage.steps.count] = value;
            });
        } else {
            let means = matches!(stage.op, MetricsOp::AvgOverTime(_));
            let per_second = matches!(stage.op, MetricsOp::Rate);
            for group in 0..self.groups.len() {
                series_of.push(series.len());
                let values = self.cells.values(group, &stage.steps, means, per_second);
                series.push(Series { labels: labels(group), values, exemplars: Vec::new() });
            }
        }
        if stage.exemplars > 0 && !series.is_empty() {
            for (group, exemplar) in self.exemplars.chosen(&stage.measured_name, labels) {
                series[series_of[group]].exemplars.push(exemplar);
            }
        }
        series
    }
}

impl SpanVisitor for Counter<'_> {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.options.check_cancelled()?;
        let stage = self.stage;
        let frame = Frame::new(batch, &stage.plan.columns)?;
        let into = (&mut self.rows, &mut self.at);
        matched(&stage.plan, stage.start, &stage.steps, &frame, &mut self.verdicts, self.options.columnar, into);
        self.measure(&frame);
        self.keep_measured();
        if self.rows.is_empty() {
            return Ok(());
        }
        self.any = true;
        self.group.clear();
        self.group.resize(self.rows.len(), 0);
        for (nth, expr) in stage.by.iter().enumerate() {
            let level = self.groups.level(nth);
            level.values.ids(expr, &frame, &self.rows, &mut self.ids);
            level.extend_all(&mut self.group, &self.ids);
        }
        if stage.is_histogram() {
            let level = self.groups.level(stage.by.len());
            // Durations are bucketed by nanoseconds and shown in seconds.
            let durations = stage.measured.as_ref().is_some_and(is_duration);
            self.ids.clear();
            for number in &self.numbers {
                let bucket = if durations { power_of_two((number * 1e9).round()) / 1e9 } else { power_of_two(*number) };
                self.ids.push(level.values.id(Value::Float(bucket)));
            }
            level.extend_all(&mut self.group, &self.ids);
        }
        self.grow()?;
        let weights = Weights::new(&frame, stage.weight);
        let cells = self.group.iter().zip(&self.at).map(|(group, at)| *group as usize * stage.steps.count + *at as usize);
        if let Cells::Count(sums) = &mut self.cells {
            cells.zip(&self.rows).for_each(|(cell, row)| sums[cell] += weights.of(*row));
        } else {
            for ((cell, row), number) in cells.zip(&self.rows).zip(&self.numbers) {
                self.cells.add(cell, *number, weights.of(*row));
            }
        }
        if let Some(ColumnValues::Ids(ids)) = stage.id.map(|at| batch.columns[at].values) {
            self.offer(&frame, ids);
        }
        Ok(())
    }
}

impl Counter<'_> {
    fn offer(&mut self, frame: &Frame<'_>, ids: &[SpanId]) {
        let starts = frame.ints(self.stage.start);
        for (nth, row) in self.rows.iter().enumerate() {
            let row = *row as usize;
            let value = self.numbers.get(nth).copied().unwrap_or(f64::NAN);
            let trace = || frame.batch.traces.partition_point(|trace| trace.rows.end as usize <= row);
            let trace_id = || frame.batch.traces[trace()].id;
            let measured = || self.stage.measured.as_ref().map_or(Static::Nil, |expr| expr.value(frame, trace(), row).into_static());
            self.exemplars.offer(self.group[nth] as usize, &self.stage.steps, starts[row], ids[row], (value, trace_id, measured));
        }
    }
}

/// Whether what is measured are durations throughout.
fn is_duration(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value) => matches!(value, Value::Duration(_)),
        Expr::Field(field) => {
            let of = |place: &Place| matches!(place, Place::TraceDuration | Place::Column { shape: Shape::Duration, .. });
            field.places.iter().all(of)
        }
        Expr::Negative(inner) => is_duration(inner),
        Expr::Arithmetic(crate::ast::FieldOp::Div, lhs, rhs) => is_duration(lhs) && !is_duration(rhs),
        Expr::Arithmetic(_, lhs, rhs) => is_duration(lhs) || is_duration(rhs),
        _ => false,
    }
}
