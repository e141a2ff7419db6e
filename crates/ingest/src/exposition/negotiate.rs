//! Which formats are asked for, and which one an answer is in.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format.
    Text,
    /// OpenMetrics.
    OpenMetrics,
    /// Prometheus' protobuf format: messages, each after its length.
    Protobuf,
}

/// An exposition format by Prometheus' name for it, as in `scrape_protocols`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScrapeProtocol {
    /// Protocol buffers, the only one with native histograms.
    PrometheusProto,
    /// Text 0.0.4.
    #[serde(rename = "PrometheusText0.0.4")]
    PrometheusText004,
    /// Text 1.0.0, which has quoted names.
    #[serde(rename = "PrometheusText1.0.0")]
    PrometheusText100,
    /// OpenMetrics 0.0.1.
    #[serde(rename = "OpenMetricsText0.0.1")]
    OpenMetricsText001,
    /// OpenMetrics 1.0.0.
    #[serde(rename = "OpenMetricsText1.0.0")]
    OpenMetricsText100,
}

impl ScrapeProtocol {
    /// What Prometheus 3 asks for when a config says nothing, best first.
    pub const DEFAULT: [Self; 4] = [Self::OpenMetricsText100, Self::OpenMetricsText001, Self::PrometheusText100, Self::PrometheusText004];

    /// What Prometheus 3 asks for when a config says only `scrape_native_histograms: true`.
    pub const DEFAULT_WITH_NATIVE: [Self; 5] =
        [Self::PrometheusProto, Self::OpenMetricsText100, Self::OpenMetricsText001, Self::PrometheusText100, Self::PrometheusText004];

    /// How such a body is read.
    pub fn format(self) -> Format {
        match self {
            Self::PrometheusProto => Format::Protobuf,
            Self::PrometheusText004 | Self::PrometheusText100 => Format::Text,
            Self::OpenMetricsText001 | Self::OpenMetricsText100 => Format::OpenMetrics,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::PrometheusProto => "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
            Self::PrometheusText004 => "text/plain;version=0.0.4",
            Self::PrometheusText100 => "text/plain;version=1.0.0",
            Self::OpenMetricsText001 => "application/openmetrics-text;version=0.0.1",
            Self::OpenMetricsText100 => "application/openmetrics-text;version=1.0.0",
        }
    }
}

/// The `Accept` header that asks for the protocols in their order, and for anything else last.
/// `escaping` is how the target shall write names outside of the classic pattern: `allow-utf-8`,
/// `underscores`, `dots` or `values`.
pub fn accept_header(protocols: &[ScrapeProtocol], escaping: &str) -> String {
    let media_types: Vec<&str> = protocols.iter().map(|p| p.media_type()).collect();
    let mut header = String::new();
    for (i, media_type) in media_types.iter().enumerate() {
        let weight = (media_types.len() + 1 - i).min(9);
        // Formats before 1.0.0 have no other names.
        let escaping = if media_type.ends_with("1.0.0") { format!(";escaping={escaping}") } else { String::new() };
        let _ = write!(header, "{media_type}{escaping};q=0.{weight},");
    }
    header.push_str("*/*;q=0.1");
    header
}

/// Why the format of an answer is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentTypeError {
    /// There is no `Content-Type`.
    #[error("the target sends no Content-Type; set `fallback_scrape_protocol` to say how its text is to be read")]
    Missing,
    /// It names a format that Phoenix does not read.
    #[error(
        "the target sends Content-Type {0:?}, which is not an exposition format that Phoenix reads; \
         check the path, or set `fallback_scrape_protocol` to say how its text is to be read"
    )]
    Unsupported(String),
}

/// The format of an answer with this `Content-Type`; one that is missing or unknown is read as
/// `fallback` says.
pub fn format_of(content_type: Option<&str>, fallback: Option<ScrapeProtocol>) -> Result<Format, ContentTypeError> {
    let content_type = content_type.unwrap_or("").trim();
    let media_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let error = match media_type.as_str() {
        "text/plain" => return Ok(Format::Text),
        "application/openmetrics-text" => return Ok(Format::OpenMetrics),
        "application/vnd.google.protobuf" if is_delimited_family(content_type) => return Ok(Format::Protobuf),
        "" => ContentTypeError::Missing,
        _ => ContentTypeError::Unsupported(content_type.chars().take(100).collect()),
    };
    fallback.map(ScrapeProtocol::format).ok_or(error)
}

/// Whether the parameters name the one message and the one encoding that are read.
fn is_delimited_family(content_type: &str) -> bool {
    let parameter = |name: &str| {
        let mut parts = content_type.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
        parts.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_matches('"'))
    };
    parameter("proto") == Some("io.prometheus.client.MetricFamily") && parameter("encoding").is_none_or(|e| e == "delimited")
}
