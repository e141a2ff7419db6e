//! Which keys of Promtail's file do not act. The documentation's table is held to this list by a test.

use super::raw::{RawConfig, RawJob, RawJournal, RawSyslog};
use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::known_keys;

/// The keys that are accepted and don't act, with what that means. A key below one of these does not act either.
pub const NOT_ACTING: &[(&str, &str)] = &[
    ("server", "Phoenix has an HTTP server of its own; see `listen` in phoenix.yaml"),
    ("clients", "lines go into Phoenix' own store; of a single client `external_labels` acts"),
    ("client", "lines go into Phoenix' own store"),
    ("positions.filename", "positions are kept in Phoenix' data folder"),
    ("positions.ignore_invalid_yaml", "positions are not kept in YAML"),
    ("limits_config.readline_rate_enabled", "reading is slowed down by the store alone; see the stage `limit`"),
    ("limits_config.readline_rate", "reading is slowed down by the store alone; see the stage `limit`"),
    ("limits_config.readline_burst", "reading is slowed down by the store alone; see the stage `limit`"),
    ("limits_config.readline_rate_drop", "reading is slowed down by the store alone; see the stage `limit`"),
    ("limits_config.max_streams", "see `logs.limits.max_streams` in phoenix.yaml"),
    ("options", "there is nothing to set"),
    ("tracing", "Phoenix does not trace itself"),
    ("scrape_configs[].decompression", "compressed files are not read"),
    ("scrape_configs[].encoding", "files are read as UTF-8"),
    ("scrape_configs[].loki_push_api", "Phoenix takes pushes at /loki/api/v1/push on its own address"),
    ("scrape_configs[].windows_events", "there are no Windows events here"),
    ("scrape_configs[].gcplog", "nothing is read from there"),
    ("scrape_configs[].azure_event_hub", "nothing is read from there"),
    ("scrape_configs[].azure_event_hubs", "nothing is read from there"),
    ("scrape_configs[].kafka", "nothing is read from there"),
    ("scrape_configs[].gelf", "nothing is received"),
    ("scrape_configs[].cloudflare", "nothing is read from there"),
    ("scrape_configs[].heroku_drain", "nothing is received"),
    ("scrape_configs[].kubernetes_sd_configs", "it finds no targets; name the files with `__path__: /var/log/pods/*/*/*.log`"),
    ("scrape_configs[].consul_sd_configs", "it finds no targets"),
    ("scrape_configs[].consulagent_sd_configs", "it finds no targets"),
    ("scrape_configs[].docker_sd_configs", "it finds no targets; name the files with `__path__: /var/lib/docker/containers/*/*-json.log`"),
    ("scrape_configs[].syslog.tls_config", "connections are not encrypted"),
];

/// The warnings for keys and stages that are accepted and don't act.
pub(super) fn warnings(source: &Source) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for key in phoenix_yaml::keys(source).iter().filter(|key| !key.is_empty) {
        let name = key.path.rsplit('.').next().unwrap_or(&key.path);
        let listed = NOT_ACTING.iter().find(|(path, _)| *path == key.path).map(|(_, reason)| *reason);
        let is_tenant = key.path.starts_with("scrape_configs[].pipeline_stages[]") && key.path.ends_with("[].tenant");
        if let Some(reason) = listed.or(is_tenant.then_some("there are no tenants")) {
            warnings.push(Diagnostic::warning(source, key.span, format!("`{name}` is not acting: {reason}")));
        }
    }
    warnings
}

/// Every documented key with its way from the root, for the reference.
pub fn documented_keys() -> Vec<String> {
    let mut keys = Vec::new();
    for (prefix, names) in [
        ("", known_keys::<RawConfig>()),
        ("scrape_configs[].", known_keys::<RawJob>()),
        ("scrape_configs[].journal.", known_keys::<RawJournal>()),
        ("scrape_configs[].syslog.", known_keys::<RawSyslog>()),
    ] {
        keys.extend(names.into_iter().map(|name| format!("{prefix}{name}")));
    }
    keys
}
