//! Quantiles and fractions of native histograms and of classic ones: series with a label `le` that
//! count what is less or equal.

use super::EvalError;
use super::block::Block;
use super::evaluator::{Evaluator, unite};
use crate::ast::{Call, Expr};
use phoenix_model::histogram::NanObservations;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Histogram as Native, Labels};
use phoenix_query::cursor::quote;
use phoenix_query::{ABSENT, Column, Grid, is_absent};
use std::collections::HashMap;

/// How many quantiles `histogram_quantiles` takes, as in Prometheus.
const MAX_QUANTILES: usize = 10;

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
        let q = self.checked_quantiles(&call.args[0], grid)?;
        let inner = self.vector(&call.args[1], grid)?;
        self.quantiles_of(&q, &inner, &call.args[1], grid)
    }

    /// Several quantiles, each with a label that names it.
    pub(super) fn histogram_quantiles(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let inner = self.vector(&call.args[0], grid)?;
        let label = self.string(&call.args[1], grid)?;
        if label.is_empty() {
            return Err(EvalError::Execution(format!("invalid label name {label:?} in histogram_quantiles")));
        }
        if call.args.len() - 2 > MAX_QUANTILES {
            return Err(EvalError::Execution(format!("histogram_quantiles takes at most {MAX_QUANTILES} quantiles")));
        }
        let mut all = Block::default();
        for arg in &call.args[2..] {
            let q = self.checked_quantiles(arg, grid)?;
            // Each step may have a quantile of its own, and so another label.
            let mut different = q.clone();
            different.sort_by(f64::total_cmp);
            different.dedup_by(|a, b| a.to_bits() == b.to_bits());
            let block = self.quantiles_of(&q, &inner, &call.args[0], grid)?;
            for quantile in different {
                all.charges.push(self.charge_columns(block.columns.len(), grid)?);
                for column in &block.columns {
                    let mut labels = column.labels.to_builder();
                    labels.set(&label, &crate::format::number(quantile));
                    let mut column = Column::floats(labels.build(), column.values.clone());
                    column.retain_steps(|step| q[step].to_bits() == quantile.to_bits());
                    if !column.is_empty() {
                        all.columns.push(column);
                    }
                }
            }
        }
        unite(all)
    }

    fn checked_quantiles(&self, arg: &Expr, grid: Grid) -> Result<Vec<f64>, EvalError> {
        let q = self.scalar(arg, grid)?;
        for q in &q {
            self.check_quantile(*q, arg.span);
        }
        Ok(q)
    }

    fn quantiles_of(&self, q: &[f64], inner: &Block, arg: &Expr, grid: Grid) -> Result<Block, EvalError> {
        let mut was_forced = false;
        let classic = |step: usize, buckets: &mut Vec<Bucket>| {
            let (value, forced) = quantile(q[step], buckets);
            was_forced |= forced;
            value
        };
        let native = |column: &Column, step: usize, histogram: &Native| {
            let (value, nan) = histogram.quantile(q[step]);
            let what = match nan {
                NanObservations::None => return value,
                NanObservations::Skew => "result is skewed higher",
                NanObservations::Result => "result is NaN",
            };
            self.remark_on(&column.labels, &format!("input to histogram_quantile has NaN observations, {what}"), arg);
            value
        };
        let block = self.each_histogram(inner, arg, grid, classic, native)?;
        if was_forced {
            self.annotations.info(
                arg.span,
                "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
            );
        }
        Ok(block)
    }

    pub(super) fn histogram_fraction(&self, call: &Call, grid: Grid) -> Result<Block, EvalError> {
        let (lower, upper) = (self.scalar(&call.args[0], grid)?, self.scalar(&call.args[1], grid)?);
        let arg = &call.args[2];
        let inner = self.vector(arg, grid)?;
        let native = |column: &Column, step: usize, histogram: &Native| {
            let (value, has_nan) = histogram.fraction(lower[step], upper[step]);
            if has_nan {
                let what = "input to histogram_fraction has NaN observations, which are excluded from all fractions";
                self.remark_on(&column.labels, what, arg);
            }
            value
        };
        self.each_histogram(&inner, arg, grid, |step, buckets| fraction(lower[step], upper[step], buckets), native)
    }

    fn remark_on(&self, labels: &Labels, what: &str, arg: &Expr) {
        let name = labels.get(METRIC_NAME).map_or_else(String::new, |name| format!(" for metric name {}", quote(name)));
        self.annotations.info(arg.span, &format!("{what}{name}"));
    }

    /// Applies a function to the buckets of each classic histogram, which have ascending, distinct
    /// upper bounds, and another one to each native histogram, at each step.
    fn each_histogram(
        &self,
        inner: &Block,
        arg: &Expr,
        grid: Grid,
        mut classic: impl FnMut(usize, &mut Vec<Bucket>) -> f64,
        mut native: impl FnMut(&Column, usize, &Native) -> f64,
    ) -> Result<Block, EvalError> {
        let histograms = self.histograms(&inner.columns, arg);
        // Native histograms by the labels that a classic one of the same name would have.
        let mut natives: HashMap<Labels, Vec<&Column>> = HashMap::new();
        for column in inner.columns.iter().filter(|column| !column.histograms.is_empty()) {
            natives.entry(column.labels.filter(|name| name != "le")).or_default().push(column);
        }
        let mut charges = vec![self.charge_columns(histograms.len(), grid)?];
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut columns = Vec::with_capacity(histograms.len());
        // Steps at which there are both, so that neither counts.
        let mut both: HashMap<Labels, Vec<usize>> = HashMap::new();
        for histogram in histograms {
            self.check_cancelled()?;
            let same_name = natives.get(&histogram.labels);
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
                if buckets.is_empty() {
                    continue;
                }
                if same_name.is_some_and(|columns| columns.iter().any(|column| column.histogram(step).is_some())) {
                    both.entry(histogram.labels.clone()).or_default().push(step);
                    continue;
                }
                *value = classic(step, &mut buckets);
            }
            columns.push(Column::floats(histogram.labels.without_name(), values));
        }
        for column in inner.columns.iter().filter(|column| !column.histograms.is_empty()) {
            charges.push(self.charge_columns(1, grid)?);
            let without = both.get(&column.labels.filter(|name| name != "le")).map_or(&[][..], Vec::as_slice);
            let mut result = Column::absent(column.labels.without_name(), grid.steps);
            for (step, histogram) in &column.histograms {
                if without.binary_search(step).is_ok() {
                    let name = column.labels.get(METRIC_NAME).map_or_else(String::new, |name| format!(" for metric name {}", quote(name)));
                    let message = format!("vector contains a mix of classic and native histograms{name}");
                    self.annotations.warning(arg.span, &message);
                } else {
                    result.values[*step] = native(column, *step, histogram);
                }
            }
            columns.push(result);
        }
        columns.retain(|column| !column.is_empty());
        unite(Block { columns, charges })
    }

    /// Groups series by all labels but `le`, in the order of their first bucket.
    fn histograms(&self, columns: &[Column], arg: &Expr) -> Vec<Histogram> {
        let mut place: HashMap<Labels, usize> = HashMap::new();
        let mut histograms: Vec<Histogram> = Vec::new();
        // A series of native histograms needs no bound.
        let classic = |column: &Column| column.histograms.is_empty() || column.values.iter().any(|v| !is_absent(*v));
        for (member, column) in columns.iter().enumerate().filter(|(_, column)| classic(column)) {
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
