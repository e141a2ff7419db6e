//! Aggregations over vectors that hold native histograms.

use super::EvalError;
use super::block::Block;
use super::evaluator::Evaluator;
use crate::ast::{AggregateOp, Grouping};
use phoenix_model::histogram::HistogramSum;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Histogram, Span};
use phoenix_query::aggregation::{Reduction, groups, reduce};
use phoenix_query::{ABSENT, Column, Grid, is_absent};
use std::sync::Arc;

impl Evaluator<'_> {
    /// As [`phoenix_query::aggregation::reduce_groups`], for columns of which some have histograms.
    pub(super) fn reduce_mixed(
        &self,
        op: AggregateOp,
        reduction: Reduction,
        columns: &[Column],
        grouping: &Grouping,
        span: Span,
        grid: Grid,
    ) -> Result<Block, EvalError> {
        let mut block = Block::default();
        for (labels, members) in groups(columns.iter().map(|c| &c.labels), grouping) {
            self.check_cancelled()?;
            let members: Vec<&Column> = members.into_iter().map(|index| &columns[index]).collect();
            let floats: Vec<&[f64]> = members.iter().map(|member| member.values.as_slice()).collect();
            let mut column = Column::floats(labels, reduce(reduction, &floats, grid.steps));
            match reduction {
                Reduction::Sum | Reduction::Avg => self.reduce_histograms(reduction, &members, &mut column, span),
                Reduction::Count | Reduction::Group => {
                    for (step, _) in members.iter().flat_map(|member| &member.histograms) {
                        let value = &mut column.values[*step];
                        let seen = if is_absent(*value) { 0.0 } else { *value };
                        *value = if reduction == Reduction::Group { 1.0 } else { seen + 1.0 };
                    }
                }
                Reduction::Min | Reduction::Max | Reduction::Stddev | Reduction::Stdvar => {
                    if members.iter().any(|member| !member.histograms.is_empty()) {
                        self.ignored_histogram(op, span);
                    }
                }
            }
            if !column.is_empty() {
                block.charges.push(self.charge_columns(1, grid)?);
                self.charge_histograms(std::slice::from_ref(&column), &mut block.charges)?;
                block.columns.push(column);
            }
        }
        Ok(block)
    }

    /// Remarks that an aggregation leaves histograms out.
    pub(super) fn ignored_histogram(&self, op: AggregateOp, span: Span) {
        self.annotations.info(span, &format!("ignored histogram in {} aggregation", op.as_str()));
    }

    /// Remarks that an aggregation leaves histograms out, if there are any.
    pub(super) fn note_ignored_histograms(&self, op: AggregateOp, columns: &[Column], span: Span) {
        if columns.iter().any(|column| !column.histograms.is_empty()) {
            self.ignored_histogram(op, span);
        }
    }

    /// Adds the sums or means of histograms to a column that holds those of floats. A step with both
    /// floats and histograms gives nothing, nor does one whose histograms have no layout in common.
    fn reduce_histograms(&self, reduction: Reduction, members: &[&Column], column: &mut Column, span: Span) {
        // Histograms of all members, those of a step together, in the order of the members.
        let mut all: Vec<(usize, usize, &Arc<Histogram>)> = members
            .iter()
            .enumerate()
            .flat_map(|(index, member)| member.histograms.iter().map(move |(step, histogram)| (*step, index, histogram)))
            .collect();
        all.sort_by_key(|(step, index, _)| (*step, *index));
        for same_step in all.chunk_by(|a, b| a.0 == b.0) {
            let step = same_step[0].0;
            if !is_absent(column.values[step]) {
                column.values[step] = ABSENT;
                self.annotations.warning(span, "encountered a mix of histograms and floats for aggregation");
                continue;
            }
            let custom = same_step[0].2.uses_custom_buckets();
            if let Some((_, index, _)) = same_step.iter().find(|(_, _, histogram)| histogram.uses_custom_buckets() != custom) {
                self.mixed_layouts(members[*index].labels.value(METRIC_NAME), span);
                continue;
            }
            let histograms = same_step.iter().map(|(_, _, histogram)| &***histogram);
            if let Some(histogram) = self.sum_or_mean(reduction == Reduction::Avg, histograms, "", span) {
                column.histograms.push((step, Arc::new(histogram)));
            }
        }
    }

    /// The sum or the mean of histograms, with remarks on hints and layouts.
    pub(super) fn sum_or_mean<'h>(
        &self,
        mean: bool,
        histograms: impl ExactSizeIterator<Item = &'h Histogram> + Clone,
        name: &str,
        span: Span,
    ) -> Option<Histogram> {
        let sum = if mean {
            Histogram::mean(histograms)
        } else {
            let mut all = histograms;
            all.next().map(HistogramSum::new).map(|mut sum| all.try_for_each(|histogram| sum.add(histogram)).map(|()| sum)).transpose()
        };
        match sum {
            Ok(Some(mut sum)) => {
                if sum.has_conflicting_resets() {
                    self.conflicting_resets("aggregation", span);
                }
                if sum.take_reconciled_bounds() {
                    self.reconciled_bounds("aggregation", span);
                }
                Some(sum.finish())
            }
            Ok(None) => None,
            Err(_) => {
                self.mixed_layouts(name, span);
                None
            }
        }
    }
}
