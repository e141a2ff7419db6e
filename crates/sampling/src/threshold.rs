//! Consistent probability sampling: randomness of a trace against a threshold.
//!
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>

use crate::trace_state::randomness_in;
use phoenix_model::traces::TraceId;
use std::fmt;

/// 2^56: the number of values that 56 random bits can have.
const ALL: u64 = 1 << 56;

/// Of 2^56 traces, how many are rejected: those whose randomness is below it. From 0, which keeps
/// all, to 2^56, which keeps none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// Keeps every trace.
    pub const ALWAYS: Self = Self(0);
    /// Keeps no trace. It has no text: what is not kept has no `tracestate` that is seen.
    pub const NEVER: Self = Self(ALL);

    /// The threshold of a probability: `(1 - p) * 2^56`, to the nearest whole number. A probability of
    /// 1 or more keeps all; 0 or less, or not a number, none. What is above 0 keeps at least one of 2^56.
    pub fn from_probability(probability: f64) -> Self {
        if probability >= 1.0 {
            return Self::ALWAYS;
        }
        if probability > 0.0 { Self(ALL - ((probability * ALL as f64).round() as u64).clamp(1, ALL)) } else { Self::NEVER }
    }

    /// The probability with which a trace is kept, from 0 to 1.
    pub fn probability(self) -> f64 {
        (ALL - self.0) as f64 / ALL as f64
    }

    /// Whether a trace of this randomness is kept.
    pub fn admits(self, randomness: Randomness) -> bool {
        randomness.0 >= self.0
    }

    /// Reads `th`: 1 to 14 hexadecimal digits, the zeros at the end left out.
    pub fn from_hex(digits: &str) -> Option<Self> {
        if digits.is_empty() || digits.len() > 14 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(digits, 16).ok().map(|number| Self(number << (4 * (14 - digits.len()))))
    }
}

/// As `th` is written: 14 hexadecimal digits, without the zeros at the end, at least one.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:014x}", self.0.min(ALL - 1));
        let digits = digits.trim_end_matches('0');
        f.write_str(if digits.is_empty() { "0" } else { digits })
    }
}

/// 56 bits that are the same wherever a trace is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Randomness(u64);

impl Randomness {
    /// Of a trace: `rv` where its `tracestate` has one, else the lowest 56 bits of its id, which W3C's
    /// Trace Context (level 2) asks to be random.
    pub fn of(trace_id: TraceId, trace_state: &str) -> Self {
        Self::of_bytes(trace_id.0, trace_state)
    }

    /// The same, of the bytes of a trace's id as on the wire.
    pub fn of_bytes(trace_id: [u8; 16], trace_state: &str) -> Self {
        randomness_in(trace_state).unwrap_or_else(|| {
            let mut bytes = [0; 8];
            bytes[1..].copy_from_slice(&trace_id[9..]);
            Self(u64::from_be_bytes(bytes))
        })
    }

    /// Reads `rv`: exactly 14 hexadecimal digits in lower case.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == 14 && digits.bytes().all(digit)).then(|| u64::from_str_radix(digits, 16).ok().map(Self))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thresholds_of_the_specification() {
        for (probability, text) in
            [(1.0, "0"), (0.5, "8"), (0.25, "c"), (0.75, "4"), (1.0 / 65536.0, "ffff"), (7.0, "0"), (1e-30, "ffffffffffffff")]
        {
            assert_eq!(Threshold::from_probability(probability).to_string(), text, "{probability}");
        }
        // The specification's example writes one percent with five digits of precision.
        assert!(Threshold::from_probability(0.01).to_string().starts_with("fd70a3d7"));
        for never in [0.0, -1.0, f64::NAN] {
            assert_eq!(Threshold::from_probability(never), Threshold::NEVER, "{never}");
        }
        for bad in ["", "x", "123456789abcdef"] {
            assert_eq!(Threshold::from_hex(bad), None, "{bad}");
        }
        let id = TraceId::from_hex("ffffffffffffffffff12345678abcdef").unwrap();
        assert_eq!(Randomness::of(id, ""), Randomness::from_hex("12345678abcdef").unwrap());
        assert_eq!(Randomness::of(id, "a=b,ot=th:8;rv:ffffffffffffff"), Randomness(ALL - 1));
        assert_eq!(Randomness::of(id, "ot=rv:FFFFFFFFFFFFFF"), Randomness::of(id, ""), "upper case is not an rv");
    }

    proptest! {
        #[test]
        fn text_reads_back(number in 0..ALL) {
            let threshold = Threshold(number);
            prop_assert_eq!(Threshold::from_hex(&threshold.to_string()), Some(threshold));
        }

        #[test]
        fn what_a_lower_rate_keeps_a_higher_keeps(a in 0.0..1.0_f64, b in 0.0..1.0_f64, random in 0..ALL) {
            let (low, high) = (Threshold::from_probability(a.min(b)), Threshold::from_probability(a.max(b)));
            prop_assert!(!low.admits(Randomness(random)) || high.admits(Randomness(random)));
            prop_assert!((low.probability() - a.min(b)).abs() < 1e-15);
        }
    }
}
