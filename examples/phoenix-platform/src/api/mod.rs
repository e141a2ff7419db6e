//! The experiments API: list, create, read, watch; `/health` and `/metrics`.

mod access;
mod live;

use crate::controller::{self, Controller, Plan, Source};
use crate::experiments::{Experiments, New, StoreError};
use crate::faults::acts::{self, Acts, Flood};
use crate::faults::{Fault, Faults, Part};
use crate::secrets::{self, Store};
use crate::service;
use access::Token;
pub(crate) use access::is_same;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use phoenix_telemetry::{PhoenixMetrics, Telemetry, send};
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
    /// Who brings experiments on; this process where there is none.
    controller: Option<RemoteController>,
    errors: AtomicU64,
    listeners: AtomicU64,
}

struct RemoteController {
    client: reqwest::Client,
    address: SocketAddr,
}

/// What `phoenix-platform api` is told.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) otlp: Option<String>,
    pub(crate) token: Option<String>,
    /// A PostgreSQL; without one, experiments are kept in memory.
    pub(crate) database: Option<String>,
    /// The process that brings experiments on; without one, this one does.
    pub(crate) controller: Option<SocketAddr>,
    /// Where the token comes from.
    pub(crate) secrets: Option<Store>,
    pub(crate) plan: Plan,
}

fn router(service: &Arc<Service>, telemetry: &Telemetry) -> Router {
    let own = Router::new()
        .route("/api/v1/experiments", get(list).post(create))
        .route("/api/v1/experiments/{id}", get(read))
        .route("/api/v1/live", get(live::watch))
        .route_layer(middleware::from_fn_with_state(Arc::clone(service), burst))
        .route_layer(middleware::from_fn_with_state(Arc::clone(service), access::check))
        .with_state(Arc::clone(service));
    service::router(telemetry, &service.faults, own)
}

/// Serves until the process is told to end.
pub(crate) async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = crate::telemetry("phoenix-api", settings.otlp.as_deref())?;
    crate::install_tls();
    let experiments = match &settings.database {
        Some(url) => Experiments::in_postgres(url)?,
        None if settings.controller.is_some() => {
            return Err("with --controller experiments are kept in a PostgreSQL that both know: name it with --database".into());
        }
        None => Experiments::default(),
    };
    let parts: &[Part] = if settings.controller.is_some() { &[Part::Api] } else { &[Part::Api, Part::Controller] };
    let token = match settings.secrets {
        Some(store) => Token::changing(secrets::follow(store, secrets::API_TOKEN).await),
        None => Token::new(settings.token),
    };
    let controller = match settings.controller {
        Some(address) => Some(RemoteController { client: reqwest::Client::builder().timeout(Duration::from_secs(1)).build()?, address }),
        None => None,
    };
    let is_remote = controller.is_some();
    let service = Arc::new(Service {
        experiments: Arc::new(experiments),
        faults: Arc::new(Faults::of(parts)),
        metrics: telemetry.phoenix().clone(),
        token,
        tenants: settings.plan.tenants.clone(),
        controller,
        errors: AtomicU64::new(0),
        listeners: AtomicU64::new(0),
    });
    let (listener, address) = service::bind(settings.listen).await?;
    if !is_remote {
        let controller = Controller::new(settings.plan, Arc::clone(&service.experiments), Arc::clone(&service.faults), &telemetry);
        tokio::spawn(controller::run(controller, Source::new(None)?, Arc::default()));
    }
    tokio::spawn(acts::run(Arc::clone(&service.faults), Acts { flood: Some(flood(address)?), database: settings.database }));
    service::serve(listener, router(&service, &telemetry)).await
}

/// Requests with a token that nobody gave out.
fn flood(own_address: SocketAddr) -> Result<Flood, reqwest::Error> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let request = client.get(format!("http://{own_address}/api/v1/experiments")).bearer_auth("somebody else's").build()?;
    Ok(Flood { fault: Fault::ForbiddenFlood, client, request, per_second: 40 })
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
            begin(&service, experiment.id).await;
            tracing::info!(experiment_id = experiment.id, to_state = experiment.state.as_str(), "experiment state transition");
            (StatusCode::CREATED, Json(experiment)).into_response()
        }
        Ok(None) => (StatusCode::TOO_MANY_REQUESTS, "too many experiments are not over yet; come again later\n").into_response(),
        Err(error) => error.into_response(),
    }
}

/// Tells the controller that there is something to do. It looks each second; this makes it quicker, and leads the trace on.
async fn begin(service: &Service, id: u64) {
    let Some(RemoteController { client, address }) = &service.controller else { return };
    let told = match client.post(format!("http://{address}/api/v1/experiments/{id}/begin")).build() {
        Ok(request) => send(client, request).await.and_then(reqwest::Response::error_for_status),
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        tracing::warn!(experiment_id = id, %error, "the controller is not told");
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
