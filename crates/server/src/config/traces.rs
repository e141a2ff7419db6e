//! The section `traces`: how traces are kept and what bounds them on their way in.

use super::logs::{check_memtable, kept};
use phoenix_ingest::traces::{GeneratorConfig, GraphConfig, SpanMetricsConfig, TraceLimits};
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_yaml::{Bytes, Duration, Spanned};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How long traces are kept when nothing is said.
const DEFAULT_RETENTION: std::time::Duration = std::time::Duration::from_hours(3 * 24);

/// What `traces` says, with defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// How long spans are kept; `None` keeps everything.
    pub retention: Option<std::time::Duration>,
    /// How many bytes are kept.
    pub retention_size_bytes: Option<u64>,
    /// Bytes of spans that are in memory only; `None` leaves it to the store.
    pub memtable_bytes: Option<u64>,
    /// What bounds spans on their way in.
    pub limits: TraceLimits,
    /// What metrics are made of spans.
    pub metrics: GeneratorConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTraces {
    retention: Option<Duration>,
    retention_size: Option<Bytes>,
    memtable: Option<Spanned<Bytes>>,
    pub(super) sampling: Option<Spanned<String>>,
    limits: RawTraceLimits,
    metrics_generator: RawGenerator,
}

/// Keys that are left out have the defaults of [`TraceLimits`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTraceLimits {
    spans_per_request: Option<usize>,
    attributes: Option<usize>,
    attribute_bytes: Option<usize>,
    events: Option<usize>,
    links: Option<usize>,
    rate: Option<Bytes>,
    burst: Option<Bytes>,
}

/// What metrics are made of spans; names as in Tempo's `metrics_generator`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGenerator {
    collection_interval: Option<Duration>,
    stale_duration: Option<Duration>,
    max_active_series: Option<usize>,
    external_labels: BTreeMap<String, String>,
    span_metrics: RawSpanMetrics,
    service_graphs: RawGraphs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawSpanMetrics {
    enabled: Option<bool>,
    histogram_buckets: Option<Vec<f64>>,
    dimensions: Vec<String>,
    status_message: bool,
    enable_target_info: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGraphs {
    enabled: Option<bool>,
    wait: Option<Duration>,
    max_items: Option<usize>,
    histogram_buckets: Option<Vec<f64>>,
    dimensions: Vec<String>,
    enable_client_server_prefix: bool,
    peer_attributes: Option<Vec<String>>,
    database_name_attributes: Option<Vec<String>>,
}

impl RawGenerator {
    fn resolve(&self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> GeneratorConfig {
        let defaults = GeneratorConfig::default();
        let mut buckets = |section: &str, written: Option<&Vec<f64>>, default: Vec<f64>| {
            let Some(written) = written else { return default };
            if written.is_empty() || !written.is_sorted_by(|a, b| a < b) || written.iter().any(|bound| !bound.is_finite()) {
                let path = format!("traces.metrics_generator.{section}.histogram_buckets");
                let span = phoenix_yaml::keys(source).into_iter().find(|k| k.path == path).map_or_else(Span::default, |k| k.span);
                diagnostics.push(
                    Diagnostic::error(source, span, format!("`{path}` must be numbers that ascend"))
                        .with_help("they are upper bounds in seconds, such as [0.01, 0.1, 1, 10]"),
                );
            }
            written.clone()
        };
        let spans = &self.span_metrics;
        let of_spans = SpanMetricsConfig::default();
        let span_metrics = SpanMetricsConfig {
            histogram_buckets: buckets("span_metrics", spans.histogram_buckets.as_ref(), of_spans.histogram_buckets),
            dimensions: spans.dimensions.clone(),
            status_message: spans.status_message,
            // Which instances there are is worth more than it costs on one machine.
            enable_target_info: spans.enable_target_info.unwrap_or(true),
        };
        let graphs = &self.service_graphs;
        let of_graphs = GraphConfig::default();
        let service_graphs = GraphConfig {
            wait: graphs.wait.map_or(of_graphs.wait, Duration::get),
            max_items: graphs.max_items.unwrap_or(of_graphs.max_items),
            histogram_buckets: buckets("service_graphs", graphs.histogram_buckets.as_ref(), of_graphs.histogram_buckets),
            dimensions: graphs.dimensions.clone(),
            enable_client_server_prefix: graphs.enable_client_server_prefix,
            peer_attributes: graphs.peer_attributes.clone().unwrap_or(of_graphs.peer_attributes),
            database_name_attributes: graphs.database_name_attributes.clone().unwrap_or(of_graphs.database_name_attributes),
        };
        GeneratorConfig {
            span_metrics: spans.enabled.unwrap_or(true).then_some(span_metrics),
            service_graphs: graphs.enabled.unwrap_or(true).then_some(service_graphs),
            collection_interval: self.collection_interval.map_or(defaults.collection_interval, Duration::get),
            stale_duration: self.stale_duration.map_or(defaults.stale_duration, Duration::get),
            max_active_series: self.max_active_series.unwrap_or(defaults.max_active_series),
            external_labels: self.external_labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

impl RawTraces {
    pub(super) fn resolve(&self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> TraceSettings {
        check_memtable("traces.memtable", self.memtable.as_ref(), source, diagnostics);
        TraceSettings {
            retention: self.retention.map_or(Some(DEFAULT_RETENTION), kept),
            retention_size_bytes: self.retention_size.map(Bytes::get).filter(|size| *size > 0),
            memtable_bytes: self.memtable.as_ref().map(|size| size.value.get()),
            limits: self.limits.resolve(),
            metrics: self.metrics_generator.resolve(source, diagnostics),
        }
    }
}

impl RawTraceLimits {
    fn resolve(&self) -> TraceLimits {
        let defaults = TraceLimits::default();
        TraceLimits {
            max_spans_per_request: self.spans_per_request.unwrap_or(defaults.max_spans_per_request),
            max_attributes: self.attributes.unwrap_or(defaults.max_attributes),
            max_attribute_bytes: self.attribute_bytes.unwrap_or(defaults.max_attribute_bytes),
            max_events: self.events.unwrap_or(defaults.max_events),
            max_links: self.links.unwrap_or(defaults.max_links),
            rate_limit_bytes: self.rate.map_or(defaults.rate_limit_bytes, Bytes::get),
            burst_size_bytes: self.burst.map_or(defaults.burst_size_bytes, Bytes::get),
        }
    }
}
