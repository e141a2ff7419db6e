//! Fewer and wider buckets.

use super::{BucketSpan, CUSTOM_BUCKETS_SCHEMA, Histogram, MIN_SCHEMA, indexes, spans_of};

impl Histogram {
    /// Merges buckets until the schema is `schema`; nothing happens when it is not larger than that, or
    /// when the buckets are custom ones. Each step down merges buckets `2i - 1` and `2i` into `i`, so
    /// nothing is estimated.
    pub fn reduce_resolution(&mut self, schema: i32) {
        if self.schema == CUSTOM_BUCKETS_SCHEMA || self.schema <= schema {
            return;
        }
        let shift = self.schema.abs_diff(schema).min(63);
        merge(&mut self.positive_spans, &mut self.positive, shift);
        merge(&mut self.negative_spans, &mut self.negative, shift);
        self.schema = schema;
    }

    /// Lowers the resolution until there are at most `limit` buckets, those of both signs together.
    /// Whether that is so: custom buckets can't be merged, and neither can those of the smallest schema.
    #[must_use]
    pub fn fit_buckets(&mut self, limit: usize) -> bool {
        while self.positive.len() + self.negative.len() > limit {
            if self.schema == CUSTOM_BUCKETS_SCHEMA || self.schema <= MIN_SCHEMA {
                return false;
            }
            self.reduce_resolution(self.schema - 1);
        }
        true
    }
}

fn merge(spans: &mut Vec<BucketSpan>, counts: &mut Vec<f64>, shift: u32) {
    let mut merged: Vec<(i32, f64)> = Vec::with_capacity(counts.len());
    for (index, count) in indexes(spans).zip(counts.iter()) {
        // Valid spans stay within the range of indexes, and the shift brings them closer to 0.
        let index = (((index - 1) >> shift) + 1) as i32;
        match merged.last_mut() {
            Some((last, sum)) if *last == index => *sum += count,
            _ => merged.push((index, *count)),
        }
    }
    *spans = spans_of(merged.iter().map(|(index, _)| *index));
    *counts = merged.into_iter().map(|(_, count)| count).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn histogram(schema: i32, buckets: &[(i32, f64)]) -> Histogram {
        Histogram {
            schema,
            positive_spans: spans_of(buckets.iter().map(|b| b.0)),
            positive: buckets.iter().map(|b| b.1).collect(),
            ..Histogram::default()
        }
    }

    #[test]
    fn neighbours_merge() {
        for (buckets, schema, want) in [
            (vec![(-1, 1.0), (0, 2.0), (1, 4.0), (2, 8.0), (3, 16.0)], 2, vec![(0, 3.0), (1, 12.0), (2, 16.0)]),
            (vec![(-3, 1.0), (-2, 2.0), (7, 4.0)], 1, vec![(0, 3.0), (2, 4.0)]),
            (vec![(i32::MIN, 1.0), (i32::MAX - 1, 2.0)], 2, vec![(-(1 << 30), 1.0), ((1 << 30) - 1, 2.0)]),
            (vec![(5, 1.0)], 3, vec![(5, 1.0)]),
            (vec![(5, 1.0)], 8, vec![(5, 1.0)]),
        ] {
            let mut found = histogram(3, &buckets);
            found.reduce_resolution(schema);
            assert_eq!(found, histogram(schema.min(3), &want), "{buckets:?}");
        }
    }

    proptest! {
        #[test]
        fn a_value_stays_in_its_bucket(index in -2000_i32..2000, from in -3_i32..=8, steps in 1_i32..8) {
            let to = (from - steps).max(MIN_SCHEMA);
            let mut one = histogram(from, &[(index, 1.0)]);
            one.reduce_resolution(to);
            let merged = indexes(&one.positive_spans).next().unwrap();
            // Bucket i of schema s ends at 2^(i / 2^s): compared as whole numbers, in steps of schema 8.
            let end = |index: i64, schema: i32| index << (8 - schema);
            let (low, high) = (end(merged - 1, to), end(merged, to));
            prop_assert!(low <= end(i64::from(index) - 1, from) && end(i64::from(index), from) <= high);
        }

        #[test]
        fn buckets_fit_and_none_is_lost(counts in prop::collection::vec(1_u8..9, 1..300), first in -500_i32..500, limit in 4_usize..50) {
            let buckets: Vec<_> = counts.iter().enumerate().map(|(i, count)| (first + i as i32, f64::from(*count))).collect();
            let mut found = histogram(8, &buckets);
            prop_assert!(found.fit_buckets(limit));
            prop_assert!(found.positive.len() <= limit);
            prop_assert_eq!(found.positive.iter().sum::<f64>(), counts.iter().map(|c| f64::from(*c)).sum::<f64>());
            prop_assert_eq!(found.validate(), Ok(()));
        }
    }

    #[test]
    fn some_buckets_do_not_fit() {
        assert!(!histogram(-4, &[(1, 1.0), (2, 1.0)]).fit_buckets(1));
        let custom = Histogram { custom_values: vec![1.0], ..histogram(CUSTOM_BUCKETS_SCHEMA, &[(0, 1.0), (1, 1.0)]) };
        assert!(!custom.clone().fit_buckets(1) && custom.clone().fit_buckets(2));
    }
}
