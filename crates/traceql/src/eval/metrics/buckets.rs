//! How values are spread: buckets of values close to one another, for quantiles.

use std::collections::BTreeMap;

/// Values close to one another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    weight: f64,
    least: f64,
    greatest: f64,
}

/// Bits of a number that its bucket is named by: sign, exponent and five bits of the fraction.
const BUCKET_BITS: u32 = 17;

/// Buckets of a cell that stand side by side, empty ones among them: sixteen powers of two.
const NEAR: u64 = 512;

/// Buckets that are added before the first one when there is no room for a smaller value.
const SLACK: u64 = 16;

/// Roughly what a bucket beyond them takes.
const FAR_BYTES: u64 = 48;

/// The values of each cell.
#[derive(Debug, Default)]
pub(crate) struct Distributions {
    cells: Vec<Distribution>,
    /// Bytes of all buckets.
    held: u64,
}

/// The values of a cell. Durations of one thing lie close together, so their buckets are found by
/// place; what lies further away is found by number.
#[derive(Debug, Default)]
pub(crate) struct Distribution {
    /// The number of the first bucket of `near`.
    first: u64,
    near: Vec<Bucket>,
    far: BTreeMap<u64, Bucket>,
}

impl Distributions {
    pub(super) fn grow(&mut self, cells: usize) {
        self.cells.resize_with(cells, Distribution::default);
    }

    /// What so many cells take in memory.
    pub(super) fn size_bytes(&self, cells: usize) -> u64 {
        (cells * size_of::<Distribution>()) as u64 + self.held
    }

    #[inline]
    pub(super) fn add(&mut self, cell: usize, value: f64, weight: f64) {
        let bucket = Bucket { weight, least: value, greatest: value };
        self.cells[cell].merge(bucket_of(value), bucket, &mut self.held);
    }

    /// Adds the values of another cell.
    pub(super) fn merge(&mut self, cell: usize, other: &Distribution) {
        for (number, bucket) in other.sorted() {
            self.cells[cell].merge(number, bucket, &mut self.held);
        }
    }

    pub(super) fn cells(&self) -> &[Distribution] {
        &self.cells
    }

    pub(super) fn into_cells(self) -> impl Iterator<Item = Distribution> {
        self.cells.into_iter()
    }
}

impl Distribution {
    pub(super) fn is_empty(&self) -> bool {
        self.near.is_empty()
    }

    /// The buckets with values, ascending.
    pub(super) fn sorted(&self) -> Vec<(u64, Bucket)> {
        let near = (self.first..).zip(self.near.iter().copied()).filter(|(_, bucket)| bucket.least <= bucket.greatest);
        let below = self.far.range(..self.first).map(|(number, bucket)| (*number, *bucket));
        let above = self.far.range(self.first..).map(|(number, bucket)| (*number, *bucket));
        below.chain(near).chain(above).collect()
    }

    #[inline]
    fn merge(&mut self, number: u64, bucket: Bucket, held: &mut u64) {
        match self.near.get_mut(number.wrapping_sub(self.first) as usize) {
            Some(known) => known.merge(bucket),
            None => self.merge_new(number, bucket, held),
        }
    }

    /// Adds to a bucket that is not among the near ones yet.
    fn merge_new(&mut self, number: u64, bucket: Bucket, held: &mut u64) {
        if let Some(known) = self.far.get_mut(&number) {
            return known.merge(bucket);
        }
        if self.near.is_empty() {
            self.first = number;
        }
        let end = self.first + self.near.len() as u64;
        let (from, to) = (self.first.min(number), end.max(number + 1));
        // What is far stays so: a bucket has one place.
        let blocked = if number < self.first { self.far.range(number..self.first).next() } else { self.far.range(end..=number).next() };
        if to - from > NEAR || blocked.is_some() {
            *held += FAR_BYTES;
            self.far.insert(number, bucket);
            return;
        }
        let before = self.near.len();
        if number < self.first {
            // Some more, so that falling values do not move all of them each time.
            let lowest = self.far.range(..self.first).next_back().map_or(0, |(number, _)| number + 1);
            let from = number.saturating_sub(SLACK).max(end.saturating_sub(NEAR)).max(lowest);
            self.near.splice(..0, std::iter::repeat_n(Bucket::EMPTY, (self.first - from) as usize));
            self.first = from;
        } else {
            self.near.resize((to - self.first) as usize, Bucket::EMPTY);
        }
        *held += ((self.near.len() - before) * size_of::<Bucket>()) as u64;
        self.near[(number - self.first) as usize].merge(bucket);
    }

    /// Where so large a part of the weight lies below, between the least and the greatest of the bucket that it falls into.
    pub(super) fn quantile(buckets: &[(u64, Bucket)], quantile: f64) -> f64 {
        let total: f64 = buckets.iter().map(|(_, bucket)| bucket.weight).sum();
        let wanted = quantile.clamp(0.0, 1.0) * total;
        let mut below = 0.0;
        for (_, bucket) in buckets {
            if below + bucket.weight >= wanted {
                let share = ((wanted - below) / bucket.weight).clamp(0.0, 1.0);
                return bucket.least + share * (bucket.greatest - bucket.least);
            }
            below += bucket.weight;
        }
        buckets.last().map_or(f64::NAN, |(_, bucket)| bucket.greatest)
    }
}

impl Bucket {
    const EMPTY: Self = Self { weight: 0.0, least: f64::INFINITY, greatest: f64::NEG_INFINITY };

    #[inline]
    fn merge(&mut self, other: Self) {
        self.weight += other.weight;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }
}

/// The bucket of a number, in the order of numbers.
#[inline]
fn bucket_of(value: f64) -> u64 {
    // -0 stands with 0.
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    ordered >> (64 - BUCKET_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bucket_has_one_place(values in prop::collection::vec(prop_oneof![
            -1e9..1e9_f64, 1.0..2.0_f64, any::<f64>().prop_filter("a number", |value| !value.is_nan()),
        ], 1..400)) {
            let mut all = Distributions::default();
            all.grow(1);
            let mut want: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
            for value in &values {
                all.add(0, *value, 2.0);
                let known = want.entry(bucket_of(*value)).or_insert((0.0, f64::INFINITY, f64::NEG_INFINITY));
                *known = (known.0 + 2.0, known.1.min(*value), known.2.max(*value));
            }
            let got: Vec<_> = all.cells[0].sorted().into_iter().map(|(number, b)| (number, (b.weight, b.least, b.greatest))).collect();
            prop_assert_eq!(got, want.into_iter().collect::<Vec<_>>());
            prop_assert!(all.cells[0].near.len() as u64 <= NEAR);
            let held = all.cells[0].near.len() * size_of::<Bucket>() + all.cells[0].far.len() * FAR_BYTES as usize;
            prop_assert_eq!(all.held, held as u64);
        }
    }
}
