//! The experiments API: list, create, read; `/health` and `/metrics`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// The service keeps this many experiments; the oldest goes first.
const MAX_EXPERIMENTS: usize = 1_000;

#[derive(Clone, Serialize)]
struct Experiment {
    id: u64,
    name: String,
    state: &'static str,
}

#[derive(Deserialize)]
struct NewExperiment {
    name: String,
}

#[derive(Default)]
struct Service {
    experiments: Mutex<VecDeque<Experiment>>,
}

/// Serves until the process is told to end.
pub(crate) async fn serve(listen: SocketAddr, otlp: Option<&str>) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = super::telemetry("phoenix-api", otlp)?;
    let router = Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/api/v1/experiments", get(list).post(create))
        .route("/api/v1/experiments/{id}", get(read))
        .layer(telemetry.http_layer().log_requests())
        .route_service("/metrics", telemetry.scrape())
        .with_state(Arc::new(Service::default()));
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| format!("cannot listen on {listen}: {e}"))?;
    tracing::info!(address = %listener.local_addr()?, "listens");
    axum::serve(listener, router).with_graceful_shutdown(super::told_to_end()).await?;
    Ok(())
}

/// The experiments are kept in memory; what would be a query of a database is a span all the same.
fn query(statement: &'static str) -> tracing::Span {
    tracing::info_span!("query", otel.name = statement, otel.kind = "client", db.system = "memory", db.statement = statement)
}

async fn list(State(service): State<Arc<Service>>) -> Json<Vec<Experiment>> {
    let _span = query("SELECT experiments").entered();
    Json(service.experiments.lock().iter().rev().take(50).cloned().collect())
}

async fn create(State(service): State<Arc<Service>>, Json(new): Json<NewExperiment>) -> Response {
    if new.name.trim().is_empty() {
        return (StatusCode::BAD_REQUEST, "an experiment needs a name\n").into_response();
    }
    let _span = query("INSERT experiment").entered();
    let mut experiments = service.experiments.lock();
    let id = experiments.back().map_or(1, |last| last.id + 1);
    let experiment = Experiment { id, name: new.name, state: "pending" };
    if experiments.len() == MAX_EXPERIMENTS {
        experiments.pop_front();
    }
    experiments.push_back(experiment.clone());
    tracing::info!(experiment_id = id, to_state = experiment.state, "experiment state transition");
    (StatusCode::CREATED, Json(experiment)).into_response()
}

async fn read(State(service): State<Arc<Service>>, Path(id): Path<u64>) -> Response {
    let _span = query("SELECT experiment").entered();
    match service.experiments.lock().iter().find(|e| e.id == id) {
        Some(experiment) => Json(experiment.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "no such experiment\n").into_response(),
    }
}
