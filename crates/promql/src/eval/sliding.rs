//! Summaries of a window that move along with it, so that a step costs what enters and leaves and
//! not the whole window.

use super::windows::Window;
use phoenix_query::numeric::{CompensatedSum, nan_first, quantile_of_sorted};
use std::collections::VecDeque;

/// Something that sums up several values and can be united with another of its kind.
pub(super) trait Summary: Copy {
    fn of(value: f64) -> Self;
    /// This one's values come before the other's.
    fn then(self, later: Self) -> Self;
}

/// A queue of two stacks: each holds summaries of all that lies above, so that the front one can
/// drop its oldest value and the back one take a new one, and nothing is ever subtracted. (A
/// running sum that subtracts what leaves would keep the rounding error of every value it has seen,
/// and never recover from an infinity.)
pub(super) struct TwoStacks<S> {
    /// Summaries from a value up to the oldest of the back, for the oldest values; the oldest is last.
    front: Vec<S>,
    /// The values behind the front, in order.
    back_values: Vec<f64>,
    /// The summary of the back.
    back: Option<S>,
    /// The index of the oldest value, and one past the newest.
    first: usize,
    end: usize,
}

impl<S> Default for TwoStacks<S> {
    fn default() -> Self {
        Self { front: Vec::new(), back_values: Vec::new(), back: None, first: 0, end: 0 }
    }
}

impl<S: Summary> TwoStacks<S> {
    /// Moves on to a window that holds at least one sample, and sums it up.
    pub fn slide(&mut self, window: &Window<'_>) -> S {
        if window.first >= self.end {
            self.front.clear();
            self.back_values.clear();
            self.back = None;
            self.first = window.first;
            self.end = window.first;
        }
        for &value in &window.all_values[self.end..window.end] {
            self.back_values.push(value);
            self.back = Some(self.back.map_or(S::of(value), |back| back.then(S::of(value))));
        }
        self.end = window.end;
        while self.first < window.first {
            if self.front.is_empty() {
                self.turn();
            }
            self.front.pop();
            self.first += 1;
        }
        match (self.front.last(), self.back) {
            (Some(front), Some(back)) => front.then(back),
            (Some(front), None) => *front,
            (None, Some(back)) => back,
            (None, None) => unreachable!("the window holds at least one sample"),
        }
    }

    /// Makes a front of the back.
    fn turn(&mut self) {
        let mut summary: Option<S> = None;
        for value in self.back_values.drain(..).rev() {
            let longer = summary.map_or(S::of(value), |later| S::of(value).then(later));
            self.front.push(longer);
            summary = Some(longer);
        }
        self.back = None;
    }
}

/// A sum.
#[derive(Clone, Copy)]
pub(super) struct Summed(pub CompensatedSum);

impl Summary for Summed {
    fn of(value: f64) -> Self {
        Self(CompensatedSum { sum: value, compensation: 0.0 })
    }

    fn then(mut self, later: Self) -> Self {
        self.0.merge(later.0);
        self
    }
}

/// Count, mean and sum of squared distances from the mean.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub fn variance(&self) -> f64 {
        self.squares / self.count
    }
}

impl Summary for Moments {
    fn of(value: f64) -> Self {
        // NaN and infinities have no variance.
        Self { count: 1.0, mean: value, squares: if value.is_finite() { 0.0 } else { f64::NAN } }
    }

    /// T. F. Chan, G. H. Golub, R. J. LeVeque, 1979.
    fn then(self, later: Self) -> Self {
        let count = self.count + later.count;
        let delta = later.mean - self.mean;
        let mean = self.mean + delta * (later.count / count);
        let squares = self.squares + later.squares + delta * delta * (self.count * later.count / count);
        Self { count, mean, squares }
    }
}

/// The largest or smallest value: a queue of the values that no later one beats.
pub(super) struct Extreme {
    largest: bool,
    candidates: VecDeque<usize>,
    end: usize,
}

impl Extreme {
    pub fn new(largest: bool) -> Self {
        Self { largest, candidates: VecDeque::new(), end: 0 }
    }

    /// The index of the extreme value, the latest among equals; `None` when all are NaN.
    pub fn slide(&mut self, window: &Window<'_>) -> Option<usize> {
        for index in self.end.max(window.first)..window.end {
            let value = window.all_values[index];
            if value.is_nan() {
                continue;
            }
            let beaten = |other: f64| if self.largest { value >= other } else { value <= other };
            while self.candidates.back().is_some_and(|last| beaten(window.all_values[*last])) {
                self.candidates.pop_back();
            }
            self.candidates.push_back(index);
        }
        self.end = window.end;
        while self.candidates.front().is_some_and(|oldest| *oldest < window.first) {
            self.candidates.pop_front();
        }
        self.candidates.front().copied()
    }
}

/// How many neighbours up to each value fulfil a condition.
pub(super) struct Prefixes(Vec<u32>);

impl Prefixes {
    pub fn new(values: &[f64], holds: fn(f64, f64) -> bool) -> Self {
        let mut count = 0;
        let mut prefixes = vec![0; values.len()];
        for index in 1..values.len() {
            count += u32::from(holds(values[index - 1], values[index]));
            prefixes[index] = count;
        }
        Self(prefixes)
    }

    /// The number of pairs within `first..end`, which must not be empty.
    pub fn count(&self, first: usize, end: usize) -> f64 {
        f64::from(self.0[end - 1] - self.0[first])
    }
}

/// The values of a window in order.
#[derive(Default)]
pub(super) struct SortedWindow {
    sorted: Vec<f64>,
    first: usize,
    end: usize,
}

impl SortedWindow {
    pub fn slide(&mut self, window: &Window<'_>) -> &Self {
        if window.first >= self.end || window.end - self.end > self.sorted.len() {
            // More is new than old: sorting anew is cheaper than inserting one by one.
            self.sorted.clear();
            self.sorted.extend_from_slice(window.values());
            self.sorted.sort_unstable_by(nan_first);
        } else {
            for value in &window.all_values[self.end..window.end] {
                let place = self.place(*value);
                self.sorted.insert(place, *value);
            }
            for value in &window.all_values[self.first..window.first] {
                let place = self.place(*value);
                self.sorted.remove(place);
            }
        }
        (self.first, self.end) = (window.first, window.end);
        self
    }

    /// The first place at which a value stands or would stand.
    fn place(&self, value: f64) -> usize {
        self.sorted.partition_point(|other| nan_first(other, &value).is_lt())
    }

    pub fn quantile(&self, q: f64) -> f64 {
        quantile_of_sorted(q, &self.sorted)
    }
}
