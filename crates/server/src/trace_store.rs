//! The store of traces, what stands before it, and the metrics that are made of spans.

use crate::config::TraceSettings;
use crate::current::Current;
use crate::object_store;
use crate::shutdown::Shutdown;
use crate::start::{StartError, TraceParts};
use phoenix_engine::{EmbeddedTraces, MetricsEngine, TracesEngine};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_ingest::push::PushLimits;
use phoenix_ingest::traces::{BufferLimits, MetricsGenerator, SamplingBuffer, SpanSink, TraceReceiver};
use phoenix_lake::{LakeOptions, Retention, TraceLake};
use phoenix_sampling::{Rules, Sampler, SamplingRules, Settings as SamplingSettings, Strategy};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::runtime::Handle;

/// The most threads that read for one query.
const MAX_THREADS: usize = 4;

/// Opens the store with its engine and its receiver. Traces that wait for sampling may have `memory` bytes.
pub(crate) fn open(
    current: &Current,
    metrics: &Arc<dyn MetricsEngine>,
    memory: u64,
    clock: &SharedClock,
    disk: &SharedDisk,
    registry: &mut Registry,
) -> Result<TraceParts, StartError> {
    let settings = &current.settings;
    let dir = settings.data_dir.join("traces");
    let (objects, prefix) = object_store::open(&settings.storage, "traces", disk)?;
    let defaults = LakeOptions::traces(dir.clone());
    let options = LakeOptions {
        prefix,
        memtable_bytes: settings.traces.memtable_bytes.unwrap_or(defaults.memtable_bytes),
        retention: retention(&settings.traces),
        ..defaults
    };
    let memtable_bytes = usize::try_from(options.memtable_bytes).unwrap_or(usize::MAX);
    let store =
        TraceLake::open(options, Arc::clone(disk), objects, clock.clone(), registry).map_err(|e| object_store::cannot_open("traces", e))?;
    let store = Arc::new(store);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_THREADS));
    let engine: Arc<dyn TracesEngine> = Arc::new(EmbeddedTraces::new(Arc::clone(&store), threads));
    let generator = MetricsGenerator::new(Arc::clone(metrics), clock.clone(), settings.traces.metrics.clone(), registry);
    let defaults = BufferLimits::default();
    let limits = BufferLimits {
        memory_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
        write_bytes: defaults.write_bytes.min(memtable_bytes / 4),
        ..defaults
    };
    // Also without sampling: traces may have been waiting when it was turned off.
    let buffer = SamplingBuffer::open(
        Arc::clone(&engine),
        sampler(current.sampling.as_ref()),
        Arc::clone(disk),
        clock.clone(),
        &dir.join("waiting"),
        limits,
        registry,
    )
    .map_err(|e| StartError::new("cannot open the journal of traces that wait for sampling", e))?;
    let (buffer, generator) = (Arc::new(buffer), Arc::new(generator));
    let push = PushLimits { uncompressed_bytes: settings.limits.body_size_bytes, ..PushLimits::default() };
    let sink = sink(current, &engine, &buffer);
    let receiver = TraceReceiver::new(sink, Some(Arc::clone(&generator)), clock.clone(), push, settings.traces.limits, registry);
    Ok(TraceParts { store, engine, receiver: Arc::new(receiver), buffer, generator })
}

/// How long spans are kept, as the configuration says.
pub(crate) fn retention(traces: &TraceSettings) -> Retention {
    Retention { default: traces.retention, max_bytes: traces.retention_size_bytes, ..Retention::default() }
}

/// Puts another configuration in force in the place of `before`.
pub(crate) fn apply(parts: &TraceParts, before: &Current, current: &Current) {
    parts.store.set_retention(retention(&current.settings.traces));
    parts.receiver.set_limits(current.settings.traces.limits);
    parts.generator.set_config(current.settings.traces.metrics.clone());
    let text = |of: &Current| of.loaded.sampling.as_ref().map(|file| file.source.text.clone());
    // Rates that follow the traffic go on where nothing changed.
    if text(before) != text(current) {
        parts.buffer.set_sampler(sampler(current.sampling.as_ref()));
    }
    parts.receiver.set_sink(sink(current, &parts.engine, &parts.buffer));
}

/// Without rules everything is kept.
fn sampler(rules: Option<&Rules>) -> Sampler {
    let everything = || Rules {
        strategy: Strategy::Rules(SamplingRules { rules: Vec::new(), default_sample_rate: 1.0, adaptive: None }),
        settings: SamplingSettings::default(),
    };
    Sampler::new(rules.cloned().unwrap_or_else(everything))
}

fn sink(current: &Current, engine: &Arc<dyn TracesEngine>, buffer: &Arc<SamplingBuffer>) -> SpanSink {
    match current.sampling {
        Some(_) => SpanSink::Sampled(Arc::clone(buffer)),
        None => SpanSink::Store(Arc::clone(engine)),
    }
}

/// Starts the thread that flushes, merges and drops.
pub(crate) fn maintain(store: &Arc<TraceLake>, shutdown: &Shutdown) -> Result<std::thread::JoinHandle<()>, StartError> {
    let (waiting, working) = (Arc::clone(store), Arc::clone(store));
    object_store::maintain("traces", move |longest| waiting.wait_for_work(longest), move || working.maintain(), shutdown)
}

/// Starts the thread that decides on traces that wait, and writes the metrics of spans. It ends when `shutdown` has begun.
pub(crate) fn decide(
    parts: &TraceParts,
    clock: &SharedClock,
    runtime: &Handle,
    shutdown: &Shutdown,
) -> Result<std::thread::JoinHandle<()>, StartError> {
    let (parts, clock, runtime, shutdown) = (parts.clone(), clock.clone(), runtime.clone(), shutdown.clone());
    std::thread::Builder::new()
        .name("phoenix-spans".to_owned())
        .spawn(move || {
            while !shutdown.has_begun() {
                let next = parts.buffer.tick().min(parts.generator.tick());
                runtime.block_on(async {
                    tokio::select! {
                        () = clock.sleep(next) => {}
                        () = shutdown.wait() => {}
                    }
                });
            }
        })
        .map_err(|e| StartError::new("cannot start the thread of traces that wait", e))
}

/// Ends the work on traces: those that wait do so until the next start.
pub(crate) fn close(parts: &TraceParts) {
    parts.buffer.close();
    if let Err(error) = parts.generator.collect() {
        tracing::warn!(%error, "the last metrics of spans could not be written");
    }
    if let Err(error) = parts.store.close() {
        tracing::error!(%error, "the store of traces could not be closed cleanly; its log will be replayed");
    }
}
