//! blackbox_exporter's configuration file.

use phoenix_http::{HttpConfig, TlsConfig};
use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::{Bytes, Duration, Inline, KeyError, Spanned, error_with_help};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The largest compiled regular expression, in bytes.
const PATTERN_LIMIT_BYTES: usize = 1 << 20;

/// All modules of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProbeConfig {
    /// By name.
    pub modules: BTreeMap<String, Module>,
}

/// How one kind of probe is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// What is spoken.
    pub prober: Prober,
    /// The longest that a probe may take; the scrape's own time limit holds as well.
    pub timeout: Option<std::time::Duration>,
}

/// What is spoken.
#[derive(Debug, Clone, PartialEq)]
pub enum Prober {
    /// HTTP, over TLS where the target says so.
    Http(Box<HttpProbe>),
    /// TCP, with or without TLS.
    Tcp(Box<TcpProbe>),
    /// A prober of blackbox_exporter's that Phoenix does not have, by its name.
    NotActing(&'static str),
}

/// A version of the Internet Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpProtocol {
    /// Version 4.
    Ip4,
    /// Version 6.
    #[default]
    Ip6,
}

impl IpProtocol {
    /// As in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ip4 => "ip4",
            Self::Ip6 => "ip6",
        }
    }
}

/// A regular expression that may match anywhere.
#[derive(Debug, Clone)]
pub struct Pattern(pub regex::bytes::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        let built = regex::bytes::RegexBuilder::new(&pattern).size_limit(PATTERN_LIMIT_BYTES).build();
        built.map(Self).map_err(|e| {
            error_with_help(
                format_args!("`{pattern}` is not a regular expression: {}", e.to_string().lines().last().unwrap_or_default()),
                "write it in RE2's syntax, without look-around; in single quotes a backslash needs no doubling",
            )
        })
    }
}

/// A probe over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpProbe {
    /// The codes that are right; 200 to 299 when there are none.
    pub valid_status_codes: Vec<u16>,
    /// The versions that are right, such as `HTTP/1.1`; all when there are none.
    pub valid_http_versions: Vec<String>,
    /// The method of the request.
    pub method: String,
    /// Headers of the request. `Host` is also the name that the certificate must have.
    pub headers: BTreeMap<String, String>,
    /// Whether an answer over TLS is a failure.
    pub fail_if_ssl: bool,
    /// Whether an answer without TLS is a failure.
    pub fail_if_not_ssl: bool,
    /// The body must match none of these.
    pub fail_if_body_matches_regexp: Vec<Pattern>,
    /// The body must match all of these.
    pub fail_if_body_not_matches_regexp: Vec<Pattern>,
    /// Headers that must not match.
    pub fail_if_header_matches: Vec<HeaderMatch>,
    /// Headers that must match.
    pub fail_if_header_not_matches: Vec<HeaderMatch>,
    /// The family of addresses that is taken first.
    pub preferred_ip_protocol: IpProtocol,
    /// Whether the other family will do.
    pub ip_protocol_fallback: bool,
    /// The body of the request.
    pub body: String,
    /// A file with the body of the request.
    pub body_file: Option<PathBuf>,
    /// The encoding that the answer has and that is undone: `gzip`, `deflate` or `identity`. What is asked for
    /// is said by the header `Accept-Encoding`.
    pub compression: Option<String>,
    /// The longest body that is right, in bytes; 0 for any.
    pub body_size_limit: u64,
    /// Authentication, TLS, redirects.
    pub http: HttpConfig,
}

/// A header and what its value is matched against.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderMatch {
    /// The header's name.
    pub header: String,
    /// What one of its values is matched against.
    pub regexp: Pattern,
    /// Whether a missing header is no failure.
    #[serde(default)]
    pub allow_missing: bool,
}

/// A probe over TCP.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TcpProbe {
    /// The family of addresses that is taken first.
    pub preferred_ip_protocol: IpProtocol,
    /// Whether the other family will do.
    pub ip_protocol_fallback: bool,
    /// The address to connect from.
    pub source_ip_address: Option<IpAddr>,
    /// What is waited for and sent, in order.
    pub query_response: Vec<QueryResponse>,
    /// Whether the connection begins with TLS.
    pub tls: bool,
    /// TLS settings, for `tls` and `starttls`.
    pub tls_config: TlsConfig,
}

impl Default for TcpProbe {
    fn default() -> Self {
        Self {
            preferred_ip_protocol: IpProtocol::default(),
            ip_protocol_fallback: true,
            source_ip_address: None,
            query_response: Vec::new(),
            tls: false,
            tls_config: TlsConfig::default(),
        }
    }
}

/// A step of a conversation over TCP.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueryResponse {
    /// A line that matches this is waited for.
    pub expect: Option<Pattern>,
    /// Labels of `probe_expect_info`; `${1}` is the first group of `expect`.
    pub labels: Vec<ExpectLabel>,
    /// A line to send; `${1}` is the first group of `expect`.
    pub send: String,
    /// Whether TLS begins now.
    pub starttls: bool,
}

/// A label of `probe_expect_info`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectLabel {
    /// The label's name.
    pub name: String,
    /// Its value, with groups of the expression.
    pub value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawFile {
    modules: BTreeMap<String, Spanned<RawModule>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawModule {
    prober: Option<Spanned<String>>,
    timeout: Option<Duration>,
    http: Option<HttpProbe>,
    tcp: Option<TcpProbe>,
    dns: Option<IgnoredAny>,
    icmp: Option<IgnoredAny>,
    grpc: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the format, each on its own")]
struct RawHttp {
    valid_status_codes: Vec<u16>,
    valid_http_versions: Vec<String>,
    method: String,
    headers: BTreeMap<String, String>,
    no_follow_redirects: Option<bool>,
    fail_if_ssl: bool,
    fail_if_not_ssl: bool,
    fail_if_body_matches_regexp: Vec<Pattern>,
    fail_if_body_not_matches_regexp: Vec<Pattern>,
    fail_if_header_matches: Vec<HeaderMatch>,
    fail_if_header_not_matches: Vec<HeaderMatch>,
    preferred_ip_protocol: IpProtocol,
    ip_protocol_fallback: bool,
    skip_resolve_phase_with_proxy: bool,
    body: String,
    body_file: Option<PathBuf>,
    compression: Option<String>,
    body_size_limit: Bytes,
}

impl Default for RawHttp {
    fn default() -> Self {
        Self {
            valid_status_codes: Vec::new(),
            valid_http_versions: Vec::new(),
            method: "GET".to_owned(),
            headers: BTreeMap::new(),
            no_follow_redirects: None,
            fail_if_ssl: false,
            fail_if_not_ssl: false,
            fail_if_body_matches_regexp: Vec::new(),
            fail_if_body_not_matches_regexp: Vec::new(),
            fail_if_header_matches: Vec::new(),
            fail_if_header_not_matches: Vec::new(),
            preferred_ip_protocol: IpProtocol::default(),
            ip_protocol_fallback: true,
            skip_resolve_phase_with_proxy: false,
            body: String::new(),
            body_file: None,
            compression: None,
            body_size_limit: Bytes(0),
        }
    }
}

impl<'de> Deserialize<'de> for HttpProbe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Checked::deserialize(deserializer).map(|checked| checked.0)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "Inline<RawHttp, HttpConfig>")]
struct Checked(HttpProbe);

impl TryFrom<Inline<RawHttp, HttpConfig>> for Checked {
    type Error = KeyError;

    fn try_from(raw: Inline<RawHttp, HttpConfig>) -> Result<Self, KeyError> {
        let Inline { own, inlined: mut http } = raw;
        if let Some(no) = own.no_follow_redirects {
            http.follow_redirects = !no;
        }
        if http.proxy.url.is_some() || http.proxy.from_environment || own.skip_resolve_phase_with_proxy {
            return Err(KeyError::at("proxy_url", "probes through a proxy are not there yet"));
        }
        if http.oauth2.is_some() {
            return Err(KeyError::at("oauth2", "probes with OAuth 2.0 are not there yet"));
        }
        if own.method.is_empty() || !own.method.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(KeyError::at("method", format!("`{}` is not a method of HTTP", own.method)));
        }
        if let Some(code) = own.valid_status_codes.iter().find(|code| !(100..1000).contains(*code)) {
            return Err(KeyError::at("valid_status_codes", format!("{code} is not a status code")));
        }
        if let Some(other) = own.compression.as_deref().filter(|c| !matches!(*c, "gzip" | "deflate" | "identity")) {
            return Err(
                KeyError::at("compression", format!("the encoding `{other}` is not known")).with_help("use gzip, deflate or identity")
            );
        }
        if !own.body.is_empty() && own.body_file.is_some() {
            return Err(KeyError::at("body_file", "at most one of `body` and `body_file` can be given"));
        }
        Ok(Self(HttpProbe {
            valid_status_codes: own.valid_status_codes,
            valid_http_versions: own.valid_http_versions,
            method: own.method.to_ascii_uppercase(),
            headers: own.headers,
            fail_if_ssl: own.fail_if_ssl,
            fail_if_not_ssl: own.fail_if_not_ssl,
            fail_if_body_matches_regexp: own.fail_if_body_matches_regexp,
            fail_if_body_not_matches_regexp: own.fail_if_body_not_matches_regexp,
            fail_if_header_matches: own.fail_if_header_matches,
            fail_if_header_not_matches: own.fail_if_header_not_matches,
            preferred_ip_protocol: own.preferred_ip_protocol,
            ip_protocol_fallback: own.ip_protocol_fallback,
            body: own.body,
            body_file: own.body_file,
            compression: own.compression,
            body_size_limit: own.body_size_limit.get(),
            http,
        }))
    }
}

impl Default for HttpProbe {
    fn default() -> Self {
        let raw = Inline { own: RawHttp::default(), inlined: HttpConfig::default() };
        match Checked::try_from(raw) {
            Ok(Checked(probe)) => probe,
            Err(_) => unreachable!("the defaults are right"),
        }
    }
}

/// Whether a text is such a file: it has `modules` at its top, each with a prober.
pub fn is_probe_config(source: &Source) -> bool {
    let keys = phoenix_yaml::keys(source);
    keys.iter().any(|key| key.path == "modules") && keys.iter().any(|key| key.path.starts_with("modules.") && key.path.ends_with(".prober"))
}

impl ProbeConfig {
    /// Reads a file; relative paths are relative to `folder`. What is accepted and not acting is a warning.
    pub fn read(source: &Source, folder: &Path) -> (Option<Self>, Vec<Diagnostic>) {
        let (raw, mut found) = phoenix_yaml::read::<RawFile>(source);
        let Some(raw) = raw else { return (None, found) };
        let mut modules = BTreeMap::new();
        for (name, module) in raw.modules {
            let span = module.span;
            match module.value.checked(folder) {
                Ok(module) => {
                    if let Prober::NotActing(prober) = module.prober {
                        let text = format!("the module `{name}` is not acting: Phoenix has no prober `{prober}`");
                        found.push(Diagnostic::warning(source, span, text).with_help("http and tcp are probed, both also over TLS"));
                    }
                    modules.insert(name, module);
                }
                Err(message) => found.push(Diagnostic::error(source, span, format!("the module `{name}` {message}"))),
            }
        }
        found.sort_by_key(|d| d.span.start);
        (Some(Self { modules }), found)
    }
}

impl RawModule {
    fn checked(self, folder: &Path) -> Result<Module, String> {
        let _ = (self.dns, self.icmp, self.grpc);
        let prober = self.prober.map(|prober| prober.value).unwrap_or_default();
        let prober = match prober.as_str() {
            "http" => {
                let mut probe = self.http.unwrap_or_default();
                probe.http.resolve_paths(folder);
                if let Some(path) = probe.body_file.as_mut().filter(|path| path.is_relative()) {
                    *path = folder.join(&*path);
                }
                Prober::Http(Box::new(probe))
            }
            "tcp" => {
                let mut probe = self.tcp.unwrap_or_default();
                probe.tls_config.resolve_paths(folder);
                Prober::Tcp(Box::new(probe))
            }
            "dns" => Prober::NotActing("dns"),
            "icmp" => Prober::NotActing("icmp"),
            "grpc" => Prober::NotActing("grpc"),
            "" => return Err("has no `prober`: write http or tcp".to_owned()),
            other => return Err(format!("has the unknown prober `{other}`: write http or tcp")),
        };
        Ok(Module { prober, timeout: self.timeout.map(Duration::get) })
    }
}
