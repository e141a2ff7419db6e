//! Arithmetic, resets, quantiles and texts of histograms, by hand and by law.

use super::*;
use proptest::prelude::*;

fn spans(indices: &[(i32, f64)]) -> (Vec<BucketSpan>, Vec<f64>) {
    buckets::spans_of(indices.iter().copied())
}

/// A histogram of a schema with a zero bucket (threshold, count) and buckets by index.
fn exponential(schema: i32, zero: (f64, f64), positive: &[(i32, f64)], negative: &[(i32, f64)]) -> Histogram {
    let ((positive_spans, positive), (negative_spans, negative)) = (spans(positive), spans(negative));
    let count = zero.1 + positive.iter().chain(&negative).sum::<f64>();
    let (zero_threshold, zero_count) = zero;
    let sum = count * 2.0;
    Histogram { schema, zero_threshold, zero_count, count, sum, positive_spans, negative_spans, positive, negative, ..Histogram::default() }
}

fn custom(bounds: &[f64], counts: &[(i32, f64)]) -> Histogram {
    let (positive_spans, positive) = spans(counts);
    let count = positive.iter().sum();
    let custom_values = bounds.to_vec();
    Histogram { schema: CUSTOM_BUCKETS_SCHEMA, count, sum: count, positive_spans, positive, custom_values, ..Histogram::default() }
}

fn sum(histograms: &[&Histogram]) -> HistogramSum {
    let mut sum = HistogramSum::new(histograms[0]);
    histograms[1..].iter().for_each(|h| sum.add(h).unwrap());
    sum
}

#[test]
fn texts() {
    let mut both = exponential(0, (0.01, 5.5), &[(-1, 1.0), (1, 3.3)], &[(2, 3.0)]);
    both.sum = 2_349_209.324;
    for (histogram, want) in [
        (Histogram::default(), "{count:0, sum:0}"),
        (both, "{count:12.8, sum:2.349209324e+06, [-4,-2):3, [-0.01,0.01]:5.5, (0.25,0.5]:1, (1,2]:3.3}"),
        (
            exponential(1, (0.0, 0.0), &[(0, 1.0), (1, 123_400.0)], &[]),
            "{count:123401, sum:246802, (0.7071067811865475,1]:1, (1,1.414213562373095]:123400}",
        ),
        (custom(&[0.5, 2.0], &[(0, 1.0), (1, 1.0), (2, 1.0)]), "{count:3, sum:3, (-Inf,0.5]:1, (0.5,2]:1, (2,+Inf]:1}"),
        (Histogram { count: 1e-7, sum: f64::NAN, ..Histogram::default() }, "{count:1e-07, sum:NaN}"),
    ] {
        assert_eq!(histogram.to_string(), want);
    }
}

#[test]
fn sums_take_the_layout_that_all_have() {
    for (what, a, b, want) in [
        (
            "the coarser schema: (1,2^¼] … (2^¾,2] are one bucket of schema 0",
            exponential(2, (0.0, 0.0), &[(1, 1.0), (2, 2.0), (4, 4.0), (5, 8.0)], &[(4, 1.0)]),
            exponential(0, (0.0, 0.0), &[(1, 10.0)], &[(3, 1.0)]),
            "[-8,-4):1, [-2,-1):1, (1,2]:17, (2,4]:8",
        ),
        (
            "the wider zero bucket, which takes in whole buckets",
            exponential(0, (0.25, 1.0), &[(-1, 2.0), (0, 3.0), (1, 4.0)], &[(0, 5.0)]),
            exponential(0, (1.0, 10.0), &[(1, 20.0)], &[]),
            "[-1,1]:21, (1,2]:24",
        ),
        (
            "a threshold within a populated bucket goes on to its end",
            exponential(0, (0.0, 1.0), &[(0, 3.0), (1, 4.0)], &[]),
            exponential(0, (0.75, 10.0), &[(1, 20.0)], &[]),
            "[-1,1]:14, (1,2]:24",
        ),
        (
            "a threshold within an empty bucket stays",
            exponential(0, (0.0, 1.0), &[(1, 4.0)], &[]),
            exponential(0, (0.75, 10.0), &[(1, 20.0)], &[]),
            "[-0.75,0.75]:11, (1,2]:24",
        ),
        (
            "the custom bounds that both have",
            custom(&[1.0, 2.0, 5.0], &[(0, 1.0), (1, 2.0), (2, 4.0), (3, 8.0)]),
            custom(&[1.0, 3.0, 5.0, 7.0], &[(1, 10.0), (3, 20.0), (4, 40.0)]),
            "(-Inf,1]:1, (1,5]:16, (5,+Inf]:68",
        ),
    ] {
        let (mut ab, ba) = (sum(&[&a, &b]), sum(&[&b, &a]));
        assert_eq!(ab.take_reconciled_bounds(), a.custom_values != b.custom_values, "{what}");
        let ab = ab.finish();
        assert!(ab.same_observations(&ba.finish()), "{what}: order must not matter");
        assert_eq!((ab.count, ab.sum), (a.count + b.count, a.sum + b.sum), "{what}");
        let shown: Vec<String> = ab.buckets().map(|bucket| bucket.to_string()).collect();
        assert_eq!(shown.join(", "), want, "{what}");
    }
    let mixed = HistogramSum::new(&exponential(0, (0.0, 0.0), &[], &[])).add(&custom(&[1.0], &[]));
    assert_eq!(mixed, Err(IncompatibleLayouts));
}

#[test]
fn means_do_not_overflow() {
    let huge = Histogram { count: f64::MAX, sum: f64::MAX, zero_count: f64::MAX, ..Histogram::default() };
    let mean = Histogram::mean([&huge, &huge].into_iter()).unwrap().unwrap().finish();
    assert_eq!((mean.count, mean.sum, mean.zero_count), (f64::MAX, f64::MAX, f64::MAX));
    let (one, four) = (custom(&[1.0], &[(0, 1.0)]), custom(&[1.0], &[(0, 4.0), (1, 4.0)]));
    let mean = Histogram::mean([&one, &four].into_iter()).unwrap().unwrap().finish();
    assert_eq!(mean.to_string(), "{count:4.5, sum:4.5, (-Inf,1]:2.5, (1,+Inf]:2}");
    assert!(Histogram::mean([].into_iter()).unwrap().is_none());
}

#[test]
fn hints_of_sums() {
    use CounterReset::{Gauge, No, Unknown, Yes};
    for (a, b, want, conflict) in [
        (Unknown, Unknown, Unknown, false),
        (Yes, Yes, Yes, false),
        (No, No, No, false),
        (Yes, Unknown, Unknown, false),
        (Yes, No, Unknown, true),
        (Gauge, No, Gauge, false),
        (Unknown, Gauge, Gauge, false),
    ] {
        let hinted = |counter_reset| Histogram { counter_reset, ..Histogram::default() };
        for (a, b) in [(a, b), (b, a)] {
            let sum = sum(&[&hinted(a), &hinted(b)]);
            assert_eq!((sum.has_conflicting_resets(), sum.finish().counter_reset), (conflict, want), "{a:?} and {b:?}");
        }
    }
    let h = exponential(0, (0.1, 2.0), &[(1, 4.0)], &[(1, 2.0)]);
    let mut difference = HistogramSum::new(&h);
    difference.subtract(&h).unwrap();
    assert_eq!(difference.finish().to_string(), "{count:0, sum:0}");
    assert_eq!(h.scaled(2.0).counter_reset, Unknown);
    assert_eq!((h.scaled(-2.0).counter_reset, h.divided(-2.0).counter_reset, h.negated().counter_reset), (Gauge, Gauge, Gauge));
    assert_eq!(h.negated().to_string(), "{count:-8, sum:-16, [-2,-1):-2, [-0.1,0.1]:-2, (1,2]:-4}");
    assert_eq!(h.divided(0.0).to_string(), "{count:+Inf, sum:+Inf, [-0.1,0.1]:+Inf}");
    assert!(h.negated().is_negative() && !h.is_negative());
}

#[test]
fn resets() {
    let base = || exponential(1, (0.5, 2.0), &[(1, 4.0), (2, 4.0)], &[]);
    let with = |change: &dyn Fn(&mut Histogram)| {
        let mut changed = base();
        change(&mut changed);
        changed
    };
    for (what, previous, now, want) in [
        ("the same", base(), base(), false),
        ("the sum falls", base(), with(&|h| h.sum = -100.0), false),
        ("the count falls", base(), with(&|h| h.count = 9.0), true),
        ("the zero bucket falls", base(), exponential(1, (0.5, 1.0), &[(1, 9.0), (2, 9.0)], &[]), true),
        ("a bucket falls", base(), exponential(1, (0.5, 2.0), &[(1, 9.0), (2, 3.0)], &[]), true),
        ("a bucket goes", base(), exponential(1, (0.5, 2.0), &[(1, 9.0)], &[]), true),
        ("a bucket comes", base(), exponential(1, (0.5, 2.0), &[(1, 4.0), (2, 4.0), (9, 1.0)], &[(1, 1.0)]), false),
        ("a coarser schema", base(), exponential(0, (0.5, 2.0), &[(1, 8.0)], &[]), false),
        ("a coarser schema with less in it", base(), exponential(0, (0.5, 4.0), &[(1, 7.0)], &[]), true),
        ("a finer schema", exponential(0, (0.5, 2.0), &[(1, 8.0)], &[]), base(), true),
        ("a narrower zero bucket", base(), exponential(1, (0.25, 2.0), &[(1, 4.0), (2, 4.0)], &[]), true),
        ("a wider zero bucket", base(), exponential(1, (1.0, 2.0), &[(1, 4.0), (2, 4.0)], &[]), false),
        (
            "a zero bucket that takes in a bucket",
            base(),
            exponential(1, (std::f64::consts::SQRT_2.next_down(), 6.0), &[(2, 4.0)], &[]),
            false,
        ),
        ("a zero bucket that cuts a bucket", base(), exponential(1, (1.2, 9.0), &[(1, 4.0), (2, 4.0)], &[]), true),
        ("said so", base(), with(&|h| h.counter_reset = CounterReset::Yes), true),
        ("denied", base(), with(&|h| (h.counter_reset, h.count) = (CounterReset::No, 1.0)), false),
        ("custom after exponential", base(), custom(&[1.0], &[(0, 100.0)]), true),
        (
            "other custom bounds with no less in what they share",
            custom(&[1.0, 2.0], &[(0, 1.0), (1, 1.0)]),
            custom(&[1.0, 3.0], &[(0, 1.0), (2, 1.0)]),
            false,
        ),
        (
            "other custom bounds with less in what they share",
            custom(&[1.0, 2.0], &[(0, 2.0)]),
            custom(&[1.0, 3.0], &[(0, 1.0), (2, 9.0)]),
            true,
        ),
    ] {
        assert_eq!(now.is_reset_after(&previous), want, "{what}");
    }
}

#[test]
fn quantiles_and_fractions() {
    let one_bucket = || exponential(0, (0.0, 0.0), &[(2, 4.0)], &[]);
    let mirrored = || exponential(0, (0.0, 0.0), &[], &[(2, 4.0)]);
    let zero_positive = || exponential(0, (0.5, 4.0), &[(1, 4.0)], &[]);
    let zero_both = || exponential(0, (0.5, 4.0), &[(1, 2.0)], &[(1, 2.0)]);
    let classic = || custom(&[1.0, 2.0, 4.0], &[(0, 2.0), (1, 2.0), (2, 2.0), (3, 2.0)]);
    // In (2,4], half of the way is 2^1.5 when spread exponentially.
    let root = 2_f64.powf(1.5);
    for (histogram, q, want) in [
        (one_bucket(), 0.5, root),
        (one_bucket(), 0.0, 2.0),
        (one_bucket(), 1.0, 4.0),
        (mirrored(), 0.5, -root),
        (mirrored(), 0.25, -(2_f64.powf(1.75))),
        (zero_positive(), 0.25, 0.25),
        (zero_positive(), 0.75, 2_f64.sqrt()),
        (zero_both(), 0.5, 0.0),
        (zero_both(), 0.375, -0.25),
        (classic(), 0.125, 0.5),
        (classic(), 0.375, 1.5),
        (classic(), 0.625, 3.0),
        (classic(), 0.9, 4.0),
        (custom(&[-1.0, 2.0], &[(0, 2.0), (1, 2.0)]), 0.25, -1.0),
        (one_bucket(), -0.1, f64::NEG_INFINITY),
        (one_bucket(), 1.1, f64::INFINITY),
    ] {
        let (got, nan) = histogram.quantile(q);
        assert!(got == want || (got - want).abs() < 1e-12, "{q} of {histogram}: {got}, not {want}");
        assert_eq!(nan, NanObservations::None);
    }
    assert!(Histogram::default().quantile(0.5).0.is_nan() && one_bucket().quantile(f64::NAN).0.is_nan());
    let (inf, root) = (f64::INFINITY, 2_f64.sqrt());
    for (histogram, lower, upper, want) in [
        (one_bucket(), -inf, inf, 1.0),
        (one_bucket(), 0.0, 2.0 * root, 0.5),
        (one_bucket(), 2.0 * root, inf, 0.5),
        (one_bucket(), 3.0, 3.0, 0.0),
        (mirrored(), -2.0 * root, 0.0, 0.5),
        (zero_positive(), 0.0, 0.25, 0.25),
        (zero_positive(), -1.0, 0.0, 0.0),
        (zero_both(), -0.25, 0.25, 0.25),
        (classic(), 0.5, 3.0, 0.5),
        (classic(), -inf, 4.0, 0.75),
        (classic(), -inf, 100.0, 0.75),
        (classic(), -inf, inf, 1.0),
        (custom(&[0.0, 1.0], &[(0, 4.0), (1, 4.0)]), -inf, 0.0, 0.5),
    ] {
        let (got, nan) = histogram.fraction(lower, upper);
        assert!((got - want).abs() < 1e-12 && !nan, "{lower}..{upper} of {histogram}: {got}, not {want}");
    }
    // Two of ten observations are NaN.
    let mut with_nan = exponential(0, (0.0, 0.0), &[(2, 8.0)], &[]);
    (with_nan.count, with_nan.sum) = (10.0, f64::NAN);
    let (value, nan) = with_nan.quantile(0.4);
    assert!((value - 2.0 * root).abs() < 1e-12 && nan == NanObservations::Skew, "{value} {nan:?}");
    let (value, nan) = with_nan.quantile(0.9);
    assert!(value.is_nan() && nan == NanObservations::Result);
    assert_eq!(with_nan.fraction(-inf, inf), (0.8, true));
}

#[test]
fn variance_from_the_middles() {
    // Middles: ½·√2 … geometric for exponential buckets, 0 for a zero bucket on both sides.
    let mut histogram = exponential(-1, (0.5, 2.0), &[(1, 2.0)], &[(1, 2.0)]);
    histogram.sum = 0.0;
    // (1,4] stands for 2, its mirror for -2: 4 observations at a distance of 2, 2 at none.
    assert!((histogram.variance() - 16.0 / 6.0).abs() < 1e-12);
    let mut linear = custom(&[0.0, 2.0, 6.0], &[(1, 1.0), (2, 1.0)]);
    linear.sum = 5.0;
    assert!((linear.variance() - 2.25).abs() < 1e-12, "1 and 4 around 2.5");
    assert!(Histogram::default().variance().is_nan());
}

#[test]
fn trimming() {
    let histogram = || exponential(-1, (0.5, 4.0), &[(1, 4.0), (2, 8.0)], &[(1, 4.0)]);
    let classic = || custom(&[2.0, 4.0], &[(0, 4.0), (1, 4.0), (2, 4.0)]);
    for (histogram, trim, at, want) in [
        (histogram(), Trim::Upper, 16.0, "{count:20, sum:40, [-4,-1):4, [-0.5,0.5]:4, (1,4]:4, (4,16]:8}"),
        // Half of the way in (1,4], spread exponentially, is 2; what stays stands for √2.
        (histogram(), Trim::Upper, 2.0, "{count:10, sum:-5.17157287525381, [-4,-1):4, [-0.5,0.5]:4, (1,4]:2}"),
        (histogram(), Trim::Lower, 4.0, "{count:8, sum:64, (4,16]:8}"),
        (histogram(), Trim::Lower, 0.0, "{count:14, sum:72.5, [-0.5,0.5]:2, (1,4]:4, (4,16]:8}"),
        (histogram(), Trim::Upper, -1.0, "{count:4, sum:-8, [-4,-1):4}"),
        (histogram(), Trim::Upper, f64::NEG_INFINITY, "{count:0, sum:0}"),
        (classic(), Trim::Upper, 3.0, "{count:6, sum:9, (-Inf,2]:4, (2,4]:2}"),
        (classic(), Trim::Lower, 1.0, "{count:10, sum:31, (-Inf,2]:2, (2,4]:4, (4,+Inf]:4}"),
        (classic(), Trim::Lower, 100.0, "{count:4, sum:16, (4,+Inf]:4}"),
        (custom(&[-2.0], &[(0, 4.0), (1, 2.0)]), Trim::Upper, -5.0, "{count:4, sum:-8, (-Inf,-2]:4}"),
    ] {
        assert_eq!(histogram.trimmed(trim, at).to_string(), want, "{trim:?} {at} of {histogram}");
    }
}

prop_compose! {
    fn any_exponential()(
        schema in -2..5_i32,
        zero in prop_oneof![Just((0.0, 0.0)), (0.001..3.0_f64, 0.0..9.0_f64)],
        positive in prop::collection::btree_map(-20..20_i32, 0.0..50.0_f64, 0..8),
        negative in prop::collection::btree_map(-20..20_i32, 0.0..50.0_f64, 0..4),
    ) -> Histogram {
        let cells = |map: std::collections::BTreeMap<i32, f64>| map.into_iter().map(|(i, count)| (i, count.round())).collect::<Vec<_>>();
        let mut histogram = HistogramSum::new(&exponential(schema, (0.0, zero.1.round()), &cells(positive), &cells(negative)));
        // A zero bucket does not end within a populated bucket.
        histogram.widen_zero_bucket(zero.0);
        histogram.finish()
    }
}

fn in_buckets(histogram: &Histogram) -> f64 {
    histogram.zero_count + histogram.positive.iter().chain(&histogram.negative).sum::<f64>()
}

proptest! {
    /// Counts are whole numbers here, so that no order of addition rounds. The order can only
    /// matter for how far a zero bucket is widened, never for the schema or for what is counted.
    #[test]
    fn sums_lose_nothing(a in any_exponential(), b in any_exponential(), c in any_exponential()) {
        let all = [&a, &b, &c];
        let total: f64 = all.iter().map(|h| h.count).sum();
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let added = sum(&order.map(|i| all[i])).finish();
            prop_assert_eq!(in_buckets(&added), total);
            prop_assert_eq!(added.count, total);
            prop_assert_eq!(added.schema, a.schema.min(b.schema).min(c.schema));
            prop_assert!(added.zero_threshold >= a.zero_threshold.max(b.zero_threshold).max(c.zero_threshold));
        }
        let (left, right) = (sum(&[&sum(&[&a, &b]).finish(), &c]).finish(), sum(&[&a, &b, &c]).finish());
        prop_assert!(left.same_observations(&right), "{} is not {}", left, right);
    }

    /// A sum is no reset after a summand, and taking the summand away again leaves the other.
    #[test]
    fn sums_grow(a in any_exponential(), b in any_exponential()) {
        let both = sum(&[&a, &b]);
        let grown = both.clone().finish();
        prop_assert!(!grown.is_reset_after(&a) && !grown.is_reset_after(&b), "{} after {} and {}", grown, a, b);
        let mut rest = both;
        rest.subtract(&b).unwrap();
        prop_assert_eq!(rest.finish().count, a.count);
    }

    #[test]
    fn quantiles_are_monotonic_and_fractions_add_up(h in any_exponential(), cut in -50.0..50.0_f64) {
        prop_assume!(h.count > 0.0);
        let quantiles: Vec<f64> = (0..=20).map(|i| h.quantile(f64::from(i) / 20.0).0).collect();
        prop_assert!(quantiles.windows(2).all(|w| w[0] <= w[1] + 1e-9 * w[1].abs()), "{:?} of {}", quantiles, h);
        let (below, above) = (h.fraction(f64::NEG_INFINITY, cut).0, h.fraction(cut, f64::INFINITY).0);
        prop_assert!((below + above - 1.0).abs() < 1e-9, "{below} and {above}");
        // What a trim keeps is what a fraction counts, and both sides together are everything.
        let (lower, upper) = (h.trimmed(Trim::Upper, cut), h.trimmed(Trim::Lower, cut));
        prop_assert!((lower.count - below * h.count).abs() < 1e-9 * h.count, "{} of {}", lower, h);
        prop_assert!((lower.count + upper.count - h.count).abs() < 1e-9 * h.count);
    }

    #[test]
    fn coarser_schemas_hold_the_same(h in any_exponential(), steps in 0..5_i32) {
        let mut coarser = HistogramSum::new(&h);
        coarser.coarsen(h.schema - steps);
        let coarser = coarser.finish();
        prop_assert_eq!(in_buckets(&coarser), in_buckets(&h));
        prop_assert!(!coarser.is_reset_after(&h));
        prop_assert!(steps == 0 || coarser.schema < h.schema);
    }
}
