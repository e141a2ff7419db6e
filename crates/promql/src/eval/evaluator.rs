//! The walk over the tree.

use super::annotations::Annotations;
use super::block::{Block, Evaluated};
use super::fold::Folded;
use super::plan::{Bounds, Folds, Plan, expr_key, is_step_invariant};
use super::{EvalError, EvalOptions, refuse_errors};
use crate::ast::{Expr, ExprKind, Sign};
use crate::source::SeriesSource;
use phoenix_model::{Charge, SeriesSamples};
use phoenix_query::{Annotation, Column, Grid, is_absent, matching};
use std::cell::{Cell, RefCell};

/// A timestamp and a float.
const SAMPLE_BYTES: usize = 16;

/// One query on its way.
pub(super) struct Evaluator<'a> {
    pub options: &'a EvalOptions<'a>,
    pub annotations: Annotations,
    /// The times of the whole query.
    pub whole: Bounds,
    pub plan: Plan,
    /// The series of each read, sorted by labels; none of those that were folded.
    pub reads: Vec<Vec<SeriesSamples>>,
    /// Parts of the expression that were evaluated while their series were read, until they are asked for.
    pub folded: RefCell<Folded>,
    pub samples_used: Cell<u64>,
    /// Held until the query ends.
    read_charges: RefCell<Vec<Charge>>,
}

impl<'a> Evaluator<'a> {
    /// Plans the query and reads everything it needs.
    pub fn prepare(
        expr: &Expr,
        grid: Grid,
        end_ms: i64,
        source: &dyn SeriesSource,
        options: &'a EvalOptions<'a>,
    ) -> Result<Self, EvalError> {
        refuse_errors(expr, options.text)?;
        let whole = Bounds { start_ms: grid.start_ms, end_ms };
        let (plan, folds) = Plan::new(expr, grid, whole, options.lookback_ms.max(1), options.default_step_ms.max(1));
        let evaluator = Self {
            options,
            annotations: Annotations::new(options.text),
            whole,
            reads: Vec::with_capacity(plan.reads.len()),
            folded: RefCell::default(),
            plan,
            samples_used: Cell::new(0),
            read_charges: RefCell::default(),
        };
        // Scalars are not charged for one by one; this keeps their number of steps in bounds.
        evaluator.read_charges.borrow_mut().push(evaluator.charge_columns(4, grid)?);
        evaluator.read(source, folds)
    }

    fn read(mut self, source: &dyn SeriesSource, folds: Folds<'_>) -> Result<Self, EvalError> {
        for (at, folds) in folds.into_iter().enumerate() {
            self.check_cancelled()?;
            if !folds.is_empty() {
                self.fold(at, &folds, source)?;
                continue;
            }
            let mut series = source.select(&self.plan.reads[at], self.options.budget)?;
            let charge = self.charge_series(&series)?;
            self.read_charges.borrow_mut().push(charge);
            if !series.is_sorted_by(|a, b| a.labels <= b.labels) {
                series.sort_by(|a, b| a.labels.cmp(&b.labels));
            }
            self.reads.push(series);
        }
        Ok(self)
    }

    /// Counts and charges what was read.
    pub fn charge_series(&self, series: &[SeriesSamples]) -> Result<Charge, EvalError> {
        let floats: usize = series.iter().map(|s| s.values.len()).sum();
        let histograms = series.iter().flat_map(|s| &s.histograms);
        let histogram_bytes: usize = histograms.map(|(_, h)| size_of::<(i64, usize)>() + h.size_bytes()).sum();
        // A histogram counts as the floats that would take as much memory.
        self.use_samples(floats + histogram_bytes / SAMPLE_BYTES)?;
        let bytes = floats * SAMPLE_BYTES + histogram_bytes + size_of_val(series);
        Ok(self.options.budget.charge(bytes as u64)?)
    }

    pub fn into_annotations(self) -> Vec<Annotation> {
        self.annotations.into_sorted()
    }

    pub fn check_cancelled(&self) -> Result<(), EvalError> {
        if (self.options.cancelled)() { Err(EvalError::Cancelled) } else { Ok(()) }
    }

    /// Counts samples against the limit on samples.
    pub fn use_samples(&self, samples: usize) -> Result<(), EvalError> {
        let used = self.samples_used.get().saturating_add(samples as u64);
        self.samples_used.set(used);
        if used > self.options.max_samples {
            return Err(EvalError::Limit(format!(
                "query processing would load too many samples into memory in query execution: the limit `limits.query_max_samples` is {}",
                self.options.max_samples
            )));
        }
        Ok(())
    }

    /// Charges the budget for columns that are about to be made.
    pub fn charge_columns(&self, columns: usize, grid: Grid) -> Result<Charge, EvalError> {
        self.check_cancelled()?;
        let bytes = columns.saturating_mul(grid.steps.saturating_mul(8).saturating_add(size_of::<Column>()));
        Ok(self.options.budget.charge(bytes as u64)?)
    }

    /// Charges the budget for histograms that were made.
    pub fn charge_histograms(&self, columns: &[Column], charges: &mut Vec<Charge>) -> Result<(), EvalError> {
        let histograms = columns.iter().flat_map(|column| &column.histograms);
        let bytes: usize = histograms.map(|(_, histogram)| size_of::<(usize, usize)>() + histogram.size_bytes()).sum();
        if bytes > 0 {
            self.check_cancelled()?;
            charges.push(self.options.budget.charge(bytes as u64)?);
        }
        Ok(())
    }

    /// Evaluates an expression that is no range, at each step of a grid.
    pub fn evaluate(&self, expr: &Expr, grid: Grid) -> Result<Evaluated, EvalError> {
        self.check_cancelled()?;
        let literal = matches!(expr.kind, ExprKind::Number(_) | ExprKind::String(_));
        if grid.steps > 1 && !literal && is_step_invariant(expr) {
            let once = self.evaluate_steps(expr, Grid { steps: 1, ..grid })?;
            return self.repeat(once, grid);
        }
        let mut evaluated = self.evaluate_steps(expr, grid)?;
        // Groups come in the order of their first member, which depends on the range: what is added
        // up or chosen among equals next must not.
        if grid.steps > 1
            && let Evaluated::Block(block) = &mut evaluated
            && !block.columns.is_sorted_by(|a, b| a.labels <= b.labels)
        {
            block.columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        Ok(evaluated)
    }

    pub fn evaluate_steps(&self, expr: &Expr, grid: Grid) -> Result<Evaluated, EvalError> {
        if let Some(block) = self.folded.borrow_mut().take(expr_key(expr), grid) {
            return Ok(Evaluated::Block(block));
        }
        match &expr.kind {
            ExprKind::Number(number) => Ok(Evaluated::Scalar(vec![number.value; grid.steps])),
            ExprKind::String(text) => Ok(Evaluated::String(text.clone())),
            ExprKind::Selector(selector) => Ok(Evaluated::Block(self.select(selector, grid)?)),
            ExprKind::Call(call) => self.call(call, grid),
            ExprKind::Aggregate(aggregate) => Ok(Evaluated::Block(self.aggregate(aggregate, grid)?)),
            ExprKind::Unary(sign, inner) => self.unary(*sign, inner, grid),
            ExprKind::Binary(binary) => self.binary(binary, grid),
            ExprKind::Paren(inner) => self.evaluate(inner, grid),
            ExprKind::Range(_) | ExprKind::Subquery(_) | ExprKind::Error => {
                Err(EvalError::Execution("a range vector stands where one value for each step is needed".to_owned()))
            }
        }
    }

    /// The value of one step at all steps.
    fn repeat(&self, once: Evaluated, grid: Grid) -> Result<Evaluated, EvalError> {
        Ok(match once {
            Evaluated::Scalar(values) => Evaluated::Scalar(vec![values[0]; grid.steps]),
            Evaluated::String(text) => Evaluated::String(text),
            Evaluated::Block(mut block) => {
                block.charges.push(self.charge_columns(block.columns.len(), grid)?);
                for column in &mut block.columns {
                    let value = column.values[0];
                    column.values.resize(grid.steps, value);
                    if let Some((_, histogram)) = column.histograms.pop() {
                        column.histograms.extend((0..grid.steps).map(|step| (step, std::sync::Arc::clone(&histogram))));
                    }
                }
                Evaluated::Block(block)
            }
        })
    }

    /// Evaluates an expression of type instant vector.
    pub fn vector(&self, expr: &Expr, grid: Grid) -> Result<Block, EvalError> {
        match self.evaluate(expr, grid)? {
            Evaluated::Block(block) => Ok(block),
            Evaluated::Scalar(_) | Evaluated::String(_) => Err(EvalError::Execution("expected an instant vector".to_owned())),
        }
    }

    /// Evaluates an expression of type scalar.
    pub fn scalar(&self, expr: &Expr, grid: Grid) -> Result<Vec<f64>, EvalError> {
        match self.evaluate(expr, grid)? {
            Evaluated::Scalar(values) => Ok(values),
            Evaluated::Block(_) | Evaluated::String(_) => Err(EvalError::Execution("expected a scalar".to_owned())),
        }
    }

    /// Evaluates an expression of type string.
    pub fn string(&self, expr: &Expr, grid: Grid) -> Result<String, EvalError> {
        match self.evaluate(expr, grid)? {
            Evaluated::String(text) => Ok(text),
            Evaluated::Block(_) | Evaluated::Scalar(_) => Err(EvalError::Execution("expected a string".to_owned())),
        }
    }

    fn unary(&self, sign: Sign, inner: &Expr, grid: Grid) -> Result<Evaluated, EvalError> {
        let mut value = self.evaluate(inner, grid)?;
        if sign == Sign::Plus {
            return Ok(value);
        }
        match &mut value {
            Evaluated::Scalar(values) => values.iter_mut().for_each(|v| *v = -*v),
            Evaluated::Block(block) => {
                for column in &mut block.columns {
                    column.labels = column.labels.without_name();
                    column.values.iter_mut().filter(|v| !is_absent(**v)).for_each(|v| *v = -*v);
                    column.histograms.iter_mut().for_each(|(_, histogram)| *histogram = histogram.negated().into());
                }
                refuse_same_labels(&block.columns)?;
                self.charge_histograms(&block.columns, &mut block.charges)?;
            }
            Evaluated::String(_) => {}
        }
        Ok(value)
    }
}

/// Unites columns of the same labels; an error when two have a sample at the same step.
pub(super) fn unite(block: Block) -> Result<Block, EvalError> {
    let Block { columns, charges } = block;
    Ok(Block { columns: matching::merge_same_labels(columns)?, charges })
}

/// Refuses columns of the same labels, even when they never coincide: what Prometheus does where a
/// function works through one series after the other.
pub(super) fn refuse_same_labels(columns: &[Column]) -> Result<(), EvalError> {
    let mut seen = std::collections::HashSet::with_capacity(columns.len());
    if columns.iter().all(|column| seen.insert(&column.labels)) {
        return Ok(());
    }
    Err(EvalError::Execution("vector cannot contain metrics with the same labelset".to_owned()))
}
