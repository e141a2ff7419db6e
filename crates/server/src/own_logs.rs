//! Phoenix' own log, kept among the logs: from the first line on, and without ever holding up who writes it.
//!
//! Records wait in a bounded buffer until the store is open and takes them. What does not fit is
//! dropped and counted. What the way into the store itself has to say is left out while it is being
//! walked, so that a record about a record cannot go round in circles.

use crate::shutdown::Shutdown;
use parking_lot::Mutex;
use phoenix_env::SharedClock;
use phoenix_ingest::push::LogReceiver;
use phoenix_model::logs::{Level, LogWrite};
use phoenix_model::{Labels, LabelsRef};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Duration;
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Records that wait, and their bytes.
const MAX_RECORDS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;
/// Bytes of one line; what is longer is cut.
const MAX_LINE_BYTES: usize = 16 << 10;
/// Records that come within this time are stored together.
const GATHER: Duration = Duration::from_millis(100);
/// How long to wait after the store refused.
const RETRY: Duration = Duration::from_secs(1);
/// The way into the store: of these, only what people should know is kept.
const OWN_WAY: [&str; 6] =
    ["phoenix_lake", "phoenix_lines", "phoenix_objects", "phoenix_ingest::push", "phoenix_engine", "phoenix_server::own_logs"];

/// Collects what Phoenix logs; clones share the buffer.
#[derive(Clone)]
pub struct OwnLogs(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    waiting: Mutex<Waiting>,
    /// The thread that stores records now.
    storing: Mutex<Option<ThreadId>>,
    arrived: Notify,
    dropped: Counter,
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<Record>,
    bytes: usize,
    last_ns: i64,
}

struct Record {
    timestamp_ns: i64,
    level: Level,
    line: String,
}

impl OwnLogs {
    /// An empty buffer.
    pub fn new(clock: SharedClock) -> Self {
        Self(Arc::new(Shared {
            clock,
            waiting: Mutex::default(),
            storing: Mutex::default(),
            arrived: Notify::new(),
            dropped: Counter::default(),
        }))
    }

    /// What gives records to the buffer.
    pub fn layer(&self) -> OwnLogsLayer {
        OwnLogsLayer(self.clone())
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "Records of Phoenix' own log that are not kept because the store did not take them in time.";
        registry.register("phoenix_own_logs_dropped", help, self.0.dropped.clone());
    }

    fn take(&self, level: Level, mut line: String) {
        if line.len() > MAX_LINE_BYTES {
            line.truncate(line.floor_char_boundary(MAX_LINE_BYTES));
        }
        let mut waiting = self.0.waiting.lock();
        if waiting.records.len() >= MAX_RECORDS || waiting.bytes + line.len() > MAX_BYTES {
            self.0.dropped.inc();
            return;
        }
        // The clock has milliseconds; records keep their order within one.
        let timestamp_ns = self.0.clock.now_ms().saturating_mul(1_000_000).max(waiting.last_ns + 1);
        waiting.last_ns = timestamp_ns;
        waiting.bytes += line.len();
        waiting.records.push_back(Record { timestamp_ns, level, line });
        drop(waiting);
        self.0.arrived.notify_one();
    }

    /// Stores what waits. It blocks. Whether the store took it, or never will.
    pub(crate) fn store(&self, receiver: &LogReceiver) -> bool {
        let records: Vec<Record> = {
            let mut waiting = self.0.waiting.lock();
            waiting.bytes = 0;
            waiting.records.drain(..).collect()
        };
        if records.is_empty() {
            return true;
        }
        let mut write = LogWrite::default();
        write.begin_stream(Labels::from_pairs([("service_name", "phoenix")]));
        for record in &records {
            write.push(record.timestamp_ns, &record.line, LabelsRef::EMPTY, record.level);
        }
        *self.0.storing.lock() = Some(std::thread::current().id());
        let stored = receiver.accept_own(&write);
        *self.0.storing.lock() = None;
        match stored {
            Ok(()) => true,
            Err(refusal) if matches!(refusal.status, 429 | 503) => {
                self.put_back(records);
                false
            }
            Err(_) => {
                self.0.dropped.inc_by(records.len() as u64);
                true
            }
        }
    }

    /// Puts records before those that came meanwhile; the newest have no room then.
    fn put_back(&self, records: Vec<Record>) {
        let mut waiting = self.0.waiting.lock();
        for record in records.into_iter().rev() {
            waiting.bytes += record.line.len();
            waiting.records.push_front(record);
        }
        while waiting.records.len() > MAX_RECORDS || waiting.bytes > MAX_BYTES {
            let Some(newest) = waiting.records.pop_back() else { break };
            waiting.bytes -= newest.line.len();
            self.0.dropped.inc();
        }
    }

    /// Stores what comes until the end; the rest is for [`OwnLogs::store`].
    pub(crate) async fn run(self, receiver: Arc<LogReceiver>, shutdown: Shutdown) {
        while !shutdown.has_begun() {
            let (own, to) = (self.clone(), Arc::clone(&receiver));
            let taken = tokio::task::spawn_blocking(move || own.store(&to)).await.unwrap_or(false);
            let clock = &self.0.clock;
            tokio::select! {
                () = shutdown.wait() => return,
                () = async {
                    if taken {
                        self.0.arrived.notified().await;
                        clock.sleep(GATHER).await;
                    } else {
                        clock.sleep(RETRY).await;
                    }
                } => {}
            }
        }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let own_way = OWN_WAY.iter().any(|target| metadata.target().starts_with(target));
        if own_way && *metadata.level() > tracing::Level::INFO {
            return false;
        }
        *self.0.storing.lock() != Some(std::thread::current().id())
    }
}

/// Gives records to [`OwnLogs`], as a layer of `tracing_subscriber`.
pub struct OwnLogsLayer(OwnLogs);

impl<S: Subscriber> Layer<S> for OwnLogsLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !self.0.wants(metadata) {
            return;
        }
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = format!("level={level} target={} msg=", metadata.target());
        push_value(&mut line, &fields.message);
        line.push_str(&fields.others);
        self.0.take(level, line);
    }
}

/// The message, and the other fields as logfmt.
#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Fields {
    fn add(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            let _ = write!(self.others, " {}=", field.name());
            push_value(&mut self.others, value);
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// A value as logfmt has it: in quotes where it needs them.
fn push_value(out: &mut String, value: &str) {
    let plain = !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '=' | '\\'));
    if plain {
        out.push_str(value);
    } else {
        out.push_str(&serde_json::to_string(value).expect("strings serialize"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::loki::tests::memory::MemoryLogs;
    use phoenix_engine::LogsEngine;
    use phoenix_env::SimClock;
    use phoenix_ingest::log_limits::LogLimits;
    use phoenix_ingest::push::PushLimits;
    use std::sync::atomic::Ordering;
    use tracing_subscriber::layer::SubscriberExt;

    fn receiver(engine: &Arc<MemoryLogs>, clock: &SharedClock, limits: LogLimits) -> LogReceiver {
        let engine: Arc<dyn LogsEngine> = engine.clone();
        LogReceiver::new(engine, Arc::clone(clock), PushLimits::default(), limits, &mut Registry::default())
    }

    #[test]
    fn records_become_entries_in_order() {
        let clock: SharedClock = SimClock::new(1_700_000_000_000);
        let own = OwnLogs::new(Arc::clone(&clock));
        let subscriber = tracing_subscriber::registry().with(own.layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "phoenix_server::start", port = 9090, "ready");
            tracing::error!(target: "phoenix_alert", error = %"no \"route\"", path = "", "cannot\nsend");
            tracing::debug!(target: "phoenix_lake::wal", "of the way into the store");
            tracing::warn!(target: "phoenix_lake::wal", "people should know");
        });
        let engine = Arc::new(MemoryLogs::default());
        assert!(own.store(&receiver(&engine, &clock, LogLimits::default())));
        insta::assert_snapshot!(engine.dump(), @r#"
        1700000000000000000 {service_name="phoenix"} {detected_level="info"} "level=info target=phoenix_server::start msg=ready port=9090"
        1700000000000000001 {service_name="phoenix"} {detected_level="error"} "level=error target=phoenix_alert msg=\"cannot\\nsend\" error=\"no \\\"route\\\"\" path=\"\""
        1700000000000000002 {service_name="phoenix"} {detected_level="warn"} "level=warn target=phoenix_lake::wal msg=\"people should know\""
        "#);
    }

    #[test]
    fn a_full_buffer_and_a_busy_store_drop_the_newest_and_count() {
        let clock: SharedClock = SimClock::new(1_700_000_000_000);
        let own = OwnLogs::new(Arc::clone(&clock));
        for i in 0..MAX_RECORDS + 3 {
            own.take(Level::Info, format!("line {i}"));
        }
        assert_eq!(own.0.dropped.get(), 3);
        let engine = Arc::new(MemoryLogs::default());
        // What others have used up does not stop it.
        let used_up = LogLimits { ingestion_rate_mb: 1e-9, ingestion_burst_size_mb: 1e-9, max_streams: 1, ..LogLimits::default() };
        let receiver = receiver(&engine, &clock, used_up);
        engine.busy.store(true, Ordering::Relaxed);
        assert!(!own.store(&receiver), "it is tried again");
        engine.busy.store(false, Ordering::Relaxed);
        assert!(own.store(&receiver));
        assert_eq!(engine.dump().lines().count(), MAX_RECORDS);
        own.take(Level::Info, "ä".repeat(MAX_LINE_BYTES));
        assert!(own.store(&receiver));
        assert_eq!(own.0.dropped.get(), 3);
    }
}
