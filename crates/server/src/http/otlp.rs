//! OTLP over HTTP: `/v1/{logs,metrics,traces}`, the same below Loki's `/otlp`, and Prometheus' path.
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use super::bodies::Bodies;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use phoenix_ingest::otlp::{OtlpAnswer, OtlpBody, OtlpReceiver, OtlpSyntax};
use phoenix_ingest::remote_write::Refusal;
use std::sync::Arc;

/// Where requests of OTLP go, and what bounds them.
#[derive(Clone)]
pub(crate) struct OtlpDoor {
    pub(crate) receiver: Arc<OtlpReceiver>,
    pub(crate) bodies: Bodies,
}

/// A signal's way in.
type Take = fn(&OtlpReceiver, OtlpBody<'_>) -> Result<OtlpAnswer, Refusal>;

/// The paths.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(door: OtlpDoor) -> Router<S> {
    let mut router = Router::new();
    let signals: [(&str, Take); 3] =
        [("logs", OtlpReceiver::logs_body), ("metrics", OtlpReceiver::metrics_body), ("traces", |receiver, _| Err(receiver.traces()))];
    for (signal, take) in signals {
        for prefix in ["/v1", "/otlp/v1"] {
            let handler = move |State(door): State<OtlpDoor>, request: Request| receive(door, take, request);
            router = router.route(&format!("{prefix}/{signal}"), post(handler));
        }
    }
    // Where Prometheus takes metrics over OTLP.
    let metrics = |State(door): State<OtlpDoor>, request: Request| receive(door, OtlpReceiver::metrics_body, request);
    router.route("/api/v1/otlp/v1/metrics", post(metrics)).with_state(door)
}

async fn receive(door: OtlpDoor, take: Take, request: Request) -> Response {
    let text = |headers: &HeaderMap, name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let content_type = text(request.headers(), header::CONTENT_TYPE);
    let content_encoding = text(request.headers(), header::CONTENT_ENCODING);
    let syntax = OtlpSyntax::of(content_type.as_deref()).unwrap_or(OtlpSyntax::Protobuf);
    let OtlpDoor { receiver, bodies } = door;
    let stored = bodies
        .take(request, move |bytes| {
            let body = OtlpBody { content_type: content_type.as_deref(), content_encoding: content_encoding.as_deref(), bytes };
            take(&receiver, body)
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
