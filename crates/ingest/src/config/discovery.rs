//! How targets are found: what acts, typed; what does not act yet, with its documented keys checked.

use super::global::{NameValidation, check_label_name};
use phoenix_http::HttpConfig;
use phoenix_model::{Diagnostic, Labels, Source};
use phoenix_yaml::{Duration, Inline, KeyError, Spanned, Url};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// Targets with labels of their own; also one entry of a `file_sd` file or of an HTTP discovery's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetGroup {
    /// The targets, as `host:port`.
    pub targets: Vec<String>,
    /// Labels that they get before relabelling.
    pub labels: Labels,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTargetGroup {
    targets: Vec<Spanned<String>>,
    labels: BTreeMap<Spanned<String>, String>,
}

impl RawTargetGroup {
    pub fn check(
        self,
        validation: NameValidation,
        has_relabelling: bool,
        source: &Source,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> TargetGroup {
        for name in self.labels.keys() {
            check_label_name(name, validation, source, diagnostics);
        }
        // With relabelling a target may be anything, a URL for a prober for example.
        for target in self.targets.iter().filter(|_| !has_relabelling) {
            check_target(target, source, diagnostics);
        }
        TargetGroup {
            targets: self.targets.into_iter().map(Spanned::into_inner).collect(),
            labels: Labels::from_pairs(self.labels.iter().map(|(name, value)| (name.as_str(), value))),
        }
    }
}

fn check_target(target: &Spanned<String>, source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    if target.is_empty() {
        diagnostics.push(Diagnostic::error(source, target.span, "a target is empty").with_help("write it as `host:port`"));
    } else if target.contains('/') {
        diagnostics.push(
            Diagnostic::error(
                source,
                target.span,
                format!("`{}` is not a target: expected `host:port`, found a URL or a path", target.value),
            )
            .with_help("the scheme belongs into the job's `scheme`, the path into its `metrics_path`"),
        );
    } else if let Some((_, port)) = target.rsplit_once(':')
        && !target.ends_with(']')
        && port.parse::<u16>().is_ok_and(|port| port == 0) | port.parse::<u16>().is_err()
    {
        // Prometheus loads it and fails each scrape.
        diagnostics.push(
            Diagnostic::warning(source, target.span, format!("`{}` can't be reached: `{port}` is not a port", target.value))
                .with_help("a port is a number from 1 to 65535"),
        );
    }
}

/// Targets in files that are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawFileSd")]
pub struct FileSdConfig {
    /// Patterns of paths; `*` may stand in the last part.
    pub files: Vec<PathBuf>,
    /// How often the files are read again even if no change was seen.
    pub refresh_interval: std::time::Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFileSd {
    #[serde(default)]
    files: Vec<String>,
    refresh_interval: Option<Duration>,
}

impl TryFrom<RawFileSd> for FileSdConfig {
    type Error = KeyError;

    fn try_from(raw: RawFileSd) -> Result<Self, KeyError> {
        if raw.files.is_empty() {
            return Err(KeyError::whole("`files` is missing or empty").with_help("name at least one file, as `targets/*.yaml`"));
        }
        for file in &raw.files {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
            if !matches!(ending.as_deref(), Some("json" | "yml" | "yaml")) {
                return Err(KeyError::at("files", format!("`{file}` does not end in `.json`, `.yml` or `.yaml`")));
            }
            if folder.contains('*') || name.matches('*').count() > 1 {
                return Err(KeyError::at("files", format!("`{file}` has a `*` in a folder's name, or more than one"))
                    .with_help("one `*` may stand in the last part of the path"));
            }
        }
        let refresh_interval = raw.refresh_interval.map_or(std::time::Duration::from_mins(5), Duration::get);
        Ok(Self { files: raw.files.into_iter().map(PathBuf::from).collect(), refresh_interval })
    }
}

impl FileSdConfig {
    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        for file in &mut self.files {
            *file = folder.join(&*file);
        }
    }
}

/// Targets that an HTTP server lists.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Inline<RawHttpSd, HttpConfig>")]
pub struct HttpSdConfig {
    /// Where the list is.
    pub url: Url,
    /// How often it is fetched.
    pub refresh_interval: std::time::Duration,
    /// How the server is reached.
    pub http: HttpConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHttpSd {
    url: Url,
    refresh_interval: Option<Duration>,
}

impl From<Inline<RawHttpSd, HttpConfig>> for HttpSdConfig {
    fn from(raw: Inline<RawHttpSd, HttpConfig>) -> Self {
        let refresh_interval = raw.own.refresh_interval.map_or(std::time::Duration::from_mins(1), Duration::get);
        Self { url: raw.own.url, refresh_interval, http: raw.inlined }
    }
}

/// The documented keys of a discovery that does not act yet.
pub(super) trait Documented {
    /// The keys of its own, beside those of `http_config`.
    const KEYS: &'static [&'static str];
}

/// An entry whose keys and simple values are checked, and nothing more.
pub(super) struct Checked<D>(PhantomData<D>);

impl<D> fmt::Debug for Checked<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checked")
    }
}

impl<'de, D: Documented> Deserialize<'de> for Checked<D> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        struct Keys<D>(PhantomData<D>);

        impl<'de, D: Documented> Visitor<'de> for Keys<D> {
            type Value = Checked<D>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while let Some(Key(key, _)) = map.next_key::<Key<D>>()? {
                    match key {
                        "refresh_interval" | "timeout" | "fetch_timeout" => drop(map.next_value::<Option<Duration>>()?),
                        "port" => drop(map.next_value::<u16>()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Checked(PhantomData))
            }
        }

        deserializer.deserialize_struct("discovery", D::KEYS, Keys(PhantomData))
    }
}

struct Key<D>(&'static str, PhantomData<D>);

impl<'de, D: Documented> Deserialize<'de> for Key<D> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        let name = String::deserialize(deserializer)?;
        match D::KEYS.iter().find(|key| **key == name) {
            Some(key) => Ok(Self(key, PhantomData)),
            None => Err(de::Error::unknown_field(&name, D::KEYS)),
        }
    }
}

/// Declares the discoveries that are known and don't act yet, with their documented keys. `http` means that
/// the keys of `http_config` stand among them.
macro_rules! discoveries {
    ($($field:ident $kind:ident $http:tt [$($key:literal),* $(,)?];)*) => {
        $(
            struct $kind;

            impl Documented for $kind {
                const KEYS: &'static [&'static str] = &[$($key),*];
            }
        )*

        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct OtherDiscoveries {
            $($field: Vec<discoveries!(@entry $kind $http)>,)*
        }

        /// The discoveries that are known and don't act yet: the key, its own keys, and whether those of
        /// `http_config` stand among them.
        pub const DISCOVERIES: &[(&str, &[&str], bool)] = &[$((stringify!($field), <$kind as Documented>::KEYS, discoveries!(@http $http))),*];
    };
    (@entry $kind:ident http) => { Inline<Checked<$kind>, HttpConfig> };
    (@entry $kind:ident plain) => { Checked<$kind> };
    (@http http) => { true };
    (@http plain) => { false };
}

discoveries! {
    aws_sd_configs Aws http ["role", "region", "endpoint", "access_key", "secret_key", "profile", "role_arn", "external_id", "refresh_interval", "port", "filters", "clusters", "request_concurrency"];
    azure_sd_configs Azure http ["environment", "authentication_method", "subscription_id", "tenant_id", "client_id", "client_secret", "resource_group", "refresh_interval", "port"];
    consul_sd_configs Consul http ["server", "path_prefix", "token", "datacenter", "namespace", "partition", "scheme", "username", "password", "services", "tags", "node_meta", "tag_separator", "allow_stale", "refresh_interval", "filter", "health_filter"];
    digitalocean_sd_configs DigitalOcean http ["port", "refresh_interval"];
    dns_sd_configs Dns plain ["names", "type", "port", "refresh_interval"];
    docker_sd_configs Docker http ["host", "port", "host_networking_host", "match_first_network", "filters", "refresh_interval"];
    dockerswarm_sd_configs DockerSwarm http ["host", "role", "port", "filters", "refresh_interval"];
    ec2_sd_configs Ec2 http ["region", "endpoint", "access_key", "secret_key", "profile", "role_arn", "external_id", "refresh_interval", "port", "filters"];
    eureka_sd_configs Eureka http ["server", "refresh_interval"];
    gce_sd_configs Gce plain ["project", "zone", "filter", "refresh_interval", "port", "tag_separator"];
    hetzner_sd_configs Hetzner http ["role", "port", "refresh_interval", "label_selector"];
    ionos_sd_configs Ionos http ["datacenter_id", "port", "refresh_interval"];
    kubernetes_sd_configs Kubernetes http ["api_server", "role", "kubeconfig_file", "namespaces", "selectors", "attach_metadata"];
    kuma_sd_configs Kuma http ["server", "client_id", "refresh_interval", "fetch_timeout"];
    lightsail_sd_configs Lightsail http ["region", "endpoint", "access_key", "secret_key", "profile", "role_arn", "external_id", "refresh_interval", "port"];
    linode_sd_configs Linode http ["region", "port", "tag_separator", "refresh_interval"];
    marathon_sd_configs Marathon http ["servers", "refresh_interval", "auth_token", "auth_token_file"];
    nerve_sd_configs Nerve plain ["servers", "paths", "timeout"];
    nomad_sd_configs Nomad http ["allow_stale", "namespace", "refresh_interval", "region", "server", "tag_separator"];
    openstack_sd_configs OpenStack plain ["role", "region", "identity_endpoint", "username", "userid", "password", "domain_name", "domain_id", "project_name", "project_id", "application_credential_name", "application_credential_id", "application_credential_secret", "all_tenants", "refresh_interval", "port", "availability", "tls_config"];
    outscale_sd_configs Outscale http ["region", "endpoint", "access_key", "secret_key", "secret_key_file", "refresh_interval", "port"];
    ovhcloud_sd_configs OvhCloud plain ["application_key", "application_secret", "consumer_key", "service", "endpoint", "refresh_interval"];
    puppetdb_sd_configs PuppetDb http ["url", "query", "include_parameters", "refresh_interval", "port"];
    scaleway_sd_configs Scaleway http ["access_key", "secret_key", "secret_key_file", "project_id", "role", "port", "api_url", "zone", "name_filter", "tags_filter", "refresh_interval"];
    serverset_sd_configs Serverset plain ["servers", "paths", "timeout"];
    stackit_sd_configs Stackit http ["project", "region", "endpoint", "port", "refresh_interval", "service_account_key", "service_account_key_path", "private_key", "private_key_path", "credentials_file_path"];
    triton_sd_configs Triton plain ["account", "role", "dns_suffix", "endpoint", "groups", "port", "refresh_interval", "version", "tls_config"];
    uyuni_sd_configs Uyuni http ["server", "username", "password", "entitlement", "separator", "refresh_interval"];
    vultr_sd_configs Vultr http ["port", "refresh_interval"];
}
