//! Rules of sampling in both formats, a `tracestate`, and decisions by what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::sampling_config;
use phoenix_model::Source;
use phoenix_model::traces::{SpanId, SpanRecord, SpanStatus, TraceId, TraceWrite, sampling_weight};
use phoenix_sampling::{Sampler, trace_state_with};

fuzz_target!(|text: &str| {
    // A `tracestate` in the first line, the rules in the others.
    let (trace_state, rules) = text.split_once('\n').unwrap_or(("", text));
    let weight = sampling_weight(&trace_state_with(trace_state, 0.25));
    assert!(weight >= sampling_weight(trace_state), "the probability rose: {trace_state:?}");

    let (rules, diagnostics) = sampling_config::parse(&Source::new("sampling.yaml", rules));
    let Some(rules) = rules else {
        assert!(!diagnostics.is_empty(), "refused without a reason: {text:?}");
        return;
    };
    let mut write = TraceWrite::default();
    let resource = write.add_resource("", 0, |attributes| attributes.text("service.name", "shop"));
    let scope = write.add_scope("", "", "", 0, |_| ());
    for number in 1..=3 {
        let fixed = SpanRecord {
            trace_id: TraceId([0x80; 16]),
            span_id: SpanId([number; 8]),
            parent_id: SpanId([number - 1; 8]),
            status: if number == 3 { SpanStatus::Error } else { SpanStatus::Unset },
            ..SpanRecord::default()
        };
        write.begin_span(resource, scope, fixed, "GET /health");
        write.set_trace_state(trace_state);
    }
    let mut sampler = Sampler::new(rules);
    for now_ms in [0, 10, 100_000, -5, i64::MAX] {
        let decision = sampler.decide(&write, &[0, 1, 2], now_ms);
        assert!((0.0..=1.0).contains(&decision.probability) && (!decision.keep || decision.probability > 0.0), "{decision:?}");
        let _ = decision.trace_state(trace_state);
    }
});
