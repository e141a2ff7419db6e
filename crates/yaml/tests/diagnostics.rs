//! What is said about files that are wrong, and what is taken as right.

use phoenix_model::Source;
use phoenix_yaml::{Bytes, Duration, Inline, KeyError, Regex, Spanned, Url, from_str, known_keys, mask, read, redact, span_of};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    global: Global,
    jobs: Vec<Inline<Job, Auth>>,
    port: u16,
    ratio: f64,
    enabled: bool,
    mode: Option<Mode>,
    labels: BTreeMap<String, String>,
    size: Bytes,
    url: Option<Url>,
    rules: Vec<Rule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Global {
    scrape_interval: Option<Spanned<Duration>>,
    scrape_timeout: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    name: Spanned<String>,
    #[serde(default)]
    targets: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    user: String,
    password: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    regex: Option<Regex>,
    #[serde(default)]
    action: String,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "RawRule")]
struct Rule {
    regex: Option<Regex>,
}

impl TryFrom<RawRule> for Rule {
    type Error = KeyError;

    fn try_from(raw: RawRule) -> Result<Self, KeyError> {
        match &*raw.action {
            "keep" => Ok(Self { regex: raw.regex }),
            other => Err(KeyError::at("action", format!("unknown action `{other}`")).with_help("one of keep")),
        }
    }
}

#[derive(Debug, Deserialize)]
struct RawProgram {
    source: String,
}

/// Refuses the first `!!` of its text.
#[derive(Debug, Deserialize)]
#[serde(try_from = "RawProgram")]
struct Program {}

impl TryFrom<RawProgram> for Program {
    type Error = KeyError;

    fn try_from(raw: RawProgram) -> Result<Self, KeyError> {
        match raw.source.find("!!") {
            Some(at) => Err(KeyError::within("source", at..at + 2, "no cries").with_help("calm down")),
            None => Ok(Self {}),
        }
    }
}

fn said(text: &str) -> String {
    match from_str::<Config>(&Source::new("a.yaml", text)) {
        Ok(config) => panic!("was taken as right: {config:?}"),
        Err(diagnostics) => diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn taken(text: &str) -> Config {
    from_str(&Source::new("a.yaml", text)).unwrap_or_else(|d| panic!("{text}\n{}", d[0]))
}

#[test]
fn several_mistakes_in_one_pass() {
    insta::assert_snapshot!(said(
        "global:\n  scrape_intervall: 15s\n  scrape_timeout: 15\nport: 70000\njobs:\n  - targets: a\n    name: x\n  - targets: [b]\n  - name: y\n    pasword: z\n"
    ));
}

#[test]
fn wrong_types() {
    for (text, want) in [
        ("jobs: text\n", "1:7 expected a list, found text"),
        ("jobs: {a: 1}\n", "1:8 expected a list, found a mapping"),
        ("global: [a]\n", "1:9 expected a mapping, found a list"),
        ("global: 5\n", "1:9 expected a mapping, found a number"),
        ("port: text\n", "1:7 expected a whole number from 0 to 65535, found text"),
        ("port: -1\n", "1:7 expected a whole number from 0 to 65535, found `-1`"),
        ("port: 1.5\n", "1:7 expected a whole number from 0 to 65535, found `1.5`"),
        ("ratio: abc\n", "1:8 expected a number, found text"),
        ("enabled: \"true\"\n", "1:10 expected `true` or `false`, found text"),
        ("enabled: 1\n", "1:10 expected `true` or `false`, found a number"),
        ("labels: {a: [b]}\n", "1:13 expected text, found a list"),
        ("labels:\n- a\n", "2:1 expected a mapping, found a list"),
        ("mode: fsat\n", "1:7 unknown value `fsat`"),
        ("size: 10\n", "1:7 `10` is not a size in bytes"),
        ("url: localhost:80\n", "1:6 this is not a URL: its scheme is `localhost`, not `http` or `https`"),
        ("url: /a\n", "1:6 this is not a URL: it does not begin with `http://` or `https://`"),
        ("global: {scrape_timeout: 5x}\n", "1:26 `5x` is not a duration: unknown unit `x`; one of y, w, d, h, m, s, ms"),
        ("jobs:\n- targets: []\n", "2:3 the key `name` is missing"),
        ("jobs:\n-\n", "1:1 the key `name` is missing"),
        ("rules: [{action: drop}]\n", "1:18 unknown action `drop`"),
        ("rules: [{action: keep, regex: '('}]\n", "1:31 `(` is not a regular expression: unclosed group"),
        ("- a\n", "1:1 expected a mapping, found a list"),
        ("text\n", "1:1 expected a mapping, found text"),
        ("labels: {a: 1, a: 2}\n", "1:16 the key `a` comes twice in this mapping"),
        ("? [a]\n: b\n", "1:3 expected text as a key, found a list"),
    ] {
        let diagnostics = from_str::<Config>(&Source::new("a", text)).expect_err(text);
        let (line, column) = diagnostics[0].position().unwrap();
        assert_eq!(format!("{line}:{column} {}", diagnostics[0].message), want, "{text}");
        assert_eq!(diagnostics.len(), 1, "{text}: {diagnostics:?}");
    }
}

#[test]
fn reads_as_prometheus_does() {
    assert!(taken("").jobs.is_empty());
    assert!(taken("# nothing\n").jobs.is_empty());
    assert!(taken("---\njobs:\nglobal:\nlabels:\nport:\nmode: ~\n").jobs.is_empty());
    assert!(taken("enabled: yes").enabled);
    assert!(taken("enabled: on").enabled);
    assert!(!taken("enabled: off").enabled);
    assert_eq!(taken("port: 0777").port, 511);
    assert_eq!(taken("ratio: 1").ratio, 1.0);
    assert_eq!(taken("size: 1KB").size.get(), 1024);
    assert_eq!(taken("size: 1.5GiB").size.get(), 3 << 29);
    let labels = taken("labels: {a: yes, b: 0755, c: 16:9, d: 1.0, e: , f: '~', g: null, true: x}").labels;
    let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(labels, ["a=yes", "b=0755", "c=16:9", "d=1.0", "e=", "f=~", "g=", "true=x"]);
    let job = &taken("base: &b {user: u, password: 123}\njobs: [{<<: *b, name: n}]".replace("base", "labels").as_str()).jobs[0];
    assert_eq!((&*job.own.name.value, &*job.inlined.user, &*job.inlined.password), ("n", "u", "123"));
}

#[test]
fn values_arrive() {
    let config = taken("jobs: [{name: a, targets: [x:1, 2]}]\nrules: [{action: keep, regex: 'a|b'}]\nmode: slow\nurl: http://a\n");
    assert_eq!(config.jobs[0].own.targets, ["x:1", "2"]);
    assert!(config.rules[0].regex.as_ref().unwrap().is_match("b"));
    assert!(matches!(config.mode, Some(Mode::Slow)));
    assert_eq!(config.url.unwrap().host_str(), Some("a"));
}

#[test]
fn secrets_are_covered() {
    let text = "a: {password: 'x y', url: 'http://u:p@h/'}\nlist:\n  - token: [s1, s2]\n";
    let source = Source::new("a", text);
    let secret = |path: &str| path.ends_with("password") || path.ends_with("token");
    assert_eq!(redact(&source, secret), "a: {password: <secret>, url: 'http://u:<secret>@h/'}\nlist:\n  - token: [<secret>, <secret>]\n");
    assert_eq!(&*mask(&source, secret).text, "a: {password: *****, url: 'http://u:*@h/'}\nlist:\n  - token: [**, **]\n");
    let broken = Source::new("a", "a: [\n- password: x y\n");
    assert_eq!(&*mask(&broken, secret).text, "a: [\n- password: ***\n");
    assert!(!redact(&broken, secret).contains("x y"));
}

#[test]
fn positions_are_kept() {
    let source = Source::new("a", "global:\n  scrape_interval: 15s # c\n");
    let config: Config = from_str(&source).unwrap();
    let span = span_of(&config.global.scrape_interval.unwrap(), &source);
    assert_eq!(&source.text[span.start..span.end], "15s");
}

#[test]
fn bytes_of_a_text_are_pointed_at() {
    for (text, want) in [
        ("source: a !!\n", Some("!!")),
        ("source: 'ä !!'\n", Some("!!")),
        ("{source: \"a !! b\"}", Some("!!")),
        ("source: |\n  a\n    b !! c\n", Some("!!")),
        ("source: |-\n  a\n\n  !!", Some("!!")),
        ("source: |+ # a program\n     ä\n     ä !!\n\n", Some("!!")),
        ("source: |2\n    indented\n   !!\n", Some("!!")),
        ("source: |\n\n  a\n  !!\n", Some("!!")),
        ("source: |\r\n  a\r\n  !!\r\n", Some("!!")),
        // Where the text is another than what is written, the whole is marked.
        ("source: >\n  a\n  !!\n", Some("a\n  !!")),
        ("source: \"\\x41 !!\"\n", Some("\"\\x41 !!\"")),
        ("source: calm\n", None),
    ] {
        let found = from_str::<Program>(&Source::new("a.yaml", text)).err().map(|d| text[d[0].span.start..d[0].span.end].to_owned());
        assert_eq!(found.as_deref(), want, "{text}");
    }
}

#[test]
fn keys_of_a_type_are_known() {
    assert_eq!(known_keys::<Inline<Job, Auth>>(), ["name", "targets", "user", "password"]);
    assert_eq!(known_keys::<Option<Spanned<Rule>>>(), ["regex", "action"]);
}

#[test]
fn bad_syntax_is_pointed_at() {
    let files = [
        "global:\n\tscrape_interval: 15s\n",
        "sampling_rules:\n  - service: \"phoenix-api\"\n    sample_rate: 1.0  # 100%\n    \n  - service: \"*\"\n    error: true\n    \n  default_sample_rate: 0.1  # 10% default\n",
        "labels: {a: b\n",
        "labels:\n  a: \"b\n  c: d\n",
        "labels:\n  a: b: c\n",
        "labels:\n  a\n  b: c\n",
        "labels:\n  a: b\n c: d\n",
        "labels:\n  a: *nobody\n",
        "labels: [a, b\nport: 1\n",
        "labels: {a: @b}\n",
        "labels:\n  a: \"\\d+\"\n",
        "port: 1\n---\nport: 2\n",
    ];
    insta::assert_snapshot!(files.map(|file| format!("{file}=>\n{}\n", said(file))).join("\n"));
}

#[test]
fn bombs_are_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..9 {
        let ten = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(text, "a{i}: &a{i} [{ten}]").unwrap();
    }
    assert!(said(&text).contains("limit of 2000000 values"), "{}", said(&text));
    assert!(said(&"[".repeat(5000)).contains("limit"));
    assert!(said(&format!("labels: {}a{}", "[".repeat(128), "]".repeat(128))).contains("limit of 128 levels"));
    assert!(said("a: &a [*a]").contains("alias"));
}

const WHOLE: &str = "global: {scrape_interval: 15s}\njobs:\n  - name: 'a'\n    targets: [\"x:1\", y]\n    user: &u bob\n  - name: *u\nlabels:\n  k: |\n    text\n  l: >-\n    more\nrules:\n  - {action: keep, regex: (.+)}\n";

proptest! {
    #[test]
    fn mutations_never_panic(cuts in prop::collection::vec((0usize..300, 0usize..8, "[-\t\n :#&*\\[\\]{}'\"a0ä|>?,!%@]{0,4}"), 1..5)) {
        let mut text = WHOLE.to_owned();
        for (at, length, insert) in cuts {
            let floor = |mut i: usize| { i = i.min(text.len()); while !text.is_char_boundary(i) { i -= 1; } i };
            let (start, end) = (floor(at), floor(at + length));
            text.replace_range(start..end, &insert);
        }
        let source = Source::new("a", text);
        let (_, diagnostics) = read::<Config>(&source);
        for diagnostic in diagnostics {
            prop_assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= source.text.len());
            prop_assert!(source.text.is_char_boundary(diagnostic.span.start) && source.text.is_char_boundary(diagnostic.span.end));
            prop_assert!(!diagnostic.to_string().is_empty());
        }
    }
}
