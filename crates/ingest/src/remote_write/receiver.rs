//! From the body of a request to samples in the store.

use super::metrics::{ReasonLabel, ReceiverMetrics};
use super::proto::{HistogramMessage, Label, TimeSeries, WriteRequest};
use phoenix_engine::{MetricsEngine, WriteBatch, WriteError};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Budget, Exemplar, Histogram, Labels, LabelsBuilder};
use prometheus_client::registry::Registry;
use prost::Message;
use std::sync::Arc;

/// Series named in one answer; the others are counted.
const NAMED_SERIES: usize = 3;
/// How much larger than its bytes a decoded request may be, for the budget: a label of some 15 bytes
/// becomes two strings, each of 24 bytes and a block of the heap.
const DECODED_FACTOR: u64 = 8;

/// OpenMetrics' limit on the characters of an exemplar's labels.
const MOST_EXEMPLAR_CHARACTERS: usize = 128;

/// The headers that matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`
    pub content_encoding: Option<&'a str>,
}

/// Limits on one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverLimits {
    /// Bytes as they come. The server should not read more than this either.
    pub compressed_bytes: u64,
    /// Bytes after decompression.
    pub uncompressed_bytes: u64,
    /// Labels of one series.
    pub labels: usize,
    /// Bytes of a label's name.
    pub label_name_bytes: usize,
    /// Bytes of a label's value.
    pub label_value_bytes: usize,
    /// Bytes of all requests that are being read at one time.
    pub in_flight_bytes: u64,
}

impl Default for ReceiverLimits {
    fn default() -> Self {
        Self {
            compressed_bytes: 16 << 20,
            uncompressed_bytes: 64 << 20,
            labels: 256,
            label_name_bytes: 1 << 10,
            label_value_bytes: 64 << 10,
            in_flight_bytes: 512 << 20,
        }
    }
}

/// Why a request is not answered with 204.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What could not be stored, and why.
    pub message: String,
    /// After how many seconds to try again, for `Retry-After`.
    pub retry_after_seconds: Option<u32>,
}

impl Refusal {
    fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after_seconds: None }
    }

    fn later(message: impl Into<String>) -> Self {
        Self { status: 503, message: message.into(), retry_after_seconds: Some(5) }
    }
}

/// Takes requests. Calls block on the store.
pub struct Receiver {
    engine: Arc<dyn MetricsEngine>,
    limits: ReceiverLimits,
    budget: Budget,
    metrics: ReceiverMetrics,
}

impl Receiver {
    /// A receiver that writes into a store. Its metrics go to `registry`.
    pub fn new(engine: Arc<dyn MetricsEngine>, limits: ReceiverLimits, registry: &mut Registry) -> Self {
        let budget = Budget::new("limits.memory (share of remote write)", limits.in_flight_bytes);
        Self { engine, limits, budget, metrics: ReceiverMetrics::new(registry) }
    }

    /// Stores a request. `Ok` means that all of it is durable (status 204). A refusal with status 400
    /// after decoding means that what it does not name is durable.
    pub fn receive(&self, headers: Headers<'_>, body: &[u8]) -> Result<(), Refusal> {
        self.metrics.requests.inc();
        let refuse = |reason, refusal| {
            self.metrics.refused_requests.get_or_create(&ReasonLabel { reason }).inc();
            refusal
        };
        check_headers(headers).map_err(|refusal| refuse("format", refusal))?;
        let length = self.check_length(body).map_err(|refusal| refuse("limit", refusal))?;
        let charge = self.budget.charge(length.saturating_mul(DECODED_FACTOR));
        let _charge = charge.map_err(|e| refuse("busy", Refusal::later(format!("too many requests are being read at once: {e}"))))?;
        let request = decode(body).map_err(|refusal| refuse("format", refusal))?;
        let buckets = request.timeseries.iter().flat_map(|series| &series.histograms).map(HistogramMessage::bucket_bytes).sum();
        let charge = self.budget.charge(buckets);
        let _buckets = charge.map_err(|e| refuse("busy", Refusal::later(format!("too many requests are being read at once: {e}"))))?;
        let (batch, mut problems) = self.read(request.timeseries);
        let outcome = match self.engine.write(&batch) {
            Ok(outcome) => outcome,
            Err(WriteError::DiskFull(e)) => return Err(refuse("disk_full", Refusal::later(format!("the disk is full: {e}")))),
            Err(WriteError::Busy(e)) => return Err(refuse("busy", Refusal::later(format!("the store is busy: {e}")))),
            Err(WriteError::Storage(e)) => return Err(refuse("storage", Refusal::new(500, e))),
        };
        self.metrics.samples.inc_by(outcome.stored);
        problems.add("out_of_bounds", outcome.out_of_bounds, "samples are older than the retention or too far in the future");
        problems.add("series_limit", outcome.over_series_limit, "samples are of new series, and the store has as many series as it may");
        problems.into_result(&self.metrics)
    }

    fn check_length(&self, body: &[u8]) -> Result<u64, Refusal> {
        let limit = self.limits.compressed_bytes;
        if body.len() as u64 > limit {
            let message = format!("the request has {} bytes compressed, the limit is {limit}: send fewer samples at once", body.len());
            return Err(Refusal::new(413, message));
        }
        let length = snap::raw::decompress_len(body).map_err(|e| Refusal::new(400, format!("the body is not snappy: {e}")))? as u64;
        let limit = self.limits.uncompressed_bytes;
        if length > limit {
            let message = format!("the request has {length} bytes uncompressed, the limit of `limits.body_size` is {limit}");
            return Err(Refusal::new(413, message));
        }
        Ok(length)
    }

    fn read(&self, timeseries: Vec<TimeSeries>) -> (WriteBatch, Problems) {
        let mut problems = Problems::default();
        let mut batch = WriteBatch::floats(Vec::with_capacity(timeseries.len()));
        for series in timeseries {
            let labels = match labels(&series, &self.limits) {
                Ok(labels) => labels,
                Err(reason) => {
                    problems.add_series(&series, &reason);
                    continue;
                }
            };
            let (histograms, bad) = histograms(&series);
            if let Some(reason) = bad {
                problems.add_series(&series, &reason);
            }
            let (exemplars, too_long) = exemplars(&series);
            problems.add("exemplar", too_long, "exemplars have labels that are not valid, or of more than 128 characters");
            if !exemplars.is_empty() {
                batch.exemplars.push((labels.clone(), exemplars));
            }
            if !series.samples.is_empty() {
                batch.series.push((labels.clone(), series.samples.iter().map(|s| (s.timestamp, s.value)).collect()));
            }
            if !histograms.is_empty() {
                batch.histograms.push((labels, histograms));
            }
        }
        (batch, problems)
    }
}

fn check_headers(headers: Headers<'_>) -> Result<(), Refusal> {
    let content_type = headers.content_type.unwrap_or("application/x-protobuf");
    let mut parts = content_type.split(';').map(str::trim);
    if parts.next() != Some("application/x-protobuf") {
        return Err(Refusal::new(415, format!("expected Content-Type \"application/x-protobuf\", found {content_type:?}")));
    }
    if let Some(message) = parts.find_map(|part| part.strip_prefix("proto=")).filter(|m| *m != "prometheus.WriteRequest") {
        return Err(Refusal::new(415, format!("expected messages of type prometheus.WriteRequest (remote write 1.0), found {message:?}")));
    }
    match headers.content_encoding {
        None | Some("" | "snappy") => Ok(()),
        Some(other) => Err(Refusal::new(415, format!("expected Content-Encoding \"snappy\", found {other:?}"))),
    }
}

fn decode(body: &[u8]) -> Result<WriteRequest, Refusal> {
    let bytes = snap::raw::Decoder::new().decompress_vec(body).map_err(|e| Refusal::new(400, format!("the body is not snappy: {e}")))?;
    WriteRequest::decode(bytes.as_slice()).map_err(|e| Refusal::new(400, format!("the body is not a prometheus.WriteRequest: {e}")))
}

/// The histograms of a series, and what is wrong with the first of those that can't be stored.
fn histograms(series: &TimeSeries) -> (Vec<(i64, Histogram)>, Option<String>) {
    let mut good = Vec::with_capacity(series.histograms.len());
    let mut bad = None;
    for message in &series.histograms {
        match message.histogram() {
            Ok(histogram) => good.push((message.timestamp, histogram)),
            Err(reason) => {
                bad.get_or_insert_with(|| format!("a native histogram can't be stored: {reason}"));
            }
        }
    }
    (good, bad)
}

/// The exemplars of a series, and how many of them can't be stored.
fn exemplars(series: &TimeSeries) -> (Vec<Exemplar>, u64) {
    let mut good = Vec::with_capacity(series.exemplars.len());
    for exemplar in &series.exemplars {
        let characters: usize = exemplar.labels.iter().map(|l| l.name.chars().count() + l.value.chars().count()).sum();
        let is_named = |label: &Label| !label.name.is_empty();
        if characters <= MOST_EXEMPLAR_CHARACTERS && exemplar.labels.iter().all(is_named) {
            let labels = Labels::from_pairs(exemplar.labels.iter().map(|l| (l.name.as_str(), l.value.as_str())));
            good.push(Exemplar { labels, value: exemplar.value, timestamp_ms: exemplar.timestamp });
        }
    }
    let bad = series.exemplars.len() - good.len();
    (good, bad as u64)
}

fn labels(series: &TimeSeries, limits: &ReceiverLimits) -> Result<Labels, String> {
    if series.labels.len() > limits.labels {
        return Err(format!("it has {} labels, the limit is {}", series.labels.len(), limits.labels));
    }
    let mut builder = LabelsBuilder::default();
    for (i, label) in series.labels.iter().enumerate() {
        if label.name.is_empty() {
            return Err("a label has no name".to_owned());
        }
        if series.labels[..i].iter().any(|other| other.name == label.name) {
            return Err(format!("label {:?} occurs twice", label.name));
        }
        for (what, length, limit) in
            [("name", label.name.len(), limits.label_name_bytes), ("value", label.value.len(), limits.label_value_bytes)]
        {
            if length > limit {
                let name: String = label.name.chars().take(100).collect();
                return Err(format!("the {what} of label {name:?} has {length} bytes, the limit is {limit}"));
            }
        }
        builder.set(&label.name, &label.value);
    }
    if builder.value(METRIC_NAME).is_empty() {
        return Err("it has no metric name".to_owned());
    }
    Ok(builder.build())
}

/// What of a request is not stored.
#[derive(Debug, Default)]
struct Problems {
    counts: Vec<(&'static str, u64, &'static str)>,
    series: u64,
    named: Vec<String>,
}

impl Problems {
    fn add(&mut self, reason: &'static str, count: u64, words: &'static str) {
        if count == 0 {
            return;
        }
        match self.counts.iter_mut().find(|(r, _, _)| *r == reason) {
            Some((_, total, _)) => *total += count,
            None => self.counts.push((reason, count, words)),
        }
    }

    fn add_series(&mut self, series: &TimeSeries, reason: &str) {
        self.series += 1;
        if self.named.len() < NAMED_SERIES {
            let pairs: Vec<String> = series.labels.iter().map(|label| format!("{}={:?}", label.name, label.value)).collect();
            let shown: String = pairs.join(",").chars().take(200).collect();
            self.named.push(format!("{{{shown}}}: {reason}"));
        }
    }

    fn into_result(self, metrics: &ReceiverMetrics) -> Result<(), Refusal> {
        let count = |reason, number| {
            metrics.refused.get_or_create(&ReasonLabel { reason }).inc_by(number);
        };
        let mut sentences = Vec::new();
        if self.series > 0 {
            count("invalid_series", self.series);
            let more = self.series - self.named.len() as u64;
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            sentences.push(format!("{} series are not valid: {}{more}", self.series, self.named.join("; ")));
        }
        for (reason, number, words) in self.counts {
            count(reason, number);
            sentences.push(format!("{number} {words}"));
        }
        if sentences.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(400, format!("not all of the request was stored: {}", sentences.join("; "))))
    }
}

#[cfg(test)]
mod tests;
