//! The API as data: requests with what they answer, over the store that Phoenix runs with.

use super::{Tempo, TempoState, router};
use crate::query_pool::{QueryPlaces, QueryPoolLimits};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use phoenix_engine::{EmbeddedTraces, TracesEngine};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealDisk, SharedClock, SimClock};
use phoenix_lake::{LakeOptions, TraceLake};
use phoenix_model::traces::{AttributeValue, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite};
use prometheus_client::registry::Registry;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

/// 2023-11-14T22:13:20Z
const NOW_MS: i64 = 1_700_000_000_000;
const MS: i64 = 1_000_000;

/// A request of a shop: the frontend asks the cart, which fails.
fn trace() -> TraceWrite {
    let mut write = TraceWrite::default();
    let frontend = write.add_resource("", 0, |a| a.text("service.name", "frontend"));
    let cart = write.add_resource("", 0, |a| a.text("service.name", "cart"));
    let scope = write.add_scope("shop", "1.0", "", 0, |_| ());
    let trace_id = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").unwrap();
    let span = |id: u8, parent: u8, start_ms: i64, duration_ms: i64, kind, status| SpanRecord {
        trace_id,
        span_id: SpanId([0, 0, 0, 0, 0, 0, 0, id]),
        parent_id: SpanId([0, 0, 0, 0, 0, 0, 0, parent]),
        start_ns: (NOW_MS - 60_000 + start_ms) * MS,
        duration_ns: duration_ms * MS,
        kind,
        status,
        ..SpanRecord::default()
    };
    write.begin_span(frontend, scope, span(1, 0, 0, 200, SpanKind::Server, SpanStatus::Unset), "GET /cart");
    write.set_attributes(|a| {
        a.push("http.response.status_code", &AttributeValue::Int(500));
        a.push("ratio", &AttributeValue::Float(0.5));
        a.push("cached", &AttributeValue::Bool(false));
    });
    write.begin_span(cart, scope, span(2, 1, 20, 150, SpanKind::Server, SpanStatus::Error), "cart.Get");
    write.set_status_message("no stock");
    write.set_trace_state("ot=th:8");
    write.push_event((NOW_MS - 59_900) * MS, "exception", 0, |a| a.text("exception.type", "Timeout"));
    write
}

fn app(folder: &std::path::Path) -> Router {
    let clock: SharedClock = SimClock::new(NOW_MS);
    let disk = RealDisk::shared();
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), folder.join("objects")).unwrap());
    let mut registry = Registry::default();
    let store = TraceLake::open(LakeOptions::traces(folder.join("traces")), disk, objects, clock.clone(), &mut registry).unwrap();
    let engine: Arc<dyn TracesEngine> = Arc::new(EmbeddedTraces::new(Arc::new(store), 2));
    engine.write(&trace()).unwrap();
    let limits = QueryPoolLimits {
        concurrency: 2,
        waiting: 2,
        timeout: Duration::from_secs(10),
        max_samples: 100_000,
        query_bytes: 64 << 20,
        total_bytes: 64 << 20,
        lookback: Duration::from_mins(5),
        log_bytes: 1 << 30,
        log_series: 500,
    };
    let places = QueryPlaces::new(clock.clone(), limits, &mut registry);
    router(Tempo::new(TempoState { engine, places, clock }))
}

async fn ask(app: &Router, path: &str, accept: &str) -> (u16, Vec<u8>) {
    let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    (status, to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn requests_are_answered_as_tempo_does() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let q = |query: &str| encoded(query);
    let (start, end) = (NOW_MS / 1000 - 3600, NOW_MS / 1000);
    let mut all = String::new();
    for path in [
        "/api/echo".to_owned(),
        "/api/traces/0af7651916cd43dd8448eb211c80319c".to_owned(),
        format!("/api/v2/traces/af7651916cd43dd8448eb211c80319c?start={start}&end={end}"),
        "/api/traces/1".to_owned(),
        "/api/traces/xyz".to_owned(),
        "/api/v2/traces/af7651916cd43dd8448eb211c80319c?start=1&end=2".to_owned(),
        format!("/api/search?q={}", q("{status = error}")),
        format!(
            "/api/search?q={}&start={start}&end={end}&limit=1&spss=0",
            q("{resource.service.name = \"frontend\"} >> {span:status = error} | select(.http.response.status_code)")
        ),
        format!("/api/search?q={}&start=1&end=2", q("{}")),
        "/api/search?tags=service.name%3Dcart&minDuration=100ms".to_owned(),
        "/api/search?service.name=frontend&http.response.status_code=500".to_owned(),
        format!("/api/search?q={}&tags=a%3Db", q("{}")),
        format!("/api/search?q={}", q("{status = }")),
        format!("/api/search?q={}", q("{} | rate()")),
        "/api/search?limit=0".to_owned(),
        "/api/search?start=10&end=5".to_owned(),
        "/api/search/tags".to_owned(),
        "/api/v2/search/tags?scope=span".to_owned(),
        "/api/v2/search/tags?scope=nowhere".to_owned(),
        "/api/search/tag/service.name/values".to_owned(),
        "/api/v2/search/tag/resource.service.name/values".to_owned(),
        format!("/api/v2/search/tag/resource.service.name/values?q={}", q("{status = error}")),
        format!("/api/v2/search/tag/resource.service.name/values?q={}", q("{ resource.cluster = }")),
        "/api/v2/search/tag/status/values".to_owned(),
        "/api/v2/search/tag/span.http.response.status_code/values".to_owned(),
        "/api/v2/search/tag/name".to_owned(),
        format!("/api/v2/search/tag/{}/values", q("no tag")),
        format!(
            "/api/metrics/query_range?q={}&start={}&end={end}&step=60",
            q("{} | count_over_time() by (resource.service.name)"),
            end - 120
        ),
        format!("/api/metrics/query?q={}&start={}&end={end}", q("{} | count_over_time() by (status)"), end - 120),
        format!("/api/metrics/query?q={}", q("{}")),
        "/api/metrics/query_range".to_owned(),
        format!("/api/metrics/query_range?q={}&start=1&end=1700000000&step=1", q("{} | rate()")),
    ] {
        let (status, body) = ask(&app, &path, "application/json").await;
        let body = String::from_utf8(body).unwrap();
        let shown = serde_json::from_str::<serde_json::Value>(&body).map_or(body.trim_end().to_owned(), |v| v.to_string());
        all.push_str(&format!(
            "{}\n  {status} {shown}\n",
            url::form_urlencoded::parse(path.as_bytes())
                .map(|(k, v)| if v.is_empty() { k.into_owned() } else { format!("{k}={v}") })
                .collect::<Vec<_>>()
                .join("&")
        ));
    }
    insta::assert_snapshot!(all);
}

/// The answer of the second version: the trace is its first field.
#[derive(Clone, PartialEq, Message)]
struct TraceById {
    #[prost(message, optional, tag = "1")]
    trace: Option<TracesData>,
}

#[tokio::test]
async fn a_trace_comes_as_protobuf_where_that_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let (status, v1) = ask(&app, "/api/traces/0af7651916cd43dd8448eb211c80319c", "application/protobuf").await;
    let trace = TracesData::decode(v1.as_slice()).unwrap();
    let spans = trace.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans);
    assert_eq!((status, spans.map(|s| s.name.as_str()).collect::<Vec<_>>()), (200, vec!["GET /cart", "cart.Get"]));
    let (_, v2) = ask(&app, "/api/v2/traces/0af7651916cd43dd8448eb211c80319c", "application/protobuf").await;
    assert_eq!(TraceById::decode(v2.as_slice()).unwrap().trace, Some(trace));
}

/// A call with one message, and the message that is answered.
async fn call(app: &Router, method: &str, message: &[u8]) -> (Vec<u8>, String) {
    let mut body = vec![0];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend(message);
    let request = Request::post(format!("/tempopb.StreamingQuerier/{method}"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(Body::from(body))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.headers().get("grpc-status").map_or(String::new(), |v| v.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (body.get(5..).unwrap_or_default().to_vec(), status)
}

#[tokio::test]
async fn the_same_is_answered_over_grpc() {
    #[derive(Clone, PartialEq, Message)]
    struct Search {
        #[prost(string, tag = "8")]
        query: String,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Values {
        #[prost(string, tag = "1")]
        tag_name: String,
    }
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let (answer, _) = call(&app, "Search", &Search { query: "{status = error}".to_owned() }.encode_to_vec()).await;
    let found = super::wire::SearchResponse::decode(answer.as_slice()).unwrap();
    assert_eq!((found.traces.len(), found.traces[0].root_service_name.as_str(), found.traces[0].span_sets[0].matched), (1, "frontend", 1));
    let (answer, _) = call(&app, "SearchTagValuesV2", &Values { tag_name: "resource.service.name".to_owned() }.encode_to_vec()).await;
    let found = super::wire::TagValuesV2Response::decode(answer.as_slice()).unwrap();
    assert_eq!(
        found.tag_values.iter().map(|v| (v.kind.as_str(), v.value.as_str())).collect::<Vec<_>>(),
        [("string", "cart"), ("string", "frontend")]
    );
    let (answer, _) = call(&app, "SearchTagsV2", &[]).await;
    assert!(super::wire::TagsV2Response::decode(answer.as_slice()).unwrap().scopes.iter().any(|s| s.name == "event"));
    assert_eq!(call(&app, "Search", &Search { query: "{".to_owned() }.encode_to_vec()).await, (Vec::new(), "3".to_owned()));
    assert_eq!(call(&app, "Nothing", &[]).await.1, "12");
}
