//! Families of metrics whose labels are a type: a label that is missing, misspelt or of another metric does
//! not compile.

use crate::traces::current_span_context;
use opentelemetry::trace::{SpanContext, SpanId, TraceId};
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

/// What a type must be to be the labels of a metric; derive it with [`EncodeLabelSet`].
pub trait Labels: EncodeLabelSet + Clone + Eq + Hash + Send + Sync + fmt::Debug + 'static {}

impl<L: EncodeLabelSet + Clone + Eq + Hash + Send + Sync + fmt::Debug + 'static> Labels for L {}

/// The exemplar's labels: the trace and the span in which something was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceIds {
    trace: TraceId,
    span: SpanId,
}

impl TraceIds {
    /// Those of a span that is kept; others would lead nowhere.
    pub(crate) fn of(context: &SpanContext) -> Option<Self> {
        (context.is_valid() && context.is_sampled()).then(|| Self { trace: context.trace_id(), span: context.span_id() })
    }

    fn current() -> Option<Self> {
        current_span_context().as_ref().and_then(Self::of)
    }
}

impl EncodeLabelSet for TraceIds {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        ("trace_id", self.trace.to_string()).encode(encoder.encode_label())?;
        ("span_id", self.span.to_string()).encode(encoder.encode_label())
    }
}

/// Counters by labels.
#[derive(Debug)]
pub struct Counters<L>(pub(super) Family<L, Counter>);

/// Gauges by labels.
#[derive(Debug)]
pub struct Gauges<L>(pub(super) Family<L, Gauge<f64, AtomicU64>>);

/// Histograms by labels, in seconds, with the trace of an observation of each bucket.
#[derive(Debug)]
pub struct Histograms<L>(pub(super) Family<L, HistogramWithExemplars<TraceIds>, fn() -> HistogramWithExemplars<TraceIds>>);

// Deriving would ask for labels that are clones of each other, which handles don't need.
impl<L> Clone for Counters<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L> Clone for Gauges<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L> Clone for Histograms<L> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<L: Labels> Default for Counters<L> {
    fn default() -> Self {
        Self(Family::default())
    }
}

impl<L: Labels> Default for Gauges<L> {
    fn default() -> Self {
        Self(Family::default())
    }
}

impl<L: Labels> Counters<L> {
    /// Adds 1.
    pub fn inc(&self, labels: &L) {
        self.inc_by(labels, 1);
    }

    /// Adds to the counter; 0 makes the series appear, so that its first increase is seen by `rate()`.
    pub fn inc_by(&self, labels: &L, by: u64) {
        self.0.get_or_create(labels).inc_by(by);
    }
}

impl<L: Labels> Gauges<L> {
    /// Sets the gauge.
    pub fn set(&self, labels: &L, value: f64) {
        self.0.get_or_create(labels).set(value);
    }

    /// Ends the series: what it told of is no more.
    pub fn remove(&self, labels: &L) {
        self.0.remove(labels);
    }

    /// Ends all series.
    pub fn clear(&self) {
        self.0.clear();
    }
}

impl<L: Labels> Histograms<L> {
    pub(super) fn new(constructor: fn() -> HistogramWithExemplars<TraceIds>) -> Self {
        Self(Family::new_with_constructor(constructor))
    }

    /// Observes how long something took. Inside of a span that is kept, its ids become the bucket's exemplar.
    pub fn observe(&self, labels: &L, took: Duration) {
        self.observe_in(labels, took, TraceIds::current());
    }

    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    pub(crate) fn observe_in(&self, labels: &L, took: Duration, ids: Option<TraceIds>) {
        let at = ids.map(|_| SystemTime::now());
        self.0.get_or_create(labels).observe(took.as_secs_f64(), ids, at);
    }
}
