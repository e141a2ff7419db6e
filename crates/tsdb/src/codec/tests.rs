use super::*;
use proptest::prelude::*;

fn check_values(values: &[f64]) -> usize {
    let mut size = 0;
    for effort in [Effort::Fast, Effort::Small] {
        let mut bytes = Vec::new();
        encode_values(values, effort, &mut bytes);
        let back = decode_values(&bytes, values.len()).expect("what was packed can be unpacked");
        let differs = back.iter().zip(values).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!((back.len(), differs), (values.len(), None), "{effort:?}");
        size = bytes.len();
    }
    size
}

fn check_timestamps(timestamps: &[i64]) -> usize {
    let mut size = 0;
    for effort in [Effort::Fast, Effort::Small] {
        let mut bytes = Vec::new();
        encode_timestamps(timestamps, effort, &mut bytes);
        assert_eq!(decode_timestamps(&bytes, timestamps.len()).as_deref(), Some(timestamps), "{effort:?}");
        size = bytes.len();
    }
    size
}

const ODD: [u64; 12] = [
    0x7ff0_0000_0000_0002, // the staleness marker
    0x7ff8_0000_0000_0001, // the usual NaN of Prometheus
    0xffff_dead_beef_0001, // a NaN with sign and payload
    0x8000_0000_0000_0000, // -0.0
    0x7ff0_0000_0000_0000, // +Inf
    0xfff0_0000_0000_0000, // -Inf
    0x0000_0000_0000_0001, // the smallest subnormal
    0x7fef_ffff_ffff_ffff, // the largest double
    0x4340_0000_0000_0000, // 2^53
    0x4340_0000_0000_0001,
    0xc340_0000_0000_0000,
    0x43e0_0000_0000_0000, // 2^63
];

#[test]
fn odd_values_keep_their_bits() {
    for length in [1, 2, 12, 300, 1000] {
        let odd: Vec<f64> = ODD.iter().cycle().take(length).map(|bits| f64::from_bits(*bits)).collect();
        check_values(&odd);
        let mut counter: Vec<f64> = (0..length).map(|i| i as f64 * 0.25).collect();
        for (i, bits) in ODD.iter().enumerate() {
            if let Some(value) = counter.get_mut(i * 40) {
                *value = f64::from_bits(*bits);
            }
        }
        check_values(&counter);
    }
}

#[test]
fn usual_columns_are_small() {
    let counter: Vec<f64> = (0..5760).map(|i: i32| f64::from(i * 13 + (i * i) % 7) / 100.0).collect();
    assert!(check_values(&counter) < 5760);
    let mut gauge = vec![42.5; 5760];
    gauge[3000] = f64::from_bits(0x7ff0_0000_0000_0002);
    assert!(check_values(&gauge) < 40);
    assert!(check_timestamps(&(0..5760).map(|i| 1_700_000_000_000 + i * 15_000).collect::<Vec<_>>()) < 20);
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-1_000_000_i64..1_000_000, 0_i32..9).prop_map(|(m, e)| m as f64 / 10_f64.powi(e)),
        any::<i64>().prop_map(|m| m as f64),
        prop::sample::select(ODD.to_vec()).prop_map(f64::from_bits),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn values_round_trip(values in prop::collection::vec(any_value(), 0..600)) {
        check_values(&values);
    }

    #[test]
    fn decimals_round_trip(start in -1000_i64..1000, steps in prop::collection::vec(-50_i64..200, 1..600), exponent in 0_i32..12) {
        let mut mantissa = start;
        let values: Vec<f64> = steps.iter().map(|step| { mantissa += step; mantissa as f64 / 10_f64.powi(exponent) }).collect();
        check_values(&values);
    }

    #[test]
    fn timestamps_round_trip(timestamps in prop::collection::vec(any::<i64>(), 0..400), start: i64, jitter in prop::collection::vec(-2_i64..3, 0..600)) {
        check_timestamps(&timestamps);
        check_timestamps(&jitter.iter().enumerate().map(|(i, j)| start.wrapping_add(i as i64 * 15_000 + j)).collect::<Vec<_>>());
    }

    #[test]
    fn garbled_columns_never_panic(
        values in prop::collection::vec(any_value(), 1..400),
        small: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut: prop::sample::Index,
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let effort = if small { Effort::Small } else { Effort::Fast };
        let mut bytes = Vec::new();
        encode_values(&values, effort, &mut bytes);
        encode_timestamps(&values.iter().map(|v| v.to_bits() as i64).collect::<Vec<_>>(), effort, &mut bytes);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        for bytes in [&bytes, &noise] {
            for count in [1, values.len(), values.len() + 1] {
                let _ = decode_values(bytes, count);
                let _ = decode_timestamps(bytes, count);
            }
        }
    }
}
