//! Putting a configuration in force, at start and when it is loaded again.

use crate::config::Overrides;
use crate::current::Current;
use crate::events::{Event, Events};
use crate::start::Parts;
use parking_lot::{Mutex, RwLock};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_rules::Options;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;

/// How the last attempt to load went.
#[derive(Debug, Clone)]
pub struct LastLoad {
    /// Whether it succeeded.
    pub ok: bool,
    /// When the configuration in force was loaded.
    pub loaded_at_ms: i64,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// Holds the configuration in force and replaces it whole or not at all.
pub struct Reloader {
    path: Option<PathBuf>,
    overrides: Overrides,
    current: RwLock<Arc<Current>>,
    last: Mutex<LastLoad>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
    parts: Parts,
    clock: SharedClock,
    disk: SharedDisk,
    events: Events,
    successful: Gauge,
}

impl Reloader {
    #[expect(clippy::too_many_arguments, reason = "called once, by the wiring")]
    pub(crate) fn new(
        path: Option<PathBuf>,
        overrides: Overrides,
        current: Current,
        parts: Parts,
        clock: SharedClock,
        disk: SharedDisk,
        events: Events,
        registry: &mut Registry,
    ) -> Self {
        let successful = Gauge::default();
        successful.set(1);
        registry.register("prometheus_config_last_reload_successful", "Whether the last reload succeeded", successful.clone());
        let last = LastLoad { ok: true, loaded_at_ms: clock.now_ms(), error: None };
        Self {
            path,
            overrides,
            current: RwLock::new(Arc::new(current)),
            last: Mutex::new(last),
            reloading: tokio::sync::Mutex::default(),
            parts,
            clock,
            disk,
            events,
            successful,
        }
    }

    /// The configuration in force.
    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read())
    }

    /// How the last attempt to load went.
    pub fn last(&self) -> LastLoad {
        self.last.lock().clone()
    }

    /// Puts the configuration that was read at start in force.
    pub(crate) fn put_in_force(&self) -> Result<(), String> {
        let current = self.current();
        self.parts.alert_relabelling.set(current.prometheus.alert_relabel_configs.clone());
        self.parts.scraper.apply(current.scrape_configs()).map_err(|e| e.to_string())?;
        self.parts.rules.load(current.rule_groups.clone(), rule_options(&current));
        Ok(())
    }

    /// Reads everything anew. A configuration that can't be used leaves the old one running.
    pub async fn reload(&self) -> Result<(), Vec<Diagnostic>> {
        let _one_at_a_time = self.reloading.lock().await;
        let result = self.try_reload().await;
        let mut last = self.last.lock();
        last.ok = result.is_ok();
        self.successful.set(i64::from(last.ok));
        match &result {
            Ok(()) => {
                last.loaded_at_ms = self.clock.now_ms();
                last.error = None;
                tracing::info!("the configuration was loaded again");
            }
            Err(diagnostics) => {
                self.parts.alerting.reload_failed();
                last.error = diagnostics.first().map(ToString::to_string);
                tracing::error!("the new configuration can't be used; the old one goes on");
            }
        }
        self.events.publish(Event::Config);
        result
    }

    async fn try_reload(&self) -> Result<(), Vec<Diagnostic>> {
        let mut new = Current::read(self.path.as_deref(), &self.overrides, &self.disk)?;
        self.warn_of_what_needs_a_restart(&mut new);
        let bare = |e: String| vec![Diagnostic::bare_error(e)];
        let old = self.current();
        // What can fail comes first; when a later part fails, the earlier ones get the old config back.
        self.parts.alerting.apply_config(new.alerting.clone()).map_err(|e| bare(e.to_string()))?;
        let on_call = new.on_call.clone().unwrap_or_default();
        let applied = match self.parts.incidents.set_config(on_call).await {
            Ok(()) => self.parts.scraper.apply(new.scrape_configs()).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        if let Err(error) = applied {
            let restored = self.parts.alerting.apply_config(old.alerting.clone()).map_err(|e| e.to_string());
            let on_call = old.on_call.clone().unwrap_or_default();
            let restored = restored.and(self.parts.incidents.set_config(on_call).await.map_err(|e| e.to_string()));
            if let Err(error) = restored {
                tracing::error!(error, "the old configuration could not be put back whole");
            }
            return Err(bare(error));
        }
        self.parts.alert_relabelling.set(new.prometheus.alert_relabel_configs.clone());
        self.parts.rules.load(new.rule_groups.clone(), rule_options(&new));
        let logs = &self.parts.logs;
        logs.receiver.set_limits(new.settings.logs.limits.clone());
        logs.store.set_retention(crate::log_store::retention(&new.settings.logs));
        if let Err(error) = logs.collection.apply(new.collection.clone()).await {
            tracing::error!(%error, "not all logs are collected");
            new.warnings.push(Diagnostic::bare_error(format!("not all logs are collected: {error}")));
        }
        self.parts.dashboards.set_sources(new.dashboards());
        let before = Arc::clone(&self.current.read());
        crate::trace_store::apply(&self.parts.traces, &before, &new);
        *self.current.write() = Arc::new(new);
        Ok(())
    }

    /// Some settings are taken at start only: say so instead of ignoring a change in silence.
    fn warn_of_what_needs_a_restart(&self, new: &mut Current) {
        let old = self.current();
        let mut fixed = Vec::new();
        if new.settings.listen != old.settings.listen {
            fixed.push("listen");
        }
        if new.settings.data_dir != old.settings.data_dir {
            fixed.push("data_dir");
        }
        if new.settings.limits != old.settings.limits {
            fixed.push("limits");
        }
        if new.settings.external_url != old.settings.external_url {
            fixed.push("external_url");
        }
        if new.retention() != old.retention() || new.loaded.retention_size_bytes() != old.loaded.retention_size_bytes() {
            fixed.push("retention");
        }
        if new.settings.otlp != old.settings.otlp {
            fixed.push("otlp");
        }
        if new.settings.storage != old.settings.storage {
            fixed.push("storage");
        }
        if new.settings.logs.memtable_bytes != old.settings.logs.memtable_bytes {
            fixed.push("logs.memtable");
        }
        let source = new.loaded.files.first().map_or_else(|| Source::new("configuration", ""), |file| file.source.clone());
        for name in fixed {
            let message = format!("the change of `{name}` acts after a restart");
            tracing::warn!("{message}");
            new.warnings.push(Diagnostic::warning(&source, Span::default(), message));
        }
    }
}

/// What holds for all rules.
pub(crate) fn rule_options(current: &Current) -> Options {
    let global = &current.prometheus.global;
    Options {
        external_url: current.settings.external_url.to_string().trim_end_matches('/').to_owned(),
        external_labels: global.external_labels.clone(),
        interval: global.evaluation_interval,
        query_offset: global.rule_query_offset,
        query_timeout: current.settings.limits.query_timeout,
        ..Options::default()
    }
}
