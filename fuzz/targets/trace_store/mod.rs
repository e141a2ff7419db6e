//! A store of traces that looks at what the receiver let through.

use phoenix_engine::traces::{MetricsOutput, SearchOutput, SearchRange, Static, TraceWriteOutcome};
use phoenix_engine::{QueryError, QueryLimits, TracesEngine, WriteError};
use phoenix_env::SimClock;
use phoenix_ingest::push::PushLimits;
use phoenix_ingest::traces::{SpanSink, TraceLimits, TraceReceiver};
use phoenix_model::traces::{AttributeValue, Attributes, Events, Links, TagName, TraceId, TraceWrite};
use prometheus_client::registry::Registry;
use std::sync::Arc;

struct Store;

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

fn look_at(attributes: Attributes<'_>) {
    let read = Attributes::checked(attributes.as_bytes()).expect("attributes can be read back");
    let mut number = 0;
    for attribute in read.iter() {
        number += 1;
        assert!(!attribute.key.is_empty() && attribute.key.len() <= 64, "a key was let through that is too long");
        if let AttributeValue::Text(text) = attribute.value {
            assert!(text.len() <= 64, "a value was let through that is too long");
        }
    }
    assert!(number <= 8, "more attributes were let through than there may be");
}

impl TracesEngine for Store {
    fn trace(&self, _: TraceId, _: Option<(i64, i64)>, _: &QueryLimits) -> Result<TraceWrite, QueryError> {
        no_query()
    }
    fn search(&self, _: &str, _: &SearchRange, _: &QueryLimits) -> Result<SearchOutput, QueryError> {
        no_query()
    }
    fn metrics_range(&self, _: &str, _: i64, _: i64, _: i64, _: usize, _: &QueryLimits) -> Result<MetricsOutput, QueryError> {
        no_query()
    }
    fn metrics_instant(&self, _: &str, _: i64, _: i64, _: &QueryLimits) -> Result<MetricsOutput, QueryError> {
        no_query()
    }
    fn tag_names(&self, _: i64, _: i64, _: &QueryLimits) -> Result<Vec<TagName>, QueryError> {
        no_query()
    }
    fn tag_values(&self, _: &str, _: &str, _: i64, _: i64, _: usize, _: &QueryLimits) -> Result<(Vec<Static>, bool), QueryError> {
        no_query()
    }
    fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        (0..write.resource_count()).for_each(|number| look_at(write.resource(number).attributes));
        (0..write.scope_count()).for_each(|number| look_at(write.scope(number).attributes));
        for span in write.spans() {
            assert!(!span.fixed.trace_id.is_zero() && !span.fixed.span_id.is_none(), "a span without ids was let through");
            assert!(span.fixed.duration_ns >= 0 && span.name.len() <= 64);
            look_at(span.attributes);
            let events = Events::checked(span.events.as_bytes()).expect("events can be read back");
            events.iter().for_each(|event| look_at(event.attributes));
            let links = Links::checked(span.links.as_bytes()).expect("links can be read back");
            links.iter().for_each(|link| look_at(link.attributes));
        }
        Ok(TraceWriteOutcome::default())
    }
}

/// A receiver with small limits over such a store.
pub fn receiver() -> TraceReceiver {
    // The clock stands still, and nothing shall run dry.
    let limits = TraceLimits { max_attributes: 8, max_attribute_bytes: 64, rate_limit_bytes: 0, ..TraceLimits::default() };
    let push = PushLimits { uncompressed_bytes: 1 << 20, ..PushLimits::default() };
    let clock = SimClock::new(1_700_000_000_000);
    TraceReceiver::new(SpanSink::Store(Arc::new(Store)), None, clock, push, limits, &mut Registry::default())
}
