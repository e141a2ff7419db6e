//! Live tails over a real WebSocket.

use super::super::router;
use super::{House, NOW_MS, embedded, encoded, house};
use futures_util::{SinkExt, StreamExt};
use phoenix_ingest::push::{PushBody, PushFormat};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Client = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn listening(house: &House) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app: axum::Router = router(house.loki.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("ws://{address}")
}

fn push(house: &House, second: i64, line: &str) {
    let text = format!(r#"{{"streams":[{{"stream":{{"app":"web"}},"values":[["{second}000000000","{line}"]]}}]}}"#);
    let body =
        PushBody { format: PushFormat::Current, content_type: Some("application/json"), content_encoding: None, bytes: text.as_bytes() };
    house.receiver.push(body).unwrap();
}

async fn text(client: &mut Client) -> String {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn entries_come_as_they_are_written_each_once() {
    follow(house(2)).await;
}

#[tokio::test]
async fn entries_come_from_the_store_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    follow(embedded(folder.path())).await;
}

async fn follow(house: House) {
    let url = listening(&house).await;
    push(&house, NOW_MS / 1000 - 2, "past GET");
    let query = encoded("{app=\"web\"} |= \"GET\"");
    let (mut client, _) = connect_async(format!("{url}/loki/api/v1/tail?query={query}")).await.unwrap();
    let mut seen = vec![text(&mut client).await];
    for line in ["one GET", "not this", "two GET"] {
        push(&house, NOW_MS / 1000, line);
        if line != "not this" {
            seen.push(text(&mut client).await);
        }
    }
    insta::assert_snapshot!("live", seen.join("\n"));
    // The only place is taken.
    let refused = connect_async(format!("{url}/loki/api/v1/tail?query={query}")).await;
    let Err(Error::Http(response)) = refused else { panic!("{refused:?}") };
    assert_eq!(response.status(), 400);
    let body = String::from_utf8(response.into_body().unwrap()).unwrap();
    assert!(body.contains("max concurrent tail requests limit exceeded, count > limit (2 > 1)"), "{body}");
    // A client that goes away frees it, and the engine's tail with it.
    client.close(None).await.unwrap();
    while client.next().await.is_some() {}
    while house.loki.tails.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    let (mut client, _) = connect_async(format!("{url}/api/prom/tail?query={query}&limit=1")).await.unwrap();
    insta::assert_snapshot!("legacy", text(&mut client).await);
    // The end of the server ends the tail.
    house.shutdown.begin();
    while let Some(message) = client.next().await {
        if let Ok(Message::Close(frame)) = message {
            assert_eq!(u16::from(frame.unwrap().code), 1001);
        }
    }
}

#[tokio::test]
async fn a_delay_sorts_late_entries() {
    let house = house(2);
    let url = listening(&house).await;
    let mut request = format!("{url}/loki/api/v1/tail?query={}&delay_for=5", encoded("{app=\"web\"}")).into_client_request().unwrap();
    request.headers_mut().insert("x-loki-response-encoding-flags", "categorize-labels".parse().unwrap());
    let (mut client, _) = connect_async(request).await.unwrap();
    push(&house, NOW_MS / 1000, "second");
    push(&house, NOW_MS / 1000 - 1, "first");
    let clock = house.clock.clone();
    let wait = tokio::spawn(async move {
        loop {
            tokio::task::yield_now().await;
            clock.advance(std::time::Duration::from_secs(1));
        }
    });
    insta::assert_snapshot!("delayed", text(&mut client).await);
    wait.abort();
    assert_eq!(house.engine.active_streams(), 1);
    client.send(Message::Close(None)).await.unwrap();
}
