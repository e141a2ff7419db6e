//! The `global` section.

use super::{Environment, expand};
use crate::exposition::ScrapeProtocol;
use phoenix_model::{Diagnostic, Labels, Source};
use phoenix_yaml::{Bytes, Duration, Spanned};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration as StdDuration;

const DEFAULT_INTERVAL: StdDuration = StdDuration::from_mins(1);
const DEFAULT_TIMEOUT: StdDuration = StdDuration::from_secs(10);

/// What holds for all jobs and rules, defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct GlobalConfig {
    /// How often targets are scraped.
    pub scrape_interval: StdDuration,
    /// How long a scrape may take.
    pub scrape_timeout: StdDuration,
    /// How often rules are evaluated.
    pub evaluation_interval: StdDuration,
    /// How far in the past rules are evaluated.
    pub rule_query_offset: StdDuration,
    /// Labels for what leaves this instance, alerts among it; variables of the environment filled in.
    pub external_labels: Labels,
    /// The formats to ask targets for, best first; `None` for the default.
    pub scrape_protocols: Option<Vec<ScrapeProtocol>>,
    /// Limits on scrapes.
    pub limits: ScrapeLimits,
    /// What becomes of histograms where a job does not say.
    pub histograms: HistogramConfig,
    /// Which names are valid.
    pub name_validation: NameValidation,
    /// How names outside of the classic pattern are asked for; `None` when not given.
    pub name_escaping: Option<NameEscaping>,
    /// Where failed scrapes are logged.
    pub scrape_failure_log_file: Option<PathBuf>,
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are stored.
    pub extra_scrape_metrics: bool,
}

impl Default for GlobalConfig {
    fn default() -> Self {
        Self {
            scrape_interval: DEFAULT_INTERVAL,
            scrape_timeout: DEFAULT_TIMEOUT,
            evaluation_interval: DEFAULT_INTERVAL,
            rule_query_offset: StdDuration::ZERO,
            external_labels: Labels::empty(),
            scrape_protocols: None,
            limits: ScrapeLimits::default(),
            histograms: HistogramConfig::default(),
            name_validation: NameValidation::Utf8,
            name_escaping: None,
            scrape_failure_log_file: None,
            extra_scrape_metrics: false,
        }
    }
}

/// What becomes of histograms that are scraped.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HistogramConfig {
    /// Whether native histograms are asked for and taken (`scrape_native_histograms`).
    pub native: bool,
    /// Whether classic histograms are kept beside native ones (`always_scrape_classic_histograms`).
    pub keep_classic: bool,
    /// Whether classic histograms become native ones with custom buckets
    /// (`convert_classic_histograms_to_nhcb`).
    pub convert_classic: bool,
    /// Buckets of a native histogram; finer ones are merged until they fit (`native_histogram_bucket_limit`).
    /// 0 means no limit.
    pub bucket_limit: u64,
    /// By which factor buckets have to grow at least; finer ones are merged
    /// (`native_histogram_min_bucket_factor`). 0 means any.
    pub min_bucket_factor: f64,
}

/// Limits on one scrape or one job; 0 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScrapeLimits {
    /// Bytes of a body, uncompressed.
    pub body_size_bytes: u64,
    /// Samples of a scrape, after relabelling.
    pub samples: u64,
    /// Targets of a job, after relabelling.
    pub targets: u64,
    /// Labels of a sample, after relabelling.
    pub labels: u64,
    /// Bytes of a label's name.
    pub label_name_length: u64,
    /// Bytes of a label's value.
    pub label_value_length: u64,
    /// Dropped targets of a job that are kept for display.
    pub keep_dropped_targets: u64,
}

impl ScrapeLimits {
    /// These limits, and where one is not set, that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let pick = |own: u64, other: u64| if own == 0 { other } else { own };
        Self {
            body_size_bytes: pick(self.body_size_bytes, other.body_size_bytes),
            samples: pick(self.samples, other.samples),
            targets: pick(self.targets, other.targets),
            labels: pick(self.labels, other.labels),
            label_name_length: pick(self.label_name_length, other.label_name_length),
            label_value_length: pick(self.label_value_length, other.label_value_length),
            keep_dropped_targets: pick(self.keep_dropped_targets, other.keep_dropped_targets),
        }
    }
}

/// Which names of metrics and labels are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameValidation {
    /// Any UTF-8 text.
    #[default]
    #[serde(alias = "")]
    Utf8,
    /// Letters, digits, underscores, and colons in names of metrics.
    Legacy,
}

/// How a target is asked to write names outside of the classic pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum NameEscaping {
    /// As they are.
    #[serde(rename = "allow-utf-8")]
    AllowUtf8,
    /// Other characters become underscores.
    #[serde(rename = "underscores")]
    Underscores,
    /// Dots become `_dot_`, other characters underscores.
    #[serde(rename = "dots")]
    Dots,
    /// Reversibly, with `U__` and the characters' numbers.
    #[serde(rename = "values")]
    Values,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGlobal {
    scrape_interval: Option<Spanned<Duration>>,
    scrape_timeout: Option<Spanned<Duration>>,
    scrape_protocols: Option<Spanned<Vec<ScrapeProtocol>>>,
    evaluation_interval: Option<Duration>,
    rule_query_offset: Option<Duration>,
    external_labels: BTreeMap<Spanned<String>, Spanned<String>>,
    query_log_file: String,
    scrape_failure_log_file: String,
    body_size_limit: Bytes,
    sample_limit: u64,
    target_limit: u64,
    label_limit: u64,
    label_name_length_limit: u64,
    label_value_length_limit: u64,
    keep_dropped_targets: u64,
    metric_name_validation_scheme: Option<NameValidation>,
    metric_name_escaping_scheme: Option<NameEscaping>,
    scrape_native_histograms: Option<bool>,
    convert_classic_histograms_to_nhcb: bool,
    always_scrape_classic_histograms: bool,
    extra_scrape_metrics: Option<bool>,
}

/// A duration that is given and above zero; zero means "not given" in this format.
pub(super) fn given(duration: Option<&Spanned<Duration>>) -> Option<StdDuration> {
    duration.map(|duration| duration.value.get()).filter(|duration| !duration.is_zero())
}

impl RawGlobal {
    pub(super) fn resolve(
        self,
        source: &Source,
        folder: &Path,
        environment: Environment<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> GlobalConfig {
        let scrape_interval = given(self.scrape_interval.as_ref()).unwrap_or(DEFAULT_INTERVAL);
        let scrape_timeout = given(self.scrape_timeout.as_ref()).unwrap_or(DEFAULT_TIMEOUT.min(scrape_interval));
        if let Some(timeout) = self.scrape_timeout.as_ref().filter(|_| scrape_timeout > scrape_interval) {
            diagnostics.push(timeout_too_long(source, timeout, scrape_interval));
        }
        if let Some(protocols) = &self.scrape_protocols {
            check_protocols(source, protocols, diagnostics);
        }
        let validation = self.metric_name_validation_scheme.unwrap_or_default();
        let external_labels = external_labels(&self.external_labels, validation, source, environment, diagnostics);
        let log = Some(self.scrape_failure_log_file).filter(|path| !path.is_empty()).map(|path| folder.join(path));
        GlobalConfig {
            scrape_interval,
            scrape_timeout,
            evaluation_interval: self.evaluation_interval.map(Duration::get).filter(|d| !d.is_zero()).unwrap_or(DEFAULT_INTERVAL),
            rule_query_offset: self.rule_query_offset.map(Duration::get).unwrap_or_default(),
            external_labels,
            scrape_protocols: self.scrape_protocols.map(Spanned::into_inner),
            limits: ScrapeLimits {
                body_size_bytes: self.body_size_limit.get(),
                samples: self.sample_limit,
                targets: self.target_limit,
                labels: self.label_limit,
                label_name_length: self.label_name_length_limit,
                label_value_length: self.label_value_length_limit,
                keep_dropped_targets: self.keep_dropped_targets,
            },
            histograms: HistogramConfig {
                native: self.scrape_native_histograms.unwrap_or_default(),
                keep_classic: self.always_scrape_classic_histograms,
                convert_classic: self.convert_classic_histograms_to_nhcb,
                ..HistogramConfig::default()
            },
            name_validation: validation,
            name_escaping: self.metric_name_escaping_scheme,
            scrape_failure_log_file: log,
            extra_scrape_metrics: self.extra_scrape_metrics.unwrap_or_default(),
        }
    }
}

pub(super) fn timeout_too_long(source: &Source, timeout: &Spanned<Duration>, interval: StdDuration) -> Diagnostic {
    let interval = phoenix_model::format_duration(interval);
    Diagnostic::error(source, timeout.span, format!("the scrape timeout {} is longer than the scrape interval {interval}", timeout.value))
        .with_help("a scrape has to end before the next one begins; lower the timeout or raise the interval")
}

pub(super) fn check_protocols(source: &Source, protocols: &Spanned<Vec<ScrapeProtocol>>, diagnostics: &mut Vec<Diagnostic>) {
    let distinct: HashSet<_> = protocols.iter().collect();
    if protocols.is_empty() {
        diagnostics
            .push(Diagnostic::error(source, protocols.span, "`scrape_protocols` is empty").with_help("leave the key out for the default"));
    } else if distinct.len() < protocols.len() {
        diagnostics.push(Diagnostic::error(source, protocols.span, "`scrape_protocols` names a protocol twice"));
    }
}

fn external_labels(
    written: &BTreeMap<Spanned<String>, Spanned<String>>,
    validation: NameValidation,
    source: &Source,
    environment: Environment<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Labels {
    let mut pairs = Vec::with_capacity(written.len());
    for (name, value) in written {
        check_label_name(name, validation, source, diagnostics);
        let (text, missing) = expand(value, environment);
        for variable in missing {
            diagnostics.push(
                Diagnostic::warning(source, value.span, format!("the environment variable `{variable}` is not set"))
                    .with_help("it is replaced by nothing; write `$$` for a dollar sign"),
            );
        }
        pairs.push((name.value.as_str(), text));
    }
    Labels::from_pairs(pairs)
}

pub(super) fn check_label_name(name: &Spanned<String>, validation: NameValidation, source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    let valid = match validation {
        NameValidation::Utf8 => !name.is_empty(),
        NameValidation::Legacy => phoenix_model::labels::is_legacy_label_name(name),
    };
    if !valid {
        let message = format!("`{}` is not a label's name", name.value);
        diagnostics
            .push(Diagnostic::error(source, name.span, message).with_help("letters, digits and underscores, not beginning with a digit"));
    }
}
