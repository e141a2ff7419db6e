//! Prometheus' own configuration file: every key of its documentation is known, and either acts or
//! is accepted with a warning that names it.
//!
//! Reading goes in two steps: serde into what is written (with positions), then [`resolve`] into
//! what is meant: defaults filled in, the global section handed down to the jobs, checks across keys.

mod discovery;
mod expand;
mod global;
mod keys;
mod remote;
mod scrape;

pub use discovery::{DISCOVERIES, FileSdConfig, HttpSdConfig, TargetGroup};
pub use expand::expand;
pub use global::{GlobalConfig, NameEscaping, NameValidation, ScrapeLimits};
pub use keys::{NOT_ACTING, documented_keys, is_secret};
pub use scrape::{Origin, Scheme, ScrapeConfig};

use crate::relabel::RelabelConfig;
use global::RawGlobal;
use phoenix_model::{Diagnostic, Severity, Source};
use phoenix_yaml::{Bytes, Duration, Spanned};
use scrape::RawScrapeConfig;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;

/// Looks up a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A `prometheus.yml`, with defaults filled in.
#[derive(Debug, Clone, Default)]
pub struct PrometheusConfig {
    /// What holds for all jobs and rules.
    pub global: GlobalConfig,
    /// Globs of files with rules, as written; relative to the file.
    pub rule_files: Vec<Spanned<String>>,
    /// Globs of files with further jobs, as written; relative to the file.
    pub scrape_config_files: Vec<Spanned<String>>,
    /// The jobs, those of `scrape_config_files` not among them.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// Applied to alerts before they are routed.
    pub alert_relabel_configs: Vec<RelabelConfig>,
    /// How long samples are kept, when the file says so.
    pub retention_time: Option<std::time::Duration>,
    /// How many exemplars are kept, when the file says so; none with 0.
    pub max_exemplars: Option<usize>,
    /// How many bytes of samples are kept, when the file says so.
    pub retention_size_bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    global: RawGlobal,
    runtime: remote::Runtime,
    rule_files: Vec<Spanned<String>>,
    scrape_config_files: Vec<Spanned<String>>,
    scrape_configs: Vec<RawScrapeConfig>,
    alerting: remote::Alerting,
    remote_write: Vec<remote::RemoteWrite>,
    remote_read: Vec<remote::RemoteRead>,
    storage: Storage,
    tracing: Option<remote::Tracing>,
    otlp: remote::Otlp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Storage {
    tsdb: Tsdb,
    exemplars: remote::Exemplars,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tsdb {
    out_of_order_time_window: Option<Duration>,
    retention: Retention,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Retention {
    time: Option<Duration>,
    size: Option<Bytes>,
}

/// Reads a `prometheus.yml`. Relative paths of secrets, certificates and `file_sd_configs` become
/// relative to `folder`. The configuration is there exactly when no diagnostic is an error.
pub fn parse(source: &Source, folder: &Path, environment: Environment<'_>) -> (Option<PrometheusConfig>, Vec<Diagnostic>) {
    let (raw, mut diagnostics) = phoenix_yaml::read::<RawConfig>(source);
    diagnostics.extend(keys::warnings(source));
    let Some(raw) = raw else { return (None, diagnostics) };
    let global = raw.global.resolve(source, folder, environment, &mut diagnostics);
    let scrape_configs = resolve(raw.scrape_configs, &global, source, folder, &mut diagnostics);
    for pattern in raw.rule_files.iter().chain(&raw.scrape_config_files) {
        check_glob(source, pattern, &mut diagnostics);
    }
    let config = PrometheusConfig {
        global,
        rule_files: raw.rule_files,
        scrape_config_files: raw.scrape_config_files,
        scrape_configs,
        alert_relabel_configs: raw.alerting.alert_relabel_configs,
        retention_time: raw.storage.tsdb.retention.time.map(Duration::get).filter(|time| !time.is_zero()),
        max_exemplars: raw.storage.exemplars.max_exemplars.map(|most| usize::try_from(most).unwrap_or(0)),
        retention_size_bytes: raw.storage.tsdb.retention.size.map(Bytes::get).filter(|size| *size > 0),
    };
    finish(config, diagnostics)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawScrapeFile {
    scrape_configs: Vec<RawScrapeConfig>,
}

/// Reads a file that `scrape_config_files` names: a mapping with the key `scrape_configs` alone.
pub fn parse_scrape_file(source: &Source, folder: &Path, global: &GlobalConfig) -> (Option<Vec<ScrapeConfig>>, Vec<Diagnostic>) {
    let (raw, mut diagnostics) = phoenix_yaml::read::<RawScrapeFile>(source);
    diagnostics.extend(keys::warnings(source));
    let Some(raw) = raw else { return (None, diagnostics) };
    let configs = resolve(raw.scrape_configs, global, source, folder, &mut diagnostics);
    finish(configs, diagnostics)
}

fn finish<T>(value: T, mut diagnostics: Vec<Diagnostic>) -> (Option<T>, Vec<Diagnostic>) {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let usable = diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error);
    (usable.then_some(value), diagnostics)
}

/// Whether a text looks like a `prometheus.yml` rather than a `phoenix.yaml`: it has a key that only the former has.
pub fn is_prometheus_config(source: &Source) -> bool {
    const OWN_KEYS: [&str; 8] =
        ["global", "scrape_configs", "rule_files", "scrape_config_files", "remote_write", "remote_read", "runtime", "tracing"];
    phoenix_yaml::keys(source).iter().any(|key| OWN_KEYS.contains(&key.path.as_str()))
}

fn resolve(
    raw: Vec<RawScrapeConfig>,
    global: &GlobalConfig,
    source: &Source,
    folder: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ScrapeConfig> {
    let configs: Vec<ScrapeConfig> = raw.into_iter().map(|raw| scrape::resolve(raw, global, source, folder, diagnostics)).collect();
    check_job_names(&configs, diagnostics);
    configs
}

/// Each job's name may occur once, over all files.
pub fn check_job_names<'a>(configs: impl IntoIterator<Item = &'a ScrapeConfig>, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, &Origin> = HashMap::new();
    for config in configs {
        if let Some(first) = seen.get(config.job_name.as_str()) {
            let (line, _) = first.source.position(first.span.start);
            let message = format!("the job `{}` is configured twice", config.job_name);
            let help = format!("it is already in {} on line {line}; give each job a name of its own", first.source.name);
            diagnostics.push(Diagnostic::error(&config.origin.source, config.origin.span, message).with_help(help));
        } else {
            seen.insert(&config.job_name, &config.origin);
        }
    }
}

/// As in Prometheus, only the last part of the path may hold a `*`.
fn check_glob(source: &Source, pattern: &Spanned<String>, diagnostics: &mut Vec<Diagnostic>) {
    let folder = pattern.value.rsplit_once('/').map_or("", |(folder, _)| folder);
    if pattern.value.is_empty() {
        diagnostics.push(Diagnostic::error(source, pattern.span, "expected a path, found nothing"));
    } else if folder.contains('*') {
        diagnostics.push(
            Diagnostic::error(source, pattern.span, format!("`{}` has a `*` in a folder's name", pattern.value))
                .with_help("a `*` may stand in the last part of the path only; name each folder on a line of its own"),
        );
    }
}

#[cfg(test)]
mod tests;
