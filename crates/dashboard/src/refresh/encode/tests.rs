use super::super::{Answer, Body, Failure, Matrix};
use super::*;
use phoenix_engine::QueryError;
use phoenix_logql::LogEntry;
use phoenix_model::{BucketSpan, Exemplar, Labels, Sample, Source, Span};
use phoenix_query::{ABSENT, Grid, VectorSample};
use std::sync::Arc;
use std::time::Duration;

struct NoTraces;

impl TraceJson for NoTraces {
    fn found(&self, _: &SearchOutput) -> String {
        "[]".to_owned()
    }

    fn trace(&self, _: &TraceWrite) -> String {
        "{}".to_owned()
    }
}

fn shown(body: Body) -> String {
    let remark = |level, message: &str| Annotation { level, message: message.to_owned(), span: Span::default() };
    let annotations = vec![remark(AnnotationLevel::Info, "i"), remark(AnnotationLevel::Warning, "w")];
    let mut line = line_begin(&["3/A".to_owned(), "\"".to_owned()]);
    line.extend(answer(&Answer { body, annotations, took: Duration::from_micros(1_500) }, &NoTraces));
    let text = String::from_utf8(line).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    text
}

#[test]
fn lines() {
    let labels = Labels::from_pairs([("job", "a\"b")]);
    let span = |offset, length| BucketSpan { offset, length };
    let histogram = Arc::new(Histogram {
        zero_threshold: 0.5,
        zero_count: 1.0,
        count: 4.0,
        sum: f64::INFINITY,
        positive_spans: vec![span(1, 1), span(0, 2)],
        positive: vec![3.0, 0.0, 0.0],
        ..Histogram::default()
    });
    let sample = |value| Sample { timestamp_ms: 1_500, value };
    let entry = LogEntry {
        timestamp_ns: 1_700_000_000_000_000_001,
        line: "a\tb".to_owned(),
        stream: labels.clone(),
        metadata: Labels::from_pairs([("pod", "p")]),
        parsed: Labels::from_pairs([("status", "500")]),
    };
    let exemplar = Exemplar { labels: Labels::from_pairs([("trace_id", "1f")]), value: 0.25, timestamp_ms: 7 };
    let columns = vec![
        Column::floats(Labels::from_pairs([("only", "before")]), vec![1.0, ABSENT, ABSENT, ABSENT]),
        Column {
            histograms: vec![(0, Arc::clone(&histogram)), (2, Arc::clone(&histogram))],
            ..Column::floats(labels.clone(), vec![9.0, 1.5, ABSENT, f64::NAN])
        },
    ];
    let matrix = Matrix { grid: Grid { start_ms: 1_000, step_ms: 500, steps: 4 }, columns: Arc::new(columns), shown: 1..4, cached: 0..2 };
    let vector =
        vec![VectorSample::float(labels.clone(), sample(f64::NEG_INFINITY)), VectorSample::histogram(Labels::empty(), 1_500, histogram)];
    let text: String = [
        Body::Matrix(matrix),
        Body::Vector { time_ms: 1_500, series: vector },
        Body::Scalar(sample(2.0)),
        Body::Text { time_ms: 3, text: "x".to_owned() },
        Body::Logs(vec![entry]),
        Body::Exemplars(vec![(labels, vec![exemplar])]),
    ]
    .map(shown)
    .concat();
    insta::assert_snapshot!(text, @r#"
    {"ids":["3/A","\""],"kind":"matrix","start_ms":1500,"step_ms":500,"points":3,"series":[{"labels":{"job":"a\"b"},"values":[1.5,null,"NaN"],"histograms":[[1,{"count":4,"sum":"+Inf","buckets":[[-0.5,0.5,1],[1,2,3]]}]]}],"warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":1,"computed_points":2}}
    {"ids":["3/A","\""],"kind":"vector","time_ms":1500,"series":[{"labels":{"job":"a\"b"},"value":"-Inf"},{"labels":{},"value":null,"histogram":{"count":4,"sum":"+Inf","buckets":[[-0.5,0.5,1],[1,2,3]]}}],"warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":0,"computed_points":2}}
    {"ids":["3/A","\""],"kind":"scalar","time_ms":1500,"value":2,"warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":0,"computed_points":1}}
    {"ids":["3/A","\""],"kind":"string","time_ms":3,"value":"x","warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":0,"computed_points":1}}
    {"ids":["3/A","\""],"kind":"logs","entries":[{"time_ns":"1700000000000000001","labels":{"job":"a\"b","status":"500"},"metadata":{"pod":"p"},"line":"a\tb"}],"warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":0,"computed_points":0}}
    {"ids":["3/A","\""],"kind":"exemplars","series":[{"labels":{"job":"a\"b"},"exemplars":[{"labels":{"trace_id":"1f"},"value":0.25,"time_ms":7}]}],"warnings":["w"],"infos":["i"],"stats":{"milliseconds":1.500,"cached_points":0,"computed_points":0}}
    "#);
    let failed = |error: QueryError| String::from_utf8(failure(&Failure::from(error))).unwrap();
    assert_eq!(failed(QueryError::Execution("no".to_owned())), "\"error\":{\"type\":\"execution\",\"message\":\"no\"}}\n");
    let source = Source::new("query", "sum(");
    let wrong = failed(QueryError::Parse(vec![phoenix_model::Diagnostic::error(&source, Span::new(3, 4), "unclosed")]));
    assert!(wrong.starts_with("\"error\":{\"type\":\"bad_data\",\"message\":\"unclosed\",\"diagnostics\":[{"), "{wrong}");
}

#[test]
fn numbers_are_short_and_read_as_the_same_float() {
    for (value, want) in [
        (0.0, "0"),
        (-0.0, "-0.0"),
        (1.0, "1"),
        (-15_000.0, "-15000"),
        (0.1 + 0.2, "0.30000000000000004"),
        (9_007_199_254_740_991.0, "9007199254740991"),
        (9_007_199_254_740_994.0, "9007199254740994.0"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::NAN, "\"NaN\""),
        (f64::INFINITY, "\"+Inf\""),
        (f64::NEG_INFINITY, "\"-Inf\""),
    ] {
        let mut out = Vec::new();
        push_number(&mut out, value);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, want);
        if value.is_finite() {
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
