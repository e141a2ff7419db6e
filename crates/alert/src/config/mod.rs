//! Alertmanager's configuration file, read, checked and resolved.
//!
//! [`AlertConfig::parse`] knows every key of the format. What does not act yet is accepted with a
//! warning that names it; what is wrong is an error with its place.

mod file;
mod inactive;
mod inhibition;
mod interval;
pub mod receiver;
mod route;
mod shown;

pub(crate) use file::{SlackAction, SlackField};
pub use receiver::{EmailConfig, Integration, Receiver, SecretSource, SlackConfig, SmtpConfig, WebhookConfig};

use crate::inhibit::InhibitRule;
use crate::matchers::{Matchers, parse_matchers};
use crate::route::RouteTree;
use crate::timeinterval::TimeInterval;
use phoenix_model::{Diagnostic, Matcher, Severity, Source, Span};
use phoenix_yaml::Spanned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything a configuration file says.
#[derive(Debug, Clone)]
pub struct AlertConfig {
    /// When an alert without an end counts as resolved if it is not reported again.
    pub resolve_timeout: Duration,
    /// The routing tree.
    pub routes: Arc<RouteTree>,
    /// Receivers by name.
    pub receivers: BTreeMap<String, Receiver>,
    /// Which alerts mute which.
    pub inhibit_rules: Vec<InhibitRule>,
    /// Named time intervals.
    pub time_intervals: BTreeMap<String, TimeInterval>,
    /// Template files, as patterns whose last component may hold `*`; resolved against the config's folder.
    pub templates: Vec<PathBuf>,
    /// How mail is sent when a receiver does not say otherwise; `None` without a smarthost.
    pub smtp: Option<SmtpConfig>,
    /// Where Slack messages go when a receiver does not say otherwise.
    pub slack_api_url: Option<SecretSource>,
    /// HTTP settings where a receiver has none of its own.
    pub http: crate::http::HttpConfig,
    /// The text of the file, with secrets left out, as `/api/v2/status` shows it.
    pub shown: String,
}

impl AlertConfig {
    /// What holds without a file: groups for incidents, no receivers.
    pub fn without_file() -> Self {
        Self {
            resolve_timeout: DEFAULT_RESOLVE_TIMEOUT,
            routes: Arc::new(RouteTree::without_config()),
            receivers: BTreeMap::new(),
            inhibit_rules: Vec::new(),
            time_intervals: BTreeMap::new(),
            templates: Vec::new(),
            smtp: None,
            slack_api_url: None,
            http: crate::http::HttpConfig::default(),
            shown: String::new(),
        }
    }

    /// Reads a file. Paths in it are relative to `base_dir`.
    ///
    /// Returns the config with warnings, or every error that was found (and the warnings).
    pub fn parse(source: &Source, base_dir: &Path) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (file, diagnostics) = phoenix_yaml::read::<file::File>(source);
        let mut findings = Findings { source, base_dir, diagnostics };
        let Some(file) = file else { return Err(findings.diagnostics) };
        let config = findings.resolve(file);
        let mut diagnostics = findings.diagnostics;
        diagnostics.sort_by_key(|d| d.span.start);
        match config {
            Some(config) if diagnostics.iter().all(|d| d.severity != Severity::Error) => Ok((config, diagnostics)),
            _ => Err(diagnostics),
        }
    }
}

const DEFAULT_RESOLVE_TIMEOUT: Duration = Duration::from_mins(5);

/// Collects what is wrong while the file is resolved.
struct Findings<'a> {
    source: &'a Source,
    base_dir: &'a Path,
    diagnostics: Vec<Diagnostic>,
}

impl Findings<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(self.source, span, message));
        self.diagnostics.last_mut().expect("just pushed")
    }

    fn error_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.error(span, message).help = Some(help.into());
    }

    fn warning(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(self.source, span, message));
    }

    fn not_acting(&mut self, span: Span, key: &str) {
        self.warning(span, format!("`{key}` is not acting yet"));
    }

    fn path(&self, written: &str) -> PathBuf {
        self.base_dir.join(written)
    }

    fn resolve(&mut self, file: file::File) -> Option<AlertConfig> {
        if let Some(tracing) = &file.tracing {
            self.not_acting(tracing.span, "tracing");
        }
        let defaults = self.defaults(&file.global);
        let time_intervals = self.time_intervals(&file);
        let receivers = self.receivers(file.receivers, &defaults);
        let routes = self.routes(file.route, &receivers, &time_intervals);
        let inhibit_rules = file.inhibit_rules.into_iter().map(|rule| self.inhibit_rule(rule)).collect();
        Some(AlertConfig {
            resolve_timeout: file.global.resolve_timeout.map_or(DEFAULT_RESOLVE_TIMEOUT, phoenix_yaml::Duration::get),
            routes: Arc::new(routes?),
            receivers,
            inhibit_rules,
            time_intervals,
            templates: file.templates.iter().map(|pattern| self.path(pattern)).collect(),
            smtp: defaults.smtp,
            slack_api_url: defaults.slack_api_url,
            http: defaults.http,
            shown: shown::without_secrets(&self.source.text),
        })
    }

    /// Reads the texts of a `matchers` list.
    fn matchers(&mut self, written: &[Spanned<String>]) -> Vec<Matcher> {
        let mut all = Vec::new();
        for text in written {
            match parse_matchers(text) {
                Ok(parsed) => {
                    if let Some(warning) = parsed.warning {
                        self.warning(text.span, format!("matcher {warning}"));
                    }
                    if parsed.matchers.is_empty() {
                        self.warning(text.span, "this matches everything, since it holds no matcher");
                    }
                    all.extend(parsed.matchers);
                }
                Err(error) => self.error_with_help(
                    text.span,
                    format!("not a matcher: {error}"),
                    "write it as 'severity=\"critical\"' or 'service=~\"a|b\"'",
                ),
            }
        }
        all
    }

    /// The deprecated `match` and `match_re` beside `matchers`.
    fn all_matchers(
        &mut self,
        equal: Option<BTreeMap<String, String>>,
        regex: Option<BTreeMap<String, phoenix_yaml::Regex>>,
        written: &[Spanned<String>],
    ) -> Matchers {
        let mut all = self.matchers(written);
        all.extend(equal.unwrap_or_default().into_iter().map(|(name, value)| Matcher::equal(name, value)));
        for (name, pattern) in regex.unwrap_or_default() {
            all.extend(Matcher::new(name, phoenix_model::MatchOp::Regex, pattern.pattern()));
        }
        Matchers::new(all)
    }
}

#[cfg(test)]
mod tests;
