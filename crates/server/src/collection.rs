//! What Phoenix collects itself: files, syslog and the journal, as `logs.config` says.

use crate::config::{Settings, check_listen};
use phoenix_ingest::collect::{CollectConfig, CollectError, Doors, EntrySink, LogCollector, SinkError, TargetStatus};
use phoenix_ingest::push::LogReceiver;
use phoenix_model::Diagnostic;
use phoenix_model::logs::LogWrite;
use std::sync::Arc;

/// Hands collected entries to the one gate for entries of every origin.
pub(crate) struct Gate(pub(crate) Arc<LogReceiver>);

impl EntrySink for Gate {
    fn accept(&self, write: &LogWrite) -> Result<(), SinkError> {
        self.0.accept(write).map_err(|refusal| match refusal.status {
            // Too many at once, no room, or the store fails: the same entries come again.
            429 | 500.. => SinkError::Busy(refusal.message),
            _ => SinkError::Refused(refusal.message),
        })
    }
}

/// The collector, if the configuration asks for one.
pub(crate) struct Collection {
    doors: Doors,
    running: tokio::sync::Mutex<Option<Arc<LogCollector>>>,
}

impl Collection {
    /// Collects nothing yet.
    pub(crate) fn new(doors: Doors) -> Self {
        Self { doors, running: tokio::sync::Mutex::default() }
    }

    /// Collects what `config` says from now on. Positions are read with the first configuration.
    pub(crate) async fn apply(&self, config: Option<CollectConfig>) -> Result<(), CollectError> {
        let mut running = self.running.lock().await;
        match (running.as_ref(), config) {
            (None, None) => Ok(()),
            (Some(collector), Some(config)) => collector.reload(config).await,
            (None, Some(config)) => {
                let doors = self.doors.clone();
                let started = tokio::task::spawn_blocking(move || LogCollector::start(&config, doors)).await;
                *running = Some(Arc::new(started.map_err(|e| CollectError::Positions(e.to_string()))??));
                Ok(())
            }
            (Some(_), None) => {
                if let Some(collector) = running.take().and_then(Arc::into_inner) {
                    collector.stop().await;
                }
                Ok(())
            }
        }
    }

    /// Ends it and saves how far it came.
    pub(crate) async fn stop(&self) {
        if let Some(collector) = self.running.lock().await.take().and_then(Arc::into_inner) {
            collector.stop().await;
        }
    }

    /// What is collected, job by job.
    pub(crate) async fn targets(&self) -> Vec<TargetStatus> {
        self.running.lock().await.as_ref().map_or_else(Vec::new, |collector| collector.targets())
    }
}

/// Refuses listeners that others than this machine could reach, unless the configuration allows that in words.
pub(crate) fn check_addresses(config: &CollectConfig, settings: &Settings) -> Vec<Diagnostic> {
    let refused = config.listen_addresses().into_iter().filter_map(|listener| {
        let (message, help) = check_listen(listener.address, settings.allow_unauthenticated_remote).err()?;
        Some(Diagnostic::bare_error(format!("job `{}`, syslog: {message}", listener.job)).with_help(help))
    });
    refused.collect()
}
