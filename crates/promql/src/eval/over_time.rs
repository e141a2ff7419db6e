//! `sum_over_time` and its kin: one number of the samples of a window.

use super::EvalError;
use super::block::Block;
use super::call::seconds;
use super::evaluator::Evaluator;
use super::sliding::{Extreme, Moments, Prefixes, SortedWindow, Summed, TwoStacks};
use super::windows::{MixedWindow, Point, Window, WindowSeries, Windows};
use crate::ast::Call;
use phoenix_model::{CounterReset, Histogram};
use phoenix_query::cursor::quote;
use phoenix_query::numeric::{CompensatedSum, Variance, mean, quantile, sum};
use phoenix_query::{ABSENT, Grid, StepHistograms};
use std::sync::Arc;

/// From how many overlapping windows on it pays to carry sums along rather than to add them up
/// anew. Below, each window is summed in order, exactly as a single query at that step would.
const OVERLAP_WORTH_CARRYING: i64 = 16;

/// Whether a function carries a sum of its window from step to step, so that in which order it adds
/// up depends on where the steps begin.
pub(crate) fn carries_over_steps(name: &str, range_ms: i64, step_ms: i64) -> bool {
    matches!(name, "sum_over_time" | "avg_over_time" | "stddev_over_time" | "stdvar_over_time")
        && range_ms / step_ms.max(1) > OVERLAP_WORTH_CARRYING
}

impl Evaluator<'_> {
    /// Evaluates a call of such a function; `None` when it is another one.
    pub(super) fn over_time(&self, call: &Call, grid: Grid) -> Result<Option<Block>, EvalError> {
        let name = call.function.name;
        if name == "quantile_over_time" {
            return self.quantile_over_time(call, grid).map(Some);
        }
        if name == "double_exponential_smoothing" || name == "predict_linear" {
            return self.with_scalars(call, grid).map(Some);
        }
        let simple: fn(&Window<'_>) -> f64 = match name {
            "count_over_time" => |window| window.len() as f64,
            "present_over_time" => |_| 1.0,
            "last_over_time" => |window| window.values()[window.len() - 1],
            "first_over_time" => |window| window.values()[0],
            "ts_of_first_over_time" => |window| seconds(window.times()[0]),
            "ts_of_last_over_time" => |window| seconds(window.times()[window.len() - 1]),
            "mad_over_time" => |window| median_deviation(window.values()),
            "deriv" => |window| {
                if window.len() < 2 { ABSENT } else { regression(window, window.times()[0]).0 }
            },
            "sum_over_time"
            | "avg_over_time"
            | "min_over_time"
            | "max_over_time"
            | "ts_of_min_over_time"
            | "ts_of_max_over_time"
            | "stddev_over_time"
            | "stdvar_over_time"
            | "changes"
            | "resets" => |_| ABSENT,
            _ => return Ok(None),
        };
        let windows = self.windows(&call.args[0], grid)?;
        let mixed = |series: &WindowSeries<'_>, grid| self.over_time_mixed(name, &windows, series, grid);
        let carry = grid.steps > 1 && carries_over_steps(name, windows.range_ms, grid.step_ms);
        let block = match name {
            "sum_over_time" if carry => {
                self.over_mixed_windows(&windows, grid, false, |_| carried::<Summed>(|sum, _| sum.0.value()), mixed)?
            }
            "sum_over_time" => self.over_mixed_windows(&windows, grid, false, |_| |window: &Window<'_>| sum(window.values()), mixed)?,
            "avg_over_time" if carry => {
                let start = |_: &WindowSeries<'_>| {
                    carried::<Summed>(|sum, window| {
                        // A sum that overflowed says nothing about the mean.
                        if sum.0.sum.is_finite() {
                            let count = window.len() as f64;
                            sum.0.sum / count + sum.0.compensation / count
                        } else {
                            mean(window.values())
                        }
                    })
                };
                self.over_mixed_windows(&windows, grid, false, start, mixed)?
            }
            "avg_over_time" => self.over_mixed_windows(&windows, grid, false, |_| |window: &Window<'_>| mean(window.values()), mixed)?,
            "stddev_over_time" | "stdvar_over_time" => self.variance_over_time(&windows, grid, name == "stddev_over_time", carry)?,
            "min_over_time" | "max_over_time" => self.over_windows(&windows, grid, false, |_| {
                let mut extreme = Extreme::new(name == "max_over_time");
                move |window: &Window<'_>| extreme.slide(window).map_or(f64::NAN, |index| window.all_values[index])
            })?,
            "ts_of_min_over_time" | "ts_of_max_over_time" => self.over_windows(&windows, grid, false, |_| {
                let mut extreme = Extreme::new(name == "ts_of_max_over_time");
                move |window: &Window<'_>| seconds(window.all_times[extreme.slide(window).unwrap_or(window.end - 1)])
            })?,
            "changes" => self.count_pairs(&windows, grid, changed, mixed)?,
            "resets" => self.count_pairs(&windows, grid, fell, mixed)?,
            "deriv" | "mad_over_time" => self.over_windows(&windows, grid, false, |_| simple)?,
            _ => self.over_mixed_windows(&windows, grid, name == "last_over_time" || name == "first_over_time", |_| simple, mixed)?,
        };
        Ok(Some(block))
    }

    fn variance_over_time(&self, windows: &Windows<'_>, grid: Grid, root: bool, carry: bool) -> Result<Block, EvalError> {
        let finish = move |variance: f64| if root { variance.sqrt() } else { variance };
        if carry {
            return self.over_windows(windows, grid, false, |_| carried::<Moments>(move |moments, _| finish(moments.variance())));
        }
        self.over_windows(windows, grid, false, |_| {
            move |window: &Window<'_>| {
                let mut variance = Variance::default();
                for v in window.values() {
                    variance.add(*v);
                }
                finish(variance.value())
            }
        })
    }

    /// Counts neighbours within the window for which something holds.
    fn count_pairs<'w>(
        &self,
        windows: &'w Windows<'_>,
        grid: Grid,
        holds: fn(f64, f64) -> bool,
        mixed: impl Fn(&'w WindowSeries<'_>, Grid) -> Result<(Vec<f64>, StepHistograms), EvalError>,
    ) -> Result<Block, EvalError> {
        let start = |series: &WindowSeries<'_>| {
            let prefixes = Prefixes::new(&series.values, holds);
            move |window: &Window<'_>| prefixes.count(window.first, window.end)
        };
        self.over_mixed_windows(windows, grid, false, start, mixed)
    }

    /// A function that takes histograms as well, of a series that has some.
    fn over_time_mixed(
        &self,
        name: &str,
        windows: &Windows<'_>,
        series: &WindowSeries<'_>,
        grid: Grid,
    ) -> Result<(Vec<f64>, StepHistograms), EvalError> {
        let metric = Self::metric_name(series);
        self.slide_mixed(windows, series, grid, &mut |window| {
            let number = |value| Ok(Some(Point::Float(value)));
            match name {
                "count_over_time" => number((window.floats.len() + window.histograms.len()) as f64),
                "present_over_time" => number(1.0),
                "first_over_time" => Ok(window.points().next().map(|(_, point)| point)),
                "last_over_time" => Ok(window.points().last().map(|(_, point)| point)),
                "ts_of_first_over_time" => Ok(window.points().next().map(|(at_ms, _)| Point::Float(seconds(at_ms)))),
                "ts_of_last_over_time" => Ok(window.points().last().map(|(at_ms, _)| Point::Float(seconds(at_ms)))),
                "changes" => number(count_changes(window)),
                "resets" => number(count_resets(window)),
                _ if window.is_mixed() => {
                    let message = format!("encountered a mix of histograms and floats for metric name {}", quote(&metric));
                    self.annotations.warning(windows.span, &message);
                    Ok(None)
                }
                "sum_over_time" if window.histograms.is_empty() => number(sum(window.floats.values())),
                "avg_over_time" if window.histograms.is_empty() => number(mean(window.floats.values())),
                "sum_over_time" | "avg_over_time" => {
                    let histograms = window.histograms.iter().map(|(_, histogram)| &**histogram);
                    let result = self.sum_or_mean(name == "avg_over_time", histograms, &metric, windows.span);
                    Ok(result.map(|histogram| Point::Histogram(Arc::new(histogram))))
                }
                _ => Err(EvalError::Execution(format!("the function {name:?} does not take histograms"))),
            }
        })
    }

    fn quantile_over_time(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let q = self.scalar(&call.args[0], grid)?;
        let windows = self.windows(&call.args[1], grid)?;
        let block = self.over_windows(&windows, grid, false, |_| {
            let mut sorted = SortedWindow::default();
            let q = &q;
            move |window: &Window<'_>| sorted.slide(window).quantile(q[window.step])
        })?;
        if !block.columns.is_empty() {
            for q in &q {
                self.check_quantile(*q, call.args[0].span);
            }
        }
        Ok(block)
    }

    fn with_scalars(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let windows = self.windows(&call.args[0], grid)?;
        let first = self.scalar(&call.args[1], grid)?;
        if call.function.name == "predict_linear" {
            return self.over_windows(&windows, grid, false, |_| {
                |window: &Window<'_>| {
                    if window.len() < 2 {
                        return ABSENT;
                    }
                    let (slope, intercept) = regression(window, window.at_ms);
                    slope * first[window.step] + intercept
                }
            });
        }
        let trend = self.scalar(&call.args[2], grid)?;
        for (factors, what) in [(&first, "smoothing factor. Expected: 0 < sf < 1"), (&trend, "trend factor. Expected: 0 < tf < 1")] {
            if let Some(bad) = factors.iter().find(|f| **f <= 0.0 || **f >= 1.0) {
                return Err(EvalError::Execution(format!("invalid {what}, got: {bad:.6}")));
            }
        }
        self.over_windows(&windows, grid, false, |_| |window: &Window<'_>| smooth(window.values(), first[window.step], trend[window.step]))
    }
}

/// A kernel that carries a summary of the window along from step to step.
fn carried<S: super::sliding::Summary>(finish: impl Fn(&S, &Window<'_>) -> f64) -> impl FnMut(&Window<'_>) -> f64 {
    let mut stacks = TwoStacks::<S>::default();
    move |window| finish(&stacks.slide(window), window)
}

fn changed(before: f64, now: f64) -> bool {
    now != before && !(now.is_nan() && before.is_nan())
}

fn fell(before: f64, now: f64) -> bool {
    now < before
}

/// Changes among floats and histograms: of the value, and from one kind to the other. Whether a
/// histogram is a gauge does not matter.
fn count_changes(window: &MixedWindow<'_>) -> f64 {
    count_neighbours(window, |before, now| match (before, now) {
        (Point::Float(before), Point::Float(now)) => changed(*before, *now),
        (Point::Histogram(before), Point::Histogram(now)) => !now.same_observations(before),
        _ => true,
    })
}

/// Resets among floats and histograms. A change of kind is one, also between counter and gauge.
fn count_resets(window: &MixedWindow<'_>) -> f64 {
    let is_gauge = |histogram: &Histogram| histogram.counter_reset == CounterReset::Gauge;
    count_neighbours(window, |before, now| match (before, now) {
        (Point::Float(before), Point::Float(now)) => fell(*before, *now),
        (Point::Histogram(before), Point::Histogram(now)) => is_gauge(before) != is_gauge(now) || now.is_reset_after(before),
        _ => true,
    })
}

fn count_neighbours(window: &MixedWindow<'_>, holds: impl Fn(&Point, &Point) -> bool) -> f64 {
    let mut points = window.points().map(|(_, point)| point);
    let mut count = 0.0;
    let Some(mut before) = points.next() else { return count };
    for now in points {
        count += f64::from(u8::from(holds(&before, &now)));
        before = now;
    }
    count
}

/// The median of the distances from the median.
fn median_deviation(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let median = quantile(0.5, &mut values);
    for v in &mut values {
        *v = (*v - median).abs();
    }
    quantile(0.5, &mut values)
}

/// Least squares over a window: the slope per second, and the value at `zero_ms`.
fn regression(window: &Window<'_>, zero_ms: i64) -> (f64, f64) {
    let (times, values) = (window.times(), window.values());
    let first = values[0];
    if values.iter().skip(1).all(|v| *v == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let [mut times_sum, mut values_sum, mut products, mut squares] = [CompensatedSum::default(); 4];
    for (time, value) in times.iter().zip(values) {
        let seconds = (time - zero_ms) as f64 / 1000.0;
        times_sum.add(seconds);
        values_sum.add(*value);
        products.add(seconds * value);
        squares.add(seconds * seconds);
    }
    let n = values.len() as f64;
    let [time, value, product, square] = [times_sum, values_sum, products, squares].map(|s| s.sum + s.compensation);
    let slope = (product - time * value / n) / (square - time * time / n);
    (slope, value / n - slope * time / n)
}

/// Double exponential smoothing (C. C. Holt, 1957): a level and a trend, each smoothed.
fn smooth(values: &[f64], level_factor: f64, trend_factor: f64) -> f64 {
    let [first, second, ..] = values else { return ABSENT };
    let (mut previous, mut level, mut trend) = (0.0, *first, second - first);
    for (index, value) in values.iter().enumerate().skip(1) {
        if index > 1 {
            trend = trend_factor * (level - previous) + (1.0 - trend_factor) * trend;
        }
        let next = level_factor * value + (1.0 - level_factor) * (level + trend);
        previous = level;
        level = next;
    }
    level
}
