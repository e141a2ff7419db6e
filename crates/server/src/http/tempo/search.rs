//! `/api/search`: traces by TraceQL, or by tags as older clients ask.

use super::error::{TempoError, of_query};
use super::params::{Bounds, count, positive, search_bounds};
use super::wire::SearchResponse;
use super::{Tempo, answer};
use crate::http::params::Params;
use axum::extract::State;
use axum::response::Response;
use phoenix_engine::QueryError;
use phoenix_engine::traces::{SearchOutput, SearchRange};
use std::fmt::Write;
use std::time::Duration;

/// How many traces a search gives when nothing is said.
const DEFAULT_LIMIT: usize = 20;
/// How many spans of each set a search gives when nothing is said.
const DEFAULT_SPANS: usize = 3;
/// What is not a tag when a client writes tags as parameters.
const KNOWN: [&str; 8] = ["q", "tags", "minDuration", "maxDuration", "limit", "spss", "start", "end"];

pub(super) async fn search(State(tempo): State<Tempo>, params: Params) -> Result<Response, TempoError> {
    let asked = Asked {
        query: query(&params)?,
        bounds: search_bounds(&params)?,
        limit: positive(&params, "limit", DEFAULT_LIMIT)?,
        spans: count(&params, "spss", DEFAULT_SPANS)?,
    };
    Ok(answer(&SearchResponse::from(&asked.run(&tempo).await?)))
}

/// A search as it came over HTTP or gRPC.
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) bounds: Bounds,
    pub(super) limit: usize,
    /// Spans of each set; 0 for all.
    pub(super) spans: usize,
}

impl Asked {
    pub(super) async fn run(self, tempo: &Tempo) -> Result<SearchOutput, TempoError> {
        let Self { query, bounds: Bounds { start_ns, end_ns }, limit, spans } = self;
        let spans_per_set = if spans == 0 { usize::MAX } else { spans };
        let range = SearchRange { start_ns, end_ns, limit, spans_per_set };
        let text = query.clone();
        tempo.run(&query, move |engine, limits| engine.search(&text, &range, limits)).await
    }
}

/// `q`, or what `tags`, `minDuration` and `maxDuration` mean.
fn query(params: &Params) -> Result<String, TempoError> {
    let tags = params.non_empty("tags");
    if let Some(query) = params.non_empty("q") {
        if tags.is_some() {
            return Err(TempoError::bad_request("invalid request: can't specify tags and q in the same query"));
        }
        return Ok(query.to_owned());
    }
    let mut written = tags.unwrap_or_default().to_owned();
    if tags.is_none() && params.non_empty("start").is_none() && params.non_empty("end").is_none() {
        for (name, value) in params.pairs().filter(|(name, _)| !KNOWN.contains(name)) {
            let _ = write!(written, " {name}={value:?}");
        }
    }
    legacy_query(&written, duration(params, "minDuration")?, duration(params, "maxDuration")?)
}

/// What a search by tags means, as TraceQL.
pub(super) fn legacy_query(tags: &str, min: Option<Duration>, max: Option<Duration>) -> Result<String, TempoError> {
    if let (Some(min), Some(max)) = (min, max)
        && max < min
    {
        return Err(TempoError::bad_request("invalid maxDuration: must be greater than minDuration"));
    }
    let query = phoenix_traceql::from_tags(tags, min, max).map_err(|diagnostics| of_query(&QueryError::Parse(diagnostics), tags))?;
    Ok(query.to_string())
}

fn duration(params: &Params, name: &str) -> Result<Option<Duration>, TempoError> {
    Ok(super::params::duration_ns(params, name)?.map(|ns| Duration::from_nanos(ns.cast_unsigned())))
}
