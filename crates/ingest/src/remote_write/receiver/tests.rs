use super::super::proto::{Label, Sample, Unread};
use super::*;
use parking_lot::Mutex;
use phoenix_engine::{QueryError, QueryLimits, WriteOutcome};
use phoenix_model::{Matcher, SeriesSamples};
use phoenix_query::QueryOutput;
use proptest::prelude::*;

/// Answers writes as it is told and remembers the batch.
struct Store {
    answer: Result<WriteOutcome, WriteError>,
    batch: Mutex<WriteBatch>,
}

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
    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<phoenix_model::Exemplar>)>, QueryError> {
        no_query()
    }
    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        *self.batch.lock() = batch.clone();
        self.answer.clone()
    }
}

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
    let store = Arc::new(Store { answer, batch: Mutex::default() });
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
    let stored = store.batch.lock().series.iter().map(|(labels, samples)| format!("{labels} {samples:?}")).collect();
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
    let mut histogram = series(&[("__name__", "h")], &[]);
    histogram.histograms = vec![Unread {}, Unread {}];
    let mut exemplar = good();
    exemplar.exemplars = vec![Unread {}];
    check(
        vec![histogram, exemplar],
        "400 not all of the request was stored: 2 native histograms can't be stored yet; 1 exemplars can't be stored yet",
        &[stored],
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
        let mut bytes = WriteRequest { timeseries: vec![series(&pairs, &samples)] }.encode_to_vec();
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
