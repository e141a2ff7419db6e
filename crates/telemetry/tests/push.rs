//! All three signals by OTLP to a real server, and what becomes of them without one.

#![expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]

mod collector;

use collector::{Collector, attribute};
use opentelemetry_proto::tonic::trace::v1::Span;
use phoenix_telemetry::{ExperimentLabels, ExperimentState, Signal, Telemetry, TelemetryBuilder, lead, strategy_rules};
use std::time::{Duration, Instant};
use tonic::Code;
use tracing_subscriber::layer::SubscriberExt;

const LONG: Duration = Duration::from_secs(30);

fn builder(address: std::net::SocketAddr, variables: &[(&str, &str)]) -> TelemetryBuilder {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Telemetry::builder("phoenix-api").version("1.2.3").endpoint(&format!("http://{address}")).log_filter("off").variables(variables)
}

/// Runs with the telemetry's layers as the thread's subscriber.
fn within(telemetry: &Telemetry, run: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layers().unwrap()), run);
}

/// The value of a line of the exposition.
fn value(telemetry: &Telemetry, series: &str) -> f64 {
    let text = telemetry.metrics().encode();
    let line = text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series} is not in\n{text}"));
    line.trim().parse().unwrap()
}

fn nobody() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn all_three_signals_arrive_when_the_guard_is_dropped() {
    let (collector, address) = Collector::start();
    let telemetry = builder(
        address,
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
            ("CLUSTER_NAME", "eu"),
            ("RUST_LOG", "info"),
        ],
    )
    .push(Signal::Metrics)
    .push(Signal::Logs)
    .start()
    .unwrap();
    let mut headers = http::HeaderMap::new();
    within(&telemetry, || {
        let span = tracing::info_span!("work", otel.name = "POST /orders", otel.kind = "server");
        lead(&span, &mut headers);
        span.in_scope(|| tracing::warn!(experiment_id = 7, ratio = 0.5, "slow"));
        tracing::debug!("nobody wants this");
    });
    telemetry.phoenix().experiments.inc(&ExperimentLabels { state: ExperimentState::Failed, tenant_id: "acme".into() });
    drop(telemetry);

    let received = collector.0.lock();
    assert!(received.headers.iter().all(|headers| headers.get("api-key").unwrap() == "secret"));
    let spans = &received.traces[0].resource_spans[0];
    for (key, value) in
        [("service.name", "phoenix-api"), ("service.version", "1.2.3"), ("k8s.cluster.name", "eu"), ("deployment.environment.name", "test")]
    {
        for resource in [&spans.resource, &received.metrics[0].resource_metrics[0].resource, &received.logs[0].resource_logs[0].resource] {
            assert_eq!(attribute(&resource.as_ref().unwrap().attributes, key), Some(value));
        }
    }
    let span = &spans.scope_spans[0].spans[0];
    assert_eq!((span.name.as_str(), span.kind), ("POST /orders", 2));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let leads = format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id));
    assert_eq!(headers["traceparent"], leads);
    assert_eq!(headers["tracestate"], "ot=th:0", "what is kept tells how many it stands for");

    let entries: Vec<_> = received.logs.iter().flat_map(|logs| &logs.resource_logs[0].scope_logs[0].log_records).collect();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!((entry.severity_number, &entry.trace_id, &entry.span_id), (13, &span.trace_id, &span.span_id));
    let told = format!("{:?} {:?}", entry.body, entry.attributes);
    assert!(told.contains("slow") && told.contains("IntValue(7)") && told.contains("DoubleValue(0.5)"), "{told}");

    let names: Vec<&str> =
        received.metrics[0].resource_metrics[0].scope_metrics[0].metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert!(names.contains(&"phoenix_experiment_total") && names.contains(&"phoenix_websocket_connections_active"), "{names:?}");
}

#[test]
fn what_nobody_takes_is_dropped_and_counted_and_holds_up_nobody() {
    let telemetry = builder(nobody(), &[("OTEL_BSP_MAX_QUEUE_SIZE", "10"), ("PHOENIX_FLUSH_TIMEOUT", "30000")]).start().unwrap();
    within(&telemetry, || {
        for _ in 0..1_000 {
            tracing::info_span!("work").in_scope(|| {});
        }
    });
    let start = Instant::now();
    assert!(!telemetry.flush(LONG), "nobody is there");
    assert!(start.elapsed() < LONG, "what is refused at once is not waited for");
    let dropped = |reason| value(&telemetry, &format!("phoenix_telemetry_dropped_total{{signal=\"traces\",reason=\"{reason}\"}}"));
    assert!(dropped("queue_full") > 0.0 && dropped("unreachable") > 0.0);
    assert_eq!(dropped("queue_full") + dropped("unreachable"), 1_000.0, "each is counted once");
    assert_eq!(value(&telemetry, "phoenix_telemetry_sent_total{signal=\"traces\"}"), 0.0);
}

#[test]
fn what_may_pass_is_tried_again_and_what_is_refused_is_not() {
    for (answers, rejected, sent, refused) in [
        (vec![], 0, 3.0, 0.0),
        (vec![Code::Ok, Code::Unavailable], 0, 3.0, 0.0),
        (vec![Code::InvalidArgument], 0, 0.0, 3.0),
        (vec![Code::ResourceExhausted], 0, 0.0, 3.0),
        (vec![], 2, 1.0, 2.0),
    ] {
        let (collector, address) = Collector::start();
        let tries = answers.len().max(1);
        *collector.0.lock() = collector::Received { answers: answers.clone(), rejected_spans: rejected, ..Default::default() };
        let telemetry = builder(address, &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3")]).start().unwrap();
        within(&telemetry, || (0..3).for_each(|_| tracing::info_span!("work").in_scope(|| {})));
        let start = Instant::now();
        let is_over = || {
            let get = |series: &str| value(&telemetry, &format!("phoenix_telemetry_{series}"));
            let refused = get("dropped_total{signal=\"traces\",reason=\"refused\"}");
            let sent = get("sent_total{signal=\"traces\"}");
            (sent + refused >= 3.0).then_some((sent, refused))
        };
        let over = loop {
            if let Some(over) = is_over() {
                break over;
            }
            assert!(start.elapsed() < LONG, "{answers:?}");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(over, (sent, refused), "{answers:?}");
        assert_eq!(collector.0.lock().headers.len(), tries, "{answers:?}");
    }
}

#[test]
fn nothing_is_sent_where_it_is_switched_off() {
    let (collector, address) = Collector::start();
    let telemetry = builder(address, &[("OTEL_SDK_DISABLED", "true")]).push(Signal::Metrics).start().unwrap();
    let mut headers = http::HeaderMap::new();
    within(&telemetry, || lead(&tracing::info_span!("work"), &mut headers));
    assert!(headers.is_empty(), "no trace is begun");
    assert!(telemetry.metrics().encode().contains("phoenix_websocket_connections_active 0"), "a scrape is answered all the same");
    assert!(telemetry.flush(LONG));
    drop(telemetry);
    assert!(collector.0.lock().headers.is_empty());
}

#[test]
fn the_strategys_rules_thin_at_the_head() {
    let (collector, address) = Collector::start();
    let telemetry = builder(address, &[("OTEL_BSP_MAX_QUEUE_SIZE", "10000")]).sampling(strategy_rules()).start().unwrap();
    within(&telemetry, || {
        for _ in 0..500 {
            tracing::info_span!("request", http.request.method = "POST", http.route = "/api/v1/experiments").in_scope(|| {});
            tracing::info_span!("request", http.request.method = "GET", http.route = "/health").in_scope(|| {});
        }
    });
    assert!(telemetry.flush(LONG));
    let received = collector.0.lock();
    let spans: Vec<_> = received.traces.iter().flat_map(|request| &request.resource_spans[0].scope_spans[0].spans).collect();
    let is_post = |span: &Span| attribute(&span.attributes, "http.request.method") == Some("POST");
    assert_eq!(spans.iter().filter(|span| is_post(span)).count(), 500);
    // Of 500 at one in a thousand more than 20 come once in 10^20 runs.
    assert!(spans.len() <= 520, "{}", spans.len());
    assert!(spans.iter().filter(|span| is_post(span)).all(|span| span.trace_state == "ot=th:0"));
}

#[test]
fn settings_that_make_no_sense_are_told_at_start() {
    for (variables, want) in [
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")][..],
            "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317: it begins with `http://` or `https://`",
        ),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a b")], "OTEL_EXPORTER_OTLP_ENDPOINT=http://a b: this is no address"),
        (&[("OTEL_EXPORTER_OTLP_HEADERS", "a b=secret")], "OTEL_EXPORTER_OTLP_HEADERS=…: the name of `a b` can't be sent as a header"),
        (
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost:1"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere.pem")],
            "OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere.pem: the file can't be read",
        ),
    ] {
        let told = builder(nobody(), variables).start().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.starts_with(want), "{variables:?}: {told}");
        assert!(!told.contains("secret"));
    }
    let telemetry = builder(nobody(), &[("RUST_LOG", "phoenix=loud")]).start().unwrap();
    let told = telemetry.layers::<tracing_subscriber::Registry>().err().map(|error| error.to_string()).unwrap_or_default();
    assert!(told.starts_with("RUST_LOG=phoenix=loud: "), "{told}");
}
