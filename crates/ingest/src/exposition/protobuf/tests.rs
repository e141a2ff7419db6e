use super::messages::{Counter, LabelPair, Number, Quantile, Summary};
use super::*;
use crate::native_histogram::SpanMessage;
use proptest::prelude::*;

fn label(name: &str, value: &str) -> LabelPair {
    LabelPair { name: name.to_owned(), value: value.to_owned() }
}

fn family(name: &str, kind: i32, metric: Vec<Metric>) -> MetricFamily {
    MetricFamily { name: name.to_owned(), help: format!("Help of \"{name}\"\n\\"), kind, metric, unit: String::new() }
}

fn body(families: &[MetricFamily]) -> Vec<u8> {
    families.iter().flat_map(Message::encode_length_delimited_to_vec).collect()
}

fn exemplar(value: f64, timestamp: Option<Timestamp>) -> ExemplarMessage {
    ExemplarMessage { label: vec![label("trace_id", "abc")], value, timestamp }
}

/// A histogram with classic buckets, buckets -1, 0 and 2 of schema 3, and exemplars.
fn both() -> HistogramMessage {
    HistogramMessage {
        sample_count: 7,
        sample_sum: 2.5,
        bucket: vec![
            Bucket { cumulative_count: 2, upper_bound: 0.5, exemplar: Some(exemplar(0.25, None)), ..Bucket::default() },
            Bucket { cumulative_count: 6, upper_bound: 1e6, exemplar: None, ..Bucket::default() },
        ],
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 1,
        positive_span: vec![SpanMessage { offset: -1, length: 2 }, SpanMessage { offset: 1, length: 1 }],
        positive_delta: vec![1, 1, 1],
        exemplars: vec![
            exemplar(0.5, Some(Timestamp { seconds: 20, nanos: 5_000_000 })),
            exemplar(0.25, None),
            exemplar(0.75, Some(Timestamp { seconds: 10, nanos: 0 })),
        ],
        ..HistogramMessage::default()
    }
}

/// The histogram under the name `h`, classic and native, with the label `a`.
pub(crate) fn example_body() -> Vec<u8> {
    let metric = Metric { label: vec![label("a", "b")], histogram: Some(both()), ..Metric::default() };
    body(&[family("h", 4, vec![metric])])
}

fn shown(body: &[u8], native: bool, classic_too: bool) -> String {
    let mut out = String::new();
    let tell = |exemplar: &ToldExemplar| format!(" # {} {} @{:?}", exemplar.labels, exemplar.value, exemplar.timestamp_ms);
    let result = read(body, HistogramRules { native, classic_too }, |told| {
        let line = match told {
            Told::Comment(line) => line.to_owned(),
            Told::Float { series, value, timestamp_ms, exemplar, is_beside_native } => {
                let time = timestamp_ms.map_or(String::new(), |t| format!(" @{t}"));
                let beside = if is_beside_native { " (beside)" } else { "" };
                format!("{} {value}{time}{}{beside}", series.as_str(), exemplar.as_ref().map(tell).unwrap_or_default())
            }
            Told::Histogram { series, histogram: h, exemplars, .. } => {
                let exemplars: String = exemplars.iter().map(tell).collect();
                let (hint, buckets) = (h.counter_reset, &h.positive);
                format!("{} {hint:?} {} {} {} {buckets:?}{exemplars}", series.as_str(), h.schema, h.count, h.sum)
            }
        };
        out.push_str(&line);
        out.push('\n');
        Ok(())
    });
    if let Err(e) = result {
        out.push_str(&format!("error: {e}\n"));
    }
    out
}

#[test]
fn families_are_told_as_text_would() {
    let counter = Metric {
        label: vec![label("path", "C:\\\"x\"\n"), label("a.b", "1")],
        counter: Some(Counter { value: 5.0, exemplar: Some(exemplar(1.0, None)) }),
        timestamp_ms: 77,
        ..Metric::default()
    };
    let gauge = Metric { gauge: Some(Number { value: f64::from_bits(phoenix_model::STALE_NAN_BITS) }), ..Metric::default() };
    let summary = Summary { sample_count: 3, sample_sum: 1.5, quantile: vec![Quantile { quantile: 0.5, value: 0.25 }] };
    let summary = Metric { summary: Some(summary), ..Metric::default() };
    let bytes = body(&[
        family("c_total", 0, vec![counter]),
        family("na.me", 1, vec![gauge]),
        MetricFamily { unit: "seconds".to_owned(), ..family("s_seconds", 2, vec![summary]) },
        family("u", 3, vec![Metric { untyped: Some(Number { value: 0.0 }), ..Metric::default() }]),
    ]);
    insta::assert_snapshot!(shown(&bytes, true, false), @r##"
    # HELP c_total Help of \"c_total\"\n\\
    # TYPE c_total counter
    c_total{path="C:\\\"x\"\n","a.b"="1"} 5 @77 # {trace_id="abc"} 1 @None
    # HELP "na.me" Help of \"na.me\"\n\\
    # TYPE "na.me" gauge
    {"na.me"} NaN
    # HELP s_seconds Help of \"s_seconds\"\n\\
    # TYPE s_seconds summary
    # UNIT s_seconds seconds
    s_seconds_count 3
    s_seconds_sum 1.5
    s_seconds{quantile="0.5"} 0.25
    # HELP u Help of \"u\"\n\\
    # TYPE u unknown
    u 0
    "##);
}

#[test]
fn histograms_native_classic_or_both() {
    let metric = Metric { label: vec![label("a", "b")], histogram: Some(both()), ..Metric::default() };
    let bytes = body(&[MetricFamily { help: String::new(), ..family("h", 4, vec![metric.clone()]) }]);
    insta::assert_snapshot!(shown(&bytes, true, false), @r##"
    # HELP h 
    # TYPE h histogram
    h{a="b"} Unknown 3 7 2.5 [1.0, 2.0, 3.0] # {trace_id="abc"} 0.75 @Some(10000) # {trace_id="abc"} 0.5 @Some(20005)
    "##);
    insta::assert_snapshot!(shown(&bytes, false, true), @r##"
    # HELP h 
    # TYPE h histogram
    h_count{a="b"} 7
    h_sum{a="b"} 2.5
    h_bucket{a="b",le="0.5"} 2 # {trace_id="abc"} 0.25 @None
    h_bucket{a="b",le="1e+06"} 6
    h_bucket{a="b",le="+Inf"} 7
    "##);
    assert_eq!(shown(&bytes, true, true).lines().filter(|line| line.ends_with("(beside)")).count(), 5);
    let gauge = body(&[family("h", 5, vec![metric.clone()])]);
    assert!(shown(&gauge, true, false).contains("h{a=\"b\"} Gauge 3"));
    let floats = HistogramMessage {
        sample_count: 0,
        sample_count_float: 2.5,
        zero_count: 0,
        positive_delta: vec![],
        positive_count: vec![0.5, 1.0, 1.0],
        ..both()
    };
    let floats = body(&[family("h", 4, vec![Metric { histogram: Some(floats), ..metric.clone() }])]);
    assert!(shown(&floats, true, false).contains("Unknown 3 2.5 2.5 [0.5, 1.0, 1.0]"));
    let bad = HistogramMessage { sample_count: 6, ..both() };
    let bad = body(&[family("x", 1, vec![]), family("h", 4, vec![Metric { histogram: Some(bad), ..metric }])]);
    let error = "error: line 2: the metric family \"h\" has a native histogram that is none: it has 6 observations, and 7 in its buckets\n";
    assert!(shown(&bad, true, false).ends_with(error), "{}", shown(&bad, true, false));
}

#[test]
fn bodies_that_are_none() {
    for (bytes, want) in [
        (&b"\xff"[..], "error: line 1: expected the length of a metric family"),
        (b"\x05abc", "error: line 1: the body ends within a metric family"),
        (b"\x02\xff\xff", "error: line 1: expected a metric family"),
        (b"\x00", "error: line 1: a metric family has no name"),
        (&body(&[family("a", 9, vec![])]), "error: line 1: the metric family \"a\" has the unknown type 9"),
        (&body(&[family("a", 1, vec![Metric::default()])]), "# HELP a Help"),
    ] {
        assert!(shown(bytes, true, true).starts_with(want), "{}", shown(bytes, true, true));
    }
    assert_eq!(shown(b"", true, true), "");
}

proptest! {
    #[test]
    fn mutated_bodies_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut: prop::sample::Index) {
        let metric = Metric { label: vec![label("a", "b")], histogram: Some(both()), ..Metric::default() };
        let mut bytes = body(&[family("h", 4, vec![metric.clone(), metric]), family("c", 0, vec![])]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        shown(&bytes, true, true);
        shown(&bytes[..cut.index(bytes.len())], false, true);
    }
}
