//! Structured logs: one JSON object a line, with the fields of the monitoring strategy (section 5.1).
//!
//! `{"@timestamp":"2026-11-22T20:00:00.123Z","level":"info","service":"phoenix-api","version":"0.1.0","message":"…",…}`

use crate::traces::ids;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Writes every event as a line of JSON to standard output: a layer for `tracing_subscriber::registry()`.
///
/// A field of an event becomes a field of the object; one that has the name of a fixed field is left out.
/// Within a span of a trace (see [`Traces`](crate::Traces)) a line has its `trace_id` and `span_id`.
#[derive(Debug, Clone)]
pub struct JsonLogs {
    service: String,
    version: String,
    cluster: Option<String>,
    level: Level,
}

/// The libraries that carry telemetry away: what they say of each frame would be carried away in turn.
const CARRIERS: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "tonic", "tower"];

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

    fn wants(&self, level: Level, target: &str) -> bool {
        let library = target.split("::").next().unwrap_or(target);
        let is_carrier = CARRIERS.contains(&library) || library.starts_with("opentelemetry");
        level <= if is_carrier { self.level.min(Level::WARN) } else { self.level }
    }

    /// The line for an event, without its line break. `at` is the time since the Unix epoch.
    fn line(&self, at: Duration, level: Level, mut fields: Fields, ids: Option<(String, String)>) -> String {
        let level = match level {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let message = fields.0.remove("message").unwrap_or_default();
        let mut object = Map::new();
        object.insert("@timestamp".to_owned(), Value::String(rfc3339(at)));
        for (name, text) in [("level", level), ("service", &self.service), ("version", &self.version)] {
            object.insert(name.to_owned(), Value::String(text.to_owned()));
        }
        if let Some(cluster) = &self.cluster {
            object.insert("cluster".to_owned(), Value::String(cluster.clone()));
        }
        object.insert("message".to_owned(), message);
        if let Some((trace, span)) = ids {
            object.insert("trace_id".to_owned(), Value::String(trace));
            object.insert("span_id".to_owned(), Value::String(span));
        }
        for (name, value) in fields.0 {
            object.entry(name).or_insert(value);
        }
        Value::Object(object).to_string()
    }
}

impl<S: Subscriber> Layer<S> for JsonLogs {
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !self.wants(*event.metadata().level(), event.metadata().target()) {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = self.line(at, *event.metadata().level(), fields, ids(&tracing::Span::current()));
        line.push('\n');
        // A service goes on when nobody reads its logs any more.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

/// The fields of an event by name, in the order in which they stand.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
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
    fn what_carries_telemetry_is_heard_in_trouble_only() {
        let logs = JsonLogs::new("phoenix-api", "1.2.3");
        for (level, target, want) in [
            (Level::INFO, "phoenix_api::experiments", true),
            (Level::DEBUG, "phoenix_api::experiments", false),
            (Level::INFO, "h2::codec::framed_write", false),
            (Level::WARN, "h2::codec::framed_write", true),
            (Level::INFO, "opentelemetry_sdk", false),
            (Level::ERROR, "tower::buffer::worker", true),
            (Level::INFO, "towering::events", true),
        ] {
            assert_eq!(logs.wants(level, target), want, "{level} {target}");
        }
        let all = logs.with_level(Level::TRACE);
        assert!(all.wants(Level::TRACE, "phoenix_api") && !all.wants(Level::INFO, "hyper::proto"));
        let few = all.with_level(Level::ERROR);
        assert!(!few.wants(Level::WARN, "h2") && !few.wants(Level::WARN, "phoenix_api"));
    }

    #[test]
    fn a_line_has_the_fields_of_the_strategy() {
        let logs =
            JsonLogs { service: "phoenix-api".to_owned(), version: "1.2.3".to_owned(), cluster: Some("eu".to_owned()), level: Level::INFO };
        let mut fields = Fields::default();
        for (name, value) in
            [("message", Value::from("state \"transition\"")), ("experiment_id", Value::from(7)), ("service", Value::from("somebody else"))]
        {
            fields.0.insert(name.to_owned(), value);
        }
        let line: Value =
            serde_json::from_str(&logs.line(Duration::from_millis(1), Level::WARN, fields, Some(("0a".to_owned(), "0b".to_owned()))))
                .unwrap();
        let want = serde_json::json!({
            "@timestamp": "1970-01-01T00:00:00.001Z", "level": "warn", "service": "phoenix-api", "version": "1.2.3",
            "cluster": "eu", "message": "state \"transition\"", "trace_id": "0a", "span_id": "0b", "experiment_id": 7,
        });
        assert_eq!(line, want);
    }
}
