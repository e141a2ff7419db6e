//! Numeric kernels: compensated sums, means without overflow, variance, quantiles.

pub use phoenix_model::CompensatedSum;
use std::cmp::Ordering;

/// A running mean: sum and count as long as the sum does not overflow, then incrementally.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean {
    sum: CompensatedSum,
    count: f64,
    incremental: bool,
}

impl Mean {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        if !self.incremental {
            let mut next = self.sum;
            next.add(value);
            // The first value is taken even if infinite: there is no mean to go on from yet.
            if self.count == 1.0 || !next.sum.is_infinite() {
                self.sum = next;
                return;
            }
            self.incremental = true;
            self.sum.sum /= self.count - 1.0;
            self.sum.compensation /= self.count - 1.0;
        }
        let mean = self.sum.sum;
        if mean.is_infinite() {
            // An infinite mean stays as it is, unless NaN or the other infinity comes along.
            let same_infinity = value.is_infinite() && (mean > 0.0) == (value > 0.0);
            if same_infinity || value.is_finite() {
                return;
            }
        }
        let share = (self.count - 1.0) / self.count;
        self.sum = CompensatedSum { sum: share * mean, compensation: share * self.sum.compensation };
        self.sum.add(value / self.count);
    }

    /// The mean; NaN when nothing was added.
    pub fn value(self) -> f64 {
        if self.incremental { self.sum.sum + self.sum.compensation } else { self.sum.sum / self.count + self.sum.compensation / self.count }
    }
}

/// Variance in one pass (B. P. Welford, 1962), with compensated mean and sum of squares.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variance {
    count: f64,
    mean: CompensatedSum,
    squares: CompensatedSum,
}

impl Variance {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - (self.mean.sum + self.mean.compensation);
        self.mean.add(delta / self.count);
        self.squares.add(delta * (value - (self.mean.sum + self.mean.compensation)));
    }

    /// The population variance; NaN when nothing was added.
    pub fn value(self) -> f64 {
        (self.squares.sum + self.squares.compensation) / self.count
    }
}

/// The order that quantiles and sorting use: NaN is smaller than everything.
pub fn nan_first(a: &f64, b: &f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.partial_cmp(b).expect("neither is NaN"),
    }
}

/// The sum, with small addends kept.
#[inline]
pub fn sum(values: &[f64]) -> f64 {
    let mut sum = CompensatedSum::default();
    for v in values {
        sum.add(*v);
    }
    sum.value()
}

/// The mean, also where the sum would overflow. NaN for no values.
#[inline]
pub fn mean(values: &[f64]) -> f64 {
    let mut mean = Mean::default();
    for v in values {
        mean.add(*v);
    }
    mean.value()
}

/// The φ-quantile of values, which get sorted, with linear interpolation between neighbours.
/// NaN for no values or a NaN φ; −∞ below 0, +∞ above 1.
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    values.sort_unstable_by(nan_first);
    quantile_of_sorted(q, values)
}

/// As [`quantile`], of values that are sorted by [`nan_first`] already.
pub fn quantile_of_sorted(q: f64, values: &[f64]) -> f64 {
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
    let upper = (lower + 1).min(last);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_small_addends() {
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        let mut left = CompensatedSum::default();
        left.add(1.0);
        left.add(1e100);
        let mut right = CompensatedSum::default();
        right.add(1.0);
        right.add(-1e100);
        left.merge(right);
        assert_eq!(left.value(), 2.0);
    }

    #[test]
    fn means_do_not_overflow() {
        assert_eq!(mean(&[f64::MAX, f64::MAX]), f64::MAX);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert_eq!(mean(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(mean(&[1.0, f64::NEG_INFINITY, 5.0]), f64::NEG_INFINITY);
        assert!(mean(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(mean(&[1.0, f64::NAN]).is_nan());
    }

    #[test]
    fn variance_survives_a_large_mean() {
        let mut variance = Variance::default();
        for v in [4.0, 7.0, 13.0, 16.0] {
            variance.add(1e9 + v);
        }
        assert_eq!(variance.value(), 22.5);
    }

    #[test]
    fn quantiles_interpolate() {
        for (q, values, want) in [
            (0.5, vec![3.0, 1.0, 2.0], 2.0),
            (0.5, vec![1.0, 2.0], 1.5),
            (0.75, vec![0.0, 4.0], 3.0),
            (1.0, vec![5.0, 9.0], 9.0),
            (-0.1, vec![1.0], f64::NEG_INFINITY),
            (1.1, vec![1.0], f64::INFINITY),
            (1.0, vec![f64::NAN, 2.0], 2.0),
        ] {
            assert_eq!(quantile(q, &mut values.clone()), want, "{q} of {values:?}");
        }
        assert!(quantile(0.5, &mut []).is_nan());
        assert!(quantile(f64::NAN, &mut [1.0]).is_nan());
    }
}
