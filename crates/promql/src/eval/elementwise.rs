//! Functions that map each value by itself.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, unite};
use crate::ast::Call;
use phoenix_query::{Column, Grid, is_absent};

/// The functions of one number; `None` for any other name.
fn unary(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "acos" => f64::acos,
        "acosh" => f64::acosh,
        "asin" => f64::asin,
        "asinh" => f64::asinh,
        "atan" => f64::atan,
        "atanh" => f64::atanh,
        "ceil" => f64::ceil,
        "cos" => f64::cos,
        "cosh" => f64::cosh,
        "deg" => |v| v * 180.0 / std::f64::consts::PI,
        "exp" => f64::exp,
        "floor" => f64::floor,
        "ln" => f64::ln,
        "log10" => f64::log10,
        "log2" => f64::log2,
        "rad" => |v| v * std::f64::consts::PI / 180.0,
        "sgn" => |v| {
            if v < 0.0 {
                -1.0
            } else if v > 0.0 {
                1.0
            } else {
                v
            }
        },
        "sin" => f64::sin,
        "sinh" => f64::sinh,
        "sqrt" => f64::sqrt,
        "tan" => f64::tan,
        "tanh" => f64::tanh,
        _ => return None,
    })
}

impl Evaluator<'_> {
    /// Evaluates a call of such a function; `None` when it is another one.
    pub(super) fn elementwise(&self, call: &Call, grid: Grid) -> Result<Option<Block>, EvalError> {
        if let Some(map) = unary(call.function.name) {
            return self.map(call, grid, |_, v| Some(map(v))).map(Some);
        }
        let scalar = |index: usize| self.scalar(&call.args[index], grid);
        let block = match call.function.name {
            "clamp" => {
                let (low, high) = (scalar(1)?, scalar(2)?);
                self.map(call, grid, |step, v| {
                    let (low, high) = (low[step], high[step]);
                    if high < low { None } else { Some(at_least(at_most(v, high), low)) }
                })?
            }
            "clamp_min" => {
                let low = scalar(1)?;
                self.map(call, grid, |step, v| Some(at_least(v, low[step])))?
            }
            "clamp_max" => {
                let high = scalar(1)?;
                self.map(call, grid, |step, v| Some(at_most(v, high[step])))?
            }
            "round" => {
                let nearest = if call.args.len() > 1 { scalar(1)? } else { vec![1.0; grid.steps] };
                self.map(call, grid, |step, v| {
                    // Dividing by the inverse keeps 0.1 from showing its last bits.
                    let inverse = 1.0 / nearest[step];
                    Some((v * inverse + 0.5).floor() / inverse)
                })?
            }
            _ => return Ok(None),
        };
        Ok(Some(block))
    }

    /// Maps the floats of a call's first argument and drops the metric's name and all histograms.
    pub(super) fn map(&self, call: &Call, grid: Grid, map: impl Fn(usize, f64) -> Option<f64>) -> Result<Block, EvalError> {
        let mut block = self.vector(&call.args[0], grid)?;
        block.columns.retain_mut(|column| {
            let Column { labels, values, histograms } = column;
            histograms.clear();
            for (step, value) in values.iter_mut().enumerate().filter(|(_, v)| !is_absent(**v)) {
                *value = map(step, *value).unwrap_or(phoenix_query::ABSENT);
            }
            *labels = labels.without_name();
            !column.is_empty()
        });
        unite(block)
    }
}

/// The larger of both. +Inf wins over NaN, NaN over anything else, as in Go.
fn at_least(v: f64, low: f64) -> f64 {
    if v == f64::INFINITY || low == f64::INFINITY {
        f64::INFINITY
    } else if v.is_nan() || low.is_nan() {
        f64::NAN
    } else {
        v.max(low)
    }
}

/// The smaller of both. -Inf wins over NaN, NaN over anything else, as in Go.
fn at_most(v: f64, high: f64) -> f64 {
    -at_least(-v, -high)
}
