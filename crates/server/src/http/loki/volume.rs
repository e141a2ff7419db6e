//! `index/stats`, `index/volume` and `index/volume_range`: how much there is, without reading it.

use super::Loki;
use super::error::LokiError;
use super::params::{Bounds, Lookback, selector};
use super::stats::QueryStats;
use super::streams::{push_labels, push_text};
use crate::http::envelope::json;
use crate::http::params::Params;
use crate::http::prometheus::values::push_time;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use phoenix_model::logs::StreamCounts;
use phoenix_model::{Labels, Matcher};
use serde_json::json;
use std::collections::HashMap;

/// Series of an answer when nothing is said.
const DEFAULT_LIMIT: usize = 100;

pub(super) async fn stats(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let asked = loki.asked(&params);
    let Bounds { start_ns, end_ns } = asked.bounds(Lookback::Hour)?;
    let query = asked.query()?.to_owned();
    let matchers = selector(&query)?;
    let found = loki.run(&query, move |engine, limits| engine.index_stats(&matchers, start_ns, end_ns, limits)).await?;
    let body = json!({"streams": found.streams, "chunks": found.chunks, "bytes": found.bytes, "entries": found.entries});
    Ok(json(StatusCode::OK, body.to_string()))
}

pub(super) async fn instant(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let bounds = loki.asked(&params).bounds(Lookback::Hour)?;
    let volumes = read(&loki, &params, vec![bounds.start_ns, bounds.end_ns]).await?;
    let mut at = String::new();
    push_time(&mut at, bounds.end_ns / 1_000_000);
    let series = volumes.iter().map(|volume| format!("{{\"metric\":{},\"value\":[{at},\"{}\"]}}", volume.metric, volume.total()));
    Ok(answer("vector", series))
}

/// Each step's volume stands at the step's end.
pub(super) async fn range(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let asked = loki.asked(&params);
    let bounds = asked.bounds(Lookback::Hour)?;
    let edges = edges(bounds, asked.step_ns(bounds)?);
    let ends_ms: Vec<i64> = edges.iter().skip(1).map(|ns| ns / 1_000_000).collect();
    let volumes = read(&loki, &params, edges).await?;
    let series = volumes.iter().map(|volume| {
        let mut text = format!("{{\"metric\":{},\"values\":[", volume.metric);
        for (i, (at_ms, bytes)) in ends_ms.iter().zip(&volume.bytes).filter(|(_, bytes)| **bytes > 0).enumerate() {
            text.push_str(if i > 0 { ",[" } else { "[" });
            push_time(&mut text, *at_ms);
            text.push_str(&format!(",\"{bytes}\"]"));
        }
        text.push_str("]}");
        text
    });
    Ok(answer("matrix", series))
}

/// The edges of steps; the last step may be shorter.
fn edges(Bounds { start_ns, end_ns }: Bounds, step_ns: i64) -> Vec<i64> {
    let mut edges = vec![start_ns];
    let mut at = start_ns;
    while at < end_ns {
        at = at.saturating_add(step_ns).min(end_ns);
        edges.push(at);
    }
    edges
}

/// How volumes are put together.
struct Grouping {
    /// The labels that count; `None` for all.
    names: Option<Vec<String>>,
    /// One series for each label, whatever its value.
    by_label: bool,
}

impl Grouping {
    fn read(params: &Params, matchers: &[Matcher]) -> Result<Self, LokiError> {
        let by_label = match params.non_empty("aggregateBy") {
            None | Some("series") => false,
            Some("labels") => true,
            Some(_) => return Err(LokiError::bad_request("invalid aggregation option")),
        };
        let targets: Vec<String> = params
            .non_empty("targetLabels")
            .map(|text| text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default();
        let names = if targets.is_empty() { matchers.iter().map(|m| m.name.clone()).collect() } else { targets };
        Ok(Self { names: (!names.is_empty()).then_some(names), by_label })
    }

    /// The series that a stream's volume counts for, as JSON of their labels.
    fn series(&self, labels: &Labels) -> Vec<String> {
        let counts = |name: &str| self.names.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
        let mut texts = Vec::new();
        if self.by_label {
            for (name, _) in labels.iter().filter(|(name, _)| counts(name)) {
                let mut text = "{".to_owned();
                push_text(&mut text, name);
                text.push_str(":\"\"}");
                texts.push(text);
            }
        } else {
            let mut text = String::new();
            push_labels(&mut text, &labels.filter(counts));
            texts.push(text);
        }
        texts
    }

    /// Sums the streams; the largest first, at most `limit`.
    fn sum(&self, streams: &[StreamCounts], limit: usize) -> Vec<Volume> {
        let mut sums: HashMap<String, Vec<u64>> = HashMap::new();
        for stream in streams {
            for metric in self.series(&stream.stream.labels) {
                let sum = sums.entry(metric).or_insert_with(|| vec![0; stream.counts.len()]);
                for (sum, (_, bytes)) in sum.iter_mut().zip(&stream.counts) {
                    *sum += bytes;
                }
            }
        }
        let mut sums: Vec<Volume> = sums.into_iter().map(|(metric, bytes)| Volume { metric, bytes }).collect();
        sums.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| a.metric.cmp(&b.metric)));
        sums.truncate(limit);
        sums
    }
}

/// The bytes of a series, step by step.
struct Volume {
    /// Its labels, in JSON.
    metric: String,
    bytes: Vec<u64>,
}

impl Volume {
    fn total(&self) -> u64 {
        self.bytes.iter().sum()
    }
}

async fn read(loki: &Loki, params: &Params, edges: Vec<i64>) -> Result<Vec<Volume>, LokiError> {
    let asked = loki.asked(params);
    let query = asked.query()?.to_owned();
    let matchers = selector(&query)?;
    let limit = asked.count("limit", DEFAULT_LIMIT)?;
    let grouping = Grouping::read(params, &matchers)?;
    loki.run(&query, move |engine, limits| Ok(grouping.sum(&engine.counts(&matchers, &edges, limits)?, limit))).await
}

fn answer(kind: &str, series: impl Iterator<Item = String>) -> Response {
    let mut body = format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":[");
    for (i, one) in series.enumerate() {
        if i > 0 {
            body.push(',');
        }
        body.push_str(&one);
    }
    body.push_str(&format!("],\"stats\":{}}}}}", QueryStats::default().json()));
    json(StatusCode::OK, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_the_range() {
        for (start, end, step, want) in [(0, 10, 5, vec![0, 5, 10]), (0, 11, 5, vec![0, 5, 10, 11]), (3, 3, 5, vec![3])] {
            assert_eq!(edges(Bounds { start_ns: start, end_ns: end }, step), want);
        }
    }
}
