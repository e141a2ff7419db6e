//! Traffic for the API: mostly reads, some writes, now and then a wrong request.

use phoenix_telemetry::{Traces, traceparent};
use rand::RngExt;
use std::net::SocketAddr;
use std::time::Duration;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends a request as part of a trace.
async fn send(client: &reqwest::Client, mut request: reqwest::Request) -> Result<reqwest::Response, reqwest::Error> {
    let span = tracing::info_span!(
        "send",
        otel.name = request.method().as_str(),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        http.request.method = request.method().as_str(),
        url.full = request.url().as_str(),
        server.address = request.url().host_str(),
        http.response.status_code = tracing::field::Empty,
    );
    if let Some(header) = traceparent(&span).and_then(|header| header.parse().ok()) {
        request.headers_mut().insert("traceparent", header);
    }
    let answer = client.execute(request).instrument(span.clone()).await;
    match &answer {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
            if response.status().is_client_error() || response.status().is_server_error() {
                span.record("otel.status_code", "ERROR");
            }
        }
        Err(_) => {
            span.record("otel.status_code", "ERROR");
        }
    }
    answer
}

/// Sends requests until the process is told to end. An API that is down is no reason to stop.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(target: SocketAddr, otlp: Option<&str>, rate: u32) -> Result<(), Box<dyn std::error::Error>> {
    if !target.ip().is_loopback() {
        return Err(format!("{target} is not an address of this machine; this load generator only talks to loopback").into());
    }
    let traces = otlp.map(|endpoint| Traces::start("phoenix-load", env!("CARGO_PKG_VERSION"), endpoint)).transpose()?;
    tracing_subscriber::registry().with(traces.as_ref().map(Traces::layer)).init();
    // reqwest wants a TLS provider even for plain HTTP; an error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let base = format!("http://{target}");
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut sent, mut failed, mut was_down) = (0_u64, 0_u64, false);
    loop {
        ticks.tick().await;
        let request = match rand::rng().random_range(0..100) {
            0..50 => client.get(format!("{base}/api/v1/experiments")),
            50..80 => client.get(format!("{base}/api/v1/experiments/{}", sent % 1000)),
            80..95 => client.post(format!("{base}/api/v1/experiments")).json(&serde_json::json!({"name": format!("experiment {sent}")})),
            95..98 => client.get(format!("{base}/health")),
            _ => client.post(format!("{base}/api/v1/experiments")).json(&serde_json::json!({"name": ""})),
        };
        sent += 1;
        let down = send(&client, request.build()?).await.is_err();
        failed += u64::from(down);
        if down != was_down {
            println!(
                "the API {} ({sent} requests sent, {failed} without an answer)",
                if down { "does not answer" } else { "answers again" }
            );
            was_down = down;
        }
    }
}
