//! How long to wait before trying again.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_mins(1);

/// Waits that grow by half each time up to a minute, each spread by half around its length, so
/// that receivers that failed together are not tried together.
pub(crate) struct Backoff {
    next: Duration,
    random: StdRng,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { next: FIRST, random: StdRng::seed_from_u64(seed) }
    }

    /// The next wait; at least what the receiver asked for.
    pub(crate) fn wait(&mut self, asked: Option<Duration>) -> Duration {
        let wait = self.next.mul_f64(self.random.random_range(0.5..1.5));
        self.next = self.next.mul_f64(1.5).min(LONGEST);
        asked.map_or(wait, |asked| wait.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_minute_and_a_half() {
        let mut backoff = Backoff::new(7);
        let waits: Vec<Duration> = (0..40).map(|_| backoff.wait(None)).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST * 3 / 2, "{waits:?}");
        assert!(waits[30..].iter().all(|wait| *wait >= LONGEST / 2 && *wait <= LONGEST * 3 / 2), "{waits:?}");
        assert!(backoff.wait(Some(Duration::from_mins(5))) >= Duration::from_mins(5));
    }
}
