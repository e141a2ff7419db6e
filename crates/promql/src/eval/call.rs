//! Function calls.

use super::EvalError;
use super::block::{Block, Evaluated};
use super::evaluator::Evaluator;
use super::rate::{Extrapolation, extrapolated, instantaneous};
use super::windows::WindowSeries;
use crate::ast::{Call, Expr, ExprKind};
use phoenix_model::{Labels, Span};
use phoenix_query::{Column, Grid};

impl Evaluator<'_> {
    pub(super) fn call(&self, call: &Call, grid: Grid) -> Result<Evaluated, EvalError> {
        if let Some(block) = self.elementwise(call, grid)? {
            return Ok(Evaluated::Block(block));
        }
        if let Some(block) = self.over_time(call, grid)? {
            return Ok(Evaluated::Block(block));
        }
        if let Some(block) = self.native_function(call, grid)? {
            return Ok(Evaluated::Block(block));
        }
        if let Some(block) = self.calendar(call, grid)? {
            return Ok(Evaluated::Block(block));
        }
        let block = match call.function.name {
            "time" => return Ok(Evaluated::Scalar(grid.times_ms().map(seconds).collect())),
            "pi" => return Ok(Evaluated::Scalar(vec![std::f64::consts::PI; grid.steps])),
            "scalar" => return Ok(Evaluated::Scalar(self.to_scalar(&call.args[0], grid)?)),
            "vector" => {
                let values = self.scalar(&call.args[0], grid)?;
                Block { columns: vec![Column::floats(Labels::empty(), values)], charges: vec![self.charge_columns(1, grid)?] }
            }
            "timestamp" => self.timestamp(call, grid)?,
            "rate" => self.extrapolate(call, grid, Extrapolation::Rate)?,
            "increase" => self.extrapolate(call, grid, Extrapolation::Increase)?,
            "delta" => self.extrapolate(call, grid, Extrapolation::Delta)?,
            "irate" | "idelta" => {
                let is_rate = call.function.name == "irate";
                let windows = self.windows(&call.args[0], grid)?;
                let mixed = |series: &WindowSeries<'_>, grid| self.instantaneous_mixed(is_rate, &windows, series, grid);
                self.over_mixed_windows(&windows, grid, false, |_| |window: &_| instantaneous(is_rate, window), mixed)?
            }
            "absent" | "absent_over_time" => self.absent(call, grid)?,
            "histogram_quantile" => self.histogram_quantile(call, grid)?,
            "histogram_quantiles" => self.histogram_quantiles(call, grid)?,
            "histogram_fraction" => self.histogram_fraction(call, grid)?,
            "label_replace" => self.label_replace(call, grid)?,
            "label_join" => self.label_join(call, grid)?,
            "sort" | "sort_desc" => self.sort(call, grid)?,
            "sort_by_label" | "sort_by_label_desc" => self.sort_by_label(call, grid)?,
            name => return Err(EvalError::Execution(format!("the function {name:?} cannot be evaluated"))),
        };
        Ok(Evaluated::Block(block))
    }

    fn extrapolate(&self, call: &Call, grid: Grid, kind: Extrapolation) -> Result<Block, EvalError> {
        let windows = self.windows(&call.args[0], grid)?;
        let mixed = |series: &WindowSeries<'_>, grid| self.extrapolate_mixed(kind, &windows, series, grid, extrapolated(kind, series));
        let block = self.over_mixed_windows(&windows, grid, false, |series| extrapolated(kind, series), mixed)?;
        if kind != Extrapolation::Delta && !block.columns.is_empty() {
            // A histogram says itself whether it is a counter.
            let of_floats = windows.series.iter().filter(|series| series.histograms.is_empty());
            of_floats.for_each(|series| self.check_counter(&Self::metric_name(series), call.args[0].span));
        }
        Ok(block)
    }

    /// Remarks when a function for counters gets something whose name is not a counter's.
    fn check_counter(&self, name: &str, span: Span) {
        if !name.is_empty() && !["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| name.ends_with(suffix)) {
            self.annotations.info(
                span,
                &format!(
                    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                    phoenix_query::cursor::quote(name)
                ),
            );
        }
    }

    /// The only element of a vector; NaN when there are none or several.
    fn to_scalar(&self, arg: &Expr, grid: Grid) -> Result<Vec<f64>, EvalError> {
        let block = self.vector(arg, grid)?;
        Ok((0..grid.steps)
            .map(|step| {
                let mut present = block.columns.iter().map(|c| c.values[step]).filter(|v| !phoenix_query::is_absent(*v));
                match (present.next(), present.next()) {
                    (Some(value), None) => value,
                    _ => f64::NAN,
                }
            })
            .collect())
    }

    /// The times of samples: of a selector's own samples, otherwise of the evaluation.
    fn timestamp(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        if let ExprKind::Selector(selector) = &call.args[0].without_parens().kind {
            let mut block = self.select_timestamps(selector, grid)?;
            block.columns.iter_mut().for_each(|column| column.labels = column.labels.without_name());
            return super::evaluator::unite(block);
        }
        let mut block = self.vector(&call.args[0], grid)?;
        for column in &mut block.columns {
            for (step, _) in column.histograms.drain(..) {
                column.values[step] = 0.0;
            }
            for (step, value) in column.values.iter_mut().enumerate().filter(|(_, v)| !phoenix_query::is_absent(**v)) {
                *value = seconds(grid.time_ms(step));
            }
            column.labels = column.labels.without_name();
        }
        super::evaluator::unite(block)
    }
}

/// Milliseconds as seconds.
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
