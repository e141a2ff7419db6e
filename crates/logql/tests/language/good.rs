//! What the parser reads, shown in canonical form.

use phoenix_logql::ast::{ExprKind, LabelFilter, LineTerm, StageKind};
use phoenix_logql::{MAX_QUERY_BYTES, parse, parse_any_selector, parse_log, parse_selector};

/// Reads a good query and compares its canonical form, which has to read back as itself.
#[track_caller]
fn good(text: &str, want: &str) {
    let parsed = parse(text);
    let said: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{text}\n{}", said.join("\n"));
    let shown = parsed.query.unwrap().to_string();
    assert_eq!(shown, want, "{text}");
    assert_eq!(parse(&shown).into_result().unwrap().to_string(), want, "{text}, read again");
}

/// As [`good`], for a pipeline behind `{a="b"}`.
#[track_caller]
fn stages(text: &str, want: &str) {
    good(&format!("{{a=\"b\"}}{text}"), &format!("{{a=\"b\"}} {want}"));
}

#[test]
fn selectors() {
    for (text, want) in [
        (r#"{app="x"}"#, r#"{app="x"}"#),
        (r#"{ app = "x" , env != "y" , }"#, r#"{app="x", env!="y"}"#),
        (r#"{app=~"a|b", env!~"c.*"}"#, r#"{app=~"a|b", env!~"c.*"}"#),
        ("{app=`a\\b`}", r#"{app="a\\b"}"#),
        (r#"{app="\"\t\u00e4"}"#, r#"{app="\"\tä"}"#),
        (r#"{app=~".+"}"#, r#"{app=~".+"}"#),
        (r#"{app!=""}"#, r#"{app!=""}"#),
        (r#"{app="x", foo!="bar"}"#, r#"{app="x", foo!="bar"}"#),
        (r#"({app="x"})"#, r#"{app="x"}"#),
        (r#"(({app="x"} |= "y"))"#, r#"{app="x"} |= "y""#),
        ("# first\n{app=\"x\"} # last", r#"{app="x"}"#),
        ("{app=\"x\"}\n  # | json\n  | logfmt", r#"{app="x"} | logfmt"#),
        // Words of the language are names of labels here.
        (r#"{by="1", json="2", rate="3", or="4", sum="5"}"#, r#"{by="1", json="2", rate="3", or="4", sum="5"}"#),
        // RE2 takes braces that repeat nothing for what they are.
        (r#"{path=~"/users/{id}"}"#, r#"{path=~"/users/{id}"}"#),
    ] {
        good(text, want);
    }
}

#[test]
fn line_filters() {
    for (text, want) in [
        (r#"|="x""#, r#"|= "x""#),
        (r#" != "x""#, r#"!= "x""#),
        (r"|~ `err(or)?\d`", r#"|~ "err(or)?\\d""#),
        (r#"!~ "(?i)debug""#, r#"!~ "(?i)debug""#),
        (r#"|= "a" != "b" |~ "c" !~ "d""#, r#"|= "a" != "b" |~ "c" !~ "d""#),
        (r#"|= "a" or "b" or "c" |= "d""#, r#"|= "a" or "b" or "c" |= "d""#),
        (r#"!= "a" or "b""#, r#"!= "a" or "b""#),
        (r#"|= ip("10.0.0.0/8")"#, r#"|= ip("10.0.0.0/8")"#),
        (r#"!= ip("::1") or "x" or ip("10.0.0.1-10.0.0.9")"#, r#"!= ip("::1") or "x" or ip("10.0.0.1-10.0.0.9")"#),
        ("|> `<_> level=debug <_>`", r#"|> "<_> level=debug <_>""#),
        (r#"!> "<_> a" or "b <_>""#, r#"!> "<_> a" or "b <_>""#),
        (r#"|= """#, r#"|= """#),
    ] {
        stages(text, want);
    }
}

#[test]
fn parsers() {
    for (text, want) in [
        ("|json", "| json"),
        (r#"| json a, b="x.y[0]", c="z[\"q r\"]""#, r#"| json a, b="x.y[0]", c="z[\"q r\"]""#),
        (r#"| json a="a""#, "| json a"),
        ("| logfmt", "| logfmt"),
        ("| logfmt --strict", "| logfmt --strict"),
        (r#"| logfmt --keep-empty --strict host, ip="fwd""#, r#"| logfmt --strict --keep-empty host, ip="fwd""#),
        ("| pattern `<ip> - - <_> \"<method>\"`", r#"| pattern "<ip> - - <_> \"<method>\"""#),
        (r"| regexp `(?P<verb>\w+) (?<rest>.*)`", r#"| regexp "(?P<verb>\\w+) (?<rest>.*)""#),
        ("| unpack", "| unpack"),
        ("| decolorize", "| decolorize"),
        (r#"| json | logfmt | unpack != "x" | json !~ "y""#, r#"| json | logfmt | unpack != "x" | json !~ "y""#),
    ] {
        stages(text, want);
    }
}

#[test]
fn formats_and_labels() {
    for (text, want) in [
        ("| line_format `{{.app}} {{ .x | upper }}`", r#"| line_format "{{.app}} {{ .x | upper }}""#),
        (r#"| label_format a=b, c="{{.d}}""#, r#"| label_format a=b, c="{{.d}}""#),
        ("| drop a, b", "| drop a, b"),
        (r#"| drop __error__, level=~"debug|info", x!="y""#, r#"| drop __error__, level=~"debug|info", x!="y""#),
        (r#"| keep a, b="c""#, r#"| keep a, b="c""#),
        ("| distinct a, b", "| distinct a, b"),
        (r#"| distinct a != "x""#, r#"| distinct a != "x""#),
    ] {
        stages(text, want);
    }
}

#[test]
fn label_filters() {
    for (text, want) in [
        (r#"| method = "GET""#, r#"| method="GET""#),
        ("| path=~`/api/.*`", r#"| path=~"/api/.*""#),
        (r#"| __error__ != """#, r#"| __error__!="""#),
        ("| status == 200", "| status=200"),
        ("| status != 200", "| status!=200"),
        ("| x > -1.5", "| x>-1.5"),
        ("| x < 1e3", "| x<1000"),
        ("| latency >= 1h15m30.918273645s", "| latency>=1h15m30s918ms273us645ns"),
        ("| latency > 250ms", "| latency>250ms"),
        ("| latency > 1.5h", "| latency>1h30m"),
        ("| latency > 3µs", "| latency>3us"),
        ("| latency < -5m", "| latency<-5m"),
        ("| size > 20MB", "| size>20MB"),
        ("| size > 20mb", "| size>20MB"),
        ("| size <= 1.5KiB", "| size<=1536B"),
        ("| size == 5k", "| size=5KB"),
        (r#"| addr = ip("192.168.4.5/16")"#, r#"| addr=ip("192.168.4.5/16")"#),
        (r#"| addr != ip("2001:db8::1-2001:db8::8")"#, r#"| addr!=ip("2001:db8::1-2001:db8::8")"#),
        ("| (a > 1)", "| a>1"),
        // A name that begins a stage elsewhere.
        (r#"| json="x" | drop!="y" | unwrap=~"z" | line_format > 5"#, r#"| json="x" | drop!="y" | unwrap=~"z" | line_format>5"#),
        (r#"| (json!="x")"#, r#"| (json!="x")"#),
        (r#"| (json!="x" or a=1) and b=2"#, "| (json!=\"x\" or a=1) and b=2"),
        (r#"| a="x" or json!="y""#, r#"| a="x" or json!="y""#),
    ] {
        stages(text, want);
    }
}

/// `and` before `or`; a comma, or nothing, is `and`; each operator takes what is left of it first.
#[test]
fn label_filters_combine() {
    for (text, want) in [
        ("a=1 and b=2", "a=1 and b=2"),
        ("a=1, b=2", "a=1 and b=2"),
        ("a=1 b=2", "a=1 and b=2"),
        ("a=1 or b=2 and c=3", "a=1 or b=2 and c=3"),
        ("a=1 and b=2 or c=3", "a=1 and b=2 or c=3"),
        ("(a=1 or b=2) and c=3", "(a=1 or b=2) and c=3"),
        ("a=1 or (b=2 and c=3)", "a=1 or b=2 and c=3"),
        ("a=1 or b=2, c=3", "a=1 or b=2 and c=3"),
        ("a=1 or b=2 c=3", "a=1 or b=2 and c=3"),
        ("a=1 (b=2 or c=3)", "a=1 and (b=2 or c=3)"),
        ("a=1 and (b=2 and c=3)", "a=1 and (b=2 and c=3)"),
        ("a=1 or b=2 or c=3", "a=1 or b=2 or c=3"),
        ("a=1 or b=2 | c=3", "a=1 or b=2 | c=3"),
    ] {
        stages(&format!("| {text}"), &format!("| {want}"));
    }
    let expr = parse_log(r#"{a="b"} | a=1 or b=2 and c=3"#).unwrap();
    let StageKind::LabelFilter(LabelFilter::Or(_, right)) = &expr.stages[0].kind else { panic!("{expr:?}") };
    assert!(matches!(**right, LabelFilter::And(..)), "{right:?}");
}

#[test]
fn range_aggregations() {
    for (text, want) in [
        (r#"count_over_time({a="b"}[5m])"#, r#"count_over_time({a="b"}[5m])"#),
        (r#"RATE({a="b"} [ 1h30m ] )"#, r#"rate({a="b"}[1h30m])"#),
        (r#"rate({a="b"}[5m] |= "x" | json)"#, r#"rate({a="b"} |= "x" | json [5m])"#),
        (r#"rate({a="b"} |= "x" | json [5m])"#, r#"rate({a="b"} |= "x" | json [5m])"#),
        (r#"rate({a="b"} | json | x > 5s [5m])"#, r#"rate({a="b"} | json | x>5s [5m])"#),
        (r#"rate(({a="b"} |= "x")[5m])"#, r#"rate({a="b"} |= "x" [5m])"#),
        (r#"rate(({a="b"}[5m]))"#, r#"rate({a="b"}[5m])"#),
        (r#"rate(({a="b"})[5m] | json)"#, r#"rate({a="b"} | json [5m])"#),
        (r#"bytes_rate({a="b"}[5m] offset 1h)"#, r#"bytes_rate({a="b"}[5m] offset 1h)"#),
        (r#"bytes_over_time({a="b"}[1w] offset -30s)"#, r#"bytes_over_time({a="b"}[1w] offset -30s)"#),
        (r#"rate({a="b"}[5m] offset 1h | json)"#, r#"rate({a="b"} | json [5m] offset 1h)"#),
        (r#"absent_over_time({a="b"}[1d])"#, r#"absent_over_time({a="b"}[1d])"#),
        (r#"sum_over_time({a="b"} | unwrap x [5m])"#, r#"sum_over_time({a="b"} | unwrap x [5m])"#),
        (r#"sum_over_time({a="b"}[5m] | json | unwrap x)"#, r#"sum_over_time({a="b"} | json | unwrap x [5m])"#),
        (r#"rate({a="b"} | unwrap bytes(x) [5m])"#, r#"rate({a="b"} | unwrap bytes(x) [5m])"#),
        (r#"rate_counter({a="b"} | unwrap x [5m])"#, r#"rate_counter({a="b"} | unwrap x [5m])"#),
        (r#"absent_over_time({a="b"} | unwrap x [5m])"#, r#"absent_over_time({a="b"} | unwrap x [5m])"#),
        (
            r#"avg_over_time({a="b"} | logfmt | unwrap duration_seconds(x) | __error__="" | y > 5 [5m]) by (c, d)"#,
            r#"avg_over_time({a="b"} | logfmt | unwrap duration_seconds(x) | __error__="" | y>5 [5m]) by (c, d)"#,
        ),
        (
            r#"quantile_over_time(0.99, {a="b"} | json | unwrap duration(x) [1m]) without (c)"#,
            r#"quantile_over_time(0.99, {a="b"} | json | unwrap duration(x) [1m]) without (c)"#,
        ),
        (r#"max_over_time({a="b"} | unwrap x [1m]) by ()"#, r#"max_over_time({a="b"} | unwrap x [1m]) by ()"#),
        (r#"first_over_time({a="b"} | unwrap bytes [1m])"#, r#"first_over_time({a="b"} | unwrap bytes [1m])"#),
        (r#"last_over_time({a="b"} | unwrap rate [1m])"#, r#"last_over_time({a="b"} | unwrap rate [1m])"#),
        (r#"stddev_over_time({a="b"} | unwrap x [1m])"#, r#"stddev_over_time({a="b"} | unwrap x [1m])"#),
        (r#"stdvar_over_time({a="b"} | unwrap x [1m])"#, r#"stdvar_over_time({a="b"} | unwrap x [1m])"#),
        (r#"min_over_time({a="b"} | unwrap x [1500ms])"#, r#"min_over_time({a="b"} | unwrap x [1s500ms])"#),
    ] {
        good(text, want);
    }
}

#[test]
fn vector_aggregations_and_functions() {
    let rate = r#"rate({a="b"}[5m])"#;
    for (text, want) in [
        ("sum(R)", "sum(R)"),
        ("sum(R) by (x,y)", "sum by (x, y) (R)"),
        ("Sum BY (x) (R)", "sum by (x) (R)"),
        ("sum by (x,) (R)", "sum by (x) (R)"),
        ("avg without (x) (R)", "avg without (x) (R)"),
        ("max by () (R)", "max by () (R)"),
        ("min(R) + count(R) + stddev(R) + stdvar(R)", "min(R) + count(R) + stddev(R) + stdvar(R)"),
        // A signed number without a comma is no parameter.
        ("sum(-1 + rate({a=\"b\"}[5m]))", "sum(-1 + rate({a=\"b\"}[5m]))"),
        ("topk(3, R)", "topk(3, R)"),
        ("topk by (x) (3, R)", "topk by (x) (3, R)"),
        ("bottomk(3, R) by (x)", "bottomk by (x) (3, R)"),
        ("approx_topk(10, sum by (x) (R))", "approx_topk(10, sum by (x) (R))"),
        ("sort(R)", "sort(R)"),
        ("sort_desc(sum(R))", "sort_desc(sum(R))"),
        ("sum(sum by (x) (R) > 5)", "sum(sum by (x) (R) > 5)"),
        (r#"label_replace(R, "dst", "$1", "src", "(.*):.*")"#, r#"label_replace(R, "dst", "$1", "src", "(.*):.*")"#),
        ("vector(1)", "vector(1)"),
        ("vector(-0.5)", "vector(-0.5)"),
        ("sum(R) or vector(0)", "sum(R) or vector(0)"),
    ] {
        good(&text.replace('R', rate), &want.replace('R', rate));
    }
}

#[test]
fn operators() {
    let rate = r#"rate({a="b"}[5m])"#;
    for (text, want) in [
        ("1+1", "1 + 1"),
        ("-1", "-1"),
        ("+1.50", "1.5"),
        ("0x1f", "31"),
        ("1 -1", "1 - 1"),
        ("1--1", "1 - -1"),
        ("-2 ^ 2", "-2 ^ 2"),
        ("1+2*3^4^5", "1 + 2 * 3 ^ 4 ^ 5"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("2 * 3 % 2 / 4 - 5", "2 * 3 % 2 / 4 - 5"),
        ("R and R or R unless R", "R and R or R unless R"),
        ("R > bool 10", "R > bool 10"),
        ("R == 1 != 2 >= 3 <= 4 < 5", "R == 1 != 2 >= 3 <= 4 < 5"),
        ("1 > 2", "1 > 2"),
        ("R / on() R", "R / on () R"),
        ("R > bool ignoring(x) R", "R > bool ignoring (x) R"),
        ("R / ignoring() R", "R / R"),
        ("R * on(x) group_left R", "R * on (x) group_left () R"),
        ("R * on(x) group_left(y, z) R", "R * on (x) group_left (y, z) R"),
        ("R * ignoring(x) group_right() R", "R * ignoring (x) group_right () R"),
        ("R and on(x) R", "R and on (x) R"),
        ("vector(1)+vector(1)", "vector(1) + vector(1)"),
    ] {
        good(&text.replace('R', rate), &want.replace('R', rate));
    }
}

/// Queries of the shapes that Grafana's pages send.
#[test]
fn queries_of_dashboards() {
    for (text, want) in [
        (
            "sum by (level, detected_level) (count_over_time({service_name=`x`} |= `` | drop __error__ [1m]))",
            r#"sum by (level, detected_level) (count_over_time({service_name="x"} |= "" | drop __error__ [1m]))"#,
        ),
        (
            "{app=\"x\"} | json | logfmt | drop __error__, __error_details__ | detected_level=`error` or detected_level=`warn`",
            r#"{app="x"} | json | logfmt | drop __error__, __error_details__ | detected_level="error" or detected_level="warn""#,
        ),
        ("topk(10,sum(rate({region=\"us-east1\"}[5m])) by (name))", r#"topk(10, sum by (name) (rate({region="us-east1"}[5m])))"#),
        (
            "100 * sum(rate({a=\"b\"} |~ \"5..\" [5m])) / sum(rate({a=\"b\"}[5m]))",
            r#"100 * sum(rate({a="b"} |~ "5.." [5m])) / sum(rate({a="b"}[5m]))"#,
        ),
    ] {
        good(text, want);
    }
}

#[test]
fn spans_point_at_their_text() {
    let text = "{a=\"b\"}  |= \"x\" or \"y\"\n | json c, d=\"e\" | f > 5";
    let logs = parse_log(text).unwrap();
    assert_eq!(&text[logs.selector_span.start..logs.selector_span.end], "{a=\"b\"}");
    let shown: Vec<&str> = logs.stages.iter().map(|stage| &text[stage.span.start..stage.span.end]).collect();
    assert_eq!(shown, ["|= \"x\" or \"y\"", "| json c, d=\"e\"", "| f > 5"]);
    let StageKind::LineFilter(filter) = &logs.stages[0].kind else { panic!("{logs:?}") };
    assert_eq!(filter.alternatives, [LineTerm::Text("x".to_owned()), LineTerm::Text("y".to_owned())]);

    let text = "1 + sum(rate({a=\"b\"} | unwrap x | y=1 [5m]))";
    let expr = parse(text).into_result().unwrap();
    let mut shown = Vec::new();
    expr.walk(&mut |node| {
        shown.push(&text[node.span.start..node.span.end]);
        if let ExprKind::RangeAggregation(aggregation) = &node.kind {
            let span = aggregation.unwrap.as_ref().unwrap().span;
            shown.push(&text[span.start..span.end]);
        }
    });
    assert_eq!(shown, [text, "1", &text[4..], &text[8..text.len() - 1], "| unwrap x | y=1"]);
}

#[test]
fn selectors_alone() {
    assert_eq!(parse_selector(r#"{a="b", c=~"d"}"#).unwrap().len(), 2);
    assert!(parse_selector("{}").is_err());
    assert!(parse_any_selector("{}").unwrap().is_empty());
    assert_eq!(parse_any_selector(r#"{a!="b"}"#).unwrap().len(), 1);
    for text in [r#"{a="b"} |= "x""#, "rate({a=\"b\"}[5m])", "1"] {
        assert_eq!(parse_selector(text).unwrap_err()[0].message, "only label matchers are supported", "{text}");
    }
    assert_eq!(parse_log("1").unwrap_err()[0].message, "only log selector is supported");
}

#[test]
fn limits_are_named() {
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    let chain = vec!["1"; 200].join(" + ");
    let filter = format!("{{a=\"b\"}} | {}c=1{}", "(".repeat(200), ")".repeat(200));
    let range = format!("rate({}{{a=\"b\"}}{}[5m])", "(".repeat(200), ")".repeat(200));
    for text in [deep, chain, filter, range] {
        let said = &parse(&text).diagnostics;
        assert_eq!(
            said[0].message, "the expression nests too deeply: the limit is 128 levels, where each operator counts as one",
            "{text}"
        );
    }
    let long = format!("{{a=\"b\"}} | {}", vec!["c=1"; 501].join(" or "));
    assert_eq!(parse(&long).diagnostics[0].message, "the label filter is too long: the limit is 500 conditions");
    let fits = format!("{{a=\"b\"}} | {}", vec!["c=1"; 500].join(" or "));
    assert!(parse(&fits).into_result().is_ok());
    // What texts hold is bounded too.
    for (stage, inner) in [
        ("| line_format", "{{if .x}}"),
        ("| line_format", "{{("),
        ("| label_format x=", "{{(("),
        ("| regexp", "(?P<a>"),
        ("|~", "(?:(("),
        ("| x=~", "(?:(("),
        ("| pattern", "<a>"),
        ("| json x=", "a[0]."),
    ] {
        let text = format!("{{a=\"b\"}} {stage} `{}`", inner.repeat(12_000));
        assert!(parse(&text).into_result().is_err(), "{stage} {inner}");
    }
    let path = format!("{{a=\"b\"}} | json x=`a{}`", "[0]".repeat(128));
    assert!(parse(&path).diagnostics[0].message.ends_with("it is too long: the limit is 128 steps"));
    let regexes = format!("{{a=\"b\"}} {}", "|~ \"c\" ".repeat(257));
    assert_eq!(parse(&regexes).diagnostics[0].message, "the query has too many regular expressions: the limit is 256");
    // No chain makes reading recurse.
    for (first, again) in
        [("rate({a=\"b\"}", " | unwrap x"), ("", "-"), ("", "- "), ("{a=\"b\"}", " | json"), ("", "x("), ("{a=\"b\"}", " or")]
    {
        assert!(parse(&format!("{first}{}", again.repeat(10_000))).into_result().is_err() || again == " | json", "{again}");
    }
    // However much is wrong, reading ends soon and says only the first of it.
    let wrong = "{a=\"b\"}".to_owned() + &"| 5 ".repeat(30_000);
    assert_eq!(parse(&wrong).diagnostics.len(), 20);
    let large = format!("{{a=\"{}\"}}", "x".repeat(MAX_QUERY_BYTES));
    assert_eq!(parse(&large).diagnostics[0].message, format!("input size too long ({} > 131072)", large.len()));
}
