//! The loop of one target.

use super::append::{Counts, Into, Samples, append, append_nothing};
use super::cache::SeriesCache;
use super::fetch::{Body, fetch};
use super::job::Job;
use super::metrics::ScrapeMetrics;
use super::report::{Report, ReportSeries};
use super::schedule;
use super::state::{Health, TargetState};
use phoenix_engine::{MetricsEngine, WriteError, WriteOutcome};
use phoenix_env::SharedClock;
use phoenix_http::HttpClient;
use phoenix_model::Budget;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Pauses before a write that the store refused is tried again. Their sum stays below a usual
/// interval; after the last the samples are given up and counted.
const RETRY_PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(800), Duration::from_secs(2)];

/// What all loops share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: SharedClock,
    pub(crate) engine: Arc<dyn MetricsEngine>,
    pub(crate) metrics: ScrapeMetrics,
    pub(crate) bodies: Budget,
}

/// One target's loop, with what it remembers from scrape to scrape.
pub(crate) struct Loop {
    pub(crate) shared: Arc<Shared>,
    pub(crate) job: Arc<Job>,
    pub(crate) client: Arc<HttpClient>,
    pub(crate) state: Arc<TargetState>,
    /// How long to wait before the first scrape.
    pub(crate) first_after: Duration,
    pub(crate) memory: Memory,
}

/// What moves to a blocking thread and back.
pub(crate) struct Memory {
    pub(crate) cache: SeriesCache,
    samples: Samples,
    series: Arc<ReportSeries>,
}

impl Memory {
    /// Goes on with what an earlier loop of the same series left.
    pub(crate) fn new(mut cache: SeriesCache, state: &TargetState, job: &Job) -> Self {
        cache.forget_texts();
        Self { cache, samples: Samples::default(), series: Arc::new(ReportSeries::new(&state.target.labels, job.extra_metrics)) }
    }
}

/// What a loop leaves when it is stopped.
pub(crate) struct Remains {
    pub(crate) memory: Memory,
    /// Whether it ever wrote something that may have to be marked stale.
    pub(crate) has_scraped: bool,
}

impl Loop {
    /// Scrapes until stopped. A scrape under way is given up, a write under way is finished.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Remains {
        let clock = Arc::clone(&self.shared.clock);
        let (interval, offset) = (self.state.target.interval, self.state.target.offset());
        let mut due_ms = clock.now_ms() + self.first_after.as_millis() as i64;
        let mut has_scraped = false;
        loop {
            let wait = Duration::from_millis((due_ms - clock.now_ms()).clamp(0, 2 * interval.as_millis() as i64) as u64);
            tokio::select! {
                biased;
                _ = &mut stop => break,
                () = clock.sleep(wait) => {}
            }
            let at_ms = schedule::timestamp_ms(due_ms, clock.now_ms(), interval);
            let started = clock.monotonic();
            let fetched = tokio::select! {
                biased;
                _ = &mut stop => break,
                fetched = self.fetch() => fetched,
            };
            self = self.store(at_ms, started, fetched).await;
            has_scraped = true;
            due_ms = schedule::next_ms(at_ms, interval, offset);
            let now_ms = clock.now_ms();
            if now_ms > due_ms && now_ms - due_ms < 10 * interval.as_millis() as i64 {
                self.shared.metrics.missed.inc();
            }
            if now_ms > due_ms || due_ms - now_ms > interval.as_millis() as i64 {
                due_ms = schedule::next_ms(now_ms, interval, offset);
            }
        }
        Remains { memory: self.memory, has_scraped }
    }

    async fn fetch(&self) -> Result<Body, String> {
        if let Some(reason) = self.state.held_back.lock().clone() {
            return Err(reason);
        }
        let target = &self.state.target;
        tokio::select! {
            fetched = fetch(&self.client, target, &self.job.fetch, &self.shared.bodies) => fetched,
            () = self.shared.clock.sleep(target.timeout) => {
                Err(format!("no complete answer within the scrape timeout of {}", phoenix_model::format_duration(target.timeout)))
            }
        }
    }

    /// Takes the samples from the body and writes them, on a thread that may block.
    async fn store(self, at_ms: i64, started: Duration, fetched: Result<Body, String>) -> Self {
        let fresh = self.afresh();
        let blocking = tokio::task::spawn_blocking(move || {
            let mut this = self;
            let (report, error) = this.take_samples(at_ms, started, fetched);
            let written = this.shared.engine.write(this.memory.samples.batch());
            (this, report, error, written)
        });
        let Ok((mut this, report, error, mut written)) = blocking.await else { return fresh.after_panic() };
        for pause in RETRY_PAUSES {
            let Err(WriteError::DiskFull(_) | WriteError::Busy(_)) = &written else { break };
            this.shared.metrics.write_retries.inc();
            this.shared.clock.sleep(pause).await;
            let again = tokio::task::spawn_blocking(move || {
                let mut this = this;
                let written = this.shared.engine.write(this.memory.samples.batch());
                (this, written)
            });
            let Ok((again, outcome)) = again.await else { return fresh.after_panic() };
            (this, written) = (again, outcome);
        }
        this.note(at_ms, &report, error, written);
        this
    }

    /// The same loop that remembers nothing.
    fn afresh(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            job: Arc::clone(&self.job),
            client: Arc::clone(&self.client),
            state: Arc::clone(&self.state),
            first_after: Duration::ZERO,
            memory: Memory::new(SeriesCache::default(), &self.state, &self.job),
        }
    }

    /// A panic while taking or writing samples is a bug in Phoenix. It costs this scrape and what was
    /// remembered of the target, but not the target.
    fn after_panic(self) -> Self {
        tracing::error!(job = self.state.job, url = %self.state.target.url, "taking the samples of a scrape panicked: this is a bug in Phoenix");
        self.shared.metrics.write_failures.inc();
        self.state.last.lock().write_error = Some("the samples of this scrape are lost by a bug in Phoenix; see its log".to_owned());
        self
    }

    fn take_samples(&mut self, at_ms: i64, started: Duration, fetched: Result<Body, String>) -> (Report, Option<String>) {
        let Self { memory: Memory { cache, samples, series }, state, job, shared, .. } = self;
        let (counts, body_bytes, result) = match fetched {
            Ok(body) => {
                let families = &mut state.families.lock();
                let into = Into { now_ms: at_ms, target_labels: &state.target.labels, rules: &job.samples };
                let (counts, result) = append(&body.bytes, body.format, into, cache, families, samples);
                (counts, body.bytes.len() as u64, result)
            }
            Err(reason) => {
                append_nothing(at_ms, cache, samples);
                (Counts::default(), 0, Err(reason))
            }
        };
        let duration = shared.clock.monotonic().saturating_sub(started);
        let report = Report { is_up: result.is_ok(), duration, counts, body_bytes };
        series.push(&report, state.target.timeout, job, at_ms, samples);
        (report, result.err())
    }

    fn note(&self, at_ms: i64, report: &Report, error: Option<String>, written: Result<WriteOutcome, WriteError>) {
        let metrics = &self.shared.metrics;
        metrics.scrapes.inc();
        metrics.failures.inc_by(u64::from(error.is_some()));
        metrics.duplicates.inc_by(report.counts.duplicates);
        metrics.exemplars.inc_by(report.counts.exemplars);
        let write_error = match written {
            Ok(outcome) => {
                metrics.samples.inc_by(outcome.stored);
                metrics.samples_out_of_bounds.inc_by(outcome.out_of_bounds);
                metrics.samples_over_series_limit.inc_by(outcome.over_series_limit);
                (outcome.over_series_limit > 0)
                    .then(|| format!("{} samples were left out: the store has as many series as it may", outcome.over_series_limit))
            }
            Err(e) => {
                metrics.write_failures.inc();
                Some(format!("the samples of this scrape are lost: {e}"))
            }
        };
        let target = &self.state.target;
        let mut last = self.state.last.lock();
        // Told once when it changes, not with every scrape.
        if let Some(reason) = &write_error
            && last.write_error.is_none()
        {
            tracing::error!(job = self.state.job, url = %target.url, "scraped, but {reason}");
        }
        match &error {
            Some(reason) if last.error != *reason => tracing::warn!(job = self.state.job, url = %target.url, "scrape failed: {reason}"),
            None if last.health == Health::Down => tracing::info!(job = self.state.job, url = %target.url, "the target answers again"),
            _ => {}
        }
        last.health = if error.is_none() { Health::Up } else { Health::Down };
        last.error = error.unwrap_or_default();
        last.at_ms = Some(at_ms);
        last.duration = report.duration;
        last.samples = report.counts.scraped;
        last.write_error = write_error;
    }
}

/// Marks stale what a loop left, when its target is gone.
pub(crate) async fn end_of_run(shared: &Shared, mut memory: Memory, at_ms: i64) {
    let engine = Arc::clone(&shared.engine);
    let written = tokio::task::spawn_blocking(move || {
        append_nothing(at_ms, &mut memory.cache, &mut memory.samples);
        memory.series.push_stale(at_ms, &mut memory.samples);
        engine.write(memory.samples.batch())
    });
    let failure = match written.await {
        Ok(Ok(_)) => return,
        Ok(Err(e)) => e.to_string(),
        Err(e) => e.to_string(),
    };
    shared.metrics.write_failures.inc();
    tracing::error!("cannot mark the series of a target that is gone as stale: {failure}");
}
