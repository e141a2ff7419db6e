//! A job: `scrape_configs` entry by entry.

use super::discovery::{FileSdConfig, HttpSdConfig, OtherDiscoveries, RawTargetGroup, TargetGroup};
use super::global::{GlobalConfig, HistogramConfig, NameEscaping, NameValidation, ScrapeLimits, check_protocols, given, timeout_too_long};
use crate::exposition::ScrapeProtocol;
use crate::relabel::RelabelConfig;
use phoenix_http::HttpConfig;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_yaml::{Bytes, Duration, Inline, Spanned};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration as StdDuration;

/// One job, with defaults and the global section filled in.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the format, each on its own")]
pub struct ScrapeConfig {
    /// The value of the label `job`.
    pub job_name: String,
    /// How often targets are scraped.
    pub scrape_interval: StdDuration,
    /// How long a scrape may take; at most the interval.
    pub scrape_timeout: StdDuration,
    /// The formats to ask for, best first.
    pub scrape_protocols: Vec<ScrapeProtocol>,
    /// How a body without a usable `Content-Type` is read; `None` fails the scrape.
    pub fallback_scrape_protocol: Option<ScrapeProtocol>,
    /// The path of the metrics, `/metrics` by default. May hold a query.
    pub metrics_path: String,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// URL parameters.
    pub params: BTreeMap<String, Vec<String>>,
    /// Whether labels of the target win over those of the configuration.
    pub honor_labels: bool,
    /// Whether timestamps of the target are taken.
    pub honor_timestamps: bool,
    /// Whether series with timestamps of their own get staleness markers.
    pub track_timestamps_staleness: bool,
    /// Whether gzip is asked for.
    pub enable_compression: bool,
    /// Limits, those of the global section where the job has none.
    pub limits: ScrapeLimits,
    /// What becomes of histograms.
    pub histograms: HistogramConfig,
    /// Which names are valid.
    pub name_validation: NameValidation,
    /// How names outside of the classic pattern are asked for.
    pub name_escaping: NameEscaping,
    /// Where failed scrapes are logged.
    pub scrape_failure_log_file: Option<PathBuf>,
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are stored.
    pub extra_scrape_metrics: bool,
    /// How targets are reached.
    pub http: HttpConfig,
    /// Targets in the file itself.
    pub static_configs: Vec<TargetGroup>,
    /// Targets in files.
    pub file_sd_configs: Vec<FileSdConfig>,
    /// Targets from HTTP servers.
    pub http_sd_configs: Vec<HttpSdConfig>,
    /// Rules for targets.
    pub relabel_configs: Vec<RelabelConfig>,
    /// Rules for samples.
    pub metric_relabel_configs: Vec<RelabelConfig>,
    /// Where the job is configured. Not part of equality: a job that only moved is the same job.
    pub origin: Origin,
}

/// Where something is configured. All origins are equal.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The file.
    pub source: Source,
    /// The name's place in it.
    pub span: Span,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How targets are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Plain HTTP.
    #[default]
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) type RawScrapeConfig = Inline<Inline<OwnKeys, OtherDiscoveries>, HttpConfig>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the format, each on its own")]
pub(super) struct OwnKeys {
    job_name: Spanned<String>,
    scrape_interval: Option<Spanned<Duration>>,
    scrape_timeout: Option<Spanned<Duration>>,
    scrape_protocols: Option<Spanned<Vec<ScrapeProtocol>>>,
    fallback_scrape_protocol: Option<ScrapeProtocol>,
    scrape_native_histograms: Option<bool>,
    always_scrape_classic_histograms: Option<bool>,
    convert_classic_histograms_to_nhcb: Option<bool>,
    #[serde(default)]
    native_histogram_bucket_limit: u64,
    #[serde(default)]
    native_histogram_min_bucket_factor: f64,
    #[serde(default)]
    scrape_failure_log_file: String,
    metrics_path: Option<String>,
    scheme: Option<Scheme>,
    #[serde(default)]
    params: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    honor_labels: bool,
    #[serde(default = "yes")]
    honor_timestamps: bool,
    #[serde(default)]
    track_timestamps_staleness: bool,
    #[serde(default = "yes")]
    enable_compression: bool,
    #[serde(default)]
    body_size_limit: Bytes,
    #[serde(default)]
    sample_limit: u64,
    #[serde(default)]
    target_limit: u64,
    #[serde(default)]
    label_limit: u64,
    #[serde(default)]
    label_name_length_limit: u64,
    #[serde(default)]
    label_value_length_limit: u64,
    #[serde(default)]
    keep_dropped_targets: u64,
    metric_name_validation_scheme: Option<NameValidation>,
    metric_name_escaping_scheme: Option<Spanned<NameEscaping>>,
    extra_scrape_metrics: Option<bool>,
    #[serde(default)]
    static_configs: Vec<RawTargetGroup>,
    #[serde(default)]
    file_sd_configs: Vec<FileSdConfig>,
    #[serde(default)]
    http_sd_configs: Vec<HttpSdConfig>,
    #[serde(default)]
    relabel_configs: Vec<RelabelConfig>,
    #[serde(default)]
    metric_relabel_configs: Vec<RelabelConfig>,
}

fn yes() -> bool {
    true
}

/// Fills in what the job leaves open and checks what only shows in the whole.
pub(super) fn resolve(
    raw: RawScrapeConfig,
    global: &GlobalConfig,
    source: &Source,
    folder: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> ScrapeConfig {
    let Inline { own: Inline { own: raw, inlined: _ }, inlined: mut http } = raw;
    http.resolve_paths(folder);
    if raw.job_name.is_empty() {
        diagnostics.push(Diagnostic::error(source, raw.job_name.span, "the job's name is empty"));
    }
    let scrape_interval = given(raw.scrape_interval.as_ref()).unwrap_or(global.scrape_interval);
    let scrape_timeout = given(raw.scrape_timeout.as_ref());
    if let Some(timeout) = raw.scrape_timeout.as_ref().filter(|timeout| timeout.value.get() > scrape_interval) {
        diagnostics.push(timeout_too_long(source, timeout, scrape_interval));
    }
    if let Some(protocols) = &raw.scrape_protocols {
        check_protocols(source, protocols, diagnostics);
    }
    let name_validation = raw.metric_name_validation_scheme.unwrap_or(global.name_validation);
    let by_validation = match name_validation {
        NameValidation::Utf8 => NameEscaping::AllowUtf8,
        NameValidation::Legacy => NameEscaping::Underscores,
    };
    // The global escaping goes with the global validation; a job with its own validation infers its own.
    let inherited = global.name_escaping.filter(|_| raw.metric_name_validation_scheme.is_none()).unwrap_or(by_validation);
    if let Some(escaping) = &raw.metric_name_escaping_scheme
        && escaping.value == NameEscaping::AllowUtf8
        && name_validation == NameValidation::Legacy
    {
        diagnostics.push(
            Diagnostic::error(source, escaping.span, "`allow-utf-8` asks for names that `metric_name_validation_scheme: legacy` refuses")
                .with_help("use `underscores`, or the validation scheme `utf8`"),
        );
    }
    let has_relabelling = !raw.relabel_configs.is_empty();
    let static_configs =
        raw.static_configs.into_iter().map(|group| group.check(name_validation, has_relabelling, source, diagnostics)).collect();
    let mut file_sd_configs = raw.file_sd_configs;
    for config in &mut file_sd_configs {
        config.resolve_paths(folder);
    }
    let mut http_sd_configs = raw.http_sd_configs;
    for config in &mut http_sd_configs {
        config.http.resolve_paths(folder);
    }
    let log = Some(raw.scrape_failure_log_file).filter(|path| !path.is_empty()).map(|path| folder.join(path));
    let limits = ScrapeLimits {
        body_size_bytes: raw.body_size_limit.get(),
        samples: raw.sample_limit,
        targets: raw.target_limit,
        labels: raw.label_limit,
        label_name_length: raw.label_name_length_limit,
        label_value_length: raw.label_value_length_limit,
        keep_dropped_targets: raw.keep_dropped_targets,
    };
    let histograms = HistogramConfig {
        native: raw.scrape_native_histograms.unwrap_or(global.histograms.native),
        keep_classic: raw.always_scrape_classic_histograms.unwrap_or(global.histograms.keep_classic),
        convert_classic: raw.convert_classic_histograms_to_nhcb.unwrap_or(global.histograms.convert_classic),
        bucket_limit: raw.native_histogram_bucket_limit,
        min_bucket_factor: raw.native_histogram_min_bucket_factor,
    };
    let by_default: &[ScrapeProtocol] = if histograms.native { &ScrapeProtocol::DEFAULT_WITH_NATIVE } else { &ScrapeProtocol::DEFAULT };
    let protocols = raw.scrape_protocols.map(Spanned::into_inner).or_else(|| global.scrape_protocols.clone());
    ScrapeConfig {
        scrape_interval,
        scrape_timeout: scrape_timeout.unwrap_or_else(|| global.scrape_timeout.min(scrape_interval)),
        scrape_protocols: protocols.unwrap_or_else(|| by_default.to_vec()),
        fallback_scrape_protocol: raw.fallback_scrape_protocol,
        metrics_path: raw.metrics_path.filter(|path| !path.is_empty()).unwrap_or_else(|| "/metrics".to_owned()),
        scheme: raw.scheme.unwrap_or_default(),
        params: raw.params,
        honor_labels: raw.honor_labels,
        honor_timestamps: raw.honor_timestamps,
        track_timestamps_staleness: raw.track_timestamps_staleness,
        enable_compression: raw.enable_compression,
        limits: limits.or(global.limits),
        histograms,
        name_validation,
        name_escaping: raw.metric_name_escaping_scheme.map_or(inherited, Spanned::into_inner),
        scrape_failure_log_file: log.or_else(|| global.scrape_failure_log_file.clone()),
        extra_scrape_metrics: raw.extra_scrape_metrics.unwrap_or(global.extra_scrape_metrics),
        http,
        static_configs,
        file_sd_configs,
        http_sd_configs,
        relabel_configs: raw.relabel_configs,
        metric_relabel_configs: raw.metric_relabel_configs,
        origin: Origin { source: source.clone(), span: raw.job_name.span },
        job_name: raw.job_name.value,
    }
}
