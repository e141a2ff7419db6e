//! An engine whose answers a test decides, and a group that is led through simulated time.

use parking_lot::Mutex;
use phoenix_engine::{Language, MetricsEngine, QueryError, QueryLimits, WriteBatch, WriteError, WriteOutcome};
use phoenix_env::SimClock;
use phoenix_model::{Alert, AlertSink, Diagnostic, Histogram, Labels, Matcher, Sample, SeriesSamples, Source};
use phoenix_query::{QueryOutput, Value, VectorSample};
use phoenix_rules::{
    AlertStateStore, Context, Detection, DetectionObserver, Group, GroupSpec, Options, RuleFile, RuleMetrics, Unbounded, parse,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub type Written = BTreeMap<Labels, Vec<(i64, f64)>>;
type Answer = dyn Fn(&str, i64, &Mutex<Written>) -> Result<Value, QueryError> + Send + Sync;

/// Stores what is written, and answers queries by a closure.
pub struct FakeEngine {
    answer: Box<Answer>,
    pub written: Mutex<Written>,
    pub histograms: Mutex<BTreeMap<Labels, Vec<(i64, Histogram)>>>,
    pub full: Mutex<bool>,
    pub asked: Mutex<Vec<(String, i64)>>,
}

impl FakeEngine {
    pub fn new(answer: impl Fn(&str, i64, &Mutex<Written>) -> Result<Value, QueryError> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            answer: Box::new(answer),
            written: Mutex::default(),
            histograms: Mutex::default(),
            full: Mutex::new(false),
            asked: Mutex::default(),
        })
    }

    /// What was written, one line for each series: its labels and `time:value` pairs, times in
    /// seconds, `stale` for the marker.
    pub fn dump(&self) -> String {
        let written = self.written.lock();
        let line = |(labels, samples): (&Labels, &Vec<(i64, f64)>)| {
            let samples = samples.iter().map(|(t, v)| {
                let value = if phoenix_model::is_stale(*v) { "stale".to_owned() } else { v.to_string() };
                format!("{}:{value}", *t as f64 / 1000.0)
            });
            format!("{labels} {}", samples.collect::<Vec<_>>().join(" "))
        };
        written.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl MetricsEngine for FakeEngine {
    fn instant(&self, query: &str, at_ms: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        self.asked.lock().push((query.to_owned(), at_ms));
        Ok(QueryOutput { value: (self.answer)(query, at_ms, &self.written)?, annotations: Vec::new() })
    }

    fn range(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        Err(QueryError::Execution("rules ask for instants".to_owned()))
    }

    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, _: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        let written = self.written.lock();
        let matching = written.iter().filter(|(labels, _)| matchers.iter().all(|m| m.matches(labels.value(&m.name))));
        Ok(matching
            .map(|(labels, samples)| {
                let within: Vec<_> = samples.iter().filter(|(t, _)| (start_ms..=end_ms).contains(t)).collect();
                SeriesSamples {
                    labels: labels.clone(),
                    timestamps_ms: within.iter().map(|(t, _)| *t).collect(),
                    values: within.iter().map(|(_, v)| *v).collect(),
                    histograms: Vec::new(),
                }
            })
            .filter(|s| !s.values.is_empty())
            .collect())
    }

    fn series(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn label_names(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn label_values(&self, _: &str, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        Ok((Vec::new(), false))
    }

    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<phoenix_model::Exemplar>)>, QueryError> {
        Ok(Vec::new())
    }

    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        if *self.full.lock() {
            return Err(WriteError::DiskFull("no space left".to_owned()));
        }
        let mut written = self.written.lock();
        let mut stored = 0;
        for (labels, samples) in &batch.series {
            stored += samples.len() as u64;
            written.entry(labels.clone()).or_default().extend(samples);
        }
        for (labels, samples) in &batch.histograms {
            stored += samples.len() as u64;
            self.histograms.lock().entry(labels.clone()).or_default().extend(samples.iter().cloned());
        }
        Ok(WriteOutcome { stored, ..WriteOutcome::default() })
    }
}

/// Keeps what rules hand over.
#[derive(Default)]
pub struct Outbox {
    pub alerts: Mutex<Vec<Alert>>,
    pub detections: Mutex<Vec<Detection>>,
    pub saved: Mutex<BTreeMap<String, String>>,
}

impl AlertSink for Outbox {
    fn send(&self, alerts: Vec<Alert>) {
        self.alerts.lock().extend(alerts);
    }
}

impl DetectionObserver for Outbox {
    fn detected(&self, detection: &Detection) {
        self.detections.lock().push(detection.clone());
    }
}

impl AlertStateStore for Outbox {
    fn save(&self, group: &str, json: &str) -> Result<(), String> {
        self.saved.lock().insert(group.to_owned(), json.to_owned());
        Ok(())
    }

    fn load(&self, group: &str) -> Result<Option<String>, String> {
        Ok(self.saved.lock().get(group).cloned())
    }
}

pub fn context(engine: &Arc<FakeEngine>, outbox: &Arc<Outbox>, options: Options) -> Context {
    Context {
        engine: Arc::clone(engine) as Arc<dyn MetricsEngine>,
        logs: None,
        traces: None,
        language: Language::PromQl,
        sink: Arc::clone(outbox) as Arc<dyn AlertSink>,
        detections: Some(Arc::clone(outbox) as Arc<dyn DetectionObserver>),
        store: Some(Arc::clone(outbox) as Arc<dyn AlertStateStore>),
        bounds: Arc::new(Unbounded),
        clock: SimClock::new(0),
        options: Arc::new(options),
        metrics: RuleMetrics::default(),
    }
}

/// The groups of a text that must be without fault.
pub fn specs(yaml: &str) -> Vec<GroupSpec> {
    let nothing_wrong = |_: Language, _: &str| Vec::<Diagnostic>::new();
    let (RuleFile { groups, .. }, diagnostics) = parse(&Source::new("rules.yaml", yaml), &nothing_wrong);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    groups
}

pub fn group(yaml: &str) -> Group {
    Group::new(specs(yaml).remove(0), &Options::default())
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

pub fn vector(elements: &[(&[(&str, &str)], f64)], at_ms: i64) -> Value {
    let element =
        |(pairs, value): &(&[(&str, &str)], f64)| VectorSample::float(labels(pairs), Sample { timestamp_ms: at_ms, value: *value });
    Value::Vector(elements.iter().map(element).collect())
}
