//! Transitions of experiments as they happen, over a WebSocket.

use super::Service;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::broadcast::error::RecvError;

/// So many listen at once.
const MAX_LISTENERS: u64 = 100;

/// One of those that listen, for as long as it lives.
struct Listener(Arc<Service>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) async fn watch(State(service): State<Arc<Service>>, upgrade: WebSocketUpgrade) -> Response {
    let before = service.listeners.fetch_add(1, Ordering::Relaxed);
    let listener = Listener(Arc::clone(&service));
    if before >= MAX_LISTENERS {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many listen already; come again later\n").into_response();
    }
    upgrade.max_message_size(4 << 10).on_upgrade(move |socket| tell(listener, socket))
}

async fn tell(listener: Listener, mut socket: WebSocket) {
    let _counted = listener.0.metrics.web_socket();
    let mut changes = listener.0.experiments.changes();
    loop {
        let message = tokio::select! {
            change = changes.recv() => match change {
                Ok(experiment) => serde_json::to_string(&experiment).expect("an experiment is JSON"),
                // Who is slow hears of the newest only.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
            // What listeners say is of no interest, but that they go is.
            said = socket.recv() => match said {
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
        };
        if socket.send(Message::Text(message.into())).await.is_err() {
            return;
        }
    }
}
