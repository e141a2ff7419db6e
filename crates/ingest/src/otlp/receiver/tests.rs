use super::super::OtlpSyntax;
use super::*;
use crate::log_limits::LogLimits;
use crate::push::PushLimits;
use crate::push::test_store::Store;
use crate::test_metrics::Metrics;
use flate2::write::GzEncoder;
use phoenix_engine::{WriteBatch, WriteOutcome};
use phoenix_env::SimClock;
use phoenix_model::{Source, is_stale};
use proptest::prelude::*;
use prost::Message;
use std::io::Write;

/// The time of the examples of the specification: 2018-12-13T14:51:00.3Z
const NOW_MS: i64 = 1_544_712_660_300;

/// What was written, as lines.
fn shown(batch: &WriteBatch) -> Vec<String> {
    let mut lines = Vec::new();
    for (labels, samples) in &batch.series {
        for (time_ms, value) in samples {
            let value = if is_stale(*value) { "stale".to_owned() } else { value.to_string() };
            lines.push(format!("{labels} {value} @{}", time_ms - NOW_MS));
        }
    }
    for (labels, samples) in &batch.histograms {
        for (time_ms, h) in samples {
            let spans: Vec<_> = h.positive_spans.iter().map(|span| (span.offset, span.length)).collect();
            let text = format!("schema {} count {} sum {} zero {} {spans:?} {:?}", h.schema, h.count, h.sum, h.zero_count, h.positive);
            let text = if h.is_stale() { "stale histogram".to_owned() } else { text };
            lines.push(format!("{labels} {text} @{}", time_ms - NOW_MS));
        }
    }
    for (labels, exemplars) in &batch.exemplars {
        for exemplar in exemplars {
            lines.push(format!("{labels} # {} {} @{}", exemplar.labels, exemplar.value, exemplar.timestamp_ms - NOW_MS));
        }
    }
    lines
}

struct Bench {
    logs: Arc<Store>,
    metrics: Arc<Metrics>,
    clock: Arc<SimClock>,
    log_receiver: Arc<LogReceiver>,
    receiver: OtlpReceiver,
}

fn bench(limits: LogLimits) -> Bench {
    let (logs, clock) = (Arc::new(Store::default()), SimClock::new(NOW_MS));
    let metrics = Arc::new(Metrics::default());
    let push = PushLimits { uncompressed_bytes: 1 << 20, ..PushLimits::default() };
    let mut registry = Registry::default();
    let log_receiver = Arc::new(LogReceiver::new(Arc::clone(&logs) as _, Arc::clone(&clock) as _, push, limits, &mut registry));
    let receiver = OtlpReceiver::new(Arc::clone(&log_receiver), Arc::clone(&metrics) as _, Arc::clone(&clock) as _, &mut registry);
    Bench { logs, metrics, clock, log_receiver, receiver }
}

impl Bench {
    fn json(text: &str) -> HttpBody<'_> {
        HttpBody { content_type: Some("application/json"), content_encoding: None, bytes: text.as_bytes() }
    }

    fn logs(&self, text: &str) -> (String, Vec<String>) {
        let answer = match self.receiver.logs_body(Self::json(text)) {
            Ok(answer) => String::from_utf8(answer.bytes).unwrap(),
            Err(refusal) => format!("{} {refusal}", refusal.status),
        };
        (answer, self.logs.take())
    }

    fn metrics(&self, text: &str) -> (String, Vec<String>) {
        let answer = match self.receiver.metrics_body(Self::json(text)) {
            Ok(answer) => String::from_utf8(answer.bytes).unwrap(),
            Err(refusal) => format!("{} {refusal}", refusal.status),
        };
        (answer, std::mem::take(&mut *self.metrics.batches.lock()).iter().flat_map(shown).collect())
    }
}

/// Log records as the specification's examples write them.
const LOGS: &str = r#"{"resourceLogs": [{
  "resource": {"attributes": [
    {"key": "service.name", "value": {"stringValue": "my.service"}},
    {"key": "k8s.pod.name", "value": {"stringValue": "pod-1"}},
    {"key": "host.name", "value": {"stringValue": "box"}}]},
  "scopeLogs": [{
    "scope": {"name": "my.library", "version": "1.0.0", "attributes": [{"key": "my.scope.attribute", "value": {"stringValue": "some scope attribute"}}]},
    "logRecords": [{
      "timeUnixNano": "1544712660300000000", "observedTimeUnixNano": "1544712660300000001",
      "severityNumber": 10, "severityText": "Information", "flags": 1,
      "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174",
      "body": {"stringValue": "Example log record"},
      "attributes": [
        {"key": "string.attribute", "value": {"stringValue": "some string"}},
        {"key": "boolean.attribute", "value": {"boolValue": true}},
        {"key": "int.attribute", "value": {"intValue": "10"}},
        {"key": "double.attribute", "value": {"doubleValue": 637.704}},
        {"key": "array.attribute", "value": {"arrayValue": {"values": [{"stringValue": "many"}, {"stringValue": "values"}]}}},
        {"key": "map.attribute", "value": {"kvlistValue": {"values": [{"key": "some.map.key", "value": {"stringValue": "some value"}}]}}}]},
      {"observedTimeUnixNano": 1544712660000000000, "body": {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": 1}}]}}},
      {"body": {"stringValue": "an error without a time"}}]}]}]}"#;

#[test]
fn logs_are_put_as_loki_puts_them() {
    let bench = bench(LogLimits::default());
    let (answer, stored) = bench.logs(LOGS);
    assert_eq!(answer, "{}");
    let labels = r#"{k8s_pod_name="pod-1",service_name="my.service"}"#;
    let shared = r#"host_name="box","#;
    let scope = r#"my_scope_attribute="some scope attribute""#;
    let library = r#"scope_name="my.library",scope_version="1.0.0""#;
    assert_eq!(
        stored,
        [
            format!(
                r#"{labels} 1544712660300000000 info {{array_attribute="[\"many\",\"values\"]",boolean_attribute="true",double_attribute="637.704",flags="1",{shared}int_attribute="10",map_attribute_some_map_key="some value",{scope},observed_timestamp="1544712660300000001",{library},severity_number="10",severity_text="Information",span_id="eee19b7ec3c1b174",string_attribute="some string",trace_id="5b8efff798038103d269b633813fc60c"}} Example log record"#
            ),
            format!(r#"{labels} 1544712660000000000 unknown {{{shared}{scope},{library}}} {{"a":1}}"#),
            format!(r"{labels} 1544712660300000000 error {{{shared}{scope},{library}}} an error without a time"),
        ]
    );
}

#[test]
fn attributes_go_where_the_config_says() {
    let config = "otlp_config:\n  severity_text_as_label: true\n  resource_attributes:\n    ignore_defaults: true\n    attributes_config:\n      - \
                  {action: index_label, regex: host.*}\n      - {action: drop, attributes: [k8s.pod.name]}\n  scope_attributes:\n    - {action: \
                  drop, regex: my.*}\n  log_attributes:\n    - {action: structured_metadata, attributes: [int.attribute]}\n    - {action: drop, \
                  regex: .*}\n";
    let limits = phoenix_yaml::from_str(&Source::new("limits.yaml", config)).unwrap();
    let (_, stored) = bench(limits).logs(LOGS);
    assert_eq!(
        stored,
        [
            r#"{host_name="box",service_name="unknown_service",severity_text="Information"} 1544712660300000000 info {flags="1",int_attribute="10",observed_timestamp="1544712660300000001",scope_name="my.library",scope_version="1.0.0",service_name="my.service",severity_number="10",span_id="eee19b7ec3c1b174",trace_id="5b8efff798038103d269b633813fc60c"} Example log record"#,
            r#"{host_name="box",service_name="unknown_service"} 1544712660000000000 unknown {scope_name="my.library",scope_version="1.0.0",service_name="my.service"} {"a":1}"#,
            r#"{host_name="box",service_name="unknown_service"} 1544712660300000000 error {scope_name="my.library",scope_version="1.0.0",service_name="my.service"} an error without a time"#,
        ]
    );
}

#[test]
fn logs_that_are_refused_are_counted() {
    let bench = bench(LogLimits::default());
    let record = |time: &str| format!(r#"{{"timeUnixNano":"{time}","body":{{"stringValue":"x"}}}}"#);
    let body = |records: &[String]| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#, records.join(","));
    let (answer, stored) = bench.logs(&body(&[record("1"), record("1544712660300000000"), record("18446744073709551615")]));
    assert_eq!(
        answer,
        r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"2 errors: entry for stream '{service_name=\"unknown_service\"}' has timestamp too old: 1970-01-01T00:00:00Z, oldest acceptable timestamp is: 2018-12-06T14:51:00Z; entry for stream '{service_name=\"unknown_service\"}' has timestamp too new: 2262-04-11T23:47:16Z"}}"#
    );
    assert_eq!(stored.len(), 1);
    *bench.logs.answer.lock() = Err(WriteError::Busy("memtable".to_owned()));
    assert_eq!(bench.logs(&body(&[record("1544712660300000000")])).0, "429 the store of logs is busy: memtable");
    *bench.logs.answer.lock() = Ok(phoenix_engine::logs::LogWriteOutcome::default());
    bench.log_receiver.set_limits(LogLimits { ingestion_burst_size_mb: 0.000_001, ..LogLimits::default() });
    assert!(bench.logs(LOGS).0.starts_with("429 ingestion rate limit exceeded"));
}

/// A resource that says much, once, for many small records: bounded by the limit on the body.
#[test]
fn a_batch_does_not_grow_beyond_its_limit() {
    let bench = bench(LogLimits::default());
    let records = vec![r#"{"body":{"stringValue":"x"}}"#; 1000].join(",");
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"a","value":{{"stringValue":"{}"}}}}]}},"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#,
        "y".repeat(60_000)
    );
    let (answer, stored) = bench.logs(&body);
    assert_eq!(stored.len(), 17);
    assert!(answer.contains(r#""rejectedLogRecords":"983""#) && answer.contains("`limits.body_size`"), "{answer}");
}

/// One metric with one point, in JSON.
fn metric(name: &str, unit: &str, data: &str) -> String {
    format!(
        r#"{{"resourceMetrics":[{{"resource":{{"attributes":[
            {{"key":"service.name","value":{{"stringValue":"shop"}}}},{{"key":"service.namespace","value":{{"stringValue":"eu"}}}},
            {{"key":"service.instance.id","value":{{"stringValue":"i-1"}}}},{{"key":"host.name","value":{{"stringValue":"box"}}}}]}},
          "scopeMetrics":[{{"scope":{{"name":"lib","version":"2"}},"metrics":[{{"name":"{name}","unit":"{unit}","description":"d",{data}}}]}}]}}]}}"#
    )
}

const INFO: &str = r#"target_info{host_name="box",instance="i-1",job="eu/shop"} 1 @0"#;
const TARGET: &str = r#"instance="i-1",job="eu/shop""#;

fn check(bench: &Bench, body: &str, answer: &str, want: &[&str]) {
    let got = bench.metrics(body);
    let want: Vec<String> = want.iter().map(|line| line.replace("TARGET", TARGET)).collect();
    assert_eq!((got.0.as_str(), got.1), (answer, want), "{body}");
}

#[test]
fn metrics_are_put_as_prometheus_puts_them() {
    let bench = bench(LogLimits::default());
    let gauge = r#""gauge":{"dataPoints":[{"asDouble":1.5,"timeUnixNano":"1544712660300000000","attributes":[{"key":"http.method","value":{"stringValue":"GET"}}]}]}"#;
    check(&bench, &metric("cpu.use", "1", gauge), "{}", &[r#"cpu_use_ratio{http_method="GET",TARGET} 1.5 @0"#, INFO]);
    let sum = r#""sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"7","startTimeUnixNano":"1","timeUnixNano":"1544712660300000000"}]}"#;
    check(&bench, &metric("requests", "{request}", sum), "{}", &["requests_total{TARGET} 7 @0", INFO]);
    let updown = r#""sum":{"aggregationTemporality":2,"dataPoints":[{"asInt":"-7","timeUnixNano":"1544712660300000000"}]}"#;
    check(&bench, &metric("queue", "By", updown), "{}", &["queue_bytes{TARGET} -7 @0", INFO]);
    let gone = r#""gauge":{"dataPoints":[{"flags":1,"timeUnixNano":"1544712660300000000"}]}"#;
    check(&bench, &metric("gone", "", gone), "{}", &["gone{TARGET} stale @0", INFO]);
    let histogram = r#""histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1544712660300000000","count":"6","sum":9.5,"bucketCounts":["1","2","3"],"explicitBounds":[0.5,10]}]}"#;
    check(
        &bench,
        &metric("http.duration", "s", histogram),
        "{}",
        &[
            r#"http_duration_seconds_bucket{TARGET_LE="0.5"} 1 @0"#,
            r#"http_duration_seconds_bucket{TARGET_LE="10"} 3 @0"#,
            r#"http_duration_seconds_bucket{TARGET_LE="+Inf"} 6 @0"#,
            "http_duration_seconds_count{TARGET} 6 @0",
            "http_duration_seconds_sum{TARGET} 9.5 @0",
            INFO,
        ]
        .map(|line| line.replace("TARGET_LE", "TARGET,le"))
        .each_ref()
        .map(String::as_str),
    );
    let summary = r#""summary":{"dataPoints":[{"timeUnixNano":"1544712660300000000","count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1.25}]}]}"#;
    check(
        &bench,
        &metric("lat", "ms", summary),
        "{}",
        &[
            r#"lat_milliseconds{TARGET,quantile="0.5"} 1.25 @0"#,
            "lat_milliseconds_sum{TARGET} 3 @0",
            "lat_milliseconds_count{TARGET} 2 @0",
            INFO,
        ],
    );
    let exponential = r#""exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1544712660300000000","count":"6","sum":9,"scale":0,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["2","3"]}}]}"#;
    check(
        &bench,
        &metric("size", "By", exponential),
        "{}",
        &[INFO, "size_bytes{TARGET} schema 0 count 6 sum 9 zero 1 [(0, 2)] [2.0, 3.0] @0"],
    );
    let gone = r#""exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1544712660300000000","flags":1}]}"#;
    check(&bench, &metric("size", "By", gone), "{}", &[INFO, "size_bytes{TARGET} stale histogram @0"]);
    let mut described = bench.receiver.metadata();
    described.sort_by(|a, b| a.0.cmp(&b.0));
    let described: Vec<String> = described.iter().map(|(name, m)| format!("{name} {} {} {}", m.kind, m.help, m.unit)).collect();
    assert_eq!(
        described,
        [
            "cpu_use_ratio gauge d ",
            "gone gauge d ",
            "http_duration_seconds histogram d seconds",
            "lat_milliseconds summary d milliseconds",
            "queue_bytes gauge d bytes",
            "requests_total counter d ",
            "size_bytes histogram d bytes",
        ]
    );
    bench.receiver.set_translation(MetricsTranslation {
        promote_resource_attributes: vec!["host.name".to_owned()],
        promote_scope_metadata: true,
        ..MetricsTranslation::default()
    });
    check(
        &bench,
        &metric("requests", "", sum),
        "{}",
        &[r#"requests_total{host_name="box",TARGET,otel_scope_name="lib",otel_scope_version="2"} 7 @0"#, INFO],
    );
}

#[test]
fn points_that_make_no_sense_are_counted() {
    let bench = bench(LogLimits::default());
    let rejected = |message: &str| format!(r#"{{"partialSuccess":{{"rejectedDataPoints":"1","errorMessage":"{message}"}}}}"#);
    for (body, message) in [
        (metric("a", "", r#""sum":{"dataPoints":[{"asInt":"1"}]}"#), "a says neither that it is cumulative nor that it is delta"),
        (metric("a", "", r#""gauge":{"dataPoints":[{"timeUnixNano":"1"}]}"#), "a has a point without a value"),
        (metric("!", "", r#""gauge":{"dataPoints":[{"asInt":"1"}]}"#), r#"the metric \"!\" has a name that can't be written"#),
        (
            metric("a", "", r#""histogram":{"aggregationTemporality":2,"dataPoints":[{"bucketCounts":["1"],"explicitBounds":[1,2]}]}"#),
            "a has 1 buckets and 2 bounds, or bounds out of order",
        ),
        (
            metric("a", "", r#""exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"scale":99}]}"#),
            "a: an exponential histogram has scale 99, which has to be -4 or more",
        ),
    ] {
        check(&bench, &body, &rejected(message), &[]);
    }
    *bench.metrics.answer.lock() = Ok(WriteOutcome { stored: 0, out_of_bounds: 1, over_series_limit: 0 });
    let body = metric("a", "", r#""gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"1544712660300000000"}]}"#);
    check(&bench, &body, &rejected("1 samples are older than the retention or too far in the future"), &["a{TARGET} 1 @0", INFO]);
}

#[test]
fn differences_are_added_up() {
    let bench = bench(LogLimits::default());
    let at = |ms: i64, data: &str| {
        let time = (NOW_MS + ms) * 1_000_000;
        metric("d", "", &data.replace("POINT", &format!(r#""timeUnixNano":"{time}""#)))
    };
    let sum = r#""sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"5",POINT}]}"#;
    let info = |ms: i64| INFO.replace("@0", &format!("@{ms}"));
    check(&bench, &at(0, sum), "{}", &["d_total{TARGET} 5 @0", INFO]);
    // Not stored, so it counts when it comes again.
    *bench.metrics.answer.lock() = Err(WriteError::Busy("flush".to_owned()));
    check(&bench, &at(10, sum), "429 the store of metrics is busy: flush", &[]);
    *bench.metrics.answer.lock() = Ok(WriteOutcome::default());
    check(&bench, &at(10, sum), "{}", &["d_total{TARGET} 10 @10", &info(10)]);
    let late =
        r#"{"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"d_total has a delta that is not later than the one before"}}"#;
    check(&bench, &at(10, sum), late, &[]);
    bench.clock.advance(std::time::Duration::from_hours(2));
    check(&bench, &at(20, sum), "{}", &["d_total{TARGET} 15 @20", &info(20)]);

    let histogram = r#""histogram":{"aggregationTemporality":1,"dataPoints":[{POINT,"count":"3","sum":2.5,"bucketCounts":["1","2"],"explicitBounds":[1]}]}"#;
    bench.metrics(&at(0, histogram));
    let want = [
        r#"d_bucket{TARGET,le="1"} 2 @10"#,
        r#"d_bucket{TARGET,le="+Inf"} 6 @10"#,
        "d_count{TARGET} 6 @10",
        "d_sum{TARGET} 5 @10",
        &info(10),
    ];
    check(&bench, &at(10, histogram), "{}", &want);

    // Bounds that differ from point to point stay consistent.
    let exponential = |offset: i32| {
        format!(
            r#""exponentialHistogram":{{"aggregationTemporality":1,"dataPoints":[{{POINT,"count":"2","sum":3,"scale":0,"positive":{{"offset":{offset},"bucketCounts":["2"]}}}}]}}"#
        )
    };
    let at = |ms: i64, data: &str| at(ms, data).replace(r#""name":"d""#, r#""name":"e""#);
    bench.metrics(&at(0, &exponential(1)));
    let want = [&info(10), "e{TARGET} schema 0 count 4 sum 6 zero 0 [(1, 2)] [2.0, 2.0] @10"];
    check(&bench, &at(10, &exponential(0)), "{}", &want);
}

#[test]
fn exemplars_go_to_the_series_that_they_belong_to() {
    let bench = bench(LogLimits::default());
    let exemplar = |value: &str, ms: i64| {
        format!(
            r#"{{"timeUnixNano":"{}000000","asDouble":{value},"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","filteredAttributes":[{{"key":"user.id","value":{{"intValue":"7"}}}}]}}"#,
            NOW_MS + ms
        )
    };
    let ids = r#"{span_id="eee19b7ec3c1b174",trace_id="5b8efff798038103d269b633813fc60c",user_id="7"}"#;
    let only = |name: &str, data: &str| {
        let (answer, lines) = bench.metrics(&metric(name, "", data));
        assert_eq!(answer, "{}");
        lines.into_iter().filter(|line| line.contains(" # ")).map(|line| line.replace(ids, "IDS")).collect::<Vec<_>>()
    };
    let point = r#""timeUnixNano":"1544712660300000000""#;
    let sum = format!(
        r#""sum":{{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{{{point},"asInt":"7","exemplars":[{},{}]}}]}}"#,
        exemplar("2", -5),
        exemplar("1", -9)
    );
    let target = r#"instance="i1",job="shop/cart""#;
    let lines = only("r", &sum);
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("r_total{") && lines[0].ends_with("# IDS 1 @-9"), "{target} {lines:?}");
    let histogram = format!(
        r#""histogram":{{"aggregationTemporality":2,"dataPoints":[{{{point},"count":"3","sum":2,"bucketCounts":["1","2"],"explicitBounds":[1],"exemplars":[{},{},{}]}}]}}"#,
        exemplar("0.5", -5),
        exemplar("9", -4),
        exemplar("1", -3)
    );
    let lines = only("h", &histogram);
    assert_eq!(lines.iter().filter(|line| line.starts_with("h_bucket{") && line.contains(r#"le="1""#)).count(), 2, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains(r#"le="+Inf""#)).count(), 1, "{lines:?}");
    let exponential = format!(
        r#""exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[{{{point},"count":"1","sum":2,"scale":0,"positive":{{"offset":0,"bucketCounts":["1"]}},"exemplars":[{}]}}]}}"#,
        exemplar("2", -5)
    );
    assert!(only("e", &exponential)[0].starts_with("e{"));
}

#[test]
fn bodies_and_answers() {
    let bench = bench(LogLimits::default());
    let request: ExportLogsServiceRequest = serde_json::from_str(LOGS).unwrap();
    let bytes = request.encode_to_vec();
    let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    let gzip = gzip.finish().unwrap();
    let from_json = bench.logs(LOGS).1;
    for (content_encoding, bytes) in [(None, &bytes), (Some("gzip"), &gzip)] {
        let body = HttpBody { content_type: Some("application/x-protobuf"), content_encoding, bytes };
        let answer = bench.receiver.logs_body(body).unwrap();
        assert_eq!((answer.syntax, answer.bytes.len()), (OtlpSyntax::Protobuf, 0));
        assert_eq!(bench.logs.take(), from_json);
    }
    for (content_type, content_encoding, bytes, want) in [
        (Some("text/plain"), None, &b""[..], "415 expected Content-Type"),
        (Some("application/json"), Some("br"), b"{}", "400 Content-Encoding \"br\" not supported"),
        (Some("application/json"), None, b"{", "400 the body is not a request of OTLP: EOF"),
        (
            Some("application/json"),
            None,
            br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"}]}]}]}"#,
            "400 the body is not",
        ),
        (None, None, b"\x0a\x7f", "400 the body is not a request of OTLP"),
        (None, Some("gzip"), b"no gzip", "400 the body is not gzip"),
    ] {
        let refusal = bench.receiver.logs_body(HttpBody { content_type, content_encoding, bytes }).unwrap_err();
        let got = format!("{} {refusal}", refusal.status);
        assert!(got.starts_with(want), "{got}");
    }
    for empty in ["{}", r#"{"resourceLogs":[]}"#] {
        assert_eq!(bench.logs(empty), ("{}".to_owned(), vec![]));
    }
    assert_eq!(bench.log_receiver.budget().used_bytes(), 0, "everything is given back");
    let refusal = crate::remote_write::Refusal { status: 404, message: "no such signal".to_owned(), retry_after_seconds: None };
    assert_eq!(String::from_utf8(OtlpSyntax::Json.status(&refusal)).unwrap(), r#"{"code":12,"message":"no such signal"}"#);
    assert_eq!(OtlpSyntax::Protobuf.status(&refusal)[..2], [0x08, 12]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn mutated_bodies_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), is_json in any::<bool>(), kind in 0..4_usize,
    ) {
        let bench = bench(LogLimits::default());
        let histogram = r#""histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"9","count":"3","sum":2.5,"bucketCounts":["1","2"],"explicitBounds":[1]}]}"#;
        let exponential = r#""exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":"6","sum":9,"scale":0,"zeroCount":"1","positive":{"offset":-1,"bucketCounts":["2","3"]}}]}"#;
        let text = match kind {
            0 => LOGS.to_owned(),
            1 => metric("a", "s", histogram),
            2 => metric("a", "By", exponential),
            _ => metric("a", "1", r#""gauge":{"dataPoints":[{"asDouble":1.5,"timeUnixNano":"1544712660300000000"}]}"#),
        };
        let mut bytes = match (is_json, kind) {
            (true, _) => text.into_bytes(),
            (false, 0) => serde_json::from_str::<ExportLogsServiceRequest>(&text).unwrap().encode_to_vec(),
            (false, _) => serde_json::from_str::<ExportMetricsServiceRequest>(&text).unwrap().encode_to_vec(),
        };
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let content_type = Some(if is_json { "application/json" } else { "application/x-protobuf" });
        let body = HttpBody { content_type, content_encoding: None, bytes: &bytes };
        let _ = bench.receiver.logs_body(body);
        let _ = bench.receiver.metrics_body(body);
    }
}
