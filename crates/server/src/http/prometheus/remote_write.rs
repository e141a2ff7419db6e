//! `POST /api/v1/write`: remote write 1.0.

use crate::http::Api;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use phoenix_ingest::remote_write::{Headers, Refusal};

/// The most that is read of one compressed request; the receiver's own limits lie below.
const MAX_COMPRESSED_BYTES: usize = 64 << 20;

/// The handler with its own limit on bodies.
pub(super) fn handler() -> MethodRouter<Api> {
    post(receive).layer(DefaultBodyLimit::max(MAX_COMPRESSED_BYTES))
}

async fn receive(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let receiver = api.parts.remote_write.clone();
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (content_type, content_encoding) = (text(header::CONTENT_TYPE), text(header::CONTENT_ENCODING));
    // Decoding and writing block; they must not hold up the threads that answer.
    let stored = tokio::task::spawn_blocking(move || {
        receiver.receive(Headers { content_type: content_type.as_deref(), content_encoding: content_encoding.as_deref() }, &body)
    });
    match stored.await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(refusal)) => refused(&refusal),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, format!("{refusal}\n")).into_response();
    if let Some(seconds) = refusal.retry_after_seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
