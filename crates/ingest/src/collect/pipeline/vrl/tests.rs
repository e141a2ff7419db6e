use super::functions::left_out;
use super::*;
use crate::collect::pipeline::tests::{NOW_NS, context, read, run_lines};
use crate::collect::pipeline::{Pipeline, PipelineMetrics, Trace};
use phoenix_model::{Labels, Source};
use proptest::prelude::*;

/// A stage with this program.
fn stage(program: &str) -> String {
    format!("- vrl:\n    source: |\n{}", program.lines().map(|line| format!("      {line}\n")).collect::<String>())
}

#[test]
fn an_entry_follows_what_a_program_leaves() {
    const CASES: &[(&str, &str, &[&str])] = &[
        // the line
        (".message = upcase!(.message)", "a b", &[r#"{job="j"} A B"#]),
        (".message = string!(.message) + \"!\"", "a", &[r#"{job="j"} a!"#]),
        (".message = {\"a\": [1, null, 2.5]}", "x", &[r#"{job="j"} {"a":[1,null,2.5]}"#]),
        (".message = 7", "x", &[r#"{job="j"} 7"#]),
        (".message = \"\"", "x", &[r#"{job="j"} "#]),
        ("del(.message)", "an entry has a line", &[r#"{job="j"} an entry has a line"#]),
        (".message = redact!(.message, filters: [r'\\d+'])", "card 1234", &[r#"{job="j"} card [REDACTED]"#]),
        // the time, of the entry and of the clock that the pipeline runs by
        (
            ".timestamp = parse_timestamp!(.message, \"%+\")",
            "2021-06-15T01:02:03.000000004+01:00",
            &[r#"[2021-06-15T00:02:03.000000004Z] {job="j"} 2021-06-15T01:02:03.000000004+01:00"#],
        ),
        (".timestamp = from_unix_timestamp!(-1)", "x", &[r#"[1969-12-31T23:59:59Z] {job="j"} x"#]),
        (".message = [now() == .timestamp, format_timestamp!(now(), \"%F\")]", "x", &[r#"{job="j"} [true,"2021-06-15"]"#]),
        ("del(.timestamp)", "x", &[r#"{job="j"} x"#]),
        // labels
        (".labels.app = \"a\"\n.labels.n = 5\ndel(.labels.job)", "x", &[r#"{app="a",n="5"} x"#]),
        (".labels.job = null", "x", &["{} x"]),
        (".labels = {}", "x", &["{} x"]),
        ("del(.labels)", "an entry has labels", &[r#"{job="j"} an entry has labels"#]),
        // metadata
        (".structured_metadata.trace = .message\n.structured_metadata.none = null", "0af7", &[r#"{job="j"} {trace="0af7"} 0af7"#]),
        // An object in the place of the event: its fields are extracted, the line is its message or stays.
        (". = parse_json!(.message)", r#"{"message":"m","level":"warn"}"#, &[r#"{job="j"} m"#]),
        (". = parse_json!(.message)", r#"{"level":"warn"}"#, &[r#"{job="j"} {"level":"warn"}"#]),
        // branches, errors that the program handles, closures
        (
            "parsed, err = parse_json(.message)\nif err == null { .labels.level = parsed.level } else { .labels.level = \"none\" }",
            "{\"level\":\"info\"}\n\"",
            &[r#"{job="j",level="info"} {"level":"info"}"#, r#"{job="j",level="none"} ""#],
        ),
        (".message = join!(map_values(split!(.message, \",\")) -> |value| { upcase(value) }, \"|\")", "a,b", &[r#"{job="j"} A|B"#]),
        // What can't be taken leaves the entry as it was, all of it.
        (".labels.a = \"b\"\n.timestamp = 5", "x", &[r#"{job="j"} x"#]),
        (".labels.a = \"b\"\n.labels.\"a-b\" = \"c\"", "x", &[r#"{job="j"} x"#]),
        (".labels = [1]", "x", &[r#"{job="j"} x"#]),
        (". = parse_json!(.message)", "5\n[]", &[r#"{job="j"} 5"#, r#"{job="j"} []"#]),
        (".labels.a = \"b\"\n.message = parse_json!(.message)", "no json", &[r#"{job="j"} no json"#]),
        (".labels.a = \"b\"\nabort", "x", &[r#"{job="j"} x"#]),
        (".labels.a = \"b\"\nreturn {\"message\": \"m\"}", "x", &[r#"{a="b",job="j"} x"#]),
    ];
    for (program, lines, want) in CASES {
        assert_eq!(run_lines(&stage(program), lines), *want, "\n{program}\n{lines}");
    }
}

#[test]
fn programs_work_with_the_stages_around_them() {
    const CASES: &[(&str, &str, &[&str])] = &[
        // What stages extracted keeps its type.
        (
            "- json: {expressions: {n: , f: , b: , o: , none: }}\n- vrl: {source: '.message = [.extracted.n + 1 ?? 0, .extracted.f, .extracted.b, .extracted.o, .extracted.none]'}",
            r#"{"n":1,"f":0.5,"b":true,"o":{"a":1}}"#,
            &[r#"{job="j"} [2,0.5,true,"{\"a\":1}",null]"#],
        ),
        // What a program extracts is there for stages behind it.
        (
            "- vrl: {source: '.extracted.a = 1.5; .b = true; .c = {\"d\": 1}; .extracted.b = \"beneath\"'}\n- labels: {a: , b: , c: }",
            "x",
            &[r#"{a="1.5",b="true",c="{\"d\":1}",job="j"} x"#],
        ),
        (
            "- json: {expressions: {a: }}\n- vrl: {source: 'del(.extracted.a)'}\n- labels: {a: }",
            r#"{"a":"b"}"#,
            &[r#"{job="j"} {"a":"b"}"#],
        ),
        ("- static_labels: {a: b}\n- structured_metadata: {a: }\n- vrl: {source: 'del(.structured_metadata)'}", "x", &[r#"{job="j"} x"#]),
        // dropping
        ("- vrl: {source: 'if starts_with!(.message, \"a\") { abort }', drop_on_abort: true}", "ab\nb", &[r#"{job="j"} b"#]),
        ("- vrl: {source: '.message = parse_json!(.message)', drop_on_error: true}", "ab\n5", &[r#"{job="j"} 5"#]),
        ("- vrl: {source: '.message = parse_json!(.message)', drop_on_abort: true}", "ab\n5", &[r#"{job="j"} ab"#, r#"{job="j"} 5"#]),
        // a zone of times without one
        (
            "- vrl: {source: '.timestamp = parse_timestamp!(.message, \"%F %T\")', timezone: Europe/Berlin}",
            "2021-06-15 02:00:01",
            &[r#"[2021-06-15T00:00:01Z] {job="j"} 2021-06-15 02:00:01"#],
        ),
        (
            "- match:\n    selector: '{job=\"j\"} |= \"a\"'\n    stages:\n    - vrl: {source: '.message = \"matched\"'}",
            "a\nb",
            &[r#"{job="j"} matched"#, r#"{job="j"} b"#],
        ),
    ];
    for (yaml, lines, want) in CASES {
        assert_eq!(run_lines(yaml, lines), *want, "\n{yaml}\n{lines}");
    }
}

#[test]
fn mistakes_are_drawn_where_they_stand_in_the_program() {
    let drawn: Vec<String> = [
        "- vrl:\n    source: |\n      .a = 1\n      .message = upcase(.message)\n",
        "- vrl:\n    source: |-\n      if .a == 1 {\n        .b = nosuch(.a)\n      }\n",
        "- vrl: {source: '. = http_request!(\"http://localhost\")'}",
        "- vrl:\n    source: .a = = 1\n",
        "- vrl:\n    source: |\n      # two lines\n      .a = parse_json!(\n",
        "- vrl: {source: '.message = undefined_variable'}",
        "- vrl: {source: '%now = 1'}",
        "- vrl: {source: '.a, err = 5'}",
        "- vrl: {source: ' '}",
        "- vrl: {}",
        "- vrl: {source: '.a = 1', timezone: Mars}",
        "- vrl: {source: '.a = 1', timezone: local}",
        "- vrl: {source: '.a = 1', drop_on_abort: maybe}",
        "- vrl: {sorce: '.a = 1'}",
    ]
    .iter()
    .map(|yaml| {
        let found = phoenix_yaml::from_str::<Pipeline>(&Source::new("promtail.yaml", *yaml)).expect_err(yaml);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })
    .collect();
    insta::assert_snapshot!(drawn.join("\n\n"));
    let long = read(&format!("- vrl: {{source: '{}'}}", " ".repeat(SOURCE_LIMIT_BYTES) + ".a = 1")).expect_err("too long");
    assert!(long.contains("the limit is 32768"), "{long}");
}

#[test]
fn what_a_program_does_is_told_and_counted() {
    let mut pipeline = read(&stage(
        "if .message == \"abort\" { abort \"not wanted\" }\n.labels.level = parse_json!(.message).level\n.structured_metadata.at = 1\n.seen = true",
    ))
    .unwrap();
    let mut registry = prometheus_client::registry::Registry::default();
    let metrics = PipelineMetrics::new(&mut registry);
    let mut trace = Trace::default();
    let mut out = Vec::new();
    for line in ["{\"level\":\"info\"}", "x", "{\"level\":\"a\"} ", "abort"] {
        let mut context = Context { trace: Some(&mut trace), ..context(&metrics) };
        pipeline.process(Entry::new(NOW_NS, line, Labels::empty(), 0), &mut context, &mut out);
    }
    let steps: Vec<String> =
        trace.take().iter().map(|s| format!("{} {} [{}] [{}]", s.stage, s.outcome, s.changes.join(", "), s.notes.join(", "))).collect();
    insta::assert_snapshot!(steps.join("\n"));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(text.contains("phoenix_logs_pipeline_errors_total{stage=\"vrl\"} 1\n"), "{text}");
}

#[test]
fn a_program_has_a_limit_of_steps() {
    let program = "n = 0\nfor_each(range!(0, 2000)) -> |_i, _v| { for_each(range!(0, 2000)) -> |_j, _w| { n = n + 1 } }\n.message = n";
    assert_eq!(run_lines(&stage(program), "x"), [r#"{job="j"} x"#]);
    let program = program.replace("2000", "20");
    assert_eq!(run_lines(&stage(&program), "x"), [r#"{job="j"} 400"#]);
}

/// Programs are run and taken down by recursion; the deepest that the limit lets through must fit onto the stack.
#[test]
fn deep_programs_end_no_thread() {
    let levels = nesting::LEVELS_LIMIT - 4;
    let brackets = nesting::BRACKETS_LIMIT;
    let times = |n: usize, before: &str, middle: &str, after: &str| format!("{}{middle}{}", before.repeat(n), after.repeat(n));
    for program in [
        format!(".a = {}", times(brackets, "(", "1", ")")),
        format!(".a = {}", times(brackets, "[", "1", "]")),
        format!(".a = {}", times(brackets, "{\"a\":", "1", "}")),
        times(brackets, "if true {", "1", "}"),
        format!(".a = {}", times(brackets, "string!(", ".message", ")")),
        times(brackets / 2, "for_each([1]) -> |_i, v| {", ".a = v", "}"),
        format!(".a = {}", times(levels, "!", "true", "")),
        format!(".a = {}", times(levels, "1+", "1", "")),
        format!(".a = {}", times(levels / 3, ".b || ", "true", "")),
        times(levels / 2, ".a=", "1", ""),
        times(levels, "b=", "1", ""),
        format!("if .a == 1 {{ .b = 1 }}{}", " else if .a == 2 { .b = 1 }".repeat(levels / 3)),
        format!(".a = .{}", "a.".repeat(levels - 1) + "a"),
        format!(".{} = 1", "a.".repeat(levels - 2) + "a"),
    ] {
        // As much as an async runtime's threads have.
        let ran = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let metrics = PipelineMetrics::unregistered();
            let stage = compile(&program).unwrap_or_else(|e| panic!("{program}: {e}"));
            let flow = stage.apply(Entry::new(NOW_NS, "x", Labels::empty(), 0), &mut context(&metrics));
            assert!(matches!(flow, Flow::Pass(_)));
        });
        assert!(ran.expect("a thread starts").join().is_ok());
    }
    let deeper = compile(&"(".repeat(nesting::BRACKETS_LIMIT + 1)).expect_err("too deep").to_string();
    assert!(deeper.contains("nests too deep here"), "{deeper}");
}

#[test]
fn what_reaches_out_is_left_out() {
    let there: Vec<&str> = functions::all().iter().map(|f| f.identifier()).collect();
    for name in ["get_env_var", "get_hostname", "dns_lookup", "reverse_dns", "http_request", "parse_groks", "decode_gzip", "log"] {
        assert!(!there.contains(&name) && left_out(name).is_some(), "{name}");
    }
    assert_eq!(there.iter().filter(|name| **name == "now").count(), 1);
    for name in ["parse_json", "parse_syslog", "parse_grok", "parse_regex", "del", "merge", "sieve", "now"] {
        assert!(there.contains(&name) && left_out(name).is_none(), "{name}");
    }
}

/// Programs run on threads with little stack, and whoever writes a log must not end them: every function that
/// takes a text gets texts that nest as deep as they can.
#[test]
fn deep_lines_end_no_thread() {
    let opened = |open: &str| open.repeat(12_000 / open.len());
    let lines = ["[", "{\"a\":", "{a:", "- ", "<a>", "a.", "a=\"", "{\"a\"=>", "(", "\\", "%25", "\u{1b}["].map(opened);
    let mut tried = 0;
    for function in functions::all() {
        let Ok(stage) = compile(&format!(".message = {}!(.message)", function.identifier())) else { continue };
        tried += 1;
        let lines = lines.clone();
        let ran = std::thread::Builder::new().stack_size(512 << 10).spawn(move || {
            let metrics = PipelineMetrics::unregistered();
            for line in lines {
                let flow = stage.apply(Entry::new(NOW_NS, line, Labels::empty(), 0), &mut context(&metrics));
                assert!(matches!(flow, Flow::Pass(_)));
            }
        });
        assert!(ran.expect("a thread starts").join().is_ok(), "{}", function.identifier());
    }
    assert!(tried > 80, "{tried} functions take a text alone");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any line goes through a program of many functions, and none is lost.
    #[test]
    fn arbitrary_lines_never_panic(lines in prop::collection::vec(".{0,80}|[\\[\\]{}\":, a-z0-9=<>/-]{0,80}", 0..10)) {
        let lines: Vec<String> = lines.into_iter().map(|line| line.replace(['\n', '\r'], " ")).collect();
        let program = [
            "parse_json", "parse_xml", "parse_yaml", "parse_key_value", "parse_logfmt", "parse_csv", "parse_query_string", "parse_url", "parse_syslog",
            "parse_cef", "parse_common_log", "parse_linux_authorization", "parse_klog", "parse_glog", "parse_user_agent",
            "decode_base64", "decode_percent", "decode_punycode", "to_int", "to_float", "upcase", "snakecase", "length", "split_path",
        ].map(|function| format!(".extracted.{function}, _ = {function}(.message)")).join("\n");
        let out = run_lines(&stage(&program), &lines.join("\n"));
        prop_assert_eq!(out.len(), lines.join("\n").lines().count());
    }

    /// Any text is a program or refused with a place within it.
    #[test]
    fn arbitrary_programs_never_panic(source in "([.%]?[a-z]{1,4}|[(){}\\[\\]=!?|&+*/<>,;:\"' \n-]|->|\\?\\?|[0-9]|r'|s'|t'|é){0,40}") {
        if let Err(error) = compile(&source) {
            prop_assert!(!error.message().is_empty());
        }
    }
}

fn compile(source: &str) -> Result<Vrl, KeyError> {
    Vrl::try_from(RawVrl { source: source.to_owned(), timezone: None, drop_on_abort: false, drop_on_error: false })
}
