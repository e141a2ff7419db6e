//! Ranges of samples, and sliding over them step by step.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, refuse_same_labels};
use super::plan::{shifted, subquery_grid};
use crate::ast::{Expr, ExprKind, Subquery, TimeShift};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Charge, Labels, Sample, is_stale};
use phoenix_query::{Column, Grid, MatrixSeries, is_absent};
use std::borrow::Cow;

/// The series of a range selector or subquery.
pub(super) struct Windows<'a> {
    pub series: Vec<WindowSeries<'a>>,
    /// The length of each window.
    pub range_ms: i64,
    /// How windows are shifted against the step.
    pub time: TimeShift,
    /// Held as long as the samples are.
    _charges: Vec<Charge>,
}

/// One series' samples over all windows, without staleness markers.
pub(super) struct WindowSeries<'a> {
    pub labels: Labels,
    pub times: Cow<'a, [i64]>,
    pub values: Cow<'a, [f64]>,
}

/// One window of one series: the samples in `(start_ms, end_ms]`.
pub(super) struct Window<'a> {
    /// The whole series' times; the window is `first..end` of them.
    pub all_times: &'a [i64],
    /// The whole series' values.
    pub all_values: &'a [f64],
    pub first: usize,
    pub end: usize,
    pub start_ms: i64,
    pub end_ms: i64,
    /// The step.
    pub step: usize,
    /// The moment of the step, which `offset` and `@` do not move.
    pub at_ms: i64,
}

impl<'a> Window<'a> {
    pub fn times(&self) -> &'a [i64] {
        &self.all_times[self.first..self.end]
    }

    pub fn values(&self) -> &'a [f64] {
        &self.all_values[self.first..self.end]
    }

    pub fn len(&self) -> usize {
        self.end - self.first
    }
}

impl Evaluator<'_> {
    /// The series of an expression of type range vector.
    pub(super) fn windows(&self, expr: &Expr, grid: Grid) -> Result<Windows<'_>, EvalError> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.windows(inner, grid),
            ExprKind::Range(range) => {
                let series = self
                    .series_of(&range.selector)
                    .iter()
                    .map(|series| {
                        let (times, values) = without_stale(&series.timestamps_ms, &series.values);
                        WindowSeries { labels: series.labels.clone(), times, values }
                    })
                    .collect();
                Ok(Windows { series, range_ms: range.range_ms, time: range.selector.time, _charges: Vec::new() })
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery, grid),
            _ => Err(EvalError::Execution("expected a range vector".to_owned())),
        }
    }

    fn subquery(&self, subquery: &Subquery, grid: Grid) -> Result<Windows<'_>, EvalError> {
        let step_ms = subquery.step_ms.unwrap_or(self.options.default_step_ms).max(1);
        let inner = subquery_grid(subquery.time, subquery.range_ms, step_ms, grid, self.whole);
        let mut series = Vec::new();
        let mut charges = Vec::new();
        if inner.steps > 0 {
            // Scalars are not charged for one by one; this keeps their number of steps in bounds.
            let _scalars = self.charge_columns(4, inner)?;
            let Block { columns, charges: held } = self.vector(&subquery.expr, inner)?;
            charges = held;
            self.use_samples(columns.len().saturating_mul(inner.steps))?;
            // Beside the values, which are charged for already, each has a time.
            charges.push(self.charge_columns(columns.len(), inner)?);
            for column in columns {
                let times = inner.times_ms().zip(&column.values).filter(|(_, v)| !is_absent(**v)).map(|(t, _)| t).collect();
                let mut values = column.values;
                values.retain(|v| !is_absent(*v));
                series.push(WindowSeries { labels: column.labels, times: Cow::Owned(times), values: Cow::Owned(values) });
            }
            series.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        Ok(Windows { series, range_ms: subquery.range_ms, time: subquery.time, _charges: charges })
    }

    /// Applies a function to each window of each series. `start` makes the function for one
    /// series, so that it may keep what it knows of the window before; it gives [`ABSENT`] for
    /// none. `last_over_time` and its kin keep the metric's name.
    ///
    /// [`ABSENT`]: phoenix_query::ABSENT
    pub(super) fn over_windows<'w, K: FnMut(&Window<'_>) -> f64>(
        &self,
        windows: &'w Windows<'_>,
        grid: Grid,
        keeps_name: bool,
        start: impl Fn(&'w WindowSeries<'_>) -> K,
    ) -> Result<Block, EvalError> {
        let mut block = Block::default();
        for series in &windows.series {
            let charge = self.charge_columns(1, grid)?;
            let mut kernel = start(series);
            let values = self.slide(windows, series, grid, &mut kernel);
            let labels = if keeps_name { series.labels.clone() } else { series.labels.without_name() };
            let column = Column::floats(labels, values);
            if !column.is_empty() {
                block.columns.push(column);
                block.charges.push(charge);
            }
        }
        refuse_same_labels(&block.columns)?;
        Ok(block)
    }

    pub(super) fn slide(
        &self,
        windows: &Windows<'_>,
        series: &WindowSeries<'_>,
        grid: Grid,
        kernel: &mut impl FnMut(&Window<'_>) -> f64,
    ) -> Vec<f64> {
        let (all_times, all_values) = (&*series.times, &*series.values);
        let (mut first, mut end) = (0, 0);
        (0..grid.steps)
            .map(|step| {
                let at_ms = grid.time_ms(step);
                let end_ms = shifted(windows.time, at_ms, self.whole);
                let start_ms = end_ms.saturating_sub(windows.range_ms);
                while end < all_times.len() && all_times[end] <= end_ms {
                    end += 1;
                }
                while first < end && all_times[first] <= start_ms {
                    first += 1;
                }
                if first == end {
                    return phoenix_query::ABSENT;
                }
                kernel(&Window { all_times, all_values, first, end, start_ms, end_ms, step, at_ms })
            })
            .collect()
    }

    /// The samples themselves, for an instant query of type range vector.
    pub(super) fn raw_windows(&self, expr: &Expr, grid: Grid) -> Result<Vec<MatrixSeries>, EvalError> {
        let windows = self.windows(expr, grid)?;
        let end_ms = shifted(windows.time, grid.start_ms, self.whole);
        let start_ms = end_ms.saturating_sub(windows.range_ms);
        let series = windows.series.iter().map(|series| MatrixSeries {
            labels: series.labels.clone(),
            histograms: Vec::new(),
            samples: series
                .times
                .iter()
                .zip(&*series.values)
                .filter(|(t, _)| (start_ms + 1..=end_ms).contains(*t))
                .map(|(&timestamp_ms, &value)| Sample { timestamp_ms, value })
                .collect(),
        });
        Ok(series.filter(|s| !s.samples.is_empty()).collect())
    }

    /// The metric's name behind a range, for annotations; empty when there is none.
    pub(super) fn metric_name(series: &WindowSeries<'_>) -> String {
        series.labels.value(METRIC_NAME).to_owned()
    }
}

/// Series rarely end within a query's time, so the samples are borrowed unless there is a marker.
fn without_stale<'a>(times: &'a [i64], values: &'a [f64]) -> (Cow<'a, [i64]>, Cow<'a, [f64]>) {
    if !values.iter().any(|v| is_stale(*v)) {
        return (Cow::Borrowed(times), Cow::Borrowed(values));
    }
    times.iter().zip(values).filter(|(_, v)| !is_stale(**v)).map(|(t, v)| (*t, *v)).unzip::<_, _, Vec<_>, Vec<_>>().into_cow()
}

trait IntoCow<'a> {
    fn into_cow(self) -> (Cow<'a, [i64]>, Cow<'a, [f64]>);
}

impl<'a> IntoCow<'a> for (Vec<i64>, Vec<f64>) {
    fn into_cow(self) -> (Cow<'a, [i64]>, Cow<'a, [f64]>) {
        (Cow::Owned(self.0), Cow::Owned(self.1))
    }
}
