//! Queries that are read, with their canonical form.

use phoenix_model::traces::Scope;
use phoenix_traceql::ast::{AttributeName, Body, FieldExpr, FieldKind, SpansetExpr, SpansetKind, StageKind};
use phoenix_traceql::{MAX_QUERY_BYTES, Query, parse};

fn read(text: &str) -> Query {
    parse(text).into_result().unwrap_or_else(|found| panic!("{text}\n{}", found.iter().map(ToString::to_string).collect::<String>()))
}

/// Blocks of a query, whose lines begin at the margin or stand in braces, and its form, indented.
#[test]
fn canonical_forms() {
    let mut query = String::new();
    let mut count = 0;
    for line in include_str!("../queries/good.txt").lines() {
        let open = query.matches('{').count() > query.matches('}').count();
        if !open && (line.is_empty() || line.starts_with('#')) {
            continue;
        }
        match line.strip_prefix("  ") {
            Some(form) if !open => {
                let query = std::mem::take(&mut query);
                let query = query.trim_end();
                let want = if form == "=" { query } else { form };
                assert_eq!(read(query).to_string(), want, "{query}");
                assert_eq!(read(want).to_string(), want, "{query}");
                count += 1;
            }
            _ => query = query + line + "\n",
        }
    }
    assert!(count > 50, "only {count} queries were found");
}

/// An expression with parentheses around each operator.
fn shape(field: &FieldExpr) -> String {
    match &field.kind {
        FieldKind::Binary(op, lhs, rhs) => format!("({} {op} {})", shape(lhs), shape(rhs)),
        FieldKind::Not(inner) => format!("(!{})", shape(inner)),
        FieldKind::Negative(inner) => format!("(-{})", shape(inner)),
        FieldKind::Paren(inner) => format!("[{}]", shape(inner)),
        _ => field.to_string(),
    }
}

fn first_set(query: &Query) -> &SpansetExpr {
    match &query.body {
        Body::Search(pipeline) => match &pipeline.stages[0].kind {
            StageKind::Spanset(spans) => spans,
            other => panic!("{other:?}"),
        },
        Body::Metrics(metrics) => panic!("{metrics}"),
    }
}

#[test]
fn operators_of_fields_bind_as_in_tempo() {
    for (text, want) in [
        (".a = 1 || .b = 2 && .c = 3", "(((.a = 1) || (.b = 2)) && (.c = 3))"),
        (".a = 1 && .b = 2 || .c = 3", "(((.a = 1) && (.b = 2)) || (.c = 3))"),
        (".a + 1 = .b * 2 - 3", "((.a + 1) = ((.b * 2) - 3))"),
        (".a = .b = true", "((.a = .b) = true)"),
        (".a - 1 - 2 > 0", "(((.a - 1) - 2) > 0)"),
        ("2 ^ 3 ^ .a > 0", "((2 ^ (3 ^ .a)) > 0)"),
        ("-.a * .b > 0", "((-(.a * .b)) > 0)"),
        ("-.a + .b > 0", "(((-.a) + .b) > 0)"),
        ("-1 ^ 2 = .a", "((-(1 ^ 2)) = .a)"),
        (".a ^ -1 = .b", "((.a ^ -1) = .b)"),
        ("!.a = .b", "((!.a) = .b)"),
        ("!.a && .b", "((!.a) && .b)"),
        ("!(.a && .b) || .c", "((![(.a && .b)]) || .c)"),
    ] {
        let query = read(&format!("{{ {text} }}"));
        let SpansetKind::Filter(Some(condition)) = &first_set(&query).kind else { panic!("{text}") };
        assert_eq!(shape(condition), want, "{text}");
    }
}

#[test]
fn operators_of_sets_bind_as_in_tempo() {
    fn shape(spans: &SpansetExpr) -> String {
        match &spans.kind {
            SpansetKind::Binary(op, lhs, rhs) => format!("({} {op} {})", shape(lhs), shape(rhs)),
            SpansetKind::Filter(condition) => condition.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string),
            _ => spans.to_string(),
        }
    }
    for (text, want) in [
        ("{.a} && {.b} >> {.c}", "(.a && (.b >> .c))"),
        ("{.a} >> {.b} && {.c}", "((.a >> .b) && .c)"),
        ("{.a} || {.b} && {.c} || {.d}", "(((.a || .b) && .c) || .d)"),
        ("{.a} > {.b} !~ {.c} &<< {.d}", "(((.a > .b) !~ .c) &<< .d)"),
        ("{.a} > ({.b} > {.c})", "(.a > ({ .b } > { .c }))"),
    ] {
        assert_eq!(shape(first_set(&read(text))), want, "{text}");
    }
}

#[test]
fn keys_stand_in_the_tree_without_quotes() {
    for (text, of_parent, scope, key) in [
        ("{ .a }", false, None, "a"),
        ("{ span.\"a b\".c }", false, Some(Scope::Span), "a b.c"),
        ("{ parent.a.b }", true, None, "a.b"),
        ("{ parent.resource.\"x\\\\\" }", true, Some(Scope::Resource), "x\\"),
        ("{ parent.event.x }", true, None, "event.x"),
        ("{ instrumentation.x-y }", false, Some(Scope::Instrumentation), "x-y"),
    ] {
        assert_eq!(read(text).attributes(), [&AttributeName { of_parent, scope, key: key.into() }], "{text}");
    }
}

#[test]
fn nodes_know_their_place() {
    let text = "  { .a = 1 } >> ({ .bc } | count() > 2) | by( .d )  with (x=1)";
    let query = read(text);
    let mut seen = Vec::new();
    query.visit(&mut |part| {
        let span = match part {
            phoenix_traceql::analysis::Part::Spans(spans) => spans.span,
            phoenix_traceql::analysis::Part::Field(field) => field.span,
            phoenix_traceql::analysis::Part::Metrics(metrics) => metrics.span,
        };
        seen.push(&text[span.start..span.end]);
    });
    let sets = ["{ .a = 1 } >> ({ .bc } | count() > 2)", "{ .a = 1 }", ".a = 1", ".a", "1", "({ .bc } | count() > 2)", "{ .bc }", ".bc"];
    assert_eq!(seen, [&sets[..], &[".d"]].concat());
    let Body::Search(pipeline) = &query.body else { panic!("{query}") };
    assert_eq!(&text[pipeline.stages[1].span.start..pipeline.stages[1].span.end], "by( .d )");
    assert_eq!(&text[query.hints[0].span.start..query.hints[0].span.end], "x=1");
    assert_eq!(&text[query.span.start..query.span.end], text.trim());
}

#[test]
fn limits_are_named() {
    let deep = format!("{}{{ }}{}", "(".repeat(200), ")".repeat(200));
    let sets = vec!["{ }"; 200].join(" && ");
    let numbers = format!("{} > 1", vec!["count()"; 200].join(" + "));
    let conditions = format!("{{ {}.a{} }}", "(".repeat(200), ")".repeat(200));
    let signs = format!("{{ {}.a }}", "! ".repeat(200));
    let powers = format!("{{ {} > 1 }}", vec![".a"; 200].join(" ^ "));
    let filters = format!("{{ }} | rate() {}", "| > 1 ".repeat(200));
    for text in [deep, sets, numbers, conditions, signs, powers, filters] {
        let said = parse(&text).diagnostics;
        assert_eq!(
            said.first().map(|d| d.message.as_str()),
            Some("the query nests too deeply: the limit is 128 levels, where each operator counts as one"),
            "{text}"
        );
    }
    let long = |count| format!("{{ {} }}", vec![".a"; count].join(" || "));
    assert!(parse(&long(501)).into_result().is_ok());
    assert_eq!(parse(&long(502)).diagnostics[0].message, "the condition is too long: the limit is 500 operators");
    // Both limits together.
    let both = format!("{}{}{}", "({ } && ".repeat(25), long(501), ")".repeat(25));
    assert!(parse(&both).into_result().is_ok());
    let regexes = |count| format!("{{ {} }}", vec![".a =~ \"b\""; count].join(" && "));
    assert!(parse(&regexes(120)).into_result().is_ok());
    let many = [regexes(120), regexes(120), regexes(17)].join(" && ");
    assert_eq!(parse(&many).diagnostics[0].message, "the query has too many regular expressions: the limit is 256");
    for (text, want) in [
        (format!("{{ }} | select({})", vec![".a"; 101].join(",")), "select(…) has too many items: the limit is 100"),
        (format!("{{ }} | rate() by ({})", vec![".a"; 21].join(",")), "by(…) has too many items: the limit is 20"),
        (format!("{{ }} | quantile_over_time(.a{})", ", 0.5".repeat(101)), "quantile_over_time(…) has too many items: the limit is 100"),
        (format!("{{ }} with ({})", vec!["a=1"; 101].join(",")), "with(…) has too many items: the limit is 100"),
    ] {
        assert_eq!(parse(&text).diagnostics[0].message, want, "{text}");
    }
    // No chain makes reading recurse, and however much is wrong, only the first of it is said.
    for (first, again) in
        [("", "("), ("{", "("), ("{", "-"), ("{", "!"), ("{}", " | by("), ("", "-"), ("", "{"), ("{}|rate()", " > 1"), ("{}", "|{}")]
    {
        let said = parse(&format!("{first}{}", again.repeat(10_000))).diagnostics;
        assert!(again == "|{}" || !said.is_empty() && said.len() <= 20, "{again}");
    }
    assert_eq!(parse(&"{ 5 5 } | ".repeat(9_000)).diagnostics.len(), 20);
    assert!(parse("{ .a =~ \"(a{1000}){1000}\" }").into_result().is_err());
    let large = format!("{{ .a = \"{}\" }}", "x".repeat(MAX_QUERY_BYTES));
    assert_eq!(parse(&large).diagnostics[0].message, format!("input size too long ({} > 131072)", large.len()));
}
