//! Aggregation operators.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, unite};
use crate::ast::{Aggregate, AggregateOp, Expr, Grouping};
use phoenix_model::Labels;
use phoenix_query::aggregation::{Reduction, best, groups, quantiles, reduce_groups};
use phoenix_query::{Column, Grid, is_absent};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

impl Evaluator<'_> {
    pub(super) fn aggregate(&self, aggregate: &Aggregate, grid: Grid) -> Result<Block, EvalError> {
        let grouping = aggregate.grouping.clone().unwrap_or_default();
        let reduction = match aggregate.op {
            AggregateOp::Sum => Reduction::Sum,
            AggregateOp::Avg => Reduction::Avg,
            AggregateOp::Count => Reduction::Count,
            AggregateOp::Min => Reduction::Min,
            AggregateOp::Max => Reduction::Max,
            AggregateOp::Group => Reduction::Group,
            AggregateOp::Stddev => Reduction::Stddev,
            AggregateOp::Stdvar => Reduction::Stdvar,
            _ => return self.aggregate_with_param(aggregate, &grouping, grid),
        };
        let inner = self.vector(&aggregate.expr, grid)?;
        if inner.columns.iter().any(|column| !column.histograms.is_empty()) {
            return self.reduce_mixed(aggregate.op, reduction, &inner.columns, &grouping, aggregate.expr.span, grid);
        }
        // Accumulators are wider than the results that remain of them.
        let _working = self.charge_columns(inner.columns.len().min(8), grid)?;
        let columns = reduce_groups(reduction, &inner.columns, &grouping, grid.steps);
        let charges = vec![self.charge_columns(columns.len(), grid)?];
        Ok(Block { columns, charges })
    }

    fn aggregate_with_param(&self, aggregate: &Aggregate, grouping: &Grouping, grid: Grid) -> Result<Block, EvalError> {
        let missing = || EvalError::Execution(format!("{} needs a parameter", aggregate.op.as_str()));
        let param = aggregate.param.as_ref().ok_or_else(missing)?;
        if aggregate.op == AggregateOp::CountValues {
            let label = self.string(param, grid)?;
            if label.is_empty() {
                return Err(EvalError::Execution(format!("invalid label name {label:?} in count_values")));
            }
            let inner = self.vector(&aggregate.expr, grid)?;
            return self.count_values(&label, grouping, &inner.columns, grid);
        }
        let values = self.scalar(param, grid)?;
        let inner = self.vector(&aggregate.expr, grid)?;
        match aggregate.op {
            AggregateOp::Quantile => {
                self.note_ignored_histograms(aggregate.op, &inner.columns, aggregate.expr.span);
                self.quantile(&values, param, grouping, &inner.columns, grid)
            }
            AggregateOp::LimitRatio => Ok(self.limit_ratio(&values, param, inner)),
            _ => {
                if aggregate.op != AggregateOp::Limitk {
                    self.note_ignored_histograms(aggregate.op, &inner.columns, aggregate.expr.span);
                }
                let counts = values.iter().map(|k| to_count(*k)).collect::<Result<Vec<_>, _>>()?;
                Ok(choose(aggregate.op, &counts, grouping, inner, grid))
            }
        }
    }

    fn quantile(&self, q: &[f64], param: &Expr, grouping: &Grouping, columns: &[Column], grid: Grid) -> Result<Block, EvalError> {
        for &q in q {
            self.check_quantile(q, param.span);
        }
        let groups = groups(columns.iter().map(|c| &c.labels), grouping);
        let charges = vec![self.charge_columns(groups.len(), grid)?];
        let columns = groups.into_iter().map(|(labels, members)| {
            self.check_cancelled()?;
            let members: Vec<&[f64]> = members.iter().map(|&i| columns[i].values.as_slice()).collect();
            Ok(Column::floats(labels, quantiles(q, &members)))
        });
        let mut columns: Vec<Column> = columns.collect::<Result<_, EvalError>>()?;
        columns.retain(|column| !column.is_empty());
        Ok(Block { columns, charges })
    }

    /// Warns of a quantile that is out of range.
    pub(super) fn check_quantile(&self, q: f64, span: phoenix_model::Span) {
        if q.is_nan() || !(0.0..=1.0).contains(&q) {
            self.annotations.warning(span, &format!("quantile value should be between 0 and 1, got {}", crate::format::number(q)));
        }
    }

    fn count_values(&self, label: &str, grouping: &Grouping, columns: &[Column], grid: Grid) -> Result<Block, EvalError> {
        let mut place: HashMap<Labels, usize> = HashMap::new();
        let mut block = Block::default();
        // A label of that name gives way to the counted value.
        let grouping = if grouping.without || !grouping.labels.iter().any(|l| l == label) {
            grouping.clone()
        } else {
            Grouping { without: false, labels: grouping.labels.iter().filter(|l| *l != label).cloned().collect() }
        };
        for column in columns {
            let group = grouping.group_of(&column.labels);
            let floats = column.values.iter().enumerate().filter(|(_, v)| !is_absent(**v));
            let floats = floats.map(|(step, &value)| (step, crate::format::plain_number(value)));
            for (step, value) in floats.chain(column.histograms.iter().map(|(step, histogram)| (*step, histogram.to_string()))) {
                let mut labels = group.to_builder();
                labels.set(label, &value);
                let labels = labels.build();
                let index = if let Some(&index) = place.get(&labels) {
                    index
                } else {
                    block.charges.push(self.charge_columns(1, grid)?);
                    block.columns.push(Column::absent(labels.clone(), grid.steps));
                    place.insert(labels, block.columns.len() - 1);
                    block.columns.len() - 1
                };
                let count = &mut block.columns[index].values[step];
                *count = if is_absent(*count) { 1.0 } else { *count + 1.0 };
            }
        }
        unite(block)
    }

    /// Keeps a share of the series, chosen by their labels: a negative ratio keeps the complement.
    fn limit_ratio(&self, ratios: &[f64], param: &Expr, mut block: Block) -> Block {
        let ratios: Vec<f64> = ratios
            .iter()
            .map(|&ratio| {
                let capped = ratio.clamp(-1.0, 1.0);
                if capped != ratio {
                    let (ratio, capped) = (crate::format::number(ratio), crate::format::number(capped));
                    let message = format!("ratio value should be between -1 and 1, got {ratio}, capping to {capped}");
                    self.annotations.warning(param.span, &message);
                }
                capped
            })
            .collect();
        block.columns.retain_mut(|column| {
            // Without random keys, so that every query keeps the same series.
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(column.labels.as_bytes());
            let place = hash as f64 / u64::MAX as f64;
            column.retain_steps(|step| {
                let ratio = ratios[step];
                (ratio >= 0.0 && place < ratio) || (ratio < 0.0 && place >= 1.0 + ratio)
            });
            !column.is_empty()
        });
        block
    }
}

/// The parameter of `topk` and its kin as a count; below 1 it is none.
fn to_count(k: f64) -> Result<usize, EvalError> {
    if k.is_nan() {
        return Err(EvalError::Execution("Parameter value is NaN".to_owned()));
    }
    if k >= i64::MAX as f64 {
        return Err(EvalError::Execution(format!("Scalar value {} overflows int64", crate::format::number(k))));
    }
    if k <= i64::MIN as f64 {
        return Err(EvalError::Execution(format!("Scalar value {} underflows int64", crate::format::number(k))));
    }
    Ok(if k < 1.0 { 0 } else { k as usize })
}

/// `topk`, `bottomk`, `limitk`: keeps some series of each group, with their labels. At a single
/// step the result is ordered, group by group, best first.
fn choose(op: AggregateOp, counts: &[usize], grouping: &Grouping, mut block: Block, grid: Grid) -> Block {
    let mut order = Vec::with_capacity(block.columns.len());
    for (_, members) in groups(block.columns.iter().map(|c| &c.labels), grouping) {
        let mut kept = vec![vec![false; grid.steps]; members.len()];
        for (step, &k) in counts.iter().enumerate() {
            let members_here = members.iter().enumerate();
            let chosen: Vec<(usize, f64)> = if op == AggregateOp::Limitk {
                members_here.filter(|(_, i)| block.columns[**i].is_present(step)).take(k).map(|(m, _)| (m, 0.0)).collect()
            } else {
                let present = members_here.map(|(m, &i)| (m, block.columns[i].values[step]));
                best(k, op == AggregateOp::Topk, present.filter(|(_, v)| !is_absent(*v)))
            };
            for &(m, _) in &chosen {
                kept[m][step] = true;
            }
            if grid.steps == 1 {
                order.extend(chosen.into_iter().map(|(m, _)| members[m]));
            }
        }
        for (kept, &i) in kept.into_iter().zip(&members) {
            block.columns[i].retain_steps(|step| kept[step]);
        }
    }
    if grid.steps == 1 {
        let columns = order.into_iter().map(|i| block.columns[i].clone()).collect();
        return Block { columns, charges: block.charges };
    }
    block.columns.retain(|column| !column.is_empty());
    block
}
