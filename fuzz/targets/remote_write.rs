//! Remote write's bodies: the input as it comes, and compressed so that the messages are reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_engine::{MetricsEngine, QueryError, QueryLimits, WriteError};
use phoenix_ingest::remote_write::{Headers, Receiver, ReceiverLimits};
use phoenix_model::{Exemplar, Labels, Matcher, SeriesSamples, WriteBatch, WriteOutcome};
use phoenix_query::QueryOutput;
use prometheus_client::registry::Registry;
use std::sync::{Arc, LazyLock};

/// Takes what the receiver let through and looks at it.
struct Store;

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

impl MetricsEngine for Store {
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
            assert!(!labels.metric_name().is_empty(), "a series without a name was let through: {labels}");
            assert!(!samples.is_empty(), "a series without samples was let through: {labels}");
            assert_eq!(Labels::from_bytes(labels.as_bytes()).as_ref(), Some(labels));
        }
        Ok(WriteOutcome::default())
    }
}

static RECEIVER: LazyLock<Receiver> = LazyLock::new(|| {
    let limits = ReceiverLimits { labels: 8, label_value_bytes: 64, uncompressed_bytes: 1 << 20, ..ReceiverLimits::default() };
    Receiver::new(Arc::new(Store), limits, &mut Registry::default())
});

fuzz_target!(|body: &[u8]| {
    let _ = RECEIVER.receive(Headers::default(), body);
    let compressed = snap::raw::Encoder::new().compress_vec(body).expect("a short body");
    let _ = RECEIVER.receive(Headers::default(), &compressed);
});
