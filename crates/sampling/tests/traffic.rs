//! Simulated traffic: what is kept stands for what came, and rates follow the traffic.

use phoenix_model::traces::{SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite, sampling_weight};
use phoenix_sampling::{
    AdaptiveConfig, Pattern, Policies, Policy, PolicyKind, Randomness, Rules, Sampler, SamplingRule, SamplingRules, Settings, Strategy,
    Threshold, TraceSpans, trace_state_with,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// SplitMix64: a sequence that a seed repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn trace_id(&mut self) -> TraceId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.next().to_be_bytes());
        id[8..].copy_from_slice(&self.next().to_be_bytes());
        TraceId(id)
    }
}

/// A trace of a request with so many spans.
fn fill(write: &mut TraceWrite, trace_id: TraceId, service: &str, name: &str, spans: u8, is_error: bool, trace_state: &str) {
    write.clear();
    let resource = write.add_resource("", 0, |attributes| attributes.text("service.name", service));
    let scope = write.add_scope("", "", "", 0, |_| ());
    for number in 1..=spans {
        let fixed = SpanRecord {
            trace_id,
            span_id: SpanId([number; 8]),
            parent_id: if number == 1 { SpanId::NONE } else { SpanId([1; 8]) },
            kind: if number == 1 { SpanKind::Server } else { SpanKind::Internal },
            status: if is_error && number == spans { SpanStatus::Error } else { SpanStatus::Unset },
            ..SpanRecord::default()
        };
        write.begin_span(resource, scope, fixed, name);
        write.set_trace_state(trace_state);
    }
}

fn rule(service: &str, error: Option<bool>, sample_rate: f64) -> SamplingRule {
    SamplingRule { name: service.into(), service: Pattern::new(service), endpoint: None, method: None, error, sample_rate }
}

fn sampler(strategy: Strategy) -> Sampler {
    Sampler::new(Rules { strategy, settings: Settings::default() })
}

const SERVICES: [&str; 4] = ["a", "b", "c", "d"];
/// Standard deviations that an estimate may be off. Of a normal distribution, one in 500 million is beyond.
const SIGMAS: f64 = 6.0;
const TRACES: u64 = 2000;

/// Sends traces through a head sampler and a sampler, and compares for each service the weights of what is
/// kept with the number of what began. `kept_share` gives the probability of a trace.
fn check_counts(seed: u64, head: [f64; 4], mut sampler: Sampler, kept_share: impl Fn(usize, bool) -> f64) -> Result<(), TestCaseError> {
    let mut random = Random(seed);
    let mut write = TraceWrite::default();
    let (mut began, mut estimated, mut variance) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    for _ in 0..TRACES {
        let service = (random.next() % 4) as usize;
        let is_error = random.next().is_multiple_of(20);
        let trace_id = random.trace_id();
        let share = kept_share(service, is_error).min(head[service]);
        began[service] += 1.0;
        variance[service] += (1.0 - share) / share;
        if !Threshold::from_probability(head[service]).admits(Randomness::of(trace_id, "")) {
            continue;
        }
        fill(&mut write, trace_id, SERVICES[service], "GET /", 2, is_error, &trace_state_with("v=1", head[service]));
        let decision = sampler.decide(&write, &[0, 1], 0);
        if decision.keep {
            let state = decision.trace_state(write.span(0).trace_state);
            prop_assert!(state.split(',').any(|member| member == "v=1"), "{}", state);
            estimated[service] += sampling_weight(&state);
        }
    }
    for service in 0..4 {
        let off = (estimated[service] - began[service]).abs();
        let most = SIGMAS * variance[service].sqrt() + 1e-6;
        prop_assert!(
            off <= most,
            "seed {seed}, service {service}: {} began, {} estimated, off by more than {most}",
            began[service],
            estimated[service]
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Per rule and with mixed rates, after a head sampler with rates of its own.
    #[test]
    fn counts_by_rules_are_unbiased(seed: u64, rates in prop::array::uniform4(0.02..1.0_f64), head in prop::array::uniform4(prop_oneof![Just(1.0), 0.02..1.0_f64])) {
        let rules = vec![rule("a", None, rates[0]), rule("b", None, rates[1]), rule("c", None, rates[2]), rule("*", Some(true), 1.0)];
        let sampler = sampler(Strategy::Rules(SamplingRules { rules, default_sample_rate: rates[3], adaptive: None }));
        check_counts(seed, head, sampler, |service, is_error| if is_error { 1.0 } else { rates[service] })?;
    }

    /// Policies that overlap: a trace counts with the highest of their shares.
    #[test]
    fn counts_by_policies_are_unbiased(seed: u64, rates in prop::array::uniform2(0.02..1.0_f64), head in prop::array::uniform4(prop_oneof![Just(1.0), 0.02..1.0_f64])) {
        let policy = |name: &str, kind| Policy { name: name.into(), kind };
        let share = |rate| PolicyKind::Probabilistic(Threshold::from_probability(rate));
        let policies = vec![
            policy("errors", PolicyKind::StatusCode(vec![SpanStatus::Error])),
            policy("all", share(rates[0])),
            policy("errors too", PolicyKind::And(vec![policy("x", share(0.5)), policy("y", PolicyKind::StatusCode(vec![SpanStatus::Error]))])),
            policy("unset", PolicyKind::And(vec![policy("x", share(rates[1])), policy("y", PolicyKind::StatusCode(vec![SpanStatus::Unset]))])),
        ];
        let sampler = sampler(Strategy::Policies(Policies { policies, sample_on_first_match: false }));
        check_counts(seed, head, sampler, |_, is_error| if is_error { 1.0 } else { rates[0].max(rates[1]) })?;
    }
}

fn adaptive(target: f64) -> AdaptiveConfig {
    AdaptiveConfig { target_spans_per_second: target, floor: 0.001, ceiling: 1.0, window: Duration::from_secs(15), max_endpoints: 100 }
}

/// Three hours: two floods that swell and fall, errors that a rule keeps, and an endpoint that is asked
/// once in five minutes. All is kept of what is rare, and in each quarter of an hour but the first the
/// target is met within a tenth.
#[test]
fn the_target_is_met_and_what_is_rare_is_kept() {
    const TARGET: f64 = 40.0;
    const SPANS: u8 = 5;
    let rules = SamplingRules { rules: vec![rule("*", Some(true), 1.0)], default_sample_rate: 0.5, adaptive: Some(adaptive(TARGET)) };
    let mut sampler = sampler(Strategy::Rules(rules));
    let mut random = Random(7);
    let mut write = TraceWrite::default();
    let numbers: Vec<u32> = (0..u32::from(SPANS)).collect();
    let mut kept_by_quarter: BTreeMap<i64, f64> = BTreeMap::new();
    let mut estimated: BTreeMap<&str, f64> = BTreeMap::new();
    let mut came: BTreeMap<&str, f64> = BTreeMap::new();
    let mut rare = (0, 0);
    for second in 0..3 * 3600_i64 {
        let swell = 1.0 + 0.8 * (second as f64 / 1800.0).sin();
        let floods = [("GET /search", (16.0 * swell) as u64), ("GET /feed", (8.0 * (2.0 - swell)) as u64)];
        let rare_now = u64::from(second % 300 == 17);
        for (name, count) in floods.into_iter().chain([("POST /signup", rare_now)]) {
            for _ in 0..count {
                let is_error = name != "POST /signup" && random.next().is_multiple_of(100);
                fill(&mut write, random.trace_id(), "shop", name, SPANS, is_error, "");
                let decision = sampler.decide(&write, &numbers, second * 1000);
                *came.entry(name).or_default() += 1.0;
                if decision.keep {
                    *kept_by_quarter.entry(second / 900).or_default() += f64::from(SPANS);
                    *estimated.entry(name).or_default() += sampling_weight(&decision.trace_state(""));
                }
                if rare_now == 1 && name == "POST /signup" && second > 15 {
                    rare = (rare.0 + 1, rare.1 + i32::from(decision.keep && decision.probability == 1.0));
                }
            }
        }
    }
    // The very first is decided after a window, so all of them have a rate that was worked out.
    assert_eq!(rare, (36, 36), "what is rare is kept whole");
    for (quarter, spans) in kept_by_quarter.iter().skip(1) {
        let per_second = spans / 900.0;
        assert!((per_second / TARGET - 1.0).abs() < 0.1, "quarter {quarter}: {per_second} spans a second of {TARGET}");
    }
    for (name, came) in &came {
        assert!((estimated[name] / came - 1.0).abs() < 0.05, "{name}: {} of {came}", estimated[name]);
    }
    let rates = sampler.endpoint_rates();
    assert_eq!(rates.iter().map(|rate| &*rate.endpoint).collect::<Vec<_>>(), ["/search", "/feed", "/signup"]);
}

/// A flood out of nothing, of endpoints that each are new: they share one rate, and what is beyond the
/// target lasts a few windows. The floor holds.
#[test]
fn a_flood_of_new_names_is_thinned() {
    const TARGET: f64 = 50.0;
    let rules = SamplingRules { rules: vec![], default_sample_rate: 1.0, adaptive: Some(adaptive(TARGET)) };
    let mut sampler = sampler(Strategy::Rules(rules));
    let mut random = Random(11);
    let mut write = TraceWrite::default();
    let mut kept = [0.0_f64; 14];
    for second in 0..14 * 60_i64 {
        // From the fifth minute, 200 new names a second.
        let count = if second < 300 { 10 } else { 200 };
        for number in 0..count {
            let name = if second < 300 { "GET /known".to_owned() } else { format!("GET /new/{second}/{number}") };
            fill(&mut write, random.trace_id(), "shop", &name, 1, false, "");
            if sampler.decide(&write, &[0], second * 1000).keep {
                kept[(second / 60) as usize] += 1.0;
            }
        }
    }
    assert_eq!(&kept[..5], [600.0; 5], "below the target everything is kept");
    assert!(kept[5] < 3.0 * TARGET * 60.0, "the first minute of the flood: {}", kept[5]);
    for (minute, kept) in kept.iter().enumerate().skip(7) {
        assert!((kept / 60.0 / TARGET - 1.0).abs() < 0.25, "minute {minute}: {} spans a second", kept / 60.0);
    }
    assert!(sampler.endpoint_rates().len() <= 100, "endpoints are bounded");
}

#[test]
fn the_floor_holds_and_the_head_is_seen() {
    let config = AdaptiveConfig { floor: 0.1, ..adaptive(1.0) };
    let rules = SamplingRules { rules: vec![], default_sample_rate: 1.0, adaptive: Some(config) };
    let mut sampler = sampler(Strategy::Rules(rules));
    let mut random = Random(3);
    let mut write = TraceWrite::default();
    let mut last = 1.0;
    for second in 0..60_i64 {
        for _ in 0..100 {
            fill(&mut write, random.trace_id(), "a", "b", 1, false, "");
            last = sampler.decide(&write, &[0], second * 1000).probability;
        }
    }
    assert!((last - 0.1).abs() < 1e-9, "the floor holds above the target: {last}");

    // A head sampler let through one of ten. To keep half of what comes, one of twenty of all is kept.
    let rules = SamplingRules { rules: vec![], default_sample_rate: 1.0, adaptive: Some(adaptive(50.0)) };
    let mut sampler = self::sampler(Strategy::Rules(rules));
    let mut kept = 0;
    for second in 0..300_i64 {
        for _ in 0..1000 {
            let trace_id = random.trace_id();
            if Threshold::from_probability(0.1).admits(Randomness::of(trace_id, "")) {
                fill(&mut write, trace_id, "a", "b", 1, false, &trace_state_with("", 0.1));
                let decision = sampler.decide(&write, &[0], second * 1000);
                last = decision.probability;
                kept += i32::from(decision.keep && second >= 100);
            }
        }
    }
    assert!((last - 0.05).abs() < 0.01, "{last}");
    assert!((9_000..11_000).contains(&kept), "{kept} in 200 seconds");
}

#[test]
fn a_trace_is_complete_when_no_named_span_is_missing() {
    let mut write = TraceWrite::default();
    let resource = write.add_resource("", 0, |_| ());
    let scope = write.add_scope("", "", "", 0, |_| ());
    for (id, parent) in [(1, 0), (2, 1), (3, 2), (5, 4)] {
        let fixed = SpanRecord { span_id: SpanId([id; 8]), parent_id: SpanId([parent; 8]), ..SpanRecord::default() };
        write.begin_span(resource, scope, fixed, "");
    }
    for (spans, want) in [(&[0][..], true), (&[2, 0, 1], true), (&[1, 2], false), (&[0, 2], false), (&[0, 1, 2, 3], false), (&[], false)] {
        assert_eq!(TraceSpans::new(&write, spans).is_complete(), want, "{spans:?}");
    }
}
