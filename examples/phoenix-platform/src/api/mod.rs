//! The experiments API: list, create, read, watch; `/health` and `/metrics`.

mod access;
mod admin;
mod live;

pub(crate) use admin::ADMIN_HEADER;

use crate::controller::{self, Controller, Plan};
use crate::experiments::{Experiments, New, StoreError};
use crate::faults::{self, Fault, Faults};
use access::Token;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use phoenix_telemetry::{ExperimentState, PhoenixMetrics, Telemetry};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Names and tenants have so many bytes at most.
const MAX_TEXT_BYTES: usize = 200;
/// Processes that a candidate pipeline keeps apart at most.
const MAX_KEEP: usize = 100_000;

#[derive(Deserialize)]
struct NewExperiment {
    name: String,
    /// Whose it is; each tenant has series of its own.
    tenant_id: Option<String>,
    /// How many processes the candidate pipeline keeps apart.
    keep: Option<usize>,
}

/// What all requests share.
pub(crate) struct Service {
    experiments: Arc<Experiments>,
    faults: Arc<Faults>,
    metrics: PhoenixMetrics,
    token: Token,
    tenants: Vec<Arc<str>>,
    errors: AtomicU64,
    listeners: AtomicU64,
}

/// What `phoenix-platform api` is told.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) otlp: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) tenants: Vec<String>,
    /// A PostgreSQL; without one, experiments are kept in memory.
    pub(crate) database: Option<String>,
    pub(crate) plan: Plan,
}

fn router(service: &Arc<Service>, telemetry: &Telemetry) -> Router {
    let api = Router::new()
        .route("/api/v1/experiments", get(list).post(create))
        .route("/api/v1/experiments/{id}", get(read))
        .route("/api/v1/live", get(live::watch))
        .route_layer(middleware::from_fn_with_state(Arc::clone(service), burst))
        .route_layer(middleware::from_fn_with_state(Arc::clone(service), access::check));
    let admin = Router::new().route("/admin/faults", get(admin::list)).route("/admin/faults/{name}", post(admin::begin).delete(admin::end));
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .merge(api)
        .merge(admin.route_layer(middleware::from_fn(admin::check)))
        .layer(telemetry.http_layer().log_requests())
        .route_service("/metrics", telemetry.scrape())
        .with_state(Arc::clone(service))
}

/// Serves until the process is told to end.
pub(crate) async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = crate::telemetry("phoenix-api", settings.otlp.as_deref())?;
    let experiments = match &settings.database {
        Some(url) => Experiments::in_postgres(url).await?,
        None => Experiments::default(),
    };
    let service = Arc::new(Service {
        experiments: Arc::new(experiments),
        faults: Arc::default(),
        metrics: telemetry.phoenix().clone(),
        token: Token::new(settings.token),
        tenants: settings.tenants.into_iter().map(Arc::from).collect(),
        errors: AtomicU64::new(0),
        listeners: AtomicU64::new(0),
    });
    let controller = Controller::new(settings.plan, Arc::clone(&service.experiments), Arc::clone(&service.faults), &telemetry);
    let listener =
        tokio::net::TcpListener::bind(settings.listen).await.map_err(|e| format!("cannot listen on {}: {e}", settings.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listens");
    crate::install_tls();
    tokio::spawn(controller::run(controller));
    tokio::spawn(faults::run(Arc::clone(&service.faults), address, settings.database));
    let router = router(&service, &telemetry).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(crate::told_to_end()).await?;
    Ok(())
}

/// The fault of that name: every second request fails.
async fn burst(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if service.faults.is_on(Fault::ErrorBurst) && service.errors.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the fault `error-burst` is on\n").into_response();
    }
    next.run(request).await
}

/// The fault of that name: each query takes longer.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
async fn slow(service: &Service) {
    if service.faults.is_on(Fault::SlowDatabase) {
        tokio::time::sleep(Duration::from_millis(800)).await;
    }
}

impl IntoResponse for StoreError {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "the database does not answer");
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
    }
}

async fn list(State(service): State<Arc<Service>>) -> Response {
    slow(&service).await;
    service.experiments.newest(50).await.map(Json).into_response()
}

async fn create(State(service): State<Arc<Service>>, Json(new): Json<NewExperiment>) -> Response {
    if new.name.trim().is_empty() || new.name.len() > MAX_TEXT_BYTES || new.name.contains('\0') {
        return (StatusCode::BAD_REQUEST, format!("an experiment needs a name, of at most {MAX_TEXT_BYTES} bytes\n")).into_response();
    }
    // A tenant is a label: only those that are known, or anybody could make series.
    let tenant = match &new.tenant_id {
        None => service.tenants.first(),
        Some(wanted) => service.tenants.iter().find(|known| known.as_ref() == wanted),
    };
    let Some(tenant) = tenant else { return (StatusCode::BAD_REQUEST, "there is no such tenant\n").into_response() };
    slow(&service).await;
    let new = New { name: new.name, tenant_id: Arc::clone(tenant), keep: new.keep.unwrap_or(10).min(MAX_KEEP) };
    match service.experiments.create(new).await {
        Ok(Some(experiment)) => {
            controller::entered(&service.metrics, &experiment, ExperimentState::Pending);
            tracing::info!(experiment_id = experiment.id, to_state = experiment.state.as_str(), "experiment state transition");
            (StatusCode::CREATED, Json(experiment)).into_response()
        }
        Ok(None) => (StatusCode::TOO_MANY_REQUESTS, "too many experiments are not over yet; come again later\n").into_response(),
        Err(error) => error.into_response(),
    }
}

async fn read(State(service): State<Arc<Service>>, Path(id): Path<u64>) -> Response {
    slow(&service).await;
    match service.experiments.get(id).await {
        Ok(Some(experiment)) => Json(experiment).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no such experiment\n").into_response(),
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests;
