//! Limits on logs that come in, under the names of Loki's `limits_config`.
//! <https://grafana.com/docs/loki/latest/configure/#limits_config>

mod otlp;

pub use otlp::{AttributeAction, AttributeRule, EntryRule, OtlpConfig, ResourceRules};

use phoenix_yaml::{Bytes, Duration};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer, Serialize};

/// Limits on logs that come in, and what is found out about them on the way. Where a limit is 0 it
/// does not act; the limits on a request's body hold beneath.
///
/// The defaults are Loki's, but for rates and the number of streams: Loki's defaults share a cluster
/// between tenants, and Phoenix is one program with one tenant. Its defaults stop a client gone wild
/// and nothing below that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the format, each on its own")]
pub struct LogLimits {
    /// Bytes of a line. Default 256KB.
    pub max_line_size: ByteSize,
    /// Whether a line that is too long is cut instead of refused. Default false.
    pub max_line_size_truncate: bool,
    /// Labels of a stream, `service_name` aside. Default 15.
    pub max_label_names_per_series: usize,
    /// Bytes of a label's name. Default 1024.
    pub max_label_name_length: usize,
    /// Bytes of a label's value. Default 2048.
    pub max_label_value_length: usize,
    /// Whether entries may have structured metadata. Default true.
    pub allow_structured_metadata: bool,
    /// Bytes of names and values of an entry's structured metadata. Default 64KB.
    pub max_structured_metadata_size: ByteSize,
    /// Pairs of structured metadata of an entry. Default 128.
    pub max_structured_metadata_entries_count: usize,
    /// Whether old entries are refused. Default true.
    pub reject_old_samples: bool,
    /// From which age on entries are old. Default 1w.
    pub reject_old_samples_max_age: Duration,
    /// How far in the future an entry may be. Default 10m.
    pub creation_grace_period: Duration,
    /// Megabytes (of 1,048,576 bytes) of lines and metadata a second, over all streams. Default 256;
    /// Loki's is 4.
    pub ingestion_rate_mb: f64,
    /// Megabytes that may come at once. Default 512; Loki's is 6.
    pub ingestion_burst_size_mb: f64,
    /// Bytes a second of one stream. Default 128MB; Loki's is 3MB.
    pub per_stream_rate_limit: ByteSize,
    /// Bytes of one stream that may come at once. Default 512MB; Loki's is 15MB.
    pub per_stream_rate_limit_burst: ByteSize,
    /// Streams that got an entry within the last half hour. Default 100,000; Loki's is 5,000.
    #[serde(alias = "max_global_streams_per_user")]
    pub max_streams: usize,
    /// Whether an entry with the time of the one before it in its stream, and another line, is put
    /// one nanosecond later, so that entries keep their order. Default false.
    pub increment_duplicate_timestamp: bool,
    /// Whether the level of entries is looked for. Default true.
    pub discover_log_levels: bool,
    /// The names of labels, metadata and fields of a line that hold a level.
    pub log_level_fields: Vec<String>,
    /// The labels of which the first that a stream has becomes its `service_name`. If it has none,
    /// that is `unknown_service`. An empty list adds no `service_name`.
    pub discover_service_name: Vec<String>,
    /// What becomes of the attributes of logs that come over OTLP.
    pub otlp_config: OtlpConfig,
}

impl Default for LogLimits {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            max_line_size: ByteSize(256 << 10),
            max_line_size_truncate: false,
            max_label_names_per_series: 15,
            max_label_name_length: 1024,
            max_label_value_length: 2048,
            allow_structured_metadata: true,
            max_structured_metadata_size: ByteSize(64 << 10),
            max_structured_metadata_entries_count: 128,
            reject_old_samples: true,
            reject_old_samples_max_age: Duration::from_secs(7 * 86_400),
            creation_grace_period: Duration::from_secs(600),
            ingestion_rate_mb: 256.0,
            ingestion_burst_size_mb: 512.0,
            per_stream_rate_limit: ByteSize(128 << 20),
            per_stream_rate_limit_burst: ByteSize(512 << 20),
            max_streams: 100_000,
            increment_duplicate_timestamp: false,
            discover_log_levels: true,
            log_level_fields: list(&[
                "level",
                "LEVEL",
                "Level",
                "log.level",
                "log_level",
                "severity",
                "SEVERITY",
                "Severity",
                "SeverityText",
                "lvl",
                "LVL",
                "Lvl",
                "severity_text",
                "Severity_Text",
                "SEVERITY_TEXT",
            ]),
            discover_service_name: list(&[
                "service",
                "app",
                "application",
                "name",
                "app_kubernetes_io_name",
                "container",
                "container_name",
                "k8s_container_name",
                "component",
                "workload",
                "job",
                "k8s_job_name",
            ]),
            otlp_config: OtlpConfig::default(),
        }
    }
}

/// A number of bytes as Loki writes them: `256KB`, or a bare number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// The number, for comparing with lengths in memory.
    pub fn get(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.parse() {
            Ok(number) => Ok(Self(number)),
            Err(_) => Bytes::deserialize(text.as_str().into_deserializer()).map(|bytes| Self(bytes.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Source;

    #[test]
    fn limits_read_as_loki_writes_them() {
        let text = "max_line_size: 1MB\nper_stream_rate_limit: 3145728\nmax_global_streams_per_user: 7\nreject_old_samples_max_age: 168h\n\
                    discover_service_name: []\notlp_config:\n  resource_attributes:\n    attributes_config:\n      - {action: index_label, \
                    regex: service.group}\n  log_attributes:\n    - {action: drop, attributes: [user.id]}\n";
        let limits: LogLimits = phoenix_yaml::from_str(&Source::new("limits.yaml", text)).unwrap();
        assert_eq!((limits.max_line_size.0, limits.per_stream_rate_limit.0, limits.max_streams), (1 << 20, 3_145_728, 7));
        assert_eq!(limits.reject_old_samples_max_age, LogLimits::default().reject_old_samples_max_age);
        assert!(limits.discover_service_name.is_empty());
        assert_eq!(limits.otlp_config.log_attributes.len(), 1);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, want) in [
            ("max_line_siz: 1MB", "max_line_siz"),
            ("max_line_size: 1 potato", "1 potato"),
            ("otlp_config: {log_attributes: [{action: index_label, attributes: [a]}]}", "index_label"),
            ("otlp_config: {log_attributes: [{action: drop}]}", "attributes"),
            ("otlp_config: {log_attributes: [{action: drop, attributes: [a], regex: b}]}", "regex"),
        ] {
            let errors = phoenix_yaml::from_str::<LogLimits>(&Source::new("limits.yaml", text)).unwrap_err();
            assert!(errors[0].message.contains(want), "{text}: {}", errors[0].message);
        }
    }
}
