//! Prometheus' protobuf format: messages of type `io.prometheus.client.MetricFamily`, each after its
//! length. It is the only format with native histograms.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format>
//!
//! Families are told as the text formats would: comment lines, and samples whose series are written
//! out, so that whatever knows a series by its text knows these as well.

mod messages;
pub(super) mod text;

use super::{ParseError, Series, ToldExemplar};
use crate::native_histogram::{Counts, Parts, SideParts};
use messages::{Bucket, ExemplarMessage, Histogram as HistogramMessage, Metric, MetricFamily, Timestamp};
use phoenix_model::{CounterReset, Histogram, Labels};
use prost::Message;
use prost::encoding::decode_varint;
use text::{float, put_comment, put_series};

/// What is taken of histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistogramRules {
    /// Native histograms are taken as such.
    pub native: bool,
    /// The classic buckets of a native histogram are taken beside it.
    pub classic_too: bool,
}

/// What a body says.
#[derive(Debug)]
pub enum Told<'a> {
    /// A comment line of OpenMetrics: help, type or unit.
    Comment(&'a str),
    /// A float.
    Float {
        /// The series.
        series: Series<'a>,
        /// The value.
        value: f64,
        /// The target's own timestamp in milliseconds since the Unix epoch.
        timestamp_ms: Option<i64>,
        /// At most one.
        exemplar: Option<ToldExemplar>,
        /// Whether it belongs to a histogram that is told as a native one as well.
        is_beside_native: bool,
    },
    /// A native histogram.
    Histogram {
        /// The series.
        series: Series<'a>,
        /// The sample.
        histogram: Box<Histogram>,
        /// The target's own timestamp in milliseconds since the Unix epoch.
        timestamp_ms: Option<i64>,
        /// By time.
        exemplars: Vec<ToldExemplar>,
    },
}

/// Hands what a body says to `sink`, whose errors end the reading. The line of an error is the number of
/// the family, from 1.
pub fn read(body: &[u8], rules: HistogramRules, mut sink: impl FnMut(Told<'_>) -> Result<(), String>) -> Result<(), ParseError> {
    let mut rest = body;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let error = |message: String| ParseError { line: number, message };
        let length = decode_varint(&mut rest).map_err(|e| error(format!("expected the length of a metric family: {e}")))?;
        let message = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let (message, after) = message.ok_or_else(|| error("the body ends within a metric family".to_owned()))?;
        rest = after;
        let family = MetricFamily::decode(message).map_err(|e| error(format!("expected a metric family: {e}")))?;
        Reader { family: &family, rules, text: String::new(), sink: &mut sink }.family().map_err(error)?;
    }
    Ok(())
}

struct Reader<'a, S> {
    family: &'a MetricFamily,
    rules: HistogramRules,
    text: String,
    sink: &'a mut S,
}

impl<S: FnMut(Told<'_>) -> Result<(), String>> Reader<'_, S> {
    fn family(&mut self) -> Result<(), String> {
        let family = self.family;
        if family.name.is_empty() {
            return Err("a metric family has no name".to_owned());
        }
        let kind = match family.kind {
            0 => "counter",
            1 => "gauge",
            2 => "summary",
            3 => "unknown",
            4 => "histogram",
            5 => "gaugehistogram",
            other => return Err(format!("the metric family {:?} has the unknown type {other}", family.name)),
        };
        // A unit that is no suffix of the name is none that OpenMetrics would take.
        let has_unit = !family.unit.is_empty() && family.name.strip_suffix(&family.unit).is_some_and(|stem| stem.ends_with('_'));
        let unit = has_unit.then_some(("UNIT", family.unit.as_str()));
        for (keyword, text) in [("HELP", family.help.as_str()), ("TYPE", kind)].into_iter().chain(unit) {
            self.text.clear();
            put_comment(keyword, &family.name, text, &mut self.text);
            (self.sink)(Told::Comment(&self.text))?;
        }
        family.metric.iter().try_for_each(|metric| self.metric(metric))
    }

    fn metric(&mut self, metric: &Metric) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("the metric family {:?} has a metric that is no {what}", self.family.name));
        match self.family.kind {
            0 => {
                let Some(counter) = &metric.counter else { return wrong("counter") };
                self.float(metric, "", None, counter.value, counter.exemplar.as_ref(), false)
            }
            1 => match &metric.gauge {
                Some(gauge) => self.float(metric, "", None, gauge.value, None, false),
                None => wrong("gauge"),
            },
            2 => {
                let Some(summary) = &metric.summary else { return wrong("summary") };
                self.float(metric, "_count", None, summary.sample_count as f64, None, false)?;
                self.float(metric, "_sum", None, summary.sample_sum, None, false)?;
                summary.quantile.iter().try_for_each(|q| self.float(metric, "", Some(("quantile", q.quantile)), q.value, None, false))
            }
            3 => match &metric.untyped {
                Some(untyped) => self.float(metric, "", None, untyped.value, None, false),
                None => wrong("untyped metric"),
            },
            _ => match &metric.histogram {
                Some(histogram) => self.histogram(metric, histogram),
                None => wrong("histogram"),
            },
        }
    }

    fn float(
        &mut self,
        metric: &Metric,
        suffix: &str,
        label: Option<(&str, f64)>,
        value: f64,
        exemplar: Option<&ExemplarMessage>,
        is_beside_native: bool,
    ) -> Result<(), String> {
        let label = label.map(|(name, value)| (name, float(value)));
        self.text.clear();
        let labels = metric.label.iter().map(|pair| (pair.name.as_str(), pair.value.as_str()));
        let labels = labels.chain(label.as_ref().map(|(name, value)| (*name, value.as_str())));
        put_series(&self.family.name, suffix, labels, &mut self.text);
        // A NaN of a target is never the staleness marker.
        let value = if value.is_nan() { f64::from_bits(super::NORMAL_NAN_BITS) } else { value };
        let exemplar = exemplar.map(told);
        (self.sink)(Told::Float { series: Series(&self.text), value, timestamp_ms: timestamp(metric), exemplar, is_beside_native })
    }

    fn histogram(&mut self, metric: &Metric, histogram: &HistogramMessage) -> Result<(), String> {
        let is_native = self.rules.native && histogram.is_native();
        if is_native {
            let sample = native(histogram, self.family.kind == 5);
            let sample =
                sample.map_err(|e| format!("the metric family {:?} has a native histogram that is none: {e}", self.family.name))?;
            self.text.clear();
            let labels = metric.label.iter().map(|pair| (pair.name.as_str(), pair.value.as_str()));
            put_series(&self.family.name, "", labels, &mut self.text);
            let timestamp_ms = timestamp(metric);
            let (series, exemplars) = (Series(&self.text), exemplars(histogram));
            (self.sink)(Told::Histogram { series, histogram: Box::new(sample), timestamp_ms, exemplars })?;
            if !self.rules.classic_too || histogram.bucket.is_empty() {
                return Ok(());
            }
        }
        let is_float = histogram.sample_count_float > 0.0;
        let count = if is_float { histogram.sample_count_float } else { histogram.sample_count as f64 };
        self.float(metric, "_count", None, count, None, is_native)?;
        self.float(metric, "_sum", None, histogram.sample_sum, None, is_native)?;
        for bucket in &histogram.bucket {
            let below = if is_float { bucket.cumulative_count_float } else { bucket.cumulative_count as f64 };
            self.float(metric, "_bucket", Some(("le", bucket.upper_bound)), below, bucket.exemplar.as_ref(), is_native)?;
        }
        let is_infinite = |bucket: &Bucket| bucket.upper_bound == f64::INFINITY;
        if histogram.bucket.last().is_some_and(is_infinite) {
            return Ok(());
        }
        self.float(metric, "_bucket", Some(("le", f64::INFINITY)), count, None, is_native)
    }
}

fn timestamp(metric: &Metric) -> Option<i64> {
    Some(metric.timestamp_ms).filter(|timestamp_ms| *timestamp_ms != 0)
}

fn told(exemplar: &ExemplarMessage) -> ToldExemplar {
    let timestamp_ms = exemplar
        .timestamp
        .as_ref()
        .map(|Timestamp { seconds, nanos }| seconds.saturating_mul(1000).saturating_add(i64::from(*nanos) / 1_000_000));
    let labels = Labels::from_pairs(exemplar.label.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())));
    ToldExemplar { labels, value: exemplar.value, timestamp_ms }
}

/// The exemplars of a native histogram: its own, or else those of its classic buckets; only those with
/// a time, as several can't be told apart otherwise.
fn exemplars(histogram: &HistogramMessage) -> Vec<ToldExemplar> {
    let of_buckets = histogram.bucket.iter().filter_map(|bucket| bucket.exemplar.as_ref());
    let own = histogram.exemplars.iter();
    let mut all: Vec<ToldExemplar> = if histogram.exemplars.is_empty() { of_buckets.map(told).collect() } else { own.map(told).collect() };
    all.retain(|exemplar| exemplar.timestamp_ms.is_some());
    all.sort_by_key(|exemplar| exemplar.timestamp_ms);
    all
}

fn native(histogram: &HistogramMessage, is_gauge: bool) -> Result<Histogram, String> {
    let is_float = histogram.sample_count_float > 0.0 || histogram.zero_count_float > 0.0;
    let counts = if is_float {
        Counts::Floats { count: histogram.sample_count_float, zero_count: histogram.zero_count_float }
    } else {
        Counts::Whole { count: histogram.sample_count, zero_count: histogram.zero_count }
    };
    let sum = histogram.sample_sum;
    let parts = Parts {
        counter_reset: if is_gauge { CounterReset::Gauge } else { CounterReset::Unknown },
        schema: histogram.schema,
        zero_threshold: histogram.zero_threshold,
        counts,
        sum: if sum.is_nan() { f64::from_bits(super::NORMAL_NAN_BITS) } else { sum },
        positive: SideParts { spans: &histogram.positive_span, deltas: &histogram.positive_delta, counts: &histogram.positive_count },
        negative: SideParts { spans: &histogram.negative_span, deltas: &histogram.negative_delta, counts: &histogram.negative_count },
        custom_values: &[],
    };
    parts.histogram().map_err(|e| e.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
