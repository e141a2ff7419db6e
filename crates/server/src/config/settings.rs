//! `phoenix.yaml`.

use super::limits::{Limits, RawLimits};
use super::logs::{LogSettings, RawLogs, RawStreamRetention};
use super::otlp::{Otlp, OtlpSettings, RawOtlp};
use super::storage::{RawStorage, Storage};
use super::traces::{RawGenerator, RawGraphs, RawSpanMetrics, RawTraceLimits, RawTraces, TraceSettings};
use phoenix_ingest::log_limits::{LogLimits, OtlpConfig};
use phoenix_model::{Diagnostic, Secret, Source};
use phoenix_yaml::{Bytes, Duration, Spanned, Url, known_keys};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// How long samples are kept when nothing is said, as in Prometheus.
pub(super) const DEFAULT_RETENTION: std::time::Duration = std::time::Duration::from_hours(15 * 24);

const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// The keys of `phoenix.yaml` that are accepted and don't act yet, with what that means for the user.
pub const NOT_ACTING: &[(&str, &str)] =
    &[("slos", "objectives are not evaluated"), ("runbooks", "runbooks are not read; a rule's `runbook_url` is linked")];

/// What the command line sets; it wins over the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
}

/// What `phoenix.yaml` says, with defaults filled in and paths relative to the working folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Whether others than this machine may connect without authentication.
    pub allow_unauthenticated_remote: bool,
    /// Where everything is stored.
    pub data_dir: PathBuf,
    /// Under which address people reach Phoenix, for links in messages. Ends with `/`.
    pub external_url: Url,
    /// How long samples are kept; zero keeps everything, `None` leaves it to the Prometheus config.
    pub retention: Option<std::time::Duration>,
    /// How many bytes of samples are kept.
    pub retention_size_bytes: Option<u64>,
    /// A PostgreSQL server for the state store; `None` keeps it in SQLite below `data_dir`.
    pub state_url: Option<Secret>,
    /// What bounds the process.
    pub limits: Limits,
    /// Where OTLP is received.
    pub otlp: OtlpSettings,
    /// How logs are kept.
    pub logs: LogSettings,
    /// How traces are kept.
    pub traces: TraceSettings,
    /// Where they are kept.
    pub storage: Storage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSettings {
    listen: Option<Spanned<String>>,
    allow_unauthenticated_remote: bool,
    data_dir: Option<String>,
    external_url: Option<Spanned<Url>>,
    metrics: RawMetrics,
    rules: Vec<Spanned<String>>,
    alerting: RawAlerting,
    on_call: Option<Spanned<String>>,
    probes: Option<Spanned<String>>,
    state: RawState,
    limits: Spanned<RawLimits>,
    otlp: Otlp,
    logs: RawLogs,
    traces: RawTraces,
    slos: Vec<String>,
    dashboards: Option<Vec<Spanned<String>>>,
    runbooks: Vec<String>,
    storage: RawStorage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMetrics {
    config: Option<Spanned<String>>,
    retention: Option<Duration>,
    retention_size: Option<Bytes>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawAlerting {
    config: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawState {
    database: Option<Spanned<String>>,
}

/// The files that `phoenix.yaml` names, as written.
#[derive(Debug, Default)]
pub(super) struct NamedFiles {
    pub prometheus: Option<Spanned<String>>,
    pub rules: Vec<Spanned<String>>,
    pub alertmanager: Option<Spanned<String>>,
    pub on_call: Option<Spanned<String>>,
    pub probes: Option<Spanned<String>>,
    pub log_collection: Option<Spanned<String>>,
    pub sampling: Option<Spanned<String>>,
    pub dashboards: Option<Vec<Spanned<String>>>,
}

/// Whether a text is a Prometheus config: it has keys that only that format has, and none that only `phoenix.yaml` has.
pub(super) fn looks_like_prometheus(source: &Source) -> bool {
    let own = ["listen", "data_dir", "metrics", "rules", "on_call", "external_url", "limits", "logs", "traces"];
    phoenix_ingest::config::is_prometheus_config(source) && !phoenix_yaml::keys(source).iter().any(|key| own.contains(&key.path.as_str()))
}

/// Reads `phoenix.yaml`. `None` when nothing could be read; errors are among the diagnostics.
pub(super) fn read(
    source: &Source,
    folder: &Path,
    overrides: &Overrides,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Settings, NamedFiles)> {
    let (raw, mut found) = phoenix_yaml::read::<RawSettings>(source);
    for diagnostic in &mut found {
        explain_foreign_key(diagnostic);
    }
    diagnostics.append(&mut found);
    diagnostics.extend(warnings(source));
    let raw = raw?;
    for key in raw.limits.zeros() {
        let path = format!("limits.{key}");
        let span = phoenix_yaml::keys(source).into_iter().find(|k| k.path == path).map_or(raw.limits.span, |k| k.scalar.unwrap_or(k.span));
        diagnostics.push(
            Diagnostic::error(source, span, format!("the limit `{key}` is 0, which would let nothing through"))
                .with_help("leave the key out for the default; 0 does not mean unlimited here"),
        );
    }
    let state_url = raw.state.database.as_ref().map(|url| {
        if !url.value.starts_with("postgres://") && !url.value.starts_with("postgresql://") {
            diagnostics.push(
                Diagnostic::error(source, url.span, "the state store's address is not that of a PostgreSQL server")
                    .with_help("write it as `postgres://user:password@host/database`, or leave the key out for SQLite below `data_dir`"),
            );
        }
        Secret::new(url.value.clone())
    });
    let listen = listen(&raw, overrides, source, diagnostics);
    let external_url = match raw.external_url {
        Some(url) => with_slash(&url.value),
        None => own_address(listen),
    };
    let data_dir = overrides.data_dir.clone().unwrap_or_else(|| folder.join(raw.data_dir.as_deref().unwrap_or("data")));
    let log_collection = raw.logs.config.clone();
    let settings = Settings {
        otlp: raw.otlp.resolve(raw.allow_unauthenticated_remote, listen, source, diagnostics),
        logs: raw.logs.resolve(source, diagnostics),
        traces: raw.traces.resolve(source, diagnostics),
        storage: raw.storage.resolve(folder, &data_dir, source, diagnostics),
        listen,
        allow_unauthenticated_remote: raw.allow_unauthenticated_remote,
        data_dir,
        external_url,
        retention: raw.metrics.retention.map(Duration::get),
        retention_size_bytes: raw.metrics.retention_size.map(Bytes::get).filter(|size| *size > 0),
        state_url,
        limits: raw.limits.value.resolve(),
    };
    let named = NamedFiles {
        prometheus: raw.metrics.config,
        rules: raw.rules,
        alertmanager: raw.alerting.config,
        on_call: raw.on_call,
        probes: raw.probes,
        log_collection,
        sampling: raw.traces.sampling,
        dashboards: raw.dashboards,
    };
    Some((settings, named))
}

/// A key of Prometheus' format in `phoenix.yaml` is the likeliest misunderstanding.
fn explain_foreign_key(diagnostic: &mut Diagnostic) {
    let foreign = ["global", "scrape_configs", "rule_files", "scrape_config_files", "remote_write", "remote_read"];
    if foreign.iter().any(|key| diagnostic.message == format!("unknown key `{key}`")) {
        diagnostic.help =
            Some("this is a key of Prometheus' format: keep it in a file of its own and name that file under `metrics.config`".to_owned());
    }
    if ["route", "receivers", "inhibit_rules"].iter().any(|key| diagnostic.message == format!("unknown key `{key}`")) {
        diagnostic.help = Some(
            "this is a key of Alertmanager's format: keep it in a file of its own and name that file under `alerting.config`".to_owned(),
        );
    }
}

fn warnings(source: &Source) -> Vec<Diagnostic> {
    let keys = phoenix_yaml::keys(source);
    let known = |path: &str| NOT_ACTING.iter().find(|(key, _)| *key == path);
    keys.iter()
        .filter(|key| !key.is_empty && !is_off(source, key))
        .filter_map(|key| known(&key.path).map(|(name, reason)| (key, name, reason)))
        .map(|(key, name, reason)| Diagnostic::warning(source, key.span, format!("`{name}` is not acting yet: {reason}")))
        .collect()
}

fn is_off(source: &Source, key: &phoenix_yaml::Key) -> bool {
    key.scalar.is_some_and(|span| matches!(&source.text[span.start..span.end], "off" | "false" | "no"))
}

fn listen(raw: &RawSettings, overrides: &Overrides, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> SocketAddr {
    if let Some(listen) = overrides.listen {
        if let Err((message, help)) = check_listen(listen, raw.allow_unauthenticated_remote) {
            diagnostics.push(Diagnostic::bare_error(message).with_help(help));
        }
        return listen;
    }
    let Some(written) = &raw.listen else { return DEFAULT_LISTEN };
    match parse_listen(written) {
        Ok(listen) => {
            if let Err((message, help)) = check_listen(listen, raw.allow_unauthenticated_remote) {
                diagnostics.push(Diagnostic::error(source, written.span, message).with_help(help));
            }
            listen
        }
        Err(reason) => {
            let message = format!("`{}` is not an address to listen on: {reason}", written.value);
            diagnostics.push(Diagnostic::error(source, written.span, message).with_help("write it as `127.0.0.1:9090`"));
            DEFAULT_LISTEN
        }
    }
}

/// Reads `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090` and `:9090` (all addresses). Port 0 takes a free one.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let Some((host, port)) = text.rsplit_once(':') else { return Err("it has no port".to_owned()) };
    let port: u16 = port.parse().map_err(|_| format!("`{port}` is not a port (0 to 65535)"))?;
    let host = match host {
        "" => return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)),
        "localhost" => return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        bracketed => bracketed.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(bracketed),
    };
    host.parse().map(|ip: IpAddr| SocketAddr::new(ip, port)).map_err(|_| format!("`{host}` is not an IP address or `localhost`"))
}

/// Whether Phoenix may listen there: there is no authentication, so anything but this machine's own
/// addresses has to be allowed in words. Returns what is wrong and what to do.
pub fn check_listen(listen: SocketAddr, allow_unauthenticated_remote: bool) -> Result<(), (String, String)> {
    if listen.ip().is_loopback() || allow_unauthenticated_remote {
        return Ok(());
    }
    Err((
        format!(
            "listening on {listen} would let anyone who reaches it read everything and silence alerts: no authentication is configured"
        ),
        "listen on 127.0.0.1 behind a proxy that authenticates, or set `allow_unauthenticated_remote: true` in phoenix.yaml".to_owned(),
    ))
}

fn own_address(listen: SocketAddr) -> Url {
    let ip = match listen.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    Url::parse(&format!("http://{}/", SocketAddr::new(ip, listen.port()))).expect("a socket address makes a URL")
}

fn with_slash(url: &Url) -> Url {
    let mut whole = url.get().clone();
    if !whole.path().ends_with('/') {
        let path = format!("{}/", whole.path());
        whole.set_path(&path);
    }
    Url::parse(whole.as_str()).unwrap_or_else(|_| url.clone())
}

/// Every documented key of `phoenix.yaml` with its way from the root.
pub fn documented_keys() -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (section, names) in [
        ("", known_keys::<RawSettings>()),
        ("metrics", known_keys::<RawMetrics>()),
        ("alerting", known_keys::<RawAlerting>()),
        ("state", known_keys::<RawState>()),
        ("limits", known_keys::<RawLimits>()),
        ("otlp", known_keys::<RawOtlp>()),
        ("logs", known_keys::<RawLogs>()),
        ("logs.retention_stream[]", known_keys::<RawStreamRetention>()),
        ("logs.limits", known_keys::<LogLimits>()),
        ("logs.limits.otlp_config", known_keys::<OtlpConfig>()),
        ("traces", known_keys::<RawTraces>()),
        ("traces.limits", known_keys::<RawTraceLimits>()),
        ("traces.metrics_generator", known_keys::<RawGenerator>()),
        ("traces.metrics_generator.span_metrics", known_keys::<RawSpanMetrics>()),
        ("traces.metrics_generator.service_graphs", known_keys::<RawGraphs>()),
        ("storage", known_keys::<RawStorage>()),
    ] {
        keys.extend(names.into_iter().map(|name| if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }));
    }
    keys
}
