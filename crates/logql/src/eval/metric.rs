//! Numbers: aggregations over series, operators, and the functions around them.

use super::over_range;
use super::windows::{Steps, Windows};
use super::{EvalError, EvalOptions};
use crate::ast::{Binary, Expr, ExprKind, LabelReplace, RangeAggregation, RangeOp, VectorAggregation, VectorOp};
use crate::source::{LogSource, ReadStats};
use phoenix_model::Charge;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_query::aggregation::{Reduction, best, groups, reduce_groups};
use phoenix_query::matching::{combine_sets, join, merge_same_labels};
use phoenix_query::numeric::nan_first;
use phoenix_query::{ABSENT, BinaryOp, Column, Grouping, is_absent};

/// The value of an expression.
#[derive(Debug)]
pub(super) enum Evaluated {
    /// A number, the same at all steps.
    Scalar(f64),
    /// A column for each series.
    Columns(Vec<Column>),
}

/// Walks an expression.
pub(super) struct MetricEvaluator<'a> {
    source: &'a dyn LogSource,
    options: &'a EvalOptions<'a>,
    steps: Steps,
    pub(super) stats: ReadStats,
    /// For columns, until the evaluation ends.
    charges: Vec<Charge>,
}

impl<'a> MetricEvaluator<'a> {
    pub(super) fn new(source: &'a dyn LogSource, options: &'a EvalOptions<'a>, steps: Steps) -> Self {
        Self { source, options, steps, stats: ReadStats::default(), charges: Vec::new() }
    }

    pub(super) fn evaluate(&mut self, expr: &Expr) -> Result<Evaluated, EvalError> {
        Ok(match &expr.kind {
            ExprKind::Number(number) => Evaluated::Scalar(*number),
            ExprKind::Vector(number) => {
                Evaluated::Columns(vec![Column::floats(phoenix_model::Labels::empty(), vec![*number; self.steps.count])])
            }
            ExprKind::Paren(inner) => self.evaluate(inner)?,
            ExprKind::RangeAggregation(aggregation) => Evaluated::Columns(self.over_range(aggregation, None)?),
            ExprKind::VectorAggregation(aggregation) => Evaluated::Columns(self.over_series(aggregation)?),
            ExprKind::LabelReplace(replace) => Evaluated::Columns(self.label_replace(replace)?),
            ExprKind::Binary(binary) => self.binary(binary)?,
            ExprKind::Logs(_) => return Err(EvalError::Execution("expected numbers, found log lines".to_owned())),
            ExprKind::Error => return Err(EvalError::Execution("the query has errors".to_owned())),
        })
    }

    fn columns(&mut self, expr: &Expr) -> Result<Vec<Column>, EvalError> {
        match self.evaluate(expr)? {
            Evaluated::Columns(mut columns) => {
                // Series come in the order in which entries were read: what is added up next must not
                // depend on it. A moment's order may be that of `topk` or `sort`.
                if self.steps.count > 1 && !columns.is_sorted_by(|a, b| a.labels <= b.labels) {
                    columns.sort_by(|a, b| a.labels.cmp(&b.labels));
                }
                Ok(columns)
            }
            Evaluated::Scalar(_) => Err(EvalError::Execution("expected series, found a number".to_owned())),
        }
    }

    /// Charges for columns that came up, and holds their number to the limit.
    fn charged(&mut self, columns: Vec<Column>) -> Result<Vec<Column>, EvalError> {
        let values = columns.len() as u64 * self.steps.count as u64;
        if values > self.options.max_samples {
            return Err(EvalError::Limit(format!(
                "the query would give {values} values, the limit is {}; ask for fewer series or a larger step",
                self.options.max_samples
            )));
        }
        self.charges.push(self.options.budget.charge(values * size_of::<f64>() as u64)?);
        Ok(columns)
    }

    fn over_range(&mut self, aggregation: &RangeAggregation, grouping: Option<&Grouping>) -> Result<Vec<Column>, EvalError> {
        let windows = Windows::new(self.steps, aggregation.range_ns, aggregation.offset_ns)?;
        let columns = over_range::evaluate(aggregation, grouping, &windows, self.source, self.options, &mut self.stats)?;
        self.charged(columns)
    }

    fn over_series(&mut self, aggregation: &VectorAggregation) -> Result<Vec<Column>, EvalError> {
        let grouping = aggregation.grouping.clone().unwrap_or_default();
        let columns = match inner_range(&aggregation.expr) {
            Some(inner) if groups_early(aggregation.op, inner) => self.over_range(inner, Some(&grouping))?,
            _ => self.columns(&aggregation.expr)?,
        };
        let reduction = match aggregation.op {
            VectorOp::Sum => Reduction::Sum,
            VectorOp::Avg => Reduction::Avg,
            VectorOp::Max => Reduction::Max,
            VectorOp::Min => Reduction::Min,
            VectorOp::Count => Reduction::Count,
            VectorOp::Stddev => Reduction::Stddev,
            VectorOp::Stdvar => Reduction::Stdvar,
            VectorOp::Topk | VectorOp::ApproxTopk | VectorOp::Bottomk => {
                let count = usize::try_from(aggregation.param.unwrap_or(0)).unwrap_or(usize::MAX);
                return Ok(self.keep_best(columns, &grouping, count, aggregation.op != VectorOp::Bottomk));
            }
            VectorOp::Sort | VectorOp::SortDesc => return Ok(sorted(columns, aggregation.op == VectorOp::SortDesc)),
        };
        let reduced = reduce_groups(reduction, &columns, &grouping, self.steps.count);
        self.charged(reduced)
    }

    /// Keeps of each group at each step the columns with the largest or smallest values. At a
    /// single step they come in that order.
    fn keep_best(&self, mut columns: Vec<Column>, grouping: &Grouping, count: usize, largest: bool) -> Vec<Column> {
        // Among equals those that come first in the order of labels are kept.
        columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut kept: Vec<Vec<f64>> = columns.iter().map(|column| vec![ABSENT; column.values.len()]).collect();
        let mut order = Vec::new();
        for (_, members) in groups(columns.iter().map(|c| &c.labels), grouping) {
            for step in 0..self.steps.count {
                let present = members.iter().map(|&i| (i, columns[i].values[step])).filter(|(_, value)| !is_absent(*value));
                for (index, value) in best(count, largest, present) {
                    if kept[index].iter().all(|value| is_absent(*value)) {
                        order.push(index);
                    }
                    kept[index][step] = value;
                }
            }
        }
        order.into_iter().map(|index| Column::floats(columns[index].labels.clone(), std::mem::take(&mut kept[index]))).collect()
    }

    fn label_replace(&mut self, replace: &LabelReplace) -> Result<Vec<Column>, EvalError> {
        let columns = self.columns(&replace.expr)?;
        let regex = AnchoredRegex::new(&replace.regex).map_err(|error| EvalError::Execution(error.to_string()))?;
        let replaced = columns.into_iter().map(|mut column| {
            if let Some(groups) = regex.regex().captures(column.labels.value(&replace.src)) {
                let mut value = String::new();
                groups.expand(&replace.replacement, &mut value);
                let mut labels = column.labels.to_builder();
                labels.set(&replace.dst, &value);
                column.labels = labels.build();
            }
            column
        });
        Ok(merge_same_labels(replaced.collect())?)
    }

    fn binary(&mut self, binary: &Binary) -> Result<Evaluated, EvalError> {
        let (op, returns_bool) = (binary.op, binary.returns_bool);
        let lhs = self.evaluate(&binary.lhs)?;
        let rhs = self.evaluate(&binary.rhs)?;
        Ok(match (lhs, rhs) {
            (Evaluated::Scalar(l), Evaluated::Scalar(r)) => {
                Evaluated::Scalar(if op.is_comparison() { f64::from(u8::from(op.holds(l, r))) } else { compute(op, l, r) })
            }
            (Evaluated::Columns(columns), Evaluated::Scalar(scalar)) => {
                Evaluated::Columns(with_scalar(op, returns_bool, columns, |value| (value, scalar)))
            }
            (Evaluated::Scalar(scalar), Evaluated::Columns(columns)) => {
                Evaluated::Columns(with_scalar(op, returns_bool, columns, |value| (scalar, value)))
            }
            (Evaluated::Columns(lhs), Evaluated::Columns(mut rhs)) => {
                if op.is_set() {
                    return Ok(Evaluated::Columns(combine_sets(op, &binary.matching, lhs, rhs)?));
                }
                if op == BinaryOp::Div {
                    rhs.iter_mut().flat_map(|column| &mut column.values).filter(|value| **value == 0.0).for_each(|value| *value = f64::NAN);
                }
                let joined = join(op, &binary.matching, returns_bool, &lhs, &rhs)?;
                Evaluated::Columns(self.charged(joined)?)
            }
        })
    }
}

/// In LogQL a division by zero is not a number.
fn compute(op: BinaryOp, lhs: f64, rhs: f64) -> f64 {
    if op == BinaryOp::Div && rhs == 0.0 { f64::NAN } else { op.compute(lhs, rhs) }
}

/// Series and a number. A comparison keeps the series' value, on whichever side it stands.
fn with_scalar(op: BinaryOp, returns_bool: bool, mut columns: Vec<Column>, sides: impl Fn(f64) -> (f64, f64)) -> Vec<Column> {
    columns.retain_mut(|column| {
        for value in column.values.iter_mut().filter(|value| !is_absent(**value)) {
            let (l, r) = sides(*value);
            if !op.is_comparison() {
                *value = compute(op, l, r);
            } else if returns_bool {
                *value = f64::from(u8::from(op.holds(l, r)));
            } else if !op.holds(l, r) {
                *value = ABSENT;
            }
        }
        !column.is_empty()
    });
    columns
}

fn sorted(mut columns: Vec<Column>, descending: bool) -> Vec<Column> {
    // Over a range the order is that of labels in any case.
    let value = |column: &Column| column.values.first().copied().unwrap_or(ABSENT);
    columns.sort_by(|a, b| {
        let by_value = nan_first(&value(a), &value(b));
        let by_value = if descending { by_value.reverse() } else { by_value };
        by_value.then_with(|| a.labels.cmp(&b.labels))
    });
    columns
}

fn inner_range(expr: &Expr) -> Option<&RangeAggregation> {
    match &expr.kind {
        ExprKind::RangeAggregation(aggregation) => Some(aggregation),
        ExprKind::Paren(inner) => inner_range(inner),
        _ => None,
    }
}

/// Whether entries may be put into the groups of the outer aggregation at once: the sum of sums is
/// the sum of all, and so with extremes.
fn groups_early(outer: VectorOp, inner: &RangeAggregation) -> bool {
    inner.grouping.is_none()
        && match outer {
            VectorOp::Sum => matches!(
                inner.op,
                RangeOp::CountOverTime | RangeOp::Rate | RangeOp::BytesOverTime | RangeOp::BytesRate | RangeOp::SumOverTime
            ),
            VectorOp::Min => inner.op == RangeOp::MinOverTime,
            VectorOp::Max => inner.op == RangeOp::MaxOverTime,
            _ => false,
        }
}
