//! Sums that keep what rounding cuts off.

/// A running sum with Neumaier's compensation (A. Neumaier, 1974): what rounding cuts off is
/// collected beside the sum and added at the end.
#[derive(Debug, Clone, Copy, Default)]
pub struct CompensatedSum {
    /// The plain sum.
    pub sum: f64,
    /// What rounding has cut off so far.
    pub compensation: f64,
}

impl CompensatedSum {
    /// Adds a value. An infinite sum forgets the compensation, which would be NaN.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_infinite() {
            self.compensation = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.compensation += (self.sum - total) + value;
        } else {
            self.compensation += (value - total) + self.sum;
        }
        self.sum = total;
    }

    /// Adds another sum.
    #[inline]
    pub fn merge(&mut self, other: Self) {
        let compensation = other.compensation;
        self.add(other.sum);
        if self.sum.is_finite() {
            self.compensation += compensation;
        }
    }

    /// The sum, compensated.
    #[inline]
    pub fn value(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.sum + self.compensation }
    }
}

impl From<f64> for CompensatedSum {
    fn from(sum: f64) -> Self {
        Self { sum, compensation: 0.0 }
    }
}
