//! A webhook receiver that keeps what it gets.

use super::{Inbox, MAX_MESSAGE_BYTES};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::Uri;
use axum::routing::post;
use phoenix_server::demo::Message;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Takes webhooks until the task is ended.
pub(in crate::demo) async fn serve(listener: TcpListener, inbox: Arc<Inbox>) {
    let router = Router::new().fallback(post(receive)).layer(DefaultBodyLimit::max(MAX_MESSAGE_BYTES)).with_state(inbox);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the demo's webhook receiver ended");
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, uri: Uri, body: String) -> &'static str {
    inbox.receive(message(uri.path(), &body));
    "ok\n"
}

fn message(path: &str, body: &str) -> Message {
    let value: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let subject = text("/subject").or_else(|| text("/title")).map_or_else(
        || match (text("/status"), text("/commonLabels/alertname").or_else(|| text("/groupLabels/alertname"))) {
            (Some(status), Some(name)) => format!("[{}] {name}", status.to_uppercase()),
            (Some(status), None) => format!("[{}] alerts", status.to_uppercase()),
            _ => "webhook".to_owned(),
        },
        str::to_owned,
    );
    Message {
        id: 0,
        received_at: String::new(),
        kind: "webhook",
        to: path.to_owned(),
        from: None,
        subject,
        text: serde_json::to_string_pretty(&value).ok().filter(|_| !value.is_null()).unwrap_or_else(|| body.to_owned()),
        html: None,
        links: Vec::new(),
        raw: body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_subject_says_what_it_is() {
        for (body, want) in [
            (r#"{"status":"firing","commonLabels":{"alertname":"X"}}"#, "[FIRING] X"),
            (r#"{"status":"resolved","commonLabels":{}}"#, "[RESOLVED] alerts"),
            (r#"{"subject":"page"}"#, "page"),
            ("not json", "webhook"),
        ] {
            assert_eq!(message("/", body).subject, want);
        }
    }
}
