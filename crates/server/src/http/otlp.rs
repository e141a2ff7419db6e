//! OTLP over HTTP: `/v1/{logs,metrics,traces}`, the same below Loki's `/otlp`, and Prometheus' path.
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use super::bodies::{Bodies, refused};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use phoenix_ingest::otlp::{OtlpAnswer, OtlpReceiver, OtlpSyntax};
use phoenix_ingest::push::HttpBody;
use phoenix_ingest::remote_write::Refusal;
use phoenix_ingest::traces::{Accepted, TraceReceiver};
use std::sync::Arc;

/// Where requests of OTLP go, and what bounds them.
#[derive(Clone)]
pub(crate) struct OtlpDoor {
    pub(crate) receiver: Arc<OtlpReceiver>,
    pub(crate) traces: Arc<TraceReceiver>,
    pub(crate) bodies: Bodies,
}

/// A signal's way in.
type Take = fn(&OtlpDoor, HttpBody<'_>) -> Result<OtlpAnswer, Refusal>;

/// The paths.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(door: OtlpDoor) -> Router<S> {
    let mut router = Router::new();
    let metrics: Take = |door, body| door.receiver.metrics_body(body);
    let signals: [(&str, Take); 3] =
        [("logs", |door, body| door.receiver.logs_body(body)), ("metrics", metrics), ("traces", |door, body| door.traces.otlp_body(body))];
    for (signal, take) in signals {
        for prefix in ["/v1", "/otlp/v1"] {
            let handler = move |State(door): State<OtlpDoor>, request: Request| receive(door, take, request);
            router = router.route(&format!("{prefix}/{signal}"), post(handler));
        }
    }
    // Where Prometheus takes metrics over OTLP.
    let metrics = move |State(door): State<OtlpDoor>, request: Request| receive(door, metrics, request);
    let zipkin = |State(door): State<OtlpDoor>, request: Request| foreign(door, request, TraceReceiver::zipkin_body);
    let jaeger = |State(door): State<OtlpDoor>, request: Request| foreign(door, request, TraceReceiver::jaeger_body);
    router
        .route("/api/v1/otlp/v1/metrics", post(metrics))
        // Where Zipkin and Jaeger's agents send spans.
        .route("/api/v2/spans", post(zipkin))
        .route("/api/traces", post(jaeger))
        .with_state(door)
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Spans of another protocol. What is taken is 202, with an empty body.
async fn foreign(door: OtlpDoor, request: Request, take: fn(&TraceReceiver, HttpBody<'_>) -> Result<Accepted, Refusal>) -> Response {
    let content_type = text_of(request.headers(), &header::CONTENT_TYPE);
    let content_encoding = text_of(request.headers(), &header::CONTENT_ENCODING);
    let traces = door.traces;
    let taken = door.bodies.take(request, move |bytes| {
        take(&traces, HttpBody { content_type: content_type.as_deref(), content_encoding: content_encoding.as_deref(), bytes })
    });
    match taken.await {
        Ok(_) => StatusCode::ACCEPTED.into_response(),
        Err(refusal) => refused(&refusal),
    }
}

async fn receive(door: OtlpDoor, take: Take, request: Request) -> Response {
    let content_type = text_of(request.headers(), &header::CONTENT_TYPE);
    let content_encoding = text_of(request.headers(), &header::CONTENT_ENCODING);
    let syntax = OtlpSyntax::of(content_type.as_deref()).unwrap_or(OtlpSyntax::Protobuf);
    let bodies = door.bodies.clone();
    let stored = bodies
        .take(request, move |bytes| {
            let body = HttpBody { content_type: content_type.as_deref(), content_encoding: content_encoding.as_deref(), bytes };
            take(&door, body)
        })
        .await;
    match stored {
        Ok(answer) => (StatusCode::OK, [(header::CONTENT_TYPE, answer.syntax.content_type())], answer.bytes).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, [(header::CONTENT_TYPE, syntax.content_type())], syntax.status(&refusal)).into_response();
            if let Some(seconds) = refusal.retry_after_seconds {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            response
        }
    }
}
