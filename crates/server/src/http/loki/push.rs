//! `POST push`: entries from Promtail, Alloy, Fluent Bit and the like.

use super::Loki;
use crate::http::bodies::{Bodies, refused};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use phoenix_ingest::push::{LogReceiver, PushBody, PushFormat};
use std::sync::Arc;

/// Where pushes go, and what bounds the reading of their bodies.
#[derive(Clone)]
pub(crate) struct PushDoor {
    pub(crate) receiver: Arc<LogReceiver>,
    pub(crate) bodies: Bodies,
}

pub(super) fn handler() -> MethodRouter<Loki> {
    post(|State(loki): State<Loki>, request: Request| receive(loki, PushFormat::Current, request))
}

pub(super) fn legacy_handler() -> MethodRouter<Loki> {
    post(|State(loki): State<Loki>, request: Request| receive(loki, PushFormat::Legacy, request))
}

async fn receive(loki: Loki, format: PushFormat, request: Request) -> Response {
    let text = |headers: &HeaderMap, name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let content_type = text(request.headers(), header::CONTENT_TYPE);
    let content_encoding = text(request.headers(), header::CONTENT_ENCODING);
    let PushDoor { receiver, bodies } = loki.push.clone();
    let stored = bodies
        .take(request, move |bytes| {
            receiver.push(PushBody { format, content_type: content_type.as_deref(), content_encoding: content_encoding.as_deref(), bytes })
        })
        .await;
    match stored {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refused(&refusal),
    }
}
