//! `phoenix-platform controller`: the controller as a process of its own. What it shares with the API is the database;
//! the API tells it over HTTP that there is something to do, so that a trace leads from one to the other.

use super::{Controller, Plan, Source};
use crate::experiments::Experiments;
use crate::faults::acts::{self, Acts};
use crate::faults::{Faults, Part};
use crate::service;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// What `phoenix-platform controller` is told.
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) otlp: Option<String>,
    pub(crate) database: String,
    pub(crate) collector: Option<SocketAddr>,
    pub(crate) plan: Plan,
}

struct Told {
    experiments: Arc<Experiments>,
    wake: Arc<Notify>,
}

/// Serves until the process is told to end.
pub(crate) async fn serve(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = crate::telemetry("phoenix-controller", settings.otlp.as_deref())?;
    crate::install_tls();
    let experiments = Arc::new(Experiments::in_postgres(&settings.database)?);
    let faults = Arc::new(Faults::of(&[Part::Controller]));
    let controller = Controller::new(settings.plan, Arc::clone(&experiments), Arc::clone(&faults), &telemetry);
    let told = Arc::new(Told { experiments, wake: Arc::default() });
    let wake = Arc::clone(&told.wake);
    let own = Router::new().route("/api/v1/experiments/{id}/begin", post(begin)).with_state(told);
    let router = service::router(&telemetry, &faults, own);
    let (listener, _) = service::bind(settings.listen).await?;
    tokio::spawn(super::run(controller, Source::new(settings.collector)?, wake));
    tokio::spawn(acts::run(faults, Acts::default()));
    service::serve(listener, router).await
}

/// Somebody has asked for an experiment: it need not wait for the next second.
async fn begin(State(told): State<Arc<Told>>, Path(id): Path<u64>) -> Response {
    match told.experiments.get(id).await {
        Ok(Some(experiment)) => {
            tracing::info!(experiment_id = experiment.id, state = experiment.state.as_str(), "told to begin");
            told.wake.notify_one();
            StatusCode::ACCEPTED.into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "no such experiment\n").into_response(),
        Err(error) => error.into_response(),
    }
}
