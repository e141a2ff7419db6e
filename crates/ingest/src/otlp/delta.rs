//! Sums of samples that came as differences.

use super::histogram::Exponential;
use hashbrown::HashMap;
use phoenix_model::Labels;
use std::time::Duration;

/// The most series of which sums are kept.
pub(super) const MOST_SERIES: usize = 100_000;
/// After which time without a sample a sum is forgotten. If it comes back it begins at 0, which
/// `rate` takes for a restart.
const EXPIRY: Duration = Duration::from_hours(1);
/// How often forgotten sums are looked for, at most.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Sums by series. What a request added is taken back if it could not be stored, so that it counts
/// once when it is sent again.
#[derive(Default)]
pub(super) struct Sums {
    /// Of numbers.
    pub(super) numbers: Kept<f64>,
    /// Of exponential histograms.
    pub(super) histograms: Kept<Exponential>,
    swept: Duration,
}

/// Sums of one kind.
pub(super) struct Kept<T> {
    series: HashMap<Labels, Sum<T>>,
    undo: Vec<(Labels, Option<Sum<T>>)>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { series: HashMap::new(), undo: Vec::new() }
    }
}

#[derive(Debug, Clone)]
struct Sum<T> {
    value: T,
    time_ns: u64,
    seen: Duration,
}

/// Why a difference could not be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeltaError {
    /// A later one was added before.
    Late,
    /// There are too many sums.
    Full,
}

impl<T: Clone> Kept<T> {
    /// Adds a difference to the sum of its series by `add`, and gives the sum. `now` is a monotonic time.
    pub(super) fn add(
        &mut self,
        labels: &Labels,
        time_ns: u64,
        difference: T,
        now: Duration,
        add: impl FnOnce(&mut T, &T),
    ) -> Result<T, DeltaError> {
        if let Some(sum) = self.series.get_mut(labels) {
            if time_ns <= sum.time_ns {
                return Err(DeltaError::Late);
            }
            self.undo.push((labels.clone(), Some(sum.clone())));
            add(&mut sum.value, &difference);
            (sum.time_ns, sum.seen) = (time_ns, now);
            return Ok(sum.value.clone());
        }
        if self.series.len() >= MOST_SERIES {
            return Err(DeltaError::Full);
        }
        self.undo.push((labels.clone(), None));
        self.series.insert(labels.clone(), Sum { value: difference.clone(), time_ns, seen: now });
        Ok(difference)
    }

    fn take_back(&mut self) {
        while let Some((labels, before)) = self.undo.pop() {
            match before {
                Some(sum) => self.series.insert(labels, sum),
                None => self.series.remove(&labels),
            };
        }
    }

    fn keep(&mut self, now: Duration, sweeps: bool) {
        self.undo.clear();
        if sweeps {
            self.series.retain(|_, sum| now.saturating_sub(sum.seen) < EXPIRY);
        }
    }
}

impl Sums {
    /// Keeps what was added since the last call of this or of [`Sums::take_back`].
    pub(super) fn keep(&mut self, now: Duration) {
        let sweeps = now.saturating_sub(self.swept) >= SWEEP_EVERY;
        if sweeps {
            self.swept = now;
        }
        self.numbers.keep(now, sweeps);
        self.histograms.keep(now, sweeps);
    }

    /// Takes it back.
    pub(super) fn take_back(&mut self) {
        self.numbers.take_back();
        self.histograms.take_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_add_up_and_can_be_taken_back() {
        let mut sums = Sums::default();
        let plus = |sum: &mut f64, more: &f64| *sum += more;
        let labels = Labels::from_pairs([("__name__", "a")]);
        let now = Duration::from_secs(1);
        assert_eq!(sums.numbers.add(&labels, 10, 1.5, now, plus), Ok(1.5));
        assert_eq!(sums.numbers.add(&labels, 20, 2.0, now, plus), Ok(3.5));
        sums.keep(now);
        assert_eq!(sums.numbers.add(&labels, 20, 2.0, now, plus), Err(DeltaError::Late));
        assert_eq!(sums.numbers.add(&labels, 30, 1.0, now, plus), Ok(4.5));
        assert_eq!(sums.numbers.add(&labels, 40, 1.0, now, plus), Ok(5.5));
        sums.take_back();
        assert_eq!(sums.numbers.add(&labels, 30, 1.0, now, plus), Ok(4.5));
        sums.keep(now);
        let later = now + EXPIRY;
        sums.keep(later);
        assert_eq!(sums.numbers.add(&labels, 50, 1.0, later, plus), Ok(1.0));
        sums.take_back();
        assert!(sums.numbers.series.is_empty());
    }
}
