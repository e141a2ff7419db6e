//! Everything that is served on the one port.

pub mod alertmanager;
mod assets;
pub(crate) mod bodies;
mod envelope;
mod grafana;
mod guard;
mod leftover;
mod lifecycle;
mod lint_pages;
pub(crate) mod loki;
pub(crate) mod native;
pub(crate) mod otlp;
mod params;
mod plain_error;
mod probe;
pub(crate) mod prometheus;
mod redirects;
pub(crate) mod tempo;

pub use guard::Guard;

use crate::demo::Demo;
use crate::events::Events;
use crate::findings::Findings;
use crate::query_pool::QueryPool;
use crate::reload::Reloader;
use crate::shutdown::Shutdown;
use crate::start::Parts;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::Labels;
use prometheus_client::registry::Registry;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

/// The largest body of a request, unless a path has a limit of its own.
const MAX_BODY_BYTES: usize = 4 << 20;

/// What the handlers work with; clones share it.
#[derive(Clone)]
pub struct Api(Arc<ApiState>);

/// See [`Api`].
pub struct ApiState {
    pub(crate) clock: SharedClock,
    pub(crate) disk: SharedDisk,
    pub(crate) queries: QueryPool,
    pub(crate) refresh: native::refresh::Refresh,
    pub(crate) probes: phoenix_probe::Probes,
    /// The threads that nothing which people ask may hold up.
    pub(crate) paging: tokio::runtime::Handle,
    /// Bodies of requests that may hold a dashboard.
    pub(crate) dashboard_bodies: bodies::Bodies,
    pub(crate) parts: Parts,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) events: Events,
    /// What the linter finds in what is loaded.
    pub(crate) findings: Findings,
    pub(crate) demo: Option<Arc<dyn Demo>>,
    pub(crate) registry: parking_lot::Mutex<Registry>,
    pub(crate) shutdown: Shutdown,
    pub(crate) started_at_ms: i64,
    pub(crate) data_dir: PathBuf,
    /// What could not be listened on, for Home.
    pub(crate) not_listening: Vec<String>,
}

/// What Loki and Tempo tell of how they were built, with the version that clients look for.
fn build_info(version: &str) -> Response {
    let body = serde_json::json!({
        "version": version,
        "revision": "",
        "branch": "",
        "buildDate": "",
        "buildUser": "",
        "goVersion": "",
        "phoenixVersion": env!("CARGO_PKG_VERSION"),
    });
    envelope::json(StatusCode::OK, body.to_string())
}

impl Api {
    /// Shares the state.
    pub fn new(state: ApiState) -> Self {
        Self(Arc::new(state))
    }

    /// The guard for the configuration in force.
    pub(crate) fn guard(&self) -> Guard {
        self.reloader.current().guard.clone()
    }

    /// The external labels of the configuration in force.
    pub(crate) fn external_labels(&self) -> Labels {
        self.reloader.current().external_labels()
    }
}

impl Deref for Api {
    type Target = ApiState;

    fn deref(&self) -> &ApiState {
        &self.0
    }
}

/// All paths.
pub(crate) fn router(api: Api, loki: loki::Loki, tempo: tempo::Tempo, otlp: otlp::OtlpDoor) -> Router {
    Router::new()
        .merge(otlp::router(otlp))
        .merge(loki::router(loki))
        .merge(tempo::router(tempo))
        .nest("/prometheus/api/v1", prometheus::ruler())
        .nest("/api/v1", prometheus::router())
        .nest("/api/v2", alertmanager::router())
        .nest("/api/phoenix/v1", native::router(&api))
        .nest("/grafana/api", grafana::router(&api))
        .merge(prometheus::federation())
        .merge(native::link::router())
        .merge(probe::router())
        .merge(lifecycle::router())
        .merge(lint_pages::router())
        .merge(redirects::router())
        .fallback(assets::serve)
        .layer(tower_http::compression::CompressionLayer::new().gzip(true))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .layer(middleware::from_fn_with_state(api.clone(), leftover::read))
        .with_state(api)
}

/// The paths of OTLP alone, for an address of their own.
pub(crate) fn otlp_router(api: Api, door: otlp::OtlpDoor) -> Router {
    otlp::router(door)
        .layer(middleware::from_fn_with_state(api.clone(), guard::check))
        .layer(middleware::from_fn_with_state(api, leftover::read))
}
