//! The receivers of traces: OTLP, Zipkin and Jaeger; the buffer in which traces wait for the decision
//! whether they are kept; and the metrics that are made of spans.
//!
//! A body becomes a [`TraceWrite`](phoenix_model::traces::TraceWrite) in one pass, without a tree between.
//! Spans of all protocols go through one gate (`intake`), where limits are checked; JSON is put into
//! the wire format of protobuf first, so that each protocol is read in one place. Zipkin's and
//! Jaeger's tags are put the way the translators of the OpenTelemetry collector put them.

mod attributes;
mod buffer;
mod file;
mod foreign;
mod generator;
mod intake;
mod jaeger;
mod json;
mod limits;
mod metrics;
mod otlp;
mod receiver;
pub mod replay;
mod zipkin;

#[cfg(test)]
pub(crate) mod test_store;

pub use buffer::{BufferError, BufferLimits, SamplingBuffer};
pub use file::read_json;
pub use generator::{Generated, GeneratorConfig, GraphConfig, MetricsGenerator, SpanMetricsConfig};
pub use limits::TraceLimits;
pub use receiver::{Accepted, SpanSink, TraceReceiver};
