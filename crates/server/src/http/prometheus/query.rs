//! `/api/v1/query`, `/api/v1/query_range`, `format_query` and the read paths over labels and series.

use super::values::query_data;
use crate::http::Api;
use crate::http::envelope::{ApiError, Success};
use crate::http::params::Params;
use crate::query_pool::QueryPlaces;
use crate::rule_doors::{TraceRules, matrix_of};
use axum::extract::{Path, State};
use phoenix_engine::logs::LogRange;
use phoenix_engine::{Language, LogsEngine, MetricsEngine, QueryError, QueryLimits};
use phoenix_logql::{LogOutput, LogValue};
use phoenix_model::logs::Direction;
use phoenix_query::{AnnotationLevel, QueryOutput};
use phoenix_rules::QueryDoor;
use std::sync::Arc;
use std::time::Duration;

/// Prometheus refuses more points than this per series.
const MAX_POINTS: i64 = 11_000;

const NS_PER_MS: i64 = 1_000_000;

/// Prometheus' earliest and latest time for reads over labels, in milliseconds.
const MIN_TIME_MS: i64 = i64::MIN / 4;
const MAX_TIME_MS: i64 = i64::MAX / 4;

/// What instant and range queries have in common.
struct Asked {
    language: Language,
    query: String,
    timeout: Option<Duration>,
    lookback: Option<Duration>,
    limit: usize,
}

impl Asked {
    fn read(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            language: QueryPlaces::language(params.non_empty("language"))?,
            query: params.required("query")?.to_owned(),
            timeout: params.duration("timeout")?,
            lookback: params.duration("lookback_delta")?,
            limit: params.limit()?,
        })
    }

    async fn answer(
        self,
        api: &Api,
        evaluate: impl FnOnce(&dyn MetricsEngine, &str, &QueryLimits) -> Result<QueryOutput, QueryError> + Send + 'static,
        evaluate_logs: impl FnOnce(&dyn LogsEngine, &str, &QueryLimits) -> Result<LogOutput, QueryError> + Send + 'static,
        evaluate_traces: impl FnOnce(&TraceRules, &str, &QueryLimits) -> Result<QueryOutput, QueryError> + Send + 'static,
    ) -> Result<Success, ApiError> {
        let Self { language, query, timeout, lookback, limit } = self;
        let with_lookback = move |limits: &QueryLimits| {
            let mut limits = limits.clone();
            limits.lookback = lookback.unwrap_or(limits.lookback);
            limits
        };
        let places = api.queries.places();
        let output = match language {
            Language::PromQl => {
                let work = move |engine: &dyn MetricsEngine, limits: &QueryLimits| evaluate(engine, &query, &with_lookback(limits));
                api.queries.run(timeout, work).await?
            }
            Language::LogQl => {
                let engine = Arc::clone(&api.parts.logs.engine);
                places.run(places.enter()?, timeout, move |limits| evaluate_logs(engine.as_ref(), &query, limits).and_then(numbers)).await?
            }
            Language::TraceQl => {
                let door = TraceRules(Arc::clone(&api.parts.traces.engine));
                places.run(places.enter()?, timeout, move |limits| evaluate_traces(&door, &query, &with_lookback(limits))).await?
            }
        };
        Ok(answer(output, limit))
    }
}

pub(super) async fn instant(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let asked = Asked::read(&params)?;
    let at_ms = params.time_ms("time", api.clock.now_ms())?;
    let at_ns = at_ms.saturating_mul(NS_PER_MS);
    asked
        .answer(
            &api,
            move |engine, query, limits| engine.instant(query, at_ms, limits),
            move |engine, query, limits| engine.instant(query, at_ns, 1, Direction::Backward, limits),
            move |door, query, limits| door.instant(query, at_ms, limits),
        )
        .await
}

/// The numbers of an answer in LogQL. Log lines have no shape in this API.
fn numbers(output: LogOutput) -> Result<QueryOutput, QueryError> {
    match output.value {
        LogValue::Metric(metric) => Ok(metric),
        LogValue::Entries(_) => {
            Err(QueryError::Execution("this query gives log lines: ask for them at /loki/api/v1/query_range".to_owned()))
        }
    }
}

pub(super) async fn range(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let asked = Asked::read(&params)?;
    let start_ms = params.required_time_ms("start")?;
    let end_ms = params.required_time_ms("end")?;
    if end_ms < start_ms {
        return Err(ApiError::bad_data("invalid parameter \"end\": end timestamp must not be before start time"));
    }
    let step_ms =
        params.duration("step")?.ok_or_else(|| ApiError::bad_data("invalid parameter \"step\": it is missing"))?.as_millis() as i64;
    if step_ms <= 0 {
        return Err(ApiError::bad_data(
            "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    }
    if (end_ms - start_ms) / step_ms > MAX_POINTS {
        return Err(ApiError::bad_data(format!(
            "exceeded maximum resolution of {MAX_POINTS} points per timeseries. Try decreasing the query resolution (?step=XX)"
        )));
    }
    let range = LogRange {
        start_ns: start_ms.saturating_mul(NS_PER_MS),
        end_ns: end_ms.saturating_mul(NS_PER_MS),
        step_ns: step_ms.saturating_mul(NS_PER_MS),
        interval_ns: 0,
        limit: 1,
        direction: Direction::Backward,
    };
    asked
        .answer(
            &api,
            move |engine, query, limits| engine.range(query, start_ms, end_ms, step_ms, limits),
            move |engine, query, limits| engine.range(query, &range, limits),
            move |door, query, limits| {
                let LogRange { start_ns, end_ns, step_ns, .. } = range;
                door.0.metrics_range(query, start_ns, end_ns, step_ns, 0, limits).map(|output| matrix_of(&output))
            },
        )
        .await
}

fn answer(mut output: QueryOutput, limit: usize) -> Success {
    use phoenix_query::Value;
    let truncated = match &mut output.value {
        Value::Vector(samples) if samples.len() > limit => {
            samples.truncate(limit);
            true
        }
        Value::Matrix(series) if series.len() > limit => {
            series.truncate(limit);
            true
        }
        _ => false,
    };
    let of_level =
        |level: AnnotationLevel| output.annotations.iter().filter(move |a| a.level == level).map(|a| a.message.clone()).collect::<Vec<_>>();
    Success::raw(query_data(&output))
        .with_warnings(of_level(AnnotationLevel::Warning))
        .with_warnings(truncated.then(|| "results truncated due to limit".to_owned()))
        .with_infos(of_level(AnnotationLevel::Info))
}

pub(super) async fn format(params: Params) -> Result<Success, ApiError> {
    let query = params.required("query")?;
    let parsed = phoenix_promql::parse(query);
    match parsed.query {
        Some(expr) if parsed.diagnostics.iter().all(|d| d.severity != phoenix_model::Severity::Error) => {
            Ok(Success::new(&phoenix_promql::format(&expr)))
        }
        _ => Err(QueryError::Parse(parsed.diagnostics).into()),
    }
}

/// The warning that Prometheus gives when `limit` cut the answer.
fn cut(truncated: bool) -> Option<String> {
    truncated.then(|| "results truncated due to limit".to_owned())
}

pub(super) async fn series(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let sets = params.matcher_sets()?;
    if sets.is_empty() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let (start_ms, end_ms, limit) = time_bounds(&params)?;
    let (series, truncated) = api.queries.run(None, move |engine, _| engine.series(&sets, start_ms, end_ms, limit)).await?;
    Ok(Success::new(&series).with_warnings(cut(truncated)))
}

pub(super) async fn labels(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let sets = params.matcher_sets()?;
    let (start_ms, end_ms, limit) = time_bounds(&params)?;
    let (names, truncated) = api.queries.run(None, move |engine, _| engine.label_names(&sets, start_ms, end_ms, limit)).await?;
    Ok(Success::new(&names).with_warnings(cut(truncated)))
}

pub(super) async fn label_values(State(api): State<Api>, Path(name): Path<String>, params: Params) -> Result<Success, ApiError> {
    // Prometheus escapes names outside the classic pattern as `U__…` in this path.
    let name = unescape_label(&name).ok_or_else(|| ApiError::bad_data(format!("invalid label name: \"{name}\"")))?;
    let sets = params.matcher_sets()?;
    let (start_ms, end_ms, limit) = time_bounds(&params)?;
    let (values, truncated) = api.queries.run(None, move |engine, _| engine.label_values(&name, &sets, start_ms, end_ms, limit)).await?;
    Ok(Success::new(&values).with_warnings(cut(truncated)))
}

fn time_bounds(params: &Params) -> Result<(i64, i64, usize), ApiError> {
    let (start_ms, end_ms) = time_range(params)?;
    Ok((start_ms, end_ms, params.limit()?))
}

/// `start` and `end`, both optional, in milliseconds.
pub(super) fn time_range(params: &Params) -> Result<(i64, i64), ApiError> {
    let start_ms = params.time_ms("start", MIN_TIME_MS)?;
    let end_ms = params.time_ms("end", MAX_TIME_MS)?;
    if end_ms < start_ms {
        return Err(ApiError::bad_data("invalid parameter \"end\": end timestamp must not be before start time"));
    }
    Ok((start_ms, end_ms))
}

/// Undoes the value encoding of UTF-8 names: `U__a_2e_b` is `a.b`, and `__` within is `_`.
fn unescape_label(name: &str) -> Option<String> {
    let Some(escaped) = name.strip_prefix("U__") else {
        return (!name.is_empty()).then(|| name.to_owned());
    };
    let mut out = String::new();
    let mut rest = escaped;
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('_') {
            out.push('_');
            rest = tail;
        } else {
            let (hex, tail) = rest.split_once('_')?;
            out.push(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?);
            rest = tail;
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::unescape_label;

    #[test]
    fn label_names_are_unescaped() {
        for (name, want) in
            [("job", Some("job")), ("U__a_2e_b", Some("a.b")), ("U__a__b", Some("a_b")), ("U__a_2e", None), ("U___zz_", None), ("", None)]
        {
            assert_eq!(unescape_label(name).as_deref(), want, "{name}");
        }
    }
}
