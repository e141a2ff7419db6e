//! What is done with series: the largest and smallest, filters, arithmetic.

use super::{Operand, Series};
use crate::ast::{FieldOp, Static};
use crate::eval::EvalError;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keeps the `k` largest (or smallest) values of each step; of equal ones those of series with lesser labels.
pub(crate) fn top(mut series: Vec<Series>, k: u64, largest: bool) -> Vec<Series> {
    let steps = series.first().map_or(0, |series| series.values.len());
    for step in 0..steps {
        let mut there: Vec<(f64, usize)> =
            series.iter().enumerate().map(|(at, series)| (series.values[step], at)).filter(|(value, _)| !value.is_nan()).collect();
        there.sort_by(|(a, i), (b, j)| if largest { b.total_cmp(a) } else { a.total_cmp(b) }.then(i.cmp(j)));
        for (_, at) in there.into_iter().skip(usize::try_from(k).unwrap_or(usize::MAX)) {
            series[at].values[step] = f64::NAN;
        }
    }
    present(series)
}

/// Keeps the values for which it holds.
pub(crate) fn filter(mut series: Vec<Series>, op: FieldOp, than: f64) -> Result<Vec<Series>, EvalError> {
    for value in series.iter_mut().flat_map(|series| &mut series.values) {
        *value = compute(op, *value, than)?;
    }
    Ok(present(series))
}

/// Arithmetic between two operands. Series meet those with equal labels; the function's name does
/// not count, and is left out of the result where it differs. A comparison keeps values of the left.
pub(crate) fn binary(op: FieldOp, lhs: Operand, rhs: Operand) -> Result<Operand, EvalError> {
    let each = |mut series: Vec<Series>, with: &dyn Fn(f64) -> Result<f64, EvalError>| {
        for value in series.iter_mut().flat_map(|series| &mut series.values) {
            *value = with(*value)?;
        }
        Ok(Operand::Series(present(series)))
    };
    match (lhs, rhs) {
        (Operand::Number(a), Operand::Number(b)) => Ok(Operand::Number(compute(op, a, b)?)),
        (Operand::Series(series), Operand::Number(b)) => each(series, &|a| compute(op, a, b)),
        (Operand::Number(a), Operand::Series(series)) => each(series, &|b| compute(op, a, b)),
        (Operand::Series(left), Operand::Series(right)) => {
            let mut by_labels: BTreeMap<String, Series> = right.into_iter().map(|series| (key(&series), series)).collect();
            let mut result = Vec::new();
            for mut series in left {
                let Some(other) = by_labels.remove(&key(&series)) else { continue };
                for (a, b) in series.values.iter_mut().zip(&other.values) {
                    *a = compute(op, *a, *b)?;
                }
                if name(&series) != name(&other) {
                    series.labels.retain(|(label, _)| &**label != "__name__");
                }
                result.push(series);
            }
            Ok(Operand::Series(present(result)))
        }
    }
}

fn name(series: &Series) -> Option<&(Arc<str>, Static)> {
    series.labels.iter().find(|(label, _)| &**label == "__name__")
}

/// Equal where labels are, in whatever order, but for the function's name.
fn key(series: &Series) -> String {
    let mut labels: Vec<String> =
        series.labels.iter().filter(|(label, _)| &**label != "__name__").map(|(label, value)| format!("{label:?}={value:?}")).collect();
    labels.sort_unstable();
    labels.join(",")
}

/// Without series that have no value left.
fn present(mut series: Vec<Series>) -> Vec<Series> {
    series.retain(|series| series.values.iter().any(|value| !value.is_nan()));
    series
}

/// NaN stands for no value: a comparison that does not hold gives none.
fn compute(op: FieldOp, a: f64, b: f64) -> Result<f64, EvalError> {
    let kept = |holds: bool| if holds && !b.is_nan() { a } else { f64::NAN };
    Ok(match op {
        FieldOp::Eq => kept(a == b),
        FieldOp::Ne => kept(a != b),
        FieldOp::Lt => kept(a < b),
        FieldOp::Le => kept(a <= b),
        FieldOp::Gt => kept(a > b),
        FieldOp::Ge => kept(a >= b),
        FieldOp::Add => a + b,
        FieldOp::Sub => a - b,
        FieldOp::Mul => a * b,
        FieldOp::Div => a / b,
        FieldOp::Mod => a % b,
        FieldOp::Pow => a.powf(b),
        FieldOp::Regex | FieldOp::NotRegex | FieldOp::And | FieldOp::Or => {
            return Err(EvalError::Execution(format!("`{op}` has no meaning between metrics")));
        }
    })
}
