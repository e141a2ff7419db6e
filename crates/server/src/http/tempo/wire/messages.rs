//! The messages. Names and numbers of fields are those of Tempo's wire format.

#![allow(clippy::struct_field_names, clippy::enum_variant_names, reason = "the names are those of the wire format")]

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
            pub(in super::super) struct $name {
                $(
                    $(#[$field])*
                    pub(in super::super) $id: $type,
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
pub(in super::super) enum Kind {
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
