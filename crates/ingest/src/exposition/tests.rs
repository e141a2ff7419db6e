use super::*;
use proptest::prelude::*;
use std::fmt::Write;

/// The body as one line for each entry, or the error.
fn shown(body: &str, format: Format) -> String {
    let mut out = String::new();
    let mut parser = match Parser::new(body.as_bytes(), format) {
        Ok(parser) => parser,
        Err(e) => return e.to_string(),
    };
    let mut pairs = Vec::new();
    while let Some(entry) = parser.next_entry(None) {
        let line = entry.and_then(|entry| match entry {
            Entry::Comment(line) => Comment::parse(line, format).map(|c| format!("{c:?}")).map_err(|e| parser.error_here(e)),
            Entry::Sample(sample) => {
                sample.series.pairs(&mut pairs).map_err(|e| parser.error_here(e))?;
                let labels: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
                let time = sample.timestamp_ms.map_or(String::new(), |t| format!(" @{t}"));
                Ok(format!("{} {}{time}{}", labels.join(","), sample.value, if sample.exemplar.is_some() { " exemplar" } else { "" }))
            }
        });
        match line {
            Ok(line) => writeln!(out, "{line}").unwrap(),
            Err(e) => {
                writeln!(out, "error: {e}").unwrap();
                break;
            }
        }
    }
    out
}

#[test]
fn reads_the_text_format() {
    let body = "# HELP http_requests_total Requests,\\nby \\\\ code.\n# TYPE http_requests_total counter\n# a remark\n\n  \n\
        http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\nhttp_requests_total{method=\"post\",code=\"400\",} 3\n\
        msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n\
        metric_without_timestamp_and_labels 12.47\n something_weird { problem = \"division by zero\" } +Inf -3982045\n\
        # TYPE odd untyped\nodd\t NaN \nodd{a=\"\\d\"} -Inf\n:a:b 0x\n";
    insta::assert_snapshot!(shown(body, Format::Text), @r#"
    Help { name: "http_requests_total", text: "Requests,\nby \\ code." }
    Type { name: "http_requests_total", kind: "counter" }
    __name__="http_requests_total",method="post",code="200" 1027 @1395066363000
    __name__="http_requests_total",method="post",code="400" 3
    __name__="msdos_file_access_time_seconds",path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\"" 1458255915
    __name__="metric_without_timestamp_and_labels" 12.47
    __name__="something_weird",problem="division by zero" inf @-3982045
    Type { name: "odd", kind: "unknown" }
    __name__="odd" NaN
    __name__="odd",a="\\d" -inf
    error: line 14: expected a value, found "0x"
    "#);
}

#[test]
fn reads_quoted_names() {
    let body = "# HELP \"http.requests\" All.\n# TYPE \"http.requests\" counter\n{\"http.requests\",\"status.code\"=\"200\",a=\"b\"} 1\n\
        {\"quo\\\"ted\"} 2\nplain{\"ä.b\"=\"c\"} 3\n{a=\"b\", \"late.name\"} 4\n";
    insta::assert_snapshot!(shown(body, Format::Text), @r#"
    Help { name: "http.requests", text: "All." }
    Type { name: "http.requests", kind: "counter" }
    __name__="http.requests",status.code="200",a="b" 1
    __name__="quo\"ted" 2
    __name__="plain",ä.b="c" 3
    a="b",__name__="late.name" 4
    "#);
}

#[test]
fn reads_openmetrics() {
    let body = "# TYPE acme_http_router_request_seconds summary\n# UNIT acme_http_router_request_seconds seconds\n\
        # HELP acme_http_router_request_seconds Latency\\n of \\\"all\\\".\n\
        acme_http_router_request_seconds_sum{path=\"/api/v1\",method=\"GET\"} 9036.32\n\
        acme_http_router_request_seconds_count 807283.0 1605281325.123\n# TYPE foo histogram\n\
        foo_bucket{le=\"1.0\"} 11 # {trace_id=\"KOO5S4vxi0o\"} 0.67\nfoo_bucket{le=\"+Inf\"} 17 1520879607.789 # {} 9.8 1520879607.8\n# EOF\n";
    insta::assert_snapshot!(shown(body, Format::OpenMetrics), @r#"
    Type { name: "acme_http_router_request_seconds", kind: "summary" }
    Unit { name: "acme_http_router_request_seconds", unit: "seconds" }
    Help { name: "acme_http_router_request_seconds", text: "Latency\n of \"all\"." }
    __name__="acme_http_router_request_seconds_sum",path="/api/v1",method="GET" 9036.32
    __name__="acme_http_router_request_seconds_count" 807283 @1605281325123
    Type { name: "foo", kind: "histogram" }
    __name__="foo_bucket",le="1.0" 11 exemplar
    __name__="foo_bucket",le="+Inf" 17 @1520879607789 exemplar
    "#);
}

#[test]
fn errors_name_the_line() {
    let long = "x".repeat(200);
    for (format, body, want) in [
        (Format::Text, "a 1\nb\n", "line 2: expected a value, found the end of the line"),
        (Format::Text, "a 1\n\n9b 1\n", "line 3: expected a metric name, found \"9b 1\""),
        (Format::Text, "a{b=\"c} 1\n", "does not end on its line"),
        (Format::Text, "a{b=c} 1\n", "expected the quoted value of label \"b\", found \"c} 1\""),
        (Format::Text, "a{b} 1\n", "expected `=` after label \"b\""),
        (Format::Text, "a{b=\"c\" d=\"e\"} 1\n", "expected `,` or `}`"),
        (Format::Text, "a{b=\"c\"", "expected `,` or `}`, found the end of the line"),
        (Format::Text, "a{,} 1\n", "expected a label name or `}`"),
        (Format::Text, "a{b=\"1\",b=\"2\"} 1\n", "label \"b\" occurs twice"),
        (Format::Text, "a{\"b\"} 1\n", "two metric names"),
        (Format::Text, "{\"\"} 1\n", "a quoted name is empty"),
        (Format::Text, "a 1 2 3\n", "expected the end of the line, found \"3\""),
        (Format::Text, "a 1 2.5\n", "whole milliseconds"),
        (Format::Text, "a 0x1p-2\n", "expected a value"),
        (Format::Text, "a 1_000\n", "expected a value"),
        (Format::Text, "a -NaN\n", "expected a value"),
        (Format::Text, "a 1e999\n", "out of range"),
        (Format::Text, "a 1\r\n", "expected a value"),
        (Format::Text, "# TYPE a conter\n", "unknown type \"conter\" of metric \"a\""),
        (Format::Text, "# HELP 1a x\n", "expected a metric name"),
        (Format::Text, "<html>", "line 1: expected a metric name, found \"<html>\""),
        (Format::Text, &format!("a{{b=\"{long}"), "…"),
        (Format::OpenMetrics, "a 1\n", "does not end with `# EOF`"),
        (Format::OpenMetrics, "", "line 1: the body does not end with `# EOF`"),
        (Format::OpenMetrics, "a 1\n\n# EOF\n", "line 2: OpenMetrics allows no empty lines"),
        (Format::OpenMetrics, "a 1\n# EOF\nb 1\n", "line 3: there is text after `# EOF`"),
        (Format::OpenMetrics, "a  1\n# EOF\n", "expected a value"),
        (Format::OpenMetrics, "a 1 NaN\n# EOF\n", "not a moment in time"),
        (Format::OpenMetrics, "# a remark\n# EOF\n", "expected `# HELP`"),
        (Format::OpenMetrics, "# UNIT a seconds\n# EOF\n", "is not a suffix"),
        (Format::OpenMetrics, "a 1 # {b=\"c\"}\n# EOF\n", "one blank and a value"),
        (Format::OpenMetrics, &format!("a 1 # {{b=\"{long}\"}} 1\n# EOF\n"), "the limit is 128"),
        (Format::OpenMetrics, "# TYPE a untyped\n# EOF\n", "unknown type"),
    ] {
        let error = check_body(body.as_bytes(), format).expect_err(body).to_string();
        assert!(error.contains(want), "{body:?}: {error}");
    }
    assert_eq!(check_body(b"a 1\nb{c=\"\xff\"} 1\n", Format::Text).unwrap_err().to_string(), "line 2: the text is not UTF-8");
    check_body(b"# EOF", Format::OpenMetrics).expect("the last line break may be missing");
    check_body(b"a 1", Format::Text).expect("the last line break may be missing");
}

#[test]
fn nan_is_prometheus_own() {
    let mut parser = Parser::new(b"a NaN\n", Format::Text).unwrap();
    let Some(Ok(Entry::Sample(sample))) = parser.next_entry(None) else { panic!("one sample") };
    assert_eq!(sample.value.to_bits(), NORMAL_NAN_BITS);
    assert!(!phoenix_model::is_stale(sample.value));
}

#[test]
fn content_types() {
    const PROTOBUF: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    use ScrapeProtocol::{OpenMetricsText100, PrometheusProto, PrometheusText004};
    for (content_type, fallback, want) in [
        (Some("text/plain; version=0.0.4; charset=utf-8"), None, Ok(Format::Text)),
        (Some("application/openmetrics-text; version=1.0.0"), None, Ok(Format::OpenMetrics)),
        (Some("TEXT/PLAIN"), None, Ok(Format::Text)),
        (Some("text/plain"), Some(OpenMetricsText100), Ok(Format::Text)),
        (None, None, Err(ContentTypeError::Missing)),
        (Some("  "), Some(PrometheusText004), Ok(Format::Text)),
        (Some("text/html"), None, Err(ContentTypeError::Unsupported("text/html".to_owned()))),
        (Some("text/html"), Some(OpenMetricsText100), Ok(Format::OpenMetrics)),
        (Some("text/html"), Some(PrometheusProto), Ok(Format::Protobuf)),
        (Some(PROTOBUF), None, Ok(Format::Protobuf)),
        (Some("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"), None, Ok(Format::Protobuf)),
        (
            Some("application/vnd.google.protobuf; proto=other.Message; encoding=delimited"),
            None,
            Err(ContentTypeError::Unsupported("application/vnd.google.protobuf; proto=other.Message; encoding=delimited".to_owned())),
        ),
    ] {
        assert_eq!(format_of(content_type, fallback), want, "{content_type:?}");
    }
    insta::assert_snapshot!(accept_header(&ScrapeProtocol::DEFAULT, "allow-utf-8"), @"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1");
    assert_eq!(serde_json::to_string(&PrometheusText004).unwrap(), "\"PrometheusText0.0.4\"");
}

#[derive(Debug, Clone)]
struct Made {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
    timestamp_ms: Option<i64>,
}

fn made() -> impl Strategy<Value = Made> {
    let name = prop_oneof!["[a-z_:][a-z0-9_:]{0,8}", "[a-z. \"\\\\{}é\n]{1,8}"];
    let label = prop_oneof!["[a-z_][a-z0-9_]{0,5}", "[a-z. \"\\\\=,{}\n]{1,6}"].prop_filter("the metric's name", |n| n != "__name__");
    let labels = prop::collection::btree_map(label, "[a-z\"\\\\,{} #=\n日]{0,8}", 0..4);
    let value = prop_oneof![any::<f64>().prop_filter("one NaN is enough", |v| !v.is_nan()), Just(f64::NAN), Just(f64::INFINITY)];
    (name, labels, value, prop::option::of(-1_000_000_000_i64..4_000_000_000_000)).prop_map(|(name, labels, value, timestamp_ms)| Made {
        name,
        labels: labels.into_iter().collect(),
        value,
        timestamp_ms,
    })
}

fn render(samples: &[Made], format: Format) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    let mut out = String::new();
    for sample in samples {
        let bare = phoenix_model::labels::is_legacy_metric_name(&sample.name);
        let mut parts: Vec<String> = if bare { vec![] } else { vec![quote(&sample.name)] };
        for (name, value) in &sample.labels {
            let name = if phoenix_model::labels::is_legacy_label_name(name) { name.clone() } else { quote(name) };
            parts.push(format!("{name}={}", quote(value)));
        }
        let name = if bare { sample.name.as_str() } else { "" };
        let labels = if parts.is_empty() { String::new() } else { format!("{{{}}}", parts.join(",")) };
        let value = if sample.value.is_nan() { "NaN".to_owned() } else { format!("{:?}", sample.value) };
        let time = match (sample.timestamp_ms, format) {
            (None, _) => String::new(),
            (Some(ms), Format::Text) => format!(" {ms}"),
            (Some(ms), Format::OpenMetrics | Format::Protobuf) => format!(" {:.3}", ms as f64 / 1000.0),
        };
        writeln!(out, "{name}{labels} {value}{time}").unwrap();
    }
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back(samples in prop::collection::vec(made(), 0..6), openmetrics in any::<bool>()) {
        let format = if openmetrics { Format::OpenMetrics } else { Format::Text };
        let body = render(&samples, format);
        let mut parser = Parser::new(body.as_bytes(), format).unwrap();
        let mut pairs = Vec::new();
        let mut previous: Option<&str> = None;
        for want in &samples {
            // The hint may be right or wrong; it must not change what is read.
            let entry = parser.next_entry(previous).unwrap();
            let Ok(Entry::Sample(sample)) = entry else { panic!("{entry:?} in {body}") };
            previous = Some(sample.series.as_str());
            sample.series.pairs(&mut pairs).unwrap();
            let mut got: Vec<(String, String)> = pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            got.sort();
            let mut labels = want.labels.clone();
            labels.push(("__name__".to_owned(), want.name.clone()));
            labels.sort();
            prop_assert_eq!(got, labels);
            prop_assert!(sample.value == want.value || sample.value.is_nan() && want.value.is_nan());
            prop_assert_eq!(sample.timestamp_ms, want.timestamp_ms);
        }
        prop_assert!(parser.next_entry(None).is_none());
    }

    /// Bytes of a good body changed, cut and doubled: an answer or an error, never a panic; and a
    /// hint taken from the body changes neither.
    #[test]
    fn mutated_bodies_never_panic(
        samples in prop::collection::vec(made(), 1..5), openmetrics in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\"\\{}=,#\n \t0aN\xff\xc3".to_vec()), 0..3_u8), 1..6),
    ) {
        let format = if openmetrics { Format::OpenMetrics } else { Format::Text };
        let good = render(&samples, format);
        let Some(Ok(Entry::Sample(first))) = Parser::new(good.as_bytes(), format).unwrap().next_entry(None) else { panic!("{good}") };
        let hint = first.series.as_str().to_owned();
        let mut body = good.into_bytes();
        for (index, byte, how) in changes {
            if body.is_empty() { break }
            let at = index.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => { body.remove(at); }
            }
        }
        let plain = check_body(&body, format);
        if let Ok(mut parser) = Parser::new(&body, format) {
            let mut samples = 0;
            let mut pairs = Vec::new();
            let hinted = loop {
                match parser.next_entry(Some(&hint)) {
                    None => break Ok(samples),
                    Some(Err(e)) => break Err(e),
                    Some(Ok(Entry::Sample(sample))) => {
                        if let Err(e) = sample.series.pairs(&mut pairs) { break Err(parser.error_here(e)) }
                        samples += 1;
                    }
                    Some(Ok(Entry::Comment(line))) => {
                        if let Err(e) = Comment::parse(line, format) { break Err(parser.error_here(e)) }
                    }
                }
            };
            prop_assert_eq!(hinted.is_ok(), plain.is_ok(), "{:?} {:?}", hinted, plain);
            if let (Ok(hinted), Ok(plain)) = (hinted, plain) {
                prop_assert_eq!(hinted, plain.samples);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..80), text in "[a-c{}=\",# \n\\\\0-9]{0,60}") {
        for format in [Format::Text, Format::OpenMetrics] {
            let _ = check_body(&body, format);
            let _ = check_body(text.as_bytes(), format);
        }
    }
}
