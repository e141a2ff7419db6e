//! Sums, differences and means of histograms.

use super::bounds::{coarser_index, exponential_bound};
use super::buckets::spans_of;
use super::{CUSTOM_BUCKETS_SCHEMA, CounterReset, Histogram};
use crate::CompensatedSum;

/// Two histograms have no layout in common: one has custom buckets, the other exponential ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("histograms with exponential and with custom buckets have no layout in common")]
pub struct IncompatibleLayouts;

/// Counts by bucket index, ascending.
type Cells = Vec<(i32, CompensatedSum)>;

/// A running sum of histograms. Each count is compensated for rounding. The layout becomes what all
/// have in common: the coarsest schema, the widest zero bucket, or the custom bounds that all share.
///
/// <https://prometheus.io/docs/specs/native_histograms/#compatibility-between-histograms>
#[derive(Debug, Clone)]
pub struct HistogramSum {
    counter_reset: CounterReset,
    schema: i32,
    zero_threshold: f64,
    zero_count: CompensatedSum,
    count: CompensatedSum,
    sum: CompensatedSum,
    positive: Cells,
    negative: Cells,
    custom_values: Vec<f64>,
    saw_reset: bool,
    saw_no_reset: bool,
    bounds_reconciled: bool,
}

impl HistogramSum {
    /// Begins with one histogram.
    pub fn new(first: &Histogram) -> Self {
        let cells = |cells: &mut dyn Iterator<Item = (i32, f64)>| cells.map(|(index, count)| (index, count.into())).collect();
        let mut sum = Self {
            counter_reset: first.counter_reset,
            schema: first.schema,
            zero_threshold: first.zero_threshold,
            zero_count: first.zero_count.into(),
            count: first.count.into(),
            sum: first.sum.into(),
            positive: cells(&mut first.positive_cells()),
            negative: cells(&mut first.negative_cells()),
            custom_values: first.custom_values.clone(),
            saw_reset: false,
            saw_no_reset: false,
            bounds_reconciled: false,
        };
        sum.note_hint(first.counter_reset);
        sum
    }

    /// Adds a histogram. Two counters stay a counter, whose hint is kept if both agree on it; a
    /// gauge makes the sum a gauge.
    pub fn add(&mut self, other: &Histogram) -> Result<(), IncompatibleLayouts> {
        self.add_scaled(other, 1.0)?;
        let hint = &mut self.counter_reset;
        *hint = match (*hint, other.counter_reset) {
            (mine, theirs) if mine == theirs => mine,
            (CounterReset::Gauge, _) | (_, CounterReset::Gauge) => CounterReset::Gauge,
            _ => CounterReset::Unknown,
        };
        Ok(())
    }

    /// Subtracts a histogram. The difference is a gauge, as it may be negative.
    pub fn subtract(&mut self, other: &Histogram) -> Result<(), IncompatibleLayouts> {
        self.add_scaled(other, -1.0)?;
        self.counter_reset = CounterReset::Gauge;
        Ok(())
    }

    /// Adds a histogram whose counts and sum are multiplied by a factor, and leaves the hint alone.
    pub fn add_scaled(&mut self, other: &Histogram, factor: f64) -> Result<(), IncompatibleLayouts> {
        let custom = self.schema == CUSTOM_BUCKETS_SCHEMA;
        if custom != other.uses_custom_buckets() {
            return Err(IncompatibleLayouts);
        }
        self.note_hint(other.counter_reset);
        self.count.add(other.count * factor);
        self.sum.add(other.sum * factor);
        if custom {
            self.add_custom(other, factor);
            return Ok(());
        }
        self.coarsen(other.schema);
        let (steps, schema) = ((other.schema - self.schema) as u32, self.schema);
        if other.zero_threshold == self.zero_threshold {
            self.zero_count.add(other.zero_count * factor);
            add_cells(&mut self.positive, other.positive_cells().map(|(i, count)| (coarser_index(i, steps), count * factor)));
            add_cells(&mut self.negative, other.negative_cells().map(|(i, count)| (coarser_index(i, steps), count * factor)));
            return Ok(());
        }
        let mut theirs = Self::new(other);
        theirs.coarsen(schema);
        // Each may have to go further than the other, to the end of a populated bucket.
        while self.zero_threshold != theirs.zero_threshold {
            let wider = self.zero_threshold.max(theirs.zero_threshold);
            self.widen_zero_bucket(wider);
            theirs.widen_zero_bucket(wider.max(self.zero_threshold));
        }
        self.zero_count.add(theirs.zero_count.value() * factor);
        add_cells(&mut self.positive, theirs.positive.into_iter().map(|(i, count)| (i, count.value() * factor)));
        add_cells(&mut self.negative, theirs.negative.into_iter().map(|(i, count)| (i, count.value() * factor)));
        Ok(())
    }

    fn add_custom(&mut self, other: &Histogram, factor: f64) {
        if self.custom_values == other.custom_values {
            add_cells(&mut self.positive, other.positive_cells().map(|(i, count)| (i, count * factor)));
            return;
        }
        self.bounds_reconciled = true;
        let shared = shared_bounds(&self.custom_values, &other.custom_values);
        let mine = std::mem::take(&mut self.positive);
        for (index, count) in mine {
            let index = index_among(&shared, &self.custom_values, index);
            match self.positive.last_mut() {
                Some((last, sum)) if *last == index => sum.merge(count),
                _ => self.positive.push((index, count)),
            }
        }
        add_cells(
            &mut self.positive,
            other.positive_cells().map(|(i, count)| (index_among(&shared, &other.custom_values, i), count * factor)),
        );
        self.custom_values = shared;
    }

    fn is_infinite(&self) -> bool {
        let buckets = self.positive.iter().chain(&self.negative).map(|(_, sum)| sum);
        [&self.zero_count, &self.count, &self.sum].into_iter().chain(buckets).any(|sum| sum.sum.is_infinite())
    }

    /// Divides everything, and keeps the hint.
    pub fn divide(&mut self, divisor: f64) {
        let divide = |sum: &mut CompensatedSum| *sum = CompensatedSum { sum: sum.sum / divisor, compensation: sum.compensation / divisor };
        [&mut self.zero_count, &mut self.count, &mut self.sum].into_iter().for_each(divide);
        self.positive.iter_mut().chain(&mut self.negative).for_each(|(_, sum)| divide(sum));
    }

    /// Whether a histogram that says its counts begin again met one that says they do not.
    pub fn has_conflicting_resets(&self) -> bool {
        self.saw_reset && self.saw_no_reset
    }

    /// Whether custom bounds had to be dropped because not all histograms have them, since this was
    /// last asked.
    pub fn take_reconciled_bounds(&mut self) -> bool {
        std::mem::take(&mut self.bounds_reconciled)
    }

    /// The sum, with the buckets that are not empty.
    pub fn finish(self) -> Histogram {
        let spans = |cells: Cells| spans_of(cells.into_iter().map(|(index, sum)| (index, sum.value())));
        let (positive_spans, positive) = spans(self.positive);
        let (negative_spans, negative) = spans(self.negative);
        Histogram {
            counter_reset: self.counter_reset,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count.value(),
            count: self.count.value(),
            sum: self.sum.value(),
            positive_spans,
            negative_spans,
            positive,
            negative,
            custom_values: self.custom_values,
        }
    }

    fn note_hint(&mut self, hint: CounterReset) {
        self.saw_reset |= hint == CounterReset::Yes;
        self.saw_no_reset |= hint == CounterReset::No;
    }

    /// Goes to a schema that is coarser; stays when it is finer.
    pub fn coarsen(&mut self, schema: i32) {
        if schema >= self.schema {
            return;
        }
        let steps = (self.schema - schema) as u32;
        for cells in [&mut self.positive, &mut self.negative] {
            for (index, _) in cells.iter_mut() {
                *index = coarser_index(*index, steps);
            }
            cells.dedup_by(|(index, later), (kept, sum)| {
                let same = index == kept;
                if same {
                    sum.merge(*later);
                }
                same
            });
        }
        self.schema = schema;
    }

    /// Widens the zero bucket to a threshold, or further to the end of a populated bucket that the
    /// threshold cuts through.
    pub(super) fn widen_zero_bucket(&mut self, threshold: f64) {
        if threshold <= self.zero_threshold {
            return;
        }
        let mut threshold = threshold;
        loop {
            let before = threshold;
            for cells in [&self.positive, &self.negative] {
                for &(index, count) in cells {
                    if exponential_bound(index.saturating_sub(1), self.schema) >= threshold {
                        break;
                    }
                    if count.value() != 0.0 {
                        threshold = threshold.max(exponential_bound(index, self.schema));
                    }
                }
            }
            if threshold == before {
                break;
            }
        }
        for cells in [&mut self.positive, &mut self.negative] {
            let swallowed = cells.partition_point(|(index, _)| exponential_bound(index.saturating_sub(1), self.schema) < threshold);
            for (_, count) in cells.drain(..swallowed) {
                self.zero_count.merge(count);
            }
        }
        self.zero_threshold = threshold;
    }
}

/// Adds counts whose indices ascend; the same index may come several times.
fn add_cells(cells: &mut Cells, other: impl Iterator<Item = (i32, f64)>) {
    let mut at = 0;
    let mut missing: Cells = Vec::new();
    for (index, count) in other {
        while at < cells.len() && cells[at].0 < index {
            at += 1;
        }
        if cells.get(at).is_some_and(|(mine, _)| *mine == index) {
            cells[at].1.add(count);
        } else if let Some((_, sum)) = missing.last_mut().filter(|(last, _)| *last == index) {
            sum.add(count);
        } else {
            missing.push((index, count.into()));
        }
    }
    if !missing.is_empty() {
        cells.extend(missing);
        cells.sort_by_key(|(index, _)| *index);
    }
}

/// The bounds that both lists have; both ascend.
pub(super) fn shared_bounds(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().copied().filter(|bound| b.binary_search_by(|other| other.total_cmp(bound)).is_ok()).collect()
}

/// The index among shared bounds of the bucket that holds the bucket of an index.
pub(super) fn index_among(shared: &[f64], bounds: &[f64], index: i32) -> i32 {
    let upper = usize::try_from(index).ok().and_then(|index| bounds.get(index)).copied().unwrap_or(f64::INFINITY);
    shared.partition_point(|bound| *bound < upper) as i32
}

impl Histogram {
    /// The mean of histograms; `None` of none. A sum that overflows is avoided by dividing first.
    pub fn mean<'a>(histograms: impl ExactSizeIterator<Item = &'a Self> + Clone) -> Result<Option<HistogramSum>, IncompatibleLayouts> {
        let count = histograms.len() as f64;
        let mut all = histograms.clone();
        let Some(first) = all.next() else { return Ok(None) };
        let mut sum = HistogramSum::new(first);
        all.try_for_each(|histogram| sum.add(histogram))?;
        if sum.is_infinite() {
            let mut all = histograms.map(|histogram| histogram.divided(count));
            let Some(first) = all.next() else { return Ok(None) };
            sum = HistogramSum::new(&first);
            all.try_for_each(|histogram| sum.add(&histogram))?;
        } else {
            sum.divide(count);
        }
        Ok(Some(sum))
    }

    /// The histogram with all counts and the sum multiplied by a factor. A negative factor makes it
    /// a gauge.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        self.mapped(factor < 0.0, |count| count * factor)
    }

    /// The histogram with all counts and the sum divided by a number. A negative divisor makes it a
    /// gauge; zero leaves no buckets but the zero bucket.
    #[must_use]
    pub fn divided(&self, divisor: f64) -> Self {
        let mut divided = self.mapped(divisor < 0.0, |count| count / divisor);
        if divisor == 0.0 {
            for spans in [&mut divided.positive_spans, &mut divided.negative_spans] {
                spans.clear();
            }
            for counts in [&mut divided.positive, &mut divided.negative] {
                counts.clear();
            }
        }
        divided
    }

    fn mapped(&self, gauge: bool, map: impl Fn(f64) -> f64) -> Self {
        let custom = self.uses_custom_buckets();
        Self {
            counter_reset: if gauge { CounterReset::Gauge } else { self.counter_reset },
            zero_count: if custom { self.zero_count } else { map(self.zero_count) },
            count: map(self.count),
            sum: map(self.sum),
            positive: self.positive.iter().map(|count| map(*count)).collect(),
            negative: self.negative.iter().map(|count| map(*count)).collect(),
            positive_spans: self.positive_spans.clone(),
            negative_spans: self.negative_spans.clone(),
            custom_values: self.custom_values.clone(),
            ..*self
        }
    }

    /// The histogram with the sign of all counts and of the sum inverted: a gauge.
    #[must_use]
    pub fn negated(&self) -> Self {
        self.mapped(true, |count| -count)
    }

    /// Whether both say the same about observations: layout, counts and sum. Empty buckets and
    /// whether it is a counter or a gauge do not count. Floats are the same bit for bit, so that a
    /// NaN equals itself.
    pub fn same_observations(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a == b;
        let cells = |a: &mut dyn Iterator<Item = (i32, f64)>, b: &mut dyn Iterator<Item = (i32, f64)>| {
            let (mut a, mut b) = (a.filter(|(_, count)| *count != 0.0), b.filter(|(_, count)| *count != 0.0));
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(mine), Some(theirs)) if mine.0 == theirs.0 && same(mine.1, theirs.1) => {}
                    _ => return false,
                }
            }
        };
        self.schema == other.schema
            && same(self.count, other.count)
            && same(self.sum, other.sum)
            && (self.uses_custom_buckets() || (same(self.zero_threshold, other.zero_threshold) && same(self.zero_count, other.zero_count)))
            && self.custom_values.len() == other.custom_values.len()
            && self.custom_values.iter().zip(&other.custom_values).all(|(a, b)| same(*a, *b))
            && cells(&mut self.positive_cells(), &mut other.positive_cells())
            && cells(&mut self.negative_cells(), &mut other.negative_cells())
    }

    /// Whether a count is below zero, so that no store and no format takes it.
    pub fn is_negative(&self) -> bool {
        self.count < 0.0 || self.zero_count < 0.0 || self.positive.iter().chain(&self.negative).any(|count| *count < 0.0)
    }
}
