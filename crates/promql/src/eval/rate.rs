//! `rate`, `increase`, `delta` and their instant forms.

use super::windows::{Window, WindowSeries};
use phoenix_query::ABSENT;

/// What an extrapolating function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extrapolation {
    /// `rate`: a counter's increase per second.
    Rate,
    /// `increase`: a counter's increase.
    Increase,
    /// `delta`: a gauge's change.
    Delta,
}

/// A kernel for one series. Resets of the counter are found once, when the series begins; each
/// window then looks only at those within it.
pub(super) fn extrapolated(kind: Extrapolation, series: &WindowSeries<'_>) -> impl FnMut(&Window<'_>) -> f64 + use<> {
    let resets = if kind == Extrapolation::Delta { Vec::new() } else { counter_resets(&series.values) };
    // The first reset that is still within the window.
    let mut first_reset = 0;
    move |window| {
        if window.len() < 2 {
            return ABSENT;
        }
        let (times, values) = (window.times(), window.values());
        let mut change = values[values.len() - 1] - values[0];
        while first_reset < resets.len() && resets[first_reset].0 <= window.first {
            first_reset += 1;
        }
        for (_, lost) in resets[first_reset..].iter().take_while(|(index, _)| *index < window.end) {
            change += lost;
        }
        let sampled = Sampled {
            start_ms: window.start_ms,
            end_ms: window.end_ms,
            first_ms: times[0],
            last_ms: times[times.len() - 1],
            samples: times.len(),
        };
        change * sampled.factor(kind, values[0], change)
    }
}

/// A window, and where in it the samples begin and end.
pub(super) struct Sampled {
    pub start_ms: i64,
    pub end_ms: i64,
    pub first_ms: i64,
    pub last_ms: i64,
    /// How many samples there are; at least two.
    pub samples: usize,
}

impl Sampled {
    /// By what the change between the first and the last sample is stretched to the window's length:
    /// up to the window's ends if the samples come near enough, by half a sample's distance if they
    /// don't, and for a counter not before the moment at which it would have been zero. A rate is
    /// divided by the window's length.
    #[inline]
    pub fn factor(&self, kind: Extrapolation, first_value: f64, change: f64) -> f64 {
        let mut to_start = (self.first_ms - self.start_ms) as f64 / 1000.0;
        let mut to_end = (self.end_ms - self.last_ms) as f64 / 1000.0;
        let sampled = (self.last_ms - self.first_ms) as f64 / 1000.0;
        let average_gap = sampled / (self.samples - 1) as f64;
        let threshold = average_gap * 1.1;
        if to_start >= threshold {
            to_start = average_gap / 2.0;
        }
        if kind != Extrapolation::Delta && change > 0.0 && first_value >= 0.0 {
            let to_zero = sampled * (first_value / change);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        if to_end >= threshold {
            to_end = average_gap / 2.0;
        }
        let mut factor = (sampled + to_start + to_end) / sampled;
        if kind == Extrapolation::Rate {
            factor /= (self.end_ms - self.start_ms) as f64 / 1000.0;
        }
        factor
    }
}

/// Where a counter falls, and what it had reached before.
fn counter_resets(values: &[f64]) -> Vec<(usize, f64)> {
    values.windows(2).enumerate().filter(|(_, pair)| pair[1] < pair[0]).map(|(i, pair)| (i + 1, pair[0])).collect()
}

/// `irate` and `idelta`: from the last two samples alone.
pub(super) fn instantaneous(is_rate: bool, window: &Window<'_>) -> f64 {
    let (times, values) = (window.times(), window.values());
    let [.., before, last] = values else { return ABSENT };
    let [.., before_ms, last_ms] = times else { return ABSENT };
    // A counter that fell began again from zero.
    let change = if is_rate && last < before { *last } else { last - before };
    if is_rate { change / ((last_ms - before_ms) as f64 / 1000.0) } else { change }
}
