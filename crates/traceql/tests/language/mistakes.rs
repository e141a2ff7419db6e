//! What is said of queries that can't be read, or that make no sense.

use super::TraceQl;
use phoenix_query::testing::said;
use phoenix_traceql::{parse, tempo_message};

/// Compares what is said of the queries, one a line, with what was said before.
fn check(name: &str, texts: &str) {
    let all = texts.lines().map(|text| said::<TraceQl>(text.trim())).collect::<Vec<_>>().join("\n");
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, all);
    });
}

#[test]
fn in_the_grammar() {
    check("in_the_grammar", include_str!("../queries/bad_grammar.txt"));
}

#[test]
fn in_types() {
    check("in_types", include_str!("../queries/bad_types.txt"));
}

#[test]
fn in_metrics() {
    check("in_metrics", include_str!("../queries/bad_metrics.txt"));
}

#[test]
fn mistakes_are_drawn() {
    let drawn: Vec<String> = parse("{ resorce.a = 1 &&\n  .b = } | conut() > 1").diagnostics.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(drawn.join("\n"), @r#"
    query:1:3: error: syntax error: unexpected IDENTIFIER
     1 | { resorce.a = 1 &&
       |   ^^^^^^^
      help: did you mean `resource.a`?
    query:2:8: error: syntax error: unexpected }
     2 |   .b = } | conut() > 1
       |        ^
    query:2:12: error: syntax error: unexpected IDENTIFIER
     2 |   .b = } | conut() > 1
       |            ^^^^^
      help: did you mean `count`?
    "#);
}

/// What works and is likely not meant is a warning.
#[test]
fn order_of_conditions_is_warned_of() {
    let warned = |text: &str| {
        let parsed = parse(text);
        let said: Vec<String> = parsed.diagnostics.iter().map(|d| format!("{}: {}", d.severity, &text[d.span.start..d.span.end])).collect();
        assert!(parsed.into_result().is_ok(), "{text}");
        said
    };
    assert_eq!(warned("{ .a || .b && .c }"), ["warning: .a || .b && .c"]);
    assert_eq!(warned("{ .a } || { .b } && { .c } && { .d || .e && .f }"), ["warning: { .a } || { .b } && { .c }"]);
    for text in ["{ .a && .b || .c }", "{ (.a || .b) && .c }", "{ .a || (.b && .c) }", "{ .a } && { .b } || { .c }"] {
        assert!(warned(text).is_empty(), "{text}");
    }
}

/// One line, as clients of Tempo show it.
#[test]
fn in_tempos_words() {
    for (text, want) in [
        ("", "parse error at line 1, col 1: syntax error: unexpected $end"),
        ("{ .a = 1", "parse error at line 1, col 9: syntax error: unexpected $end"),
        ("{ .a = }", "parse error at line 1, col 8: syntax error: unexpected }"),
        ("{ .a\n  = ä }", "parse error at line 2, col 5: syntax error: unexpected IDENTIFIER"),
        ("{ 1 } | rat", "parse error at line 1, col 9: syntax error: unexpected IDENTIFIER"),
        ("{ 1 }", "span filter field expressions must resolve to a boolean: { 1 }"),
        ("{ \"a\" = 1 }", "binary operations must operate on the same type: \"a\" = 1"),
        ("{ } | sum(name) > 1", "aggregate field expressions must resolve to a number type: sum(name)"),
        ("{ .a =~ \"(\" }", "invalid regex: \"(\": unclosed group"),
    ] {
        assert_eq!(tempo_message(&parse(text).diagnostics, text), want, "{text}");
    }
}
