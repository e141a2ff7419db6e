//! Logs: entries of `tracing`, as lines of JSON on standard output and, where wanted, by OTLP.

mod json;

pub use json::JsonLogs;

use crate::push::{Queue, log_record};
use crate::traces::current_span_context;
use opentelemetry::trace::SpanContext;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// The libraries that carry telemetry away: what they say of each frame would be carried away in turn.
const CARRIERS: [&str; 6] = ["h2", "hyper", "hyper_util", "opentelemetry", "tonic", "tower"];

/// The gravest level at which an event of `target` is of interest, if `level` is for the service's own.
fn wants(wanted: Level, level: Level, target: &str) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    let is_carrier = CARRIERS.contains(&library) || library.starts_with("opentelemetry");
    level <= if is_carrier { wanted.min(Level::WARN) } else { wanted }
}

/// OpenTelemetry's number and the name of a level.
pub(crate) fn severity(level: Level) -> (i32, &'static str) {
    match level {
        Level::ERROR => (17, "error"),
        Level::WARN => (13, "warn"),
        Level::INFO => (9, "info"),
        Level::DEBUG => (5, "debug"),
        Level::TRACE => (1, "trace"),
    }
}

/// One event.
pub(crate) struct Entry<'a> {
    /// Since the Unix epoch.
    pub(crate) at: Duration,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: String,
    /// The other fields, in the order in which they stand.
    pub(crate) fields: Map<String, Value>,
    /// The span in which it was said, if it is in a trace.
    pub(crate) ids: Option<SpanContext>,
}

impl<'a> Entry<'a> {
    #[expect(clippy::disallowed_methods, reason = "a service has no simulated clock")]
    fn of(event: &Event<'a>) -> Self {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = match fields.0.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        Self {
            at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message,
            fields: fields.0,
            ids: current_span_context(),
        }
    }
}

/// Sends entries by OTLP.
#[derive(Debug)]
pub(crate) struct PushLogs(pub(crate) Queue<LogRecord>);

impl<S: Subscriber> Layer<S> for PushLogs {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if wants(Level::TRACE, *event.metadata().level(), event.metadata().target()) {
            self.0.push(log_record(Entry::of(event)));
        }
    }
}

/// The fields of an event by name.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_telemetry_is_heard_in_trouble_only() {
        for (wanted, level, target, want) in [
            (Level::INFO, Level::INFO, "phoenix_api::experiments", true),
            (Level::INFO, Level::DEBUG, "phoenix_api::experiments", false),
            (Level::INFO, Level::INFO, "h2::codec::framed_write", false),
            (Level::INFO, Level::WARN, "h2::codec::framed_write", true),
            (Level::INFO, Level::INFO, "opentelemetry_sdk", false),
            (Level::INFO, Level::ERROR, "tower::buffer::worker", true),
            (Level::INFO, Level::INFO, "towering::events", true),
            (Level::TRACE, Level::TRACE, "phoenix_api", true),
            (Level::TRACE, Level::INFO, "hyper::proto", false),
            (Level::ERROR, Level::WARN, "h2", false),
            (Level::ERROR, Level::WARN, "phoenix_api", false),
        ] {
            assert_eq!(wants(wanted, level, target), want, "{wanted} {level} {target}");
        }
    }
}
