//! A scraper with an engine that remembers what it was given.

#![expect(clippy::disallowed_methods, reason = "tests against a real server run in real time")]
#![allow(dead_code, reason = "each test file uses a part")]

use axum::Router;
use phoenix_engine::{MetricsEngine, QueryError, QueryLimits, WriteBatch, WriteError, WriteOutcome};
use phoenix_env::{RealClock, RealDisk, SharedClock};
use phoenix_ingest::config::PrometheusConfig;
use phoenix_ingest::scrape::{ScrapeLimits, Scraper, ScraperOptions};
use phoenix_model::{Labels, Matcher, SeriesSamples, Source};
use phoenix_query::QueryOutput;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Remembers every sample.
#[derive(Default)]
pub struct Recorder {
    samples: Mutex<BTreeMap<Labels, Vec<(i64, f64)>>>,
    refusals: AtomicU32,
    panics: AtomicU32,
}

impl Recorder {
    /// Panics at the next writes, as a bug would.
    pub fn panic(&self, writes: u32) {
        self.panics.store(writes, Ordering::SeqCst);
    }

    /// Says "disk full" to the next writes.
    pub fn refuse(&self, writes: u32) {
        self.refusals.store(writes, Ordering::SeqCst);
    }
}

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("the recorder takes no queries".to_owned()))
}

impl MetricsEngine for Recorder {
    fn instant(&self, _: &str, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }

    fn range(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }

    fn select(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        no_query()
    }

    fn series(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        no_query()
    }

    fn label_names(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }

    fn label_values(&self, _: &str, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }

    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<phoenix_model::Exemplar>)>, QueryError> {
        no_query()
    }

    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        if self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            return Err(WriteError::DiskFull("test".to_owned()));
        }
        let panics = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        assert!(!panics, "a bug for a test");
        let mut all = self.samples.lock().unwrap();
        let mut stored = 0;
        for (labels, samples) in &batch.series {
            stored += samples.len() as u64;
            all.entry(labels.clone()).or_default().extend(samples);
        }
        Ok(WriteOutcome { stored, ..WriteOutcome::default() })
    }
}

/// A scraper under test.
pub struct Bench {
    pub engine: Arc<Recorder>,
    pub scraper: Scraper,
    registry: Registry,
}

impl Bench {
    pub fn new(limits: ScrapeLimits) -> Self {
        Self::with_clock(limits, RealClock::shared())
    }

    /// With a clock that the test moves.
    pub fn with_clock(limits: ScrapeLimits, clock: SharedClock) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let engine = Arc::new(Recorder::default());
        let mut registry = Registry::default();
        let options = ScraperOptions {
            clock,
            disk: RealDisk::shared(),
            engine: Arc::clone(&engine) as _,
            limits,
            runtime: tokio::runtime::Handle::current(),
        };
        let scraper = Scraper::new(options, &mut registry);
        Self { engine, scraper, registry }
    }

    /// Makes the jobs of a config run.
    pub fn apply(&self, yaml: &str) {
        let (config, diagnostics) = phoenix_ingest::config::parse(&Source::new("prometheus.yml", yaml), Path::new("."), &|_| None);
        let config: PrometheusConfig = config.unwrap_or_else(|| panic!("{diagnostics:?}"));
        self.scraper.apply(&config.scrape_configs).unwrap();
    }

    /// All series as text.
    pub fn series(&self) -> Vec<String> {
        self.engine.samples.lock().unwrap().keys().map(ToString::to_string).collect()
    }

    fn samples(&self, name: &str) -> Vec<(i64, f64)> {
        let all = self.engine.samples.lock().unwrap();
        all.iter().filter(|(labels, _)| labels.metric_name() == name).flat_map(|(_, samples)| samples.clone()).collect()
    }

    /// The number of samples of a metric.
    pub fn count(&self, name: &str) -> usize {
        self.samples(name).len()
    }

    /// The values of a metric as they came.
    pub fn values(&self, name: &str) -> Vec<f64> {
        self.samples(name).iter().map(|s| s.1).collect()
    }

    /// The timestamps of a metric as they came.
    pub fn times(&self, name: &str) -> Vec<i64> {
        self.samples(name).iter().map(|s| s.0).collect()
    }

    /// One of the scraper's own metrics.
    pub fn metric(&self, name: &str) -> f64 {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let line = text.lines().find(|line| line.split([' ', '{']).next() == Some(name)).unwrap_or_else(|| panic!("{name} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Waits until something holds, 10 s at most.
    pub async fn until(&self, condition: impl Fn(&Self) -> bool) {
        self.until_within(Duration::from_secs(10), condition).await;
    }

    /// Waits until something holds.
    pub async fn until_within(&self, limit: Duration, condition: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = tokio::time::timeout(limit, waiting).await.is_ok();
        assert!(in_time, "it did not happen within {limit:?}; series: {:?}; targets: {:?}", self.series(), self.scraper.targets(None));
    }
}

/// Serves on a free port of the loopback; returns the address.
pub async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
