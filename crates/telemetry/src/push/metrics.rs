//! Metrics on their way: what a scrape would get, as OTLP. There is one registry, so nothing is counted twice.

use super::{pair, scope};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    exemplar, metric::Data, number_data_point::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model as prometheus;

/// The request, and how many points are in it. All sums begin at `started`; both times are nanoseconds since
/// the Unix epoch.
pub(super) fn request(
    families: &[prometheus::MetricFamily],
    resource: &Resource,
    started: u64,
    now: u64,
) -> (ExportMetricsServiceRequest, u64) {
    let mut points = 0;
    let times = Times { started, now };
    let metrics = families.iter().filter_map(|family| family_metric(family, times, &mut points)).collect();
    let metrics = ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() };
    let of_service = ResourceMetrics { resource: Some(resource.clone()), scope_metrics: vec![metrics], ..ResourceMetrics::default() };
    (ExportMetricsServiceRequest { resource_metrics: vec![of_service] }, points)
}

#[derive(Clone, Copy)]
struct Times {
    started: u64,
    now: u64,
}

/// A family under the name that a scrape would show; without points there is none.
fn family_metric(family: &prometheus::MetricFamily, times: Times, points: &mut u64) -> Option<Metric> {
    let (mut sums, mut gauges, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
    for metric in &family.metric {
        if let Some(counter) = &metric.counter {
            let exemplars = counter.exemplar.iter().map(exemplar).collect();
            let point = number(&metric.label, counter.value, times);
            sums.push(NumberDataPoint { start_time_unix_nano: times.started, exemplars, ..point });
        } else if let Some(gauge) = &metric.gauge {
            gauges.push(number(&metric.label, gauge.value, times));
        } else if let Some(value) = &metric.histogram {
            histograms.push(histogram(&metric.label, value, times));
        }
        // The library's registry has no other kinds.
    }
    *points += (sums.len() + gauges.len() + histograms.len()) as u64;
    let cumulative = AggregationTemporality::Cumulative as i32;
    let data = if !histograms.is_empty() {
        Data::Histogram(Histogram { data_points: histograms, aggregation_temporality: cumulative })
    } else if !sums.is_empty() {
        Data::Sum(Sum { data_points: sums, aggregation_temporality: cumulative, is_monotonic: true })
    } else if !gauges.is_empty() {
        Data::Gauge(Gauge { data_points: gauges })
    } else {
        return None;
    };
    Some(Metric { name: family.name.clone(), description: family.help.clone(), data: Some(data), ..Metric::default() })
}

fn number(labels: &[prometheus::LabelPair], value: f64, times: Times) -> NumberDataPoint {
    let attributes = attributes(labels);
    NumberDataPoint { attributes, time_unix_nano: times.now, value: Some(Value::AsDouble(value)), ..NumberDataPoint::default() }
}

/// The classic buckets: OTLP has each bucket's own count, and the last bucket has no bound.
fn histogram(labels: &[prometheus::LabelPair], value: &prometheus::Histogram, times: Times) -> HistogramDataPoint {
    let finite: Vec<&prometheus::Bucket> = value.bucket.iter().filter(|bucket| bucket.upper_bound < f64::MAX).collect();
    let mut below = 0;
    let counts = finite.iter().map(|bucket| bucket.cumulative_count).chain([value.sample_count]);
    HistogramDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: times.started,
        time_unix_nano: times.now,
        count: value.sample_count,
        sum: Some(value.sample_sum),
        bucket_counts: counts.map(|count| count - std::mem::replace(&mut below, count)).collect(),
        explicit_bounds: finite.iter().map(|bucket| bucket.upper_bound).collect(),
        exemplars: value.bucket.iter().filter_map(|bucket| bucket.exemplar.as_ref()).map(exemplar).collect(),
        ..HistogramDataPoint::default()
    }
}

fn attributes(labels: &[prometheus::LabelPair]) -> Vec<KeyValue> {
    labels.iter().map(|label| pair(&label.name, &label.value)).collect()
}

fn exemplar(of: &prometheus::Exemplar) -> Exemplar {
    let hex = |name: &str| of.label.iter().find(|label| label.name == name).map(|label| bytes(&label.value)).unwrap_or_default();
    let others = of.label.iter().filter(|label| label.name != "trace_id" && label.name != "span_id");
    let at = of.timestamp.as_ref().map_or(0, |at| at.seconds as u64 * 1_000_000_000 + at.nanos as u64);
    Exemplar {
        filtered_attributes: others.map(|label| pair(&label.name, &label.value)).collect(),
        time_unix_nano: at,
        span_id: hex("span_id"),
        trace_id: hex("trace_id"),
        value: Some(exemplar::Value::AsDouble(of.value)),
    }
}

/// Two hexadecimal digits a byte; empty if they are none.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    digits.unwrap_or_default().chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{ExperimentDurationLabels, ExperimentLabels, ExperimentState, Metrics, PhoenixMetrics, SavingsLabels, TraceIds};
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use prometheus_client::metrics::info::Info;
    use std::time::Duration;

    #[test]
    fn the_registry_is_what_goes_out() {
        let metrics = Metrics::new();
        let phoenix = PhoenixMetrics::register(&metrics);
        metrics.register("phoenix_build", "The build", Info::new(vec![("version", "1.2.3")]));
        phoenix.experiments.inc_by(&ExperimentLabels { state: ExperimentState::Failed, tenant_id: "acme".into() }, 3);
        phoenix.monthly_savings.set(&SavingsLabels { tenant_id: "acme".into(), provider: "newrelic".into() }, 1.5);
        let labels = ExperimentDurationLabels { state: ExperimentState::Completed, pipeline_type: "process".into() };
        let context =
            SpanContext::new(TraceId::from_bytes([0xab; 16]), SpanId::from_bytes([7; 8]), TraceFlags::SAMPLED, false, TraceState::NONE);
        for (seconds, ids) in [(30, None), (100, None), (110, TraceIds::of(&context)), (90_000, None)] {
            phoenix.experiment_duration.observe_in(&labels, Duration::from_secs(seconds), ids);
        }
        let (request, points) = request(&metrics.families(), &Resource::default(), 5, 9);
        let sent = &request.resource_metrics[0].scope_metrics[0].metrics;
        let find = |name: &str| sent.iter().find(|metric| metric.name == name).and_then(|metric| metric.data.clone());
        assert_eq!((points, sent.len()), (5, 5), "a family without series is not sent: {sent:?}");

        let Some(Data::Sum(sum)) = find("phoenix_experiment_total") else { panic!("{sent:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == AggregationTemporality::Cumulative as i32);
        let point = &sum.data_points[0];
        assert_eq!((point.start_time_unix_nano, point.time_unix_nano, point.value), (5, 9, Some(Value::AsDouble(3.0))));
        assert_eq!(point.attributes, [pair("state", "failed"), pair("tenant_id", "acme")]);

        let Some(Data::Gauge(gauge)) = find("phoenix_estimated_monthly_savings_usd") else { panic!("{sent:?}") };
        assert_eq!(gauge.data_points[0].value, Some(Value::AsDouble(1.5)));
        let Some(Data::Gauge(info)) = find("phoenix_build_info") else { panic!("{sent:?}") };
        assert_eq!(info.data_points[0].attributes, [pair("version", "1.2.3")]);

        let Some(Data::Histogram(histogram)) = find("phoenix_experiment_duration_seconds") else { panic!("{sent:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((point.count, point.sum), (4, Some(90_240.0)));
        assert_eq!(point.bucket_counts, [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(point.explicit_bounds, crate::metrics::EXPERIMENT_BUCKETS);
        let [exemplar] = &point.exemplars[..] else { panic!("{:?}", point.exemplars) };
        assert_eq!((&exemplar.trace_id[..], &exemplar.span_id[..]), (&[0xab; 16][..], &[7; 8][..]));
        assert!(exemplar.time_unix_nano > 0 && exemplar.value == Some(exemplar::Value::AsDouble(110.0)));
    }
}
