//! Which keys don't act yet, and which hold secrets. The documentation's table is held to this list by a test.

use super::DISCOVERIES;
use super::discovery::{FileSdConfig, HttpSdConfig, TargetGroup};
use super::global::RawGlobal;
use super::scrape::RawScrapeConfig;
use super::{RawConfig, Storage};
use phoenix_http::{Authorization, BasicAuth, HttpConfig, TlsConfig};
use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::known_keys;

/// The keys that are accepted and don't act yet, with what that means for the user. Discoveries are in
/// [`DISCOVERIES`]. A key below one of these does not act either.
pub const NOT_ACTING: &[(&str, &str)] = &[
    ("global.query_log_file", "queries are not logged to a file"),
    ("global.scrape_failure_log_file", "failed scrapes are not logged to a file; see the Targets page"),
    ("runtime.gogc", "there is no garbage collector to set"),
    ("scrape_configs[].scrape_failure_log_file", "failed scrapes are not logged to a file; see the Targets page"),
    ("scrape_configs[].oauth2", "requests go out without a token"),
    ("scrape_configs[].http_sd_configs[].oauth2", "requests go out without a token"),
    ("alerting.alertmanagers", "alerts go to Phoenix' own routing, not to other Alertmanagers"),
    ("remote_write", "samples are not sent elsewhere"),
    ("remote_read", "samples are not read from elsewhere"),
    ("storage.tsdb.out_of_order_time_window", "samples of any order are taken within the retention"),
    ("tracing", "Phoenix does not trace itself"),
    ("otlp", "metrics that come over OTLP are named as Prometheus does without this section"),
];

/// The warnings for keys that are accepted and don't act yet.
pub(super) fn warnings(source: &Source) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for key in phoenix_yaml::keys(source).iter().filter(|key| !key.is_empty) {
        let reason = NOT_ACTING.iter().find(|(path, _)| *path == key.path).map(|(_, reason)| *reason);
        let discovery = key.path.strip_prefix("scrape_configs[].");
        let discovery = discovery.filter(|name| DISCOVERIES.iter().any(|(known, _, _)| known == name));
        let reason = reason.or(discovery.map(|_| "it finds no targets"));
        if let Some(reason) = reason {
            let name = key.path.rsplit('.').next().unwrap_or(&key.path);
            warnings.push(Diagnostic::warning(source, key.span, format!("`{name}` is not acting yet: {reason}")));
        }
    }
    warnings
}

/// Whether the value of a key, by its last name, is a secret in Prometheus' or Alertmanager's files.
pub fn is_secret(path: &str) -> bool {
    const SECRET_KEYS: [&str; 37] = [
        "password",
        "credentials",
        "bearer_token",
        "client_secret",
        "client_certificate_key",
        "key",
        "secrets",
        "proxy_connect_header",
        "token",
        "auth_token",
        "secret_key",
        "application_secret",
        "application_credential_secret",
        "consumer_key",
        "service_account_key",
        "private_key",
        "smtp_auth_password",
        "smtp_auth_secret",
        "auth_password",
        "auth_secret",
        "slack_api_url",
        "api_url",
        "api_key",
        "api_secret",
        "app_token",
        "slack_app_token",
        "opsgenie_api_key",
        "victorops_api_key",
        "telegram_bot_token",
        "bot_token",
        "routing_key",
        "service_key",
        "user_key",
        "wechat_api_secret",
        "webhook_url",
        "webhook_secret",
        "rocketchat_token",
    ];
    let name = path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]");
    SECRET_KEYS.contains(&name)
}

/// Every documented key with its way from the root, in the order of the sections, for the reference.
pub fn documented_keys() -> Vec<String> {
    let mut keys = Vec::new();
    let mut add = |prefix: &str, names: Vec<&'static str>| {
        keys.extend(names.into_iter().map(|name| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }));
    };
    add("", known_keys::<RawConfig>());
    add("global", known_keys::<RawGlobal>());
    add("scrape_configs[]", known_keys::<RawScrapeConfig>());
    add("scrape_configs[].static_configs[]", known_keys::<TargetGroup>());
    add("scrape_configs[].file_sd_configs[]", known_keys::<FileSdConfig>());
    add("scrape_configs[].http_sd_configs[]", known_keys::<HttpSdConfig>());
    add("scrape_configs[].relabel_configs[]", known_keys::<crate::relabel::RelabelConfig>());
    add("scrape_configs[].basic_auth", known_keys::<BasicAuth>());
    add("scrape_configs[].authorization", known_keys::<Authorization>());
    add("scrape_configs[].tls_config", known_keys::<TlsConfig>());
    add("http_config", known_keys::<HttpConfig>());
    add("storage", known_keys::<Storage>());
    add("storage.exemplars", known_keys::<super::remote::Exemplars>());
    keys
}
