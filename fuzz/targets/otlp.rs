//! Requests of OTLP for logs and metrics, in protobuf and in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_engine::logs::{
    DeleteRequest, DeleteStatus, DetectedField, IndexStats, LogRange, LogScope, LogWriteOutcome, PatternCounts, TailGuard, TailSink,
};
use phoenix_engine::{LogsEngine, MetricsEngine, QueryError, QueryLimits, WriteError};
use phoenix_env::SimClock;
use phoenix_ingest::log_limits::{ByteSize, LogLimits};
use phoenix_ingest::otlp::OtlpReceiver;
use phoenix_ingest::push::HttpBody;
use phoenix_ingest::push::{LogReceiver, PushLimits};
use phoenix_logql::LogOutput;
use phoenix_model::labels::is_legacy_metric_name;
use phoenix_model::logs::{Direction, LogWrite, ReadStats, StreamCounts};
use phoenix_model::{Exemplar, Labels, LabelsRef, Matcher, SeriesSamples, WriteBatch, WriteOutcome};
use phoenix_query::QueryOutput;
use prometheus_client::registry::Registry;
use std::sync::{Arc, LazyLock};

/// Takes what the receiver let through and looks at it.
struct Store;

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

impl LogsEngine for Store {
    fn instant(&self, _: &str, _: i64, _: usize, _: Direction, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        no_query()
    }
    fn range(&self, _: &str, _: &LogRange, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        no_query()
    }
    fn series(&self, _: &LogScope<'_>, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        no_query()
    }
    fn label_names(&self, _: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn label_values(&self, _: &str, _: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn index_stats(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<IndexStats, QueryError> {
        no_query()
    }
    fn counts(&self, _: &[Matcher], _: &[i64], _: &QueryLimits) -> Result<Vec<StreamCounts>, QueryError> {
        no_query()
    }
    fn patterns(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<Vec<PatternCounts>, QueryError> {
        no_query()
    }
    fn detected_fields(
        &self,
        _: &str,
        _: &LogRange,
        _: usize,
        _: usize,
        _: &QueryLimits,
    ) -> Result<(Vec<DetectedField>, ReadStats), QueryError> {
        no_query()
    }
    fn tail(&self, _: &str, _: TailSink) -> Result<TailGuard, QueryError> {
        no_query()
    }
    fn write(&self, write: &LogWrite) -> Result<LogWriteOutcome, WriteError> {
        for (labels, entries) in write.streams() {
            assert!(!labels.is_empty(), "a stream without labels was let through");
            assert_eq!(Labels::from_bytes(labels.as_bytes()).as_ref(), Some(labels));
            for entry in entries {
                assert!(entry.line.len() <= 64, "a line was let through that is too long");
                assert!(LabelsRef::checked(entry.metadata.as_bytes()).is_some(), "metadata that can't be read back");
            }
        }
        Ok(LogWriteOutcome::default())
    }
    fn delete(&self, _: &DeleteRequest) -> Result<String, QueryError> {
        no_query()
    }
    fn deletes(&self) -> Result<Vec<DeleteStatus>, QueryError> {
        no_query()
    }
    fn cancel_delete(&self, _: &str) -> Result<bool, QueryError> {
        no_query()
    }
    fn active_streams(&self) -> u64 {
        0
    }
}

/// The same for metrics.
struct Metrics;

impl MetricsEngine for Metrics {
    fn instant(&self, _: &str, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }
    fn range(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }
    fn select(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        no_query()
    }
    fn series(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        no_query()
    }
    fn label_names(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn label_values(&self, _: &str, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<Exemplar>)>, QueryError> {
        no_query()
    }
    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        for (labels, samples) in &batch.series {
            assert!(is_legacy_metric_name(labels.metric_name()), "a name that can't be written: {labels}");
            assert_eq!(samples.len(), 1);
            assert_eq!(Labels::from_bytes(labels.as_bytes()).as_ref(), Some(labels));
        }
        Ok(WriteOutcome::default())
    }
}

static RECEIVER: LazyLock<OtlpReceiver> = LazyLock::new(|| {
    let limits = LogLimits {
        max_line_size: ByteSize(64),
        reject_old_samples: false,
        // The clock stands still, and nothing shall run dry.
        ingestion_rate_mb: 0.0,
        per_stream_rate_limit: ByteSize(0),
        max_streams: 1000,
        ..LogLimits::default()
    };
    let push = PushLimits { uncompressed_bytes: 1 << 20, ..PushLimits::default() };
    let clock = SimClock::new(1_700_000_000_000);
    let mut registry = Registry::default();
    let logs = Arc::new(LogReceiver::new(Arc::new(Store), Arc::clone(&clock) as _, push, limits, &mut registry));
    OtlpReceiver::new(logs, Arc::new(Metrics), clock, &mut registry)
});

fuzz_target!(|bytes: &[u8]| {
    for content_type in ["application/json", "application/x-protobuf"] {
        let body = HttpBody { content_type: Some(content_type), content_encoding: None, bytes };
        let _ = RECEIVER.logs_body(body);
        let _ = RECEIVER.metrics_body(body);
    }
});
