//! The messages of `prometheus.WriteRequest`, as far as they are read.

use crate::native_histogram::{Counts, Parts, PartsError, SideParts, SpanMessage};
use phoenix_model::{CounterReset, Histogram};

/// A request.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
}

/// A series with its samples.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) exemplars: Vec<ExemplarMessage>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) histograms: Vec<HistogramMessage>,
}

/// A label.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// A float at a moment.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
}

/// An exemplar.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExemplarMessage {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

/// A native histogram at a moment.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HistogramMessage {
    #[prost(oneof = "MessageCount", tags = "1, 2")]
    pub(crate) count: Option<MessageCount>,
    #[prost(double, tag = "3")]
    pub(crate) sum: f64,
    #[prost(sint32, tag = "4")]
    pub(crate) schema: i32,
    #[prost(double, tag = "5")]
    pub(crate) zero_threshold: f64,
    #[prost(oneof = "MessageZeroCount", tags = "6, 7")]
    pub(crate) zero_count: Option<MessageZeroCount>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) negative_spans: Vec<SpanMessage>,
    #[prost(sint64, repeated, tag = "9")]
    pub(crate) negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    pub(crate) negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) positive_spans: Vec<SpanMessage>,
    #[prost(sint64, repeated, tag = "12")]
    pub(crate) positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    pub(crate) positive_counts: Vec<f64>,
    /// `UNKNOWN`, `YES`, `NO`, `GAUGE`
    #[prost(int32, tag = "14")]
    pub(crate) reset_hint: i32,
    /// Milliseconds since the Unix epoch.
    #[prost(int64, tag = "15")]
    pub(crate) timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    pub(crate) custom_values: Vec<f64>,
}

/// The number of observations.
#[derive(Clone, Copy, PartialEq, prost::Oneof)]
pub(crate) enum MessageCount {
    #[prost(uint64, tag = "1")]
    Int(u64),
    #[prost(double, tag = "2")]
    Float(f64),
}

/// The number of observations in the zero bucket.
#[derive(Clone, Copy, PartialEq, prost::Oneof)]
pub(crate) enum MessageZeroCount {
    #[prost(uint64, tag = "6")]
    Int(u64),
    #[prost(double, tag = "7")]
    Float(f64),
}

impl HistogramMessage {
    /// The histogram, checked. The kind of the count says whether buckets are whole numbers or floats.
    pub(crate) fn histogram(&self) -> Result<Histogram, PartsError> {
        let counts = match self.count {
            Some(MessageCount::Float(count)) => {
                let zero_count = match self.zero_count {
                    Some(MessageZeroCount::Float(count)) => count,
                    Some(MessageZeroCount::Int(count)) => count as f64,
                    None => 0.0,
                };
                Counts::Floats { count, zero_count }
            }
            Some(MessageCount::Int(_)) | None => {
                let count = if let Some(MessageCount::Int(count)) = self.count { count } else { 0 };
                let zero_count = if let Some(MessageZeroCount::Int(count)) = self.zero_count { count } else { 0 };
                Counts::Whole { count, zero_count }
            }
        };
        let parts = Parts {
            counter_reset: match self.reset_hint {
                1 => CounterReset::Yes,
                2 => CounterReset::No,
                3 => CounterReset::Gauge,
                _ => CounterReset::Unknown,
            },
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            counts,
            sum: self.sum,
            positive: SideParts { spans: &self.positive_spans, deltas: &self.positive_deltas, counts: &self.positive_counts },
            negative: SideParts { spans: &self.negative_spans, deltas: &self.negative_deltas, counts: &self.negative_counts },
            custom_values: &self.custom_values,
        };
        parts.histogram()
    }

    /// About the bytes that its buckets take, here and in the batch.
    pub(crate) fn bucket_bytes(&self) -> u64 {
        let whole = self.positive_deltas.len() + self.negative_deltas.len();
        let floats = self.positive_counts.len() + self.negative_counts.len() + self.custom_values.len();
        let spans = self.positive_spans.len() + self.negative_spans.len();
        16 * (whole + floats + spans) as u64
    }
}
