//! The configuration: `phoenix.yaml`, or a Prometheus config alone, with all files that they name.
//!
//! [`load`] reads everything before anything is put into force, so that a reload either has a whole
//! new configuration or a list of what is wrong, each entry with file, line and column. What stands
//! in rule files, Alertmanager's config and the on-call file is handed on as text to the rooms that
//! know those formats.

mod dashboards;
mod files;
mod limits;
mod logs;
mod otlp;
mod settings;
mod storage;
mod traces;

pub use dashboards::{DashboardFile, DashboardPattern, FoundDashboards};
pub(crate) use files::is_secret;
pub use files::{FileRole, LoadedFile};
pub use limits::Limits;
pub use logs::{LogSettings, StreamRetention};
pub use otlp::{OtlpListener, OtlpSettings};
pub use settings::{NOT_ACTING, Overrides, Settings, check_listen, documented_keys};
pub use storage::Storage;
pub use traces::TraceSettings;

use files::Reader;
use phoenix_env::Disk;
use phoenix_ingest::config::{self as prometheus, PrometheusConfig, ScrapeConfig};
use phoenix_model::{Diagnostic, Severity, Source};
use phoenix_yaml::Spanned;
use std::path::{Path, PathBuf};

/// A whole configuration, read and checked.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What `phoenix.yaml` and the command line say, with defaults filled in.
    pub settings: Settings,
    /// The Prometheus config; all defaults when there is none.
    pub prometheus: PrometheusConfig,
    /// All jobs: those of the Prometheus config and of the files in its `scrape_config_files`.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// The rule files, in the order in which they are named, each once.
    pub rule_files: Vec<LoadedFile>,
    /// Alertmanager's config.
    pub alertmanager: Option<LoadedFile>,
    /// The on-call file.
    pub on_call: Option<LoadedFile>,
    /// Modules of probes, in blackbox_exporter's format.
    pub probes: Option<LoadedFile>,
    /// What is collected from files, syslog and the journal, in Promtail's format.
    pub log_collection: Option<LoadedFile>,
    /// Which traces are kept: rules, or policies of the OpenTelemetry collector's tail sampling processor.
    pub sampling: Option<LoadedFile>,
    /// Where dashboards are; `None` when nothing is said of them.
    pub dashboards: Option<Vec<DashboardPattern>>,
    /// What is accepted but worth knowing: keys that don't act yet, globs that match nothing.
    pub warnings: Vec<Diagnostic>,
    /// Every file that was read, the first one first.
    pub files: Vec<LoadedFile>,
}

impl Loaded {
    /// The configuration without any file: all defaults.
    pub fn without_files(overrides: &Overrides) -> Result<Self, Vec<Diagnostic>> {
        let source = Source::new("phoenix.yaml", "");
        let mut diagnostics = Vec::new();
        let settings = settings::read(&source, Path::new(""), overrides, &mut diagnostics);
        let reader = Reader::new();
        finish(settings.map(|(settings, _)| settings), PrometheusConfig::default(), Vec::new(), Named::default(), reader, diagnostics)
    }

    /// The Prometheus config as `/api/v1/status/config` shows it, without secrets; empty when there is none.
    pub fn shown_prometheus_config(&self) -> String {
        self.files.iter().find(|file| file.role == FileRole::Prometheus).map(LoadedFile::shown).unwrap_or_default()
    }

    /// How long samples are kept; `None` keeps everything. `metrics.retention` wins over the Prometheus
    /// config's `storage.tsdb.retention.time`; without either it is 15 days.
    pub fn retention(&self) -> Option<std::time::Duration> {
        match self.settings.retention {
            Some(retention) if retention.is_zero() => None,
            Some(retention) => Some(retention),
            None => Some(self.prometheus.retention_time.unwrap_or(settings::DEFAULT_RETENTION)),
        }
    }

    /// How many bytes of samples are kept; `None` is no limit.
    pub fn retention_size_bytes(&self) -> Option<u64> {
        self.settings.retention_size_bytes.or(self.prometheus.retention_size_bytes)
    }
}

/// Reads a configuration with the process' environment and nothing from the command line.
pub fn load(path: &Path, disk: &dyn Disk) -> Result<Loaded, Vec<Diagnostic>> {
    load_with(path, disk, &Overrides::default(), &|name| std::env::var(name).ok())
}

/// Reads a configuration. The file is a `phoenix.yaml`, or a Prometheus config, recognised by its keys.
pub fn load_with(
    path: &Path,
    disk: &dyn Disk,
    overrides: &Overrides,
    environment: prometheus::Environment<'_>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut reader = Reader::new();
    let mut diagnostics = Vec::new();
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let Some(first) = reader.read_first(path, disk, &mut diagnostics) else { return Err(in_order(diagnostics)) };
    if settings::looks_like_prometheus(&first.source) {
        reader.set_role(0, FileRole::Prometheus);
        let (config, found) = prometheus::parse(&first.source, &folder, environment);
        diagnostics.extend(found);
        let none = Source::new(first.source.name.clone(), "");
        let settings = settings::read(&none, &folder, overrides, &mut diagnostics).map(|(settings, _)| settings);
        return with_prometheus(settings, config, Some(&(first.source, folder)), Named::default(), reader, disk, diagnostics);
    }
    let Some((settings, named)) = settings::read(&first.source, &folder, overrides, &mut diagnostics) else {
        return Err(in_order(diagnostics));
    };
    let main = named
        .prometheus
        .as_ref()
        .and_then(|path| reader.read_named(path, &first.source, &folder, FileRole::Prometheus, disk, &mut diagnostics));
    let (config, place) = match main {
        Some(file) => {
            let folder = file.folder();
            let (config, found) = prometheus::parse(&file.source, &folder, environment);
            diagnostics.extend(found);
            (config, Some((file.source, folder)))
        }
        None => (Some(PrometheusConfig::default()), None),
    };
    let mut found = Named {
        rule_files: reader.read_globs(&named.rules, &first.source, &folder, FileRole::Rules, disk, &mut diagnostics),
        ..Named::default()
    };
    let mut single = |path: &Option<Spanned<String>>, role| {
        path.as_ref().and_then(|path| reader.read_named(path, &first.source, &folder, role, disk, &mut diagnostics))
    };
    found.alertmanager = single(&named.alertmanager, FileRole::Alertmanager);
    found.on_call = single(&named.on_call, FileRole::OnCall);
    found.probes = single(&named.probes, FileRole::Probes);
    found.log_collection = single(&named.log_collection, FileRole::LogCollection);
    found.sampling = single(&named.sampling, FileRole::Sampling);
    found.dashboards = named.dashboards.map(|lines| dashboards::read(&lines, &first.source, &folder, disk, &mut diagnostics));
    with_prometheus(Some(settings), config, place.as_ref(), found, reader, disk, diagnostics)
}

#[derive(Default)]
struct Named {
    rule_files: Vec<LoadedFile>,
    alertmanager: Option<LoadedFile>,
    on_call: Option<LoadedFile>,
    probes: Option<LoadedFile>,
    log_collection: Option<LoadedFile>,
    sampling: Option<LoadedFile>,
    dashboards: Option<Vec<DashboardPattern>>,
}

/// Reads what the Prometheus config names: rule files and further jobs.
fn with_prometheus(
    settings: Option<Settings>,
    config: Option<PrometheusConfig>,
    place: Option<&(Source, PathBuf)>,
    mut named: Named,
    mut reader: Reader,
    disk: &dyn Disk,
    mut diagnostics: Vec<Diagnostic>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let Some(config) = config else { return Err(in_order(diagnostics)) };
    let mut jobs = config.scrape_configs.clone();
    if let Some((source, folder)) = place {
        let mut rules = reader.read_globs(&config.rule_files, source, folder, FileRole::Rules, disk, &mut diagnostics);
        rules.append(&mut named.rule_files);
        named.rule_files = rules;
        for file in reader.read_globs(&config.scrape_config_files, source, folder, FileRole::ScrapeConfigs, disk, &mut diagnostics) {
            let (more, found) = prometheus::parse_scrape_file(&file.source, &file.folder(), &config.global);
            diagnostics.extend(found);
            jobs.extend(more.unwrap_or_default());
        }
        if jobs.len() > config.scrape_configs.len() {
            prometheus::check_job_names(&jobs, &mut diagnostics);
        }
    }
    finish(settings, config, jobs, named, reader, diagnostics)
}

fn finish(
    settings: Option<Settings>,
    prometheus: PrometheusConfig,
    scrape_configs: Vec<ScrapeConfig>,
    named: Named,
    reader: Reader,
    diagnostics: Vec<Diagnostic>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let diagnostics = in_order(diagnostics);
    match settings {
        Some(settings) if diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error) => Ok(Loaded {
            settings,
            prometheus,
            scrape_configs,
            rule_files: named.rule_files,
            alertmanager: named.alertmanager,
            on_call: named.on_call,
            probes: named.probes,
            log_collection: named.log_collection,
            sampling: named.sampling,
            dashboards: named.dashboards,
            warnings: diagnostics,
            files: reader.into_files(),
        }),
        _ => Err(diagnostics),
    }
}

/// Errors first; then file by file as they were read, from top to bottom. Lines are shown without secrets.
fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut masked: Vec<(Source, Source)> = Vec::new();
    for diagnostic in &mut diagnostics {
        let Some(source) = &mut diagnostic.source else { continue };
        let known = masked.iter().position(|(plain, _)| plain == source);
        let index = known.unwrap_or_else(|| {
            masked.push((source.clone(), phoenix_yaml::mask(source, files::is_secret)));
            masked.len() - 1
        });
        *source = masked[index].1.clone();
    }
    let order = |source: &Option<Source>| source.as_ref().and_then(|s| masked.iter().position(|(_, shown)| shown.name == s.name));
    diagnostics.sort_by_key(|diagnostic| (std::cmp::Reverse(diagnostic.severity), order(&diagnostic.source), diagnostic.span.start));
    diagnostics
}
