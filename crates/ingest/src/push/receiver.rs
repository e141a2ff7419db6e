//! From a request, or a batch from inside Phoenix, to entries in the store.

use super::body::{self, Encoding, Syntax, later, refusal};
use super::intake::{Intake, Rules};
use super::metrics::LogMetrics;
use super::rates::{Rates, Verdict};
use super::refusals::Refusals;
use super::{PushBody, json, protobuf};
use crate::log_limits::LogLimits;
use crate::remote_write::Refusal;
use parking_lot::RwLock;
use phoenix_engine::{LogsEngine, WriteError};
use phoenix_env::SharedClock;
use phoenix_model::Budget;
use phoenix_model::logs::LogWrite;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// What Loki answers to a request that names no stream.
const MISSING_STREAMS: &str = "error at least one valid stream is required for ingestion";

/// How much larger than its bytes the largest request may be in memory: alone it is always read.
const ONE_REQUEST_FACTOR: u64 = 8;

/// Limits on requests, beneath those of [`LogLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushLimits {
    /// Bytes as they come. The server should not read more than this either.
    pub compressed_bytes: u64,
    /// Bytes after decompression.
    pub uncompressed_bytes: u64,
    /// Bytes of all requests that are being read at one time; at least eight times `uncompressed_bytes` count.
    pub in_flight_bytes: u64,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self { compressed_bytes: 16 << 20, uncompressed_bytes: 64 << 20, in_flight_bytes: 512 << 20 }
    }
}

/// Takes entries of every origin: requests to Loki's push API, and batches of OTLP, files, syslog and
/// the journal. Calls block on the store.
pub struct LogReceiver {
    engine: Arc<dyn LogsEngine>,
    clock: SharedClock,
    limits: PushLimits,
    rules: RwLock<Arc<Rules>>,
    budget: Budget,
    rates: Rates,
    metrics: LogMetrics,
}

impl LogReceiver {
    /// A receiver that writes into a store. Its metrics go to `registry`.
    pub fn new(engine: Arc<dyn LogsEngine>, clock: SharedClock, push: PushLimits, limits: LogLimits, registry: &mut Registry) -> Self {
        Self {
            engine,
            clock,
            limits: push,
            rules: RwLock::new(Arc::new(Rules::new(limits))),
            budget: Budget::new(
                "limits.memory (share of log pushes)",
                push.in_flight_bytes.max(ONE_REQUEST_FACTOR.saturating_mul(push.uncompressed_bytes)),
            ),
            rates: Rates::default(),
            metrics: LogMetrics::new(registry),
        }
    }

    /// Puts other limits in the place of those that hold. Requests that are being read end under the old ones.
    pub fn set_limits(&self, limits: LogLimits) {
        *self.rules.write() = Arc::new(Rules::new(limits));
    }

    /// The limits that hold.
    pub fn limits(&self) -> LogLimits {
        self.rules.read().limits.clone()
    }

    /// Stores a request to Loki's push API. `Ok` means that all of it is durable (status 204). Status 400
    /// with a text that names entries means that all others are durable; 429 and 503 mean that sending the
    /// request again helps, which stores no entry twice.
    pub fn push(&self, body: PushBody<'_>) -> Result<(), Refusal> {
        self.metrics.requests.inc();
        let syntax = body::syntax(body.content_type);
        let encoding = Encoding::of_push(syntax, body.content_encoding).map_err(|e| self.refuse(e))?;
        let unpacked = body::unpack(body.bytes, encoding, &self.limits, &self.budget).map_err(|e| self.refuse(e))?;
        let refusals = self.take(|intake| {
            let read = match syntax {
                Syntax::Json => json::read(&String::from_utf8_lossy(&unpacked.bytes), body.format, intake),
                Syntax::Protobuf => protobuf::read(&unpacked.bytes, intake),
            };
            read.map_err(|e| {
                let name = if syntax == Syntax::Json { "JSON" } else { "a logproto.PushRequest" };
                ("body_format", refusal(400, format!("the body is not {name} of Loki's push API: {e}")))
            })?;
            if intake.has_streams() { Ok(()) } else { Err(("missing_streams", refusal(422, MISSING_STREAMS))) }
        })?;
        refusals.into_result(&self.metrics)
    }

    /// Stores a batch from inside Phoenix under the same limits, with service names and levels where they
    /// are missing. The answer is that of [`LogReceiver::push`].
    pub fn accept(&self, write: &LogWrite) -> Result<(), Refusal> {
        self.store_batch(write, Some(&self.rates))
    }

    /// As [`LogReceiver::accept`], for Phoenix' own log: it takes no stream and no rate away from others, and
    /// is stored when they have used up theirs, since it is what tells of that.
    pub fn accept_own(&self, write: &LogWrite) -> Result<(), Refusal> {
        self.store_batch(write, None)
    }

    fn store_batch(&self, write: &LogWrite, rates: Option<&Rates>) -> Result<(), Refusal> {
        let fill = |intake: &mut Intake<'_>| {
            for (labels, entries) in write.streams() {
                intake.begin_labels(labels);
                for entry in entries {
                    intake.clear_metadata();
                    for (name, value) in entry.metadata {
                        intake.add_metadata(name, value);
                    }
                    intake.entry_with_level(entry.timestamp_ns, entry.line, entry.level);
                }
            }
            Ok(())
        };
        self.store(fill, rates)?.into_result(&self.metrics)
    }

    /// The budget of requests that are being read.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The limits on requests.
    pub(crate) fn push_limits(&self) -> &PushLimits {
        &self.limits
    }

    /// Counts a request of which nothing is stored.
    pub(crate) fn refuse(&self, (reason, refusal): body::BodyRefusal) -> Refusal {
        self.metrics.refuse(reason);
        refusal
    }

    /// Puts a batch together and stores what of it may be stored. What is left out is
    /// for the caller to count and to answer.
    pub(crate) fn take(&self, fill: impl FnOnce(&mut Intake<'_>) -> Result<(), body::BodyRefusal>) -> Result<Refusals, Refusal> {
        self.store(fill, Some(&self.rates))
    }

    fn store(
        &self,
        fill: impl FnOnce(&mut Intake<'_>) -> Result<(), body::BodyRefusal>,
        rates: Option<&Rates>,
    ) -> Result<Refusals, Refusal> {
        let rules = Arc::clone(&self.rules.read());
        let mut intake = Intake::new(
            &rules,
            usize::try_from(self.limits.uncompressed_bytes).unwrap_or(usize::MAX),
            self.clock.now_ms().saturating_mul(1_000_000),
        );
        fill(&mut intake).map_err(|e| self.refuse(e))?;
        let (mut write, mut refusals) = intake.finish();
        let admit = |rates: &Rates| rates.admit(&write, &rules.limits, self.clock.monotonic(), &mut refusals);
        match rates.map_or(Verdict::All, admit) {
            Verdict::All => {}
            Verdict::Nothing(message) => {
                self.metrics.discard("rate_limited", write.len() as u64, write.size_bytes() as u64);
                return Err(self.refuse(("rate_limited", later(429, message))));
            }
            Verdict::Without(left_out) => write = without(&write, &left_out),
        }
        self.metrics.streams.set(self.rates.streams() as i64);
        if write.is_empty() {
            return Ok(refusals);
        }
        let outcome = self.engine.write(&write).map_err(|e| {
            self.refuse(match e {
                WriteError::Busy(e) => ("busy", later(429, format!("the store of logs is busy: {e}"))),
                WriteError::DiskFull(e) => ("disk_full", later(503, format!("the disk is full: {e}"))),
                WriteError::Storage(e) => ("storage", refusal(500, e)),
            })
        })?;
        self.metrics.entries.inc_by(outcome.stored);
        self.metrics.bytes.inc_by(write.size_bytes() as u64);
        if outcome.too_old > 0 {
            refusals.add("older_than_retention", outcome.too_old, 0, || {
                format!("{} entries are older than the retention of logs", outcome.too_old)
            });
        }
        Ok(refusals)
    }

    /// Counts what was left out, and gives OTLP's answer: how many entries can never be stored, and why.
    /// A refusal means that sending the request again helps.
    pub(crate) fn partial(&self, refusals: Refusals) -> Result<(u64, String), Refusal> {
        let rejected = refusals.entries();
        match refusals.into_result(&self.metrics) {
            Ok(()) => Ok((0, String::new())),
            Err(refusal) if refusal.retry_after_seconds.is_some() => Err(refusal),
            Err(refusal) => Ok((rejected, refusal.message)),
        }
    }
}

/// A batch without some of its streams.
fn without(write: &LogWrite, left_out: &[usize]) -> LogWrite {
    let mut rest = LogWrite::default();
    for (i, (labels, entries)) in write.streams().enumerate() {
        if left_out.binary_search(&i).is_err() {
            rest.begin_stream(labels.clone());
            entries.for_each(|entry| rest.push(entry.timestamp_ns, entry.line, entry.metadata, entry.level));
        }
    }
    rest
}

#[cfg(test)]
mod tests;
