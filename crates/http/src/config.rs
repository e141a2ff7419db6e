//! The keys of `http_config` and what Prometheus demands of them.

use crate::tls::TlsConfig;
use phoenix_model::Secret;
use phoenix_yaml::{KeyError, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How to reach an HTTP server. All keys of Prometheus' `http_config`; in most places they stand
/// directly among other keys (see [`phoenix_yaml::Inline`]), in Alertmanager's files below `http_config`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawHttpConfig")]
pub struct HttpConfig {
    /// User name and password.
    pub basic_auth: Option<BasicAuth>,
    /// The `Authorization` header; also what `bearer_token` and `bearer_token_file` mean.
    pub authorization: Option<Authorization>,
    /// OAuth 2.0 client credentials. Known, not acting yet.
    pub oauth2: Option<OAuth2>,
    /// TLS settings.
    pub tls_config: TlsConfig,
    /// Whether 3xx answers are followed.
    pub follow_redirects: bool,
    /// Whether HTTP/2 is offered.
    pub enable_http2: bool,
    /// The proxy.
    pub proxy: ProxyConfig,
    /// Further headers.
    pub http_headers: BTreeMap<String, Header>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            basic_auth: None,
            authorization: None,
            oauth2: None,
            tls_config: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            proxy: ProxyConfig::default(),
            http_headers: BTreeMap::new(),
        }
    }
}

impl HttpConfig {
    /// The headers that a request carries: authentication and `http_headers`. Secrets in files are read now.
    pub fn headers(&self, disk: &dyn phoenix_env::Disk) -> Result<reqwest::header::HeaderMap, crate::HttpError> {
        crate::auth::headers(self, disk)
    }

    /// Makes relative paths of secrets and certificates relative to `folder`, the configuration file's.
    pub fn resolve_paths(&mut self, folder: &Path) {
        let mut paths: Vec<&mut PathBuf> = Vec::new();
        if let Some(basic) = &mut self.basic_auth {
            paths.extend(&mut basic.username_file);
            paths.extend(&mut basic.password_file);
        }
        if let Some(authorization) = &mut self.authorization {
            paths.extend(&mut authorization.credentials_file);
        }
        if let Some(oauth2) = &mut self.oauth2 {
            paths.extend(&mut oauth2.client_secret_file);
            oauth2.tls_config.resolve_paths(folder);
        }
        for header in self.http_headers.values_mut() {
            paths.extend(&mut header.files);
        }
        for path in paths {
            crate::tls::resolve(path, folder);
        }
        self.tls_config.resolve_paths(folder);
    }
}

/// User name and password, each given or in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BasicAuth {
    /// The user's name.
    pub username: String,
    /// A file that holds the user's name.
    pub username_file: Option<PathBuf>,
    /// The password.
    pub password: Secret,
    /// A file that holds the password.
    pub password_file: Option<PathBuf>,
}

/// The `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authorization {
    /// The scheme: `Bearer` unless said otherwise.
    #[serde(rename = "type")]
    pub scheme: String,
    /// What follows the scheme.
    pub credentials: Option<Secret>,
    /// A file that holds what follows the scheme.
    pub credentials_file: Option<PathBuf>,
}

impl Default for Authorization {
    fn default() -> Self {
        Self { scheme: "Bearer".to_owned(), credentials: None, credentials_file: None }
    }
}

/// OAuth 2.0 with the grant of client credentials.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    #[serde(default)]
    pub client_secret: Secret,
    /// A file that holds the client's secret.
    pub client_secret_file: Option<PathBuf>,
    /// The scopes asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Where tokens come from.
    pub token_url: String,
    /// Parameters added to the request for a token.
    #[serde(default)]
    pub endpoint_params: BTreeMap<String, String>,
    /// TLS towards the token's server.
    #[serde(default)]
    pub tls_config: TlsConfig,
    /// A proxy towards the token's server.
    pub proxy_url: Option<Url>,
    /// Hosts reached without the proxy.
    #[serde(default)]
    pub no_proxy: String,
    /// Whether the environment names the proxy.
    #[serde(default)]
    pub proxy_from_environment: bool,
    /// Headers sent to the proxy.
    #[serde(default)]
    pub proxy_connect_header: BTreeMap<String, Vec<Secret>>,
    /// Further headers towards the token's server.
    #[serde(default)]
    pub http_headers: BTreeMap<String, Header>,
    // The keys of the JWT grant (RFC 7523): known, like the rest of the section.
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub grant_type: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub client_certificate_key: Secret,
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub client_certificate_key_file: Option<PathBuf>,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub client_certificate_key_id: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub signature_algorithm: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub iss: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub audience: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "not acting; named as in Prometheus")]
    pub claims: BTreeMap<String, String>,
}

/// A further header: values, secret values, and values in files, all sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Header {
    /// Values.
    pub values: Vec<String>,
    /// Values that are not shown.
    pub secrets: Vec<Secret>,
    /// Files, each of which holds a value.
    pub files: Vec<PathBuf>,
}

/// The proxy towards a server.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProxyConfig {
    /// The proxy's address.
    pub url: Option<Url>,
    /// Hosts, addresses and networks reached without it, separated by commas.
    pub no_proxy: String,
    /// Whether `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` decide.
    pub from_environment: bool,
    /// Headers sent to the proxy.
    pub connect_header: BTreeMap<String, Vec<Secret>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawHttpConfig {
    basic_auth: Option<BasicAuth>,
    authorization: Option<Authorization>,
    bearer_token: Option<Secret>,
    bearer_token_file: Option<PathBuf>,
    oauth2: Option<OAuth2>,
    tls_config: TlsConfig,
    follow_redirects: bool,
    enable_http2: bool,
    proxy_url: Option<Url>,
    no_proxy: String,
    proxy_from_environment: bool,
    proxy_connect_header: BTreeMap<String, Vec<Secret>>,
    http_headers: BTreeMap<String, Header>,
}

impl Default for RawHttpConfig {
    fn default() -> Self {
        Self {
            basic_auth: None,
            authorization: None,
            bearer_token: None,
            bearer_token_file: None,
            oauth2: None,
            tls_config: TlsConfig::default(),
            follow_redirects: true,
            enable_http2: true,
            proxy_url: None,
            no_proxy: String::new(),
            proxy_from_environment: false,
            proxy_connect_header: BTreeMap::new(),
            http_headers: BTreeMap::new(),
        }
    }
}

/// Headers that the client sets itself, or that belong to a connection.
const RESERVED_HEADERS: [&str; 18] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "www-authenticate",
    "x-prometheus-remote-read-version",
    "x-prometheus-remote-write-version",
    "x-prometheus-scrape-timeout-seconds",
];

impl TryFrom<RawHttpConfig> for HttpConfig {
    type Error = KeyError;

    fn try_from(raw: RawHttpConfig) -> Result<Self, KeyError> {
        let ways = [
            ("basic_auth", raw.basic_auth.is_some()),
            ("authorization", raw.authorization.is_some()),
            ("oauth2", raw.oauth2.is_some()),
            ("bearer_token", raw.bearer_token.is_some()),
            ("bearer_token_file", raw.bearer_token_file.is_some()),
        ];
        let given: Vec<&'static str> = ways.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
        if let [first, second, ..] = given[..] {
            return Err(KeyError::at(second, format!("at most one of `{first}` and `{second}` can be given"))
                .with_help("a request has one Authorization header; keep one of them"));
        }
        if let Some(basic) = &raw.basic_auth {
            at_most_one("basic_auth.username_file", !basic.username.is_empty(), basic.username_file.is_some())?;
            at_most_one("basic_auth.password_file", !basic.password.expose().is_empty(), basic.password_file.is_some())?;
        }
        if let Some(authorization) = &raw.authorization {
            at_most_one("authorization.credentials_file", authorization.credentials.is_some(), authorization.credentials_file.is_some())?;
            if authorization.scheme.trim().eq_ignore_ascii_case("basic") {
                return Err(
                    KeyError::at("authorization.type", "the type of `authorization` cannot be `basic`").with_help("use `basic_auth`")
                );
            }
        }
        if let Some(oauth2) = &raw.oauth2 {
            at_most_one("oauth2.client_secret_file", !oauth2.client_secret.expose().is_empty(), oauth2.client_secret_file.is_some())?;
        }
        if raw.proxy_from_environment && raw.proxy_url.is_some() {
            return Err(KeyError::at("proxy_from_environment", "`proxy_from_environment` and `proxy_url` exclude each other"));
        }
        if raw.proxy_from_environment && !raw.no_proxy.is_empty() {
            return Err(KeyError::at("no_proxy", "`proxy_from_environment` and `no_proxy` exclude each other")
                .with_help("set the environment variable NO_PROXY"));
        }
        if raw.proxy_url.is_none() && !raw.no_proxy.is_empty() {
            return Err(KeyError::at("no_proxy", "`no_proxy` needs `proxy_url`"));
        }
        if raw.proxy_url.is_none() && !raw.proxy_from_environment && !raw.proxy_connect_header.is_empty() {
            return Err(KeyError::at("proxy_connect_header", "`proxy_connect_header` needs `proxy_url` or `proxy_from_environment`"));
        }
        for name in raw.http_headers.keys() {
            check_header(name)?;
        }
        let authorization = match (raw.bearer_token, raw.bearer_token_file) {
            (None, None) => raw.authorization,
            (credentials, credentials_file) => Some(Authorization { credentials, credentials_file, ..Authorization::default() }),
        };
        let proxy = ProxyConfig {
            url: raw.proxy_url,
            no_proxy: raw.no_proxy,
            from_environment: raw.proxy_from_environment,
            connect_header: raw.proxy_connect_header,
        };
        Ok(Self {
            basic_auth: raw.basic_auth,
            authorization,
            oauth2: raw.oauth2,
            tls_config: raw.tls_config,
            follow_redirects: raw.follow_redirects,
            enable_http2: raw.enable_http2,
            proxy,
            http_headers: raw.http_headers,
        })
    }
}

/// `way` is the key of the file, `section.name_file`; the other key is that without `_file`.
fn at_most_one(way: &'static str, text: bool, file: bool) -> Result<(), KeyError> {
    if text && file {
        let (section, file) = way.split_once('.').unwrap_or(("", way));
        let text = file.trim_end_matches("_file");
        return Err(KeyError::at(way, format!("at most one of `{text}` and `{file}` can be given in `{section}`")));
    }
    Ok(())
}

fn check_header(name: &str) -> Result<(), KeyError> {
    if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(KeyError::at("http_headers", format!("`{name}` is not a header's name")));
    }
    if RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(KeyError::at("http_headers", format!("the header `{name}` is reserved"))
            .with_help("for authentication use `authorization` or `basic_auth`; the client sets the others itself"));
    }
    Ok(())
}
