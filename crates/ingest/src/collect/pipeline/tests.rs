use super::*;
use phoenix_model::{Labels, Source};
use proptest::prelude::*;

/// 2021-06-15T00:00:00Z
pub(super) const NOW_NS: i64 = 1_623_715_200_000_000_000;

pub(super) fn read(yaml: &str) -> Result<Pipeline, String> {
    phoenix_yaml::from_str(&Source::new("p.yaml", yaml)).map_err(|d| d.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "))
}

pub(super) fn context(metrics: &PipelineMetrics) -> Context<'_> {
    Context { now_ns: NOW_NS, monotonic: Duration::from_secs(100), wait: Duration::ZERO, metrics, trace: None }
}

/// `[time] {labels} {metadata} line` for each entry that comes out; time and metadata where there is one.
fn shown(entry: &Entry) -> String {
    let time = if entry.timestamp_ns == NOW_NS { String::new() } else { format!("[{}] ", trace::show_time(entry.timestamp_ns)) };
    let metadata = entry.metadata.clone().build();
    let metadata = if metadata.is_empty() { String::new() } else { format!("{metadata} ") };
    format!("{time}{} {metadata}{}", entry.labels.build(), entry.line.replace('\n', "\\n"))
}

pub(super) fn run_lines(yaml: &str, lines: &str) -> Vec<String> {
    let mut pipeline = read(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
    let metrics = PipelineMetrics::unregistered();
    let mut out = Vec::new();
    for (i, line) in lines.lines().enumerate() {
        let labels = Labels::from_pairs([("job", "j")]);
        pipeline.process(Entry::new(NOW_NS, line, labels, i as u64), &mut context(&metrics), &mut out);
    }
    pipeline.flush(true, &mut context(&metrics), &mut out);
    assert_eq!(pipeline.held(), None, "a flush leaves nothing");
    out.iter().map(shown).collect()
}

#[test]
fn stages_do_what_promtail_documents() {
    const CASES: &[(&str, &str, &[&str])] = &[
        // json, labels, output
        (
            "- json: {expressions: {out: log, level: , n: 'a.b[1]', dotted: '\"grpc.stream\"'}}\n- labels: {level: , n: , d: dotted}\n- output: {source: out}",
            r#"{"log":"hello","level":"info","a":{"b":[1,2]},"grpc.stream":"s"}"#,
            &[r#"{d="s",job="j",level="info",n="2"} hello"#],
        ),
        ("- json: {expressions: {a: }}", "not json\n[1]", &["{job=\"j\"} not json", "{job=\"j\"} [1]"]),
        ("- json: {expressions: {a: }, drop_malformed: true}", "not json\n{}", &["{job=\"j\"} {}"]),
        // An object that was extracted is JSON again.
        (
            "- json: {expressions: {extra: }}\n- json: {expressions: {user: }, source: extra}\n- labels: {user: }",
            r#"{"extra":{"user":"marco"}}"#,
            &[r#"{job="j",user="marco"} {"extra":{"user":"marco"}}"#],
        ),
        // logfmt, regex
        (
            "- logfmt: {mapping: {lvl: level, msg: }}\n- labels: {lvl: }\n- output: {source: msg}",
            r#"level=warn msg="a b" x=1"#,
            &[r#"{job="j",lvl="warn"} a b"#],
        ),
        (
            "- regex: {expression: '^(?P<ip>\\S+) (?P<rest>.*)$'}\n- labels: {ip: }\n- output: {source: rest}",
            "10.0.0.1 GET /\nx",
            &[r#"{ip="10.0.0.1",job="j"} GET /"#, r#"{job="j"} x"#],
        ),
        (
            "- regex: {expression: 'level=(?P<level>\\w+)', labels_from_groups: true}",
            "level=info",
            &[r#"{job="j",level="info"} level=info"#],
        ),
        // labels
        ("- static_labels: {env: prod, none: }\n- labeldrop: [job]", "x", &[r#"{env="prod"} x"#]),
        ("- static_labels: {env: prod, a: b}\n- labelallow: [a]", "x", &[r#"{a="b"} x"#]),
        // Labels of the target are extracted values too, and move to the metadata.
        ("- static_labels: {keep: k}\n- structured_metadata: {job: , none: }", "x", &[r#"{keep="k"} {job="j"} x"#]),
        (
            "- json: {expressions: {traceID: }}\n- structured_metadata: {trace: traceID}",
            r#"{"traceID":"0242ac"}"#,
            &[r#"{job="j"} {trace="0242ac"} {"traceID":"0242ac"}"#],
        ),
        // timestamp
        (
            "- json: {expressions: {t: time}}\n- timestamp: {source: t, format: RFC3339}",
            "{\"time\":\"2021-06-01T00:00:00Z\"}\n{\"time\":\"never\"}\n{}",
            &[
                "[2021-06-01T00:00:00Z] {job=\"j\"} {\"time\":\"2021-06-01T00:00:00Z\"}",
                "[2021-06-01T00:00:00.000000001Z] {job=\"j\"} {\"time\":\"never\"}",
                "[2021-06-01T00:00:00.000000002Z] {job=\"j\"} {}",
            ],
        ),
        (
            "- json: {expressions: {t: time}}\n- timestamp: {source: t, format: Unix, fallback_formats: [UnixMs, '2006-01-02 15:04'], location: Europe/Berlin, action_on_failure: skip}",
            "{\"time\":1622505600}\n{\"time\":\"2021-06-01 02:00\"}\n{\"time\":\"x\"}",
            &[
                "[2021-06-01T00:00:00Z] {job=\"j\"} {\"time\":1622505600}",
                "[2021-06-01T00:00:00Z] {job=\"j\"} {\"time\":\"2021-06-01 02:00\"}",
                "{job=\"j\"} {\"time\":\"x\"}",
            ],
        ),
        // drop
        ("- drop: {expression: '.*debug.*'}", "a debug\nb", &["{job=\"j\"} b"]),
        (
            "- json: {expressions: {level: , msg: }}\n- drop: {source: [level, msg], separator: '#', expression: '(error|ERROR)#.*push.*'}",
            "{\"level\":\"error\",\"msg\":\"a push\"}\n{\"level\":\"info\",\"msg\":\"a push\"}",
            &["{job=\"j\"} {\"level\":\"info\",\"msg\":\"a push\"}"],
        ),
        (
            "- json: {expressions: {level: }}\n- drop: {source: level, value: error}",
            "{\"level\":\"error\"}\n{\"level\":\"errors\"}\n{}",
            &["{job=\"j\"} {\"level\":\"errors\"}", "{job=\"j\"} {}"],
        ),
        ("- regex: {expression: '(?P<level>error)'}\n- drop: {source: [level, msg]}", "error\nfine", &["{job=\"j\"} fine"]),
        ("- drop: {longer_than: 4b, expression: a}", "aaaaa\nbbbbb\naaaa", &["{job=\"j\"} bbbbb", "{job=\"j\"} aaaa"]),
        (
            "- json: {expressions: {t: }}\n- timestamp: {source: t, format: RFC3339}\n- drop: {older_than: 24h}",
            "{\"t\":\"2021-06-13T23:00:00Z\"}\n{\"t\":\"2021-06-14T01:00:00Z\"}",
            &["[2021-06-14T01:00:00Z] {job=\"j\"} {\"t\":\"2021-06-14T01:00:00Z\"}"],
        ),
        // match
        (
            "- match: {selector: '{job=\"j\"} |= \"noisy\" != \"keep\"', action: drop}\n- match: {selector: '{job=\"other\"}', stages: [{static_labels: {a: b}}]}\n- match: {selector: '{job=~\"j.*\"}', stages: [{static_labels: {c: d}}]}",
            "a noisy one\na noisy one to keep\nquiet",
            &[r#"{c="d",job="j"} a noisy one to keep"#, r#"{c="d",job="j"} quiet"#],
        ),
        // multiline
        (
            "- multiline: {firstline: '^\\['}",
            "before\n[1] error\n  at a\n  at b\n[2] fine",
            &["{job=\"j\"} before", "{job=\"j\"} [1] error\\n  at a\\n  at b", "{job=\"j\"} [2] fine"],
        ),
        (
            "- multiline: {firstline: '^\\[', max_lines: 2}",
            "[1]\na\nb\nc\nd",
            &["{job=\"j\"} [1]\\na", "{job=\"j\"} b\\nc", "{job=\"j\"} d"],
        ),
        (
            "- match: {selector: '{job=\"j\"}', stages: [{multiline: {firstline: '^\\['}}]}\n- static_labels: {after: y}",
            "[1]\na\n[2]",
            &[r#"{after="y",job="j"} [1]\na"#, r#"{after="y",job="j"} [2]"#],
        ),
        // cri and docker
        (
            "- cri:",
            "2019-04-30T02:12:41.8443515Z stdout F message",
            &["[2019-04-30T02:12:41.8443515Z] {job=\"j\",stream=\"stdout\"} message"],
        ),
        (
            "- cri: {}",
            "2019-04-30T02:12:41Z stdout P one \n2019-04-30T02:12:41Z stderr F other\n2019-04-30T02:12:42Z stdout P two \n2019-04-30T02:12:43Z stdout F three\nplain",
            &[
                "[2019-04-30T02:12:41Z] {job=\"j\",stream=\"stderr\"} other",
                "[2019-04-30T02:12:43Z] {job=\"j\",stream=\"stdout\"} one two three",
                "{job=\"j\"} plain",
            ],
        ),
        (
            "- cri: {max_partial_lines: 2}",
            "2019-04-30T02:12:41Z stdout P a\n2019-04-30T02:12:41Z stdout P b\n2019-04-30T02:12:41Z stdout F c",
            &["[2019-04-30T02:12:41Z] {job=\"j\",stream=\"stdout\"} ab", "[2019-04-30T02:12:41Z] {job=\"j\",stream=\"stdout\"} c"],
        ),
        (
            "- cri: {max_partial_line_size: 3, max_partial_line_size_truncate: true}",
            "2019-04-30T02:12:41Z stdout P abcdef\n2019-04-30T02:12:41Z stdout F xyz",
            &["[2019-04-30T02:12:41Z] {job=\"j\",stream=\"stdout\"} abcxyz"],
        ),
        (
            "- docker: {}",
            "{\"log\":\"level=info\\n\",\"stream\":\"stderr\",\"time\":\"2019-04-30T02:12:41.8443515Z\"}\n{\"log\":\"half \",\"stream\":\"stdout\",\"time\":\"2019-04-30T02:12:42Z\"}\n{\"log\":\"whole\\n\",\"stream\":\"stdout\",\"time\":\"2019-04-30T02:12:43Z\"}",
            &[
                "[2019-04-30T02:12:41.8443515Z] {job=\"j\",stream=\"stderr\"} level=info",
                "[2019-04-30T02:12:43Z] {job=\"j\",stream=\"stdout\"} half whole",
            ],
        ),
        // replace
        (
            "- replace: {expression: 'password (\\S+)', replace: '****'}",
            "my password xyz! and password abc",
            &["{job=\"j\"} my password **** and password ****"],
        ),
        (
            "- replace: {expression: '11.11.11.11 - (\\S+\\s)', replace: ''}",
            "11.11.11.11 - frank [25/Jan]",
            &["{job=\"j\"} 11.11.11.11 - [25/Jan]"],
        ),
        (
            "- replace: {expression: '(\\d{3}) (\\w+)', replace: '{{ if eq .Value \"200\" }}{{ Replace .Value \"200\" \"Ok\" -1 }}{{ else }}{{ .Value | ToUpper }}{{ end }}'}",
            "GET 200 abc",
            &["{job=\"j\"} GET Ok ABC"],
        ),
        (
            "- replace: {expression: '^(?P<user>\\w+)', replace: '{{ .Value | ToUpper }}'}\n- labels: {user: }",
            "frank x",
            &[r#"{job="j",user="FRANK"} FRANK x"#],
        ),
        (
            "- json: {expressions: {msg: }}\n- replace: {expression: 'secret', source: msg, replace: x}\n- output: {source: msg}",
            "{\"msg\":\"a secret b\"}",
            &["{job=\"j\"} a x b"],
        ),
        (
            "- replace: {expression: '([0-9]{3}-[0-9]{2}-[0-9]{4})', replace: '*SSN*{{ .Value | Hash \"salt\" }}*'}",
            "123-45-6789",
            &["{job=\"j\"} *SSN*3dd216f082c55f933cab97cc79e3d6b25607c8c0ce0133df8cf7232ae7de84e4*"],
        ),
        // template
        ("- template: {source: new, template: 'hello world!'}\n- output: {source: new}", "x", &["{job=\"j\"} hello world!"]),
        (
            "- template: {source: m, template: '{{ .job }}: {{ .Entry | TrimSpace }}'}\n- output: {source: m}",
            "  line  ",
            &["{job=\"j\"} j: line"],
        ),
        (
            "- json: {expressions: {app: , level: }}\n- template: {source: app, template: '{{ .level }} for {{ ToLower .Value }}'}\n- labels: {app: }",
            "{\"app\":\"LOKI\",\"level\":\"warn\"}",
            &[r#"{app="warn for loki",job="j"} {"app":"LOKI","level":"warn"}"#],
        ),
        (
            "- template: {source: t, template: '{{ regexReplaceAll \"(a*)bc\" .Entry \"${1}a\" }}|{{ .Entry | substr 1 3 }}|{{ add (.Entry | substr 0 1) 2 }}|{{ default \"d\" .none }}'}\n- output: {source: t}",
            "1aabc",
            &["{job=\"j\"} 1aaa|aa|3|d"],
        ),
        ("- template: {source: job, template: ''}\n- labels: {job: }", "x", &["{job=\"j\"} x"]),
        // decolorize, pack
        ("- decolorize: {}", "\u{1b}[0;31mred\u{1b}[0m plain", &["{job=\"j\"} red plain"]),
        (
            "- json: {expressions: {pod: }}\n- pack: {labels: [job, pod], ingest_timestamp: false}",
            "{\"pod\":\"p\"}",
            &[r#"{} {"job":"j","pod":"p","_entry":"{\"pod\":\"p\"}"}"#],
        ),
        // limit and sampling
        ("- limit: {rate: 1, burst: 2, drop: true}", "a\nb\nc", &["{job=\"j\"} a", "{job=\"j\"} b"]),
        ("- limit: {rate: 1, burst: 1, drop: true, by_label_name: none}", "a\nb", &["{job=\"j\"} a", "{job=\"j\"} b"]),
        ("- sampling: {rate: 0}", "a\nb", &[]),
        ("- sampling: {rate: 1}", "a\nb", &["{job=\"j\"} a", "{job=\"j\"} b"]),
        ("- tenant: {value: t}\n- metrics: {n: {type: Counter, config: {match_all: true, action: inc}}}", "a", &["{job=\"j\"} a"]),
    ];
    for (yaml, lines, want) in CASES {
        assert_eq!(run_lines(yaml, lines), *want, "\n{yaml}\n{lines}");
    }
}

#[test]
fn stages_that_can_not_be_are_refused() {
    for (yaml, want) in [
        ("- json: {}", "`expressions` is missing"),
        ("- json: {expressions: {a: 'length(b)'}}", "names, quoted names and indexes only"),
        ("- regex: {expression: '(x'}", "is not a regular expression"),
        ("- regex: {expression: 'x'}", "no named group"),
        ("- regex: {}", "`expression` is missing"),
        ("- timestamp: {source: a, format: RFC3339, location: Mars}", "not a time zone"),
        ("- timestamp: {source: a, format: RFC3339, action_on_failure: x}", "not one of fudge, skip"),
        ("- drop: {}", "needs a condition"),
        ("- drop: {source: a, value: b, expression: c}", "only one of"),
        ("- drop: {value: b}", "needs a `source`"),
        ("- match: {selector: '{', action: drop}", "is not a selector"),
        ("- match: {selector: '{a=\"b\"} | json', action: drop}", "not a line filter"),
        ("- match: {selector: '{a=\"b\"}'}", "`stages` is missing"),
        ("- match: {selector: '{a=\"b\"}', action: drop, stages: [{docker: }]}", "takes no `stages`"),
        ("- multiline: {}", "`firstline` is missing"),
        ("- template: {source: a, template: '{{ nofunction }}'}", "can't be read"),
        ("- limit: {rate: 0, burst: 1}", "above 0"),
        ("- limit: {rate: 1, burst: 1, by_label_name: a}", "needs `drop: true`"),
        ("- sampling: {rate: 2}", "not a share"),
        ("- eventlogmessage: {source: a}", "not there in Phoenix"),
        ("- labels: {'a-b': }", "not a label's name"),
        ("- metrics: {a: {type: Counter, config: {action: dec}}}", "must be inc or add"),
        ("- nostage: {}", "nostage"),
        ("- cri: {unknown: 1}", "unknown"),
        #[cfg(not(feature = "vrl"))]
        ("- vrl: {source: '.message = \"\"'}", "this Phoenix was built without the stage `vrl`"),
    ] {
        let message = read(yaml).expect_err(yaml);
        assert!(message.contains(want), "{yaml}: {message}");
    }
}

#[test]
fn what_is_held_keeps_its_mark() {
    let mut pipeline = read("- multiline: {firstline: '^\\[', max_wait_time: 3s}").unwrap();
    let metrics = PipelineMetrics::unregistered();
    let mut out = Vec::new();
    let mut context = context(&metrics);
    for (mark, line) in [(0, "[1]"), (10, "a"), (20, "[2]"), (30, "b")] {
        pipeline.process(Entry::new(NOW_NS, line, Labels::empty(), mark), &mut context, &mut out);
    }
    assert_eq!((out.len(), pipeline.held()), (1, Some(20)));
    context.monotonic += Duration::from_millis(2_999);
    pipeline.flush(false, &mut context, &mut out);
    assert_eq!(out.len(), 1);
    context.monotonic += Duration::from_millis(1);
    pipeline.flush(false, &mut context, &mut out);
    assert_eq!((out.len(), pipeline.held()), (2, None));
}

#[test]
fn a_limit_that_does_not_drop_asks_to_wait() {
    let mut pipeline = read("- limit: {rate: 10, burst: 1}").unwrap();
    let metrics = PipelineMetrics::unregistered();
    let mut out = Vec::new();
    let mut context = context(&metrics);
    for line in ["a", "b", "c"] {
        pipeline.process(Entry::new(NOW_NS, line, Labels::empty(), 0), &mut context, &mut out);
    }
    assert_eq!((out.len(), context.wait), (3, Duration::from_millis(200)));
}

#[test]
fn metrics_are_exposed() {
    let mut registry = prometheus_client::registry::Registry::default();
    let metrics = PipelineMetrics::new(&mut registry);
    let mut pipeline = read(
        "- regex: {expression: 'took=(?P<took>\\S+)'}\n- drop: {expression: noise, drop_counter_reason: noisy}\n- metrics:\n    lines_total: {type: Counter, config: {match_all: true, action: inc}}\n    bytes_total: {type: Counter, prefix: my_, config: {match_all: true, count_entry_bytes: true, action: add}}\n    took: {type: Histogram, config: {buckets: [0.1, 1]}}\n    last: {type: Gauge, source: took, config: {action: set}}",
    )
    .unwrap();
    let mut out = Vec::new();
    for line in ["took=50ms", "took=2", "noise"] {
        pipeline.process(Entry::new(NOW_NS, line, Labels::from_pairs([("app", "a")]), 0), &mut context(&metrics), &mut out);
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for want in [
        "promtail_custom_lines_total{app=\"a\"} 2.0\n",
        "my_bytes_total{app=\"a\"} 15.0\n",
        "promtail_custom_took_bucket{le=\"0.1\",app=\"a\"} 1\n",
        "promtail_custom_took_bucket{le=\"+Inf\",app=\"a\"} 2\n",
        "promtail_custom_took_sum{app=\"a\"} 2.05\n",
        "promtail_custom_last{app=\"a\"} 2.0\n",
        "phoenix_logs_pipeline_dropped_entries_total{reason=\"noisy\"} 1\n",
    ] {
        assert!(text.contains(want), "{want} in\n{text}");
    }
    metrics.expire(Duration::from_secs(100) + Duration::from_mins(5));
    text.clear();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(!text.contains("app="), "series that are not counted any more go:\n{text}");
}

#[test]
fn a_trace_tells_what_each_stage_did() {
    let mut pipeline =
        read("- json: {expressions: {level: }}\n- labels: {level: }\n- match: {selector: '{level=\"debug\"}', action: drop}").unwrap();
    let metrics = PipelineMetrics::unregistered();
    let mut trace = Trace::default();
    let mut out = Vec::new();
    for line in ["{\"level\":\"info\"}", "{\"level\":\"debug\"}", "x"] {
        let mut context = Context { trace: Some(&mut trace), ..context(&metrics) };
        pipeline.process(Entry::new(NOW_NS, line, Labels::empty(), 0), &mut context, &mut out);
    }
    let steps: Vec<String> =
        trace.take().iter().map(|s| format!("{} {} [{}] [{}]", s.stage, s.outcome, s.changes.join(", "), s.notes.join(", "))).collect();
    let want = [
        "json passed [extracted level=info] []",
        "labels passed [label level=info] []",
        "match passed [] [the selector does not match]",
        "json passed [extracted level=debug] []",
        "labels passed [label level=debug] []",
        "match dropped: match_stage [] []",
        "json passed [] [not a JSON object: expected value at line 1 column 1]",
        "labels passed [] [`level` was not extracted]",
        "match passed [] [the selector does not match]",
    ];
    assert_eq!(steps, want);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Any line goes through any of the stages, and no line is lost that is not dropped.
    #[test]
    fn arbitrary_lines_never_panic(lines in prop::collection::vec(".{0,60}|[0-9TZ:. -]{0,30} std(out|err) [PF] .{0,10}|\\{\"log\":\".{0,5}\"\\}", 0..20)) {
        let lines: Vec<String> = lines.into_iter().map(|line| line.replace(['\n', '\r'], " ")).collect();
        for yaml in [
            "- cri: {}",
            "- docker: {}",
            "- json: {expressions: {a: log}}\n- output: {source: a}",
            "- logfmt: {mapping: {a: }}",
            "- regex: {expression: '(?P<a>\\w+)=(?P<b>.)'}\n- labels: {a: , b: }\n- structured_metadata: {b: }",
            "- replace: {expression: '(\\w)(\\W)', replace: '{{ .Value }}!'}",
            "- decolorize: {}",
            "- pack: {labels: [job]}",
            "- multiline: {firstline: '^[a-z]', max_lines: 3}",
        ] {
            let out = run_lines(yaml, &lines.join("\n"));
            let joins = yaml.contains("cri") || yaml.contains("docker") || yaml.contains("multiline");
            prop_assert!(joins || out.len() == lines.join("\n").lines().count(), "{}", yaml);
        }
    }
}
