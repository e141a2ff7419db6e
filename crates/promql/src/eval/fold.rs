//! Evaluating what takes each series by itself while the series are read: of their samples, many more than there are
//! steps, no more are in memory than one piece of the read.

use super::EvalError;
use super::block::{Block, Evaluated};
use super::evaluator::{Evaluator, refuse_same_labels};
use super::plan::{Fold, expr_key};
use crate::ast::ExprKind;
use crate::source::{SeriesSource, SourceError};
use phoenix_model::{SeriesSamples, SeriesSink};
use phoenix_query::Grid;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// What was evaluated ahead, by expression, with the steps that it was evaluated at.
#[derive(Default)]
pub(super) struct Folded(HashMap<usize, (Grid, Block)>);

impl Folded {
    /// The value of an expression, which is asked for once.
    pub fn take(&mut self, expr: usize, grid: Grid) -> Option<Block> {
        let (at, block) = self.0.remove(&expr)?;
        debug_assert_eq!(at, grid, "it is planned at the steps at which it is evaluated");
        Some(block)
    }
}

/// Takes the pieces of a read.
struct Folding<'f, 'a, 'e> {
    evaluator: &'f mut Evaluator<'a>,
    folds: &'f [Fold<'e>],
    blocks: Vec<Block>,
    /// Whether no piece came yet.
    is_new: bool,
    /// Samples used before the read.
    samples_before: u64,
    error: Option<EvalError>,
}

impl Folding<'_, '_, '_> {
    fn fold(&mut self, series: Vec<SeriesSamples>) -> Result<(), EvalError> {
        self.is_new = false;
        let _samples = self.evaluator.charge_series(&series)?;
        self.evaluator.reads.push(series);
        let folded = self.evaluate();
        self.evaluator.reads.pop();
        folded
    }

    fn evaluate(&mut self) -> Result<(), EvalError> {
        for (fold, block) in self.folds.iter().zip(&mut self.blocks) {
            match self.evaluator.evaluate_steps(fold.expr, fold.grid)? {
                Evaluated::Block(piece) => {
                    block.columns.extend(piece.columns);
                    block.charges.extend(piece.charges);
                }
                Evaluated::Scalar(_) | Evaluated::String(_) => {
                    return Err(EvalError::Execution("expected an instant vector".to_owned()));
                }
            }
        }
        Ok(())
    }
}

impl SeriesSink for Folding<'_, '_, '_> {
    fn start_over(&mut self) {
        self.blocks.iter_mut().for_each(|block| *block = Block::default());
        self.is_new = true;
        self.evaluator.samples_used.set(self.samples_before);
    }

    fn take(&mut self, series: Vec<SeriesSamples>) -> ControlFlow<()> {
        match self.fold(series) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Evaluator<'_> {
    /// Reads the series of a read, which is the next one, and evaluates what is to be made of them.
    pub(super) fn fold(&mut self, read: usize, folds: &[Fold<'_>], source: &dyn SeriesSource) -> Result<(), EvalError> {
        let (hints, options) = (self.plan.reads[read].clone(), self.options);
        let samples_before = self.samples_used.get();
        let blocks = folds.iter().map(|_| Block::default()).collect();
        let mut folding = Folding { evaluator: self, folds, blocks, is_new: true, samples_before, error: None };
        let done = source.select_each(&hints, options.budget, &mut folding);
        if let (Some(error), Err(SourceError::Cancelled)) = (folding.error.take(), &done) {
            return Err(error);
        }
        done?;
        if folding.is_new {
            // What is wrong whatever the series are is told without any, too.
            folding.fold(Vec::new())?;
        }
        for (fold, block) in folds.iter().zip(folding.blocks) {
            if matches!(fold.expr.kind, ExprKind::Call(_)) {
                refuse_same_labels(&block.columns)?;
            }
            self.folded.borrow_mut().0.insert(expr_key(fold.expr), (fold.grid, block));
        }
        self.reads.push(Vec::new());
        Ok(())
    }
}
