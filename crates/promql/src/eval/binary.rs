//! Binary operators.

use super::EvalError;
use super::block::{Block, Evaluated};
use super::evaluator::{Evaluator, unite};
use crate::ast::{Binary, BinaryOp};
use phoenix_model::Histogram;
use phoenix_model::histogram::{HistogramSum, Trim};
use phoenix_query::matching::{combine_floats, combine_sets, join, join_with};
use phoenix_query::{ABSENT, Column, Grid, StepHistograms, is_absent};
use std::sync::Arc;

/// One side of an operator at one step.
#[derive(Clone, Copy)]
enum Operand<'a> {
    Float(f64),
    Histogram(&'a Arc<Histogram>),
}

/// What an operator makes of two operands.
enum Outcome {
    Float(f64),
    Histogram(Arc<Histogram>),
    /// A filter that does not hold, or operands that do not go together.
    Nothing,
}

impl<'a> Operand<'a> {
    fn of(column: &'a Column, step: usize) -> Option<Self> {
        if is_absent(column.values[step]) { column.histogram(step).map(Self::Histogram) } else { Some(Self::Float(column.values[step])) }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Histogram(_) => "histogram",
        }
    }
}

impl Evaluator<'_> {
    pub(super) fn binary(&self, binary: &Binary, grid: Grid) -> Result<Evaluated, EvalError> {
        let op = binary.op;
        let lhs = self.evaluate(&binary.lhs, grid)?;
        let rhs = self.evaluate(&binary.rhs, grid)?;
        Ok(match (lhs, rhs) {
            (Evaluated::Scalar(lhs), Evaluated::Scalar(rhs)) => {
                let compute = |(l, r)| if op.is_comparison() { f64::from(u8::from(op.holds(l, r))) } else { op.compute(l, r) };
                Evaluated::Scalar(lhs.into_iter().zip(rhs).map(compute).collect())
            }
            (Evaluated::Block(block), Evaluated::Scalar(scalar)) => Evaluated::Block(self.with_scalar::<true>(binary, block, &scalar)?),
            (Evaluated::Scalar(scalar), Evaluated::Block(block)) => Evaluated::Block(self.with_scalar::<false>(binary, block, &scalar)?),
            (Evaluated::Block(lhs), Evaluated::Block(rhs)) => Evaluated::Block(self.vectors(binary, lhs, rhs, grid)?),
            _ => return Err(EvalError::Execution("binary expression must contain only scalar and instant vector types".to_owned())),
        })
    }

    fn vectors(&self, binary: &Binary, lhs: Block, rhs: Block, grid: Grid) -> Result<Block, EvalError> {
        let mut charges = lhs.charges;
        charges.extend(rhs.charges);
        let (op, returns_bool, matching) = (binary.op, binary.returns_bool, &binary.matching);
        let columns = if op.is_set() {
            combine_sets(op, matching, lhs.columns, rhs.columns)?
        } else {
            let _working = self.charge_columns(lhs.columns.len().max(rhs.columns.len()), grid)?;
            let floats_only = lhs.columns.iter().chain(&rhs.columns).all(|column| column.histograms.is_empty());
            let columns = if floats_only && !op.is_trim() {
                join(op, matching, returns_bool, &lhs.columns, &rhs.columns)?
            } else {
                join_with(op, matching, returns_bool, &lhs.columns, &rhs.columns, |lhs, rhs| self.combine(binary, lhs, rhs))?
            };
            charges = vec![self.charge_columns(columns.len(), grid)?];
            self.charge_histograms(&columns, &mut charges)?;
            columns
        };
        Ok(Block { columns, charges })
    }

    /// Applies an operator to two columns of which one may have histograms.
    fn combine(&self, binary: &Binary, lhs: &Column, rhs: &Column) -> (Vec<f64>, StepHistograms) {
        if !binary.op.is_trim() && lhs.histograms.is_empty() && rhs.histograms.is_empty() {
            return (combine_floats(binary.op, binary.returns_bool, &lhs.values, &rhs.values), StepHistograms::new());
        }
        let (mut values, mut histograms) = (vec![ABSENT; lhs.values.len()], StepHistograms::new());
        for (step, value) in values.iter_mut().enumerate() {
            if let (Some(lhs), Some(rhs)) = (Operand::of(lhs, step), Operand::of(rhs, step)) {
                match self.apply(binary, lhs, rhs) {
                    Outcome::Float(float) => *value = float,
                    Outcome::Histogram(histogram) => histograms.push((step, histogram)),
                    Outcome::Nothing => {}
                }
            }
        }
        (values, histograms)
    }

    /// Applies an operator to two operands, with remarks on those that do not go together.
    fn apply(&self, binary: &Binary, lhs: Operand<'_>, rhs: Operand<'_>) -> Outcome {
        let (op, returns_bool) = (binary.op, binary.returns_bool);
        let made = |histogram: Histogram| Outcome::Histogram(Arc::new(histogram));
        match (lhs, op, rhs) {
            (Operand::Float(l), _, Operand::Float(r)) if !op.is_trim() => match (op.is_comparison(), returns_bool, op.holds(l, r)) {
                (false, ..) => Outcome::Float(op.compute(l, r)),
                (true, true, holds) => Outcome::Float(f64::from(u8::from(holds))),
                (true, false, true) => Outcome::Float(l),
                (true, false, false) => Outcome::Nothing,
            },
            (Operand::Histogram(h), BinaryOp::Mul, Operand::Float(f)) | (Operand::Float(f), BinaryOp::Mul, Operand::Histogram(h)) => {
                made(h.scaled(f))
            }
            (Operand::Histogram(h), BinaryOp::Div, Operand::Float(f)) => made(h.divided(f)),
            (Operand::Histogram(h), BinaryOp::TrimUpper, Operand::Float(f)) => made(h.trimmed(Trim::Upper, f)),
            (Operand::Histogram(h), BinaryOp::TrimLower, Operand::Float(f)) => made(h.trimmed(Trim::Lower, f)),
            (Operand::Histogram(l), BinaryOp::Add | BinaryOp::Sub, Operand::Histogram(r)) => {
                self.sum_of_two(binary, l, r).map_or(Outcome::Nothing, made)
            }
            (Operand::Histogram(l), BinaryOp::Equal | BinaryOp::NotEqual, Operand::Histogram(r)) => {
                let holds = l.same_observations(r) == (op == BinaryOp::Equal);
                match (returns_bool, holds) {
                    (true, holds) => Outcome::Float(f64::from(u8::from(holds))),
                    (false, true) => Outcome::Histogram(Arc::clone(l)),
                    (false, false) => Outcome::Nothing,
                }
            }
            _ => {
                let (lhs, rhs) = (lhs.kind(), rhs.kind());
                let message = format!("incompatible sample types encountered for binary operator \"{op}\": {lhs} {op} {rhs}");
                self.annotations.info(span(binary), &message);
                Outcome::Nothing
            }
        }
    }

    fn sum_of_two(&self, binary: &Binary, lhs: &Histogram, rhs: &Histogram) -> Option<Histogram> {
        let mut sum = HistogramSum::new(lhs);
        let (added, operation) = if binary.op == BinaryOp::Add { (sum.add(rhs), "addition") } else { (sum.subtract(rhs), "subtraction") };
        if added.is_err() {
            let message = format!("incompatible bucket layout encountered for binary operator {}", binary.op);
            self.annotations.warning(span(binary), &message);
            return None;
        }
        if sum.has_conflicting_resets() {
            self.conflicting_resets(operation, span(binary));
        }
        if sum.take_reconciled_bounds() {
            self.reconciled_bounds(operation, span(binary));
        }
        Some(sum.finish())
    }

    /// A vector and a scalar, the vector on the left if so said. A comparison keeps the vector's
    /// value, on whichever side it stands.
    fn with_scalar<const VECTOR_LEFT: bool>(&self, binary: &Binary, mut block: Block, scalar: &[f64]) -> Result<Block, EvalError> {
        let (op, returns_bool) = (binary.op, binary.returns_bool);
        let drops_name = op.drops_name() || returns_bool;
        block.columns.retain_mut(|column| {
            if op.is_trim() {
                self.trim_floats(binary, column);
            }
            for (value, &scalar) in column.values.iter_mut().zip(scalar).filter(|(v, _)| !is_absent(**v)) {
                let (l, r) = if VECTOR_LEFT { (*value, scalar) } else { (scalar, *value) };
                if !op.is_comparison() {
                    *value = op.compute(l, r);
                } else if returns_bool {
                    *value = f64::from(u8::from(op.holds(l, r)));
                } else if !op.holds(l, r) {
                    *value = ABSENT;
                }
            }
            column.histograms.retain_mut(|(step, histogram)| {
                let (vector, scalar) = (Operand::Histogram(histogram), Operand::Float(scalar[*step]));
                let (l, r) = if VECTOR_LEFT { (vector, scalar) } else { (scalar, vector) };
                if let Outcome::Histogram(result) = self.apply(binary, l, r) {
                    *histogram = result;
                    return true;
                }
                false
            });
            if drops_name {
                column.labels = column.labels.without_name();
            }
            !column.is_empty()
        });
        self.charge_histograms(&block.columns, &mut block.charges)?;
        if drops_name { unite(block) } else { Ok(block) }
    }

    /// Only histograms can be trimmed.
    fn trim_floats(&self, binary: &Binary, column: &mut Column) {
        for value in column.values.iter_mut().filter(|v| !is_absent(**v)) {
            self.apply(binary, Operand::Float(*value), Operand::Float(*value));
            *value = ABSENT;
        }
    }
}

/// The whole expression's place in the text.
fn span(binary: &Binary) -> phoenix_model::Span {
    binary.lhs.span.to(binary.rhs.span)
}
