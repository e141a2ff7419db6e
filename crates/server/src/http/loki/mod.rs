//! Loki's HTTP API, `/loki/api/v1`, and the older paths of it that clients still use.

mod deletes;
mod error;
mod fields;
mod labels;
mod legacy;
mod params;
mod push;
mod query;
mod rules;
mod stats;
mod status;
mod streams;
mod tail;
#[cfg(test)]
pub(crate) mod tests;
mod volume;

pub(crate) use push::PushDoor;

use self::error::LokiError;
use self::params::Asked;
use super::params::Params;
use crate::query_pool::QueryPlaces;
use crate::shutdown::Shutdown;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use phoenix_engine::{LogsEngine, QueryError, QueryLimits};
use phoenix_env::SharedClock;
use phoenix_rules::GroupStatus;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The most names, values or streams in one answer; more are an error.
const MAX_LISTED: usize = 100_000;

/// What the handlers work with; clones share it.
#[derive(Clone)]
pub(crate) struct Loki(Arc<LokiState>);

/// See [`Loki`].
pub(crate) struct LokiState {
    pub(crate) engine: Arc<dyn LogsEngine>,
    pub(crate) push: PushDoor,
    pub(crate) places: QueryPlaces,
    pub(crate) clock: SharedClock,
    pub(crate) shutdown: Shutdown,
    /// The groups of rules as they are now.
    pub(crate) rules: Box<dyn Fn() -> Vec<GroupStatus> + Send + Sync>,
    /// Entries that one query may ask for.
    pub(crate) max_entries: usize,
    /// Live tails at the same time.
    pub(crate) max_tails: usize,
    /// One permit for each live tail.
    pub(crate) tails: Arc<Semaphore>,
    /// Whether the log says already that tenants are ignored.
    pub(crate) tenant_told: AtomicBool,
}

impl Loki {
    /// Shares the state.
    pub(crate) fn new(state: LokiState) -> Self {
        Self(Arc::new(state))
    }

    fn asked<'a>(&self, params: &'a Params) -> Asked<'a> {
        Asked { params, now_ns: self.clock.now_ms().saturating_mul(1_000_000) }
    }

    /// Runs a query of logs where all queries run.
    async fn run<T: Send + 'static>(
        &self,
        query: &str,
        work: impl FnOnce(&dyn LogsEngine, &QueryLimits) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, LokiError> {
        let place = self.places.enter().map_err(|e| LokiError::too_many(format!("too many outstanding requests: {e}")))?;
        let engine = Arc::clone(&self.engine);
        let answer = self.places.run(place, None::<Duration>, move |limits| work(engine.as_ref(), limits)).await;
        answer.map_err(|e| error::of_query(&e, query))
    }
}

impl Deref for Loki {
    type Target = LokiState;

    fn deref(&self) -> &LokiState {
        &self.0
    }
}

/// All paths of Loki's, with their prefixes.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(loki: Loki) -> Router<S> {
    let current = Router::new()
        .route("/query", get(query::instant).post(query::instant))
        .route("/query_range", get(query::range).post(query::range))
        .route("/format_query", get(query::format).post(query::format))
        .route("/labels", get(labels::names).post(labels::names))
        .route("/label", get(labels::names).post(labels::names))
        .route("/label/{name}/values", get(labels::values).post(labels::values))
        .route("/series", get(labels::series).post(labels::series))
        .route("/detected_labels", get(labels::detected).post(labels::detected))
        .route("/detected_fields", get(fields::detected).post(fields::detected))
        .route("/detected_field/{name}/values", get(fields::values).post(fields::values))
        .route("/patterns", get(fields::patterns).post(fields::patterns))
        .route("/index/stats", get(volume::stats).post(volume::stats))
        .route("/index/volume", get(volume::instant).post(volume::instant))
        .route("/index/volume_range", get(volume::range).post(volume::range))
        .route("/tail", get(tail::tail))
        .route("/delete", get(deletes::list).post(deletes::create).put(deletes::create).delete(deletes::cancel))
        .route("/cancel_delete_request", axum::routing::put(deletes::cancel).post(deletes::cancel))
        .route("/rules", get(rules::all))
        .route("/rules/{namespace}", get(rules::namespace).post(rules::read_only).delete(rules::read_only))
        .route("/rules/{namespace}/{group}", get(rules::group).delete(rules::read_only))
        .route("/status/buildinfo", get(status::build_info))
        .route("/drilldown-limits", get(status::drilldown_limits))
        .route("/push", push::handler())
        .fallback(|| async { LokiError::not_found("404 page not found: Loki has no such path, or Phoenix does not have it") });
    Router::new()
        .nest("/loki/api/v1", current)
        .nest("/api/prom", legacy::router())
        .route("/ready", get(status::ready))
        .route("/services", get(status::services))
        .layer(middleware::from_fn_with_state(loki.clone(), note_tenant))
        .with_state(loki)
}

/// There is one tenant: a client that names one is served, and the log says once that the name is ignored.
async fn note_tenant(State(loki): State<Loki>, request: Request, next: Next) -> Response {
    if let Some(tenant) = request.headers().get("x-scope-orgid")
        && !loki.tenant_told.swap(true, Ordering::Relaxed)
    {
        tracing::info!(?tenant, "a client names a tenant in X-Scope-OrgID; Phoenix has one tenant and ignores the name");
    }
    next.run(request).await
}
