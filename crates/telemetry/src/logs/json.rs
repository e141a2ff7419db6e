//! Structured logs: one JSON object a line, with the fields of the monitoring strategy (section 5.1).
//!
//! `{"@timestamp":"2026-11-22T20:00:00.123Z","level":"info","service":"phoenix-api","version":"0.1.0","message":"…",…}`

use super::{Entry, severity, wants};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::io::Write;
use std::time::Duration;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Writes every event as a line of JSON to standard output: a layer for `tracing_subscriber::registry()`.
///
/// A field of an event becomes a field of the object; one that has the name of a fixed field is left out.
/// Within a span of a trace a line has its `trace_id` and `span_id`.
#[derive(Debug, Clone)]
pub struct JsonLogs {
    service: String,
    version: String,
    cluster: Option<String>,
    level: Level,
}

impl JsonLogs {
    /// Logs of a service and its version, from the level `info` on. The cluster is that of `CLUSTER_NAME`, if it is set.
    pub fn new(service: impl Into<String>, version: impl Into<String>) -> Self {
        Self { service: service.into(), version: version.into(), cluster: std::env::var("CLUSTER_NAME").ok(), level: Level::INFO }
    }

    /// Writes events of this level and graver ones. Of the libraries that carry telemetry away only warnings and
    /// errors are written, whatever the level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The cluster that lines name.
    #[must_use]
    pub fn with_cluster(mut self, cluster: Option<String>) -> Self {
        self.cluster = cluster;
        self
    }

    /// The line for an entry, without its line break.
    fn line(&self, entry: Entry<'_>) -> String {
        let mut object = Map::new();
        object.insert("@timestamp".to_owned(), Value::String(rfc3339(entry.at)));
        for (name, text) in [("level", severity(entry.level).1), ("service", &self.service), ("version", &self.version)] {
            object.insert(name.to_owned(), Value::String(text.to_owned()));
        }
        if let Some(cluster) = &self.cluster {
            object.insert("cluster".to_owned(), Value::String(cluster.clone()));
        }
        object.insert("message".to_owned(), Value::String(entry.message));
        if let Some(ids) = entry.ids {
            object.insert("trace_id".to_owned(), Value::String(ids.trace_id().to_string()));
            object.insert("span_id".to_owned(), Value::String(ids.span_id().to_string()));
        }
        for (name, value) in entry.fields {
            object.entry(name).or_insert(value);
        }
        Value::Object(object).to_string()
    }
}

impl<S: Subscriber> Layer<S> for JsonLogs {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !wants(self.level, *event.metadata().level(), event.metadata().target()) {
            return;
        }
        let mut line = self.line(Entry::of(event));
        line.push('\n');
        // A service goes on when nobody reads its logs any more.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

/// A time since the Unix epoch as ISO 8601 in UTC with milliseconds.
fn rfc3339(at: Duration) -> String {
    let at = SignedDuration::try_from(at).ok().and_then(|at| Timestamp::from_duration(at).ok());
    format!("{:.3}", at.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000Z"),
            (1_767_225_600, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(Duration::from_secs(seconds)), want);
        }
        assert_eq!(rfc3339(Duration::from_millis(1_005)), "1970-01-01T00:00:01.005Z");
    }

    #[test]
    fn a_line_has_the_fields_of_the_strategy() {
        let logs = JsonLogs::new("phoenix-api", "1.2.3").with_cluster(Some("eu".to_owned()));
        let fields = [("experiment_id", Value::from(7)), ("service", Value::from("somebody else"))];
        let ids =
            SpanContext::new(TraceId::from_bytes([10; 16]), SpanId::from_bytes([11; 8]), TraceFlags::SAMPLED, false, TraceState::NONE);
        let entry = Entry {
            at: Duration::from_millis(1),
            level: Level::WARN,
            target: "phoenix_api",
            message: "state \"transition\"".to_owned(),
            fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ids: Some(ids),
        };
        let line: Value = serde_json::from_str(&logs.line(entry)).unwrap();
        let want = serde_json::json!({
            "@timestamp": "1970-01-01T00:00:00.001Z", "level": "warn", "service": "phoenix-api", "version": "1.2.3",
            "cluster": "eu", "message": "state \"transition\"", "trace_id": "0a".repeat(16), "span_id": "0b".repeat(8), "experiment_id": 7,
        });
        assert_eq!(line, want);
    }
}
