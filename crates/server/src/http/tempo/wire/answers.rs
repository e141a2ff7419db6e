//! What the engine answers as messages.

use super::messages::{
    AnyValue, ArrayValue, Exemplar, InstantResponse, InstantSeries, KeyValue, Kind, RangeResponse, Sample, SearchMetrics, SearchResponse,
    ServiceStats, Span, SpanSet, TagValue, TimeSeries, Trace,
};
use phoenix_engine::traces::{FoundSpan, FoundSpanset, FoundTrace, MetricsOutput, MetricsSeries, SearchOutput, SpanExemplar, Static};
use phoenix_model::traces::SpanStats;
use phoenix_template::format_go_duration;

/// A value as text, and the type that Tempo names with it.
pub(in super::super) fn tag_value(value: &Static) -> TagValue {
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
