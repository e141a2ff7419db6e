use super::super::test_store::Store;
use super::super::{PushBody, PushFormat};
use super::*;
use crate::log_limits::ByteSize;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use phoenix_engine::logs::LogWriteOutcome;
use phoenix_env::SimClock;
use phoenix_model::Labels;
use phoenix_model::labels::LabelsRef;
use phoenix_model::logs::Level;
use proptest::prelude::*;
use prost::Message;
use std::io::Write;
use std::time::Duration;

/// 2024-05-01T12:00:00Z
const NOW_S: i64 = 1_714_564_800;

struct Bench {
    store: Arc<Store>,
    clock: Arc<SimClock>,
    receiver: LogReceiver,
    registry: Registry,
}

fn bench(limits: LogLimits) -> Bench {
    let (store, clock) = (Arc::new(Store::default()), SimClock::new(NOW_S * 1000));
    let push = PushLimits { compressed_bytes: 700_000, uncompressed_bytes: 1 << 20, ..PushLimits::default() };
    let mut registry = Registry::default();
    let receiver = LogReceiver::new(Arc::clone(&store) as _, Arc::clone(&clock) as _, push, limits, &mut registry);
    Bench { store, clock, receiver, registry }
}

fn answer(result: Result<(), Refusal>) -> String {
    match result {
        Ok(()) => "204".to_owned(),
        Err(refusal) => format!("{}{} {refusal}", refusal.status, if refusal.retry_after_seconds.is_some() { " later" } else { "" }),
    }
}

impl Bench {
    fn json(&self, text: &str) -> String {
        self.push(PushFormat::Current, Some("application/json"), None, text.as_bytes())
    }

    fn push(&self, format: PushFormat, content_type: Option<&str>, content_encoding: Option<&str>, bytes: &[u8]) -> String {
        answer(self.receiver.push(PushBody { format, content_type, content_encoding, bytes }))
    }
}

/// A body with entries of one stream at `NOW_S`.
fn entries(labels: &str, lines: &[&str]) -> String {
    let values: Vec<String> = lines.iter().map(|line| format!("[\"{NOW_S}000000000\",{line:?}]")).collect();
    format!("{{\"streams\":[{{\"stream\":{labels},\"values\":[{}]}}]}}", values.join(","))
}

#[test]
fn bodies_as_clients_send_them() {
    let bench = bench(LogLimits::default());
    for (what, body, want) in [
        (
            "the example of Loki's documentation",
            r#"{"streams": [{ "stream": { "foo": "bar2" }, "values": [ [ "1714564799000000001", "fizzbuzz" ] ] }]}"#,
            &[r#"{foo="bar2",service_name="unknown_service"} 1714564799000000001 unknown {} fizzbuzz"#][..],
        ),
        (
            "structured metadata, as documented",
            r#"{"streams":[{"stream":{"label":"value"},"values":[
                ["1714564799000000000","first line",{"trace_id":"0242ac120002","user_id":"superUser123"}],
                ["1714564799500000000","second line"]]}]}"#,
            &[
                r#"{label="value",service_name="unknown_service"} 1714564799000000000 unknown {trace_id="0242ac120002",user_id="superUser123"} first line"#,
                r#"{label="value",service_name="unknown_service"} 1714564799500000000 unknown {} second line"#,
            ],
        ),
        (
            "Fluent Bit: an object for each record, lines of JSON",
            r#"{"streams":[{"stream":{"job":"fluentbit","sub":"a"},"values":[["1714564799000000000","{\"key\":1,\"level\":\"warn\"}"]]},{"stream":{"job":"fluentbit","sub":"b"},"values":[["1714564799000000001","{\"key\":2}"]]},{"stream":{"job":"fluentbit","sub":"a"},"values":[["1714564799000000002","{\"key\":\"\u00e9\/\"}"]]}]}"#,
            &[
                r#"{job="fluentbit",service_name="fluentbit",sub="a"} 1714564799000000000 warn {} {"key":1,"level":"warn"}"#,
                r#"{job="fluentbit",service_name="fluentbit",sub="b"} 1714564799000000001 unknown {} {"key":2}"#,
                r#"{job="fluentbit",service_name="fluentbit",sub="a"} 1714564799000000002 unknown {} {"key":"é/"}"#,
            ],
        ),
        (
            "entries before labels, and keys that nobody knows",
            r#"{"x":[1,{"y":[]}],"streams":[{"values":[["1714564799000000000","a"]],"hash":7,"stream":{"a":"b"}}]}"#,
            &[r#"{a="b",service_name="unknown_service"} 1714564799000000000 unknown {} a"#],
        ),
        (
            "names that LogQL can't write, and a level that the client found",
            r#"{"streams":[{"stream":{"a":"b"},"values":[["1714564799000000000","a",{"http.status":"200","detected_level":"ERROR"}]]}]}"#,
            &[r#"{a="b",service_name="unknown_service"} 1714564799000000000 error {http_status="200"} a"#],
        ),
        ("nothing in a stream", r#"{"streams":[{"stream":{"a":"b"},"values":[]}]}"#, &[]),
        ("nothing in a stream, in other words", r#"{"streams":[{"stream":{"a":"b"},"values":null}]}"#, &[]),
    ] {
        assert_eq!(bench.json(body), "204", "{what}");
        assert_eq!(bench.store.take(), want, "{what}");
    }
    let legacy = r#"{"streams":[{"labels":"{foo=\"bar\"}","entries":[{"ts":"2024-05-01T11:59:59.000000801-00:00","line":"one"},{"line":"two","ts":"2024-05-01T14:00:00+02:00"}]}]}"#;
    assert_eq!(bench.push(PushFormat::Legacy, Some("application/json; charset=utf-8"), None, legacy.as_bytes()), "204");
    assert_eq!(
        bench.store.take(),
        [
            r#"{foo="bar",service_name="unknown_service"} 1714564799000000801 unknown {} one"#,
            r#"{foo="bar",service_name="unknown_service"} 1714564800000000000 unknown {} two"#,
        ]
    );
}

#[test]
fn bodies_that_are_refused_whole() {
    let bench = bench(LogLimits::default());
    let prefix = "400 the body is not JSON of Loki's push API: ";
    for (body, want) in [
        (
            r#"{"streams":[{"stream":{"a":"b"},"values":[[1714564799000000000,"a"]]}]}"#,
            "expected the time of an entry, a string of nanoseconds, found '1' at byte 43",
        ),
        (
            r#"{"streams":[{"stream":{"a":"b"},"values":[["1714564799.5","a"]]}]}"#,
            "the time of an entry is not a number of nanoseconds at byte 43: \"1714564799.5\"",
        ),
        (
            r#"{"streams":[{"stream":{"a":"b"},"values":[["1714564799000000000"]]}]}"#,
            "expected `,` and the line of an entry, found ']' at byte 64",
        ),
        (
            r#"{"streams":[{"stream":{"a":"b"},"values":[["1714564799000000000",7]]}]}"#,
            "expected the line of an entry, found '7' at byte 65",
        ),
        (
            r#"{"streams":[{"stream":{"a":"b"},"values":[["1714564799000000000","x",{"n":1}]]}]}"#,
            "expected the value of structured metadata, a string, found '1' at byte 74",
        ),
        (
            r#"{"streams":[{"stream":{"a":1},"values":[]}]}"#,
            "expected the value of label \"a\", a string, found '1' at byte 5 of the object at byte 22",
        ),
        (r#"{"streams":[{"stream":"{}","values":[]}]}"#, "expected an object with the labels of a stream at byte 22"),
        (r#"{"streams":[{"stream":{"a":"b"}"#, "expected `,` or `}`, the text ends at byte 31"),
        ("[]", "expected the request, found '[' at byte 0"),
        ("", "expected the request, the text ends at byte 0"),
        (r#"{"streams":[]} x"#, "expected the end, found 'x' at byte 15"),
    ] {
        assert_eq!(bench.json(body), format!("{prefix}{want}"), "{body}");
    }
    assert_eq!(bench.json(r#"{"streams":[]}"#), "422 error at least one valid stream is required for ingestion");
    let legacy = r#"{"streams":[{"labels":"{a=\"b\"}","entries":[{"line":"x"}]}]}"#;
    assert_eq!(bench.push(PushFormat::Legacy, Some("application/json"), None, legacy.as_bytes()), format!("{prefix}an entry has no `ts`"));
    let protobuf = |bytes: &[u8]| bench.push(PushFormat::Current, None, None, bytes);
    assert!(protobuf(b"nonsense").starts_with("400 the body is not snappy"), "{}", protobuf(b"nonsense"));
    let torn = snap::raw::Encoder::new().compress_vec(&[0x0a, 0x7f, 0x00]).unwrap();
    assert_eq!(protobuf(&torn), "400 the body is not a logproto.PushRequest of Loki's push API: a field ends behind its message");
    assert_eq!(bench.push(PushFormat::Current, None, Some("gzip"), b""), "400 Content-Encoding \"gzip\" not supported");
    assert_eq!(bench.push(PushFormat::Current, Some("application/json"), Some("br"), b""), "400 Content-Encoding \"br\" not supported");
    assert!(bench.store.take().is_empty());
}

#[test]
fn encodings_and_their_limits() {
    let bench = bench(LogLimits::default());
    let body = entries(r#"{"a":"b"}"#, &["x"]);
    let gzip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let zlib = |text: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let deflate = |text: &[u8]| {
        let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    for (encoding, packed) in [
        ("gzip", gzip(body.as_bytes())),
        ("deflate", zlib(body.as_bytes())),
        ("deflate", deflate(body.as_bytes())),
        ("identity", body.clone().into_bytes()),
    ] {
        assert_eq!(bench.push(PushFormat::Current, Some("application/json"), Some(encoding), &packed), "204", "{encoding}");
        assert_eq!(bench.store.take().len(), 1, "{encoding}");
    }
    let bomb = vec![b' '; 20 << 20];
    for (encoding, packed) in [("gzip", gzip(&bomb)), ("deflate", zlib(&bomb)), ("deflate", deflate(&bomb))] {
        let got = bench.push(PushFormat::Current, Some("application/json"), Some(encoding), &packed);
        assert!(got.starts_with("413 the request has 1310720 bytes uncompressed, the limit of `limits.body_size` is 1048576"), "{got}");
    }
    let bomb = snap::raw::Encoder::new().compress_vec(&vec![0; (1 << 20) + 1]).unwrap();
    assert!(bench.push(PushFormat::Current, None, None, &bomb).starts_with("413 the request has 1048577 bytes uncompressed"));
    assert!(bench.push(PushFormat::Current, None, None, &[0xff, 0xff, 0xff, 0xff, 0x0f]).starts_with("413"));
    assert!(
        bench
            .push(PushFormat::Current, None, None, &vec![0; 700_001])
            .starts_with("413 the request has 700001 bytes compressed, the limit is 700000")
    );
    let torn = &gzip(body.as_bytes())[..30];
    assert!(bench.push(PushFormat::Current, Some("application/json"), Some("gzip"), torn).starts_with("400 the body is not gzip"));
    assert_eq!(bench.receiver.budget().used_bytes(), 0, "everything is given back");
}

/// Limits that are easy to hit.
fn tight() -> LogLimits {
    LogLimits {
        max_line_size: ByteSize(10),
        max_structured_metadata_size: ByteSize(10),
        max_structured_metadata_entries_count: 2,
        ..LogLimits::default()
    }
}

#[test]
fn entries_that_are_refused_are_named_and_the_others_stored() {
    let stream = r#"{a="b", service_name="unknown_service"}"#;
    let at = |time: &str, rest: &str| format!("[\"{time}\",{rest}]");
    let now = "1714564800000000000";
    for (limits, bad, want) in [
        (
            tight(),
            at("1713959999000000000", "\"x\""),
            format!(
                "entry for stream '{stream}' has timestamp too old: 2024-04-24T11:59:59Z, oldest acceptable timestamp is: 2024-04-24T12:00:00Z"
            ),
        ),
        (tight(), at("1714565401000000000", "\"x\""), format!("entry for stream '{stream}' has timestamp too new: 2024-05-01T12:10:01Z")),
        (
            tight(),
            at(now, "\"01234567890\""),
            format!("max entry size '10' bytes exceeded for stream '{stream}' while adding an entry with length '11' bytes"),
        ),
        (
            tight(),
            at(now, r#""x",{"a":"0123456789"}"#),
            format!(
                "stream '{stream}' has structured metadata too large: '11' bytes, limit: '10' bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it."
            ),
        ),
        (
            tight(),
            at(now, r#""x",{"a":"1","b":"2","c":"3"}"#),
            format!(
                "stream '{stream}' has too many structured metadata labels: '3', limit: '2'. Please see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it."
            ),
        ),
        (
            LogLimits { allow_structured_metadata: false, ..tight() },
            at(now, r#""x",{"a":"1"}"#),
            format!(
                "stream '{stream}' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it."
            ),
        ),
    ] {
        let bench = bench(limits);
        let good = at(now, "\"good\"");
        let body = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":[{good},{bad},{good}]}}]}}"#);
        assert_eq!(bench.json(&body), format!("400 {want}"));
        assert_eq!(bench.store.take().len(), 2, "{want}");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &bench.registry).unwrap();
        assert!(text.contains("phoenix_logs_discarded_total{reason=") && text.contains("} 1\n"), "{text}");
    }
}

#[test]
fn streams_that_are_refused_do_not_hold_up_others() {
    let bench = bench(LogLimits::default());
    let value = format!("[[\"{NOW_S}000000000\",\"x\"]]");
    let body = format!(
        r#"{{"streams":[{{"stream":{{}},"values":{value}}},{{"stream":{{"a":"b"}},"values":{value}}},{{"stream":{{"a-b":"c"}},"values":{value}}}]}}"#
    );
    assert_eq!(
        bench.json(&body),
        "400 2 errors: error at least one label pair is required per stream; error parsing labels '{a-b=\"c\"}' with error: \"a-b\" is not the \
         name of a label"
    );
    assert_eq!(bench.store.take(), [r#"{a="b",service_name="unknown_service"} 1714564800000000000 unknown {} x"#]);
}

#[test]
fn an_answer_names_ten_entries_and_counts_the_rest() {
    let bench = bench(tight());
    let lines: Vec<String> = (0..30).map(|i| "y".repeat(11 + i)).collect();
    let got = bench.json(&entries(r#"{"a":"b"}"#, &lines.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(
        got.starts_with("400 30 errors: max entry size '10' bytes exceeded") && got.ends_with("length '20' bytes; and 20 more"),
        "{got}"
    );
}

#[test]
fn lines_are_cut_and_times_moved_when_asked() {
    let bench = bench(LogLimits { max_line_size_truncate: true, increment_duplicate_timestamp: true, ..tight() });
    assert_eq!(bench.json(&entries(r#"{"a":"b"}"#, &["0123456789x", "012345678é", "two", "two", "three"])), "204");
    let got: Vec<String> = bench.store.take().iter().map(|entry| entry.rsplit("} 17145648000000000").next().unwrap().to_owned()).collect();
    assert_eq!(
        got,
        ["00 unknown {} 0123456789", "01 unknown {} 012345678", "02 unknown {} two", "02 unknown {} two", "03 unknown {} three"]
    );
}

#[test]
fn rates_push_back() {
    let stream = r#"{a="b", service_name="unknown_service"}"#;
    let limits = || LogLimits { discover_log_levels: false, ..LogLimits::default() };
    // One megabyte at once, and as much each second.
    let bench_all = bench(LogLimits { ingestion_rate_mb: 1.0, ingestion_burst_size_mb: 1.0, max_line_size: ByteSize(0), ..limits() });
    let half = "x".repeat(600_000);
    let body = entries(r#"{"a":"b"}"#, &[&half]);
    assert_eq!(bench_all.json(&body), "204");
    let want = "429 later ingestion rate limit exceeded for user fake (limit: 1048576 bytes/sec) while attempting to ingest '1' lines totaling \
                '600000' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased \
                (`ingestion_rate_mb`, `ingestion_burst_size_mb`)";
    assert_eq!(bench_all.json(&body), want);
    bench_all.clock.advance(Duration::from_millis(200));
    assert_eq!(bench_all.json(&body), "204");
    assert_eq!(bench_all.store.take().len(), 2);

    let bench_one = bench(LogLimits { per_stream_rate_limit: ByteSize(3 << 20), per_stream_rate_limit_burst: ByteSize(10), ..limits() });
    assert_eq!(bench_one.json(&entries(r#"{"a":"b"}"#, &["0123456789"])), "204");
    let value = format!("[[\"{NOW_S}000000000\",\"y\"]]");
    let both = format!(r#"{{"streams":[{{"stream":{{"a":"b"}},"values":{value}}},{{"stream":{{"a":"c"}},"values":{value}}}]}}"#);
    let want = format!(
        "429 later Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream '{stream}' totaling 1B, consider \
         splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased \
         (`per_stream_rate_limit`, `per_stream_rate_limit_burst`)"
    );
    assert_eq!(bench_one.json(&both), want);
    assert_eq!(bench_one.store.take()[1..], [r#"{a="c",service_name="unknown_service"} 1714564800000000000  {} y"#]);

    let bench_few = bench(LogLimits { max_streams: 1, ..limits() });
    assert_eq!(bench_few.json(&entries(r#"{"a":"b"}"#, &["x"])), "204");
    let want = "429 later maximum active stream limit exceeded when trying to create stream {a=\"c\", service_name=\"unknown_service\"}, reduce \
                the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit \
                can be increased, user: 'fake' (`max_streams`: 1)";
    assert_eq!(bench_few.json(&entries(r#"{"a":"c"}"#, &["x"])), want);
    // Phoenix' own log has room all the same, and takes none.
    let mut own = LogWrite::default();
    own.begin_stream(Labels::from_pairs([("service_name", "phoenix")]));
    own.push(NOW_S * 1_000_000_000, "it is full", LabelsRef::EMPTY, Level::Warn);
    assert_eq!(answer(bench_few.receiver.accept_own(&own)), "204");
    assert_eq!(bench_few.receiver.rates.streams(), 1);
    // A stream without entries for half an hour makes room.
    bench_few.clock.advance(Duration::from_mins(30));
    assert_eq!(bench_few.json(&entries(r#"{"a":"c"}"#, &["x"])), "204");
}

#[test]
fn answers_of_the_store() {
    let bench = bench(LogLimits::default());
    let body = entries(r#"{"a":"b"}"#, &["x"]);
    for (answer, want) in [
        (Err(WriteError::Busy("memtable".to_owned())), "429 later the store of logs is busy: memtable"),
        (Err(WriteError::DiskFull("wal".to_owned())), "503 later the disk is full: wal"),
        (Err(WriteError::Storage("broken".to_owned())), "500 broken"),
        (Ok(LogWriteOutcome { stored: 0, too_old: 2 }), "400 2 entries are older than the retention of logs"),
        (Ok(LogWriteOutcome::default()), "204"),
    ] {
        *bench.store.answer.lock() = answer;
        assert_eq!(bench.json(&body), want);
    }
}

#[test]
fn batches_from_inside_pass_the_same_gate() {
    let bench = bench(tight());
    let mut write = LogWrite::default();
    write.begin_stream(Labels::from_pairs([("filename", "/var/log/a"), ("job", "files")]));
    let metadata = Labels::from_pairs([("pid", "7")]);
    write.push(NOW_S * 1_000_000_000, "warn: x", metadata.as_ref(), Level::Absent);
    write.push(NOW_S * 1_000_000_000, "known", LabelsRef::EMPTY, Level::Fatal);
    write.push(NOW_S * 1_000_000_000, "longer than ten bytes", LabelsRef::EMPTY, Level::Absent);
    let labels = r#"{filename="/var/log/a", job="files", service_name="files"}"#;
    assert_eq!(
        answer(bench.receiver.accept(&write)),
        format!("400 max entry size '10' bytes exceeded for stream '{labels}' while adding an entry with length '21' bytes")
    );
    assert_eq!(
        bench.store.take(),
        [
            r#"{filename="/var/log/a",job="files",service_name="files"} 1714564800000000000 warn {pid="7"} warn: x"#,
            r#"{filename="/var/log/a",job="files",service_name="files"} 1714564800000000000 fatal {} known"#,
        ]
    );
    bench.receiver.set_limits(LogLimits { discover_service_name: vec![], discover_log_levels: false, ..LogLimits::default() });
    assert_eq!(answer(bench.receiver.accept(&write)), "204");
    assert_eq!(bench.store.take()[1], r#"{filename="/var/log/a",job="files"} 1714564800000000000  {} known"#);
}

// The wire format in prost's words, to compare with.

#[derive(Clone, PartialEq, prost::Message)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    streams: Vec<StreamMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StreamMessage {
    #[prost(string, tag = "1")]
    labels: String,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<EntryMessage>,
    #[prost(uint64, tag = "3")]
    hash: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct EntryMessage {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<TimestampMessage>,
    #[prost(string, tag = "2")]
    line: String,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<PairMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TimestampMessage {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PairMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

type Drawn = Vec<(String, Vec<(i64, String, Vec<(String, String)>)>)>;

fn drawn() -> impl Strategy<Value = Drawn> {
    let metadata = prop::collection::vec(("[a-c.]{1,2}", ".{0,6}"), 0..3);
    let entry = (-600_000_000_000_i64..600_000_000_000, ".{0,30}", metadata);
    prop::collection::vec((".{0,5}", prop::collection::vec(entry, 0..4)), 0..4)
}

fn as_protobuf(streams: &Drawn) -> Vec<u8> {
    let streams = streams.iter().map(|(value, entries)| StreamMessage {
        labels: format!("{{a=\"x\", b={}}}", serde_json::to_string(value).unwrap()),
        entries: entries
            .iter()
            .map(|(offset, line, metadata)| {
                let ns = NOW_S * 1_000_000_000 + offset;
                EntryMessage {
                    timestamp: Some(TimestampMessage { seconds: ns.div_euclid(1_000_000_000), nanos: ns.rem_euclid(1_000_000_000) as i32 }),
                    line: line.clone(),
                    metadata: metadata.iter().map(|(name, value)| PairMessage { name: name.clone(), value: value.clone() }).collect(),
                }
            })
            .collect(),
        hash: 7,
    });
    PushRequest { streams: streams.collect() }.encode_to_vec()
}

fn as_json(streams: &Drawn) -> String {
    let streams: Vec<_> = streams
        .iter()
        .map(|(value, entries)| {
            let values: Vec<_> = entries
                .iter()
                .map(|(offset, line, metadata)| {
                    let metadata: serde_json::Map<_, _> = metadata.iter().map(|(n, v)| (n.clone(), v.clone().into())).collect();
                    serde_json::json!([(NOW_S * 1_000_000_000 + offset).to_string(), line, metadata])
                })
                .collect();
            serde_json::json!({"stream": {"a": "x", "b": value}, "values": values})
        })
        .collect();
    serde_json::json!({ "streams": streams }).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn json_and_protobuf_say_the_same(streams in drawn()) {
        let bench = bench(LogLimits::default());
        let json = (bench.json(&as_json(&streams)), bench.store.take());
        let packed = snap::raw::Encoder::new().compress_vec(&as_protobuf(&streams)).unwrap();
        let protobuf = (bench.push(PushFormat::Current, Some("application/x-protobuf"), Some("snappy"), &packed), bench.store.take());
        prop_assert_eq!(&json, &protobuf);
        let number: usize = streams.iter().map(|(_, entries)| entries.len()).sum();
        prop_assert_eq!(json.1.len(), number, "{}", json.0);
    }

    #[test]
    fn mutated_bodies_never_panic(
        streams in drawn(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), is_json in any::<bool>(),
        is_legacy in any::<bool>(),
    ) {
        let bench = bench(LogLimits::default());
        let mut bytes = if is_json { as_json(&streams).into_bytes() } else { as_protobuf(&streams) };
        for (index, byte) in changes {
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let format = if is_legacy { PushFormat::Legacy } else { PushFormat::Current };
        let content_type = is_json.then_some("application/json");
        if !is_json {
            bytes = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        }
        bench.push(format, content_type, None, &bytes);
    }
}
