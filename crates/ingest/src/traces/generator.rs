//! Metrics made of spans, as Tempo's metrics generator makes them.
//!
//! They are made of all spans that come in, before any is dropped by sampling; a span that was sampled
//! before it came counts as many times as its `tracestate` says. Counters begin at zero, at the time of
//! the collection before, so that an increase shows from the first span on.

mod config;
mod graph;
mod series;
mod spans;
mod values;

pub use config::{GeneratorConfig, GraphConfig, SpanMetricsConfig};

use graph::ServiceGraph;
use parking_lot::Mutex;
use phoenix_engine::{MetricsEngine, WriteError};
use phoenix_env::SharedClock;
use phoenix_model::traces::{TraceWrite, sampling_weight};
use phoenix_model::{Labels, WriteBatch, stale_nan};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use series::{Collection, Now, SeriesCount};
use spans::{Seen, Service, SpanMetrics};
use std::sync::Arc;
use std::time::Duration;

/// What a collection wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generated {
    /// Series.
    pub series: usize,
    /// Series that ended.
    pub ended: usize,
}

/// Makes metrics of spans. Calls of [`MetricsGenerator::tick`] block on the store of metrics.
pub struct MetricsGenerator {
    engine: Arc<dyn MetricsEngine>,
    clock: SharedClock,
    state: Mutex<State>,
    spans: Counter,
    overflowed: Counter,
    unpaired: Counter,
    dropped: Counter,
    failures: Counter,
    active_series: Gauge,
}

struct State {
    config: GeneratorConfig,
    span_metrics: Option<SpanMetrics>,
    service_graphs: Option<ServiceGraph>,
    count: SeriesCount,
    /// The number of the next collection, and of the last one that was written.
    collection: u64,
    written: u64,
    /// Series that ended and whose end is not written yet.
    ended: Vec<Labels>,
    /// Milliseconds since the Unix epoch of the collection before.
    last_wall_ms: Option<i64>,
    /// When the next collection is due, by the monotonic clock.
    due: Duration,
}

impl State {
    fn new(config: GeneratorConfig, now: Duration) -> Self {
        Self {
            span_metrics: config.span_metrics.clone().map(SpanMetrics::new),
            service_graphs: config.service_graphs.clone().map(ServiceGraph::new),
            count: SeriesCount { most: config.max_active_series, ..SeriesCount::default() },
            collection: 1,
            written: 0,
            ended: Vec::new(),
            last_wall_ms: None,
            due: now + config.collection_interval,
            config,
        }
    }
}

impl State {
    fn observe(&mut self, write: &TraceWrite, sizes: &[u32], monotonic_ms: i64, wall_ms: i64) {
        let services: Vec<Service<'_>> = (0..write.resource_count()).map(|number| Service::new(write.resource(number))).collect();
        let Self { config, span_metrics, service_graphs, count, collection, .. } = self;
        let now = Now { monotonic_ms, wall_ms, collection: *collection };
        let external = &config.external_labels;
        if let Some(span_metrics) = span_metrics {
            span_metrics.observe_targets(&services, now, count, external);
        }
        for (number, span) in write.spans().enumerate() {
            let weight = if span.trace_state.is_empty() { 1.0 } else { sampling_weight(span.trace_state) };
            let service = &services[span.resource];
            let seen = Seen { span, size_bytes: sizes.get(number).copied().unwrap_or(0), weight };
            if let Some(span_metrics) = span_metrics {
                span_metrics.observe(&seen, service, now, count, external);
            }
            if let Some(service_graphs) = service_graphs {
                service_graphs.observe(&seen, service, now, count, external);
            }
        }
    }
}

/// What a generator does with spans, without a store behind it.
pub(super) struct Measuring(State);

impl Default for Measuring {
    fn default() -> Self {
        Self(State::new(GeneratorConfig::default(), Duration::ZERO))
    }
}

impl Measuring {
    pub(super) fn observe(&mut self, write: &TraceWrite, sizes: &[u32]) {
        self.0.observe(write, sizes, 0, 0);
    }
}

impl MetricsGenerator {
    /// A generator that writes into a store. What it tells of itself goes to `registry`.
    pub fn new(engine: Arc<dyn MetricsEngine>, clock: SharedClock, config: GeneratorConfig, registry: &mut Registry) -> Self {
        let generator = Self {
            state: Mutex::new(State::new(config, clock.monotonic())),
            engine,
            clock,
            spans: Counter::default(),
            overflowed: Counter::default(),
            unpaired: Counter::default(),
            dropped: Counter::default(),
            failures: Counter::default(),
            active_series: Gauge::default(),
        };
        registry.register("phoenix_traces_generator_spans", "Spans of which metrics were made.", generator.spans.clone());
        registry.register(
            "phoenix_traces_generator_overflowed_spans",
            "Spans counted with `metric_overflow` since there are as many series as there may be.",
            generator.overflowed.clone(),
        );
        registry.register(
            "phoenix_traces_generator_unpaired_spans",
            "Spans of clients and servers whose other side did not come in time.",
            generator.unpaired.clone(),
        );
        registry.register(
            "phoenix_traces_generator_dropped_spans",
            "Spans left out of service graphs since as many wait for their other side as may.",
            generator.dropped.clone(),
        );
        registry.register(
            "phoenix_traces_generator_write_failures",
            "Collections that the store of metrics did not take; the next one tells the same and more.",
            generator.failures.clone(),
        );
        registry.register("phoenix_traces_generator_active_series", "Series made of spans.", generator.active_series.clone());
        generator
    }

    /// Looks at spans that were taken in. `sizes` are the bytes of each as it came.
    pub fn observe(&self, write: &TraceWrite, sizes: &[u32]) {
        let mut state = self.state.lock();
        let before = state.count.overflowed;
        state.observe(write, sizes, self.clock.monotonic().as_millis() as i64, self.clock.now_ms());
        self.spans.inc_by(write.len() as u64);
        self.overflowed.inc_by(state.count.overflowed - before);
        self.tell(&mut state);
    }

    /// Writes the metrics when that is due. Returns how long until the next call is due.
    pub fn tick(&self) -> Duration {
        let now = self.clock.monotonic();
        let due = self.state.lock().due;
        if now >= due {
            if let Err(error) = self.collect() {
                self.failures.inc();
                tracing::debug!(%error, "metrics of spans could not be written");
            }
            let mut state = self.state.lock();
            let interval = state.config.collection_interval;
            state.due = now + interval;
            return interval;
        }
        due.saturating_sub(now)
    }

    /// Writes the metrics now.
    pub fn collect(&self) -> Result<Generated, WriteError> {
        let mut batch = WriteBatch::default();
        let wall_ms = self.clock.now_ms();
        let (this, ended) = {
            let mut state = self.state.lock();
            let monotonic = self.clock.monotonic();
            let State { config, span_metrics, service_graphs, count, collection, written, ended, last_wall_ms, .. } = &mut *state;
            let this = *collection;
            let now = Now { monotonic_ms: monotonic.as_millis() as i64, wall_ms, collection: this };
            let stale_ms = now.monotonic_ms - config.stale_duration.as_millis() as i64;
            let interval_ms = config.collection_interval.as_millis() as i64;
            // Wall time may have been set back.
            let zero_ms = last_wall_ms.filter(|last| *last < wall_ms).unwrap_or(wall_ms - interval_ms.max(1));
            let times = Collection { now_ms: wall_ms, zero_ms, written: *written, stale_ms };
            let before = count.overflowed;
            if let Some(graph) = service_graphs.as_mut() {
                graph.expire(now, count, &config.external_labels);
            }
            self.overflowed.inc_by(count.overflowed - before);
            let tables = span_metrics.iter_mut().flat_map(|metrics| [&mut metrics.spans, &mut metrics.targets]);
            for table in tables.chain(service_graphs.iter_mut().map(|graph| &mut graph.edges)) {
                table.collect(times, count, &mut batch, ended);
            }
            *collection += 1;
            *last_wall_ms = Some(wall_ms);
            batch.series.extend(ended.iter().map(|labels| (labels.clone(), vec![(wall_ms, stale_nan())])));
            self.tell(&mut state);
            (this, state.ended.len())
        };
        let generated = Generated { series: batch.series.len() - ended, ended };
        if !batch.series.is_empty() {
            let outcome = self.engine.write(&batch);
            if let Err(error) = outcome {
                // Ends that are not told are told with the next, unless there are too many.
                let mut state = self.state.lock();
                let most = state.count.most;
                state.ended.truncate(most);
                return Err(error);
            }
        }
        let mut state = self.state.lock();
        state.written = this;
        state.ended.drain(..ended);
        Ok(generated)
    }

    /// Puts other settings in the place of those that hold. Series end, and what is made from now on begins
    /// at zero.
    pub fn set_config(&self, config: GeneratorConfig) {
        let mut state = self.state.lock();
        if state.config == config {
            return;
        }
        let mut ended = std::mem::take(&mut state.ended);
        let mut nothing = WriteBatch::default();
        let all = Collection { now_ms: 0, zero_ms: 0, written: 0, stale_ms: i64::MAX };
        let State { span_metrics, service_graphs, count, .. } = &mut *state;
        let tables = span_metrics.iter_mut().flat_map(|metrics| [&mut metrics.spans, &mut metrics.targets]);
        for table in tables.chain(service_graphs.iter_mut().map(|graph| &mut graph.edges)) {
            table.collect(all, count, &mut nothing, &mut ended);
        }
        let (collection, last_wall_ms, written) = (state.collection, state.last_wall_ms, state.written);
        *state = State { collection, written, ended, last_wall_ms, ..State::new(config, self.clock.monotonic()) };
    }

    fn tell(&self, state: &mut State) {
        self.active_series.set(state.count.used as i64);
        if let Some(graph) = &mut state.service_graphs {
            self.unpaired.inc_by(std::mem::take(&mut graph.unpaired));
            self.dropped.inc_by(std::mem::take(&mut graph.dropped));
        }
    }
}

#[cfg(test)]
mod tests;
