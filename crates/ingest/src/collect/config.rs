//! Promtail's configuration file: every documented key is known, and either acts or is accepted with a
//! warning that names it.

mod keys;
mod raw;

pub use keys::{NOT_ACTING, documented_keys};

use super::pipeline::Pipeline;
use crate::config::FileSdConfig;
use crate::relabel::RelabelConfig;
use phoenix_model::{Diagnostic, Labels, Severity, Source, Span};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is collected, and how.
#[derive(Debug, Clone)]
pub struct CollectConfig {
    /// The jobs, in the order of the file.
    pub jobs: Vec<Job>,
    /// How long a line may be.
    pub limits: LineLimits,
    /// How often positions are saved.
    pub positions_sync: Duration,
    /// How often files are looked for.
    pub sync_period: Duration,
    /// How often a quiet file is looked at.
    pub look_quiet: Duration,
    /// Labels that every stream gets which has none of that name: `external_labels` of the only client.
    pub external_labels: Labels,
    /// What relative paths are relative to.
    pub folder: PathBuf,
}

/// How long a line of a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineLimits {
    /// Bytes; a longer line is left out. `None`: a line beyond 256 KiB goes on in pieces.
    pub max_bytes: Option<usize>,
    /// Whether a longer line is cut rather than left out.
    pub truncates: bool,
}

/// One entry of `scrape_configs`.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job's name.
    pub name: String,
    /// What is done with its lines.
    pub pipeline: Pipeline,
    /// Rules for the labels of targets, of messages and of journal entries.
    pub relabel_configs: Vec<RelabelConfig>,
    /// Labels of targets in the file itself, with `__path__`.
    pub static_targets: Vec<Labels>,
    /// Targets in other files.
    pub file_sd_configs: Vec<FileSdConfig>,
    /// The journal of systemd.
    pub journal: Option<JournalConfig>,
    /// A listener for syslog.
    pub syslog: Option<SyslogConfig>,
    /// What is written for it. A job whose text is the same goes on over a reload.
    text: Arc<str>,
}

impl Job {
    /// The labels that a line of its first target begins with, for trying its pipeline.
    pub fn first_labels(&self) -> Labels {
        let written = self.static_targets.first().cloned();
        let written = written.or_else(|| self.syslog.as_ref().map(|syslog| syslog.labels.clone()));
        let written = written.or_else(|| self.journal.as_ref().map(|journal| journal.labels.clone())).unwrap_or_default();
        super::consume::line_labels(&written, &self.relabel_configs, &self.name).unwrap_or_default()
    }

    /// Whether the job follows files.
    pub fn has_files(&self) -> bool {
        !self.static_targets.is_empty() || !self.file_sd_configs.is_empty()
    }
}

/// `journal`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// Whether the line is the whole entry as JSON rather than its `MESSAGE`.
    pub json: bool,
    /// How far back the first start reads.
    pub max_age: Duration,
    /// Labels of all entries.
    pub labels: Labels,
    /// A folder with journal files in the place of the system's.
    pub path: Option<PathBuf>,
    /// Conditions as `journalctl` takes them, such as `_SYSTEMD_UNIT=ssh.service`.
    pub matches: Vec<String>,
}

/// `syslog`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyslogConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// TCP or UDP.
    pub protocol: SyslogProtocol,
    /// After how long without a byte a connection is closed.
    pub idle_timeout: Duration,
    /// Whether structured data becomes labels.
    pub label_structured_data: bool,
    /// Labels of all messages.
    pub labels: Labels,
    /// Whether the message's own moment counts.
    pub use_incoming_timestamp: bool,
    /// Whether the line is the whole message rather than its text.
    pub use_rfc5424_message: bool,
    /// Bytes of one message.
    pub max_message_bytes: usize,
}

/// How syslog messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyslogProtocol {
    /// RFC 6587: counted octets or a line each.
    #[default]
    Tcp,
    /// RFC 5426: a datagram each.
    Udp,
}

/// An address that the configuration opens.
#[derive(Debug, Clone)]
pub struct ListenAddress {
    /// The job.
    pub job: String,
    /// The address.
    pub address: SocketAddr,
}

impl CollectConfig {
    /// The addresses that jobs listen on. Whoever starts the collector refuses those that are not loopback
    /// by the rule that holds for its own addresses: syslog has no authentication.
    pub fn listen_addresses(&self) -> Vec<ListenAddress> {
        let listeners = self.jobs.iter().filter_map(|job| job.syslog.as_ref().map(|syslog| (job, syslog)));
        listeners.map(|(job, syslog)| ListenAddress { job: job.name.clone(), address: syslog.listen }).collect()
    }

    /// Whether what holds for all jobs is the same.
    pub(super) fn same_frame(&self, other: &Self) -> bool {
        let frame = |c: &Self| (c.limits, c.sync_period, c.look_quiet, c.external_labels.clone(), c.folder.clone());
        frame(self) == frame(other)
    }

    pub(super) fn same_job(a: &Job, b: &Job) -> bool {
        a.name == b.name && a.text == b.text
    }
}

/// Whether a text looks like a Promtail config: it has a key that only such a file has.
pub fn is_promtail_config(source: &Source) -> bool {
    const OWN_KEYS: [&str; 8] = [
        "clients",
        "client",
        "positions",
        "target_config",
        "limits_config",
        "scrape_configs[].pipeline_stages",
        "scrape_configs[].journal",
        "scrape_configs[].syslog",
    ];
    phoenix_yaml::keys(source).iter().any(|key| OWN_KEYS.contains(&key.path.as_str()))
}

/// Reads a Promtail config. Relative paths are relative to `folder`. The configuration is there exactly when no
/// diagnostic is an error.
pub fn parse(source: &Source, folder: &Path) -> (Option<CollectConfig>, Vec<Diagnostic>) {
    let (raw, mut diagnostics) = phoenix_yaml::read::<raw::RawConfig>(source);
    diagnostics.extend(keys::warnings(source));
    let config = raw.map(|raw| raw.resolve(source, folder, &mut diagnostics));
    if let Some(config) = &config {
        check_names(config, source, &mut diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let usable = diagnostics.iter().all(|diagnostic| diagnostic.severity < Severity::Error);
    (config.filter(|_| usable), diagnostics)
}

/// Names tell jobs apart in positions and metrics, and two listeners can't share an address.
fn check_names(config: &CollectConfig, source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for job in &config.jobs {
        *seen.entry(&job.name).or_default() += 1;
    }
    for (name, count) in seen {
        if count > 1 {
            let message = format!("{count} jobs are named `{name}`");
            let span = phoenix_yaml::keys(source).iter().find(|key| key.path == "scrape_configs").map_or(Span::default(), |key| key.span);
            diagnostics.push(Diagnostic::error(source, span, message).with_help("give each job a `job_name` of its own"));
        }
    }
    let mut addresses: BTreeMap<(SocketAddr, bool), &str> = BTreeMap::new();
    for job in &config.jobs {
        let Some(syslog) = &job.syslog else { continue };
        if syslog.listen.port() == 0 {
            continue;
        }
        if let Some(other) = addresses.insert((syslog.listen, syslog.protocol == SyslogProtocol::Udp), &job.name) {
            let message = format!("the jobs `{other}` and `{}` both listen on {}", job.name, syslog.listen);
            diagnostics.push(Diagnostic::error(source, Span::default(), message));
        }
    }
}

#[cfg(test)]
mod tests;
