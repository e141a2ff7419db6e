use super::super::proto::{ExemplarMessage, HistogramMessage, MessageCount, MessageZeroCount, Sample};
use super::*;
use crate::test_metrics::Metrics;
use parking_lot::Mutex;
use phoenix_engine::WriteOutcome;
use proptest::prelude::*;

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> TimeSeries {
    TimeSeries {
        labels: labels.iter().map(|(name, value)| Label { name: (*name).to_owned(), value: (*value).to_owned() }).collect(),
        samples: samples.iter().map(|(timestamp, value)| Sample { value: *value, timestamp: *timestamp }).collect(),
        exemplars: vec![],
        histograms: vec![],
    }
}

fn body(timeseries: Vec<TimeSeries>) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(&WriteRequest { timeseries }.encode_to_vec()).unwrap()
}

fn receive(body: &[u8], answer: Result<WriteOutcome, WriteError>) -> (String, Vec<String>) {
    let store = Arc::new(Metrics { answer: Mutex::new(answer), ..Metrics::default() });
    let limits = ReceiverLimits {
        compressed_bytes: 10_000,
        uncompressed_bytes: 100_000,
        labels: 4,
        label_value_bytes: 20,
        ..ReceiverLimits::default()
    };
    let receiver = Receiver::new(Arc::clone(&store) as _, limits, &mut Registry::default());
    let answer = match receiver.receive(Headers::default(), body) {
        Ok(()) => "204".to_owned(),
        Err(refusal) => format!("{}{} {refusal}", refusal.status, if refusal.retry_after_seconds.is_some() { " later" } else { "" }),
    };
    let batch = store.batches.lock().pop().unwrap_or_default();
    let floats = batch.series.iter().map(|(labels, samples)| format!("{labels} {samples:?}"));
    let histograms = batch.histograms.iter().flat_map(|(labels, samples)| samples.iter().map(move |sample| (labels, sample)));
    let histograms = histograms.map(|(labels, (t, h))| {
        let (hint, schema, buckets) = (h.counter_reset, h.schema, [&h.positive, &h.negative, &h.custom_values]);
        format!("{labels} {t} {hint:?} {schema} {} {} {} {buckets:?}", h.count, h.zero_count, if h.is_stale() { -1.0 } else { h.sum })
    });
    let exemplars = batch.exemplars.iter().map(|(labels, exemplars)| {
        let shown: Vec<_> = exemplars.iter().map(|e| format!("{} {} @{}", e.labels, e.value, e.timestamp_ms)).collect();
        format!("{labels} # {}", shown.join(", "))
    });
    let stored = floats.chain(histograms).chain(exemplars).collect();
    (answer, stored)
}

fn check(timeseries: Vec<TimeSeries>, want: &str, stored: &[&str]) {
    let (answer, got) = receive(&body(timeseries), Ok(WriteOutcome::default()));
    assert_eq!((answer.as_str(), got.iter().map(String::as_str).collect::<Vec<_>>().as_slice()), (want, stored));
}

#[test]
fn what_is_valid_is_stored_and_the_rest_named() {
    let good = || series(&[("job", "j"), ("__name__", "up")], &[(1, 1.0), (2, 0.5)]);
    let stored = "up{job=\"j\"} [(1, 1.0), (2, 0.5)]";
    check(vec![], "204", &[]);
    check(vec![good()], "204", &[stored]);
    check(
        vec![series(&[("a", "b")], &[(1, 1.0)]), good()],
        "400 not all of the request was stored: 1 series are not valid: {a=\"b\"}: it has no metric name",
        &[stored],
    );
    check(
        vec![
            series(&[("__name__", "a"), ("x", "1"), ("x", "2")], &[(1, 1.0)]),
            series(&[("__name__", "a"), ("", "1")], &[(1, 1.0)]),
            series(&[("__name__", "a"), ("x", "a value of more than twenty bytes")], &[(1, 1.0)]),
            series(&[("__name__", "a"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")], &[(1, 1.0)]),
            good(),
        ],
        "400 not all of the request was stored: 4 series are not valid: {__name__=\"a\",x=\"1\",x=\"2\"}: label \"x\" occurs twice; \
         {__name__=\"a\",=\"1\"}: a label has no name; {__name__=\"a\",x=\"a value of more than twenty bytes\"}: the value of label \"x\" has \
         33 bytes, the limit is 20; and 1 more",
        &[stored],
    );
}

/// Buckets 0, 1 and 4 with 1, 3 and 2 observations, and 2 in the zero bucket.
fn whole(timestamp: i64) -> HistogramMessage {
    let span = |offset, length| crate::native_histogram::SpanMessage { offset, length };
    HistogramMessage {
        count: Some(MessageCount::Int(8)),
        sum: 18.4,
        schema: 1,
        zero_threshold: 0.001,
        zero_count: Some(MessageZeroCount::Int(2)),
        positive_spans: vec![span(0, 2), span(2, 1)],
        positive_deltas: vec![1, 2, -1],
        reset_hint: 2,
        timestamp,
        ..HistogramMessage::default()
    }
}

#[test]
fn histograms_and_exemplars_are_stored() {
    let floats = HistogramMessage {
        count: Some(MessageCount::Float(4.5)),
        zero_count: None,
        positive_deltas: vec![],
        positive_counts: vec![1.5, 2.0, 1.0],
        reset_hint: 3,
        ..whole(2)
    };
    let custom = HistogramMessage {
        schema: -53,
        zero_threshold: 0.0,
        zero_count: None,
        count: Some(MessageCount::Int(6)),
        custom_values: vec![0.5, 1.0, 2.0, 5.0],
        ..whole(3)
    };
    let stale = HistogramMessage { sum: phoenix_model::stale_nan(), timestamp: 4, ..HistogramMessage::default() };
    let mut h = series(&[("__name__", "h")], &[(9, 1.0)]);
    h.histograms = vec![whole(1), floats, custom, stale];
    check(
        vec![h.clone()],
        "204",
        &[
            "h [(9, 1.0)]",
            "h 1 No 1 8 2 18.4 [[1.0, 3.0, 2.0], [], []]",
            "h 2 Gauge 1 4.5 0 18.4 [[1.5, 2.0, 1.0], [], []]",
            "h 3 No -53 6 0 18.4 [[1.0, 3.0, 2.0], [], [0.5, 1.0, 2.0, 5.0]]",
            "h 4 Unknown 0 0 0 -1 [[], [], []]",
        ],
    );
    let bad = HistogramMessage { positive_deltas: vec![1, -2, 1], ..whole(1) };
    h.histograms = vec![bad, whole(2), HistogramMessage { schema: 77, ..whole(3) }];
    let exemplar = |trace: &str| ExemplarMessage {
        labels: vec![Label { name: "trace_id".to_owned(), value: trace.to_owned() }],
        value: 0.25,
        timestamp: 5,
    };
    h.exemplars = vec![exemplar("abc"), exemplar(&"x".repeat(121))];
    check(
        vec![h],
        "400 not all of the request was stored: 1 series are not valid: {__name__=\"h\"}: a native histogram can't be stored: a count of \
         observations is negative; 1 exemplars have labels that are not valid, or of more than 128 characters",
        &["h [(9, 1.0)]", "h 2 No 1 8 2 18.4 [[1.0, 3.0, 2.0], [], []]", "h # {trace_id=\"abc\"} 0.25 @5"],
    );
}

#[test]
fn answers_of_the_store() {
    let one = body(vec![series(&[("__name__", "a")], &[(1, 1.0)])]);
    let left_out = WriteOutcome { stored: 1, out_of_bounds: 2, over_series_limit: 3 };
    for (answer, want) in [
        (Ok(WriteOutcome { stored: 1, ..WriteOutcome::default() }), "204"),
        (
            Ok(left_out),
            "400 not all of the request was stored: 2 samples are older than the retention or too far in the future; \
             3 samples are of new series, and the store has as many series as it may",
        ),
        (Err(WriteError::DiskFull("wal".to_owned())), "503 later the disk is full: wal"),
        (Err(WriteError::Busy("flushing".to_owned())), "503 later the store is busy: flushing"),
        (Err(WriteError::Storage("broken".to_owned())), "500 broken"),
    ] {
        assert_eq!(receive(&one, answer).0, want);
    }
}

#[test]
fn bodies_that_are_no_requests() {
    let answer = |body: &[u8]| receive(body, Ok(WriteOutcome::default())).0;
    assert!(answer(b"").starts_with("400 the body is not snappy"), "{}", answer(b""));
    assert!(answer(b"nonsense").starts_with("400"));
    let text = snap::raw::Encoder::new().compress_vec(b"not a request").unwrap();
    assert!(answer(&text).starts_with("400 the body is not a prometheus.WriteRequest"), "{}", answer(&text));
    assert!(answer(&[0; 10_001]).starts_with("413 the request has 10001 bytes compressed, the limit is 10000"));
    let bomb = snap::raw::Encoder::new().compress_vec(&vec![0; 100_001]).unwrap();
    assert!(answer(&bomb).starts_with("413 the request has 100001 bytes uncompressed"));
    // A header that promises 4 GB, and nothing behind it.
    assert!(answer(&[0xff, 0xff, 0xff, 0xff, 0x0f]).starts_with("413"));
    for (content_type, content_encoding, want) in [
        (Some("application/x-protobuf;proto=io.prometheus.write.v2.Request"), Some("snappy"), 415),
        (Some("application/json"), Some("snappy"), 415),
        (Some("application/x-protobuf"), Some("gzip"), 415),
        (Some("application/x-protobuf; proto=prometheus.WriteRequest"), Some("snappy"), 200),
    ] {
        assert_eq!(check_headers(Headers { content_type, content_encoding }).map_or_else(|r| r.status, |()| 200), want);
    }
}

proptest! {
    #[test]
    fn mutated_requests_never_panic(
        pairs in prop::collection::vec(("[a_]{0,3}", ".{0,4}"), 0..4), values in prop::collection::vec(any::<f64>(), 0..3),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), inside in any::<bool>(),
    ) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let samples: Vec<(i64, f64)> = values.iter().map(|v| (1, *v)).collect();
        let mut one = series(&pairs, &samples);
        one.histograms = vec![whole(1)];
        let mut bytes = WriteRequest { timeseries: vec![one] }.encode_to_vec();
        if !inside {
            bytes = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        }
        for (index, byte) in changes {
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
        }
        if inside {
            bytes = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
        }
        let _ = receive(&bytes, Ok(WriteOutcome::default()));
    }
}
