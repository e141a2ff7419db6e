//! Quantiles and fractions of classic histograms: series with a label `le` that count what is less
//! or equal.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, unite};
use crate::ast::{Call, Expr};
use phoenix_model::Labels;
use phoenix_model::labels::METRIC_NAME;
use phoenix_query::cursor::quote;
use phoenix_query::{ABSENT, Column, Grid, is_absent};
use std::collections::HashMap;

/// Relative differences between neighbouring buckets below this come from rounding.
const SMALL_DIFFERENCE: f64 = 1e-12;

/// A bucket at one step: its upper bound and how many observations do not exceed it.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    upper: f64,
    count: f64,
}

/// The series of one histogram: upper bounds, ascending, and where their values are.
struct Histogram {
    labels: Labels,
    members: Vec<(f64, usize)>,
}

impl Evaluator<'_> {
    pub(super) fn histogram_quantile(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let q = self.scalar(&call.args[0], grid)?;
        for q in &q {
            self.check_quantile(*q, call.args[0].span);
        }
        let mut was_forced = false;
        let block = self.each_histogram(&call.args[1], grid, |step, buckets| {
            let (value, forced) = quantile(q[step], buckets);
            was_forced |= forced;
            value
        })?;
        if was_forced {
            self.annotations.info(
                call.args[1].span,
                "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
            );
        }
        Ok(block)
    }

    pub(super) fn histogram_fraction(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let (lower, upper) = (self.scalar(&call.args[0], grid)?, self.scalar(&call.args[1], grid)?);
        self.each_histogram(&call.args[2], grid, |step, buckets| fraction(lower[step], upper[step], buckets))
    }

    /// Applies a function to the buckets of each histogram at each step. The buckets have
    /// ascending, distinct upper bounds.
    fn each_histogram(&self, arg: &Expr, grid: Grid, mut apply: impl FnMut(usize, &mut Vec<Bucket>) -> f64) -> Result<Block, EvalError> {
        let inner = self.vector(arg, grid)?;
        let histograms = self.histograms(&inner.columns, arg);
        let charges = vec![self.charge_columns(histograms.len(), grid)?];
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut columns = Vec::with_capacity(histograms.len());
        for histogram in histograms {
            self.check_cancelled()?;
            let mut values = vec![ABSENT; grid.steps];
            for (step, value) in values.iter_mut().enumerate() {
                buckets.clear();
                for &(upper, member) in &histogram.members {
                    let count = inner.columns[member].values[step];
                    match buckets.last_mut() {
                        _ if is_absent(count) => {}
                        // Differently written bounds of the same value, such as `1` and `1.0`.
                        Some(last) if last.upper == upper => last.count += count,
                        _ => buckets.push(Bucket { upper, count }),
                    }
                }
                if !buckets.is_empty() {
                    *value = apply(step, &mut buckets);
                }
            }
            columns.push(Column::floats(histogram.labels.without_name(), values));
        }
        columns.retain(|column| !column.is_empty());
        unite(Block { columns, charges })
    }

    /// Groups series by all labels but `le`, in the order of their first bucket.
    fn histograms(&self, columns: &[Column], arg: &Expr) -> Vec<Histogram> {
        let mut place: HashMap<Labels, usize> = HashMap::new();
        let mut histograms: Vec<Histogram> = Vec::new();
        for (member, column) in columns.iter().enumerate() {
            let bound = column.labels.value("le");
            let Some(upper) = bound.parse::<f64>().ok().filter(|upper| !upper.is_nan()) else {
                let mut message = format!("bucket label \"le\" is missing or has a malformed value of {}", quote(bound));
                if let Some(name) = column.labels.get(METRIC_NAME) {
                    message = format!("{message} for metric name {}", quote(name));
                }
                self.annotations.warning(arg.span, &message);
                continue;
            };
            let labels = column.labels.filter(|name| name != "le");
            let index = *place.entry(labels.clone()).or_insert_with(|| {
                histograms.push(Histogram { labels, members: Vec::new() });
                histograms.len() - 1
            });
            histograms[index].members.push((upper, member));
        }
        for histogram in &mut histograms {
            histogram.members.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        histograms
    }
}

/// Lifts counts that fall below the bucket before, and says whether there was one that rounding
/// does not explain.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut forced = false;
    let mut previous = buckets[0].count;
    for bucket in &mut buckets[1..] {
        if nearly_equal(previous, bucket.count) {
            bucket.count = previous;
        } else if bucket.count < previous {
            bucket.count = previous;
            forced = true;
        } else {
            previous = bucket.count;
        }
    }
    forced
}

fn nearly_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < SMALL_DIFFERENCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < SMALL_DIFFERENCE
}

/// The φ-quantile, by linear interpolation within the bucket it falls into, and whether counts had
/// to be lifted. The lowest bucket begins at zero if its bound is positive; from the highest one
/// comes its lower bound.
fn quantile(q: f64, buckets: &mut [Bucket]) -> (f64, bool) {
    if q.is_nan() {
        return (f64::NAN, false);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, false);
    }
    if q > 1.0 {
        return (f64::INFINITY, false);
    }
    let last = buckets.len() - 1;
    if buckets[last].upper != f64::INFINITY {
        return (f64::NAN, false);
    }
    let forced = make_monotonic(buckets);
    let total = buckets[last].count;
    if last == 0 || total == 0.0 || total.is_nan() {
        return (f64::NAN, forced);
    }
    let mut rank = q * total;
    let found = buckets[..last].partition_point(|bucket| bucket.count < rank);
    let Bucket { upper, mut count } = buckets[found];
    if found == last {
        return (buckets[last - 1].upper, forced);
    }
    if found == 0 && upper <= 0.0 {
        return (upper, forced);
    }
    let mut lower = 0.0;
    if found > 0 {
        lower = buckets[found - 1].upper;
        count -= buckets[found - 1].count;
        rank -= buckets[found - 1].count;
    }
    (lower + (upper - lower) * (rank / count), forced)
}

/// The share of observations between two bounds, by linear interpolation.
fn fraction(lower: f64, upper: f64, buckets: &[Bucket]) -> f64 {
    let last = buckets[buckets.len() - 1];
    if last.upper != f64::INFINITY || last.count == 0.0 || last.count.is_nan() || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let rank = |bound: f64| {
        let found = buckets.partition_point(|bucket| bucket.upper <= bound);
        let (begin, below) = match found.checked_sub(1) {
            Some(before) => (buckets[before].upper, buckets[before].count),
            None if buckets[0].upper > 0.0 => (0.0, 0.0),
            None => (f64::NEG_INFINITY, 0.0),
        };
        match buckets.get(found) {
            None => last.count,
            Some(bucket) if bound <= begin || bucket.upper.is_infinite() || begin.is_infinite() => below,
            Some(bucket) => below + (bucket.count - below) * (bound - begin) / (bucket.upper - begin),
        }
    };
    (rank(upper).min(last.count) - rank(lower).min(last.count)) / last.count
}
