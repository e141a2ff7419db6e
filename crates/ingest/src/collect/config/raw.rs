//! What is written, and what is meant by it.

use super::{CollectConfig, Job, JournalConfig, LineLimits, SyslogConfig, SyslogProtocol};
use crate::collect::pipeline::{Pipeline, Size};
use crate::config::FileSdConfig;
use crate::relabel::RelabelConfig;
use phoenix_model::{Diagnostic, Labels, Source};
use phoenix_yaml::{Duration, Spanned, span_of};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration as StdDuration;

/// How often positions are saved where the file does not say: what a restart may read twice.
const DEFAULT_POSITIONS_SYNC: StdDuration = StdDuration::from_secs(1);
const DEFAULT_SYNC_PERIOD: StdDuration = StdDuration::from_secs(5);
const DEFAULT_LOOK_QUIET: StdDuration = StdDuration::from_millis(250);
const DEFAULT_IDLE_TIMEOUT: StdDuration = StdDuration::from_mins(2);
const DEFAULT_MESSAGE_BYTES: usize = 8192;
const DEFAULT_MAX_AGE: StdDuration = StdDuration::from_hours(7);
/// Bytes that a syslog message may have at most, whatever is configured.
const MESSAGE_LIMIT_BYTES: usize = 1 << 20;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    global: RawGlobal,
    server: Option<IgnoredAny>,
    clients: Vec<RawClient>,
    client: Option<RawClient>,
    positions: RawPositions,
    scrape_configs: Vec<Spanned<RawJob>>,
    limits_config: RawLimits,
    target_config: RawTargetConfig,
    options: Option<IgnoredAny>,
    tracing: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawGlobal {
    file_watch_config: RawFileWatch,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawFileWatch {
    min_poll_frequency: Option<Duration>,
    max_poll_frequency: Option<Duration>,
}

/// Its other keys tell how to reach a server, which is not needed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawClient {
    external_labels: Labels,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPositions {
    filename: Option<String>,
    sync_period: Option<Duration>,
    ignore_invalid_yaml: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    readline_rate_enabled: bool,
    readline_rate: Option<f64>,
    readline_burst: Option<u64>,
    readline_rate_drop: Option<bool>,
    max_streams: Option<u64>,
    max_line_size: Size,
    max_line_size_truncate: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawTargetConfig {
    sync_period: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJob {
    job_name: Spanned<String>,
    #[serde(default)]
    pipeline_stages: Pipeline,
    journal: Option<RawJournal>,
    syslog: Option<RawSyslog>,
    #[serde(default)]
    relabel_configs: Vec<RelabelConfig>,
    #[serde(default)]
    static_configs: Vec<Spanned<RawGroup>>,
    #[serde(default)]
    file_sd_configs: Vec<FileSdConfig>,
    #[expect(dead_code, reason = "accepted, not acting")]
    decompression: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    encoding: Option<String>,
    #[expect(dead_code, reason = "accepted, not acting")]
    loki_push_api: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    windows_events: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    gcplog: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    azure_event_hub: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    azure_event_hubs: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    kafka: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    gelf: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    cloudflare: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    heroku_drain: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    kubernetes_sd_configs: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    consul_sd_configs: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    consulagent_sd_configs: Option<IgnoredAny>,
    #[expect(dead_code, reason = "accepted, not acting")]
    docker_sd_configs: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawGroup {
    targets: Vec<String>,
    labels: Labels,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawJournal {
    json: bool,
    max_age: Option<Duration>,
    labels: Labels,
    path: String,
    matches: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSyslog {
    listen_address: Spanned<String>,
    listen_protocol: Option<Spanned<String>>,
    idle_timeout: Option<Duration>,
    #[serde(default)]
    label_structured_data: bool,
    #[serde(default)]
    labels: Labels,
    #[serde(default)]
    use_incoming_timestamp: bool,
    #[serde(default)]
    use_rfc5424_message: bool,
    max_message_length: Option<Spanned<usize>>,
    syslog_format: Option<Spanned<String>>,
    #[expect(dead_code, reason = "accepted, not acting")]
    tls_config: Option<IgnoredAny>,
}

impl RawConfig {
    pub(super) fn resolve(self, source: &Source, folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> CollectConfig {
        let watch = self.global.file_watch_config;
        let look_quiet = watch.max_poll_frequency.or(watch.min_poll_frequency).map_or(DEFAULT_LOOK_QUIET, Duration::get);
        let clients: Vec<RawClient> = self.clients.into_iter().chain(self.client).collect();
        let external_labels = match clients.as_slice() {
            [only] => only.external_labels.clone(),
            _ => Labels::empty(),
        };
        let max_bytes = Some(self.limits_config.max_line_size.0).filter(|bytes| *bytes > 0);
        CollectConfig {
            jobs: self.scrape_configs.into_iter().map(|job| job_of(job, source, folder, diagnostics)).collect(),
            limits: LineLimits { max_bytes, truncates: self.limits_config.max_line_size_truncate },
            positions_sync: self.positions.sync_period.map_or(DEFAULT_POSITIONS_SYNC, Duration::get).max(StdDuration::from_millis(100)),
            sync_period: self.target_config.sync_period.map_or(DEFAULT_SYNC_PERIOD, Duration::get).max(StdDuration::from_millis(100)),
            look_quiet: look_quiet.clamp(StdDuration::from_millis(1), StdDuration::from_mins(1)),
            external_labels,
            folder: folder.to_owned(),
        }
    }
}

fn job_of(job: Spanned<RawJob>, source: &Source, folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> Job {
    let span = span_of(&job, source);
    let raw = job.value;
    if raw.job_name.value.is_empty() {
        diagnostics.push(Diagnostic::error(source, raw.job_name.span, "the job's name is empty"));
    }
    let mut static_targets = Vec::new();
    for group in &raw.static_configs {
        if group.labels.get("__path__").is_none() && raw.relabel_configs.is_empty() {
            diagnostics.push(
                Diagnostic::warning(source, group.span, "these targets have no files: the label `__path__` is missing")
                    .with_help("set it to a pattern, as `__path__: /var/log/*.log`"),
            );
        }
        let targets: Vec<&str> = if group.targets.is_empty() { vec![""] } else { group.targets.iter().map(String::as_str).collect() };
        for target in targets {
            let mut labels = group.labels.to_builder();
            labels.set("__address__", target);
            static_targets.push(labels.build());
        }
    }
    let mut file_sd_configs = raw.file_sd_configs;
    for config in &mut file_sd_configs {
        for file in &mut config.files {
            *file = folder.join(&*file);
        }
    }
    Job {
        name: raw.job_name.value,
        pipeline: raw.pipeline_stages,
        relabel_configs: raw.relabel_configs,
        static_targets,
        file_sd_configs,
        journal: raw.journal.map(|journal| journal_of(journal, folder)),
        syslog: raw.syslog.and_then(|syslog| syslog_of(syslog, source, diagnostics)),
        text: source.text[span.start..span.end].into(),
    }
}

fn journal_of(raw: RawJournal, folder: &Path) -> JournalConfig {
    JournalConfig {
        json: raw.json,
        max_age: raw.max_age.map_or(DEFAULT_MAX_AGE, Duration::get),
        labels: raw.labels,
        path: Some(raw.path).filter(|path| !path.is_empty()).map(|path| folder.join(path)),
        matches: raw.matches.split_whitespace().map(str::to_owned).collect(),
    }
}

fn syslog_of(raw: RawSyslog, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<SyslogConfig> {
    let mut wrong = |span, message: String, help: &str| diagnostics.push(Diagnostic::error(source, span, message).with_help(help));
    let listen = address(&raw.listen_address.value);
    if listen.is_none() {
        let message = format!("`{}` is not an address", raw.listen_address.value);
        wrong(raw.listen_address.span, message, "write it as `127.0.0.1:1514`");
    }
    let protocol = match raw.listen_protocol.as_ref().map(|protocol| protocol.value.as_str()) {
        None | Some("" | "tcp") => Some(SyslogProtocol::Tcp),
        Some("udp") => Some(SyslogProtocol::Udp),
        Some(_) => None,
    };
    if let (None, Some(written)) = (protocol, &raw.listen_protocol) {
        wrong(written.span, format!("`{}` is not one of tcp, udp", written.value), "the default is tcp");
    }
    // Each message tells its format itself.
    if let Some(written) = raw.syslog_format.filter(|format| !matches!(format.value.as_str(), "" | "rfc5424" | "rfc3164")) {
        wrong(written.span, format!("`{}` is not one of rfc5424, rfc3164", written.value), "both are read, whichever is written here");
    }
    let max_message = raw.max_message_length.filter(|length| length.value > 0);
    if let Some(length) = max_message.as_ref().filter(|length| length.value > MESSAGE_LIMIT_BYTES) {
        wrong(length.span, format!("a message has at most {MESSAGE_LIMIT_BYTES} bytes"), "write a smaller number");
    }
    Some(SyslogConfig {
        listen: listen?,
        protocol: protocol?,
        idle_timeout: raw.idle_timeout.map_or(DEFAULT_IDLE_TIMEOUT, Duration::get),
        label_structured_data: raw.label_structured_data,
        labels: raw.labels,
        use_incoming_timestamp: raw.use_incoming_timestamp,
        use_rfc5424_message: raw.use_rfc5424_message,
        max_message_bytes: max_message.map_or(DEFAULT_MESSAGE_BYTES, |length| length.value),
    })
}

/// `host:port`; a host that is missing means all addresses, as in Go.
fn address(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix(':') {
        return Some(SocketAddr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), port.parse().ok()?));
    }
    if let Some(rest) = text.strip_prefix("localhost:") {
        return Some(SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), rest.parse().ok()?));
    }
    text.parse().ok()
}
