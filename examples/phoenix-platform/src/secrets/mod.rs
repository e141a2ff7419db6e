//! `phoenix-platform secrets`: a small store of secrets, with the doors and the metric that Vault has; and those who read
//! from it.

mod client;
mod tls;

pub(crate) use client::{Store, follow};

use crate::faults::acts::{self, Acts, Flood};
use crate::faults::{Fault, Faults, Part};
use crate::service;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rand::RngExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The header in which Vault's clients carry their token.
const TOKEN_HEADER: &str = "x-vault-token";
/// The secret that requests to the API have to carry.
pub(crate) const API_TOKEN: &str = "api-token";
/// Secrets that the fault reads each second.
const SPIKE_PER_SECOND: u64 = 20;

/// What `phoenix-platform secrets` is told.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) ca_file: PathBuf,
    pub(crate) token: String,
    pub(crate) otlp: Option<String>,
}

/// The secrets, and how often they were read.
struct Kept {
    token: String,
    secrets: BTreeMap<&'static str, String>,
    reads: AtomicU64,
    took_us: AtomicU64,
}

impl Kept {
    fn new(token: String) -> Self {
        let secret = || (0..32).map(|_| char::from(rand::rng().sample(rand::distr::Alphanumeric))).collect();
        let secrets = [API_TOKEN, "provider-key"].map(|name| (name, secret())).into();
        Self { token, secrets, reads: AtomicU64::new(0), took_us: AtomicU64::new(0) }
    }

    /// As Vault writes it for `GET /v1/sys/metrics?format=prometheus`: a summary of milliseconds, for the mount `secret/`.
    fn metrics(&self) -> String {
        let (reads, took_us) = (self.reads.load(Ordering::Relaxed), self.took_us.load(Ordering::Relaxed));
        format!(
            "# HELP vault_route_read_secret_ Reads of secrets, in milliseconds\n# TYPE vault_route_read_secret_ summary\n\
             vault_route_read_secret__sum {}\nvault_route_read_secret__count {reads}\n",
            took_us as f64 / 1_000.0
        )
    }
}

/// Serves until the process is told to end.
pub(crate) async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = crate::telemetry("vault", settings.otlp.as_deref())?;
    crate::install_tls();
    let faults = Arc::new(Faults::of(&[Part::Secrets]));
    let kept = Arc::new(Kept::new(settings.token.clone()));
    let metrics = Router::new().route("/v1/sys/metrics", get(tell)).with_state(Arc::clone(&kept));
    let (listener, _) = service::bind(settings.listen).await?;
    let (secure, address) = service::bind(settings.tls).await?;
    let secure = tls::Listener::new(secure, Arc::clone(&faults), &settings.ca_file)?;
    let readers = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/v1/secret/{name}", get(read))
        .layer(telemetry.http_layer())
        .with_state(kept);
    // It ends with the process: the other one is told to end.
    tokio::spawn(async move { axum::serve(secure, readers).await });
    let store = Store { address, ca_file: settings.ca_file, token: settings.token };
    let (client, request) = store.request("provider-key").await.map_err(|e| e.to_string())?;
    let flood = Flood { fault: Fault::SecretAccessSpike, client, request, per_second: SPIKE_PER_SECOND };
    let router = service::router(&telemetry, &faults, metrics);
    tokio::spawn(acts::run(faults, Acts { flood: Some(flood), database: None }));
    service::serve(listener, router).await
}

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn read(State(kept): State<Arc<Kept>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let start = Instant::now();
    let told = headers.get(TOKEN_HEADER).map(HeaderValue::as_bytes);
    if !told.is_some_and(|told| crate::api::is_same(kept.token.as_bytes(), told)) {
        tracing::warn!(name, "a secret is refused");
        return (StatusCode::FORBIDDEN, "permission denied\n").into_response();
    }
    let answer = match kept.secrets.get(name.as_str()) {
        Some(value) => Json(json!({"data": {"value": value}})).into_response(),
        None => (StatusCode::NOT_FOUND, "no such secret\n").into_response(),
    };
    kept.reads.fetch_add(1, Ordering::Relaxed);
    kept.took_us.fetch_add(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    answer
}

async fn tell(State(kept): State<Arc<Kept>>) -> Response {
    ([("content-type", "text/plain; version=0.0.4")], kept.metrics()).into_response()
}

/// How often those who follow a secret read it.
const FOLLOW: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests;
