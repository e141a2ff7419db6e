//! Metrics for tests of the whole program: remote write as Prometheus sends it, and the one request
//! with which a dashboard is refreshed.

use super::{Server, request};
use prost::Message;
use serde_json::{Value, json};

/// Prometheus' remote write 1.0.
#[derive(Clone, PartialEq, Message)]
pub struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub exemplars: Vec<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Sample {
    #[prost(double, tag = "1")]
    pub value: f64,
    #[prost(int64, tag = "2")]
    pub timestamp_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub value: f64,
    #[prost(int64, tag = "3")]
    pub timestamp_ms: i64,
}

/// Labels, sorted by name as Prometheus sends them.
pub fn labels(pairs: &[(&str, &str)]) -> Vec<Label> {
    let mut labels: Vec<Label> = pairs.iter().map(|(name, value)| Label { name: (*name).to_owned(), value: (*value).to_owned() }).collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels
}

/// A series with its samples as (milliseconds, value).
pub fn series(pairs: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    let samples = samples.iter().map(|(timestamp_ms, value)| Sample { value: *value, timestamp_ms: *timestamp_ms }).collect();
    TimeSeries { labels: labels(pairs), samples, exemplars: Vec::new() }
}

/// Writes as Prometheus does.
pub fn remote_write(server: &Server, timeseries: Vec<TimeSeries>) {
    let body = WriteRequest { timeseries }.encode_to_vec();
    let body = snap::raw::Encoder::new().compress_vec(&body).expect("a body can be compressed");
    let headers =
        [("Content-Type", "application/x-protobuf"), ("Content-Encoding", "snappy"), ("X-Prometheus-Remote-Write-Version", "0.1.0")];
    let (status, text) = request(server.address, "POST", "/api/v1/write", &headers, &body);
    assert!(status == 200 || status == 204, "{status} {text}");
}

/// The path that answers dashboards.
pub const REFRESH: &str = "/api/phoenix/v1/dashboards/query";

/// Asks all queries at once; the lines in the order in which they came, without the last.
pub fn refresh(server: &Server, queries: &[Value]) -> Vec<Value> {
    let (status, body) = server.post(REFRESH, &json!({"queries": queries}));
    assert_eq!(status, 200, "{body}");
    let mut lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert_eq!(lines.pop(), Some(json!({"done": true})), "the answer is whole");
    lines
}
