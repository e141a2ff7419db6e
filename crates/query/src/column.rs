//! Series as columns over the steps of a query.

use phoenix_model::{Labels, STALE_NAN_BITS};

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

/// One series over the steps of a [`Grid`]: a value for each step, [`ABSENT`] where there is none.
#[derive(Debug, Clone)]
pub struct Column {
    /// The series' labels.
    pub labels: Labels,
    /// One value for each step.
    pub values: Vec<f64>,
}

impl Column {
    /// A column without any sample.
    pub fn absent(labels: Labels, steps: usize) -> Self {
        Self { labels, values: vec![ABSENT; steps] }
    }

    /// Whether no step has a sample.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|v| is_absent(*v))
    }

    /// Fills this column's gaps from another one.
    ///
    /// Returns whether both have a sample at the same step; this column then keeps its own.
    pub fn merge(&mut self, other: &[f64]) -> bool {
        let mut collides = false;
        for (mine, &theirs) in self.values.iter_mut().zip(other) {
            if !is_absent(theirs) {
                if is_absent(*mine) {
                    *mine = theirs;
                } else {
                    collides = true;
                }
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
        let mut column = Column { labels: Labels::empty(), values: vec![1.0, ABSENT, f64::NAN] };
        assert!(!column.merge(&[ABSENT, 2.0, ABSENT]));
        assert_eq!(column.values[1], 2.0);
        assert!(column.merge(&[ABSENT, ABSENT, 3.0]), "an ordinary NaN is a sample");
    }
}
