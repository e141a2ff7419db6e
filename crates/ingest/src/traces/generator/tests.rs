use super::*;
use crate::test_metrics::Metrics;
use phoenix_env::SimClock;
use phoenix_model::is_stale;
use phoenix_model::traces::{SpanId, SpanKind, SpanRecord, SpanStatus, TraceId};

struct World {
    store: Arc<Metrics>,
    clock: Arc<SimClock>,
    generator: MetricsGenerator,
    registry: Registry,
}

fn world(config: GeneratorConfig) -> World {
    let (store, clock) = (Arc::new(Metrics::default()), SimClock::new(1_000_000));
    let mut registry = Registry::default();
    let generator = MetricsGenerator::new(store.clone(), clock.clone(), config, &mut registry);
    World { store, clock, generator, registry }
}

impl World {
    /// Time passes until the next collection; the last sample of each series as `name{labels} value`, and `stale` for an end.
    fn collect(&self) -> Vec<String> {
        self.clock.advance(Duration::from_secs(15));
        self.generator.tick();
        let mut lines = Vec::new();
        for batch in std::mem::take(&mut *self.store.batches.lock()) {
            for (labels, samples) in &batch.series {
                let value = samples.last().map(|(_, value)| if is_stale(*value) { "stale".to_owned() } else { value.to_string() });
                lines.push(format!("{} {}", show(labels), value.unwrap()));
            }
        }
        lines.sort();
        lines
    }

    fn metric(&self, line: &str) -> bool {
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry).unwrap();
        out.lines().any(|l| l == line)
    }
}

fn show(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().filter(|(name, _)| *name != "__name__").map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}{{{}}}", labels.metric_name(), pairs.join(","))
}

/// A span: service, kind, trace, span and parent, milliseconds, attributes.
struct S(&'static str, SpanKind, [u8; 3], i64, &'static [(&'static str, &'static str)]);

fn write(spans: &[S]) -> TraceWrite {
    let mut write = TraceWrite::default();
    let scope = write.add_scope("", "", "", 0, |_| ());
    for S(service, kind, [trace, span, parent], ms, attributes) in spans {
        let resource = write.add_resource("", 0, |builder| {
            builder.text("service.name", service);
            attributes.iter().filter(|(key, _)| key.starts_with("r.")).for_each(|(key, value)| builder.text(&key[2..], value));
        });
        let is_error = attributes.iter().any(|(key, _)| *key == "error");
        let fixed = SpanRecord {
            trace_id: TraceId([*trace; 16]),
            span_id: SpanId([*span; 8]),
            parent_id: SpanId([*parent; 8]),
            kind: *kind,
            duration_ns: ms * 1_000_000,
            status: if is_error { SpanStatus::Error } else { SpanStatus::Unset },
            ..SpanRecord::default()
        };
        write.begin_span(resource, scope, fixed, "op");
        if let Some((_, state)) = attributes.iter().find(|(key, _)| *key == "state") {
            write.set_trace_state(state);
        }
        write.set_attributes(|builder| {
            attributes.iter().filter(|(key, _)| !key.starts_with("r.")).for_each(|(key, value)| builder.text(key, value));
        });
    }
    write
}

fn only_spans(span_metrics: SpanMetricsConfig) -> GeneratorConfig {
    GeneratorConfig { span_metrics: Some(span_metrics), service_graphs: None, ..GeneratorConfig::default() }
}

fn only_graph(graph: GraphConfig) -> GeneratorConfig {
    GeneratorConfig { span_metrics: None, service_graphs: Some(graph), ..GeneratorConfig::default() }
}

#[test]
fn span_metrics_by_hand() {
    let buckets = vec![0.1, 1.0];
    let world = world(only_spans(SpanMetricsConfig {
        histogram_buckets: buckets,
        dimensions: vec!["http.method".into(), "service".into()],
        ..SpanMetricsConfig::default()
    }));
    // 0.1 s belongs to the bucket of 0.1; half of the traces were kept before the last span came.
    let seen = write(&[
        S("shop", SpanKind::Server, [1, 1, 0], 100, &[("http.method", "GET")]),
        S("shop", SpanKind::Server, [2, 1, 0], 101, &[("http.method", "GET")]),
        S("shop", SpanKind::Server, [3, 1, 0], 5_000, &[("http.method", "GET"), ("state", "ot=th:8")]),
        S("shop", SpanKind::Client, [1, 2, 1], 50, &[("error", "1"), ("service", "x")]),
    ]);
    world.generator.observe(&seen, &[10, 20, 30, 40]);
    let server = "http_method=GET,service=shop,span_kind=SPAN_KIND_SERVER,span_name=op,status_code=STATUS_CODE_UNSET}";
    let client = "__service=x,service=shop,span_kind=SPAN_KIND_CLIENT,span_name=op,status_code=STATUS_CODE_ERROR}";
    let bucket = |le: &str, rest: &str| {
        let (before, behind) = rest.split_at(rest.find("service=shop").unwrap());
        format!("traces_spanmetrics_latency_bucket{{{before}le={le},{behind}")
    };
    let mut want = vec![
        format!("traces_spanmetrics_calls_total{{{server} 4"),
        format!("traces_spanmetrics_calls_total{{{client} 1"),
        format!("traces_spanmetrics_size_total{{{server} 90"),
        format!("traces_spanmetrics_size_total{{{client} 40"),
        format!("{} 1", bucket("0.1", server)),
        format!("{} 2", bucket("1", server)),
        format!("{} 4", bucket("+Inf", server)),
        format!("{} 1", bucket("0.1", client)),
        format!("{} 1", bucket("1", client)),
        format!("{} 1", bucket("+Inf", client)),
        format!("traces_spanmetrics_latency_sum{{{server} 10.201"),
        format!("traces_spanmetrics_latency_sum{{{client} 0.05"),
        format!("traces_spanmetrics_latency_count{{{server} 4"),
        format!("traces_spanmetrics_latency_count{{{client} 1"),
    ];
    want.sort();
    assert_eq!(world.collect(), want);
    // Counters go on; times and the zero before.
    world.generator.observe(&write(&[S("shop", SpanKind::Client, [4, 2, 1], 50, &[("error", "1"), ("service", "x")])]), &[2]);
    world.clock.advance(Duration::from_secs(15));
    world.generator.tick();
    let batch = world.store.batches.lock().pop().unwrap();
    let calls = batch.series.iter().find(|(labels, _)| show(labels) == format!("traces_spanmetrics_calls_total{{{client}")).unwrap();
    assert_eq!(calls.1, [(1_030_000, 2.0)]);
}

#[test]
fn counters_begin_at_zero_and_have_exemplars() {
    let world = world(only_spans(SpanMetricsConfig { histogram_buckets: vec![1.0], ..SpanMetricsConfig::default() }));
    world.generator.observe(&write(&[S("shop", SpanKind::Server, [7, 1, 0], 100, &[])]), &[1]);
    world.clock.advance(Duration::from_secs(14));
    assert_eq!(world.generator.tick(), Duration::from_secs(1));
    assert!(world.store.batches.lock().is_empty());
    world.clock.advance(Duration::from_secs(1));
    // A store that is busy gets the same later, with its zeros.
    *world.store.answer.lock() = Err(WriteError::Busy("full".into()));
    assert_eq!(world.generator.tick(), Duration::from_secs(15));
    assert!(world.metric("phoenix_traces_generator_write_failures_total 1"));
    *world.store.answer.lock() = Ok(phoenix_model::WriteOutcome::default());
    world.generator.observe(&write(&[S("shop", SpanKind::Server, [8, 1, 0], 200, &[])]), &[1]);
    world.clock.advance(Duration::from_secs(15));
    world.generator.tick();
    let batch = world.store.batches.lock().pop().unwrap();
    for (labels, samples) in &batch.series {
        assert_eq!((samples[0], samples.len()), ((1_015_000, 0.0), 2), "{}", show(labels));
        assert_eq!(samples[1].0, 1_030_000);
    }
    let [(labels, exemplars)] = batch.exemplars.as_slice() else { panic!("{:?}", batch.exemplars) };
    assert_eq!(labels.get("le"), Some("1"));
    assert_eq!(exemplars[0].labels.get("trace_id"), Some("08080808080808080808080808080808"));
    assert_eq!((exemplars[0].value, exemplars[0].timestamp_ms), (0.2, 1_015_000));
}

#[test]
fn series_are_bounded_and_end() {
    let config = SpanMetricsConfig { histogram_buckets: vec![], ..SpanMetricsConfig::default() };
    // Five series for each set of labels, and five for the overflow.
    let world = world(GeneratorConfig { max_active_series: 10, ..only_spans(config) });
    let one = |service| write(&[S(service, SpanKind::Server, [1, 1, 0], 1, &[])]);
    for service in ["a", "b", "c", "d", "a"] {
        world.generator.observe(&one(service), &[1]);
    }
    let calls = |lines: Vec<String>| -> Vec<String> { lines.into_iter().filter(|l| l.contains("calls_total")).collect() };
    let rest = "span_kind=SPAN_KIND_SERVER,span_name=op,status_code=STATUS_CODE_UNSET}";
    let mut want = vec![
        format!("traces_spanmetrics_calls_total{{service=a,{rest} 2"),
        format!("traces_spanmetrics_calls_total{{service=b,{rest} 1"),
        "traces_spanmetrics_calls_total{metric_overflow=true} 2".to_owned(),
    ];
    want.sort();
    assert_eq!(calls(world.collect()), want);
    assert!(world.metric("phoenix_traces_generator_overflowed_spans_total 2"));
    world.clock.advance(Duration::from_mins(10));
    world.generator.observe(&one("a"), &[1]);
    world.clock.advance(Duration::from_mins(6));
    let mut want = vec![
        format!("traces_spanmetrics_calls_total{{service=a,{rest} 3"),
        format!("traces_spanmetrics_calls_total{{service=b,{rest} stale"),
        "traces_spanmetrics_calls_total{metric_overflow=true} stale".to_owned(),
    ];
    want.sort();
    assert_eq!(calls(world.collect()), want);
    assert!(world.metric("phoenix_traces_generator_active_series 5"));
    // There is room again.
    world.generator.observe(&one("c"), &[1]);
    assert!(calls(world.collect()).contains(&format!("traces_spanmetrics_calls_total{{service=c,{rest} 1")));
    // Other settings end what was there.
    world.generator.set_config(only_graph(GraphConfig::default()));
    assert_eq!(calls(world.collect()).iter().filter(|line| line.ends_with("stale")).count(), 2);
}

#[test]
fn target_info_tells_of_resources() {
    let config = SpanMetricsConfig { histogram_buckets: vec![], enable_target_info: true, ..SpanMetricsConfig::default() };
    let world = world(GeneratorConfig { external_labels: vec![("cluster".into(), "x".into())], ..only_spans(config) });
    world.generator.observe(
        &write(&[
            S(
                "shop",
                SpanKind::Server,
                [1, 1, 0],
                1,
                &[("r.service.namespace", "eu"), ("r.service.instance.id", "i"), ("r.k8s.pod.name", "p")],
            ),
            S("plain", SpanKind::Server, [1, 1, 0], 1, &[]),
        ]),
        &[1, 1],
    );
    let lines: Vec<String> = world.collect().into_iter().filter(|l| l.contains("calls") || l.contains("target")).collect();
    let rest = "span_kind=SPAN_KIND_SERVER,span_name=op,status_code=STATUS_CODE_UNSET}";
    let mut want = vec![
        format!("traces_spanmetrics_calls_total{{cluster=x,instance=i,job=eu/shop,service=shop,{rest} 1"),
        format!("traces_spanmetrics_calls_total{{cluster=x,job=plain,service=plain,{rest} 1"),
        "traces_target_info{cluster=x,instance=i,job=eu/shop,k8s_pod_name=p} 1".to_owned(),
    ];
    want.sort();
    assert_eq!(lines, want);
}

/// The number of requests and of failed ones between services.
fn edges(lines: &[String]) -> Vec<String> {
    let of = |line: &String| line.strip_prefix("traces_service_graph_request_").map(str::to_owned);
    lines.iter().filter_map(of).filter(|line| line.starts_with("total") || (line.starts_with("failed") && !line.ends_with(" 0"))).collect()
}

#[test]
fn edges_are_made_of_both_sides() {
    for (spans, want) in [
        // In either order.
        (
            vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[]), S("b", SpanKind::Server, [1, 2, 1], 1, &[])],
            vec!["total{client=a,server=b} 1"],
        ),
        (
            vec![S("b", SpanKind::Server, [1, 2, 1], 1, &[("error", "")]), S("a", SpanKind::Client, [1, 1, 0], 1, &[])],
            vec!["failed_total{client=a,server=b} 1", "total{client=a,server=b} 1"],
        ),
        // Another trace is another matter.
        (vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[]), S("b", SpanKind::Server, [2, 2, 1], 1, &[])], vec![]),
        (
            vec![S("a", SpanKind::Producer, [1, 1, 0], 1, &[]), S("b", SpanKind::Consumer, [1, 2, 1], 1, &[])],
            vec!["total{client=a,connection_type=messaging_system,server=b} 1"],
        ),
        (
            vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[("db.name", "orders"), ("db.system", "mysql")])],
            vec!["total{client=a,connection_type=database,server=orders} 1"],
        ),
        // What answers for the database counts before its name.
        (
            vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[("db.name", "orders"), ("server.address", "db1"), ("peer.service", "p")])],
            vec!["total{client=a,connection_type=database,server=p} 1"],
        ),
        (
            vec![S(
                "a",
                SpanKind::Client,
                [1, 1, 0],
                1,
                &[("db.system", "mysql"), ("server.address", "db1"), ("network.peer.address", "::1")],
            )],
            vec!["total{client=a,connection_type=database,server=db1} 1"],
        ),
        (
            vec![S(
                "a",
                SpanKind::Client,
                [1, 1, 0],
                1,
                &[("db.namespace", "orders"), ("network.peer.address", "10.0.0.7"), ("network.peer.port", "3306")],
            )],
            vec!["total{client=a,connection_type=database,server=10.0.0.7:3306} 1"],
        ),
        (
            vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[("db.namespace", "orders"), ("network.peer.address", "10.0.0.7")])],
            vec!["total{client=a,connection_type=database,server=10.0.0.7} 1"],
        ),
        // An address alone makes no database.
        (vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[("server.address", "db1")])], vec![]),
        (
            vec![S("a", SpanKind::Client, [1, 1, 0], 1, &[("peer.service", "mail"), ("state", "ot=th:c")])],
            vec!["total{client=a,connection_type=virtual_node,server=mail} 4"],
        ),
        (vec![S("a", SpanKind::Server, [1, 1, 0], 1, &[])], vec!["total{client=user,connection_type=virtual_node,server=a} 1"]),
        (
            vec![S("a", SpanKind::Consumer, [1, 1, 0], 1, &[("peer.service", "cron")])],
            vec!["total{client=cron,connection_type=messaging_system,server=a} 1"],
        ),
        (
            vec![S("a", SpanKind::Server, [1, 1, 0], 1, &[("peer.service", "browser")])],
            vec!["total{client=browser,connection_type=virtual_node,server=a} 1"],
        ),
        (vec![S("a", SpanKind::Server, [1, 2, 1], 1, &[("peer.service", "browser")])], vec![]),
        (vec![S("a", SpanKind::Internal, [1, 2, 0], 1, &[])], vec![]),
    ] {
        let world = world(only_graph(GraphConfig::default()));
        world.generator.observe(&write(&spans), &[]);
        let names: Vec<_> = spans.iter().map(|S(service, kind, ..)| format!("{service} {kind:?}")).collect();
        assert_eq!(edges(&world.collect()), want, "{names:?}");
    }
}

#[test]
fn sides_wait_for_a_while_and_within_bounds() {
    let world = world(only_graph(GraphConfig {
        max_items: 2,
        histogram_buckets: vec![1.0],
        dimensions: vec!["zone".into()],
        enable_client_server_prefix: true,
        ..GraphConfig::default()
    }));
    world.generator.observe(&write(&[S("a", SpanKind::Client, [1, 1, 0], 500, &[("zone", "z1")])]), &[]);
    world.clock.advance(Duration::from_secs(9));
    world.generator.observe(&write(&[S("b", SpanKind::Server, [1, 2, 1], 400, &[("zone", "z2")])]), &[]);
    let lines = world.collect();
    assert!(
        lines.contains(&"traces_service_graph_request_total{client=a,client_zone=z1,server=b,server_zone=z2} 1".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"traces_service_graph_request_server_seconds_sum{client=a,client_zone=z1,server=b,server_zone=z2} 0.4".to_owned())
    );
    assert!(
        lines.contains(&"traces_service_graph_request_client_seconds_sum{client=a,client_zone=z1,server=b,server_zone=z2} 0.5".to_owned())
    );
    let sides: Vec<S> = (1..6).map(|number| S("a", SpanKind::Client, [number, 1, 0], 1, &[])).collect();
    world.generator.observe(&write(&sides), &[]);
    assert!(world.metric("phoenix_traces_generator_dropped_spans_total 3"));
    world.collect();
    assert!(world.metric("phoenix_traces_generator_unpaired_spans_total 2"));
}
