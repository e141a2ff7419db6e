//! The configuration in force: everything read, parsed and checked before any of it acts.

use crate::collection::check_addresses;
use crate::config::{self, Loaded, Overrides, Settings};
use crate::dashboards::Sources;
use crate::http::Guard;
use crate::named_files;
use phoenix_alert::AlertConfig;
use phoenix_engine::Language;
use phoenix_env::{Disk, SharedDisk};
use phoenix_incident::OnCallConfig;
use phoenix_ingest::collect::{self, CollectConfig};
use phoenix_ingest::config::{PrometheusConfig, ScrapeConfig};
use phoenix_ingest::sampling_config;
use phoenix_logql::analysis::QueryKind;
use phoenix_model::{Diagnostic, Labels, Severity, Source};
use phoenix_probe::ProbeConfig;
use phoenix_rules::GroupSpec;
use phoenix_sampling::Rules;
use phoenix_traceql::Body;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The rules of a configuration that names none: how messages name them, and their text.
pub(crate) const STARTER_RULES: (&str, &str) = ("starter rules (built in)", include_str!("starter/rules.yaml"));

/// A whole configuration with its rules, routes and schedules parsed.
#[derive(Debug)]
pub struct Current {
    /// The files as read.
    pub loaded: Loaded,
    /// What `phoenix.yaml` and the command line say.
    pub settings: Settings,
    /// Global settings of the Prometheus config, or of the starter config.
    pub prometheus: PrometheusConfig,
    scrape_configs: Vec<ScrapeConfig>,
    /// All rule groups.
    pub rule_groups: Vec<GroupSpec>,
    /// Routes and receivers.
    pub alerting: AlertConfig,
    /// The on-call file.
    pub on_call: Option<OnCallConfig>,
    /// Modules of probes.
    pub probes: Arc<ProbeConfig>,
    /// What is collected from files, syslog and the journal.
    pub collection: Option<CollectConfig>,
    /// Which traces are kept; all without it.
    pub sampling: Option<Rules>,
    /// Who may ask.
    pub guard: Guard,
    /// What is accepted but worth knowing.
    pub warnings: Vec<Diagnostic>,
    on_call_warnings: Vec<Diagnostic>,
}

impl Current {
    /// Reads and checks everything, with the certificates, secrets and templates that are named. Without a file: this
    /// host, Phoenix itself, starter rules.
    pub fn read(path: Option<&Path>, overrides: &Overrides, disk: &SharedDisk) -> Result<Self, Vec<Diagnostic>> {
        let mut current = Self::read_texts(path, overrides, disk.as_ref())?;
        let mut named = named_files::of_jobs(&current.scrape_configs, disk);
        if let Some(file) = &current.loaded.alertmanager {
            named.extend(named_files::of_alerting(&current.alerting, &file.source, disk));
        }
        current.warnings.extend(named);
        if current.warnings.iter().any(|d| d.severity == Severity::Error) {
            current.warnings.sort_by_key(|d| std::cmp::Reverse(d.severity));
            return Err(current.warnings);
        }
        Ok(current)
    }

    /// Reads and checks the texts alone.
    pub(crate) fn read_texts(path: Option<&Path>, overrides: &Overrides, disk: &dyn Disk) -> Result<Self, Vec<Diagnostic>> {
        let loaded = match path {
            Some(path) => config::load_with(path, disk, overrides, &|name| std::env::var(name).ok())?,
            None => Loaded::without_files(overrides)?,
        };
        let mut found = loaded.warnings.clone();
        let mut prometheus = loaded.prometheus.clone();
        let mut scrape_configs = loaded.scrape_configs.clone();
        let mut rule_sources: Vec<Source> = loaded.rule_files.iter().map(|file| file.source.clone()).collect();
        // With no Prometheus config there is nothing to collect: Phoenix then watches itself and its host.
        if !loaded.files.iter().any(|file| file.role == config::FileRole::Prometheus) {
            prometheus = starter(&loaded.settings);
            scrape_configs.clone_from(&prometheus.scrape_configs);
        }
        let names_rules = !loaded.prometheus.rule_files.is_empty() || !rule_sources.is_empty();
        if !names_rules {
            rule_sources.push(Source::new(STARTER_RULES.0, STARTER_RULES.1));
        }
        let rule_groups = read_rules(&rule_sources, &mut found);
        let alerting = match &loaded.alertmanager {
            None => AlertConfig::without_file(),
            Some(file) => keep(AlertConfig::parse(&file.source, &file.folder()), &mut found).unwrap_or_else(AlertConfig::without_file),
        };
        let mut on_call_warnings = Vec::new();
        let on_call = loaded.on_call.as_ref().and_then(|file| keep(OnCallConfig::load(&file.source), &mut on_call_warnings));
        found.extend(on_call_warnings.iter().cloned());
        let collection = loaded.log_collection.as_ref().and_then(|file| {
            let (config, diagnostics) = collect::parse(&file.source, &file.folder());
            found.extend(diagnostics);
            found.extend(config.iter().flat_map(|config| check_addresses(config, &loaded.settings)));
            config
        });
        let probes = loaded.probes.as_ref().and_then(|file| {
            let (config, diagnostics) = ProbeConfig::read(&file.source, &file.folder());
            found.extend(diagnostics);
            config
        });
        let sampling = loaded.sampling.as_ref().and_then(|file| {
            let (rules, diagnostics) = sampling_config::parse(&file.source);
            found.extend(diagnostics);
            rules
        });
        if found.iter().any(|d| d.severity == Severity::Error) {
            found.sort_by_key(|d| std::cmp::Reverse(d.severity));
            return Err(found);
        }
        let settings = loaded.settings.clone();
        let guard = Guard::new(settings.external_url.get(), settings.listen.ip().is_loopback());
        Ok(Self {
            settings,
            prometheus,
            scrape_configs,
            rule_groups,
            alerting,
            on_call,
            probes: Arc::new(probes.unwrap_or_default()),
            collection,
            sampling,
            guard,
            warnings: found,
            on_call_warnings,
            loaded,
        })
    }

    /// The jobs.
    pub fn scrape_configs(&self) -> &[ScrapeConfig] {
        &self.scrape_configs
    }

    /// Where files of dashboards are.
    pub(crate) fn dashboards(&self) -> Sources {
        Sources { patterns: self.loaded.dashboards.clone() }
    }

    /// Labels for what leaves this instance.
    pub fn external_labels(&self) -> Labels {
        self.prometheus.global.external_labels.clone()
    }

    /// The configuration's first file, or a word for none.
    pub fn file_name(&self) -> String {
        self.loaded.files.first().map_or_else(|| "(none: defaults)".to_owned(), |file| file.path.display().to_string())
    }

    /// All files as the API shows them: secrets hidden, each behind a comment with its name.
    pub fn shown(&self) -> String {
        let texts: Vec<String> = self.loaded.files.iter().map(|file| format!("# {}\n{}", file.path.display(), file.shown())).collect();
        if texts.is_empty() { "# no file: Phoenix runs with its defaults\n".to_owned() } else { texts.join("\n---\n") }
    }

    /// Whether the built-in rules act.
    pub(crate) fn has_starter_rules(&self) -> bool {
        self.rule_groups.iter().any(|group| &*group.file == STARTER_RULES.0)
    }

    /// How long samples are kept.
    pub fn retention(&self) -> Option<Duration> {
        self.loaded.retention()
    }

    /// What the on-call file leaves open.
    pub fn on_call_warnings(&self) -> &[Diagnostic] {
        &self.on_call_warnings
    }
}

/// Keeps the value and collects what was found on the way.
fn keep<T>(read: Result<(T, Vec<Diagnostic>), Vec<Diagnostic>>, found: &mut Vec<Diagnostic>) -> Option<T> {
    match read {
        Ok((value, warnings)) => {
            found.extend(warnings);
            Some(value)
        }
        Err(diagnostics) => {
            found.extend(diagnostics);
            None
        }
    }
}

fn read_rules(sources: &[Source], found: &mut Vec<Diagnostic>) -> Vec<GroupSpec> {
    let mut groups = Vec::new();
    let mut seen = HashSet::new();
    for source in sources {
        let (file, diagnostics) = phoenix_rules::parse(source, &expressions);
        found.extend(diagnostics);
        groups.extend(file.groups.into_iter().filter(|group| seen.insert((group.file.clone(), group.name.clone()))));
    }
    groups
}

/// What is wrong with an expression of a rule.
pub(crate) fn expressions(language: Language, text: &str) -> Vec<Diagnostic> {
    match language {
        Language::PromQl => phoenix_promql::parse(text).diagnostics,
        Language::LogQl => log_expression(text),
        Language::TraceQl => trace_expression(text),
    }
}

/// A rule's expression in TraceQL has to give numbers.
fn trace_expression(text: &str) -> Vec<Diagnostic> {
    let parsed = phoenix_traceql::parse(text);
    let mut found = parsed.diagnostics;
    if let Some(query) = parsed.query.filter(|query| matches!(query.body, Body::Search(_)))
        && found.iter().all(|d| d.severity != Severity::Error)
    {
        let message = "a rule needs numbers, and this expression gives traces";
        let help = "count them, such as `{status = error} | rate() by (resource.service.name) > 0.1`";
        found.push(Diagnostic::error(&Source::new("expression", text), query.span, message).with_help(help));
    }
    found
}

/// A rule's expression in LogQL has to give numbers.
fn log_expression(text: &str) -> Vec<Diagnostic> {
    let parsed = phoenix_logql::parse(text);
    let mut found = parsed.diagnostics;
    if let Some(expr) = parsed.query.filter(|expr| expr.query_kind() == QueryKind::Logs)
        && found.iter().all(|d| d.severity != Severity::Error)
    {
        let message = "a rule needs numbers, and this expression gives log lines";
        let help = "count them, such as `count_over_time({app=\"api\"} |= \"error\" [5m]) > 10`";
        found.push(Diagnostic::error(&Source::new("expression", text), expr.span, message).with_help(help));
    }
    found
}

/// What Phoenix collects when nobody said what: itself and this machine.
fn starter(settings: &Settings) -> PrometheusConfig {
    let mut address = settings.listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let text = include_str!("starter/prometheus.yaml").replace("@LISTEN@", &address.to_string());
    let source = Source::new("starter config (built in)", text);
    let (config, diagnostics) = phoenix_ingest::config::parse(&source, Path::new(""), &|_| None);
    config.unwrap_or_else(|| panic!("the built-in starter config is valid: {diagnostics:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_rules_are_checked_in_their_language() {
        for (language, text, want) in [
            (Language::PromQl, "up == 0", None),
            (Language::LogQl, "sum(rate({app=\"a\"} |= \"x\" [5m])) > 1", None),
            (Language::LogQl, "{app=\"a\"} |= \"x\"", Some("gives log lines")),
            (Language::LogQl, "sum(rate({app=\"a\"}[5m]", Some("unexpected")),
            (Language::PromQl, "{app=\"a\"} |= \"x\"", Some("")),
            (Language::TraceQl, "{status = error} | rate() by (resource.service.name)", None),
            (Language::TraceQl, "{status = error}", Some("gives traces")),
            (Language::TraceQl, "{status = error} | rate(", Some("unexpected")),
        ] {
            let found = expressions(language, text);
            let errors: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).map(|d| d.message.as_str()).collect();
            match want {
                None => assert!(errors.is_empty(), "{text}: {errors:?}"),
                Some(part) => assert!(errors.iter().any(|e| e.contains(part)), "{text}: {errors:?}"),
            }
        }
    }
}
