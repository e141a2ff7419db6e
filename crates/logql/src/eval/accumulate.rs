//! What becomes of samples: cells that can be united, one for each series and bucket.

use super::windows::Windows;
use super::{EvalError, EvalOptions};
use crate::ast::RangeOp;
use phoenix_model::Charge;
use phoenix_query::ABSENT;
use phoenix_query::numeric::{CompensatedSum, nan_first};
use std::ops::Range;

/// Takes samples of series.
pub(super) trait Accumulator {
    /// Adds a sample to a bucket of a series.
    fn add(&mut self, series: usize, bucket: usize, timestamp_ns: i64, value: f64) -> Result<(), EvalError>;

    /// The values of a series at all steps.
    fn finish(&mut self, series: usize, windows: &Windows) -> Result<Vec<f64>, EvalError>;
}

/// The accumulator of an operation. `param` is the quantile.
pub(super) fn accumulator<'a>(
    op: RangeOp,
    param: f64,
    unwrapped: bool,
    windows: &Windows,
    options: &EvalOptions<'a>,
) -> Result<Box<dyn Accumulator + 'a>, EvalError> {
    let (buckets, seconds) = (windows.buckets(), windows.seconds());
    Ok(match op {
        RangeOp::CountOverTime | RangeOp::AbsentOverTime | RangeOp::BytesOverTime => folding(options, buckets, |c: &Total| c.0)?,
        RangeOp::Rate if unwrapped => folding(options, buckets, move |c: &Sum| c.0.value() / seconds)?,
        RangeOp::Rate | RangeOp::BytesRate => folding(options, buckets, move |c: &Total| c.0 / seconds)?,
        RangeOp::SumOverTime => folding(options, buckets, |c: &Sum| c.0.value())?,
        RangeOp::AvgOverTime => folding(options, buckets, |c: &Average| c.sum.value() / c.count)?,
        RangeOp::MinOverTime => folding(options, buckets, |c: &Least| c.0)?,
        RangeOp::MaxOverTime => folding(options, buckets, |c: &Most| c.0)?,
        RangeOp::StdvarOverTime => folding(options, buckets, |c: &Spread| c.squares / c.count)?,
        RangeOp::StddevOverTime => folding(options, buckets, |c: &Spread| (c.squares / c.count).sqrt())?,
        RangeOp::FirstOverTime => folding(options, buckets, |c: &First| c.value)?,
        RangeOp::LastOverTime => folding(options, buckets, |c: &Last| c.value)?,
        RangeOp::QuantileOverTime => {
            Box::new(Gathering::new(options, buckets, |value, _| value, move |values: &mut Vec<f64>, _| quantile(param, values))?)
        }
        RangeOp::RateCounter => Box::new(Gathering::new(
            options,
            buckets,
            |value, timestamp_ns| (timestamp_ns, value),
            |values: &mut Vec<(i64, f64)>, bounds| counter_rate(values, bounds),
        )?),
    })
}

/// What samples are folded into.
trait Cell: Clone + 'static {
    fn of(timestamp_ns: i64, value: f64) -> Self;
    /// Unites with what comes later.
    fn merge(&mut self, later: &Self);
}

#[derive(Clone)]
struct Total(f64);

impl Cell for Total {
    fn of(_: i64, value: f64) -> Self {
        Self(value)
    }

    fn merge(&mut self, later: &Self) {
        self.0 += later.0;
    }
}

#[derive(Clone)]
struct Sum(CompensatedSum);

impl Cell for Sum {
    fn of(_: i64, value: f64) -> Self {
        Self(CompensatedSum { sum: value, compensation: 0.0 })
    }

    fn merge(&mut self, later: &Self) {
        self.0.merge(later.0);
    }
}

#[derive(Clone)]
struct Average {
    sum: CompensatedSum,
    count: f64,
}

impl Cell for Average {
    fn of(_: i64, value: f64) -> Self {
        Self { sum: CompensatedSum { sum: value, compensation: 0.0 }, count: 1.0 }
    }

    fn merge(&mut self, later: &Self) {
        self.sum.merge(later.sum);
        self.count += later.count;
    }
}

#[derive(Clone)]
struct Least(f64);

impl Cell for Least {
    fn of(_: i64, value: f64) -> Self {
        Self(value)
    }

    fn merge(&mut self, later: &Self) {
        self.0 = self.0.min(later.0);
    }
}

#[derive(Clone)]
struct Most(f64);

impl Cell for Most {
    fn of(_: i64, value: f64) -> Self {
        Self(value)
    }

    fn merge(&mut self, later: &Self) {
        self.0 = self.0.max(later.0);
    }
}

/// Count, mean and squared distances from it, united by T. Chan's formula (1979).
#[derive(Clone)]
struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Cell for Spread {
    fn of(_: i64, value: f64) -> Self {
        Self { count: 1.0, mean: value, squares: 0.0 }
    }

    fn merge(&mut self, later: &Self) {
        let count = self.count + later.count;
        let distance = later.mean - self.mean;
        self.squares += later.squares + distance * distance * (self.count * later.count / count);
        self.mean += distance * (later.count / count);
        self.count = count;
    }
}

#[derive(Clone)]
struct First {
    timestamp_ns: i64,
    value: f64,
}

impl Cell for First {
    fn of(timestamp_ns: i64, value: f64) -> Self {
        Self { timestamp_ns, value }
    }

    fn merge(&mut self, later: &Self) {
        if later.timestamp_ns < self.timestamp_ns {
            self.clone_from(later);
        }
    }
}

#[derive(Clone)]
struct Last {
    timestamp_ns: i64,
    value: f64,
}

impl Cell for Last {
    fn of(timestamp_ns: i64, value: f64) -> Self {
        Self { timestamp_ns, value }
    }

    fn merge(&mut self, later: &Self) {
        if later.timestamp_ns >= self.timestamp_ns {
            self.clone_from(later);
        }
    }
}

/// Buckets in one allocation.
const PAGE: usize = 64;

/// Cells of neighbouring buckets.
type Page<T> = Option<Box<[Option<T>]>>;

/// Cells of series by bucket; where there is nothing, there are no pages.
struct Cells<T> {
    buckets: usize,
    /// Buckets of a page.
    page: usize,
    series: Vec<Vec<Page<T>>>,
    charge: Charge,
}

impl<T: Clone> Cells<T> {
    fn new(options: &EvalOptions<'_>, buckets: usize) -> Result<Self, EvalError> {
        Ok(Self { buckets, page: buckets.clamp(1, PAGE), series: Vec::new(), charge: options.budget.charge(0)? })
    }

    /// The cell, and the charge for what grows in it.
    #[inline]
    fn cell(&mut self, series: usize, bucket: usize) -> Result<(&mut Option<T>, &mut Charge), EvalError> {
        while self.series.len() <= series {
            let pages = self.buckets.div_ceil(self.page);
            self.charge.grow((pages * size_of::<Page<T>>()) as u64)?;
            self.series.push(vec![None; pages]);
        }
        let page = &mut self.series[series][bucket / self.page];
        if page.is_none() {
            self.charge.grow((self.page * size_of::<Option<T>>()) as u64)?;
            *page = Some(vec![None; self.page].into());
        }
        let page = page.as_mut().expect("made above");
        Ok((&mut page[bucket % self.page], &mut self.charge))
    }

    /// The cells in a run of buckets that hold something.
    fn present(&self, series: usize, buckets: Range<usize>) -> impl Iterator<Item = &T> {
        let pages = self.series.get(series).map_or(&[][..], Vec::as_slice);
        let size = self.page;
        let numbers = buckets.start / size..buckets.end.div_ceil(size);
        numbers.filter_map(move |number| Some((number, pages.get(number)?.as_ref()?))).flat_map(move |(number, page)| {
            let first = buckets.start.saturating_sub(number * size);
            let end = (buckets.end - number * size).min(size);
            page[first..end].iter().flatten()
        })
    }

    fn get(&self, series: usize, bucket: usize) -> Option<&T> {
        self.series.get(series)?[bucket / self.page].as_ref()?[bucket % self.page].as_ref()
    }
}

/// Samples that are folded as they come.
struct Folding<C, V> {
    cells: Cells<C>,
    value: V,
}

fn folding<'a, C: Cell, V: Fn(&C) -> f64 + 'a>(
    options: &EvalOptions<'a>,
    buckets: usize,
    value: V,
) -> Result<Box<dyn Accumulator + 'a>, EvalError> {
    Ok(Box::new(Folding { cells: Cells::new(options, buckets)?, value }))
}

impl<C: Cell, V: Fn(&C) -> f64> Accumulator for Folding<C, V> {
    fn add(&mut self, series: usize, bucket: usize, timestamp_ns: i64, value: f64) -> Result<(), EvalError> {
        let sample = C::of(timestamp_ns, value);
        match self.cells.cell(series, bucket)?.0 {
            Some(cell) => cell.merge(&sample),
            empty => *empty = Some(sample),
        }
        Ok(())
    }

    fn finish(&mut self, series: usize, windows: &Windows) -> Result<Vec<f64>, EvalError> {
        let mut sliding = Sliding { front: Vec::new(), back: Vec::new(), back_all: None };
        let (mut first, mut next) = (0, 0);
        let mut values = Vec::with_capacity(windows.steps.count);
        for step in 0..windows.steps.count {
            let window = windows.window(step);
            while first < window.start {
                if first < next {
                    sliding.pop();
                } else {
                    // Buckets between windows are in none of them.
                    next += 1;
                }
                first += 1;
            }
            while next < window.end {
                sliding.push(self.cells.get(series, next).cloned());
                next += 1;
            }
            values.push(sliding.all().map_or(ABSENT, |cell| (self.value)(&cell)));
        }
        Ok(values)
    }
}

/// A queue that knows what all of its cells are together: two stacks, of which the front one holds
/// for each cell what it and those behind it are together.
struct Sliding<C> {
    front: Vec<Option<C>>,
    back: Vec<Option<C>>,
    back_all: Option<C>,
}

impl<C: Cell> Sliding<C> {
    fn push(&mut self, cell: Option<C>) {
        self.back_all = united(self.back_all.take(), cell.as_ref());
        self.back.push(cell);
    }

    fn pop(&mut self) {
        if self.front.is_empty() {
            self.back_all = None;
            let mut all: Option<C> = None;
            while let Some(cell) = self.back.pop() {
                all = united(cell, all.as_ref());
                self.front.push(all.clone());
            }
        }
        self.front.pop();
    }

    fn all(&self) -> Option<C> {
        united(self.front.last().cloned().flatten(), self.back_all.as_ref())
    }
}

fn united<C: Cell>(earlier: Option<C>, later: Option<&C>) -> Option<C> {
    match (earlier, later) {
        (Some(mut earlier), Some(later)) => {
            earlier.merge(later);
            Some(earlier)
        }
        (earlier, later) => earlier.or_else(|| later.cloned()),
    }
}

/// Samples that are kept until the end.
struct Gathering<'a, T, M, V> {
    cells: Cells<Vec<T>>,
    cancelled: &'a (dyn Fn() -> bool + Sync),
    make: M,
    value: V,
    scratch: Vec<T>,
}

impl<'a, T: Copy, M: Fn(f64, i64) -> T, V: Fn(&mut Vec<T>, (i64, i64)) -> f64> Gathering<'a, T, M, V> {
    fn new(options: &EvalOptions<'a>, buckets: usize, make: M, value: V) -> Result<Self, EvalError> {
        Ok(Self { cells: Cells::new(options, buckets)?, cancelled: options.cancelled, make, value, scratch: Vec::new() })
    }
}

impl<T: Copy, M: Fn(f64, i64) -> T, V: Fn(&mut Vec<T>, (i64, i64)) -> f64> Accumulator for Gathering<'_, T, M, V> {
    fn add(&mut self, series: usize, bucket: usize, timestamp_ns: i64, value: f64) -> Result<(), EvalError> {
        let sample = (self.make)(value, timestamp_ns);
        let (cell, charge) = self.cells.cell(series, bucket)?;
        let values = cell.get_or_insert_default();
        if values.len() == values.capacity() {
            // As much again as there is, as vectors grow.
            let more = values.len().max(4);
            charge.grow((more * size_of::<T>()) as u64)?;
            values.reserve_exact(more);
        }
        values.push(sample);
        Ok(())
    }

    fn finish(&mut self, series: usize, windows: &Windows) -> Result<Vec<f64>, EvalError> {
        let mut all = Vec::with_capacity(windows.steps.count);
        for step in 0..windows.steps.count {
            // Long windows over many steps are a lot of work.
            if (self.cancelled)() {
                return Err(EvalError::Cancelled);
            }
            self.scratch.clear();
            for values in self.cells.present(series, windows.window(step)) {
                self.scratch.extend(values);
            }
            all.push(if self.scratch.is_empty() { ABSENT } else { (self.value)(&mut self.scratch, windows.bounds_ns(step)) });
        }
        Ok(all)
    }
}

/// As [`phoenix_query::numeric::quantile`], which sorts, in linear time.
fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    let last = values.len() - 1;
    let rank = q * last as f64;
    let lower = (rank.floor() as usize).min(last);
    let weight = rank - rank.floor();
    let (_, &mut low, above) = values.select_nth_unstable_by(lower, nan_first);
    let high = above.iter().copied().min_by(nan_first).unwrap_or(low);
    low * (1.0 - weight) + high * weight
}

/// Prometheus' `rate`: the increase with counter resets, extrapolated to the bounds of the window
/// where samples come close to them, per second. Fewer than two samples make 0, as in Loki.
fn counter_rate(samples: &mut [(i64, f64)], (before_ns, last_ns): (i64, i64)) -> f64 {
    samples.sort_by_key(|(timestamp_ns, _)| *timestamp_ns);
    let ([first, .., last], range) = (&*samples, (last_ns - before_ns) as f64 / 1e9) else { return 0.0 };
    let mut increase = last.1 - first.1;
    for pair in samples.windows(2) {
        if pair[1].1 < pair[0].1 {
            increase += pair[0].1;
        }
    }
    let seconds = |from: i64, to: i64| (to - from) as f64 / 1e9;
    let sampled = seconds(first.0, last.0);
    if sampled <= 0.0 {
        return 0.0;
    }
    let mut to_start = seconds(before_ns, first.0);
    let mut to_end = seconds(last.0, last_ns);
    let between = sampled / (samples.len() - 1) as f64;
    let threshold = between * 1.1;
    if to_start >= threshold {
        to_start = between / 2.0;
    }
    if increase > 0.0 && first.1 >= 0.0 {
        // A counter cannot have been below zero.
        to_start = to_start.min(sampled * (first.1 / increase));
    }
    if to_end >= threshold {
        to_end = between / 2.0;
    }
    increase * ((sampled + to_start + to_end) / sampled) / range
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_sorted_values(values in prop::collection::vec(prop_oneof![any::<f64>(), -9.0..9.0], 1..40), q in -0.1..1.1) {
            let want = phoenix_query::numeric::quantile(q, &mut values.clone());
            let got = quantile(q, &mut values.clone());
            prop_assert!(got == want || got.is_nan() && want.is_nan(), "{} and not {}", got, want);
        }
    }

    #[test]
    fn counters_are_extrapolated() {
        let s = 1_000_000_000;
        for (samples, want) in [
            (vec![(10 * s, 0.0), (20 * s, 10.0), (30 * s, 20.0), (40 * s, 30.0), (50 * s, 40.0)], 50.0 / 60.0),
            (vec![(30 * s, 5.0)], 0.0),
            // A reset: 5 more, then 3 from zero.
            (vec![(10 * s, 5.0), (30 * s, 10.0), (50 * s, 3.0)], 8.0 * 60.0 / 40.0 / 60.0),
        ] {
            let got = counter_rate(&mut samples.clone(), (0, 60 * s));
            assert!((got - want).abs() < 1e-9, "{samples:?}: {got} and not {want}");
        }
    }
}
