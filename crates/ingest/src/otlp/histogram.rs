//! Exponential histograms as classic ones.
//!
//! Bucket `i` of scale `s` holds values in `(b^i, b^(i+1)]` with `b = 2^(2^-s)`; one scale less
//! merges each two buckets. Scales are taken until there are few buckets, whose bounds are then
//! those of the classic histogram. Bounds of a lower scale are among those of a higher one, so a
//! histogram that grows keeps the series that it goes on to have, with counts that only grow.
//! <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>

use opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use std::collections::BTreeMap;

/// The most buckets of a classic histogram that was exponential, `+Inf` aside.
const MOST_BUCKETS: i64 = 20;
/// Scales beyond which bounds are not told apart in a float.
const SCALES: std::ops::RangeInclusive<i32> = -11..=52;

/// An exponential histogram of few buckets.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FewBuckets {
    scale: i32,
    zero_count: u64,
    zero_threshold: f64,
    /// Counts by the index of their bucket. The bucket of a negative value is that of its size.
    negative: BTreeMap<i64, u64>,
    positive: BTreeMap<i64, u64>,
    /// All values.
    pub(super) count: u64,
    /// Their sum, if it is known.
    pub(super) sum: Option<f64>,
}

impl FewBuckets {
    /// Reads a point. An error says what of it makes no sense.
    pub(super) fn new(point: &ExponentialHistogramDataPoint) -> Result<Self, String> {
        if !SCALES.contains(&point.scale) {
            return Err(format!("an exponential histogram has scale {}", point.scale));
        }
        let (negative, positive) = (occupied(point.negative.as_ref()), occupied(point.positive.as_ref()));
        let shift = shift_for(negative, positive, point.zero_count > 0);
        Ok(Self {
            scale: point.scale - shift as i32,
            zero_count: point.zero_count,
            zero_threshold: if point.zero_threshold.is_finite() { point.zero_threshold.max(0.0) } else { 0.0 },
            negative: shifted(counted(point.negative.as_ref()), shift),
            positive: shifted(counted(point.positive.as_ref()), shift),
            count: point.count,
            sum: point.sum,
        })
    }

    /// Adds another histogram. The scale is then the lower one, or lower still to keep buckets few.
    pub(super) fn add(&mut self, other: &Self) {
        let scale = self.scale.min(other.scale);
        let own = shifted(self.negative.iter().map(|(i, n)| (*i, *n)), (self.scale - scale) as u32);
        let own_positive = shifted(self.positive.iter().map(|(i, n)| (*i, *n)), (self.scale - scale) as u32);
        let (mut negative, mut positive) = (own, own_positive);
        for (into, from) in [(&mut negative, &other.negative), (&mut positive, &other.positive)] {
            for (index, count) in from {
                let slot = into.entry(index >> (other.scale - scale)).or_insert(0);
                *slot = slot.saturating_add(*count);
            }
        }
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.zero_threshold = self.zero_threshold.max(other.zero_threshold);
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.zip(other.sum).map(|(a, b)| a + b);
        let shift = shift_for(ends(&negative), ends(&positive), self.zero_count > 0);
        self.scale = scale - shift as i32;
        self.negative = shifted(negative.into_iter(), shift);
        self.positive = shifted(positive.into_iter(), shift);
    }

    /// The upper bounds in ascending order with the number of values at or below each; without `+Inf`.
    pub(super) fn classic(&self) -> Vec<(f64, u64)> {
        let bound = |index: i64| (index as f64 * 2_f64.powi(-self.scale)).exp2();
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        let mut below = 0_u64;
        let mut add = |upper: f64, count: u64| {
            below = below.saturating_add(count);
            match buckets.last_mut() {
                Some(last) if upper <= last.0 => last.1 = below,
                _ => buckets.push((upper, below)),
            }
        };
        let all = |side: &BTreeMap<i64, u64>| {
            let indexes = ends(side).map_or(0..0, |(low, high)| low..high + 1);
            indexes.map(|index| (index, side.get(&index).copied().unwrap_or(0))).collect::<Vec<_>>()
        };
        // From the most negative: bucket `i` holds [-b^(i+1), -b^i).
        for (index, count) in all(&self.negative).into_iter().rev() {
            add(-bound(index), count);
        }
        if self.zero_count > 0 {
            add(self.zero_threshold, self.zero_count);
        }
        for (index, count) in all(&self.positive) {
            add(bound(index + 1), count);
        }
        buckets.retain(|(upper, _)| upper.is_finite());
        buckets
    }
}

/// How many times each two buckets have to be merged for few to be left, those without values between
/// the ends included.
fn shift_for(negative: Option<(i64, i64)>, positive: Option<(i64, i64)>, has_zero: bool) -> u32 {
    let number = |range: Option<(i64, i64)>, shift: u32| range.map_or(0, |(low, high)| (high >> shift) - (low >> shift) + 1);
    let is_few = |shift: &u32| number(negative, *shift) + number(positive, *shift) + i64::from(has_zero) <= MOST_BUCKETS;
    // Every index is -1 or 0 in the end, so that five buckets are left at the most.
    (0..63).find(is_few).unwrap_or(63)
}

fn ends(buckets: &BTreeMap<i64, u64>) -> Option<(i64, i64)> {
    Some((*buckets.first_key_value()?.0, *buckets.last_key_value()?.0))
}

/// The first and the last bucket with values.
fn occupied(buckets: Option<&Buckets>) -> Option<(i64, i64)> {
    let mut indexes = counted(buckets).map(|(index, _)| index);
    let first = indexes.next()?;
    Some((first, indexes.last().unwrap_or(first)))
}

/// Buckets with values.
fn counted(buckets: Option<&Buckets>) -> impl Iterator<Item = (i64, u64)> {
    buckets.into_iter().flat_map(|buckets| {
        let offset = i64::from(buckets.offset);
        buckets.bucket_counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(i, count)| (offset + i as i64, *count))
    })
}

fn shifted(counts: impl Iterator<Item = (i64, u64)>, shift: u32) -> BTreeMap<i64, u64> {
    let mut merged = BTreeMap::new();
    for (index, count) in counts {
        let slot = merged.entry(index >> shift).or_insert(0_u64);
        *slot = slot.saturating_add(count);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(scale: i32, zero: u64, negative: (i32, &[u64]), positive: (i32, &[u64])) -> ExponentialHistogramDataPoint {
        let buckets = |(offset, counts): (i32, &[u64])| Some(Buckets { offset, bucket_counts: counts.to_vec() });
        ExponentialHistogramDataPoint {
            scale,
            zero_count: zero,
            negative: buckets(negative),
            positive: buckets(positive),
            ..ExponentialHistogramDataPoint::default()
        }
    }

    #[test]
    fn buckets() {
        for (point, want) in [
            (point(0, 0, (0, &[]), (0, &[])), vec![]),
            (point(0, 0, (0, &[]), (0, &[1, 0, 2])), vec![(2.0, 1), (4.0, 1), (8.0, 3)]),
            (point(0, 5, (0, &[1, 2]), (-1, &[3])), vec![(-2.0, 2), (-1.0, 3), (0.0, 8), (1.0, 11)]),
            (point(1, 0, (0, &[]), (2, &[0, 0, 7, 0])), vec![(2_f64.powf(2.5), 7)]),
            (point(-1, 0, (0, &[]), (0, &[1, 1])), vec![(4.0, 1), (16.0, 2)]),
            // Forty buckets of scale 0 become twenty of scale -1.
            (point(0, 0, (0, &[]), (0, &[1; 40])), (1..=20).map(|i| (4_f64.powi(i), 2 * i as u64)).collect()),
            // Beyond the largest float there is only +Inf.
            (point(0, 0, (0, &[]), (1022, &[1, 1])), vec![(2_f64.powi(1023), 1)]),
        ] {
            assert_eq!(FewBuckets::new(&point).unwrap().classic(), want);
        }
        assert!(FewBuckets::new(&point(60, 0, (0, &[]), (0, &[]))).is_err());
    }

    #[test]
    fn histograms_add_up() {
        let mut sum = FewBuckets::new(&point(1, 1, (0, &[]), (0, &[1, 2]))).unwrap();
        sum.add(&FewBuckets::new(&point(0, 0, (0, &[]), (1, &[5]))).unwrap());
        assert_eq!(sum.classic(), [(0.0, 1), (2.0, 4), (4.0, 9)]);
        // A value far away takes resolution from all.
        sum.add(&FewBuckets::new(&point(0, 0, (0, &[]), (63, &[1]))).unwrap());
        assert_eq!(sum.classic().last(), Some(&(2_f64.powi(64), 10)));
        assert_eq!(sum.classic().len(), 17);
    }

    proptest! {
        #[test]
        fn few_ascending_bounds_and_no_value_lost(
            scale in -4..20_i32, zero in 0..3_u64, offsets in (any::<i32>(), -2000..2000_i32),
            negative in prop::collection::vec(0..4_u64, 0..200), positive in prop::collection::vec(0..4_u64, 0..200),
        ) {
            let point = point(scale, zero, (offsets.1, &negative), (offsets.1, &positive));
            let buckets = FewBuckets::new(&point).unwrap().classic();
            prop_assert!(buckets.len() <= 20);
            prop_assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{:?}", buckets);
            let all = zero + negative.iter().sum::<u64>() + positive.iter().sum::<u64>();
            if buckets.iter().all(|(bound, _)| bound.abs() < 1e300) && all > 0 && !buckets.is_empty() && offsets.1.abs() < 500 && scale >= 0 {
                prop_assert_eq!(buckets.last().unwrap().1, all);
            }
            // Offsets at the ends of their range.
            let far = ExponentialHistogramDataPoint { positive: Some(Buckets { offset: offsets.0, bucket_counts: positive }), ..point };
            prop_assert!(FewBuckets::new(&far).unwrap().classic().len() <= 20);
        }
    }
}
