//! The messages of Tempo's API, in protobuf and in JSON as protobuf defines it: defaults are left
//! out, 64-bit numbers are texts.
//!
//! Names and numbers of fields are those of Tempo's wire format.

#![allow(clippy::struct_field_names, clippy::enum_variant_names, reason = "the names are those of the wire format")]

use phoenix_engine::traces::{FoundSpan, FoundSpanset, FoundTrace, MetricsOutput, MetricsSeries, SearchOutput, SpanExemplar, Static};
use phoenix_model::traces::SpanStats;
use phoenix_template::format_go_duration;
use prost::{Message, Oneof};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

fn text<T: ToString, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field:meta])* $id:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, PartialEq, Message, Serialize)]
            #[serde(rename_all = "camelCase")]
            pub(super) struct $name {
                $(
                    $(#[$field])*
                    pub(super) $id: $type,
                )*
            }
        )*
    };
}

messages! {
    /// An attribute.
    KeyValue {
        #[prost(string, tag = "1")]
        key: String,
        #[prost(message, optional, tag = "2")]
        value: Option<AnyValue>,
    }
    /// A value.
    AnyValue {
        #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5")]
        #[serde(flatten)]
        kind: Option<Kind>,
    }
    /// Several values.
    ArrayValue {
        #[prost(message, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        values: Vec<AnyValue>,
    }
    SearchResponse {
        #[prost(message, repeated, tag = "1")]
        traces: Vec<Trace>,
        #[prost(message, optional, tag = "2")]
        metrics: Option<SearchMetrics>,
    }
    /// A trace that was found.
    Trace {
        #[prost(string, tag = "1")]
        #[serde(rename = "traceID")]
        trace_id: String,
        #[prost(string, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        root_service_name: String,
        #[prost(string, tag = "3")]
        #[serde(skip_serializing_if = "is_default")]
        root_trace_name: String,
        #[prost(uint64, tag = "4")]
        #[serde(serialize_with = "text")]
        start_time_unix_nano: u64,
        #[prost(uint32, tag = "5")]
        #[serde(skip_serializing_if = "is_default")]
        duration_ms: u32,
        /// The first of `span_sets`, for older clients.
        #[prost(message, optional, tag = "6")]
        #[serde(skip_serializing_if = "is_default")]
        span_set: Option<SpanSet>,
        #[prost(message, repeated, tag = "7")]
        #[serde(skip_serializing_if = "is_default")]
        span_sets: Vec<SpanSet>,
        #[prost(btree_map = "string, message", tag = "8")]
        #[serde(skip_serializing_if = "is_default")]
        service_stats: BTreeMap<String, ServiceStats>,
    }
    ServiceStats {
        #[prost(uint32, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        span_count: u32,
        #[prost(uint32, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        error_count: u32,
    }
    SpanSet {
        #[prost(message, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        spans: Vec<Span>,
        #[prost(uint32, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        matched: u32,
        #[prost(message, repeated, tag = "3")]
        #[serde(skip_serializing_if = "is_default")]
        attributes: Vec<KeyValue>,
    }
    Span {
        #[prost(string, tag = "1")]
        #[serde(rename = "spanID")]
        span_id: String,
        #[prost(string, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        name: String,
        #[prost(uint64, tag = "3")]
        #[serde(serialize_with = "text")]
        start_time_unix_nano: u64,
        #[prost(uint64, tag = "4")]
        #[serde(serialize_with = "text", skip_serializing_if = "is_default")]
        duration_nanos: u64,
        #[prost(message, repeated, tag = "5")]
        #[serde(skip_serializing_if = "is_default")]
        attributes: Vec<KeyValue>,
    }
    SearchMetrics {
        #[prost(uint32, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        inspected_traces: u32,
        #[prost(uint64, tag = "2")]
        #[serde(serialize_with = "text", skip_serializing_if = "is_default")]
        inspected_bytes: u64,
        #[prost(uint32, tag = "3")]
        #[serde(skip_serializing_if = "is_default")]
        total_blocks: u32,
        #[prost(uint32, tag = "4")]
        #[serde(skip_serializing_if = "is_default")]
        completed_jobs: u32,
        #[prost(uint32, tag = "5")]
        #[serde(skip_serializing_if = "is_default")]
        total_jobs: u32,
        #[prost(uint64, tag = "7")]
        #[serde(serialize_with = "text", skip_serializing_if = "is_default")]
        inspected_spans: u64,
    }
    TagsResponse {
        #[prost(string, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        tag_names: Vec<String>,
    }
    TagsV2Response {
        #[prost(message, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        scopes: Vec<TagScope>,
    }
    TagScope {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, repeated, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        tags: Vec<String>,
    }
    TagValuesResponse {
        #[prost(string, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        tag_values: Vec<String>,
    }
    TagValuesV2Response {
        #[prost(message, repeated, tag = "1")]
        #[serde(skip_serializing_if = "is_default")]
        tag_values: Vec<TagValue>,
    }
    TagValue {
        #[prost(string, tag = "1")]
        #[serde(rename = "type")]
        kind: String,
        #[prost(string, tag = "2")]
        value: String,
    }
    RangeResponse {
        #[prost(message, repeated, tag = "1")]
        series: Vec<TimeSeries>,
        #[prost(message, optional, tag = "2")]
        metrics: Option<SearchMetrics>,
    }
    TimeSeries {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<KeyValue>,
        #[prost(message, repeated, tag = "2")]
        #[serde(skip_serializing_if = "is_default")]
        samples: Vec<Sample>,
        /// The labels as Prometheus writes them.
        #[prost(string, tag = "3")]
        prom_labels: String,
        #[prost(message, repeated, tag = "4")]
        #[serde(skip_serializing_if = "is_default")]
        exemplars: Vec<Exemplar>,
    }
    Sample {
        #[prost(int64, tag = "2")]
        #[serde(serialize_with = "text")]
        timestamp_ms: i64,
        #[prost(double, tag = "1")]
        #[serde(serialize_with = "number")]
        value: f64,
    }
    Exemplar {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<KeyValue>,
        #[prost(double, tag = "2")]
        #[serde(serialize_with = "number")]
        value: f64,
        #[prost(int64, tag = "3")]
        #[serde(serialize_with = "text")]
        timestamp_ms: i64,
    }
    InstantResponse {
        #[prost(message, repeated, tag = "1")]
        series: Vec<InstantSeries>,
        #[prost(message, optional, tag = "2")]
        metrics: Option<SearchMetrics>,
    }
    InstantSeries {
        #[prost(message, repeated, tag = "1")]
        labels: Vec<KeyValue>,
        #[prost(double, tag = "2")]
        #[serde(serialize_with = "number")]
        value: f64,
        /// The labels as Prometheus writes them.
        #[prost(string, tag = "3")]
        prom_labels: String,
    }
}

/// What a value is.
#[derive(Clone, PartialEq, Oneof, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    #[prost(string, tag = "1")]
    StringValue(String),
    #[prost(bool, tag = "2")]
    BoolValue(bool),
    #[prost(int64, tag = "3")]
    #[serde(serialize_with = "text")]
    IntValue(i64),
    #[prost(double, tag = "4")]
    #[serde(serialize_with = "number")]
    DoubleValue(f64),
    #[prost(message, tag = "5")]
    ArrayValue(ArrayValue),
}

/// Numbers that JSON does not know stand as texts, as protobuf defines.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else if value.is_nan() {
        serializer.serialize_str("NaN")
    } else {
        serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
    }
}

/// A value as text, and the type that Tempo names with it.
pub(super) fn tag_value(value: &Static) -> TagValue {
    let (kind, value) = match value {
        Static::Nil => ("string", "nil".to_owned()),
        Static::Text(text) => ("string", text.to_string()),
        Static::Int(int) => ("int", int.to_string()),
        Static::Float(float) => ("float", float.to_string()),
        Static::Bool(bool) => ("bool", bool.to_string()),
        Static::Duration(ns) => ("duration", format_go_duration(*ns)),
        Static::Status(status) => ("keyword", status.as_str().to_owned()),
        Static::Kind(kind) => ("keyword", kind.as_str().to_owned()),
        Static::Array(values) => ("string", values.iter().map(|value| tag_value(value).value).collect::<Vec<_>>().join(", ")),
    };
    TagValue { kind: kind.to_owned(), value }
}

impl From<&Static> for AnyValue {
    fn from(value: &Static) -> Self {
        let kind = match value {
            Static::Int(int) => Kind::IntValue(*int),
            Static::Float(float) => Kind::DoubleValue(*float),
            Static::Bool(bool) => Kind::BoolValue(*bool),
            Static::Array(values) => Kind::ArrayValue(ArrayValue { values: values.iter().map(Self::from).collect() }),
            other => Kind::StringValue(tag_value(other).value),
        };
        Self { kind: Some(kind) }
    }
}

fn key_values<K: ToString>(pairs: &[(K, Static)]) -> Vec<KeyValue> {
    pairs.iter().map(|(key, value)| KeyValue { key: key.to_string(), value: Some(value.into()) }).collect()
}

impl From<SpanStats> for SearchMetrics {
    fn from(stats: SpanStats) -> Self {
        Self {
            inspected_traces: u32::try_from(stats.traces).unwrap_or(u32::MAX),
            inspected_bytes: stats.bytes,
            total_blocks: stats.segments as u32,
            completed_jobs: 1,
            total_jobs: 1,
            inspected_spans: stats.spans,
        }
    }
}

impl From<&SearchOutput> for SearchResponse {
    fn from(output: &SearchOutput) -> Self {
        Self { traces: output.traces.iter().map(Trace::from).collect(), metrics: Some(output.stats.into()) }
    }
}

impl From<&FoundTrace> for Trace {
    fn from(trace: &FoundTrace) -> Self {
        let span_sets: Vec<SpanSet> = trace.spansets.iter().map(SpanSet::from).collect();
        // Tempo says so of a trace whose root it has not seen.
        let root_service_name = if trace.root_service.is_empty() && trace.root_name.is_empty() {
            "<root span not yet received>".to_owned()
        } else {
            trace.root_service.to_string()
        };
        let stats = trace.services.iter();
        Self {
            // Tempo leaves out zeros at the beginning.
            trace_id: trimmed(&trace.id.to_string()),
            root_service_name,
            root_trace_name: trace.root_name.to_string(),
            start_time_unix_nano: trace.start_ns.max(0).cast_unsigned(),
            duration_ms: u32::try_from(trace.duration_ns.max(0) / 1_000_000).unwrap_or(u32::MAX),
            span_set: span_sets.first().cloned(),
            span_sets,
            service_stats: stats
                .map(|(name, spans, errors)| (name.to_string(), ServiceStats { span_count: *spans, error_count: *errors }))
                .collect(),
        }
    }
}

fn trimmed(hex: &str) -> String {
    match hex.trim_start_matches('0') {
        "" => "0".to_owned(),
        rest => rest.to_owned(),
    }
}

impl From<&FoundSpanset> for SpanSet {
    fn from(set: &FoundSpanset) -> Self {
        Self {
            spans: set.spans.iter().map(Span::from).collect(),
            matched: u32::try_from(set.matched).unwrap_or(u32::MAX),
            attributes: key_values(&set.attributes),
        }
    }
}

impl From<&FoundSpan> for Span {
    fn from(span: &FoundSpan) -> Self {
        Self {
            span_id: span.id.to_string(),
            name: span.name.to_string(),
            start_time_unix_nano: span.start_ns.max(0).cast_unsigned(),
            duration_nanos: span.duration_ns.max(0).cast_unsigned(),
            attributes: key_values(&span.attributes),
        }
    }
}

/// The labels as Prometheus would write them, sorted: `{"resource.service.name"="a"}`.
fn prom_labels(series: &MetricsSeries) -> String {
    let mut labels: Vec<String> =
        series.labels.iter().map(|(name, value)| format!("{}={:?}", quoted_name(name), tag_value(value).value)).collect();
    labels.sort_unstable();
    format!("{{{}}}", labels.join(", "))
}

fn quoted_name(name: &str) -> String {
    if phoenix_model::labels::is_legacy_label_name(name) { name.to_owned() } else { format!("{name:?}") }
}

impl From<&MetricsOutput> for RangeResponse {
    fn from(output: &MetricsOutput) -> Self {
        let series = output.series.iter().map(|series| TimeSeries {
            labels: key_values(&series.labels),
            samples: series.samples.iter().map(|&(timestamp_ms, value)| Sample { timestamp_ms, value }).collect(),
            prom_labels: prom_labels(series),
            exemplars: series.exemplars.iter().map(|exemplar| Exemplar::of(exemplar, series)).collect(),
        });
        Self { series: series.collect(), metrics: Some(output.stats.into()) }
    }
}

impl From<&MetricsOutput> for InstantResponse {
    fn from(output: &MetricsOutput) -> Self {
        let series = output.series.iter().filter_map(|series| {
            let (_, value) = *series.samples.last()?;
            Some(InstantSeries { labels: key_values(&series.labels), value, prom_labels: prom_labels(series) })
        });
        Self { series: series.collect(), metrics: Some(output.stats.into()) }
    }
}

impl Exemplar {
    /// Where nothing of the span was measured, its value is that of the series at its time, as in Tempo.
    fn of(exemplar: &SpanExemplar, series: &MetricsSeries) -> Self {
        let mut labels = vec![
            KeyValue { key: "trace:id".to_owned(), value: Some((&Static::Text(exemplar.trace_id.to_string().into())).into()) },
            KeyValue { key: "span:id".to_owned(), value: Some((&Static::Text(exemplar.span_id.to_string().into())).into()) },
        ];
        labels.extend(key_values(&exemplar.labels));
        let at = series.samples.partition_point(|(timestamp_ms, _)| *timestamp_ms < exemplar.timestamp_ms);
        let of_series = || series.samples.get(at).or(series.samples.last()).map_or(f64::NAN, |(_, value)| *value);
        let value = if exemplar.value.is_nan() { of_series() } else { exemplar.value };
        Self { labels, value, timestamp_ms: exemplar.timestamp_ms }
    }
}
