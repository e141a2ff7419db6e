//! Traffic for the API: mostly reads, now and then an experiment or a wrong request, more by day than by night.

use crate::secrets::{self, Store};
use phoenix_telemetry::send;
use rand::RngExt;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Requests that wait for an answer at most.
const MAX_WAITING: usize = 100;

/// How many processes its experiments keep apart: few, so that they save something on a small machine, too.
const KEEP: usize = 2;

/// The rate at a moment of the day, from 0 to 1: a third in its first hour, all of it in its middle.
fn share(moment: f64) -> f64 {
    2.0 / 3.0 - (moment * std::f64::consts::TAU).cos() / 3.0
}

/// Sends requests until the process is told to end. An API that is down is no reason to stop.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(
    target: SocketAddr,
    otlp: Option<&str>,
    token: Option<String>,
    secrets: Option<Store>,
    rate: u32,
    day: Option<Duration>,
) -> Result<(), Box<dyn std::error::Error>> {
    crate::on_loopback(target)?;
    let _telemetry = crate::telemetry("phoenix-load", otlp)?;
    crate::install_tls();
    let token = match secrets {
        Some(store) => secrets::follow(store, secrets::API_TOKEN).await,
        None => watch::channel(token).1,
    };
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let base = format!("http://{target}");
    let start = tokio::time::Instant::now();
    let mut next = start;
    let (mut sent, mut failed, mut was_down) = (0_u64, 0_u64, false);
    let mut waiting = JoinSet::new();
    let mut end = std::pin::pin!(super::told_to_end());
    loop {
        tokio::select! {
            () = &mut end => return Ok(()),
            () = tokio::time::sleep_until(next) => {}
        }
        let now = tokio::time::Instant::now();
        let share = day.map_or(1.0, |day| share(now.duration_since(start).as_secs_f64() / day.as_secs_f64()));
        // What was missed is not made up for: it would come as a burst.
        next = now.max(next + Duration::from_secs_f64(1.0 / (f64::from(rate) * share)));
        while let Some(answer) = waiting.try_join_next() {
            let down = answer.unwrap_or(true);
            failed += u64::from(down);
            if down != was_down {
                tell(down, sent, failed);
                was_down = down;
            }
        }
        // A slow API gets as many requests as a quick one, as people do; one that hangs does not take this process along.
        if waiting.len() >= MAX_WAITING {
            continue;
        }
        let request = match rand::rng().random_range(0..100) {
            0..50 => client.get(format!("{base}/api/v1/experiments")),
            50..94 => client.get(format!("{base}/api/v1/experiments/{}", rand::rng().random_range(1..=100))),
            94..95 => client
                .post(format!("{base}/api/v1/experiments"))
                .json(&serde_json::json!({"name": format!("experiment {sent}"), "keep": KEEP})),
            95..98 => client.get(format!("{base}/health")),
            _ => client.post(format!("{base}/api/v1/experiments")).json(&serde_json::json!({"name": ""})),
        };
        let request = match &*token.borrow() {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        sent += 1;
        let (client, request) = (client.clone(), request.build()?);
        waiting.spawn(async move { send(&client, request).await.is_err() });
    }
}

fn tell(down: bool, sent: u64, failed: u64) {
    let does = if down { "does not answer" } else { "answers again" };
    println!("the API {does} ({sent} requests sent, {failed} without an answer)");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_night() {
        for (moment, want) in [(0.0, 1.0 / 3.0), (0.25, 2.0 / 3.0), (0.5, 1.0), (0.75, 2.0 / 3.0), (1.0, 1.0 / 3.0), (7.5, 1.0)] {
            assert!((share(moment) - want).abs() < 1e-9, "{moment}");
        }
    }
}
