//! Requests of OTLP with traces, in protobuf and in JSON, and files of them.
#![no_main]

mod trace_store;

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::push::HttpBody;
use std::sync::LazyLock;
use trace_store::receiver;

static RECEIVER: LazyLock<phoenix_ingest::traces::TraceReceiver> = LazyLock::new(receiver);

fuzz_target!(|bytes: &[u8]| {
    let _ = RECEIVER.otlp_message(bytes);
    let _ = phoenix_ingest::traces::read_json(bytes);
    for (content_type, content_encoding) in
        [(Some("application/json"), None), (Some("application/x-protobuf"), Some("gzip")), (Some("application/x-protobuf"), Some("zstd"))]
    {
        let _ = RECEIVER.otlp_body(HttpBody { content_type, content_encoding, bytes });
    }
});
