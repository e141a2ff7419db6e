//! The store of logs: opened where the configuration says, kept by a thread of its own.

use crate::collection::{Collection, Gate};
use crate::config::{LogSettings, Settings};
use crate::object_store;
use crate::shutdown::Shutdown;
use crate::start::{LogParts, StartError};
use phoenix_engine::{EmbeddedLogs, LogsEngine, MetricsEngine};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_ingest::collect::{CollectMetrics, Doors};
use phoenix_ingest::otlp::OtlpReceiver;
use phoenix_ingest::push::{LogReceiver, PushLimits};
use phoenix_lake::{Lake, LakeOptions, Retention, StreamRetention};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Opens the store with its engine and its receivers.
pub(crate) fn open(
    settings: &Settings,
    metrics: &Arc<dyn MetricsEngine>,
    clock: &SharedClock,
    disk: &SharedDisk,
    runtime: &Handle,
    registry: &mut Registry,
) -> Result<LogParts, StartError> {
    let dir = settings.data_dir.join("logs");
    let (objects, prefix) = object_store::open(&settings.storage, "logs", disk)?;
    let defaults = LakeOptions::new(dir);
    let options = LakeOptions {
        prefix,
        memtable_bytes: settings.logs.memtable_bytes.unwrap_or(defaults.memtable_bytes),
        retention: retention(&settings.logs),
        ..defaults
    };
    let store =
        Lake::open(options, Arc::clone(disk), objects, clock.clone(), registry).map_err(|e| object_store::cannot_open("logs", e))?;
    let store = Arc::new(store);
    let engine: Arc<dyn LogsEngine> = Arc::new(EmbeddedLogs::new(Arc::clone(&store), clock.clone()));
    let push = PushLimits { uncompressed_bytes: settings.limits.body_size_bytes, ..PushLimits::default() };
    let receiver = Arc::new(LogReceiver::new(Arc::clone(&engine), clock.clone(), push, settings.logs.limits.clone(), registry));
    let otlp = Arc::new(OtlpReceiver::new(Arc::clone(&receiver), Arc::clone(metrics), clock.clone(), registry));
    let doors = Doors {
        disk: Arc::clone(disk),
        clock: clock.clone(),
        sink: Arc::new(Gate(Arc::clone(&receiver))),
        runtime: runtime.clone(),
        positions: settings.data_dir.join("positions.yaml"),
        metrics: CollectMetrics::new(registry),
    };
    Ok(LogParts { store, engine, receiver, otlp, collection: Arc::new(Collection::new(doors)) })
}

/// How long entries are kept, as the configuration says.
pub(crate) fn retention(logs: &LogSettings) -> Retention {
    let streams = logs.retention_streams.iter().map(|rule| StreamRetention {
        matchers: rule.matchers.clone(),
        period: rule.period.unwrap_or_default(),
        priority: rule.priority,
    });
    Retention { default: logs.retention, streams: streams.collect(), max_bytes: logs.retention_size_bytes }
}

/// Starts the thread that flushes, merges and drops.
pub(crate) fn maintain(store: &Arc<Lake>, shutdown: &Shutdown) -> Result<std::thread::JoinHandle<()>, StartError> {
    let (waiting, working) = (Arc::clone(store), Arc::clone(store));
    object_store::maintain("logs", move |longest| waiting.wait_for_work(longest), move || working.maintain(), shutdown)
}
