//! Metrics as samples, the way Prometheus puts them.

use super::delta::{DeltaError, Sums};
use super::exemplars::exemplars;
use super::histogram::Exponential;
use super::names::{self, NameKind};
use super::value::text;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar as OtlpExemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
    SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use phoenix_engine::MetricMetadata;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::sample::stale_nan;
use phoenix_model::{Exemplar, Histogram, Labels, WriteBatch};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The flag of a point that says that there is no value any more.
const NO_RECORDED_VALUE: u32 = 1;
/// Labels of one series, and bytes of one label's value.
const MOST_LABELS: usize = 256;
const MOST_VALUE_BYTES: usize = 64 << 10;
/// Bytes of labels and samples of all series of a request: what a resource says once is repeated with
/// each of its series.
const MOST_BATCH_BYTES: usize = 128 << 20;
/// Reasons named in one answer.
const NAMED: usize = 5;

/// What of Prometheus' `otlp` section acts.
/// <https://prometheus.io/docs/prometheus/latest/configuration/configuration/>
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsTranslation {
    /// Attributes of resources that become labels of each series.
    pub promote_resource_attributes: Vec<String>,
    /// Whether all attributes of resources do, but for `ignore_resource_attributes`.
    pub promote_all_resource_attributes: bool,
    /// Attributes that `promote_all_resource_attributes` leaves out.
    pub ignore_resource_attributes: Vec<String>,
    /// Whether `target_info` keeps `service.name`, `service.namespace` and `service.instance.id` beside
    /// `job` and `instance`.
    pub keep_identifying_resource_attributes: bool,
    /// Whether series get the name and version of their instrumentation scope (`otel_scope_name`,
    /// `otel_scope_version`, `otel_scope_schema_url`) and its attributes.
    pub promote_scope_metadata: bool,
}

/// Samples of a request, and what is left out.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) batch: WriteBatch,
    /// Names with what they mean.
    pub(super) metadata: Vec<(String, MetricMetadata)>,
    /// Points that can't be stored.
    pub(super) rejected: u64,
    reasons: Vec<String>,
    bytes: usize,
}

impl Translated {
    fn reject(&mut self, points: usize, reason: impl FnOnce() -> String) {
        self.rejected += points as u64;
        if points > 0 && self.reasons.len() < NAMED {
            let reason = reason();
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
        }
    }

    /// Why points can't be stored.
    pub(super) fn message(&self) -> String {
        self.reasons.join("; ")
    }
}

/// Translates a request. Differences are added to `sums`.
pub(super) fn translate(request: &ExportMetricsServiceRequest, rules: &MetricsTranslation, sums: &mut Sums, now: Duration) -> Translated {
    let mut out = Translated::default();
    for resource_metrics in &request.resource_metrics {
        let resource = resource_metrics.resource.as_ref();
        let target = Target::new(resource, rules);
        let mut last_ms = None;
        for scope_metrics in &resource_metrics.scope_metrics {
            let mut shared = target.labels.clone();
            if rules.promote_scope_metadata {
                shared.extend(scope_labels(scope_metrics.scope.as_ref(), &scope_metrics.schema_url));
            }
            for metric in &scope_metrics.metrics {
                Writer { shared: &shared, target: &target, sums, now, out: &mut out, last_ms: &mut last_ms }.metric(metric);
            }
        }
        if let (Some(info), Some(last_ms)) = (target.info(resource, rules), last_ms) {
            out.bytes += info.as_bytes().len();
            out.batch.series.push((info, vec![(last_ms, 1.0)]));
        }
    }
    out
}

/// What a resource says about all its series.
struct Target {
    job: String,
    instance: String,
    /// Promoted attributes, `job` and `instance`.
    labels: Vec<(String, String)>,
}

const IDENTIFYING: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];

impl Target {
    fn new(resource: Option<&Resource>, rules: &MetricsTranslation) -> Self {
        let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
        let get = |key: &str| attributes.iter().find(|a| a.key == key).and_then(|a| a.value.as_ref()).and_then(text).unwrap_or_default();
        let (name, namespace) = (get("service.name"), get("service.namespace"));
        let job = match (name.is_empty(), namespace.is_empty()) {
            (true, _) => String::new(),
            (false, true) => name.into_owned(),
            (false, false) => format!("{namespace}/{name}"),
        };
        let instance = get("service.instance.id").into_owned();
        let promoted = attributes.iter().filter(|a| {
            let all = rules.promote_all_resource_attributes && !rules.ignore_resource_attributes.contains(&a.key);
            all || rules.promote_resource_attributes.contains(&a.key)
        });
        let mut labels = as_labels(promoted);
        labels.retain(|(name, _)| name != "job" && name != "instance");
        labels.push(("job".to_owned(), job.clone()));
        labels.push(("instance".to_owned(), instance.clone()));
        Self { job, instance, labels }
    }

    /// The labels of `target_info`; none when nothing says whose it would be, or when there is nothing to tell.
    fn info(&self, resource: Option<&Resource>, rules: &MetricsTranslation) -> Option<Labels> {
        if self.job.is_empty() && self.instance.is_empty() {
            return None;
        }
        let keeps = |a: &&KeyValue| rules.keep_identifying_resource_attributes || !IDENTIFYING.contains(&a.key.as_str());
        let mut pairs = as_labels(resource?.attributes.iter().filter(keeps));
        if pairs.is_empty() || !fits(&pairs) || !fits(&self.labels) {
            return None;
        }
        pairs.extend([("job".to_owned(), self.job.clone()), ("instance".to_owned(), self.instance.clone())]);
        pairs.push((METRIC_NAME.to_owned(), "target_info".to_owned()));
        Some(Labels::from_pairs(pairs))
    }
}

fn scope_labels(scope: Option<&InstrumentationScope>, schema_url: &str) -> Vec<(String, String)> {
    let Some(scope) = scope else { return Vec::new() };
    let mut labels = as_labels(scope.attributes.iter());
    for (name, _) in &mut labels {
        name.insert_str(0, "otel_scope_");
    }
    for (name, value) in [("name", scope.name.as_str()), ("version", &scope.version), ("schema_url", schema_url)] {
        labels.push((format!("otel_scope_{name}"), value.to_owned()));
    }
    labels
}

/// Attributes as labels. Those that become the same label are joined by `;` in the order of their keys.
fn as_labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> Vec<(String, String)> {
    let mut attributes: Vec<&KeyValue> = attributes.collect();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut labels: Vec<(String, String)> = Vec::with_capacity(attributes.len());
    for attribute in attributes.into_iter().take(MOST_LABELS + 1) {
        let name = names::label(&attribute.key);
        let value = attribute.value.as_ref().and_then(text).unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        match labels.iter_mut().find(|(other, _)| *other == name) {
            Some((_, joined)) => {
                joined.push(';');
                joined.push_str(&value);
            }
            None => labels.push((name, value.into_owned())),
        }
    }
    labels
}

fn fits(labels: &[(String, String)]) -> bool {
    labels.len() <= MOST_LABELS && labels.iter().all(|(name, value)| name.len() <= 1024 && value.len() <= MOST_VALUE_BYTES)
}

/// Translates the metrics of one scope.
struct Writer<'a> {
    shared: &'a [(String, String)],
    target: &'a Target,
    sums: &'a mut Sums,
    now: Duration,
    out: &'a mut Translated,
    last_ms: &'a mut Option<i64>,
}

/// Where the samples of one point go.
struct Point<'a> {
    name: &'a str,
    labels: Vec<(String, String)>,
    time_ns: u64,
    is_delta: bool,
    is_stale: bool,
}

impl Writer<'_> {
    fn metric(&mut self, metric: &Metric) {
        let (kind, name_kind) = match &metric.data {
            Some(Data::Sum(sum)) if sum.is_monotonic => ("counter", NameKind::Counter),
            Some(Data::Gauge(_)) => ("gauge", NameKind::Gauge),
            Some(Data::Sum(_)) => ("gauge", NameKind::Other),
            Some(Data::Histogram(_) | Data::ExponentialHistogram(_)) => ("histogram", NameKind::Other),
            Some(Data::Summary(_)) => ("summary", NameKind::Other),
            None => return,
        };
        let name = names::metric(&metric.name, &metric.unit, name_kind);
        let temporality = match &metric.data {
            Some(Data::Sum(sum)) => sum.aggregation_temporality,
            Some(Data::Histogram(histogram)) => histogram.aggregation_temporality,
            Some(Data::ExponentialHistogram(histogram)) => histogram.aggregation_temporality,
            _ => AggregationTemporality::Cumulative as i32,
        };
        let is_delta = temporality == AggregationTemporality::Delta as i32;
        let number = points(metric);
        if name.is_empty() || name.len() > 1024 || self.target.job.len() > MOST_VALUE_BYTES {
            let shown: String = metric.name.chars().take(100).collect();
            return self.out.reject(number, || format!("the metric {shown:?} has a name that can't be written"));
        }
        if !is_delta && temporality != AggregationTemporality::Cumulative as i32 {
            return self.out.reject(number, || format!("{name} says neither that it is cumulative nor that it is delta"));
        }
        if number > 0 {
            let help = metric.description.chars().take(1000).collect();
            self.out.metadata.push((name.clone(), MetricMetadata { kind: kind.to_owned(), help, unit: names::unit(&metric.unit) }));
        }
        match &metric.data {
            Some(Data::Gauge(gauge)) => gauge.data_points.iter().for_each(|point| self.number(&name, point, false, &[])),
            Some(Data::Sum(sum)) => {
                sum.data_points.iter().for_each(|point| self.number(&name, point, is_delta, &point.exemplars));
            }
            Some(Data::Histogram(histogram)) => histogram.data_points.iter().for_each(|point| self.histogram(&name, point, is_delta)),
            Some(Data::ExponentialHistogram(histogram)) => {
                histogram.data_points.iter().for_each(|point| self.exponential(&name, point, is_delta));
            }
            Some(Data::Summary(summary)) => summary.data_points.iter().for_each(|point| self.summary(&name, point)),
            None => {}
        }
    }

    /// The labels of a point's series, if they fit.
    fn point<'n>(&mut self, name: &'n str, attributes: &[KeyValue], time_ns: u64, flags: u32, is_delta: bool) -> Option<Point<'n>> {
        let mut labels = as_labels(attributes.iter());
        labels.extend_from_slice(self.shared);
        if !fits(&labels) {
            self.out.reject(1, || {
                format!("{name} has a point with more than {MOST_LABELS} labels, or a label of more than {MOST_VALUE_BYTES} bytes")
            });
            return None;
        }
        if self.out.bytes > MOST_BATCH_BYTES {
            self.out.reject(1, || format!("the series of the request have more than {MOST_BATCH_BYTES} bytes: send fewer points at once"));
            return None;
        }
        Some(Point { name, labels, time_ns, is_delta, is_stale: flags & NO_RECORDED_VALUE != 0 })
    }

    /// The labels of a series of a point, with one more label.
    fn labels(point: &Point<'_>, suffix: &str, label: Option<(&str, &str)>) -> Labels {
        let name = format!("{}{suffix}", point.name);
        let more = label.into_iter().chain([(METRIC_NAME, name.as_str())]);
        Labels::from_pairs(point.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more))
    }

    fn add_exemplars(&mut self, labels: Labels, exemplars: Vec<Exemplar>) {
        if !exemplars.is_empty() {
            self.out.bytes += labels.as_bytes().len() + exemplars.len() * 200;
            self.out.batch.exemplars.push((labels, exemplars));
        }
    }

    /// Adds the samples of a point: the suffix of the name, one more label, and the value.
    fn add<'s>(&mut self, point: &Point<'_>, samples: impl IntoIterator<Item = (&'s str, Option<(&'s str, String)>, f64)>) {
        let time_ms = i64::try_from(point.time_ns / 1_000_000).unwrap_or(i64::MAX);
        for (suffix, label, value) in samples {
            let labels = Self::labels(point, suffix, label.as_ref().map(|(name, value)| (*name, value.as_str())));
            let value = if point.is_stale {
                stale_nan()
            } else if point.is_delta {
                match self.sums.numbers.add(&labels, point.time_ns, value, self.now, |sum, more| *sum += more) {
                    Ok(sum) => sum,
                    Err(error) => return self.reject_delta(point.name, error),
                }
            } else {
                value
            };
            self.out.bytes += labels.as_bytes().len() + 64;
            self.out.batch.series.push((labels, vec![(time_ms, value)]));
        }
        *self.last_ms = Some(self.last_ms.map_or(time_ms, |last| last.max(time_ms)));
    }

    fn number(&mut self, name: &str, data: &NumberDataPoint, is_delta: bool, measured: &[OtlpExemplar]) {
        let value = match data.value {
            Some(Value::AsDouble(value)) => value,
            Some(Value::AsInt(value)) => value as f64,
            None if data.flags & NO_RECORDED_VALUE != 0 => stale_nan(),
            None => return self.out.reject(1, || format!("{name} has a point without a value")),
        };
        if let Some(point) = self.point(name, &data.attributes, data.time_unix_nano, data.flags, is_delta) {
            self.add(&point, [("", None, value)]);
            self.add_exemplars(Self::labels(&point, "", None), exemplars(measured));
        }
    }

    fn histogram(&mut self, name: &str, data: &HistogramDataPoint, is_delta: bool) {
        let (counts, bounds) = (&data.bucket_counts, &data.explicit_bounds);
        let is_consistent = counts.is_empty() && bounds.is_empty() || counts.len() == bounds.len() + 1;
        if !is_consistent || !bounds.is_sorted() {
            return self
                .out
                .reject(1, || format!("{name} has {} buckets and {} bounds, or bounds out of order", counts.len(), bounds.len()));
        }
        let mut below = 0_u64;
        let buckets = bounds.iter().zip(counts).map(|(bound, count)| {
            below = below.saturating_add(*count);
            (*bound, below)
        });
        let buckets: Vec<(f64, u64)> = buckets.filter(|(bound, _)| bound.is_finite()).collect();
        if let Some(point) = self.point(name, &data.attributes, data.time_unix_nano, data.flags, is_delta) {
            self.buckets(&point, &buckets, data.count, data.sum);
            // Each goes to the series of the bucket that its value is in.
            let mut by_bucket: Vec<(String, Vec<Exemplar>)> = Vec::new();
            for exemplar in exemplars(&data.exemplars) {
                let bound = buckets.iter().map(|(bound, _)| *bound).find(|bound| exemplar.value <= *bound);
                let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
                match by_bucket.iter_mut().find(|(le, _)| *le == bound) {
                    Some((_, some)) => some.push(exemplar),
                    None => by_bucket.push((bound, vec![exemplar])),
                }
            }
            for (bound, some) in by_bucket {
                self.add_exemplars(Self::labels(&point, "_bucket", Some(("le", &bound))), some);
            }
        }
    }

    fn exponential(&mut self, name: &str, data: &ExponentialHistogramDataPoint, is_delta: bool) {
        let mut exponential = match Exponential::new(data) {
            Ok(exponential) => exponential,
            Err(reason) => return self.out.reject(1, || format!("{name}: {reason}")),
        };
        let Some(point) = self.point(name, &data.attributes, data.time_unix_nano, data.flags, is_delta) else { return };
        let labels = Self::labels(&point, "", None);
        if is_delta && !point.is_stale {
            match self.sums.histograms.add(&labels, point.time_ns, exponential, self.now, Exponential::add) {
                Ok(sum) => exponential = sum,
                Err(error) => return self.reject_delta(name, error),
            }
        }
        let histogram = match exponential.native() {
            _ if point.is_stale => Histogram::stale(),
            Ok(histogram) => histogram,
            Err(reason) => return self.out.reject(1, || format!("{name}: {reason}")),
        };
        self.out.bytes += labels.as_bytes().len() + histogram.memory_bytes() as usize;
        let time_ms = i64::try_from(point.time_ns / 1_000_000).unwrap_or(i64::MAX);
        self.add_exemplars(labels.clone(), exemplars(&data.exemplars));
        self.out.batch.histograms.push((labels, vec![(time_ms, histogram)]));
        *self.last_ms = Some(self.last_ms.map_or(time_ms, |last| last.max(time_ms)));
    }

    fn reject_delta(&mut self, name: &str, error: DeltaError) {
        self.out.reject(1, || match error {
            DeltaError::Late => format!("{name} has a delta that is not later than the one before"),
            DeltaError::Full => format!("there are more than {} series of delta temporality", super::delta::MOST_SERIES),
        });
    }

    fn buckets(&mut self, point: &Point<'_>, buckets: &[(f64, u64)], count: u64, sum: Option<f64>) {
        let buckets = buckets.iter().map(|(bound, below)| ("_bucket", Some(("le", bound.to_string())), *below as f64));
        let all = [("_bucket", Some(("le", "+Inf".to_owned())), count as f64), ("_count", None, count as f64)];
        let sum = sum.map(|sum| ("_sum", None, sum));
        self.add(point, buckets.chain(all).chain(sum).collect::<Vec<_>>());
    }

    fn summary(&mut self, name: &str, data: &SummaryDataPoint) {
        let Some(point) = self.point(name, &data.attributes, data.time_unix_nano, data.flags, false) else { return };
        let quantiles = data.quantile_values.iter().map(|q| ("", Some(("quantile", q.quantile.to_string())), q.value));
        self.add(&point, quantiles.chain([("_sum", None, data.sum), ("_count", None, data.count as f64)]).collect::<Vec<_>>());
    }
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
        None => 0,
    }
}
