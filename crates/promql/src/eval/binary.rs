//! Binary operators.

use super::EvalError;
use super::block::{Block, Evaluated};
use super::evaluator::{Evaluator, unite};
use crate::ast::{Binary, BinaryOp};
use phoenix_query::matching::{combine_sets, join};
use phoenix_query::{ABSENT, Grid, is_absent};

impl Evaluator<'_> {
    pub(super) fn binary(&self, binary: &Binary, grid: Grid) -> Result<Evaluated, EvalError> {
        let (op, returns_bool) = (binary.op, binary.returns_bool);
        let lhs = self.evaluate(&binary.lhs, grid)?;
        let rhs = self.evaluate(&binary.rhs, grid)?;
        Ok(match (lhs, rhs) {
            (Evaluated::Scalar(lhs), Evaluated::Scalar(rhs)) => {
                let compute = |(l, r)| if op.is_comparison() { f64::from(u8::from(op.holds(l, r))) } else { op.compute(l, r) };
                Evaluated::Scalar(lhs.into_iter().zip(rhs).map(compute).collect())
            }
            (Evaluated::Block(block), Evaluated::Scalar(scalar)) => {
                Evaluated::Block(with_scalar(op, returns_bool, block, &scalar, |vector, scalar| (vector, scalar))?)
            }
            (Evaluated::Scalar(scalar), Evaluated::Block(block)) => {
                Evaluated::Block(with_scalar(op, returns_bool, block, &scalar, |vector, scalar| (scalar, vector))?)
            }
            (Evaluated::Block(lhs), Evaluated::Block(rhs)) => Evaluated::Block(self.vectors(binary, lhs, rhs, grid)?),
            _ => return Err(EvalError::Execution("binary expression must contain only scalar and instant vector types".to_owned())),
        })
    }

    fn vectors(&self, binary: &Binary, lhs: Block, rhs: Block, grid: Grid) -> Result<Block, EvalError> {
        let mut charges = lhs.charges;
        charges.extend(rhs.charges);
        let columns = if binary.op.is_set() {
            combine_sets(binary.op, &binary.matching, lhs.columns, rhs.columns)?
        } else {
            let _working = self.charge_columns(lhs.columns.len().max(rhs.columns.len()), grid)?;
            let columns = join(binary.op, &binary.matching, binary.returns_bool, &lhs.columns, &rhs.columns)?;
            charges = vec![self.charge_columns(columns.len(), grid)?];
            columns
        };
        Ok(Block { columns, charges })
    }
}

/// A vector and a scalar. A comparison keeps the vector's value, on whichever side it stands.
fn with_scalar(
    op: BinaryOp,
    returns_bool: bool,
    mut block: Block,
    scalar: &[f64],
    sides: impl Fn(f64, f64) -> (f64, f64),
) -> Result<Block, EvalError> {
    let drops_name = op.drops_name() || returns_bool;
    block.columns.retain_mut(|column| {
        for (value, &scalar) in column.values.iter_mut().zip(scalar).filter(|(v, _)| !is_absent(**v)) {
            let (l, r) = sides(*value, scalar);
            if !op.is_comparison() {
                *value = op.compute(l, r);
            } else if returns_bool {
                *value = f64::from(u8::from(op.holds(l, r)));
            } else if !op.holds(l, r) {
                *value = ABSENT;
            }
        }
        if drops_name {
            column.labels = column.labels.without_name();
        }
        !column.is_empty()
    });
    if drops_name { unite(block) } else { Ok(block) }
}
