//! W3C's `tracestate` and OpenTelemetry's entry `ot` in it.
//!
//! <https://www.w3.org/TR/trace-context-2/#tracestate-header>,
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/>

use crate::threshold::{Randomness, Threshold};

/// The most list members that a `tracestate` has.
const MAX_MEMBERS: usize = 32;
/// The most characters that the value of `ot` has.
const MAX_OT_CHARS: usize = 256;

/// The members of a `tracestate`, as they are written, without empty ones.
fn members(trace_state: &str) -> impl Iterator<Item = &str> {
    trace_state.split(',').map(|member| member.trim_matches([' ', '\t'])).filter(|member| !member.is_empty())
}

/// The value of a key of `tracestate`.
pub(crate) fn value_of<'a>(trace_state: &'a str, key: &str) -> Option<&'a str> {
    members(trace_state).find_map(|member| member.split_once('=').filter(|(name, _)| *name == key)).map(|(_, value)| value)
}

/// A sub-key of OpenTelemetry's entry.
fn ot_value<'a>(trace_state: &'a str, key: &str) -> Option<&'a str> {
    value_of(trace_state, "ot")?.split(';').find_map(|pair| pair.split_once(':').filter(|(name, _)| *name == key)).map(|(_, value)| value)
}

/// The threshold that samplers before have applied: `th` of the entry `ot`. `None` if there is none,
/// or if it can't be understood.
pub fn threshold_in(trace_state: &str) -> Option<Threshold> {
    ot_value(trace_state, "th").and_then(Threshold::from_hex)
}

/// The explicit randomness of a trace: `rv` of the entry `ot`.
pub fn randomness_in(trace_state: &str) -> Option<Randomness> {
    ot_value(trace_state, "rv").and_then(Randomness::from_hex)
}

/// The `tracestate` of a span that was kept with this probability. A threshold that is there already
/// counts too: the higher one is written, so that the probability that is told never rises. A
/// probability of 1 leaves the text as it is.
pub fn trace_state_with(trace_state: &str, probability: f64) -> String {
    let (before, own) = (threshold_in(trace_state), Threshold::from_probability(probability));
    match before {
        Some(before) if before >= own => trace_state.to_owned(),
        None if own == Threshold::ALWAYS => trace_state.to_owned(),
        // Nothing is kept with probability 0, so there is nothing to tell.
        _ if own == Threshold::NEVER => trace_state.to_owned(),
        _ => with_threshold(trace_state, Some(own)),
    }
}

/// The `tracestate` with another threshold, or without one. What else stands in the entry `ot` and all
/// other vendors' entries stay, in their order; an entry that was changed goes to the front, as W3C
/// asks, and with a new one the rightmost beyond 32 goes. When the entry would grow beyond 256
/// characters the text stays as it is, as OpenTelemetry asks.
pub fn with_threshold(trace_state: &str, threshold: Option<Threshold>) -> String {
    let kept = value_of(trace_state, "ot").unwrap_or_default().split(';').filter(|pair| !pair.is_empty() && !pair.starts_with("th:"));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.extend(threshold.map(|threshold| format!("th:{threshold}")));
    let value = pairs.join(";");
    if value.len() > MAX_OT_CHARS {
        return trace_state.to_owned();
    }
    let own = (!value.is_empty()).then(|| format!("ot={value}"));
    let others = members(trace_state).filter(|member| !member.starts_with("ot=")).map(str::to_owned);
    own.into_iter().chain(others).take(MAX_MEMBERS).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::traces::sampling_weight;
    use proptest::prelude::*;

    #[test]
    fn thresholds_are_merged() {
        let many: Vec<String> = (0..32).map(|i| format!("v{i}=x")).collect();
        let many = many.join(",");
        let long = format!("ot=a:{}", "x".repeat(251));
        for (before, probability, after) in [
            ("", 0.5, "ot=th:8".to_owned()),
            ("", 1.0, String::new()),
            ("", 0.0, String::new()),
            ("a=1, b=2", 0.5, "ot=th:8,a=1,b=2".to_owned()),
            ("a=1,ot=rv:00000000000001;th:8,b=2", 0.25, "ot=rv:00000000000001;th:c,a=1,b=2".to_owned()),
            // A head sampler was stricter: nothing changes, not even the order.
            ("a=1,ot=th:c", 0.5, "a=1,ot=th:c".to_owned()),
            ("ot=th:8", 1.0, "ot=th:8".to_owned()),
            ("ot=th:nonsense;p:3", 0.5, "ot=p:3;th:8".to_owned()),
            ("other@ot=th:c", 0.5, "ot=th:8,other@ot=th:c".to_owned()),
            (&many, 0.5, format!("ot=th:8,{}", many.strip_suffix(",v31=x").unwrap())),
            (&long, 0.5, long.clone()),
        ] {
            assert_eq!(trace_state_with(before, probability), after, "{before}");
        }
        assert_eq!(with_threshold("a=1,ot=th:8", None), "a=1");
        assert_eq!(with_threshold("a=1,ot=rv:00000000000001;th:8", None), "ot=rv:00000000000001,a=1");
    }

    proptest! {
        #[test]
        fn the_probability_never_rises(first in 0.0001..1.0_f64, second in 0.0001..1.0_f64, vendors in "([a-z]{1,4}=[a-z]{1,5},){0,3}") {
            let once = trace_state_with(&vendors, first);
            let twice = trace_state_with(&once, second);
            let weight = sampling_weight(&twice);
            prop_assert!((weight - 1.0 / first.min(second)).abs() < 1e-6 * weight, "{}", twice);
            let others = |text: &str| members(text).filter(|m| !m.starts_with("ot=")).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(others(&vendors), others(&twice));
        }

        #[test]
        fn any_text_is_taken(text in ".{0,300}", probability in 0.0..1.0_f64) {
            let _ = (trace_state_with(&text, probability), with_threshold(&text, None), randomness_in(&text));
        }
    }
}
