//! `phoenix test sampling`: what rules of sampling do with traces of a file.

use crate::args::TestSampling;
use crate::exit::{Failure, NO};
use phoenix_env::{Disk, RealDisk};
use phoenix_ingest::{sampling_config, traces};
use phoenix_model::Source;
use phoenix_model::traces::{TraceId, TraceWrite};
use phoenix_sampling::{Decision, Sampler, TraceSpans};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Bytes of the rules.
const RULES_LIMIT_BYTES: u64 = 16 << 20;
/// Bytes of the traces.
const TRACES_LIMIT_BYTES: u64 = 256 << 20;

/// A trace with what became of it.
struct Tried {
    trace_id: String,
    service: String,
    name: String,
    spans: usize,
    duration_ns: i64,
    has_error: bool,
    is_complete: bool,
    decision: Decision,
    /// The `tracestate` of its first span, as it is stored.
    trace_state: String,
}

pub(crate) fn run(arguments: &TestSampling, json_output: bool) -> Result<(), Failure> {
    let source = Source::new(arguments.rules.display().to_string(), read_text(&arguments.rules)?);
    let (rules, diagnostics) = sampling_config::parse(&source);
    let Some(rules) = rules else {
        return Err(Failure::new(NO, format!("{} has errors", arguments.rules.display())).diagnostics(diagnostics));
    };
    for warning in &diagnostics {
        eprintln!("{}", crate::draw::diagnostic(warning));
    }
    let traces = read_traces(&read(&arguments.traces, TRACES_LIMIT_BYTES)?).map_err(|reason| {
        Failure::new(NO, format!("{} can't be read: {reason}", arguments.traces.display()))
            .hint("write it as OTLP's JSON, one request a line or one in all, as the collector's file exporter does")
    })?;
    let tried = decide(&mut Sampler::new(rules), &traces);
    if json_output {
        println!("{}", json!({"traces": tried.iter().map(to_json).collect::<Vec<_>>(), "rules": by_rule_json(&tried)}));
    } else {
        print!("{}", to_text(&tried));
    }
    Ok(())
}

fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, Failure> {
    RealDisk.read(path, limit_bytes).map_err(|e| Failure::new(NO, format!("{} can't be read", path.display())).caused_by(e))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, RULES_LIMIT_BYTES)?).map_err(|_| Failure::new(NO, format!("{} is not UTF-8", path.display())))
}

fn read_traces(bytes: &[u8]) -> Result<TraceWrite, String> {
    let write = traces::read_json(bytes)?;
    if write.is_empty() { Err("there is no span in it".to_owned()) } else { Ok(write) }
}

/// The numbers of the spans of each trace, in the order in which the traces begin.
fn by_trace(write: &TraceWrite) -> Vec<Vec<u32>> {
    let mut traces: Vec<Vec<u32>> = Vec::new();
    let mut places: HashMap<TraceId, usize> = HashMap::new();
    for number in 0..write.len() {
        let place = *places.entry(write.fixed(number).trace_id).or_insert(traces.len());
        if place == traces.len() {
            traces.push(Vec::new());
        }
        traces[place].push(number as u32);
    }
    traces
}

/// Decides on the traces in the order in which they ended, each when it ended: limits and rates that
/// follow the traffic go by the traces' own time.
fn decide(sampler: &mut Sampler, write: &TraceWrite) -> Vec<Tried> {
    let end_ns = |spans: &[u32]| {
        let ends = spans.iter().map(|number| write.fixed(*number as usize));
        ends.map(|span| span.start_ns.saturating_add(span.duration_ns)).max().unwrap_or(0)
    };
    let mut ordered = by_trace(write);
    ordered.sort_by_key(|spans| end_ns(spans));
    ordered
        .into_iter()
        .map(|numbers| {
            let trace = TraceSpans::new(write, &numbers);
            let decision = sampler.decide(write, &numbers, end_ns(&numbers).div_euclid(1_000_000));
            let first = trace.first().expect("a trace has spans");
            Tried {
                trace_id: trace.trace_id().to_string(),
                service: write.resource(first.resource).service().to_owned(),
                name: first.name.to_owned(),
                spans: numbers.len(),
                duration_ns: trace.duration_ns(),
                has_error: trace.has_error(),
                is_complete: trace.is_complete(),
                trace_state: decision.trace_state(first.trace_state).into_owned(),
                decision,
            }
        })
        .collect()
}

/// Traces, kept traces, spans and kept spans by rule.
fn by_rule(tried: &[Tried]) -> BTreeMap<&str, [usize; 4]> {
    let mut rules: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for one in tried {
        let counts = rules.entry(&one.decision.rule).or_default();
        let kept = usize::from(one.decision.keep);
        for (count, more) in counts.iter_mut().zip([1, kept, one.spans, kept * one.spans]) {
            *count += more;
        }
    }
    rules
}

fn by_rule_json(tried: &[Tried]) -> Vec<Value> {
    let rules = by_rule(tried).into_iter();
    rules
        .map(|(rule, [traces, kept_traces, spans, kept_spans])| {
            json!({"rule": rule, "traces": traces, "kept_traces": kept_traces, "spans": spans, "kept_spans": kept_spans})
        })
        .collect()
}

fn to_json(tried: &Tried) -> Value {
    json!({
        "trace_id": tried.trace_id,
        "service": tried.service,
        "name": tried.name,
        "spans": tried.spans,
        "duration_ms": tried.duration_ns as f64 / 1e6,
        "error": tried.has_error,
        "complete": tried.is_complete,
        "keep": tried.decision.keep,
        "rule": &*tried.decision.rule,
        "probability": tried.decision.is_exact.then_some(tried.decision.probability),
        "trace_state": tried.decision.keep.then_some(&tried.trace_state),
    })
}

fn to_text(tried: &[Tried]) -> String {
    let mut out = String::new();
    for one in tried {
        let verdict = if one.decision.keep { "keep" } else { "drop" };
        let share = match (one.decision.is_exact, one.decision.probability) {
            (true, probability) => format!("{}", (probability * 1e6).round() / 1e6),
            (false, _) => "by what fits".to_owned(),
        };
        let mut notes =
            vec![format!("{} {}", one.spans, if one.spans == 1 { "span" } else { "spans" }), format!("{} ms", one.duration_ns / 1_000_000)];
        notes.extend(one.has_error.then(|| "error".to_owned()));
        notes.extend((!one.is_complete).then(|| "not complete".to_owned()));
        out += &format!("{verdict} {} {} {} ({})\n", one.trace_id, one.service, one.name, notes.join(", "));
        out += &format!("     by {}, {share}", one.decision.rule);
        if one.decision.keep && !one.trace_state.is_empty() {
            out += &format!(", tracestate {}", one.trace_state);
        }
        out.push('\n');
    }
    let rules = by_rule(tried);
    for (rule, [traces, kept_traces, spans, kept_spans]) in &rules {
        out += &format!("{rule}: {kept_traces} of {traces} traces, {kept_spans} of {spans} spans\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trace_is_shown_with_its_rule() {
        let rules = "sampling_rules:\n- {service: shop, endpoint: /health, sample_rate: 0.001}\n- {service: '*', error: true, sample_rate: 1}\n- {service: shop, method: POST, sample_rate: 0.5}\ndefault_sample_rate: 0.1\n";
        let (rules, _) = sampling_config::parse(&Source::new("r.yaml", rules));
        let span = |trace: &str, name: &str, start: u64, code: u8, parent: &str| {
            format!(
                r#"{{"traceId":"{trace}","spanId":"00000000000000a{code}","parentSpanId":"{parent}","name":"{name}","kind":2,"startTimeUnixNano":"{start}","endTimeUnixNano":"{}","status":{{"code":{code}}},"attributes":[{{"key":"url.path","value":{{"stringValue":"{}"}}}}],"traceState":"v=1"}}"#,
                start + 5_000_000,
                name.split(' ').next_back().unwrap_or_default(),
            )
        };
        let line = |spans: &[String]| {
            format!(
                r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
                spans.join(",")
            )
        };
        let id = |last: &str| format!("00000000000000000{last}");
        let text = [
            line(&[span(&id("180000000000000"), "GET /health", 30_000_000, 0, "")]),
            line(&[
                span(&id("2f0000000000000"), "POST /orders", 20_000_000, 0, ""),
                span(&id("310000000000000"), "GET /health", 10_000_000, 2, ""),
            ]),
            line(&[span(&id("2f0000000000000"), "charge", 24_000_000, 1, "00000000000000a0")]),
            line(&[span(&id("420000000000000"), "GET /", 50_000_000, 0, "00000000000000ff")]),
        ]
        .join("\n");
        let traces = read_traces(text.as_bytes()).expect("the traces are read");
        let tried = decide(&mut Sampler::new(rules.expect("the rules are fine")), &traces);
        insta::assert_snapshot!(to_text(&tried));
        insta::assert_snapshot!(to_json(&tried[1]).to_string());
    }

    #[test]
    fn what_is_not_traces_is_refused() {
        for (text, want) in [
            ("", "there is no span in it"),
            ("{\"resourceSpans\":[]}", "there is no span in it"),
            ("{}", "line 1: the object has no `resourceSpans`"),
        ] {
            assert_eq!(read_traces(text.as_bytes()).err().as_deref(), Some(want), "{text}");
        }
    }
}
