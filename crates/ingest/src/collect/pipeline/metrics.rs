//! `metrics`: what a job counts in its lines, and what pipelines count about themselves.

use super::values::{GoDuration, Names, parse_go_duration};
use super::{Context, Entry};
use parking_lot::Mutex;
use phoenix_model::Labels;
use phoenix_yaml::KeyError;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, LabelSetEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Series that all `metrics` stages may have together; beyond, lines of new series are not counted.
pub const SERIES_LIMIT: usize = 10_000;
const DEFAULT_IDLE: Duration = Duration::from_mins(5);
const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: String,
}

#[cfg(feature = "vrl")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageName {
    stage: &'static str,
}

/// What is counted while pipelines run.
#[derive(Debug, Clone, Default)]
pub struct PipelineMetrics {
    dropped: Family<Reason, Counter>,
    #[cfg(feature = "vrl")]
    failed: Family<StageName, Counter>,
    custom: Arc<CustomMetrics>,
}

impl PipelineMetrics {
    /// Metrics that nobody sees, for tests and `phoenix test pipeline`.
    pub fn unregistered() -> Self {
        Self::default()
    }

    /// Metrics in a registry.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("phoenix_logs_pipeline_dropped_entries", "Entries that stages dropped, by reason.", metrics.dropped.clone());
        #[cfg(feature = "vrl")]
        registry.register("phoenix_logs_pipeline_errors", "Entries on which a stage's program failed, by stage.", metrics.failed.clone());
        registry.register_collector(Box::new(Arc::clone(&metrics.custom)));
        metrics
    }

    pub(super) fn dropped(&self, reason: &str) {
        self.dropped.get_or_create(&Reason { reason: reason.to_owned() }).inc();
    }

    #[cfg(feature = "vrl")]
    pub(super) fn failed(&self, stage: &'static str) {
        self.failed.get_or_create(&StageName { stage }).inc();
    }

    /// Forgets what `metrics` stages counted, as a reload does in Promtail.
    pub fn forget_custom(&self) {
        self.custom.families.lock().clear();
    }

    /// Takes out series that were not counted for their `max_idle_duration`.
    pub fn expire(&self, now: Duration) {
        for family in self.custom.families.lock().values_mut() {
            family.series.retain(|_, series| now.saturating_sub(series.at) < family.idle);
        }
    }
}

#[derive(Debug, Default)]
struct CustomMetrics {
    families: Mutex<BTreeMap<String, CustomFamily>>,
}

#[derive(Debug)]
struct CustomFamily {
    kind: Kind,
    help: String,
    idle: Duration,
    bounds: Vec<f64>,
    series: HashMap<Labels, Series>,
}

#[derive(Debug, Default)]
struct Series {
    /// The value of a counter or gauge, or the sum of a histogram.
    value: f64,
    buckets: Vec<u64>,
    at: Duration,
}

struct SeriesLabels<'a>(&'a Labels);

impl EncodeLabelSet for SeriesLabels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        for pair in self.0 {
            prometheus_client::encoding::EncodeLabel::encode(&pair, encoder.encode_label())?;
        }
        Ok(())
    }
}

impl Collector for CustomMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, family) in self.families.lock().iter() {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            // The exposition adds `_total` to counters itself.
            let name = if family.kind == Kind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
            let mut metric = encoder.encode_descriptor(name, &family.help, None, kind)?;
            for (labels, series) in &family.series {
                let labels = SeriesLabels(labels);
                let mut one = metric.encode_family(&labels)?;
                match family.kind {
                    Kind::Counter => {
                        prometheus_client::encoding::EncodeMetric::encode(&ConstCounter::new(series.value), one)?;
                    }
                    Kind::Gauge => prometheus_client::encoding::EncodeMetric::encode(&ConstGauge::new(series.value), one)?,
                    Kind::Histogram => {
                        let bounds = family.bounds.iter().copied().chain([f64::INFINITY]);
                        let buckets: Vec<(f64, u64)> = bounds.zip(series.buckets.iter().copied()).collect();
                        let count = series.buckets.iter().sum();
                        one.encode_histogram::<NoLabelSet>(series.value, count, &buckets, None)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Set,
    Inc,
    Dec,
    Add,
    Sub,
    Observe,
}

/// `metrics`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "BTreeMap<String, RawMetric>")]
pub(crate) struct MetricsStage {
    metrics: Vec<Metric>,
}

#[derive(Debug, Clone)]
struct Metric {
    name: String,
    kind: Kind,
    help: String,
    source: String,
    idle: Duration,
    value: Option<String>,
    match_all: bool,
    count_bytes: bool,
    act: Act,
    bounds: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetric {
    r#type: String,
    #[serde(default)]
    description: String,
    prefix: Option<String>,
    #[serde(default)]
    source: Names,
    max_idle_duration: Option<GoDuration>,
    #[serde(default)]
    config: RawMetricConfig,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMetricConfig {
    match_all: bool,
    count_entry_bytes: bool,
    value: Option<String>,
    action: Option<String>,
    buckets: Vec<f64>,
}

impl TryFrom<BTreeMap<String, RawMetric>> for MetricsStage {
    type Error = KeyError;

    fn try_from(raw: BTreeMap<String, RawMetric>) -> Result<Self, KeyError> {
        let metrics = raw.into_iter().map(|(name, raw)| Metric::new(&name, raw)).collect::<Result<_, _>>()?;
        Ok(Self { metrics })
    }
}

impl Metric {
    fn new(name: &str, raw: RawMetric) -> Result<Self, KeyError> {
        let wrong = |what: &str| Err(KeyError::whole(format!("metric `{name}`: {what}")));
        let kind = match raw.r#type.to_ascii_lowercase().as_str() {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            other => return wrong(&format!("`{other}` is not one of Counter, Gauge, Histogram")),
        };
        let act = match (kind, raw.config.action.as_deref().unwrap_or("").to_ascii_lowercase().as_str()) {
            (Kind::Histogram, _) => Act::Observe,
            (_, "inc") => Act::Inc,
            (_, "add") => Act::Add,
            (Kind::Gauge, "set") => Act::Set,
            (Kind::Gauge, "dec") => Act::Dec,
            (Kind::Gauge, "sub") => Act::Sub,
            (Kind::Counter, _) => return wrong("`action` must be inc or add"),
            (Kind::Gauge, _) => return wrong("`action` must be one of set, inc, dec, add, sub"),
        };
        if raw.config.match_all && raw.config.value.is_some() {
            return wrong("`match_all` and `value` exclude each other");
        }
        if raw.config.count_entry_bytes && !(raw.config.match_all && act == Act::Add) {
            return wrong("`count_entry_bytes` needs `match_all: true` and `action: add`");
        }
        let full = format!("{}{name}", raw.prefix.as_deref().unwrap_or("promtail_custom_"));
        if !phoenix_model::labels::is_legacy_metric_name(&full) {
            return wrong("this is not a metric's name");
        }
        let mut bounds = if raw.config.buckets.is_empty() { DEFAULT_BUCKETS.to_vec() } else { raw.config.buckets };
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Ok(Self {
            name: full,
            kind,
            help: if raw.description.is_empty() { name.to_owned() } else { raw.description },
            source: raw.source.0.into_iter().next().unwrap_or_else(|| name.to_owned()),
            idle: raw.max_idle_duration.map_or(DEFAULT_IDLE, |GoDuration(idle)| idle.max(Duration::from_secs(1))),
            value: raw.config.value,
            match_all: raw.config.match_all,
            count_bytes: raw.config.count_entry_bytes,
            act,
            bounds,
        })
    }

    /// By how much, if the entry counts.
    fn amount(&self, entry: &Entry) -> Option<f64> {
        if self.match_all {
            return match (self.count_bytes, self.act) {
                (true, _) => Some(entry.line.len() as f64),
                (false, Act::Inc | Act::Dec) => Some(1.0),
                (false, _) => entry.field(&self.source).and_then(|text| figure(&text)),
            };
        }
        let text = entry.field(&self.source)?;
        if self.value.as_ref().is_some_and(|value| *value != text) {
            return None;
        }
        match self.act {
            Act::Inc | Act::Dec => Some(1.0),
            _ => figure(&text),
        }
    }
}

/// A number, a duration in seconds, or a truth value.
fn figure(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => text.parse().ok().or_else(|| parse_go_duration(text).map(|duration| duration.as_secs_f64())),
    }
    .filter(|figure: &f64| figure.is_finite())
}

impl MetricsStage {
    pub(super) fn apply(&self, entry: &Entry, context: &mut Context<'_>) {
        let labels = entry.labels.build();
        for metric in &self.metrics {
            let Some(amount) = metric.amount(entry) else { continue };
            if metric.kind == Kind::Counter && amount < 0.0 {
                context.note(|| format!("`{}` can't count {amount}", metric.name));
                continue;
            }
            let mut families = context.metrics.custom.families.lock();
            let count: usize = families.values().map(|family| family.series.len()).sum();
            let family = families.entry(metric.name.clone()).or_insert_with(|| CustomFamily {
                kind: metric.kind,
                help: metric.help.clone(),
                idle: metric.idle,
                bounds: metric.bounds.clone(),
                series: HashMap::new(),
            });
            if family.kind != metric.kind || (count >= SERIES_LIMIT && !family.series.contains_key(&labels)) {
                continue;
            }
            let series = family.series.entry(labels.clone()).or_default();
            series.at = context.monotonic;
            match metric.act {
                Act::Set => series.value = amount,
                Act::Inc | Act::Add => series.value += amount,
                Act::Dec | Act::Sub => series.value -= amount,
                Act::Observe => {
                    series.value += amount;
                    series.buckets.resize(family.bounds.len() + 1, 0);
                    let at = family.bounds.iter().position(|bound| amount <= *bound).unwrap_or(family.bounds.len());
                    series.buckets[at] += 1;
                }
            }
        }
    }
}
