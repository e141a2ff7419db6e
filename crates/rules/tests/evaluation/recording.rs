//! Recording rules, order within a group, and what a reload leaves behind.

use crate::sim::{FakeEngine, Outbox, Written, context, group, labels, vector};
use parking_lot::Mutex;
use phoenix_engine::QueryError;
use phoenix_model::{Labels, Sample};
use phoenix_query::{MatrixSeries, Value, VectorSample};
use phoenix_rules::{Health, Options, RuleMetrics};
use std::sync::Arc;

/// Answers what was written under the metric's name last, and `raw` with two series.
fn stored(query: &str, at_ms: i64, written: &Mutex<Written>) -> Result<Value, QueryError> {
    match query {
        "raw" => {
            return Ok(vector(
                &[(&[("__name__", "m"), ("job", "a"), ("x", "1")], 1.0), (&[("__name__", "m"), ("job", "b"), ("x", "1")], f64::NAN)],
                at_ms,
            ));
        }
        "scalar" => return Ok(Value::Scalar(Sample { timestamp_ms: at_ms, value: 7.0 })),
        "string" => return Ok(Value::String(Sample { timestamp_ms: at_ms, value: 0.0 }, "x".to_owned())),
        "matrix" => return Ok(Value::Matrix(vec![MatrixSeries::floats(Labels::empty(), Vec::new())])),
        "histograms" => {
            let histogram = |count| Arc::new(phoenix_model::Histogram { count, sum: 3.0, ..phoenix_model::Histogram::default() });
            let element = |i: &str, count| VectorSample::histogram(labels(&[("i", i)]), at_ms, histogram(count));
            return Ok(Value::Vector(vec![element("1", 2.0), element("2", 4.0)]));
        }
        "negative" => {
            let histogram = phoenix_model::Histogram { count: -1.0, ..phoenix_model::Histogram::default() };
            return Ok(Value::Vector(vec![VectorSample::histogram(Labels::empty(), at_ms, histogram.into())]));
        }
        "broken" => return Err(QueryError::Execution("found duplicate series".to_owned())),
        _ => {}
    }
    let last = |(labels, samples): (&Labels, &Vec<(i64, f64)>)| {
        let (timestamp_ms, value) = *samples.last()?;
        let there = labels.metric_name() == query && !phoenix_model::is_stale(value);
        there.then(|| VectorSample::float(labels.clone(), Sample { timestamp_ms, value }))
    };
    Ok(Value::Vector(written.lock().iter().filter_map(last).collect()))
}

fn check(rules: &str, times: &[i64]) -> (String, Vec<String>) {
    let engine = FakeEngine::new(stored);
    let context = context(&engine, &Arc::new(Outbox::default()), Options::default());
    let mut group = group(&format!("groups:\n- name: g\n{rules}"));
    for at_ms in times {
        group.evaluate(*at_ms, &context);
    }
    let status = group.status();
    let errors = status.rules.iter().map(|r| format!("{} {}", r.health.as_str(), r.last_error).trim().to_owned()).collect();
    (engine.dump(), errors)
}

#[test]
fn results_are_recorded_under_name_and_labels() {
    let (written, errors) =
        check("  rules:\n  - {record: 'job:m', expr: raw, labels: {job: '', x: '2', team: t, from: '{{ raw }}'}}\n", &[1000]);
    assert_eq!(errors, ["err vector contains metrics with the same labelset after applying rule labels"]);
    assert_eq!(written, "");
    let (written, errors) = check(
        "  rules:\n  - {record: 'job:m', expr: raw, labels: {x: '', team: '{{ t }}'}}\n  - {record: s, expr: scalar}\n",
        &[1000, 2000],
    );
    assert_eq!(errors, ["ok", "ok"]);
    insta::assert_snapshot!(written, @r#"
    job:m{job="a",team="{{ t }}"} 1:1 2:1
    job:m{job="b",team="{{ t }}"} 1:NaN 2:NaN
    s 1:7 2:7
    "#);
}

#[test]
fn histograms_are_recorded_as_such() {
    let engine = FakeEngine::new(stored);
    let context = context(&engine, &Arc::new(Outbox::default()), Options::default());
    let mut group = group(
        "groups:\n- name: g\n  rules:\n  - {record: h, expr: histograms, labels: {t: x}}\n  - {record: n, expr: negative}\n  - {alert: A, expr: histograms, annotations: {v: '{{ $value }}'}}\n",
    );
    group.evaluate(1_000, &context);
    let recorded = engine.histograms.lock().iter().map(|(l, s)| format!("{l} {}:{}", s[0].0, s[0].1)).collect::<Vec<_>>();
    assert_eq!(recorded, [r#"h{i="1",t="x"} 1000:{count:2, sum:3}"#, r#"h{i="2",t="x"} 1000:{count:4, sum:3}"#]);
    let status = group.status();
    assert_eq!(status.rules[1].last_error, "the result has a histogram with a negative count: n");
    // An alert is there for each histogram, its value as text in templates.
    let alerts = &status.rules[2].alerting.as_ref().unwrap().alerts;
    let shown: Vec<_> = alerts.iter().map(|a| a.annotations.value("v").to_owned()).collect();
    assert_eq!(shown, ["{count:2, sum:3}", "{count:4, sum:3}"]);
}

#[test]
fn a_later_rule_sees_what_an_earlier_one_recorded() {
    let (written, errors) =
        check("  rules:\n  - {record: one, expr: scalar}\n  - {record: two, expr: one}\n  - {alert: Three, expr: two}\n", &[1000]);
    assert_eq!(errors, ["ok", "ok", "ok"]);
    insta::assert_snapshot!(written, @r#"
    ALERTS{alertname="Three",alertstate="firing"} 1:1
    ALERTS_FOR_STATE{alertname="Three"} 1:1
    one 1:7
    two 1:7
    "#);
}

#[test]
fn what_fails_is_said_and_does_not_stop_the_others() {
    let (written, errors) = check(
        "  limit: 1\n  rules:\n  - {record: a, expr: broken}\n  - {record: b, expr: string}\n  - {record: c, expr: matrix}\n  - {record: d, expr: raw}\n  - {record: e, expr: scalar}\n",
        &[1000],
    );
    insta::assert_snapshot!(errors.join("\n"), @r#"
    err found duplicate series
    err rule result is not a vector or scalar but a string
    err rule result is not a vector or scalar but a matrix
    err exceeded limit of 1 with 2 series
    ok
    "#);
    assert_eq!(written, "e 1:7");
}

#[test]
fn series_that_vanish_are_marked_stale_at_the_offset_moment() {
    let engine = FakeEngine::new(|_, at_ms, _| {
        let all: [(&[(&str, &str)], f64); 2] = [(&[("job", "a")], 1.0), (&[("job", "b")], 2.0)];
        match at_ms / 60_000 {
            4 => Err(QueryError::Execution("down".to_owned())),
            minute if minute % 2 == 0 => Ok(vector(&all, at_ms)),
            _ => Ok(vector(&all[..1], at_ms)),
        }
    });
    let context = context(&engine, &Arc::new(Outbox::default()), Options::default());
    let mut group = group("groups:\n- name: g\n  query_offset: 1s\n  rules:\n  - {record: r, expr: x}\n");
    for minute in 1..=6 {
        group.evaluate(minute * 60_000 + 1000, &context);
    }
    // At minute 4 the query fails: nothing is written, and nothing ends.
    insta::assert_snapshot!(engine.dump(), @r#"
    r{job="a"} 60:1 120:1 180:1 300:1 360:1
    r{job="b"} 120:2 180:stale 360:2
    "#);
}

#[test]
fn a_reload_ends_series_of_rules_that_are_gone_and_keeps_the_others() {
    let engine = FakeEngine::new(stored);
    let context = context(&engine, &Arc::new(Outbox::default()), Options::default());
    let mut old = group(
        "groups:\n- name: g\n  rules:\n  - {record: gone, expr: scalar}\n  - {record: stays, expr: scalar}\n  - {record: moves, expr: scalar}\n",
    );
    old.evaluate(1000, &context);
    let mut new = group(
        "groups:\n- name: g\n  rules:\n  - {record: stays, expr: scalar}\n  - {record: moves, expr: broken}\n  - {record: gone2, expr: gone}\n",
    );
    new.take_over(old);
    new.evaluate(2000, &context);
    new.evaluate(3000, &context);
    insta::assert_snapshot!(engine.dump(), @r#"
    gone 1:7 2:stale
    gone2 2:7 3:stale
    moves 1:7
    stays 1:7 2:7 3:7
    "#);
    let mut left = new.into_series();
    left.sort();
    assert_eq!(left, [labels(&[("__name__", "moves")]), labels(&[("__name__", "stays")])]);
}

#[test]
fn a_failed_write_is_an_error_and_is_made_up_for() {
    let engine = FakeEngine::new(stored);
    let context = context(&engine, &Arc::new(Outbox::default()), Options::default());
    let mut group = group("groups:\n- name: g\n  rules:\n  - {record: r, expr: scalar}\n");
    *engine.full.lock() = true;
    group.evaluate(1000, &context);
    assert_eq!(group.status().rules[0].health, Health::Err);
    *engine.full.lock() = false;
    group.evaluate(2000, &context);
    assert_eq!(group.status().rules[0].health, Health::Ok);
    assert_eq!(engine.dump(), "r 2:7");
}

#[test]
fn evaluations_are_counted() {
    let engine = FakeEngine::new(stored);
    let metrics = RuleMetrics::default();
    let mut registry = prometheus_client::registry::Registry::default();
    metrics.register(&mut registry);
    let context = phoenix_rules::Context { metrics, ..context(&engine, &Arc::new(Outbox::default()), Options::default()) };
    let mut group = group("groups:\n- name: g\n  rules:\n  - {record: a, expr: raw}\n  - {record: b, expr: broken}\n");
    group.evaluate(1500, &context);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "prometheus_rule_evaluations_total{rule_group=\"rules.yaml;g\"} 2",
        "prometheus_rule_evaluation_failures_total{rule_group=\"rules.yaml;g\"} 1",
        "prometheus_rule_group_iterations_total{rule_group=\"rules.yaml;g\"} 1",
        "prometheus_rule_group_last_evaluation_timestamp_seconds{rule_group=\"rules.yaml;g\"} 1.5",
        "prometheus_rule_group_last_evaluation_samples{rule_group=\"rules.yaml;g\"} 2",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
}

/// Gives one series for whatever is asked.
struct Lines;

impl phoenix_rules::QueryDoor for Lines {
    fn instant(&self, expr: &str, at_ms: i64, _: &phoenix_engine::QueryLimits) -> Result<phoenix_query::QueryOutput, QueryError> {
        if expr == "broken" {
            return Err(QueryError::Execution("pipeline error".to_owned()));
        }
        Ok(phoenix_query::QueryOutput { value: vector(&[(&[("app", "a")], 3.0)], at_ms), annotations: Vec::new() })
    }
}

#[test]
fn groups_in_logql_ask_the_engine_of_logs_and_record_metrics() {
    let engine = FakeEngine::new(|_, _, _| panic!("nothing asks for metrics"));
    let outbox = Arc::new(Outbox::default());
    let with = |logs: Option<Arc<dyn phoenix_rules::QueryDoor>>| phoenix_rules::Context {
        language: phoenix_engine::Language::LogQl,
        logs,
        ..context(&engine, &outbox, Options::default())
    };
    let mut group = group("groups:\n- name: g\n  language: logql\n  rules:\n  - {record: lines, expr: x}\n  - {record: y, expr: broken}\n");
    group.evaluate(1_000, &with(Some(Arc::new(Lines))));
    assert_eq!(engine.dump(), "lines{app=\"a\"} 1:3");
    assert_eq!(group.status().rules[1].last_error, "pipeline error");
    group.evaluate(2_000, &with(None));
    assert_eq!(group.status().rules[0].last_error, "queries in logql are not acting here");
    group.evaluate(
        3_000,
        &phoenix_rules::Context { language: phoenix_engine::Language::TraceQl, traces: Some(Arc::new(Lines)), ..with(None) },
    );
    assert_eq!(engine.dump(), "lines{app=\"a\"} 1:3 3:3");
}
