//! Instant selectors: the newest sample of each series at each step.

use super::EvalError;
use super::block::Block;
use super::evaluator::Evaluator;
use super::plan::{selector_key, shifted};
use crate::ast::Selector;
use phoenix_model::{SeriesSamples, is_stale};
use phoenix_query::{ABSENT, Column, Grid};

impl Evaluator<'_> {
    /// The series that were read for a selector. A read that serves several selectors may have
    /// samples beyond what one of them looks at.
    pub(super) fn series_of(&self, selector: &Selector) -> &[SeriesSamples] {
        self.plan.read_of.get(&selector_key(selector)).map_or(&[], |read| &self.reads[*read])
    }

    /// The values of a selector's series.
    pub(super) fn select(&self, selector: &Selector, grid: Grid) -> Result<Block, EvalError> {
        self.select_with(selector, grid, |series, index| series.values[index])
    }

    /// The times of the newest samples of a selector's series, in seconds.
    pub(super) fn select_timestamps(&self, selector: &Selector, grid: Grid) -> Result<Block, EvalError> {
        self.select_with(selector, grid, |series, index| series.timestamps_ms[index] as f64 / 1000.0)
    }

    fn select_with(&self, selector: &Selector, grid: Grid, pick: impl Fn(&SeriesSamples, usize) -> f64) -> Result<Block, EvalError> {
        let mut block = Block::default();
        for series in self.series_of(selector) {
            let charge = self.charge_columns(1, grid)?;
            let values = self.newest_samples(selector, series, grid, &pick);
            let column = Column::floats(series.labels.clone(), values);
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
}
