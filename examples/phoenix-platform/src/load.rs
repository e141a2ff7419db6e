//! Traffic for the API: mostly reads, some writes, now and then a wrong request.

use phoenix_telemetry::send;
use rand::RngExt;
use std::net::SocketAddr;
use std::time::Duration;

/// Sends requests until the process is told to end. An API that is down is no reason to stop.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(target: SocketAddr, otlp: Option<&str>, rate: u32) -> Result<(), Box<dyn std::error::Error>> {
    if !target.ip().is_loopback() {
        return Err(format!("{target} is not an address of this machine; this load generator only talks to loopback").into());
    }
    let _telemetry = super::telemetry("phoenix-load", otlp)?;
    // reqwest wants a TLS provider even for plain HTTP; an error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let base = format!("http://{target}");
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut sent, mut failed, mut was_down) = (0_u64, 0_u64, false);
    let mut end = std::pin::pin!(super::told_to_end());
    loop {
        tokio::select! {
            () = &mut end => return Ok(()),
            _ = ticks.tick() => {}
        }
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
