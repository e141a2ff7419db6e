//! `rate` and its kin over native histograms.
//!
//! <https://prometheus.io/docs/specs/native_histograms/#functions>

use super::EvalError;
use super::evaluator::Evaluator;
use super::rate::{Extrapolation, Sampled};
use super::windows::{MixedWindow, Point, WindowSeries, Windows};
use phoenix_model::histogram::{HistogramSum, IncompatibleLayouts};
use phoenix_model::{CounterReset, Histogram, Span};
use phoenix_query::cursor::quote;
use phoenix_query::{Grid, StepHistograms};
use std::sync::Arc;

/// What a remark about a series says of: its name, and the argument's place in the text.
struct Remarks<'a> {
    evaluator: &'a Evaluator<'a>,
    name: String,
    span: Span,
}

impl Remarks<'_> {
    fn mixed_types(&self) {
        let message = format!("encountered a mix of histograms and floats for metric name {}", quote(&self.name));
        self.evaluator.annotations.warning(self.span, &message);
    }

    fn mixed_layouts(&self, _: IncompatibleLayouts) {
        self.evaluator.mixed_layouts(&self.name, self.span);
    }

    fn reconciled(&self, sum: &mut HistogramSum, operation: &str) {
        if sum.take_reconciled_bounds() {
            self.evaluator.reconciled_bounds(operation, self.span);
        }
    }

    fn not_a(&self, what: &str) {
        let message = format!("this native histogram metric is not a {what}: {}", quote(&self.name));
        self.evaluator.annotations.warning(self.span, &message);
    }
}

impl Evaluator<'_> {
    /// Warns that histograms have no layout in common.
    pub(super) fn mixed_layouts(&self, name: &str, span: Span) {
        let message =
            format!("vector contains a mix of histograms with exponential and custom buckets schemas for metric name {}", quote(name));
        self.annotations.warning(span, &message);
    }

    /// Remarks that custom bounds were dropped.
    pub(super) fn reconciled_bounds(&self, operation: &str, span: Span) {
        self.annotations.info(span, &format!("mismatched custom buckets were reconciled during {operation}"));
    }

    /// Warns that of the histograms in a sum some begin again and others say that they do not.
    pub(super) fn conflicting_resets(&self, operation: &str, span: Span) {
        self.annotations.warning(span, &format!("conflicting counter resets during histogram {operation}"));
    }

    fn remarks(&self, windows: &Windows<'_>, series: &WindowSeries<'_>) -> Remarks<'_> {
        Remarks { evaluator: self, name: Self::metric_name(series), span: windows.span }
    }

    /// `rate`, `increase` or `delta` of a series that has histograms. `floats` is the kernel for
    /// windows without any.
    pub(super) fn extrapolate_mixed(
        &self,
        kind: Extrapolation,
        windows: &Windows<'_>,
        series: &WindowSeries<'_>,
        grid: Grid,
        mut floats: impl FnMut(&super::windows::Window<'_>) -> f64,
    ) -> Result<(Vec<f64>, StepHistograms), EvalError> {
        let remarks = self.remarks(windows, series);
        self.slide_mixed(windows, series, grid, &mut |window| {
            if window.histograms.is_empty() {
                return Ok(Some(Point::Float(floats(&window.floats))));
            }
            if window.is_mixed() {
                remarks.mixed_types();
                return Ok(None);
            }
            Ok(extrapolated(kind, series, window, &remarks).map(|histogram| Point::Histogram(Arc::new(histogram))))
        })
    }

    /// `irate` or `idelta` of a series that has histograms.
    pub(super) fn instantaneous_mixed(
        &self,
        is_rate: bool,
        windows: &Windows<'_>,
        series: &WindowSeries<'_>,
        grid: Grid,
    ) -> Result<(Vec<f64>, StepHistograms), EvalError> {
        let remarks = self.remarks(windows, series);
        self.slide_mixed(windows, series, grid, &mut |window| {
            let (mut before, mut last) = (None, None);
            for point in window.points() {
                before = last.replace(point);
            }
            Ok(match (before, last) {
                (Some((_, Point::Float(_))), Some((_, Point::Float(_)))) => {
                    Some(Point::Float(super::rate::instantaneous(is_rate, &window.floats)))
                }
                (Some((before_ms, Point::Histogram(before))), Some((last_ms, Point::Histogram(last)))) => {
                    let seconds = (last_ms - before_ms) as f64 / 1000.0;
                    instantaneous(is_rate, &before, &last, seconds, &remarks).map(|change| Point::Histogram(Arc::new(change)))
                }
                (Some(_), Some(_)) => {
                    remarks.mixed_types();
                    None
                }
                _ => None,
            })
        })
    }
}

/// The change over a window of histograms alone, stretched to its ends.
fn extrapolated(kind: Extrapolation, series: &WindowSeries<'_>, window: &MixedWindow<'_>, remarks: &Remarks<'_>) -> Option<Histogram> {
    let [(first_ms, first), .., (last_ms, last)] = window.histograms else { return None };
    let counter = kind != Extrapolation::Delta;
    let is_gauge = |histogram: &Histogram| histogram.counter_reset == CounterReset::Gauge;
    if counter && window.histograms.iter().any(|(_, histogram)| is_gauge(histogram)) {
        remarks.not_a("counter");
    }
    let resets = &series.resets()[window.first_histogram..window.first_histogram + window.histograms.len()];
    // What was counted before a reset right after the first sample does not matter, nor its layout.
    let without_first = counter && resets[1];
    let mut change = HistogramSum::new(last);
    let mut sum = || -> Result<(), IncompatibleLayouts> {
        if counter {
            let relevant = &window.histograms[usize::from(without_first)..];
            if relevant.iter().any(|(_, histogram)| histogram.uses_custom_buckets() != last.uses_custom_buckets()) {
                return Err(IncompatibleLayouts);
            }
            change.coarsen(relevant.iter().map(|(_, histogram)| histogram.schema).min().unwrap_or(last.schema));
        }
        if !without_first {
            change.add_scaled(first, -1.0)?;
            remarks.reconciled(&mut change, "subtraction");
        }
        if counter {
            // What had been counted before each later reset.
            for (pair, _) in window.histograms.windows(2).zip(&resets[1..]).skip(usize::from(without_first)).filter(|(_, reset)| **reset) {
                change.add_scaled(&pair[0].1, 1.0)?;
                remarks.reconciled(&mut change, "addition");
            }
        }
        Ok(())
    };
    if let Err(error) = sum() {
        remarks.mixed_layouts(error);
        return None;
    }
    if !(counter || is_gauge(first) && is_gauge(last)) {
        remarks.not_a("gauge");
    }
    let change = change.finish();
    let sampled = Sampled {
        start_ms: window.floats.start_ms,
        end_ms: window.floats.end_ms,
        first_ms: *first_ms,
        last_ms: *last_ms,
        samples: window.histograms.len(),
    };
    let factor = sampled.factor(kind, first.count, change.count);
    Some(Histogram { counter_reset: CounterReset::Gauge, ..change.scaled(factor) })
}

/// The change from one histogram to the next, per second for a rate.
fn instantaneous(is_rate: bool, before: &Histogram, last: &Histogram, seconds: f64, remarks: &Remarks<'_>) -> Option<Histogram> {
    let gauges = [before, last].into_iter().filter(|histogram| histogram.counter_reset == CounterReset::Gauge).count();
    if is_rate && gauges > 0 {
        remarks.not_a("counter");
    } else if !is_rate && gauges < 2 {
        remarks.not_a("gauge");
    }
    let mut change = HistogramSum::new(last);
    if !(is_rate && last.is_reset_after(before)) {
        if let Err(error) = change.add_scaled(before, -1.0) {
            remarks.mixed_layouts(error);
            return None;
        }
        remarks.reconciled(&mut change, "subtraction");
    }
    if is_rate {
        change.divide(seconds);
    }
    Some(Histogram { counter_reset: CounterReset::Gauge, ..change.finish() })
}
