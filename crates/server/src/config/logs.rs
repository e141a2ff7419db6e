//! The section `logs`: how logs are kept and what bounds them on their way in.

use phoenix_ingest::log_limits::LogLimits;
use phoenix_model::{Diagnostic, Matcher, Source};
use phoenix_yaml::{Bytes, Duration, Spanned, span_of};
use serde::Deserialize;

/// How long logs are kept when nothing is said.
const DEFAULT_RETENTION: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// What `logs` says, with defaults filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct LogSettings {
    /// How long entries are kept; `None` keeps everything.
    pub retention: Option<std::time::Duration>,
    /// How long entries of chosen streams are kept, in the order of the file.
    pub retention_streams: Vec<StreamRetention>,
    /// How many bytes are kept.
    pub retention_size_bytes: Option<u64>,
    /// Bytes of entries that are in memory only; `None` leaves it to the store.
    pub memtable_bytes: Option<u64>,
    /// What bounds logs on their way in.
    pub limits: LogLimits,
}

/// How long the entries of streams that a selector names are kept, as Loki's `retention_stream`.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRetention {
    /// Conditions on the stream's labels.
    pub matchers: Vec<Matcher>,
    /// Of several that match, the highest counts.
    pub priority: i32,
    /// How long; `None` keeps everything.
    pub period: Option<std::time::Duration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLogs {
    retention: Option<Duration>,
    retention_stream: Vec<RawStreamRetention>,
    retention_size: Option<Bytes>,
    memtable: Option<Spanned<Bytes>>,
    pub(super) config: Option<Spanned<String>>,
    limits: LogLimits,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStreamRetention {
    selector: Spanned<String>,
    #[serde(default)]
    priority: i32,
    period: Duration,
}

/// The least that is useful as `memtable`.
const MIN_MEMTABLE_BYTES: u64 = 1 << 20;

impl RawLogs {
    pub(super) fn resolve(self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> LogSettings {
        let mut retention_streams = Vec::new();
        for raw in self.retention_stream {
            match phoenix_logql::parse_selector(&raw.selector) {
                Ok(matchers) => retention_streams.push(StreamRetention { matchers, priority: raw.priority, period: kept(raw.period) }),
                Err(found) => {
                    let why = found.first().map(|d| d.message.clone()).unwrap_or_default();
                    diagnostics.push(
                        Diagnostic::error(source, span_of(&raw.selector, source), format!("this is not a selector of streams: {why}"))
                            .with_help("write it as `{app=\"audit\"}`, in single quotes"),
                    );
                }
            }
        }
        check_memtable("logs.memtable", self.memtable.as_ref(), source, diagnostics);
        LogSettings {
            retention: self.retention.map_or(Some(DEFAULT_RETENTION), kept),
            retention_streams,
            retention_size_bytes: self.retention_size.map(Bytes::get).filter(|size| *size > 0),
            memtable_bytes: self.memtable.map(|size| size.value.get()),
            limits: self.limits,
        }
    }
}

/// Refuses a `memtable` that is too small to be useful.
pub(super) fn check_memtable(key: &str, size: Option<&Spanned<Bytes>>, source: &Source, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(size) = size.filter(|size| size.get() < MIN_MEMTABLE_BYTES) {
        diagnostics.push(
            Diagnostic::error(source, span_of(size, source), format!("`{key}` is less than {}", Bytes(MIN_MEMTABLE_BYTES)))
                .with_help("leave the key out for the default"),
        );
    }
}

/// Zero keeps everything.
pub(super) fn kept(period: Duration) -> Option<std::time::Duration> {
    Some(period.get()).filter(|period| !period.is_zero())
}
