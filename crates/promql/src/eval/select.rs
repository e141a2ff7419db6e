//! Instant selectors: the newest sample of each series at each step.

use super::EvalError;
use super::block::Block;
use super::evaluator::Evaluator;
use super::plan::{selector_key, shifted};
use crate::ast::Selector;
use phoenix_model::{SeriesSamples, is_stale};
use phoenix_query::{ABSENT, Column, Grid};
use std::sync::Arc;

/// The newest sample of a series, by its place among the floats or the histograms.
#[derive(Clone, Copy)]
enum Newest {
    Float(usize),
    Histogram(usize),
}

impl Evaluator<'_> {
    /// The series that were read for a selector. A read that serves several selectors may have
    /// samples beyond what one of them looks at.
    pub(super) fn series_of(&self, selector: &Selector) -> &[SeriesSamples] {
        self.plan.read_of.get(&selector_key(selector)).map_or(&[], |read| &self.reads[*read])
    }

    /// The values of a selector's series.
    pub(super) fn select(&self, selector: &Selector, grid: Grid) -> Result<Block, EvalError> {
        self.select_with(
            selector,
            grid,
            |series, index| series.values[index],
            |series| {
                let mut column = Column::absent(series.labels.clone(), grid.steps);
                self.each_newest(selector, series, grid, |step, newest| match newest {
                    Newest::Float(index) => column.values[step] = series.values[index],
                    Newest::Histogram(index) => column.histograms.push((step, Arc::clone(&series.histograms[index].1))),
                });
                column
            },
        )
    }

    /// The times of the newest samples of a selector's series, in seconds.
    pub(super) fn select_timestamps(&self, selector: &Selector, grid: Grid) -> Result<Block, EvalError> {
        self.select_with(
            selector,
            grid,
            |series, index| series.timestamps_ms[index] as f64 / 1000.0,
            |series| {
                let mut column = Column::absent(series.labels.clone(), grid.steps);
                self.each_newest(selector, series, grid, |step, newest| {
                    let ms = match newest {
                        Newest::Float(index) => series.timestamps_ms[index],
                        Newest::Histogram(index) => series.histograms[index].0,
                    };
                    column.values[step] = ms as f64 / 1000.0;
                });
                column
            },
        )
    }

    /// `pick` gives the value for a float; `mixed` the column of a series that has histograms.
    fn select_with(
        &self,
        selector: &Selector,
        grid: Grid,
        pick: impl Fn(&SeriesSamples, usize) -> f64,
        mixed: impl Fn(&SeriesSamples) -> Column,
    ) -> Result<Block, EvalError> {
        let mut block = Block::default();
        for series in self.series_of(selector) {
            let mut charge = self.charge_columns(1, grid)?;
            let column = if series.histograms.is_empty() {
                Column::floats(series.labels.clone(), self.newest_samples(selector, series, grid, &pick))
            } else {
                // The histograms themselves are charged for where they were read.
                charge.grow((grid.steps * size_of::<(usize, usize)>()) as u64)?;
                mixed(series)
            };
            if !column.is_empty() {
                block.columns.push(column);
                block.charges.push(charge);
            }
        }
        Ok(block)
    }

    fn newest_samples(
        &self,
        selector: &Selector,
        series: &SeriesSamples,
        grid: Grid,
        pick: &impl Fn(&SeriesSamples, usize) -> f64,
    ) -> Vec<f64> {
        let times = &series.timestamps_ms;
        // One past the newest sample that is not after the moment.
        let mut end = 0;
        grid.times_ms()
            .map(|at_ms| {
                let at_ms = shifted(selector.time, at_ms, self.whole);
                while end < times.len() && times[end] <= at_ms {
                    end += 1;
                }
                match end.checked_sub(1) {
                    Some(newest) if times[newest] > at_ms.saturating_sub(self.options.lookback_ms) && !is_stale(series.values[newest]) => {
                        pick(series, newest)
                    }
                    _ => ABSENT,
                }
            })
            .collect()
    }

    /// Visits the newest sample of each step at which there is one, be it a float or a histogram.
    /// A staleness marker of either kind ends the series.
    fn each_newest(&self, selector: &Selector, series: &SeriesSamples, grid: Grid, mut visit: impl FnMut(usize, Newest)) {
        let (times, histograms) = (&series.timestamps_ms, &series.histograms);
        let (mut floats_end, mut histograms_end) = (0, 0);
        for (step, at_ms) in grid.times_ms().enumerate() {
            let at_ms = shifted(selector.time, at_ms, self.whole);
            while floats_end < times.len() && times[floats_end] <= at_ms {
                floats_end += 1;
            }
            while histograms_end < histograms.len() && histograms[histograms_end].0 <= at_ms {
                histograms_end += 1;
            }
            let float = floats_end.checked_sub(1).map(|index| (times[index], Newest::Float(index)));
            let histogram = histograms_end.checked_sub(1).map(|index| (histograms[index].0, Newest::Histogram(index)));
            let newest = match (float, histogram) {
                (Some(float), Some(histogram)) => Some(if float.0 > histogram.0 { float } else { histogram }),
                (float, histogram) => float.or(histogram),
            };
            let Some((time_ms, newest)) = newest else { continue };
            let stale = match newest {
                Newest::Float(index) => is_stale(series.values[index]),
                Newest::Histogram(index) => histograms[index].1.is_stale(),
            };
            if !stale && time_ms > at_ms.saturating_sub(self.options.lookback_ms) {
                visit(step, newest);
            }
        }
    }
}
