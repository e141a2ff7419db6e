//! Ranges of samples, and sliding over them step by step.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, refuse_same_labels};
use super::plan::{shifted, subquery_grid};
use crate::ast::{Expr, ExprKind, Subquery, TimeShift};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Charge, CounterReset, Histogram, Labels, Sample, Span, is_stale};
use phoenix_query::cursor::quote;
use phoenix_query::{ABSENT, Column, Grid, MatrixSeries, StepHistograms, is_absent};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

/// The series of a range selector or subquery.
pub(super) struct Windows<'a> {
    pub series: Vec<WindowSeries<'a>>,
    /// The length of each window.
    pub range_ms: i64,
    /// How windows are shifted against the step.
    pub time: TimeShift,
    /// The expression's place in the text, for annotations.
    pub span: Span,
    /// Held as long as the samples are.
    _charges: Vec<Charge>,
}

/// One series' samples over all windows, without staleness markers.
pub(super) struct WindowSeries<'a> {
    pub labels: Labels,
    pub times: Cow<'a, [i64]>,
    pub values: Cow<'a, [f64]>,
    /// Native histograms by time; none has the time of a float.
    pub histograms: Cow<'a, [(i64, Arc<Histogram>)]>,
    /// For each histogram whether counts begin again there; found out when first asked for.
    resets: OnceCell<Vec<bool>>,
}

impl<'a> WindowSeries<'a> {
    fn new(labels: Labels, times: Cow<'a, [i64]>, values: Cow<'a, [f64]>, histograms: Cow<'a, [(i64, Arc<Histogram>)]>) -> Self {
        Self { labels, times, values, histograms, resets: OnceCell::new() }
    }

    /// For each histogram whether counts begin again there, seen from the one before.
    pub fn resets(&self) -> &[bool] {
        self.resets.get_or_init(|| {
            let pairs = self.histograms.windows(2).map(|pair| pair[1].1.is_reset_after(&pair[0].1));
            std::iter::once(false).chain(pairs).collect()
        })
    }
}

/// A float or a histogram.
pub(super) enum Point {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// One window of a series that has histograms. At least one of both kinds has a sample.
pub(super) struct MixedWindow<'a> {
    /// The floats, of which there may be none.
    pub floats: Window<'a>,
    /// The histograms by time.
    pub histograms: &'a [(i64, Arc<Histogram>)],
    /// The place of the first of them among the series' histograms.
    pub first_histogram: usize,
}

impl MixedWindow<'_> {
    /// Whether there are samples of both kinds.
    pub fn is_mixed(&self) -> bool {
        self.floats.len() > 0 && !self.histograms.is_empty()
    }

    /// All samples in order of time.
    pub fn points(&self) -> impl Iterator<Item = (i64, Point)> {
        let mut floats = self.floats.times().iter().zip(self.floats.values()).peekable();
        let mut histograms = self.histograms.iter().peekable();
        std::iter::from_fn(move || match (floats.peek(), histograms.peek()) {
            (Some((time, _)), Some((other, _))) if **time > *other => {
                histograms.next().map(|(time, histogram)| (*time, Point::Histogram(Arc::clone(histogram))))
            }
            (Some(_), _) => floats.next().map(|(time, value)| (*time, Point::Float(*value))),
            (None, _) => histograms.next().map(|(time, histogram)| (*time, Point::Histogram(Arc::clone(histogram)))),
        })
    }
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
                        WindowSeries::new(series.labels.clone(), times, values, histograms_without_stale(&series.histograms))
                    })
                    .collect();
                Ok(Windows { series, range_ms: range.range_ms, time: range.selector.time, span: expr.span, _charges: Vec::new() })
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery, expr.span, grid),
            _ => Err(EvalError::Execution("expected a range vector".to_owned())),
        }
    }

    fn subquery(&self, subquery: &Subquery, span: Span, grid: Grid) -> Result<Windows<'_>, EvalError> {
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
                let histograms = column.histograms.into_iter().map(|(step, histogram)| (inner.time_ms(step), without_hint(histogram)));
                series.push(WindowSeries::new(column.labels, Cow::Owned(times), Cow::Owned(values), Cow::Owned(histograms.collect())));
            }
            series.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        Ok(Windows { series, range_ms: subquery.range_ms, time: subquery.time, span, _charges: charges })
    }

    /// Applies a function to the floats of each window of each series; histograms are left out, with
    /// a remark where there are both. `start` makes the function for one
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
        self.over_mixed_windows(windows, grid, keeps_name, &start, |series, grid| {
            let values = self.slide(windows, series, grid, &mut start(series));
            self.slide_mixed(windows, series, grid, &mut |window| {
                if window.is_mixed() {
                    let name = quote(&Self::metric_name(series));
                    let message = format!("ignored histograms in a range containing both floats and histograms for metric name {name}");
                    self.annotations.info(windows.span, &message);
                }
                Ok(None)
            })?;
            Ok((values, Vec::new()))
        })
    }

    /// As [`Self::over_windows`], with a function of its own for series that have histograms.
    pub(super) fn over_mixed_windows<'w, K: FnMut(&Window<'_>) -> f64>(
        &self,
        windows: &'w Windows<'_>,
        grid: Grid,
        keeps_name: bool,
        start: impl Fn(&'w WindowSeries<'_>) -> K,
        mixed: impl Fn(&'w WindowSeries<'_>, Grid) -> Result<(Vec<f64>, StepHistograms), EvalError>,
    ) -> Result<Block, EvalError> {
        let mut block = Block::default();
        for series in &windows.series {
            let charge = self.charge_columns(1, grid)?;
            let (values, histograms) = if series.histograms.is_empty() {
                (self.slide(windows, series, grid, &mut start(series)), Vec::new())
            } else {
                mixed(series, grid)?
            };
            let labels = if keeps_name { series.labels.clone() } else { series.labels.without_name() };
            let column = Column { labels, values, histograms };
            if !column.is_empty() {
                self.charge_histograms(std::slice::from_ref(&column), &mut block.charges)?;
                block.columns.push(column);
                block.charges.push(charge);
            }
        }
        refuse_same_labels(&block.columns)?;
        Ok(block)
    }

    /// Applies a function to each window of a series that has histograms. Windows without any
    /// sample give nothing.
    pub(super) fn slide_mixed(
        &self,
        windows: &Windows<'_>,
        series: &WindowSeries<'_>,
        grid: Grid,
        kernel: &mut dyn FnMut(&MixedWindow<'_>) -> Result<Option<Point>, EvalError>,
    ) -> Result<(Vec<f64>, StepHistograms), EvalError> {
        let (all_times, all_values, all_histograms) = (&*series.times, &*series.values, &*series.histograms);
        let mut values = vec![ABSENT; grid.steps];
        let mut histograms = StepHistograms::new();
        let [mut first, mut end, mut first_histogram, mut histograms_end] = [0; 4];
        for (step, value) in values.iter_mut().enumerate() {
            let at_ms = grid.time_ms(step);
            let end_ms = shifted(windows.time, at_ms, self.whole);
            let start_ms = end_ms.saturating_sub(windows.range_ms);
            while end < all_times.len() && all_times[end] <= end_ms {
                end += 1;
            }
            while first < end && all_times[first] <= start_ms {
                first += 1;
            }
            while histograms_end < all_histograms.len() && all_histograms[histograms_end].0 <= end_ms {
                histograms_end += 1;
            }
            while first_histogram < histograms_end && all_histograms[first_histogram].0 <= start_ms {
                first_histogram += 1;
            }
            if first == end && first_histogram == histograms_end {
                continue;
            }
            self.check_cancelled()?;
            let floats = Window { all_times, all_values, first, end, start_ms, end_ms, step, at_ms };
            match kernel(&MixedWindow { floats, histograms: &all_histograms[first_histogram..histograms_end], first_histogram })? {
                Some(Point::Float(float)) => *value = float,
                Some(Point::Histogram(histogram)) => histograms.push((step, histogram)),
                None => {}
            }
        }
        Ok((values, histograms))
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
            histograms: series.histograms.iter().filter(|(t, _)| (start_ms + 1..=end_ms).contains(t)).cloned().collect(),
            samples: series
                .times
                .iter()
                .zip(&*series.values)
                .filter(|(t, _)| (start_ms + 1..=end_ms).contains(*t))
                .map(|(&timestamp_ms, &value)| Sample { timestamp_ms, value })
                .collect(),
        });
        Ok(series.filter(|s| !s.samples.is_empty() || !s.histograms.is_empty()).collect())
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

fn histograms_without_stale(histograms: &[(i64, Arc<Histogram>)]) -> Cow<'_, [(i64, Arc<Histogram>)]> {
    if !histograms.iter().any(|(_, histogram)| histogram.is_stale()) {
        return Cow::Borrowed(histograms);
    }
    histograms.iter().filter(|(_, histogram)| !histogram.is_stale()).cloned().collect()
}

/// A histogram that a subquery gives. Those between it and the one before are not known, so what
/// the store says of a reset does not hold; a gauge stays one.
fn without_hint(histogram: Arc<Histogram>) -> Arc<Histogram> {
    match histogram.counter_reset {
        CounterReset::Unknown | CounterReset::Gauge => histogram,
        CounterReset::Yes | CounterReset::No => {
            Arc::new(Histogram { counter_reset: CounterReset::Unknown, ..Arc::unwrap_or_clone(histogram) })
        }
    }
}

trait IntoCow<'a> {
    fn into_cow(self) -> (Cow<'a, [i64]>, Cow<'a, [f64]>);
}

impl<'a> IntoCow<'a> for (Vec<i64>, Vec<f64>) {
    fn into_cow(self) -> (Cow<'a, [i64]>, Cow<'a, [f64]>) {
        (Cow::Owned(self.0), Cow::Owned(self.1))
    }
}
