//! Classic histograms as native ones with custom buckets, for `convert_classic_histograms_to_nhcb`.
//! <https://prometheus.io/docs/specs/native_histograms/#nhcb>

use crate::exposition::{Pair, ToldExemplar};
use phoenix_model::Histogram;
use phoenix_model::histogram::{CUSTOM_BUCKETS_SCHEMA, spans_of};
use phoenix_model::labels::METRIC_NAME;
use std::collections::BTreeMap;

/// Histograms of one family that are being put together. A body has the samples of a family together.
#[derive(Debug, Default)]
pub(super) struct ClassicHistograms {
    /// The name, when the family is one of histograms.
    family: Option<String>,
    is_gauge: bool,
    /// By the labels of their series in text, without `le`.
    parts: BTreeMap<String, Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    /// Upper bound and the number of observations up to it.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
    timestamp_ms: Option<i64>,
    exemplars: Vec<ToldExemplar>,
}

/// A histogram that was put together.
#[derive(Debug)]
pub(super) struct Converted {
    /// Its series as a target would write it.
    pub(super) series: String,
    pub(super) histogram: Histogram,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) exemplars: Vec<ToldExemplar>,
}

impl ClassicHistograms {
    /// Notes the type of the family that comes next, and gives the histograms of the one before.
    pub(super) fn begin(&mut self, name: &str, kind: &str) -> Vec<Converted> {
        let done = self.finish();
        self.is_gauge = kind == "gaugehistogram";
        self.family = (self.is_gauge || kind == "histogram").then(|| name.to_owned());
        done
    }

    /// Takes a sample; whether it belongs to a histogram.
    pub(super) fn take(
        &mut self,
        pairs: &[Pair<'_>],
        value: f64,
        timestamp_ms: Option<i64>,
        exemplar: impl FnOnce() -> Option<ToldExemplar>,
    ) -> bool {
        let Some(family) = &self.family else { return false };
        let name = pairs.iter().find(|(name, _)| name == METRIC_NAME).map_or("", |(_, name)| name);
        let Some(suffix) = name.strip_prefix(family.as_str()) else { return false };
        let bound = pairs.iter().find(|(name, _)| name == "le").and_then(|(_, bound)| bound.parse::<f64>().ok());
        let is_bucket = suffix == "_bucket";
        if is_bucket && bound.is_none() || !is_bucket && !matches!(suffix, "_count" | "_sum" | "_gcount" | "_gsum") {
            return false;
        }
        let parts = self.parts.entry(series(family, pairs)).or_default();
        parts.timestamp_ms = timestamp_ms;
        match (suffix, bound) {
            ("_bucket", Some(bound)) => {
                parts.buckets.push((bound, value));
                parts.exemplars.extend(exemplar().filter(|exemplar| exemplar.timestamp_ms.is_some()));
            }
            ("_count" | "_gcount", _) => parts.count = Some(value),
            _ => parts.sum = value,
        }
        true
    }

    /// The histograms of the family, which ends.
    pub(super) fn finish(&mut self) -> Vec<Converted> {
        let is_gauge = self.is_gauge;
        let parts = std::mem::take(&mut self.parts);
        // One whose buckets make no sense is left out, as in Prometheus.
        parts.into_iter().filter_map(|(series, parts)| parts.convert(series, is_gauge)).collect()
    }
}

impl Parts {
    fn convert(mut self, series: String, is_gauge: bool) -> Option<Converted> {
        self.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let infinite = self.buckets.iter().position(|(bound, _)| *bound == f64::INFINITY);
        let of_infinite = infinite.map(|at| self.buckets.remove(at).1);
        let count = self.count.or(of_infinite).or(self.buckets.last().map(|bucket| bucket.1))?;
        let mut below = 0.0;
        let mut counts = Vec::with_capacity(self.buckets.len() + 1);
        for up_to in self.buckets.iter().map(|bucket| bucket.1).chain([count]) {
            if up_to.is_nan() || up_to < below {
                return None;
            }
            counts.push(up_to - below);
            below = up_to;
        }
        let filled = || counts.iter().enumerate().filter(|(_, count)| **count != 0.0);
        let histogram = Histogram {
            counter_reset: if is_gauge { phoenix_model::CounterReset::Gauge } else { phoenix_model::CounterReset::Unknown },
            schema: CUSTOM_BUCKETS_SCHEMA,
            count,
            sum: self.sum,
            positive_spans: spans_of(filled().map(|(index, _)| index as i32)),
            positive: filled().map(|(_, count)| *count).collect(),
            custom_values: self.buckets.iter().map(|bucket| bucket.0).collect(),
            ..Histogram::default()
        };
        histogram.validate().ok()?;
        self.exemplars.sort_by_key(|exemplar| exemplar.timestamp_ms);
        Some(Converted { series, histogram, timestamp_ms: self.timestamp_ms, exemplars: self.exemplars })
    }
}

/// The series of the whole histogram, as a target would write it.
fn series(family: &str, pairs: &[Pair<'_>]) -> String {
    let mut out = String::new();
    let labels = pairs.iter().filter(|(name, _)| name != METRIC_NAME && name != "le");
    crate::exposition::put_series(family, labels.map(|(name, value)| (&**name, &**value)), &mut out);
    out
}
