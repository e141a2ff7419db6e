//! From requests of all protocols to spans in the store, or in the buffer where they wait for sampling.

use super::buffer::SamplingBuffer;
use super::generator::MetricsGenerator;
use super::intake::Intake;
use super::limits::TraceLimits;
use super::metrics::TraceMetrics;
use super::{jaeger, json, otlp, zipkin};
use crate::otlp::{OtlpAnswer, OtlpSyntax};
use crate::push::body::{self, BodyRefusal, Encoding, later, refusal};
use crate::push::{Bucket, HttpBody, PushLimits};
use crate::remote_write::Refusal;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use parking_lot::{Mutex, RwLock};
use phoenix_engine::traces::TraceWriteOutcome;
use phoenix_engine::{TracesEngine, WriteError};
use phoenix_env::SharedClock;
use phoenix_model::Budget;
use phoenix_model::traces::TraceWrite;
use prometheus_client::registry::Registry;
use std::borrow::Cow;
use std::sync::Arc;

/// How much larger than its bytes a request may be as spans, beside the bytes themselves.
const DECODED_FACTOR: u64 = 5;
/// The same for one in JSON, which becomes the wire format of protobuf first.
const DECODED_JSON_FACTOR: u64 = 7;
/// How much larger than its bytes the largest request may be in memory: alone it is always read.
const ONE_REQUEST_FACTOR: u64 = 9;

/// Where spans go.
#[derive(Clone)]
pub enum SpanSink {
    /// All to the store.
    Store(Arc<dyn TracesEngine>),
    /// To the buffer, which decides what is kept.
    Sampled(Arc<SamplingBuffer>),
}

impl SpanSink {
    fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        match self {
            Self::Store(engine) => engine.write(write),
            Self::Sampled(buffer) => buffer.write(write),
        }
    }
}

/// What became of a request that was taken (status 202 for Zipkin and Jaeger).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Spans that are not stored, and never will be.
    pub rejected: u64,
    /// Which, and why; empty if there is none.
    pub message: String,
}

/// Takes spans of every protocol. Calls block on the store.
///
/// `Ok` means that all spans but those that the answer counts as rejected are durable. A refusal with
/// status 429 or 503 says that sending the request again helps; over gRPC these are
/// `RESOURCE_EXHAUSTED` and `UNAVAILABLE`.
pub struct TraceReceiver {
    sink: RwLock<SpanSink>,
    generator: Option<Arc<MetricsGenerator>>,
    clock: SharedClock,
    push: PushLimits,
    limits: RwLock<TraceLimits>,
    budget: Budget,
    bucket: Mutex<Option<Bucket>>,
    metrics: TraceMetrics,
}

impl TraceReceiver {
    /// A receiver. Metrics are made of all spans, whether they are kept or not. Its own go to `registry`.
    pub fn new(
        sink: SpanSink,
        generator: Option<Arc<MetricsGenerator>>,
        clock: SharedClock,
        push: PushLimits,
        limits: TraceLimits,
        registry: &mut Registry,
    ) -> Self {
        Self {
            sink: RwLock::new(sink),
            generator,
            clock,
            push,
            limits: RwLock::new(limits),
            budget: Budget::new(
                "limits.memory (share of requests with spans)",
                push.in_flight_bytes.max(ONE_REQUEST_FACTOR.saturating_mul(push.uncompressed_bytes)),
            ),
            bucket: Mutex::default(),
            metrics: TraceMetrics::new(registry),
        }
    }

    /// Puts other limits in the place of those that hold.
    pub fn set_limits(&self, limits: TraceLimits) {
        *self.limits.write() = limits;
    }

    /// Sends spans elsewhere from now on.
    pub fn set_sink(&self, sink: SpanSink) {
        *self.sink.write() = sink;
    }

    /// Takes a request of OTLP over HTTP, in protobuf or JSON.
    pub fn otlp_body(&self, body: HttpBody<'_>) -> Result<OtlpAnswer, Refusal> {
        self.metrics.request("otlp");
        let Some(syntax) = OtlpSyntax::of(body.content_type) else {
            return Err(self.refuse(unexpected_type(body.content_type, "\"application/x-protobuf\" or \"application/json\"")));
        };
        let encoding = Encoding::of_otlp(body.content_encoding).map_err(|e| self.refuse(e))?;
        let is_json = syntax == OtlpSyntax::Json;
        let accepted = self.unpacked(body.bytes, encoding, is_json, |bytes| {
            let bytes = if is_json { Cow::Owned(json::to_wire(&String::from_utf8_lossy(bytes), &json::OTLP)?) } else { bytes.into() };
            self.taken("otlp", bytes.len(), "a request of OTLP for traces", |intake| otlp::read(&bytes, intake))
        })?;
        Ok(syntax.answer(&response(&accepted), "rejectedSpans", accepted.rejected as i64, &accepted.message))
    }

    /// Takes an `ExportTraceServiceRequest` of OTLP over gRPC, as the bytes of the message.
    pub fn otlp_message(&self, message: &[u8]) -> Result<ExportTraceServiceResponse, Refusal> {
        self.metrics.request("otlp");
        let accepted = self.unpacked(message, Encoding::Identity, false, |bytes| {
            self.taken("otlp", bytes.len(), "a request of OTLP for traces", |intake| otlp::read(bytes, intake))
        })?;
        Ok(response(&accepted))
    }

    /// Takes spans of Zipkin v2 (`/api/v2/spans`): a list in JSON, or `ListOfSpans` in protobuf.
    pub fn zipkin_body(&self, body: HttpBody<'_>) -> Result<Accepted, Refusal> {
        self.metrics.request("zipkin");
        let is_json = match essence(body.content_type).as_str() {
            "" | "application/json" => true,
            "application/x-protobuf" | "application/protobuf" => false,
            _ => return Err(self.refuse(unexpected_type(body.content_type, "\"application/json\" or \"application/x-protobuf\""))),
        };
        let encoding = Encoding::of_otlp(body.content_encoding).map_err(|e| self.refuse(e))?;
        let now_ns = self.clock.now_ms().saturating_mul(1_000_000);
        self.unpacked(body.bytes, encoding, is_json, |bytes| {
            let bytes =
                if is_json { Cow::Owned(json::list_to_wire(&String::from_utf8_lossy(bytes), &json::ZIPKIN)?) } else { bytes.into() };
            self.taken("zipkin", bytes.len(), "a list of Zipkin's spans", |intake| zipkin::read(&bytes, now_ns, intake))
        })
    }

    /// Takes a `Batch` of Jaeger in Thrift's binary protocol (`/api/traces?format=jaeger.thrift`).
    pub fn jaeger_body(&self, body: HttpBody<'_>) -> Result<Accepted, Refusal> {
        self.metrics.request("jaeger_thrift");
        if !["", "application/x-thrift", "application/vnd.apache.thrift.binary"].contains(&essence(body.content_type).as_str()) {
            let expected = "\"application/x-thrift\" or \"application/vnd.apache.thrift.binary\"";
            return Err(self.refuse(unexpected_type(body.content_type, expected)));
        }
        let encoding = Encoding::of_otlp(body.content_encoding).map_err(|e| self.refuse(e))?;
        self.unpacked(body.bytes, encoding, false, |bytes| {
            self.taken("jaeger_thrift", bytes.len(), "a batch of Jaeger in Thrift's binary protocol", |intake| {
                jaeger::thrift::read(bytes, intake)
            })
        })
    }

    /// Takes a `jaeger.api_v2.PostSpansRequest` over gRPC, as the bytes of the message. Its answer is an empty message.
    pub fn jaeger_message(&self, message: &[u8]) -> Result<Accepted, Refusal> {
        self.metrics.request("jaeger_grpc");
        self.unpacked(message, Encoding::Identity, false, |bytes| {
            self.taken("jaeger_grpc", bytes.len(), "a request of Jaeger", |intake| jaeger::protobuf::read(bytes, intake))
        })
    }

    /// Gives the bytes without compression, charged together with what becomes of them.
    fn unpacked(
        &self,
        bytes: &[u8],
        encoding: Encoding,
        is_json: bool,
        take: impl FnOnce(&[u8]) -> Result<Accepted, Failure>,
    ) -> Result<Accepted, Refusal> {
        let outcome = body::unpack(bytes, encoding, &self.push, &self.budget).map_err(Failure::Refused).and_then(|mut unpacked| {
            let length = unpacked.bytes.len() as u64;
            self.admit(length).map_err(Failure::Refused)?;
            let factor = if is_json { DECODED_JSON_FACTOR } else { DECODED_FACTOR };
            unpacked.charge.grow(factor * length).map_err(|e| Failure::Refused(body::busy(e)))?;
            take(&unpacked.bytes)
        });
        outcome.map_err(|failure| match failure {
            Failure::Refused(refusal) => self.refuse(refusal),
            Failure::Malformed(what) => self.refuse(("body_format", refusal(400, format!("the body can't be read: {what}")))),
        })
    }

    /// Takes the bytes of a request into account.
    fn admit(&self, bytes: u64) -> Result<(), BodyRefusal> {
        let limits = *self.limits.read();
        if limits.rate_limit_bytes == 0 {
            return Ok(());
        }
        let (rate, burst) = (limits.rate_limit_bytes as f64, limits.burst_size_bytes as f64);
        let now = self.clock.monotonic();
        if self.bucket.lock().get_or_insert_with(|| Bucket::full(burst, now)).take(bytes as f64, rate, burst, now) {
            return Ok(());
        }
        let message = format!(
            "the limit on traces of {} bytes a second is exceeded (`rate_limit_bytes`, `burst_size_bytes`) by a request of {bytes} bytes: \
             send it again later",
            limits.rate_limit_bytes
        );
        Err(("rate_limited", later(429, message)))
    }

    /// Reads the spans of a request and stores those that are sound.
    fn taken(
        &self,
        protocol: &'static str,
        bytes: usize,
        what: &str,
        read: impl FnOnce(&mut Intake<'_>) -> Result<(), String>,
    ) -> Result<Accepted, Failure> {
        let limits = *self.limits.read();
        let mut intake = Intake::new(&limits);
        if let Err(e) = read(&mut intake) {
            return Err(if intake.is_too_much() {
                Failure::Refused(("too_many_spans", refusal(413, format!("{e}: send fewer at once"))))
            } else {
                Failure::Refused(("body_format", refusal(400, format!("the body is not {what}: {e}"))))
            });
        }
        let taken = intake.finish();
        let mut accepted = Accepted { rejected: taken.refused.spans(), message: taken.refused.message() };
        if !taken.write.is_empty() {
            let sink = self.sink.read().clone();
            let outcome = sink.write(&taken.write).map_err(|e| {
                Failure::Refused(match e {
                    WriteError::Busy(e) => ("busy", later(503, format!("the store of traces is busy: {e}"))),
                    WriteError::DiskFull(e) => ("disk_full", later(503, format!("the disk is full: {e}"))),
                    WriteError::Storage(e) => ("storage", refusal(500, e)),
                })
            })?;
            if let Some(generator) = &self.generator {
                generator.observe(&taken.write, &taken.sizes);
            }
            self.metrics.take(protocol, (taken.write.len() as u64).saturating_sub(outcome.too_old), bytes as u64);
            if outcome.too_old > 0 {
                self.metrics.discard("older_than_retention", outcome.too_old);
                let separator = if accepted.message.is_empty() { "" } else { "; " };
                let (noun, verb) = if outcome.too_old == 1 { ("span", "is") } else { ("spans", "are") };
                accepted.message += &format!("{separator}{} {noun} {verb} older than the retention of traces", outcome.too_old);
                accepted.rejected += outcome.too_old;
            }
        }
        // Only now: a request that is sent again is not counted twice.
        self.metrics.look_at(&taken.refused, &taken.changes);
        Ok(accepted)
    }

    fn refuse(&self, (reason, refusal): BodyRefusal) -> Refusal {
        self.metrics.refuse(reason);
        refusal
    }
}

/// Why a request is not taken.
enum Failure {
    Refused(BodyRefusal),
    Malformed(String),
}

impl From<String> for Failure {
    fn from(what: String) -> Self {
        Self::Malformed(what)
    }
}

fn response(accepted: &Accepted) -> ExportTraceServiceResponse {
    let partial_success = (!accepted.message.is_empty())
        .then(|| ExportTracePartialSuccess { rejected_spans: accepted.rejected as i64, error_message: accepted.message.clone() });
    ExportTraceServiceResponse { partial_success }
}

fn essence(content_type: Option<&str>) -> String {
    content_type.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn unexpected_type(found: Option<&str>, expected: &str) -> BodyRefusal {
    let shown: String = found.unwrap_or("").chars().take(100).collect();
    ("body_format", refusal(415, format!("expected Content-Type {expected}, found {shown:?}")))
}

#[cfg(test)]
mod tests;
