//! How much comes through within a time.

/// A limit of spans or bytes by time. What does not fit is refused whole and counts nothing, so that
/// something smaller may still fit.
#[derive(Debug, Clone)]
pub struct Limit {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// So many in each second of the clock.
    Second { most: u64, second: i64, taken: u64 },
    /// Tokens that fill up steadily.
    Bucket { per_second: f64, capacity: f64, tokens: f64, at_ms: Option<i64> },
}

impl Limit {
    /// So many in each second of the clock, as `rate_limiting` counts spans.
    pub fn each_second(most: u64) -> Self {
        Self { kind: Kind::Second { most, second: i64::MIN, taken: 0 } }
    }

    /// A bucket that holds `capacity`, begins full and fills with `per_second`, as `bytes_limiting` has it.
    pub fn bucket(per_second: u64, capacity: u64) -> Self {
        let capacity = capacity as f64;
        Self { kind: Kind::Bucket { per_second: per_second as f64, capacity, tokens: capacity, at_ms: None } }
    }

    /// Takes an amount if it fits.
    pub(crate) fn take(&mut self, amount: u64, now_ms: i64) -> bool {
        if !self.fits(amount, now_ms) {
            return false;
        }
        match &mut self.kind {
            Kind::Second { taken, .. } => *taken += amount,
            Kind::Bucket { tokens, .. } => *tokens -= amount as f64,
        }
        true
    }

    /// Whether an amount fits now.
    pub(crate) fn fits(&mut self, amount: u64, now_ms: i64) -> bool {
        match &mut self.kind {
            Kind::Second { most, second, taken } => {
                let now = now_ms.div_euclid(1000);
                if *second != now {
                    (*second, *taken) = (now, 0);
                }
                taken.saturating_add(amount) <= *most
            }
            Kind::Bucket { per_second, capacity, tokens, at_ms } => {
                // A clock that goes back fills nothing.
                let passed_ms = now_ms.saturating_sub(at_ms.unwrap_or(now_ms)).max(0);
                *at_ms = Some(now_ms);
                *tokens = (*tokens + passed_ms as f64 / 1000.0 * *per_second).min(*capacity);
                amount as f64 <= *tokens
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_of_the_clock_begin_anew() {
        let mut limit = Limit::each_second(10);
        let taken: Vec<bool> =
            [(6, 0), (5, 10), (4, 999), (1, 999), (10, 1000), (11, 2000), (1, -1)].map(|(n, at)| limit.take(n, at)).into();
        assert_eq!(taken, [true, false, true, false, true, false, true]);
    }

    #[test]
    fn a_bucket_fills_steadily() {
        let mut bucket = Limit::bucket(100, 250);
        let taken: Vec<bool> =
            [(250, 0), (1, 0), (50, 500), (1, 400), (100, 1400), (251, 100_000), (250, 100_000)].map(|(n, at)| bucket.take(n, at)).into();
        assert_eq!(taken, [true, false, true, false, true, false, true]);
    }
}
