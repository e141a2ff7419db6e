//! Where queries of people run: bounded in number, memory and time, apart from paging.

use phoenix_engine::{Cancel, Language, MetricsEngine, QueryError, QueryLimits};
use phoenix_env::SharedClock;
use phoenix_model::Budget;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What bounds the queries, from the `limits:` of the configuration.
#[derive(Debug, Clone)]
pub struct QueryPoolLimits {
    /// Queries that run at once; others wait.
    pub concurrency: usize,
    /// Queries that may wait; one more is refused.
    pub waiting: usize,
    /// The longest time for one query, waiting included.
    pub timeout: Duration,
    /// Samples that one query may load.
    pub max_samples: u64,
    /// Memory for one query.
    pub query_bytes: u64,
    /// Memory for all queries together.
    pub total_bytes: u64,
    /// How far back an instant selector looks.
    pub lookback: Duration,
    /// Bytes of log lines that one query may read.
    pub log_bytes: u64,
    /// Series that the answer to one metric query over logs may have.
    pub log_series: usize,
}

/// Runs queries of metrics in a [`QueryPlaces`].
#[derive(Clone)]
pub struct QueryPool {
    engine: Arc<dyn MetricsEngine>,
    places: QueryPlaces,
}

impl QueryPool {
    /// A pool over one engine.
    pub fn new(engine: Arc<dyn MetricsEngine>, places: QueryPlaces) -> Self {
        Self { engine, places }
    }

    /// Where the pool's queries run, for those of other engines.
    pub fn places(&self) -> &QueryPlaces {
        &self.places
    }

    /// Runs `work` with the pool's limits; `timeout` may shorten the pool's own.
    pub async fn run<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        work: impl FnOnce(&dyn MetricsEngine, &QueryLimits) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let place = self.places.enter()?;
        let engine = Arc::clone(&self.engine);
        self.places.run(place, timeout, move |limits| work(engine.as_ref(), limits)).await
    }
}

/// The right to run or to wait.
pub struct Place(#[expect(dead_code, reason = "held to be dropped")] OwnedSemaphorePermit);

/// Where queries of all languages run: on blocking threads of the runtime that they are asked from.
#[derive(Clone)]
pub struct QueryPlaces {
    clock: SharedClock,
    limits: QueryPoolLimits,
    budget: Budget,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    metrics: Metrics,
}

#[derive(Clone, Default)]
struct Metrics {
    queries: Counter,
    refused: Counter,
    timed_out: Counter,
    running: Gauge,
}

/// Ends the query when whoever asked for it has gone away.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl QueryPlaces {
    /// Places with these bounds.
    pub fn new(clock: SharedClock, limits: QueryPoolLimits, registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        let registry = registry.sub_registry_with_prefix("phoenix_queries");
        registry.register("started", "Queries that began to run", metrics.queries.clone());
        registry.register("refused", "Queries refused because too many were waiting", metrics.refused.clone());
        registry.register("timed_out", "Queries ended by limits.query_timeout", metrics.timed_out.clone());
        registry.register("running", "Queries that run now", metrics.running.clone());
        Self {
            clock,
            budget: Budget::new("limits.memory (share of queries)", limits.total_bytes),
            running: Arc::new(Semaphore::new(limits.concurrency.max(1))),
            waiting: Arc::new(Semaphore::new(limits.concurrency.max(1) + limits.waiting)),
            limits,
            metrics,
        }
    }

    /// How many queries run at once.
    pub fn concurrency(&self) -> usize {
        self.limits.concurrency.max(1)
    }

    /// Takes a place, or says that there is none. That error alone means "too many requests".
    pub fn enter(&self) -> Result<Place, QueryError> {
        Arc::clone(&self.waiting).try_acquire_owned().map(Place).map_err(|_| {
            self.metrics.refused.inc();
            QueryError::Limit(format!(
                "limit `limits.query_concurrency` reached: {} queries run and {} wait; try again in a moment",
                self.limits.concurrency, self.limits.waiting
            ))
        })
    }

    /// Runs `work` with the limits of one query; `timeout` may shorten the configured one.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        timeout: Option<Duration>,
        work: impl FnOnce(&QueryLimits) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let _place = place;
        let timeout = timeout.map_or(self.limits.timeout, |t| t.min(self.limits.timeout));
        let cancel = CancelOnDrop(Cancel::default());
        let limits = QueryLimits {
            budget: self.budget.child("limits.query_memory", self.limits.query_bytes),
            max_samples: self.limits.max_samples,
            cancelled: cancel.0.clone(),
            lookback: self.limits.lookback,
            max_log_bytes: self.limits.log_bytes,
            max_log_series: self.limits.log_series,
        };
        let (running, gauge) = (Arc::clone(&self.running), self.metrics.running.clone());
        self.metrics.queries.inc();
        let query = async move {
            let permit = running.acquire_owned().await.map_err(|_| QueryError::Cancelled)?;
            gauge.inc();
            let joined = tokio::task::spawn_blocking(move || {
                // The permit goes with the thread: a query that was given up still occupies its place until it has ended.
                let _permit = permit;
                let answer = work(&limits);
                gauge.dec();
                answer
            });
            joined
                .await
                .map_err(|_| QueryError::Storage("the query ended unexpectedly; this is a bug in Phoenix, see the log".to_owned()))?
        };
        tokio::select! {
            // An answer that is there counts, however late somebody looks.
            biased;
            answer = query => answer,
            () = self.clock.sleep(timeout) => {
                self.metrics.timed_out.inc();
                Err(QueryError::Timeout(timeout))
            }
        }
    }

    /// The language of a request, PromQL when it names none.
    pub fn language(name: Option<&str>) -> Result<Language, QueryError> {
        let name = name.unwrap_or("promql");
        Language::from_name(name)
            .ok_or_else(|| QueryError::Execution(format!("unknown query language `{name}`; one of promql, logql, traceql")))
    }
}
