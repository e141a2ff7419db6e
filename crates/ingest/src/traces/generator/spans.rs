//! Requests, errors and durations of services and their operations.
//! <https://grafana.com/docs/tempo/latest/metrics-from-traces/span-metrics/span-metrics-metrics-generator/>

use super::config::SpanMetricsConfig;
use super::series::{Now, SeriesCount, Shape, Table};
use super::values::{find, label, text};
use phoenix_model::LabelsBuilder;
use phoenix_model::traces::{ResourceRef, SpanRef};

/// Labels that are always there.
const OWN: [&str; 9] =
    ["service", "span_name", "span_kind", "status_code", "status_message", "job", "instance", super::series::OVERFLOW, "le"];

const KINDS: [&str; 6] =
    ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];
/// Attributes of a resource that the labels `job` and `instance` say.
const OF_LABELS: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];
const STATUSES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

pub(super) struct SpanMetrics {
    config: SpanMetricsConfig,
    /// The attribute and the label of each dimension.
    dimensions: Vec<(String, String)>,
    pub(super) spans: Table,
    pub(super) targets: Table,
    key: Vec<u8>,
}

/// What of a resource is on each of its spans' series.
pub(super) struct Service<'a> {
    resource: ResourceRef<'a>,
    name: &'a str,
    job: String,
    instance: String,
}

impl<'a> Service<'a> {
    pub(super) fn new(resource: ResourceRef<'a>) -> Self {
        let name = resource.service();
        let value = |key| resource.attributes.get(key).and_then(text).unwrap_or_default();
        let job = match value("service.namespace") {
            namespace if namespace.is_empty() || name.is_empty() => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        Self { resource, name, job, instance: value("service.instance.id").into_owned() }
    }

    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    pub(super) fn resource(&self) -> &ResourceRef<'a> {
        &self.resource
    }
}

/// One span, with what it stands for.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) span: SpanRef<'a>,
    pub(super) size_bytes: u32,
    pub(super) weight: f64,
}

impl SpanMetrics {
    pub(super) fn new(config: SpanMetricsConfig) -> Self {
        let shape = Shape {
            plain: vec!["traces_spanmetrics_calls_total", "traces_spanmetrics_size_total"],
            histograms: vec!["traces_spanmetrics_latency"],
            buckets: config.histogram_buckets.clone(),
            is_gauge: false,
        };
        let target = Shape { plain: vec!["traces_target_info"], histograms: Vec::new(), buckets: Vec::new(), is_gauge: true };
        Self {
            dimensions: config.dimensions.iter().map(|name| (name.clone(), label(name, &OWN))).collect(),
            config,
            spans: Table::new(shape),
            targets: Table::new(target),
            key: Vec::new(),
        }
    }

    pub(super) fn observe(
        &mut self,
        seen: &Seen<'_>,
        service: &Service<'_>,
        now: Now,
        count: &mut SeriesCount,
        external: &[(String, String)],
    ) {
        let Self { config, dimensions, spans, key, .. } = self;
        let span = &seen.span;
        key.clear();
        let mut put = |text: &str| {
            key.extend((text.len() as u32).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        put(service.name);
        put(span.name);
        if config.status_message {
            put(span.status_message);
        }
        for (attribute, _) in dimensions.iter() {
            put(&find(attribute, service.resource.attributes, span.attributes));
        }
        if config.enable_target_info {
            put(&service.job);
            put(&service.instance);
        }
        key.extend([span.fixed.kind as u8, span.fixed.status as u8]);
        let build = |labels: &mut LabelsBuilder| {
            labels.set("service", service.name).set("span_name", span.name);
            labels.set("span_kind", KINDS[span.fixed.kind as usize]).set("status_code", STATUSES[span.fixed.status as usize]);
            if config.status_message {
                labels.set("status_message", span.status_message);
            }
            if config.enable_target_info {
                labels.set("job", &service.job).set("instance", &service.instance);
            }
            for (attribute, label) in dimensions.iter() {
                labels.set(label, &find(attribute, service.resource.attributes, span.attributes));
            }
        };
        let (group, buckets) = spans.group(key, now, count, external, build);
        group.plain[0] += seen.weight;
        group.plain[1] += seen.weight * f64::from(seen.size_bytes);
        let seconds = span.fixed.duration_ns as f64 / 1e9;
        group.observe(0, buckets, seconds, seen.weight, (span.fixed.trace_id, now.wall_ms));
    }

    /// Looks at the resources of a write.
    pub(super) fn observe_targets(&mut self, services: &[Service<'_>], now: Now, count: &mut SeriesCount, external: &[(String, String)]) {
        if !self.config.enable_target_info {
            return;
        }
        for service in services {
            let others = || service.resource.attributes.iter().filter(|attribute| !OF_LABELS.contains(&attribute.key));
            // Without a name nothing could be joined, and without other attributes nothing is told.
            if (service.job.is_empty() && service.instance.is_empty()) || others().next().is_none() {
                continue;
            }
            let build = |labels: &mut LabelsBuilder| {
                for attribute in others() {
                    if let Some(value) = text(attribute.value) {
                        labels.set(&label(attribute.key, &OWN), &value);
                    }
                }
                labels.set("job", &service.job).set("instance", &service.instance);
            };
            let (group, _) = self.targets.group(service.resource.attributes.as_bytes(), now, count, external, build);
            group.plain[0] = 1.0;
        }
    }
}
