//! Functions of labels: `label_replace`, `label_join`, and sorting.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, refuse_same_labels};
use crate::ast::Call;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_query::numeric::nan_first;
use phoenix_query::{Grid, is_absent};
use std::cmp::Ordering;

impl Evaluator<'_> {
    pub(super) fn label_replace(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let text = |index: usize| self.string(&call.args[index], grid);
        let (to, replacement, from, pattern) = (text(1)?, text(2)?, text(3)?, text(4)?);
        let regex = AnchoredRegex::new(&pattern)
            .map_err(|_| EvalError::Execution(format!("invalid regular expression in label_replace(): {pattern}")))?;
        if to.is_empty() {
            return Err(EvalError::Execution(format!("invalid destination label name in label_replace(): {to}")));
        }
        let mut block = self.vector(&call.args[0], grid)?;
        for column in &mut block.columns {
            if let Some(captures) = regex.regex().captures(column.labels.value(&from)) {
                let mut value = String::new();
                captures.expand(&replacement, &mut value);
                let mut labels = column.labels.to_builder();
                labels.set(&to, &value);
                column.labels = labels.build();
            }
        }
        refuse_same_labels(&block.columns)?;
        Ok(block)
    }

    pub(super) fn label_join(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let texts = call.args[1..].iter().map(|arg| self.string(arg, grid)).collect::<Result<Vec<_>, _>>()?;
        let [to, separator, from @ ..] = texts.as_slice() else {
            return Err(EvalError::Execution("label_join() needs a destination label and a separator".to_owned()));
        };
        for (name, what) in from.iter().map(|name| (name, "source")).chain([(to, "destination")]) {
            if name.is_empty() {
                return Err(EvalError::Execution(format!("invalid {what} label name in label_join(): {name}")));
            }
        }
        let mut block = self.vector(&call.args[0], grid)?;
        for column in &mut block.columns {
            let values: Vec<&str> = from.iter().map(|name| column.labels.value(name)).collect();
            let mut labels = column.labels.to_builder();
            labels.set(to, &values.join(separator));
            column.labels = labels.build();
        }
        refuse_same_labels(&block.columns)?;
        Ok(block)
    }

    /// `sort` and `sort_desc`: by value, NaN last, without histograms. Only an instant query has an
    /// order to show.
    pub(super) fn sort(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let mut block = self.vector(&call.args[0], grid)?;
        block.columns.iter_mut().for_each(|column| column.histograms.clear());
        if grid.steps == 1 {
            let descending = call.function.name == "sort_desc";
            block.columns.retain(|column| !is_absent(column.values[0]));
            block.columns.sort_by(|a, b| {
                let (a, b) = (a.values[0], b.values[0]);
                let order = nan_first(&a, &b);
                if descending || a.is_nan() || b.is_nan() { order.reverse() } else { order }
            });
        }
        Ok(block)
    }

    /// `sort_by_label` and `sort_by_label_desc`: by the labels named, in natural order.
    pub(super) fn sort_by_label(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let names = call.args[1..].iter().map(|arg| self.string(arg, grid)).collect::<Result<Vec<_>, _>>()?;
        let mut block = self.vector(&call.args[0], grid)?;
        let descending = call.function.name == "sort_by_label_desc";
        block.columns.sort_by(|a, b| {
            let by_name = names.iter().map(|name| natural(a.labels.value(name), b.labels.value(name)));
            let order = by_name.fold(Ordering::Equal, Ordering::then).then_with(|| a.labels.cmp(&b.labels));
            if descending { order.reverse() } else { order }
        });
        Ok(block)
    }
}

/// Natural order: digits compare as numbers, so that `cpu9` comes before `cpu10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while !a.is_empty() && !b.is_empty() {
        let (left, right) = (run(a), run(b));
        let numbers = left.as_bytes()[0].is_ascii_digit() && right.as_bytes()[0].is_ascii_digit();
        let order = if numbers {
            let (l, r) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
            l.len().cmp(&r.len()).then_with(|| l.cmp(r))
        } else {
            left.cmp(right)
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (&a[left.len()..], &b[right.len()..]);
    }
    a.len().cmp(&b.len())
}

/// The longest beginning that is all digits, or has none.
fn run(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    &text[..text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_sort_as_numbers() {
        for pair in ["cpu9 cpu10", "a b", "a1b a1c", "a a1", "2 10", "x1y2 x01y3"] {
            let (a, b) = pair.split_once(' ').unwrap();
            assert!(natural(a, b).is_lt() && natural(b, a).is_gt(), "{pair}");
        }
        assert!(natural("a10", "a10").is_eq());
    }
}
