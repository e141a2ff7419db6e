//! `/api/metrics/query_range` and `/api/metrics/query`: TraceQL that gives numbers.

use super::error::TempoError;
use super::params::{Bounds, count, metrics_bounds, step_ns};
use super::wire::{InstantResponse, RangeResponse};
use super::{Tempo, answer};
use crate::http::params::Params;
use axum::extract::State;
use axum::response::Response;
use phoenix_engine::traces::MetricsOutput;

/// The most exemplars of a series, and what is given when nothing is said.
const MAX_EXEMPLARS: usize = 100;

pub(super) async fn range(State(tempo): State<Tempo>, params: Params) -> Result<Response, TempoError> {
    let bounds = metrics_bounds(&params, tempo.now_ns())?;
    let asked =
        AskedRange { query: query(&params)?, bounds, step_ns: step_ns(&params, bounds)?, exemplars: count(&params, "exemplars", 0)? };
    Ok(answer(&RangeResponse::from(&asked.run(&tempo).await?)))
}

pub(super) async fn instant(State(tempo): State<Tempo>, params: Params) -> Result<Response, TempoError> {
    let output = run_instant(&tempo, query(&params)?, metrics_bounds(&params, tempo.now_ns())?).await?;
    Ok(answer(&InstantResponse::from(&output)))
}

/// A range query as it came over HTTP or gRPC.
pub(super) struct AskedRange {
    pub(super) query: String,
    pub(super) bounds: Bounds,
    pub(super) step_ns: i64,
    /// Exemplars of a series; 0 leaves it to us.
    pub(super) exemplars: usize,
}

impl AskedRange {
    pub(super) async fn run(self, tempo: &Tempo) -> Result<MetricsOutput, TempoError> {
        let Self { query, bounds: Bounds { start_ns, end_ns }, step_ns, exemplars } = self;
        let exemplars = if exemplars == 0 { MAX_EXEMPLARS } else { exemplars.min(MAX_EXEMPLARS) };
        let text = query.clone();
        tempo.run(&query, move |engine, limits| engine.metrics_range(&text, start_ns, end_ns, step_ns, exemplars, limits)).await
    }
}

pub(super) async fn run_instant(tempo: &Tempo, query: String, bounds: Bounds) -> Result<MetricsOutput, TempoError> {
    let Bounds { start_ns, end_ns } = bounds;
    let text = query.clone();
    tempo.run(&query, move |engine, limits| engine.metrics_instant(&text, start_ns, end_ns, limits)).await
}

fn query(params: &Params) -> Result<String, TempoError> {
    let query = params.non_empty("q").or_else(|| params.non_empty("query"));
    query.map(str::to_owned).ok_or_else(|| TempoError::bad_request("the parameter `q` is missing: it is a TraceQL metrics query"))
}
