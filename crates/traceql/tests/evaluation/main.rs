//! Scripts of traces, queries and what they give: `tests/evaluation/*.txt`. How traces are written
//! stands in `script.rs`.
//!
//! - `search QUERY` asks for traces over all time: `> TRACE: spans`, several sets parted by `/`, each
//!   with its number of matched spans where not all are given, and attributes behind `|`;
//! - `latest LIMIT SPANS QUERY` bounds traces and spans of a set;
//! - `show QUERY` gives a line for each span: name and attributes;
//! - `range START END STEP QUERY` and `at START END QUERY` ask for numbers, in seconds; `exemplars` in
//!   front of them shows those, too;
//! - `values FIELD [QUERY]` asks for values;
//! - the lines behind a question, each beginning with `>`, are the answer; `clear` forgets all traces.
//!
//! Each question is asked with and without conditions told to the store, over columns and row by
//! row, in batches of several sizes and with several visitors: the answer must always be the same.

mod properties;
mod script;
mod weights;

use phoenix_model::Budget;
use phoenix_model::traces::Scope;
use phoenix_traceql::ast::{AttributeName, IntrinsicName};
use phoenix_traceql::memory::MemorySource;
use phoenix_traceql::result::{FoundTrace, MetricsOutput, Static};
use phoenix_traceql::{
    EvalError, EvalOptions, MetricsParams, Query, SearchParams, TagField, TagParams, metrics_instant, metrics_range, parse, search,
    tag_values,
};
use script::{SECOND, Traces};

const LONG: i64 = 1_000_000 * SECOND;

fn shown(value: &Static) -> String {
    match value {
        Static::Nil => "nil".to_owned(),
        Static::Text(text) => text.to_string(),
        Static::Int(int) => int.to_string(),
        Static::Float(float) => format!("{float:?}"),
        Static::Bool(bool) => bool.to_string(),
        Static::Duration(ns) => format!("{}ms", *ns as f64 / 1e6),
        Static::Status(status) => status.as_str().to_owned(),
        Static::Kind(kind) => kind.as_str().to_owned(),
        Static::Array(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(";")),
    }
}

fn pairs<'a>(pairs: impl IntoIterator<Item = &'a (std::sync::Arc<str>, Static)>) -> String {
    pairs.into_iter().map(|(name, value)| format!(" {name}={}", shown(value))).collect()
}

fn hex(text: &str) -> &str {
    text.trim_start_matches('0')
}

fn trace_line(trace: &FoundTrace) -> String {
    let sets = trace.spansets.iter().map(|set| {
        let spans: String = set.spans.iter().map(|span| format!(" {}", hex(&span.id.to_string()))).collect();
        let more = if set.matched == set.spans.len() as u64 { String::new() } else { format!(" of {}", set.matched) };
        let attributes = if set.attributes.is_empty() { String::new() } else { format!(" |{}", pairs(&set.attributes)) };
        format!("{spans}{more}{attributes}")
    });
    format!("> {}:{}\n", hex(&trace.id.to_string()), sets.collect::<Vec<_>>().join(" /"))
}

fn span_lines(trace: &FoundTrace) -> String {
    let spans = trace.spansets.iter().flat_map(|set| &set.spans);
    let line =
        |span: &phoenix_traceql::result::FoundSpan| format!("> {} {}{}\n", hex(&span.id.to_string()), span.name, pairs(&span.attributes));
    spans.map(line).collect()
}

fn series_lines(output: &MetricsOutput, exemplars: bool) -> String {
    let number = |value: f64| format!("{}", (value * 1e6).round() / 1e6);
    let line = |series: &phoenix_traceql::result::MetricsSeries| {
        let samples: String = series.samples.iter().map(|(ms, value)| format!(" {}@{}", number(*value), *ms as f64 / 1000.0)).collect();
        let shown = series.exemplars.iter().map(|exemplar| {
            let id = exemplar.span_id.to_string();
            format!(">   {} {}@{}{}\n", hex(&id), number(exemplar.value), exemplar.timestamp_ms as f64 / 1000.0, pairs(&exemplar.labels))
        });
        format!("> {{{}}}{samples}\n{}", pairs(&series.labels).trim(), if exemplars { shown.collect() } else { String::new() })
    };
    output.series.iter().map(line).collect()
}

fn query(text: &str) -> Result<Query, EvalError> {
    parse(text).into_result().map_err(|why| EvalError::Execution(format!("PARSE {}", why[0].message)))
}

fn field(text: &str) -> TagField {
    if let Some(intrinsic) = IntrinsicName::from_name(text) {
        return TagField::Intrinsic(intrinsic);
    }
    let (scope, key) = text.split_once('.').expect("scope.key");
    TagField::Attribute(AttributeName { of_parent: false, scope: Scope::ALL.into_iter().find(|s| s.as_str() == scope), key: key.into() })
}

fn ask(question: &str, source: &MemorySource, options: &EvalOptions<'_>) -> Result<String, EvalError> {
    let (word, rest) = question.split_once(' ').expect("a question");
    let mut words = rest.split(' ');
    let mut seconds = || (words.next().expect("a number").parse::<f64>().expect("a number") * SECOND as f64) as i64;
    let numbers = |count: usize| rest.splitn(count + 1, ' ').last().expect("a query");
    let all = SearchParams { start_ns: 0, end_ns: LONG, limit: 100, spans_per_set: 0 };
    match word {
        "search" => Ok(search(&query(rest)?, &all, source, options)?.traces.iter().map(trace_line).collect()),
        "show" => Ok(search(&query(rest)?, &all, source, options)?.traces.iter().map(span_lines).collect()),
        "latest" => {
            let (limit, spans_per_set) = ((seconds() / SECOND) as usize, (seconds() / SECOND) as usize);
            let params = SearchParams { limit, spans_per_set, ..all };
            Ok(search(&query(numbers(2))?, &params, source, options)?.traces.iter().map(trace_line).collect())
        }
        "within" => {
            let params = SearchParams { start_ns: seconds(), end_ns: seconds(), ..all };
            Ok(search(&query(numbers(2))?, &params, source, options)?.traces.iter().map(trace_line).collect())
        }
        "range" | "exemplars" => {
            let params = MetricsParams { start_ns: seconds(), end_ns: seconds(), step_ns: seconds(), exemplars: 0 };
            Ok(series_lines(&metrics_range(&query(numbers(3))?, &params, source, options)?, word == "exemplars"))
        }
        "at" => {
            let params = MetricsParams { start_ns: seconds(), end_ns: seconds(), step_ns: 0, exemplars: 0 };
            Ok(series_lines(&metrics_instant(&query(numbers(2))?, &params, source, options)?, false))
        }
        "values" | "some" => {
            let (tag, text) = rest.split_once(' ').unwrap_or((rest, ""));
            let filter = (!text.is_empty()).then(|| query(text)).transpose()?;
            let params = TagParams { start_ns: 0, end_ns: LONG, limit: if word == "some" { 1 } else { 100 } };
            let (values, more) = tag_values(&field(tag), filter.as_ref(), &params, source, options)?;
            let more = if more { " …" } else { "" };
            let values: String =
                if word == "some" { format!(" {}", values.len()) } else { values.iter().map(|v| format!(" {}", shown(v))).collect() };
            Ok(format!(">{values}{more}\n"))
        }
        other => panic!("{other} is no question"),
    }
}

/// Asks in every way; all must agree.
fn answer(question: &str, traces: &Traces) -> String {
    let mut first: Option<String> = None;
    for (columnar, pushdown, batch, threads) in
        [(true, true, 64, 1), (false, false, 64, 1), (true, false, 1, 3), (true, true, 2, 2), (false, true, 3, 1)]
    {
        let source = MemorySource::new(traces.write.clone()).with_batches_of(batch);
        let budget = Budget::unlimited();
        let options = EvalOptions { columnar, pushdown, threads, ..EvalOptions::new(&budget) };
        let got = ask(question, &source, &options).unwrap_or_else(|error| format!("> ERROR {error}\n"));
        match &first {
            None => first = Some(got),
            Some(first) => {
                assert_eq!(&got, first, "{question}: columnar {columnar}, pushdown {pushdown}, batches of {batch}, {threads} visitors");
            }
        }
    }
    first.unwrap_or_default()
}

fn run(name: &str, script: &str) {
    let mut traces = Traces::default();
    let mut lines = script.lines().enumerate().peekable();
    let mut wrong = String::new();
    while let Some((number, line)) = lines.next() {
        match line.split_once(' ') {
            _ if line.trim().is_empty() || line.starts_with('#') => {}
            Some(("trace", rest)) => traces.begin(rest),
            _ if line.starts_with("  ") => traces.span(line),
            _ if line == "clear" => traces = Traces::default(),
            _ => {
                let mut want = String::new();
                while let Some((_, answer)) = lines.next_if(|(_, next)| next.starts_with('>')) {
                    want += &format!("{answer}\n");
                }
                let got = answer(line, &traces);
                if got != want {
                    wrong += &format!("{name}:{}: {line}\nwant\n{want}got\n{got}\n", number + 1);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn conditions_on_spans() {
    run("conditions.txt", include_str!("conditions.txt"));
}

#[test]
fn structure_and_pipelines() {
    run("pipelines.txt", include_str!("pipelines.txt"));
}

#[test]
fn numbers_over_time() {
    run("numbers.txt", include_str!("numbers.txt"));
}

#[test]
fn limits_are_named() {
    let mut traces = Traces::default();
    for trace in 1..20 {
        traces.begin(&format!("{trace} {trace}"));
        traces.span(&format!("  shop s{trace} +0ms 5ms"));
    }
    let source = MemorySource::new(traces.write);
    let unlimited = Budget::unlimited();
    let small = Budget::new("limits.query_memory", 1000);
    let cancelled = || true;
    for (question, options, want) in [
        (
            "search {}",
            EvalOptions { max_spans: 3, ..EvalOptions::new(&unlimited) },
            "limit `max_spans` reached: the answer has more than 3 spans",
        ),
        (
            "range 0 20 10 {} | rate() by (name)",
            EvalOptions { max_series: 5, ..EvalOptions::new(&unlimited) },
            "limit `max_series` reached: the query has more than 5 series; group by fewer fields, or by such with fewer values",
        ),
        (
            "range 0 20 10 {} | rate() by (name)",
            EvalOptions { max_samples: 5, ..EvalOptions::new(&unlimited) },
            "limit `max_samples` reached: the query has more than 5 values; ask for a longer step or fewer series",
        ),
        (
            "range 0 20 1 {} | rate()",
            EvalOptions { max_samples: 20, ..EvalOptions::new(&unlimited) },
            "limit `max_samples` reached: 21 steps are more than 20 values",
        ),
        ("search {}", EvalOptions { cancelled: &cancelled, ..EvalOptions::new(&unlimited) }, "query was cancelled"),
        (
            "range 0 9 1 {} | rate() with(exemplars=2000)",
            EvalOptions::new(&unlimited),
            "limit of 1000 exemplars reached: 2000 were asked for",
        ),
    ] {
        assert_eq!(ask(question, &source, &options).unwrap_err().to_string(), want, "{question}");
    }
    for question in [
        "search {}",
        "range 0 20 1 {} | rate() by (name)",
        "range 0 20 1 {} | quantile_over_time(duration, .5) by (name)",
        "at 0 20 {} | compare({})",
        "values name",
    ] {
        let error = ask(question, &source, &EvalOptions::new(&small)).unwrap_err().to_string();
        assert!(error.starts_with("limit `limits.query_memory` reached"), "{question}: {error}");
        assert_eq!(small.used_bytes(), 0, "{question} gives back what it took");
    }
}

#[test]
fn long_and_deep_queries_fit_a_stack() {
    let mut traces = Traces::default();
    traces.begin("1 1");
    traces.span("  shop x +0ms 5ms a=1");
    let alternatives: Vec<String> = (1..=240).map(|n| format!(".a = {n}")).collect();
    let sums = vec![".a"; 400].join(" + ");
    let sets = vec!["{ .a = 1 }"; 100].join(" && ");
    for question in [
        format!("search {{ {} }}", alternatives.join(" || ")),
        format!("search {{ {sums} = 400 }}"),
        format!("search {{ {}.a = 1{} }}", "(".repeat(100), ")".repeat(100)),
        format!("search {{ {}(.a = 2) }}", "!".repeat(101)),
        format!("search {sets}"),
    ] {
        assert_eq!(answer(&question, &traces), "> 1: 101\n", "{}", &question[..60]);
    }
}
