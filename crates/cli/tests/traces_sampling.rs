//! Sampling through the whole program: the rules of the monitoring strategy on live traffic, reloads, and
//! files that are wrong.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::traces::{Made, configure, counted, found, metric, metrics, otlp, push, root, spans_of, text, trace};
use program::{Server, command, eventually, run, told};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_mins(1);

/// Section 6.2 of the strategy, with `default_sample_rate` beside the rules.
const RULES: &str = r#"sampling_rules:
  - service: "phoenix-api"
    endpoint: "/api/v1/experiments"
    method: "POST"
    sample_rate: 1.0
  - service: "phoenix-api"
    endpoint: "/health"
    sample_rate: 0.001
  - service: "*"
    error: true
    sample_rate: 1.0
default_sample_rate: 0.1
complete_wait: 1s
decision_wait: 4s
"#;

fn start(dir: &Path, rules: &str, config: &str) -> Server {
    std::fs::write(dir.join("sampling.yaml"), rules).unwrap();
    Server::start(dir, Some(&configure(dir, config)))
}

const SAMPLED: &str = "traces: {sampling: sampling.yaml, metrics_generator: {collection_interval: 1s}}\n";

/// Ids as random as those of SDKs, the same in each run (splitmix64).
fn ids(seed: u64) -> impl Iterator<Item = u128> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::repeat_with(move || u128::from(next()) << 64 | u128::from(next()))
}

/// OpenTelemetry's rule: the last 56 bits of the id against a threshold.
fn is_kept(id: u128, rate: f64) -> bool {
    const RANGE: f64 = (1_u64 << 56) as f64;
    (id as u64 & ((1 << 56) - 1)) as f64 >= ((1.0 - rate) * RANGE).round()
}

/// A request with its inner work.
fn asked(id: u128, method: &str, path: &str) -> Vec<Made> {
    let front = root(id, "phoenix-api", &format!("{method} {path}")).with("http.request.method", method).with("url.path", path);
    let inner = front.child(2, "phoenix-db", "SELECT");
    vec![front, inner]
}

fn all_decided(server: &Server) {
    eventually("all traces are decided", LIMIT, || metric(server, "phoenix_sampling_waiting_traces").filter(|n| *n < 0.5));
}

/// The sum over series of a counter whose labels contain all of these.
fn total(server: &Server, name: &str, parts: &[&str]) -> f64 {
    metrics(server, name).into_iter().filter(|(labels, _)| parts.iter().all(|part| labels.contains(part))).map(|(_, value)| value).sum()
}

#[test]
fn the_strategys_rules_keep_what_matters_and_rates_stay_true() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), RULES, SAMPLED);
    let mut fresh = ids(62);
    let mut take = |n: usize| fresh.by_ref().take(n).collect::<Vec<u128>>();
    let (plain, health, posts, failing, failing_below) = (take(4_000), take(3_000), take(20), take(5), take(5));
    let send = |spans: Vec<Made>| {
        for part in spans.chunks(1_000) {
            push(server.address, part);
        }
    };
    send(plain.iter().flat_map(|id| asked(*id, "GET", "/api/v1/experiments")).collect());
    send(health.iter().flat_map(|id| asked(*id, "GET", "/health")).collect());
    send(posts.iter().flat_map(|id| asked(*id, "POST", "/api/v1/experiments")).collect());
    let broken = |id: &u128, which: usize| {
        let mut spans = asked(*id, "GET", "/health");
        spans[which].error = true;
        spans
    };
    send(failing.iter().flat_map(|id| broken(id, 0)).collect());
    send(failing_below.iter().flat_map(|id| broken(id, 1)).collect());
    all_decided(&server);

    let kept: BTreeSet<u128> = found(&server, "{ }").into_iter().collect();
    let of = |ids: &[u128], rate: f64| ids.iter().copied().filter(|id| is_kept(*id, rate)).collect::<BTreeSet<_>>();
    let (of_plain, of_health) = (of(&plain, 0.1), of(&health, 0.001));
    let whole: BTreeSet<u128> = posts.iter().chain(&failing).chain(&failing_below).copied().collect();
    assert!((300..500).contains(&of_plain.len()) && of_health.len() < 15, "ids are spread: {} {}", of_plain.len(), of_health.len());
    assert_eq!(whole.difference(&kept).count(), 0, "posts and errors are kept");
    let want: BTreeSet<u128> = whole.iter().chain(&of_plain).chain(&of_health).copied().collect();
    assert_eq!(kept, want, "kept is what OpenTelemetry's rule keeps");

    // Traces are whole, and each span tells what it stands for.
    for (id, state) in [(posts[0], None), (failing[0], None), (*of_plain.first().unwrap(), Some("ot=th:e6666666666666"))] {
        let spans = spans_of(&trace(&server, id).unwrap(), "batches");
        assert_eq!(spans.len(), 2);
        for span in &spans {
            assert_eq!(span["traceState"].as_str(), state, "{span}");
        }
    }
    // Rates count what was dropped: within four standard deviations of what was sent.
    let near = |query: &str, sent: f64, rate: f64| {
        let told = counted(&server, query);
        let deviation = (sent * (1.0 - rate) / rate).sqrt();
        assert!((told - sent).abs() <= 4.0 * deviation, "{query}: {told}, sent {sent} ± {deviation}");
    };
    near("{ name = \"GET /api/v1/experiments\" } | count_over_time()", 4_000.0, 0.1);
    near("{ name = \"GET /health\" && status != error } | count_over_time()", 3_005.0, 0.001);
    assert_eq!(counted(&server, "{ name = \"POST /api/v1/experiments\" } | count_over_time()"), 20.0);
    assert_eq!(counted(&server, "{ status = error } | count_over_time()"), 10.0);
    assert_eq!(counted(&server, "{ nestedSetParent < 0 } | count_over_time() with (weighted=false)"), kept.len() as f64);
    let rate = counted(&server, "{ name = \"GET /api/v1/experiments\" } | rate()") * 3_600.0;
    assert!((rate - of_plain.len() as f64 * 10.0).abs() < 1.0, "{rate}");

    // Metrics of spans are made before anything is dropped.
    let calls = "traces_spanmetrics_calls_total{service=\"phoenix-api\",span_name=\"GET /health\",status_code=\"STATUS_CODE_UNSET\"}";
    eventually("calls are counted", LIMIT, || server.value(calls).filter(|value| (value - 3_005.0).abs() < 1e-9));

    // What became of traces is counted.
    let decided = |decision: &str| total(&server, "phoenix_sampling_traces_total", &[&format!("decision=\"{decision}\"")]);
    assert_eq!((decided("kept"), decided("dropped")), (kept.len() as f64, 7_030.0 - kept.len() as f64));
    assert_eq!(total(&server, "phoenix_sampling_traces_total", &["rule=\"default\"", "kept"]), of_plain.len() as f64);
    assert_eq!(metric(&server, "phoenix_sampling_seen_traces_total"), Some(7_030.0));
    assert_eq!(metric(&server, "phoenix_sampling_seen_spans_total"), Some(14_060.0));

    // Spans that come late follow.
    let (in_it, out_of_it) = (*of_plain.first().unwrap(), *plain.iter().find(|id| !kept.contains(id)).unwrap());
    for id in [in_it, out_of_it] {
        push(server.address, &[asked(id, "GET", "/api/v1/experiments")[0].child(9, "late", "late")]);
    }
    assert_eq!(found(&server, "{ resource.service.name = \"late\" }"), [in_it]);
    let late = spans_of(&trace(&server, in_it).unwrap(), "batches").into_iter().find(|span| span["name"] == "late").unwrap();
    assert_eq!(late["traceState"], "ot=th:e6666666666666", "it stands for as many as the others");
    assert_eq!(trace(&server, out_of_it), None);
    for decision in ["kept", "dropped"] {
        assert_eq!(total(&server, "phoenix_sampling_late_spans_total", &[decision]), 1.0, "{decision}");
    }
    // Also after a clean end and a new start they are what they were.
    let address = server.address;
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address);
    assert_eq!(found(&server, "{ }").into_iter().collect::<BTreeSet<_>>(), want);
}

#[test]
fn traces_that_wait_outlive_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "sampling_rules: []\ndefault_sample_rate: 1.0\ndecision_wait: 3s\ncomplete_wait: 3s\n", SAMPLED);
    let address = server.address;
    push(address, &asked(1, "GET", "/a"));
    assert_eq!(found(&server, "{ }"), Vec::<u128>::new(), "it waits");
    assert_eq!(metric(&server, "phoenix_sampling_waiting_traces"), Some(1.0));
    let again = || Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address);
    assert_eq!(server.stop().code(), Some(0));
    let server = again();
    push(address, &asked(2, "GET", "/b"));
    server.kill();
    let server = again();
    eventually("both are decided", LIMIT, || (found(&server, "{ }").len() == 2).then_some(()));
    assert_eq!(counted(&server, "{ } | count_over_time()"), 4.0);
}

#[test]
fn a_reload_turns_sampling_on_and_off() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "sampling_rules: []\ndefault_sample_rate: 0.0\ncomplete_wait: 1s\n", "");
    let reload = |config: &str| {
        configure(dir.path(), config);
        text(server.address, "/-/reload", &[], b"")
    };
    push(server.address, &asked(1, "GET", "/a"));
    assert_eq!(found(&server, "{ }"), [1], "without sampling a span is there when it is acknowledged");
    assert_eq!(reload(SAMPLED).0, 200);
    push(server.address, &asked(2, "GET", "/b"));
    assert_eq!(metric(&server, "phoenix_sampling_seen_traces_total"), Some(1.0));
    eventually("it is decided", LIMIT, || (total(&server, "phoenix_sampling_traces_total", &["dropped"]) > 0.5).then_some(()));
    assert_eq!(found(&server, "{ }"), [1]);
    // A file that is wrong changes nothing.
    std::fs::write(dir.path().join("sampling.yaml"), "sampling_rules:\n  - {service: a, sample_rate: 2}\n").unwrap();
    let (status, said) = reload(SAMPLED);
    assert_eq!(status, 500, "{said}");
    assert!(said.contains("sampling.yaml:2"), "{said}");
    push(server.address, &asked(3, "GET", "/c"));
    eventually("it is decided", LIMIT, || (total(&server, "phoenix_sampling_traces_total", &["dropped"]) > 1.5).then_some(()));
    // Another rate in the same file.
    std::fs::write(
        dir.path().join("sampling.yaml"),
        "sampling_rules: []\ndefault_sample_rate: 1.0\ndecision_wait: 1h\ncomplete_wait: 1h\n",
    )
    .unwrap();
    assert_eq!(reload(SAMPLED).0, 200);
    push(server.address, &asked(4, "GET", "/d"));
    assert_eq!(found(&server, "{ }"), [1], "it waits");
    // What waits when sampling ends is kept, and what comes is there at once.
    assert_eq!(reload("").0, 200);
    push(server.address, &asked(5, "GET", "/e"));
    assert!(found(&server, "{ }").contains(&5));
    eventually("what waited is kept", LIMIT, || {
        (found(&server, "{ }").into_iter().collect::<BTreeSet<_>>() == [1, 4, 5].into()).then_some(())
    });
}

/// The strategy's own text: `default_sample_rate` is indented like an item of the list, which is no YAML.
const VERBATIM: &str = r#"# Adaptive sampling based on traffic
sampling_rules:
  - service: "phoenix-api"
    endpoint: "/api/v1/experiments"
    method: "POST"
    sample_rate: 1.0  # 100% for experiment creation
    
  - service: "*"
    error: true
    sample_rate: 1.0  # 100% for errors
    
  default_sample_rate: 0.1  # 10% default
"#;

#[test]
fn files_that_are_wrong_are_refused_with_place_and_remedy() {
    let tests: [(&str, &str, &[&str]); 5] = [
        ("verbatim", VERBATIM, &["sampling.yaml:12", "default_sample_rate", "help:"]),
        ("a rate beyond 1", "sampling_rules:\n  - {service: a, sample_rate: 10}\n", &["sampling.yaml:2", "sample_rate"]),
        ("a key that nobody knows", "sampling_rules:\n  - {service: a, sample_rat: 1}\n", &["sampling.yaml:2", "sample_rat"]),
        ("another format", "rules: []\n", &["sampling.yaml:1", "sampling_rules"]),
        ("a policy that nobody knows", "tail_sampling:\n  policies:\n    - {name: a, type: magic}\n", &["sampling.yaml:3", "magic"]),
    ];
    for (name, rules, says) in tests {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sampling.yaml"), rules).unwrap();
        let config = configure(dir.path(), "traces: {sampling: sampling.yaml}\n");
        let mut check = command(&["check"]);
        check.arg(&config);
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
        serve.arg("--config").arg(&config).arg("--data-dir").arg(dir.path().join("data"));
        for ran in [check, serve] {
            let output = run(ran);
            let said = told(&output);
            assert!(output.status.code().is_some_and(|code| code != 0), "{name}: {said}");
            for part in says {
                assert!(said.contains(part), "{name}: {part}: {said}");
            }
        }
    }
    // The file is missing.
    let dir = tempfile::tempdir().unwrap();
    let config = configure(dir.path(), "traces: {sampling: nowhere.yaml}\n");
    let mut check = command(&["check"]);
    check.arg(&config);
    let output = run(check);
    assert!(output.status.code() != Some(0) && told(&output).contains("nowhere.yaml"), "{}", told(&output));
}

#[test]
fn a_collectors_policies_work_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let policies = "processors:\n  tail_sampling:\n    decision_wait: 1s\n    policies:\n      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}\n      - {name: slow, type: latency, latency: {threshold_ms: 1000}}\n      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 25}}\n";
    let server = start(dir.path(), policies, SAMPLED);
    let all: Vec<u128> = ids(7).take(400).collect();
    push(server.address, &all.iter().flat_map(|id| asked(*id, "GET", "/x")).collect::<Vec<_>>());
    let mut slow = root(1 << 60, "phoenix-api", "slow");
    slow.duration_ns = 1_500_000_000;
    push(server.address, &[slow, root(1 << 61, "phoenix-api", "failed").failed(), root(1 << 62, "phoenix-api", "neither")]);
    eventually("all are decided", LIMIT, || (total(&server, "phoenix_sampling_traces_total", &[]) > 402.5).then_some(()));
    let kept: BTreeSet<u128> = found(&server, "{ }").into_iter().collect();
    let want: BTreeSet<u128> = all.iter().copied().filter(|id| is_kept(*id, 0.25)).chain([1 << 60, 1 << 61]).collect();
    assert_eq!(kept, want);
}

#[test]
fn phoenix_tells_what_rules_would_do() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sampling.yaml"), RULES).unwrap();
    let mut failing = asked(3, "GET", "/health");
    failing[1].error = true;
    let lines: Vec<String> =
        [asked(1, "POST", "/api/v1/experiments"), asked(2, "GET", "/health"), failing, asked(u128::MAX, "GET", "/api/v1/experiments")]
            .iter()
            .map(|spans| serde_json::to_string(&otlp(spans)).unwrap())
            .collect();
    std::fs::write(dir.path().join("traces.json"), lines.join("\n")).unwrap();
    let run_with = |more: &[&str]| {
        let mut test = command(&["test", "sampling"]);
        test.arg(dir.path().join("sampling.yaml")).arg(dir.path().join("traces.json")).args(more);
        run(test)
    };
    let output = run_with(&["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept: Vec<bool> =
        answer["traces"].as_array().unwrap().iter().map(|one| one["keep"].as_bool().unwrap_or_else(|| panic!("{one}"))).collect();
    assert_eq!(kept.iter().filter(|kept| **kept).count(), 3, "{answer}");
    let health =
        answer["traces"].as_array().unwrap().iter().find(|one| one.to_string().contains("\"00000000000000000000000000000002\"")).unwrap();
    assert_eq!(health["keep"], json!(false));
    assert_eq!(run_with(&[]).status.code(), Some(0));
}
