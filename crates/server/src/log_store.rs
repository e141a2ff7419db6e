//! The store of logs: opened where the configuration says, kept by a thread of its own.

use crate::collection::{Collection, Gate};
use crate::config::{LogSettings, Settings, Storage};
use crate::shutdown::Shutdown;
use crate::start::{LogParts, StartError};
use phoenix_engine::{EmbeddedLogs, LogsEngine, MetricsEngine};
use phoenix_env::objects::{FolderObjects, SharedObjects};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_ingest::collect::{CollectMetrics, Doors};
use phoenix_ingest::otlp::OtlpReceiver;
use phoenix_ingest::push::{LogReceiver, PushLimits};
use phoenix_lake::{Lake, LakeError, LakeOptions, Retention, StreamRetention};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How often the store is asked whether there is work, when it does not call by itself.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

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
    let (objects, prefix) = match &settings.storage {
        Storage::Folder(folder) => {
            let opened = FolderObjects::open(Arc::clone(disk), folder.join("logs"))
                .map_err(|e| StartError::new(format!("cannot use the folder of logs {}", folder.join("logs").display()), e))?;
            (Arc::new(opened) as SharedObjects, "segments")
        }
        Storage::Bucket(url) => {
            let opened = phoenix_objects::open(url, std::env::vars()).map_err(|e| {
                StartError::new("cannot use the bucket of `storage.url`", e)
                    .hint("check the address and the credentials in the environment")
            })?;
            (opened, "logs")
        }
    };
    let defaults = LakeOptions::new(dir);
    let options = LakeOptions {
        prefix: prefix.to_owned(),
        memtable_bytes: settings.logs.memtable_bytes.unwrap_or(defaults.memtable_bytes),
        retention: retention(&settings.logs),
        ..defaults
    };
    let store = Lake::open(options, Arc::clone(disk), objects, clock.clone(), registry).map_err(|e| {
        let hint = match &e {
            LakeError::DiskFull(_) => Some("make room on the disk of the data folder"),
            LakeError::Storage(_) => Some("check that the data folder, or the bucket, can be written"),
            _ => None,
        };
        StartError { hint: hint.map(str::to_owned), ..StartError::new("cannot open the store of logs", e) }
    })?;
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

/// Starts the thread that flushes, merges and drops. It ends once the store is closed or `shutdown` has begun.
pub(crate) fn maintain(store: &Arc<Lake>, shutdown: &Shutdown) -> Result<std::thread::JoinHandle<()>, StartError> {
    let (store, shutdown) = (Arc::clone(store), shutdown.clone());
    std::thread::Builder::new()
        .name("phoenix-logs".to_owned())
        .spawn(move || {
            while store.wait_for_work(UPKEEP_INTERVAL) && !shutdown.has_begun() {
                loop {
                    match store.maintain() {
                        Ok(more) if more && !shutdown.has_begun() => {}
                        Ok(_) | Err(LakeError::Closed) => break,
                        Err(error) => {
                            tracing::error!(%error, "the store of logs could not do its work on disk; it is tried again");
                            break;
                        }
                    }
                }
            }
        })
        .map_err(|e| StartError::new("cannot start the thread of the store of logs", e))
}
