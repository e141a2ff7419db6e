//! Jaeger's spans, in Thrift and in protobuf.
#![no_main]

mod trace_store;

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::push::HttpBody;
use std::sync::LazyLock;
use trace_store::receiver;

static RECEIVER: LazyLock<phoenix_ingest::traces::TraceReceiver> = LazyLock::new(receiver);

fuzz_target!(|bytes: &[u8]| {
    let _ = RECEIVER.jaeger_message(bytes);
    let _ = RECEIVER.jaeger_body(HttpBody { content_type: Some("application/x-thrift"), content_encoding: None, bytes });
});
