//! Sections that are known and checked, and don't act yet: sending elsewhere, tracing, OTLP, Go's runtime.

use super::discovery::{FileSdConfig, HttpSdConfig, OtherDiscoveries, RawTargetGroup};
use super::scrape::Scheme;
use crate::relabel::RelabelConfig;
use phoenix_http::{HttpConfig, TlsConfig};
use phoenix_model::Secret;
use phoenix_yaml::{Duration, Inline, Url};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Runtime {
    gogc: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Exemplars {
    pub max_exemplars: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Alerting {
    pub alert_relabel_configs: Vec<RelabelConfig>,
    alertmanagers: Vec<Alertmanager>,
}

type Alertmanager = Inline<Inline<AlertmanagerKeys, OtherDiscoveries>, HttpConfig>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AlertmanagerKeys {
    timeout: Option<Duration>,
    api_version: Option<ApiVersion>,
    path_prefix: String,
    scheme: Scheme,
    sigv4: Option<SigV4>,
    static_configs: Vec<RawTargetGroup>,
    file_sd_configs: Vec<FileSdConfig>,
    http_sd_configs: Vec<HttpSdConfig>,
    relabel_configs: Vec<RelabelConfig>,
    alert_relabel_configs: Vec<RelabelConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ApiVersion {
    V2,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SigV4 {
    region: String,
    access_key: String,
    secret_key: Secret,
    profile: String,
    role_arn: String,
    external_id: String,
    service_name: String,
    use_fips_sts_endpoint: bool,
}

pub(super) type RemoteWrite = Inline<RemoteWriteKeys, HttpConfig>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to be checked")]
pub(super) struct RemoteWriteKeys {
    url: Url,
    protobuf_message: Option<ProtobufMessage>,
    remote_timeout: Option<Duration>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    write_relabel_configs: Vec<RelabelConfig>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    send_exemplars: bool,
    #[serde(default)]
    send_native_histograms: bool,
    #[serde(default)]
    round_robin_dns: bool,
    #[serde(default)]
    queue_config: Queue,
    #[serde(default)]
    metadata_config: Metadata,
    sigv4: Option<SigV4>,
    azuread: Option<AzureAd>,
    google_iam: Option<GoogleIam>,
}

#[derive(Debug, Deserialize)]
enum ProtobufMessage {
    #[serde(rename = "prometheus.WriteRequest")]
    V1,
    #[serde(rename = "io.prometheus.write.v2.Request")]
    V2,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Queue {
    capacity: u64,
    max_shards: u64,
    min_shards: u64,
    max_samples_per_send: u64,
    batch_send_deadline: Option<Duration>,
    min_backoff: Option<Duration>,
    max_backoff: Option<Duration>,
    retry_on_http_429: bool,
    sample_age_limit: Option<Duration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Metadata {
    send: bool,
    send_interval: Option<Duration>,
    max_samples_per_send: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AzureAd {
    cloud: String,
    scope: String,
    managed_identity: Option<IgnoredAny>,
    oauth: Option<IgnoredAny>,
    sdk: Option<IgnoredAny>,
    workload_identity: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GoogleIam {
    credentials_file: String,
}

pub(super) type RemoteRead = Inline<RemoteReadKeys, HttpConfig>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to be checked")]
pub(super) struct RemoteReadKeys {
    url: Url,
    #[serde(default)]
    name: String,
    #[serde(default)]
    required_matchers: BTreeMap<String, String>,
    remote_timeout: Option<Duration>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    read_recent: bool,
    #[serde(default)]
    filter_external_labels: Option<bool>,
    #[serde(default)]
    chunked_read_limit: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to be checked")]
pub(super) struct Tracing {
    client_type: Option<TracingClient>,
    endpoint: String,
    #[serde(default)]
    sampling_fraction: f64,
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    compression: String,
    timeout: Option<Duration>,
    #[serde(default)]
    tls_config: TlsConfig,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TracingClient {
    Http,
    Grpc,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the format, each on its own")]
pub(super) struct Otlp {
    promote_all_resource_attributes: bool,
    promote_resource_attributes: Vec<String>,
    ignore_resource_attributes: Vec<String>,
    translation_strategy: Option<TranslationStrategy>,
    keep_identifying_resource_attributes: bool,
    convert_histograms_to_nhcb: bool,
    promote_scope_metadata: bool,
    label_name_underscore_sanitization: bool,
    label_name_preserve_multiple_underscores: bool,
}

#[derive(Debug, Deserialize)]
enum TranslationStrategy {
    UnderscoreEscapingWithSuffixes,
    UnderscoreEscapingWithoutSuffixes,
    NoUTF8EscapingWithSuffixes,
    NoTranslation,
}
