//! `query`, `query_range` and `format_query`.

use super::Loki;
use super::error::{LokiError, of_query};
use super::params::{Asked, Bounds, Lookback, entries_of, parse};
use super::stats::QueryStats;
use super::streams::{ENCODING_HEADER, Encoding, Pieces, group};
use crate::http::envelope::{Success, json};
use crate::http::params::Params;
use crate::http::prometheus::values::{format_value, result_json};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use phoenix_engine::logs::LogRange;
use phoenix_logql::{LogOutput, LogValue};
use std::convert::Infallible;

/// Evaluation with what it took.
pub(super) struct Evaluated {
    pub(super) output: LogOutput,
    pub(super) stats: QueryStats,
}

pub(super) async fn instant(State(loki): State<Loki>, headers: HeaderMap, params: Params) -> Result<Response, LokiError> {
    let asked = loki.asked(&params);
    let query = asked.query()?.to_owned();
    let at_ns = asked.time_ns("time", asked.now_ns)?;
    let limit = asked.limit()?;
    let direction = asked.direction()?;
    if entries_of(&parse(&query)?).is_some() {
        return Err(LokiError::bad_request(
            "log queries are not supported as an instant query type, please change your query to a range query type",
        ));
    }
    let asked_at = loki.clock.monotonic();
    let clock = loki.clock.clone();
    let text = query.clone();
    let (output, begun) = loki
        .run(&query, move |engine, limits| {
            let begun = clock.monotonic();
            engine.instant(&text, at_ns, limit, direction, limits).map(|output| (output, begun))
        })
        .await?;
    let stats = QueryStats {
        read: output.stats,
        took: loki.clock.monotonic().saturating_sub(begun),
        queued: begun.saturating_sub(asked_at),
        returned: returned(&output),
    };
    Ok(answer(Evaluated { output, stats }, encoding(&headers)))
}

pub(super) async fn range(State(loki): State<Loki>, headers: HeaderMap, params: Params) -> Result<Response, LokiError> {
    let asked = loki.asked(&params);
    let evaluated = evaluate(&loki, asked, asked.query()?.to_owned()).await?;
    Ok(answer(evaluated, encoding(&headers)))
}

/// A range query with the parameters of `query_range`.
pub(super) async fn evaluate(loki: &Loki, asked: Asked<'_>, query: String) -> Result<Evaluated, LokiError> {
    let bounds @ Bounds { start_ns, end_ns } = asked.bounds(Lookback::Hour)?;
    let step_ns = asked.step_ns(bounds)?;
    let interval_ns = asked.duration_ns("interval")?.unwrap_or(0);
    if interval_ns < 0 {
        return Err(LokiError::bad_request("interval must be >= 0"));
    }
    let (limit, direction) = (asked.limit()?, asked.direction()?);
    if entries_of(&parse(&query)?).is_some() && limit > loki.max_entries {
        return Err(LokiError::bad_request(format!(
            "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {}); see `limits.query_max_log_entries`",
            loki.max_entries
        )));
    }
    let range = LogRange { start_ns, end_ns, step_ns, interval_ns, limit, direction };
    let asked_at = loki.clock.monotonic();
    let clock = loki.clock.clone();
    let text = query.clone();
    let (output, begun) = loki
        .run(&query, move |engine, limits| {
            let begun = clock.monotonic();
            engine.range(&text, &range, limits).map(|output| (output, begun))
        })
        .await?;
    let stats = QueryStats {
        read: output.stats,
        took: loki.clock.monotonic().saturating_sub(begun),
        queued: begun.saturating_sub(asked_at),
        returned: returned(&output),
    };
    Ok(Evaluated { output, stats })
}

fn returned(output: &LogOutput) -> u64 {
    use phoenix_query::Value;
    match &output.value {
        LogValue::Entries(entries) => entries.len() as u64,
        LogValue::Metric(metric) => match &metric.value {
            Value::Vector(samples) => samples.len() as u64,
            Value::Matrix(series) => series.len() as u64,
            Value::Scalar(_) | Value::String(..) => 1,
        },
    }
}

fn encoding(headers: &HeaderMap) -> Encoding {
    Encoding::from_header(headers.get(ENCODING_HEADER).and_then(|v| v.to_str().ok()))
}

fn answer(evaluated: Evaluated, encoding: Encoding) -> Response {
    let Evaluated { output, stats } = evaluated;
    let tail = format!(",\"stats\":{}}}}}", stats.json());
    let flags = encoding.flags();
    match output.value {
        LogValue::Entries(entries) => {
            let head = format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"streams\",{flags}\"result\":");
            let pieces = Pieces::new(head, group(entries, encoding), tail, encoding);
            let body = Body::from_stream(futures_util::stream::iter(pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece)))));
            (StatusCode::OK, [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body).into_response()
        }
        LogValue::Metric(metric) => {
            let mut body = format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{}\",{flags}\"result\":", metric.value.kind());
            body.push_str(&result_json(&metric.value, format_value));
            body.push_str(&tail);
            json(StatusCode::OK, body)
        }
    }
}

pub(super) async fn format(State(loki): State<Loki>, params: Params) -> Result<Success, LokiError> {
    let asked = loki.asked(&params);
    let query = asked.query()?;
    let formatted = phoenix_logql::format(query).map_err(|diagnostics| of_query(&phoenix_engine::QueryError::Parse(diagnostics), query))?;
    Ok(Success::new(&formatted))
}
