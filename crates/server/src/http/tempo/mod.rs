//! Tempo's HTTP API, and the gRPC service on the same port that Grafana streams from.

mod error;
mod grpc;
mod metrics;
mod otlp;
mod params;
mod search;
mod status;
mod tags;
#[cfg(test)]
mod tests;
mod trace;
mod wire;

use self::error::TempoError;
use crate::query_pool::QueryPlaces;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use phoenix_dashboard::refresh::encode::TraceJson;
use phoenix_engine::traces::SearchOutput;
use phoenix_engine::{QueryError, QueryLimits, TracesEngine};
use phoenix_env::SharedClock;
use phoenix_model::traces::TraceWrite;
use serde::Serialize;
use std::ops::Deref;
use std::sync::Arc;

/// The most names or values in one answer.
const MAX_LISTED: usize = 100_000;

/// What the handlers work with; clones share it.
#[derive(Clone)]
pub(crate) struct Tempo(Arc<TempoState>);

/// See [`Tempo`].
pub(crate) struct TempoState {
    pub(crate) engine: Arc<dyn TracesEngine>,
    pub(crate) places: QueryPlaces,
    pub(crate) clock: SharedClock,
}

impl Tempo {
    /// Shares the state.
    pub(crate) fn new(state: TempoState) -> Self {
        Self(Arc::new(state))
    }

    fn now_ns(&self) -> i64 {
        self.clock.now_ms().saturating_mul(1_000_000)
    }

    /// Runs a query of traces where all queries run.
    async fn run<T: Send + 'static>(
        &self,
        query: &str,
        work: impl FnOnce(&dyn TracesEngine, &QueryLimits) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, TempoError> {
        let place = self.places.enter().map_err(|e| TempoError::too_many(format!("too many outstanding requests: {e}")))?;
        let engine = Arc::clone(&self.engine);
        let answer = self.places.run(place, None, move |limits| work(engine.as_ref(), limits)).await;
        answer.map_err(|e| error::of_query(&e, query))
    }
}

impl Deref for Tempo {
    type Target = TempoState;

    fn deref(&self) -> &TempoState {
        &self.0
    }
}

/// All paths of Tempo's.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(tempo: Tempo) -> Router<S> {
    Router::new()
        .route("/api/echo", get(status::echo))
        .route("/api/status/buildinfo", get(status::build_info))
        .route("/api/traces/{id}", get(trace::v1))
        .route("/api/v2/traces/{id}", get(trace::v2))
        .route("/api/search", get(search::search))
        .route("/api/search/tags", get(tags::names))
        .route("/api/v2/search/tags", get(tags::names_by_scope))
        // A tag's name may hold slashes.
        .route("/api/search/tag/{*tag}", get(tags::values))
        .route("/api/v2/search/tag/{*tag}", get(tags::typed_values))
        .route("/api/metrics/query_range", get(metrics::range).post(metrics::range))
        .route("/api/metrics/query", get(metrics::instant).post(metrics::instant))
        .route("/tempopb.StreamingQuerier/{method}", post(grpc::call))
        .with_state(tempo)
}

/// A value as Tempo writes it.
pub(crate) fn text_of(value: &phoenix_engine::traces::Static) -> String {
    wire::tag_value(value).value
}

/// Traces as this API writes them, for others.
pub(crate) struct TempoJson;

impl TraceJson for TempoJson {
    fn found(&self, output: &SearchOutput) -> String {
        let traces = wire::SearchResponse::from(output).traces;
        serde_json::to_string(&traces).expect("messages have string keys and no failing serializers")
    }

    fn trace(&self, trace: &TraceWrite) -> String {
        otlp::trace_json("resourceSpans", trace)
    }
}

fn answer(body: &impl Serialize) -> Response {
    let body = serde_json::to_string(body).expect("messages have string keys and no failing serializers");
    crate::http::envelope::json(StatusCode::OK, body)
}
