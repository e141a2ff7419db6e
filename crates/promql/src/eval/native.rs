//! Functions of single native histograms.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, unite};
use crate::ast::Call;
use phoenix_model::Histogram;
use phoenix_query::{ABSENT, Grid};

/// The functions that make a number of one histogram; `None` for any other name.
fn number(name: &str) -> Option<fn(&Histogram) -> f64> {
    Some(match name {
        "histogram_avg" => |h| h.sum / h.count,
        "histogram_count" => |h| h.count,
        "histogram_sum" => |h| h.sum,
        "histogram_stddev" => |h| h.variance().sqrt(),
        "histogram_stdvar" => Histogram::variance,
        _ => return None,
    })
}

impl Evaluator<'_> {
    /// Evaluates a call of such a function; `None` when it is another one. Floats are left out.
    pub(super) fn native_function(&self, call: &Call, grid: Grid) -> Result<Option<Block>, EvalError> {
        let Some(number) = number(call.function.name) else { return Ok(None) };
        let mut block = self.vector(&call.args[0], grid)?;
        block.columns.retain_mut(|column| {
            column.values.fill(ABSENT);
            for (step, histogram) in column.histograms.drain(..) {
                column.values[step] = number(&histogram);
            }
            column.labels = column.labels.without_name();
            !column.is_empty()
        });
        unite(block).map(Some)
    }
}
