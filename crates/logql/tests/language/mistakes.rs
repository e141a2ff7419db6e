//! What is said of queries that can't be read, or that make no sense.

use super::LogQl;
use phoenix_logql::{loki_message, parse, parse_selector};
use phoenix_query::testing::said;

/// Compares what is said of all the queries with what was said before.
fn check(name: &str, texts: &[impl AsRef<str>]) {
    let all = texts.iter().map(|text| said::<LogQl>(text.as_ref())).collect::<Vec<_>>().join("\n");
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, all);
    });
}

#[test]
fn in_selectors() {
    check(
        "in_selectors",
        &[
            "",
            "# nothing",
            "{",
            "{}",
            "{app",
            "{app=",
            "{app=x}",
            "{app==\"x\"}",
            "{\"app\"=\"x\"}",
            "{app=\"x\"",
            "{app=\"x\" env=\"y\"}",
            "{app=\"x}",
            "{app='x'}",
            "{app=~\"(\"}",
            "{app=~\"*\", env=y, z=\"\"}",
            "{app=\"\\q\"}",
            "{app!=\"x\"}",
            "{app=~\".*\"}",
            "{app=~\"a|\"}",
            "{app=\"\"}",
            "app=\"x\"",
            "nginx",
            "{a.b=\"x\"}",
        ],
    );
}

#[test]
fn in_pipelines() {
    let stages = [
        "|= x",
        "|= 5",
        "|=",
        "|= \"a\" or",
        "|= \"a\" or b",
        "|= \"a\" and \"b\"",
        "= \"a\"",
        "\"a\"",
        "| \"a\"",
        "|~ \"(\"",
        "|~ ip(\"10.0.0.1\")",
        "|= ip(\"10.0.0.300\")",
        "|= ip(10)",
        "|> \"<a> x\"",
        "|> \"<_><_>\"",
        "|",
        "| jsn",
        "| foo",
        "| json |",
        "| json 5",
        "| json a=b",
        "| json a=\"b..c\"",
        "| json a=\"b[x]\"",
        "| json a,",
        "| logfmt --strickt",
        "| logfmt a --strict",
        "| pattern \"x\"",
        "| pattern \"<a><b>\"",
        "| pattern x",
        "| pattern \"<a> <a>\"",
        "| regexp \"(x)\"",
        "| regexp \"(?P<x>\"",
        "| line_format x",
        "| line_format `{{.x`",
        "| line_format `{{ nosuch .x }}`",
        "| line_format `{{ uppr .x }}`",
        "| line_format `{{ if .x }}`",
        "| label_format a=`{{ .x | }}`",
        "| label_format a",
        "| label_format a=5",
        "| label_format a=b, a=\"c\"",
        "| label_format __error__=b",
        "| drop",
        "| drop a=5",
        "| keep a,",
        "| distinct",
        "| limit 5",
        "| unwrap x",
        "| json | unwrap x | y=1",
    ];
    let texts: Vec<String> = stages.iter().map(|stage| format!("{{a=\"b\"}} {stage}")).collect();
    check("in_pipelines", &texts);
}

#[test]
fn in_label_filters() {
    let filters = [
        "x =",
        "x = y",
        "x > \"5\"",
        "x == \"5\"",
        "x =~ 5",
        "x =~ \"(\"",
        "x > 5x",
        "x > - y",
        "x > -5MB",
        "x = 1 and",
        "x = \"y\" or \"z\"",
        "x = 1 or or",
        "x=1 y=~\"(\"",
        "(x = 1",
        "(x = 1 | y = 2)",
        "x > ip(\"10.0.0.1\")",
        "x = ip(\"nonsense\")",
        "x = 1,",
        "5 > x",
    ];
    let texts: Vec<String> = filters.iter().map(|filter| format!("{{a=\"b\"}} | {filter}")).collect();
    check("in_label_filters", &texts);
}

#[test]
fn in_range_aggregations() {
    check(
        "in_range_aggregations",
        &[
            "rate({a=\"b\"})",
            "rate({a=\"b\"} | json)",
            "rate()",
            "rate(5)",
            "rate",
            "rate({a=\"b\"}[5m]",
            "rate({a=\"b\"}[5minutes])",
            "rate({a=\"b\"}[5])",
            "rate({a=\"b\"}[])",
            "rate({a=\"b\"}[0s])",
            "rate({a=\"b\"}[$__interval])",
            "rate({a=\"b\"}[5m)",
            "rate({a=\"b\"}[5m][5m])",
            "rate({a=\"b\"}[5m]) offset 5m",
            "rate({a=\"b\"} offset 5m)",
            "rate({a=\"b\"}[5m] offset x)",
            "{a=\"b\"}[5m]",
            "{a=\"b\"} | json [5m]",
            "rate by (x) ({a=\"b\"}[5m])",
            "rate({a=\"b\"}[5m]) by (x)",
            "count_over_time({a=\"b\"}[5m]) without (x)",
            "sum_over_time({a=\"b\"} | unwrap x [5m]) by (y)",
            "sum_over_time({a=\"b\"}[5m])",
            "rate_counter({a=\"b\"}[5m])",
            "count_over_time({a=\"b\"} | unwrap x [5m])",
            "bytes_rate({a=\"b\"} | unwrap x [5m])",
            "quantile_over_time({a=\"b\"} | unwrap x [5m])",
            "quantile_over_time(1.5, {a=\"b\"} | unwrap x [5m])",
            "quantile_over_time(x, {a=\"b\"} | unwrap x [5m])",
            "rate(0.5, {a=\"b\"}[5m])",
            "sum_over_time({a=\"b\"} | unwrap [5m])",
            "sum_over_time({a=\"b\"} | unwrap byte(x) [5m])",
            "sum_over_time({a=\"b\"} | unwrap f(x) [5m])",
            "sum_over_time({a=\"b\"} | unwrap x | json [5m])",
            "sum_over_time({a=\"b\"} | unwrap x |= \"y\" [5m])",
            "sum_over_time({a=\"b\"} | unwrap x | unwrap y [5m])",
            "rate(rate({a=\"b\"}[5m])[5m])",
        ],
    );
}

#[test]
fn in_vector_aggregations_and_operators() {
    check(
        "in_vector_aggregations_and_operators",
        &[
            "sum({a=\"b\"})",
            "count({a=\"b\"}[5m])",
            "http_requests_total{a=\"b\"}",
            "sum(rate({a=\"b\"}[5m])) by x",
            "sum(5)",
            "sum()",
            "sum",
            "sum(rate({a=\"b\"}[5m])",
            "sum by x (rate({a=\"b\"}[5m]))",
            "sum by (x (rate({a=\"b\"}[5m]))",
            "sum by (x) (rate({a=\"b\"}[5m])) by (y)",
            "sum(3, rate({a=\"b\"}[5m]))",
            "topk(rate({a=\"b\"}[5m]))",
            "topk(0, rate({a=\"b\"}[5m]))",
            "topk(1.5, rate({a=\"b\"}[5m]))",
            "sort(rate({a=\"b\"}[5m])) by (x)",
            "approx_topk(3, rate({a=\"b\"}[5m])) by (x)",
            "raet({a=\"b\"}[5m])",
            "sum(raet({a=\"b\"}[5m])) + sum(rat({a=\"b\"}[5m]))",
            "nonsense(1)",
            "vector({a=\"b\"})",
            "vector()",
            "label_replace(rate({a=\"b\"}[5m]), \"x\")",
            "label_replace({a=\"b\"}, \"x\", \"\", \"y\", \"\")",
            "label_replace(rate({a=\"b\"}[5m]), \"1x\", \"\", \"y\", \"(\")",
            "{a=\"b\"} + 1",
            "{a=\"b\"} or {c=\"d\"}",
            "1 and rate({a=\"b\"}[5m])",
            "-rate({a=\"b\"}[5m])",
            "1 +",
            "1 + + ",
            "* 1",
            "1 1",
            "1)",
            "(1",
            "1 + bool 2",
            "rate({a=\"b\"}[5m]) * on(x) group_left(x) rate({a=\"b\"}[5m])",
            "rate({a=\"b\"}[5m]) and on(x) group_left rate({a=\"b\"}[5m])",
            "5m",
            "\"x\"",
            "1 atan2 2",
            "({a=\"b\"}) |= \"x\"",
            "$x",
        ],
    );
}

/// Several mistakes are found at once.
#[test]
fn recovery() {
    check(
        "recovery",
        &[
            "{app=x, env=~\"(\"} |= y | jsn | a > \"5\" | pattern \"z\"",
            "sum(rate({app=x}[5])) / sum(raet({b=\"c\"} | foo [5m]))",
            "topk(0, quantile_over_time(7, {a!=\"b\"} | json [5m]) by (x))",
        ],
    );
}

/// One line, as clients of Loki show it.
#[test]
fn in_lokis_words() {
    for (text, want) in [
        ("{app=\"api\"} |= \"x\" y", "parse error at line 1, col 20: syntax error: unexpected IDENTIFIER"),
        ("{\"api\"}", "parse error at line 1, col 2: syntax error: unexpected STRING, expecting IDENTIFIER or }"),
        ("{x y=\"z\"}", "parse error at line 1, col 4: syntax error: unexpected IDENTIFIER, expecting = or =~ or !~ or !="),
        ("{job=\"my_job\"} | json | unwrap duration", "parse error at line 1, col 25: syntax error: unexpected unwrap"),
        ("{a=\"b\"}\n  | json\n  | ä", "parse error at line 3, col 5: unexpected character: 'ä'"),
        ("quantile_sketch_over_time({a=\"b\"}[5m])", "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        ("sum without x (rate({a=\"b\"}[5m]))", "parse error at line 1, col 13: syntax error: unexpected IDENTIFIER, expecting ("),
        ("count without rate({a=\"b\"}[15s])", "parse error at line 1, col 15: syntax error: unexpected RATE, expecting ("),
        ("", "parse error at line 1, col 1: syntax error: unexpected $end"),
        (
            "{app!=\"x\"}",
            "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. \
             For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will",
        ),
        ("{app!=\"x\"} |= y", "parse error at line 1, col 15: syntax error: unexpected IDENTIFIER, expecting STRING or ip"),
        ("sum_over_time({a=\"b\"}[5m])", "parse error : invalid aggregation sum_over_time without unwrap"),
        ("count_over_time({a=\"b\"}|unwrap x[5m])", "parse error : invalid aggregation count_over_time with unwrap"),
        ("count_over_time({a=\"b\"}[5m]) by (x)", "parse error : grouping not allowed for count_over_time aggregation"),
    ] {
        assert_eq!(loki_message(&parse(text).diagnostics, text), want, "{text}");
    }
    let text = "{a=\"b\"} |= \"c\"";
    assert_eq!(loki_message(&parse_selector(text).unwrap_err(), text), "only label matchers are supported");
}
