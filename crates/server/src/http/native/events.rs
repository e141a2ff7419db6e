//! `GET /api/phoenix/v1/events`: server-sent events.

use crate::events::Event;
use crate::http::Api;
use axum::extract::State;
use axum::response::sse::{KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use std::convert::Infallible;
use std::time::Duration;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

pub(super) async fn stream(State(api): State<Api>) -> Sse<impl Stream<Item = Result<axum::response::sse::Event, Infallible>>> {
    let changes = BroadcastStream::new(api.events.subscribe()).map(|change| {
        let event = match change {
            Ok(change) => {
                let data = match &change {
                    Event::Incident(id) => serde_json::json!({"id": id}),
                    Event::Dashboards(Some(uid)) => serde_json::json!({"uid": uid}),
                    _ => serde_json::json!({}),
                };
                sse(change.name(), &data)
            }
            // This reader was too slow: everything may have changed.
            Err(BroadcastStreamRecvError::Lagged(_)) => sse("config", &serde_json::json!({})),
        };
        Ok(event)
    });
    let end = api.shutdown.clone();
    Sse::new(changes.take_until(async move { end.wait().await })).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn sse(name: &str, data: &serde_json::Value) -> axum::response::sse::Event {
    axum::response::sse::Event::default().event(name).data(data.to_string())
}
