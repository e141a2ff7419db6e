//! Rules and traces as data, and what is said of files that are wrong.

use super::*;
use phoenix_model::traces::{AttributeValue, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite};
use phoenix_sampling::{EarlyDecision, Sampler, Strategy};
use std::collections::BTreeMap;
use std::time::Duration;

/// One file of `cases/`: rules, traces in the order of their decisions, and what is expected of each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rules: String,
    #[serde(default)]
    warnings: Vec<String>,
    traces: Vec<Spanned<CaseTrace>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTrace {
    /// The trace's id in hexadecimal; its last 14 digits are its randomness.
    #[serde(default = "half")]
    id: String,
    /// When it is decided, in milliseconds.
    #[serde(default)]
    at_ms: i64,
    /// How many decisions are asked for, one after the other.
    #[serde(default = "once")]
    times: usize,
    spans: Vec<CaseSpan>,
    /// `keep` or `drop`, the rule, and the probability: of the last decision.
    want: String,
    /// The `tracestate` of the first span when it is kept.
    state: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseSpan {
    #[serde(default)]
    service: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    start_ms: i64,
    #[serde(default)]
    duration_ms: i64,
    /// The number of the parent from 1; 0 for a root.
    #[serde(default)]
    parent: u8,
    #[serde(default)]
    flags: u32,
    #[serde(default)]
    attributes: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    resource: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    trace_state: String,
}

fn half() -> String {
    "80000000000000".to_owned()
}

fn once() -> usize {
    1
}

fn attribute(value: &serde_json::Value) -> AttributeValue<'_> {
    match value {
        serde_json::Value::Bool(value) => AttributeValue::Bool(*value),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| AttributeValue::Float(number.as_f64().expect("a number")), AttributeValue::Int)
        }
        serde_json::Value::String(text) => AttributeValue::Text(text.as_str().into()),
        other => panic!("{other} is no attribute"),
    }
}

fn write_of(trace: &CaseTrace) -> TraceWrite {
    let mut write = TraceWrite::default();
    let scope = write.add_scope("", "", "", 0, |_| ());
    let kinds = SpanKind::ALL.map(|kind| (kind.as_str(), kind));
    let statuses = SpanStatus::ALL.map(|status| (status.as_str(), status));
    for (number, span) in trace.spans.iter().enumerate() {
        let resource = write.add_resource("", 0, |attributes| {
            attributes.text("service.name", &span.service);
            span.resource.iter().for_each(|(key, value)| attributes.push(key, &attribute(value)));
        });
        let fixed = SpanRecord {
            trace_id: TraceId::from_hex(&trace.id).expect("an id"),
            span_id: SpanId([number as u8 + 1; 8]),
            parent_id: SpanId([span.parent; 8]),
            start_ns: span.start_ms * 1_000_000,
            duration_ns: span.duration_ms * 1_000_000,
            kind: kinds.iter().find(|(name, _)| *name == span.kind).map_or(SpanKind::Unspecified, |(_, kind)| *kind),
            status: statuses.iter().find(|(name, _)| *name == span.status).map_or(SpanStatus::Unset, |(_, status)| *status),
            flags: span.flags,
            dropped: [0; 3],
        };
        write.begin_span(resource, scope, fixed, &span.name);
        write.set_trace_state(&span.trace_state);
        write.set_attributes(|attributes| span.attributes.iter().for_each(|(key, value)| attributes.push(key, &attribute(value))));
    }
    write
}

fn check(name: &str, text: &str) {
    let source = Source::new(name, text);
    let case: Case = phoenix_yaml::from_str(&source).unwrap_or_else(|found| panic!("{}", said(&found)));
    let (rules, found) = parse(&Source::new("rules", case.rules.as_str()));
    assert_eq!(found.iter().map(|d| d.message.clone()).collect::<Vec<_>>(), case.warnings, "{name}");
    let mut sampler = Sampler::new(rules.unwrap_or_else(|| panic!("{name}: {}", said(&found))));
    for trace in &case.traces {
        let (line, _) = source.position(trace.span.start);
        let write = write_of(trace);
        let numbers: Vec<u32> = (0..write.len() as u32).collect();
        let decisions: Vec<_> = (0..trace.times).map(|_| sampler.decide(&write, &numbers, trace.at_ms)).collect();
        let decision = decisions.last().expect("at least one");
        let verdict = if decision.keep { "keep" } else { "drop" };
        let probability = if decision.is_exact { format!("{:.3}", decision.probability) } else { "unknown".to_owned() };
        assert_eq!(format!("{verdict} {} {probability}", decision.rule), trace.want, "{name}:{line}");
        if let Some(state) = &trace.state {
            assert_eq!(decision.trace_state(write.span(0).trace_state), state.as_str(), "{name}:{line}");
        }
        assert!(sampler.rule_names().contains(&decision.rule), "{name}:{line}: a rule that is not listed");
    }
}

fn said(found: &[Diagnostic]) -> String {
    found.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            check(concat!(stringify!($name), ".yaml"), include_str!(concat!("cases/", stringify!($name), ".yaml")));
        })*
    };
}

cases!(strategy_rules, head_and_tail, attributes_and_shape, precedence, first_match, limits, composite, whole_processor);

#[test]
fn the_block_of_the_strategy_names_its_mistake() {
    let block = "sampling_rules:\n  - service: \"phoenix-api\"\n    endpoint: \"/health\"\n    sample_rate: 0.001  # 0.1% for health checks\n    \n  - service: \"*\"\n    error: true\n    sample_rate: 1.0  # 100% for errors\n    \n  default_sample_rate: 0.1  # 10% default\n";
    let (rules, found) = parse(&Source::new("sampling.yaml", block));
    assert!(rules.is_none());
    insta::assert_snapshot!(said(&found));
    let mended = block.replace("  default_sample_rate", "default_sample_rate");
    let (rules, found) = parse(&Source::new("sampling.yaml", mended));
    assert!(found.is_empty(), "{}", said(&found));
    let Strategy::Rules(rules) = rules.expect("it is right now").strategy else { panic!("these are rules") };
    assert_eq!((rules.rules.len(), rules.default_sample_rate), (2, 0.1));
}

#[test]
fn mistakes_are_drawn_where_they_stand() {
    let files = include_str!("cases/mistakes.txt").split("----\n");
    let drawn = files.map(|text| {
        let (rules, found) = parse(&Source::new("sampling.yaml", text));
        assert!(rules.is_none(), "taken as right:\n{text}");
        format!("{text}=>\n{}", said(&found))
    });
    insta::assert_snapshot!(drawn.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_does_not_act_is_a_warning() {
    let text = include_str!("cases/not_acting.yaml");
    let (rules, found) = parse(&Source::new("sampling.yaml", text));
    assert!(rules.is_some(), "{}", said(&found));
    insta::assert_snapshot!(said(&found));
}

#[test]
fn settings_have_the_processors_names() {
    let settings = |text: &str| {
        let (rules, found) = parse(&Source::new("sampling.yaml", text));
        rules.unwrap_or_else(|| panic!("{}", said(&found))).settings
    };
    let policies = "policies: [{name: a, type: always_sample}]";
    let plain = settings(policies);
    assert_eq!((plain.decision_wait, plain.num_traces, plain.early), (Duration::from_secs(30), 50_000, EarlyDecision::Never));
    let own = settings(&format!(
        "decision_wait: 10s\ndecision_wait_after_root_received: 3s\nnum_traces: 100\nexpected_new_traces_per_sec: 10\nmaximum_trace_size_bytes: 1_000\ndecision_cache: {{sampled_cache_size: 100_000, non_sampled_cache_size: 0}}\ndrop_pending_traces_on_shutdown: true\n{policies}"
    ));
    assert_eq!((own.decision_wait, own.early), (Duration::from_secs(10), EarlyDecision::Root(Duration::from_secs(3))));
    assert_eq!((own.num_traces, own.expected_new_traces_per_sec, own.max_trace_bytes), (100, 10, Some(1000)));
    assert_eq!((own.sampled_cache, own.non_sampled_cache, own.drop_pending_on_shutdown), (100_000, 0, true));
    let rules = settings("default_sample_rate: 0.5\ndecision_wait: 5s\ncomplete_wait: 500ms\n");
    assert_eq!((rules.decision_wait, rules.early), (Duration::from_secs(5), EarlyDecision::Complete(Duration::from_millis(500))));
}
