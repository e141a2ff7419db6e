//! `absent` and `absent_over_time`.

use super::EvalError;
use super::block::Block;
use super::evaluator::Evaluator;
use super::windows::Point;
use crate::ast::{Call, ExprKind};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Labels, MatchOp, Matcher};
use phoenix_query::{ABSENT, Column, Grid, is_absent};

impl Evaluator<'_> {
    /// 1 at each step at which the argument has no element.
    pub(super) fn absent(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let mut values = vec![1.0; grid.steps];
        let mut block = if call.function.name == "absent" {
            self.vector(&call.args[0], grid)?
        } else {
            let windows = self.windows(&call.args[0], grid)?;
            let mut present = Block::default();
            for series in &windows.series {
                let mut column = Column::floats(Labels::empty(), self.slide(&windows, series, grid, &mut |_| 1.0));
                if !series.histograms.is_empty() {
                    (column.values, _) = self.slide_mixed(&windows, series, grid, &mut |_| Ok(Some(Point::Float(1.0))))?;
                }
                present.columns.push(column);
                // One at a time is enough: they only say where something is.
                clear_present(&mut values, &mut present);
            }
            present
        };
        clear_present(&mut values, &mut block);
        let column = Column::floats(labels_of(call), values);
        let charges = vec![self.charge_columns(1, grid)?];
        let columns = if column.is_empty() { Vec::new() } else { vec![column] };
        Ok(Block { columns, charges })
    }
}

fn clear_present(values: &mut [f64], block: &mut Block) {
    for column in block.columns.drain(..) {
        for (value, present) in values.iter_mut().zip(&column.values) {
            if !is_absent(*present) {
                *value = ABSENT;
            }
        }
        for (step, _) in column.histograms {
            values[step] = ABSENT;
        }
    }
}

/// The labels that the missing series would surely have: those that the selector compares with `=`,
/// each only once.
fn labels_of(call: &Call) -> Labels {
    let matchers: &[Matcher] = match &call.args[0].kind {
        ExprKind::Selector(selector) => &selector.matchers,
        ExprKind::Range(range) => &range.selector.matchers,
        _ => &[],
    };
    let sure = matchers
        .iter()
        .filter(|m| m.name != METRIC_NAME && m.op == MatchOp::Equal && matchers.iter().filter(|other| other.name == m.name).count() == 1);
    Labels::from_pairs(sure.map(|m| (&m.name, &m.value)))
}
