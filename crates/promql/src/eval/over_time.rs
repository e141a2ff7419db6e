//! `sum_over_time` and its kin: one number of the samples of a window.

use super::EvalError;
use super::block::Block;
use super::call::seconds;
use super::evaluator::Evaluator;
use super::sliding::{Extreme, Moments, Prefixes, SortedWindow, Summed, TwoStacks};
use super::windows::{Window, WindowSeries, Windows};
use crate::ast::Call;
use phoenix_query::numeric::{CompensatedSum, Mean, Variance, quantile};
use phoenix_query::{ABSENT, Grid};

/// From how many overlapping windows on it pays to carry sums along rather than to add them up
/// anew. Below, each window is summed in order, exactly as a single query at that step would.
const OVERLAP_WORTH_CARRYING: i64 = 16;

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
        let carry = grid.steps > 1 && windows.range_ms / grid.step_ms > OVERLAP_WORTH_CARRYING;
        let block = match name {
            "sum_over_time" if carry => self.over_windows(&windows, grid, false, |_| carried::<Summed>(|sum, _| sum.0.value()))?,
            "sum_over_time" => self.over_windows(&windows, grid, false, |_| |window: &Window<'_>| sum(window.values()))?,
            "avg_over_time" if carry => self.over_windows(&windows, grid, false, |_| {
                carried::<Summed>(|sum, window| {
                    // A sum that overflowed says nothing about the mean.
                    if sum.0.sum.is_finite() {
                        let count = window.len() as f64;
                        sum.0.sum / count + sum.0.compensation / count
                    } else {
                        mean(window.values())
                    }
                })
            })?,
            "avg_over_time" => self.over_windows(&windows, grid, false, |_| |window: &Window<'_>| mean(window.values()))?,
            "stddev_over_time" | "stdvar_over_time" => self.variance_over_time(&windows, grid, name == "stddev_over_time", carry)?,
            "min_over_time" | "max_over_time" => self.over_windows(&windows, grid, false, |_| {
                let mut extreme = Extreme::new(name == "max_over_time");
                move |window: &Window<'_>| extreme.slide(window).map_or(f64::NAN, |index| window.all_values[index])
            })?,
            "ts_of_min_over_time" | "ts_of_max_over_time" => self.over_windows(&windows, grid, false, |_| {
                let mut extreme = Extreme::new(name == "ts_of_max_over_time");
                move |window: &Window<'_>| seconds(window.all_times[extreme.slide(window).unwrap_or(window.end - 1)])
            })?,
            "changes" => self.count_pairs(&windows, grid, |before, now| now != before && !(now.is_nan() && before.is_nan()))?,
            "resets" => self.count_pairs(&windows, grid, |before, now| now < before)?,
            _ => self.over_windows(&windows, grid, name == "last_over_time" || name == "first_over_time", |_| simple)?,
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
    fn count_pairs(&self, windows: &Windows<'_>, grid: Grid, holds: fn(f64, f64) -> bool) -> Result<Block, EvalError> {
        self.over_windows(windows, grid, false, |series: &WindowSeries<'_>| {
            let prefixes = Prefixes::new(&series.values, holds);
            move |window: &Window<'_>| prefixes.count(window.first, window.end)
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

fn sum(values: &[f64]) -> f64 {
    let mut sum = CompensatedSum::default();
    for v in values {
        sum.add(*v);
    }
    sum.value()
}

fn mean(values: &[f64]) -> f64 {
    let mut mean = Mean::default();
    for v in values {
        mean.add(*v);
    }
    mean.value()
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
