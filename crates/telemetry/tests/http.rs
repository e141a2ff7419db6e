//! The layers for HTTP, on a real router.

#![cfg(feature = "axum")]
#![expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]

mod collector;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use collector::{Collector, attribute};
use http::{Request, StatusCode};
use phoenix_telemetry::{CONTENT_TYPE, ClientLayer, HttpLayer, Telemetry};
use std::convert::Infallible;
use std::time::Duration;
use tower::{Layer, ServiceExt, service_fn};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::layer::SubscriberExt;

fn quiet() -> Telemetry {
    Telemetry::builder("phoenix-api").variables([]).start().unwrap()
}

fn router(telemetry: &Telemetry) -> Router {
    Router::new()
        .route("/api/v1/experiments/{id}", get(|| async { "one" }).delete(|| async { StatusCode::FORBIDDEN }))
        .route("/panics", get(|| async { assert!(std::hint::black_box(false), "as the test wants it") }))
        .route("/never", get(std::future::pending::<()>))
        .layer(telemetry.http_layer().log_requests())
        .route_service("/metrics", telemetry.scrape())
}

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

/// The series of requests that were counted, with their counts.
fn counted(telemetry: &Telemetry) -> Vec<String> {
    let text = telemetry.metrics().encode();
    let mut lines: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("phoenix_api_request_duration_seconds_count")).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn requests_count_by_method_route_and_status() {
    let telemetry = quiet();
    let router = router(&telemetry);
    for (method, path, status) in [
        ("GET", "/api/v1/experiments/1", 200),
        ("GET", "/api/v1/experiments/2?x=1", 200),
        ("DELETE", "/api/v1/experiments/3", 403),
        ("PUT", "/api/v1/experiments/4", 405),
        ("BREW", "/api/v1/experiments/5", 405),
        ("GET", "/nowhere/7", 404),
    ] {
        let response = router.clone().oneshot(request(method, path)).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
    }
    let metrics = router.oneshot(request("GET", "/metrics")).await.unwrap();
    assert_eq!((metrics.status().as_u16(), metrics.headers()["content-type"].to_str().unwrap()), (200, CONTENT_TYPE));
    let text = axum::body::to_bytes(metrics.into_body(), 1 << 20).await.unwrap();
    assert!(text.ends_with(b"# EOF\n"));
    assert_eq!(
        counted(&telemetry),
        [
            r#"{method="DELETE",endpoint="/api/v1/experiments/{id}",status="403"} 1"#,
            r#"{method="GET",endpoint="/api/v1/experiments/{id}",status="200"} 2"#,
            r#"{method="GET",endpoint="_unmatched",status="404"} 1"#,
            r#"{method="PUT",endpoint="/api/v1/experiments/{id}",status="405"} 1"#,
            r#"{method="_OTHER",endpoint="/api/v1/experiments/{id}",status="405"} 1"#,
        ]
    );
}

#[tokio::test]
async fn requests_without_an_answer_count_too() {
    let telemetry = quiet();
    let router = router(&telemetry);
    let panicked = tokio::spawn(router.clone().oneshot(request("GET", "/panics"))).await;
    assert!(panicked.is_err_and(|error| error.is_panic()));
    let gone = tokio::time::timeout(Duration::from_millis(1), router.oneshot(request("GET", "/never"))).await;
    assert!(gone.is_err());
    let broken = HttpLayer::with_route(telemetry.phoenix(), |_, _| Some("/broken".into()))
        .layer(service_fn(|_: Request<Body>| async { Err::<http::Response<Body>, &str>("broken") }));
    assert!(broken.oneshot(request("GET", "/x")).await.is_err());
    assert_eq!(
        counted(&telemetry),
        [
            r#"{method="GET",endpoint="/broken",status="500"} 1"#,
            r#"{method="GET",endpoint="/never",status="499"} 1"#,
            r#"{method="GET",endpoint="/panics",status="500"} 1"#,
        ]
    );
}

#[tokio::test]
async fn a_trace_goes_on_through_client_and_server() {
    let (collector, address) = Collector::start();
    let telemetry =
        Telemetry::builder("phoenix-api").endpoint(&format!("http://{address}")).log_filter("off").variables([]).start().unwrap();
    let subscriber = tracing_subscriber::registry().with(telemetry.layers().unwrap());
    let server = router(&telemetry);
    let client = ClientLayer.layer(service_fn(move |request: Request<Body>| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(server.oneshot(request).await.unwrap()) }
    }));
    let answer = client.oneshot(request("DELETE", "http://me:secret@localhost:1/api/v1/experiments/9?token=secret"));
    assert_eq!(answer.with_subscriber(subscriber).await.unwrap().status().as_u16(), 403);

    // The bucket in which it counts leads to the trace.
    let text = telemetry.metrics().encode();
    let exemplar = text.lines().find(|line| line.contains("trace_id")).unwrap_or_else(|| panic!("{text}")).to_owned();
    drop(telemetry);
    let received = collector.0.lock();
    let spans: Vec<_> = received.traces.iter().flat_map(|request| &request.resource_spans[0].scope_spans[0].spans).collect();
    let find = |kind| *spans.iter().find(|span| span.kind == kind).unwrap_or_else(|| panic!("{spans:?}"));
    let (server, client) = (find(2), find(3));
    assert_eq!((&server.trace_id, &server.parent_span_id), (&client.trace_id, &client.span_id));
    assert_eq!(server.name, "DELETE /api/v1/experiments/{id}");
    assert_eq!(attribute(&server.attributes, "http.route"), Some("/api/v1/experiments/{id}"));
    assert_eq!(attribute(&client.attributes, "url.full"), Some("http://localhost:1/api/v1/experiments/9"));
    // For who asked it is an error, for who refused it is not.
    assert_eq!([client, server].map(|span| span.status.as_ref().map_or(0, |status| status.code)), [2, 0]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ids = format!("trace_id=\"{}\",span_id=\"{}\"", hex(&server.trace_id), hex(&server.span_id));
    assert!(exemplar.contains("_bucket{") && exemplar.contains(&ids), "{exemplar}");
}
