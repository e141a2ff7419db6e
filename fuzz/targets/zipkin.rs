//! Zipkin's spans, in JSON and in protobuf.
#![no_main]

mod trace_store;

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::push::HttpBody;
use std::sync::LazyLock;
use trace_store::receiver;

static RECEIVER: LazyLock<phoenix_ingest::traces::TraceReceiver> = LazyLock::new(receiver);

fuzz_target!(|bytes: &[u8]| {
    for content_type in ["application/json", "application/x-protobuf"] {
        let _ = RECEIVER.zipkin_body(HttpBody { content_type: Some(content_type), content_encoding: None, bytes });
    }
});
