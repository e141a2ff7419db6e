//! OTLP over gRPC with a real client, and over HTTP.

use super::{Bound, bind, grpc};
use crate::config::OtlpListener;
use crate::http::bodies::Bodies;
use crate::http::loki::tests::memory::MemoryLogs;
use crate::http::otlp::{OtlpDoor, router};
use crate::shutdown::Shutdown;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use phoenix_engine::{EmbeddedMetrics, EmbeddedTraces, LogsEngine, MetricsEngine, QueryLimits, TracesEngine};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealDisk, SharedClock, SimClock};
use phoenix_ingest::log_limits::LogLimits;
use phoenix_ingest::otlp::OtlpReceiver;
use phoenix_ingest::push::{LogReceiver, PushLimits};
use phoenix_ingest::traces::{SpanSink, TraceLimits, TraceReceiver};
use phoenix_lake::{LakeOptions, TraceLake};
use phoenix_model::traces::TraceId;
use phoenix_tsdb::{Tsdb, TsdbOptions};
use prometheus_client::registry::Registry;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request as GrpcRequest};
use tower::ServiceExt;

/// 2023-11-14T22:13:20Z
const NOW_MS: i64 = 1_700_000_000_000;

struct House {
    logs: Arc<MemoryLogs>,
    metrics: Arc<dyn MetricsEngine>,
    spans: Arc<dyn TracesEngine>,
    receiver: Arc<LogReceiver>,
    door: OtlpDoor,
    _folder: tempfile::TempDir,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let clock: SharedClock = SimClock::new(NOW_MS);
    let mut registry = Registry::default();
    let store = Tsdb::open(TsdbOptions::new(folder.path().to_owned()), RealDisk::shared(), clock.clone(), &mut registry).unwrap();
    let metrics: Arc<dyn MetricsEngine> = Arc::new(EmbeddedMetrics::new(store, Duration::from_mins(1)));
    let logs = Arc::new(MemoryLogs::default());
    let engine: Arc<dyn LogsEngine> = logs.clone();
    let receiver = Arc::new(LogReceiver::new(engine, clock.clone(), PushLimits::default(), LogLimits::default(), &mut registry));
    let otlp = Arc::new(OtlpReceiver::new(Arc::clone(&receiver), Arc::clone(&metrics), clock.clone(), &mut registry));
    let disk = RealDisk::shared();
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), folder.path().join("objects")).unwrap());
    let spans = TraceLake::open(LakeOptions::new(folder.path().join("traces")), disk, objects, clock.clone(), &mut registry).unwrap();
    let spans: Arc<dyn TracesEngine> = Arc::new(EmbeddedTraces::new(Arc::new(spans), 1));
    let sink = SpanSink::Store(Arc::clone(&spans));
    let traces = TraceReceiver::new(sink, None, clock.clone(), PushLimits::default(), TraceLimits::default(), &mut registry);
    let door = OtlpDoor { receiver: otlp, traces: Arc::new(traces), bodies: Bodies::new(clock, 1 << 20, 4 << 20, 2) };
    House { logs, metrics, spans, receiver, door, _folder: folder }
}

const LOGS: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}},{"key":"host.name","value":{"stringValue":"h1"}}]},
"scopeLogs":[{"logRecords":[{"timeUnixNano":"1699999999000000001","severityNumber":17,"severityText":"ERROR","traceId":"5b8efff798038103d269b633813fc60c",
"spanId":"eee19b7ec3c1b174","body":{"stringValue":"no stock"}}]}]}]}"#;

const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeMetrics":[{"metrics":[{"name":"orders","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1699999999000000000","asInt":"7"}]}}]}]}]}"#;

fn logs() -> ExportLogsServiceRequest {
    serde_json::from_str(LOGS).unwrap()
}

fn metrics() -> ExportMetricsServiceRequest {
    serde_json::from_str(METRICS).unwrap()
}

const TRACES: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"GET /","kind":2,
"startTimeUnixNano":"1699999999000000000","endTimeUnixNano":"1699999999500000000"}]}]}]}"#;

fn traces() -> ExportTraceServiceRequest {
    serde_json::from_str(TRACES).unwrap()
}

fn orders(house: &House) -> String {
    format!("{:?}", house.metrics.instant("orders_total", NOW_MS, &QueryLimits::unlimited()).unwrap().value)
}

#[tokio::test]
async fn a_client_of_grpc_is_served_and_told_what_to_do() {
    let house = house();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = Shutdown::default();
    let served = tokio::spawn(grpc::serve(listener, house.door.clone(), 1 << 20, shutdown.clone()));
    let channel = tonic::transport::Endpoint::new(url).unwrap().connect().await.unwrap();
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = LogsServiceClient::new(channel.clone()).send_compressed(encoding).accept_compressed(CompressionEncoding::Gzip);
        assert_eq!(client.export(GrpcRequest::new(logs())).await.unwrap().into_inner().partial_success, None);
    }
    insta::assert_snapshot!(house.logs.dump());
    MetricsServiceClient::new(channel.clone()).export(GrpcRequest::new(metrics())).await.unwrap();
    assert!(orders(&house).contains("value: 7.0"), "{}", orders(&house));
    let mut client = TraceServiceClient::new(channel.clone()).send_compressed(CompressionEncoding::Gzip);
    assert_eq!(client.export(GrpcRequest::new(traces())).await.unwrap().into_inner().partial_success, None);
    let id = TraceId::from_hex("5b8efff798038103d269b633813fc60c").unwrap();
    let stored = house.spans.trace(id, None, &QueryLimits::unlimited()).unwrap();
    assert_eq!((stored.len(), stored.span(0).name, stored.resource(0).service()), (1, "GET /", "shop"));
    // A span without an id is refused alone, and told.
    let mut some = traces();
    let mut bad = some.resource_spans[0].scope_spans[0].spans[0].clone();
    bad.span_id = vec![1];
    some.resource_spans[0].scope_spans[0].spans.push(bad);
    let partial = client.export(GrpcRequest::new(some)).await.unwrap().into_inner().partial_success.unwrap();
    assert!(partial.rejected_spans == 1 && partial.error_message.contains("span id"), "{partial:?}");
    // A limit that is hit may be tried again later, and says when.
    house.receiver.set_limits(LogLimits { ingestion_rate_mb: 1e-9, ingestion_burst_size_mb: 1e-9, ..LogLimits::default() });
    let refused = LogsServiceClient::new(channel.clone()).export(GrpcRequest::new(logs())).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert!(String::from_utf8_lossy(refused.details()).contains("google.rpc.RetryInfo"));
    // A message that is too long is refused before it is read.
    let mut long = logs();
    long.resource_logs[0].scope_logs[0].log_records[0].severity_text = "x".repeat(2 << 20);
    let refused = LogsServiceClient::new(channel.clone()).export(GrpcRequest::new(long)).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused:?}");
    drop(channel);
    shutdown.begin();
    served.await.unwrap().unwrap();
}

async fn ask(app: &Router, path: &str, content_type: &str, body: Vec<u8>) -> (u16, String, Vec<u8>) {
    let request = Request::post(path).header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let retry = response.headers().get(header::RETRY_AFTER).map(|v| format!(" retry after {}", v.to_str().unwrap())).unwrap_or_default();
    (response.status().as_u16(), kind + &retry, to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
}

#[tokio::test]
async fn http_takes_protobuf_and_json_on_each_path() {
    let house = house();
    // As on the main port, where Prometheus' paths stand beside.
    let app: Router = Router::new().nest("/api/v1", Router::new().fallback(|| async { "Prometheus" })).merge(router(house.door.clone()));
    let (json, protobuf) = ("application/json", "application/x-protobuf");
    let mut all = String::new();
    let long = vec![b' '; (1 << 20) + 1];
    for (path, kind, body) in [
        ("/v1/logs", json, LOGS.into()),
        ("/otlp/v1/logs", protobuf, logs().encode_to_vec()),
        ("/v1/metrics", json, METRICS.into()),
        ("/otlp/v1/metrics", protobuf, metrics().encode_to_vec()),
        ("/api/v1/otlp/v1/metrics", protobuf, metrics().encode_to_vec()),
        ("/v1/logs", json, "{".into()),
        ("/v1/logs", protobuf, b"\xff\xff".to_vec()),
        ("/v1/logs", "text/plain", b"x".to_vec()),
        ("/v1/logs", json, LOGS.replace("1699999999000000001", "1600000000000000000").into()),
        ("/v1/logs", json, long),
        ("/v1/traces", json, b"{}".to_vec()),
    ] {
        let (status, answered, body) = ask(&app, path, kind, body).await;
        all.push_str(&format!("{path} {kind}: {status} {answered} {:?}\n", String::from_utf8_lossy(&body)));
    }
    house.receiver.set_limits(LogLimits { ingestion_rate_mb: 1e-9, ingestion_burst_size_mb: 1e-9, ..LogLimits::default() });
    let (status, answered, body) = ask(&app, "/v1/logs", json, LOGS.into()).await;
    all.push_str(&format!("too much at once: {status} {answered} {:?}\n", String::from_utf8_lossy(&body)));
    insta::assert_snapshot!(all);
    assert!(orders(&house).contains("value: 7.0"), "{}", orders(&house));
}

#[tokio::test]
async fn a_default_address_that_is_taken_is_a_problem_and_a_named_one_an_error() {
    let holder = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let held = holder.local_addr().unwrap();
    let address = Some(held);
    let without = bind("otlp.grpc", OtlpListener { address, named: false }).await.unwrap();
    let problem = without.problem().unwrap();
    assert!(problem.contains("otlp.grpc") && problem.contains(&held.to_string()), "{problem}");
    assert!(bind("otlp.grpc", OtlpListener { address, named: true }).await.is_err());
    assert!(matches!(bind("otlp.grpc", OtlpListener { address: None, named: true }).await, Ok(Bound::Off)));
}
