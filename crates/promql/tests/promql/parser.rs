//! What the parser reads, and what it says of texts that it can't read.

use crate::script;
use phoenix_promql::{MAX_DEPTH, parse};

/// Reads a good text and compares its canonical form.
#[track_caller]
fn good(text: &str, want: &str) {
    let parsed = parse(text);
    assert!(parsed.diagnostics.is_empty(), "{text}\n{}", parsed.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    assert_eq!(parsed.query.unwrap().to_string(), want, "{text}");
}

#[test]
fn literals() {
    for (text, want) in [
        ("1", "1"),
        ("+1", "1"),
        ("-1", "-1"),
        ("- 1", "-1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("123.4567e-10", "1.234567e-08"),
        ("1e21", "1e+21"),
        ("0x1f", "31"),
        ("017", "15"),
        ("08", "8"),
        ("1_000_000", "1000000"),
        ("Inf", "Inf"),
        ("-inf", "-Inf"),
        ("NaN", "NaN"),
        ("5m", "5m"),
        ("-1h30m", "-1h30m"),
        ("1d500ms", "1d500ms"),
        (r#""a\n\"b""#, r#""a\n\"b""#),
        ("'it''s'", ""),
        (r"'a\'b'", "\"a'b\""),
        (r"`a\n`", r#""a\\n""#),
    ] {
        if !want.is_empty() {
            good(text, want);
        }
    }
}

#[test]
fn selectors() {
    for (text, want) in [
        ("up", "up"),
        ("job:rate5m:sum", "job:rate5m:sum"),
        (":leading", ":leading"),
        ("up { job = 'a' , }", "up{job=\"a\"}"),
        ("{job!=\"\",x=~'a|b',y!~\"c\"}", "{job!=\"\",x=~\"a|b\",y!~\"c\"}"),
        ("{\"http.requests\", \"service.name\"=\"x\"}", "{\"http.requests\",\"service.name\"=\"x\"}"),
        ("{\"up\"}", "up"),
        ("{__name__=~\"a.+\"}", "{__name__=~\"a.+\"}"),
        ("x{}", "x"),
        // RE2 takes braces that repeat nothing for what they are.
        ("x{path=~'/users/{id}'}", "x{path=~\"/users/{id}\"}"),
        ("x[5m]", "x[5m]"),
        ("x{a='b'}[1h30m] offset 5m", "x{a=\"b\"}[1h30m] offset 5m"),
        ("x[300]", "x[5m]"),
        ("x[0.5]", "x[500ms]"),
        ("x offset -1w", "x offset -1w"),
        ("x offset 60", "x offset 1m"),
        ("x @ 1609746000.123", "x @ 1609746000.123"),
        ("x @ -1", "x @ -1.000"),
        ("x @ start()", "x @ start()"),
        ("x[5m] offset 1m @ END()", "x[5m] @ end() offset 1m"),
        ("x @ 10 offset 5m", "x @ 10.000 offset 5m"),
        ("x[5m:1m]", "x[5m:1m]"),
        ("x[5m:]", "x[5m:]"),
        ("rate(x[5m])[30m:1m] @ 1 offset 2m", "rate(x[5m])[30m:1m] @ 1.000 offset 2m"),
        ("(a + b)[5m:] offset 5m", "(a + b)[5m:] offset 5m"),
        // Keywords where they can't be meant as such.
        ("sum", "sum"),
        ("by + without", "{\"by\"} + {\"without\"}"),
        ("start + end", "start + end"),
        ("offset offset 5m", "{\"offset\"} offset 5m"),
        ("x{by='1',on='2',and='3',sum='4',inf='5'}", "x{by=\"1\",on=\"2\",and=\"3\",sum=\"4\",inf=\"5\"}"),
        ("count{x='y'} # a remark\n + 1", "count{x=\"y\"} + 1"),
    ] {
        good(text, want);
    }
}

#[test]
fn operators() {
    for (text, want) in [
        ("1+2*3^4^5", "1 + 2 * 3 ^ 4 ^ 5"),
        ("-x ^ 2", "-x ^ 2"),
        ("2 ^ -1", "2 ^ -1"),
        ("- - x", "--x"),
        ("a and b or c unless d", "a and b or c unless d"),
        ("a ATAN2 b", "a atan2 b"),
        ("1 == bool 2", "1 == bool 2"),
        ("a > Bool on(x) b", "a > bool on (x) b"),
        ("a / on() b", "a / on () b"),
        ("a / ignoring(x,y,) b", "a / ignoring (x, y) b"),
        ("a / ignoring() b", "a / b"),
        ("a * on(x, \"y.z\") group_left b", "a * on (x, \"y.z\") group_left () b"),
        ("a * on(x) GROUP_RIGHT(v, w) b", "a * on (x) group_right (v, w) b"),
        ("a and on(x) b", "a and on (x) b"),
        ("(a)", "(a)"),
    ] {
        good(text, want);
    }
}

#[test]
fn calls_and_aggregations() {
    for (text, want) in [
        ("time()", "time()"),
        ("rate(x[5m])", "rate(x[5m])"),
        ("round(x,5)", "round(x, 5)"),
        ("label_join(x,'a','-','b','c','d')", "label_join(x, \"a\", \"-\", \"b\", \"c\", \"d\")"),
        ("day_of_month()", "day_of_month()"),
        ("sum(x)", "sum(x)"),
        ("SUM(x) BY (a, b)", "sum by (a, b) (x)"),
        ("sum by (a) (x)", "sum by (a) (x)"),
        ("sum without () (x)", "sum without () (x)"),
        ("sum by () (x)", "sum(x)"),
        ("topk by (by, \"a b\") (5, x)", "topk by (by, \"a b\") (5, x)"),
        ("count_values('v', x) without (i,)", "count_values without (i) (\"v\", x)"),
        ("quantile(0.9, sum by (le) (x))", "quantile(0.9, sum by (le) (x))"),
        ("limit_ratio(-0.5, x)", "limit_ratio(-0.5, x)"),
    ] {
        good(text, want);
    }
}

/// Reads a bad text and compares what is said of it: each message with its bytes and its help.
#[track_caller]
fn bad(text: &str, want: &[&str]) {
    let parsed = parse(text);
    let said: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|d| {
            let help = d.help.as_ref().map(|h| format!(" / {h}")).unwrap_or_default();
            format!("{}..{} {}{help}", d.span.start, d.span.end, d.message)
        })
        .collect();
    assert_eq!(said, want, "{text}");
}

#[test]
fn syntax_errors() {
    bad("", &["0..0 no expression found in input"]);
    bad("# only a remark", &["15..15 no expression found in input"]);
    bad("1 +", &["3..3 unexpected end of input, expected an expression"]);
    bad("(1", &["2..2 unexpected end of input in parenthesised expression, expected \")\""]);
    bad("1)", &["1..2 unexpected \")\", expected end of input"]);
    bad("a b", &["2..3 unexpected identifier \"b\", expected end of input"]);
    bad("x{a}", &["3..4 unexpected \"}\" in label matching, expected label matching operator"]);
    bad("x{a=b}", &["4..5 unexpected identifier \"b\" in label matching, expected string"]);
    bad("x{a='b' c='d'}", &["8..9 unexpected identifier \"c\" in label matching, expected \",\" or \"}\""]);
    bad("x{a='b'", &["7..7 unexpected end of input in label matching, expected \",\" or \"}\""]);
    bad("x{a=~'('}", &["5..8 invalid regular expression \"(\": unclosed group"]);
    bad("x{'a'b='c'}", &["5..6 unexpected identifier \"b\" in label matching, expected label matching operator"]);
    bad("x[5m", &["4..4 unexpected end of input in matrix selector, expected \"]\""]);
    bad("x[0]", &["2..3 duration must be greater than 0"]);
    bad("x[5x]", &["2..4 bad number or duration syntax: \"5x\": unknown unit `x`; one of y, w, d, h, m, s, ms"]);
    bad("x['5m']", &["2..6 unexpected string \"5m\" in range, expected a duration such as `5m`, or a number of seconds"]);
    bad("sum by x (y)", &["7..8 unexpected identifier \"x\" in grouping opts, expected \"(\""]);
    bad("sum(x) by (a:b)", &["11..14 unexpected identifier \"a:b\" in grouping opts, expected label"]);
    bad("rate(x[5m],)", &["11..12 trailing commas not allowed in function call args"]);
    bad("\"abc", &["0..4 unterminated quoted string"]);
    bad("x @ 'a'", &["4..7 unexpected string \"a\" in @, expected timestamp"]);
    bad("x @ 5m", &["4..6 unexpected duration 5m in @, expected timestamp"]);
    bad("x @ NaN", &["4..7 timestamp out of bounds for @ modifier: NaN"]);
    bad("bool", &["0..4 unexpected keyword \"bool\", expected an expression"]);
    bad("a ; b", &["2..3 unexpected \";\", expected end of input"]);
    bad("a ! b", &["2..3 unexpected \"!\", expected end of input"]);
    bad("x{a:b='c'}", &["2..5 unexpected character inside braces: ':' in label name \"a:b\" / put the name in quotes"]);
}

#[test]
fn several_errors_at_once() {
    bad(
        "sum(raet(x[5m])) + bar{a=} - foo(1,",
        &[
            "4..8 unknown function with name \"raet\" / did you mean `rate`?",
            "25..26 unexpected \"}\" in label matching, expected string",
            "29..32 unknown function with name \"foo\"",
            "35..35 unexpected end of input, expected an expression",
        ],
    );
}

#[test]
fn meaning_errors() {
    bad(
        "{}",
        &[
            "0..2 vector selector must contain at least one non-empty matcher / name a metric, or a label that has to be there, such as `{job=~\".+\"}`",
        ],
    );
    bad("x{__name__='y'}", &["2..14 metric name must not be set twice: \"x\" or \"y\""]);
    bad("x{__name__=~'y'}", &["2..15 metric name must not be set twice: \"x\" or \"y\""]);
    bad("x{'y'}", &["2..5 metric name must not be set twice: \"x\" or \"y\""]);
    bad("rate(x)", &["5..6 expected type range vector in call to function \"rate\", got instant vector / add a range, such as `[5m]`"]);
    bad(
        "abs(x[5m])",
        &[
            "4..9 expected type instant vector in call to function \"abs\", got range vector / reduce the range first, for example with `rate(…)` or `last_over_time(…)`",
        ],
    );
    bad("sum(1)", &["4..5 expected type instant vector in aggregation expression, got scalar / `vector(…)` makes a vector of a scalar"]);
    bad("topk('a', x)", &["5..8 expected type scalar in aggregation parameter, got string"]);
    bad("topk(x)", &["0..7 wrong number of arguments for aggregate expression provided, expected 2, got 1"]);
    bad("sum()", &["0..5 no arguments for aggregate expression provided"]);
    bad("abs()", &["0..5 expected 1 argument(s) in call to \"abs\", got 0"]);
    bad("round(x, 1, 2)", &["0..14 expected at most 2 argument(s) in call to \"round\", got 3"]);
    bad("label_join(x, 'a')", &["0..18 expected at least 3 argument(s) in call to \"label_join\", got 2"]);
    bad("1 > 2", &["2..3 comparisons between scalars must use BOOL modifier / write `> bool`"]);
    bad("1 and 2", &["2..5 set operator \"and\" not allowed in binary scalar expression"]);
    bad("a and 2", &["2..5 set operator \"and\" not allowed in binary scalar expression"]);
    bad("a + on (x) 1", &["2..3 vector matching only allowed between instant vectors"]);
    bad("a and on (x) group_left b", &["13..23 no grouping allowed for \"and\" operation"]);
    bad("a + on (x) group_left (x) b", &["23..24 label \"x\" must not occur in ON and GROUP clause at once"]);
    bad("a + bool b", &["4..8 bool modifier can only be used on comparison operators"]);
    bad("a + 'b'", &["4..7 binary expression must contain only scalar and instant vector types"]);
    bad("-'a'", &["0..4 unary expression only allowed on expressions of type scalar or instant vector, got \"string\""]);
    bad(
        "(a + b)[5m]",
        &["0..11 ranges only allowed for vector selectors / for a range over an expression write a subquery, such as `[5m:]`"],
    );
    bad("a offset 5m [5m]", &["0..16 no offset modifiers allowed before range"]);
    bad("a @ 5 [5m]", &["0..10 no @ modifiers allowed before range"]);
    bad("a offset 1m offset 2m", &["12..21 offset may not be set multiple times"]);
    bad("a @ 1 @ 2", &["6..9 @ <timestamp> may not be set multiple times"]);
    bad(
        "sum(a) offset 5m",
        &["7..16 offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"],
    );
    bad("1 @ 5", &["2..5 @ modifier must be preceded by an instant vector selector or range vector selector or a subquery"]);
    bad("a[5m][5m:]", &["0..5 subquery is only allowed on instant vector, got range vector instead"]);
    bad(
        "holt_winters(a[5m], 0.5, 0.5)",
        &["0..12 unknown function with name \"holt_winters\" / Prometheus 3 calls it `double_exponential_smoothing`"],
    );
    bad("info(a)", &["0..4 unknown function with name \"info\" / `info` is an experimental function that Phoenix does not have"]);
}

#[test]
fn nesting_has_a_limit() {
    let limit = format!("the expression nests too deeply: the limit is {MAX_DEPTH} levels, where each operator counts as one");
    for text in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        format!("a{}", " + a".repeat(100_000)),
        format!("a{}", " ^ a".repeat(100_000)),
        format!("a{}", "[5m:]".repeat(100_000)),
        "sum(".repeat(100_000),
        "a{x=".repeat(100_000),
    ] {
        let parsed = parse(&text);
        let beginning = &text[..10];
        assert!(!parsed.diagnostics.is_empty(), "{beginning}");
        if !text.starts_with("a{") {
            assert!(parsed.diagnostics.iter().any(|d| d.message == limit), "{beginning}: {}", parsed.diagnostics[0].message);
        }
    }
    // As deep as allowed is fine, in every stage.
    for text in [
        format!("{}1{}", "(".repeat(MAX_DEPTH - 1), ")".repeat(MAX_DEPTH - 1)),
        format!("a{}", " + a".repeat(MAX_DEPTH - 2)),
        format!("{}a{}", "abs(".repeat(MAX_DEPTH - 1), ")".repeat(MAX_DEPTH - 1)),
    ] {
        let expr = parse(&text).into_result().unwrap_or_else(|d| panic!("{}", d[0].message));
        let _ = phoenix_promql::format(&expr);
        let budget = phoenix_model::Budget::unlimited();
        let memory = script::memory::Memory::default();
        let options = phoenix_promql::EvalOptions::new(&text, &budget);
        phoenix_promql::eval_range(&expr, 0, 60_000, 1_000, &memory, &options).unwrap();
    }
}
