//! Series as columns over the steps of a query.

use phoenix_model::{Histogram, Labels, STALE_NAN_BITS};
use std::sync::Arc;

/// The value of a step at which a series has no sample. It is the staleness marker's bit pattern,
/// which evaluation never lets through as a value, so a column needs no bitmap beside it and
/// kernels need no second memory stream. Compare with [`is_absent`], never with `==`.
pub const ABSENT: f64 = f64::from_bits(STALE_NAN_BITS);

/// Whether a step of a column has no sample.
#[inline]
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// The moments at which a query is evaluated: `start_ms`, `start_ms + step_ms`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The first moment, in milliseconds since the Unix epoch.
    pub start_ms: i64,
    /// The distance between moments in milliseconds; at least 1.
    pub step_ms: i64,
    /// The number of moments; at least 1 except for an empty subquery.
    pub steps: usize,
}

impl Grid {
    /// A single moment.
    pub fn instant(at_ms: i64) -> Self {
        Self { start_ms: at_ms, step_ms: 1, steps: 1 }
    }

    /// All moments from `start_ms` up to `end_ms`; none when the end is before the start.
    pub fn range(start_ms: i64, end_ms: i64, step_ms: i64) -> Self {
        let step_ms = step_ms.max(1);
        let steps = if end_ms < start_ms { 0 } else { (end_ms.saturating_sub(start_ms) / step_ms) as usize + 1 };
        Self { start_ms, step_ms, steps }
    }

    /// The moment of a step.
    #[inline]
    pub fn time_ms(&self, step: usize) -> i64 {
        self.start_ms + self.step_ms * step as i64
    }

    /// The last moment; the start when there is none.
    pub fn end_ms(&self) -> i64 {
        self.time_ms(self.steps.saturating_sub(1))
    }

    /// The moments in order.
    pub fn times_ms(&self) -> impl Iterator<Item = i64> + use<> {
        let grid = *self;
        (0..self.steps).map(move |step| grid.time_ms(step))
    }
}

/// Histograms of a column, each with its step; steps strictly ascending.
pub type StepHistograms = Vec<(usize, Arc<Histogram>)>;

/// One series over the steps of a [`Grid`]: a float for each step, [`ABSENT`] where there is none,
/// and beside them the steps at which the series has a native histogram. Most series have none, so
/// these are kept sparsely, and what works on floats alone does not pay for them.
#[derive(Debug, Clone)]
pub struct Column {
    /// The series' labels.
    pub labels: Labels,
    /// One float for each step; [`ABSENT`] where there is a histogram.
    pub values: Vec<f64>,
    /// Native histograms.
    pub histograms: StepHistograms,
}

impl Column {
    /// A column of floats.
    pub fn floats(labels: Labels, values: Vec<f64>) -> Self {
        Self { labels, values, histograms: Vec::new() }
    }

    /// A column without any sample.
    pub fn absent(labels: Labels, steps: usize) -> Self {
        Self::floats(labels, vec![ABSENT; steps])
    }

    /// Whether no step has a sample.
    pub fn is_empty(&self) -> bool {
        self.histograms.is_empty() && self.values.iter().all(|v| is_absent(*v))
    }

    /// Whether a step has a sample, be it a float or a histogram.
    #[inline]
    pub fn is_present(&self, step: usize) -> bool {
        !is_absent(self.values[step]) || (!self.histograms.is_empty() && self.histogram(step).is_some())
    }

    /// The histogram of a step.
    pub fn histogram(&self, step: usize) -> Option<&Arc<Histogram>> {
        let place = self.histograms.binary_search_by_key(&step, |(at, _)| *at).ok()?;
        Some(&self.histograms[place].1)
    }

    /// Keeps the samples of those steps for which something holds.
    pub fn retain_steps(&mut self, mut keep: impl FnMut(usize) -> bool) {
        for (step, value) in self.values.iter_mut().enumerate() {
            if !is_absent(*value) && !keep(step) {
                *value = ABSENT;
            }
        }
        self.histograms.retain(|(step, _)| keep(*step));
    }

    /// Fills this column's gaps from another one.
    ///
    /// Returns whether both have a sample at the same step; this column then keeps its own.
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut collides = false;
        if self.histograms.is_empty() && other.histograms.is_empty() {
            for (mine, &theirs) in self.values.iter_mut().zip(&other.values) {
                if !is_absent(theirs) {
                    if is_absent(*mine) {
                        *mine = theirs;
                    } else {
                        collides = true;
                    }
                }
            }
            return collides;
        }
        for step in 0..self.values.len() {
            if !other.is_present(step) {
                continue;
            }
            if self.is_present(step) {
                collides = true;
            } else if let Some(histogram) = other.histogram(step) {
                let place = self.histograms.partition_point(|(at, _)| *at < step);
                self.histograms.insert(place, (step, Arc::clone(histogram)));
            } else {
                self.values[step] = other.values[step];
            }
        }
        collides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_include_an_end_that_is_hit_and_no_more() {
        assert_eq!(Grid::range(0, 60, 15).times_ms().collect::<Vec<_>>(), [0, 15, 30, 45, 60]);
        assert_eq!(Grid::range(0, 59, 15).end_ms(), 45);
        assert_eq!(Grid::range(1, 0, 15).steps, 0);
        assert_eq!(Grid::range(-7, -7, 0), Grid { start_ms: -7, step_ms: 1, steps: 1 });
    }

    #[test]
    fn merging_fills_gaps_and_reports_collisions() {
        let floats = |values: &[f64]| Column::floats(Labels::empty(), values.to_vec());
        let mut column = floats(&[1.0, ABSENT, f64::NAN, ABSENT]);
        assert!(!column.merge(&floats(&[ABSENT, 2.0, ABSENT, ABSENT])));
        assert_eq!(column.values[1], 2.0);
        assert!(column.merge(&floats(&[ABSENT, ABSENT, 3.0, ABSENT])), "an ordinary NaN is a sample");
        let histogram = |step| Column { histograms: vec![(step, Arc::new(Histogram::default()))], ..floats(&[ABSENT; 4]) };
        assert!(!column.merge(&histogram(3)));
        assert!(column.is_present(3) && column.histogram(3).is_some() && is_absent(column.values[3]));
        assert!(column.merge(&histogram(1)), "a float is there");
        assert!(column.merge(&floats(&[ABSENT, ABSENT, ABSENT, 1.0])), "a histogram is there");
        column.retain_steps(|step| step == 0);
        assert!(column.histograms.is_empty() && column.values[0] == 1.0 && is_absent(column.values[1]));
    }
}
