//! What is added up for each group and step.

use super::buckets::{Distribution, Distributions};
use super::steps::Steps;
use phoenix_query::numeric::CompensatedSum;

/// A number for each group and step: the cell of group `g` and step `s` is `g * steps + s`.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Sums of weights.
    Count(Vec<f64>),
    /// The least or greatest; NaN for none.
    Least(Vec<f64>),
    Greatest(Vec<f64>),
    /// Sums of values times weights, and of weights.
    Sum(Vec<(CompensatedSum, f64)>),
    Buckets(Distributions),
}

impl Cells {
    /// Makes room for so many cells.
    pub fn grow(&mut self, cells: usize) {
        match self {
            Self::Count(sums) => sums.resize(cells, 0.0),
            Self::Least(values) | Self::Greatest(values) => values.resize(cells, f64::NAN),
            Self::Sum(sums) => sums.resize(cells, (CompensatedSum::default(), 0.0)),
            Self::Buckets(buckets) => buckets.grow(cells),
        }
    }

    /// What so many cells take in memory.
    pub fn size_bytes(&self, cells: usize) -> u64 {
        match self {
            Self::Count(_) | Self::Least(_) | Self::Greatest(_) => cells as u64 * 8,
            Self::Sum(_) => cells as u64 * 24,
            Self::Buckets(buckets) => buckets.size_bytes(cells),
        }
    }

    /// Adds a value. NaN is no value.
    #[inline]
    pub fn add(&mut self, cell: usize, value: f64, weight: f64) {
        if value.is_nan() {
            return;
        }
        match self {
            Self::Count(sums) => sums[cell] += weight,
            Self::Least(values) => values[cell] = values[cell].min(value),
            Self::Greatest(values) => values[cell] = values[cell].max(value),
            Self::Sum(sums) => {
                sums[cell].0.add(value * weight);
                sums[cell].1 += weight;
            }
            Self::Buckets(buckets) => buckets.add(cell, value, weight),
        }
    }

    /// Adds what another thread added up; `cell_of` says where each of its groups stands here.
    pub fn merge(&mut self, other: Self, steps: usize, group_of: &[usize]) {
        let cell_of = |cell: usize| group_of[cell / steps] * steps + cell % steps;
        match (self, other) {
            (Self::Count(sums), Self::Count(more)) => more.into_iter().enumerate().for_each(|(cell, sum)| sums[cell_of(cell)] += sum),
            (Self::Least(values), Self::Least(more)) => {
                more.into_iter().enumerate().for_each(|(cell, value)| values[cell_of(cell)] = values[cell_of(cell)].min(value));
            }
            (Self::Greatest(values), Self::Greatest(more)) => {
                more.into_iter().enumerate().for_each(|(cell, value)| values[cell_of(cell)] = values[cell_of(cell)].max(value));
            }
            (Self::Sum(sums), Self::Sum(more)) => {
                for (cell, (sum, weight)) in more.into_iter().enumerate() {
                    let known = &mut sums[cell_of(cell)];
                    known.0.merge(sum);
                    known.1 += weight;
                }
            }
            (Self::Buckets(buckets), Self::Buckets(more)) => {
                more.into_cells().enumerate().for_each(|(cell, other)| buckets.merge(cell_of(cell), &other));
            }
            _ => unreachable!("all threads add up the same"),
        }
    }

    /// The values of a group: for sums their means if wanted, for counts how many a second if wanted.
    pub fn values(&self, group: usize, steps: &Steps, means: bool, per_second: bool) -> Vec<f64> {
        let cells = group * steps.count..(group + 1) * steps.count;
        match self {
            Self::Count(sums) if per_second => sums[cells].iter().map(|sum| sum / steps.step_seconds()).collect(),
            Self::Count(values) | Self::Least(values) | Self::Greatest(values) => values[cells].to_vec(),
            Self::Sum(sums) => {
                let value = |(sum, weight): &(CompensatedSum, f64)| match *weight {
                    0.0 => f64::NAN,
                    weight if means => sum.value() / weight,
                    _ => sum.value(),
                };
                sums[cells].iter().map(value).collect()
            }
            Self::Buckets(_) => Vec::new(),
        }
    }

    /// The quantiles of each cell that has values: `at(cell, nth quantile, value)`.
    pub fn quantiles(&self, quantiles: &[f64], mut at: impl FnMut(usize, usize, f64)) {
        let Self::Buckets(buckets) = self else { return };
        for (cell, values) in buckets.cells().iter().enumerate().filter(|(_, values)| !values.is_empty()) {
            let sorted = values.sorted();
            for (nth, quantile) in quantiles.iter().enumerate() {
                at(cell, nth, Distribution::quantile(&sorted, *quantile));
            }
        }
    }
}

/// The bucket of a histogram: the power of two that is not below a value; 0 for zero and below.
pub(crate) fn power_of_two(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let exponent = f64::from_bits(value.to_bits() & !((1 << 52) - 1));
    if exponent == value { value } else { exponent * 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_of_histograms_are_powers_of_two() {
        for (value, bucket) in [(0.0, 0.0), (-3.0, 0.0), (1.0, 1.0), (1.5, 2.0), (2.0, 2.0), (3.0, 4.0), (1e9, 1_073_741_824.0), (0.3, 0.5)]
        {
            assert_eq!(power_of_two(value), bucket, "{value}");
        }
    }

    proptest! {
        #[test]
        fn quantiles_lie_close_to_the_truth(mut values in prop::collection::vec(-1e6..1e9_f64, 1..200), quantile in 0.0..1.0_f64) {
            let mut cells = Cells::Buckets(Distributions::default());
            cells.grow(4);
            for value in &values {
                cells.add(3, *value, 1.0);
            }
            let mut got = Vec::new();
            cells.quantiles(&[quantile, 0.0, 1.0], |cell, nth, value| got.push((cell, nth, value)));
            values.sort_by(f64::total_cmp);
            prop_assert_eq!(&got[1..], &[(3, 1, values[0]), (3, 2, values[values.len() - 1])]);
            // The value below which the wanted part lies, give or take a thirty-second part.
            let rank = ((quantile * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let truth = values[rank - 1];
            let (_, _, value) = got[0];
            prop_assert!((value - truth).abs() <= truth.abs() / 32.0 + 1e-9, "{} is not close to {}", value, truth);
        }

        #[test]
        fn what_threads_added_up_is_put_together(values in prop::collection::vec((0..6_usize, 0.1..100.0_f64, any::<bool>()), 1..100)) {
            let make: [fn() -> Cells; 5] = [
                || Cells::Count(Vec::new()),
                || Cells::Least(Vec::new()),
                || Cells::Greatest(Vec::new()),
                || Cells::Sum(Vec::new()),
                || Cells::Buckets(Distributions::default()),
            ];
            for make in make {
                let (mut all, mut one, mut two) = (make(), make(), make());
                for cells in [&mut all, &mut one, &mut two] {
                    cells.grow(6);
                }
                // The other thread met the groups the other way round: two of three steps each.
                for (cell, value, first) in &values {
                    all.add(*cell, *value, 1.0);
                    if *first { one.add(*cell, *value, 1.0) } else { two.add((*cell + 3) % 6, *value, 1.0) }
                }
                one.merge(two, 3, &[1, 0]);
                let steps = Steps::range(0, 2, 1).unwrap();
                for group in 0..2 {
                    for (a, b) in all.values(group, &steps, true, false).iter().zip(one.values(group, &steps, true, false)) {
                        prop_assert!((a - b).abs() < 1e-9 || (a.is_nan() && b.is_nan()));
                    }
                }
                let (mut a, mut b) = (Vec::new(), Vec::new());
                all.quantiles(&[0.5], |cell, _, value| a.push((cell, value)));
                one.quantiles(&[0.5], |cell, _, value| b.push((cell, value)));
                prop_assert_eq!(a, b);
            }
        }
    }
}
