//! The monitoring strategy's files (`configs/`, `docs/runbooks/`): real programs accept them, and what each corrects
//! is shown beside the original.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{now_ns, push_until_taken, query_string};
use program::traces::{otlp, root};
use program::{Server, eventually, installed, phoenix, run, told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Where the runbooks stand, as alerts link them.
const RUNBOOKS: &str = "https://github.com/phoenix-monitoring/phoenix/blob/main/docs/runbooks/";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate stands two folders below the root").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The files of a folder with an ending, sorted.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut files: Vec<_> = entries.map(|e| e.expect("the folder is readable").path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    assert!(!files.is_empty(), "{folder} has no {ending}");
    files
}

fn succeed(command: Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const RULES: &str = "configs/monitoring/prometheus/rules";
const TESTS: &str = "configs/monitoring/prometheus/tests";

#[test]
fn promtool_accepts_the_rules_and_their_tests_pass() {
    let Some(promtool) = installed("promtool") else { return };
    let mut check = Command::new(&promtool);
    check.args(["check", "rules"]).args(files(RULES, ".yaml"));
    succeed(check);
    let tests: Vec<_> = files(TESTS, ".yaml").into_iter().filter(|path| !path.ends_with("original.yaml")).collect();
    assert_eq!(tests.len(), 6, "one for each section, one for objectives and one for indicators");
    for file in tests {
        let mut test = Command::new(&promtool);
        test.args(["test", "rules"]).arg(file);
        succeed(test);
    }
}

/// Whoever tests a mended alert beside the original must know that it is the original.
#[test]
fn the_originals_are_the_documents() {
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| line.replace("- alert: Original", "- alert: ")).filter(|line| line != "groups:").collect()
    };
    let mut wanted = Vec::new();
    for block in ["3.1-critical", "3.2-warnings", "3.3-info", "9.1-security"] {
        wanted.extend(plain(&read(&format!("crates/lint/tests/strategy/{block}.yaml"))));
    }
    let mut is = plain(&read(&format!("{TESTS}/original.yaml")));
    let added = is.iter().position(|line| line == "- name: phoenix_security").expect("9.1 has got a group");
    is.splice(added..added + 2, ["security_alerts:".to_owned()]);
    assert_eq!(is, wanted);
}

/// A server that has all rules, and nothing to scrape.
fn server_with_rules(dir: &Path) -> Server {
    let folder = repository();
    let config = dir.join("phoenix.yaml");
    let rules = ["configs/monitoring/prometheus/rules", "configs/monitoring/rules"].map(|f| folder.join(f).join("*.yaml"));
    std::fs::write(&config, json!({"rules": rules, "otlp": {"grpc": "off", "http": "off"}}).to_string()).unwrap();
    Server::start(dir, Some(&config))
}

fn alerts(server: &Server) -> Vec<Value> {
    let rules = server.json("/api/v1/rules?type=alert");
    let groups = rules["data"]["groups"].as_array().expect("there are groups").clone();
    groups.iter().flat_map(|group| group["rules"].as_array().expect("groups have rules").clone()).collect()
}

fn queries(page: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for language in ["promql", "logql", "traceql"] {
        for block in page.split(&format!("```{language}\n")).skip(1) {
            let text = block.split("```").next().unwrap_or_default();
            found.push((language, text.trim().to_owned()));
        }
    }
    found
}

#[test]
fn every_alert_says_who_what_and_where_to_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with_rules(dir.path());
    let (mut wrong, mut names) = (Vec::new(), BTreeSet::new());
    let on_call = read("configs/on-call.yaml") + &read("configs/alertmanager.yaml");
    for alert in alerts(&server) {
        let name = alert["name"].as_str().expect("alerts have names").to_owned();
        for (place, key) in [("labels", "severity"), ("labels", "team"), ("annotations", "summary"), ("annotations", "description")] {
            if alert[place][key].as_str().is_none_or(str::is_empty) {
                wrong.push(format!("{name}: no {key}"));
            }
        }
        let severity = alert["labels"]["severity"].as_str().unwrap_or_default();
        if !["critical", "warning", "info", "none"].contains(&severity) {
            wrong.push(format!("{name}: severity {severity}"));
        }
        let team = alert["labels"]["team"].as_str().unwrap_or_default();
        if !on_call.contains(&format!("team=\"{team}\"")) && !on_call.contains(&format!("  {team}: [")) {
            wrong.push(format!("{name}: nobody is team {team}"));
        }
        let runbook = alert["annotations"]["runbook_url"].as_str().unwrap_or_default();
        if runbook != format!("{RUNBOOKS}{name}.md") {
            wrong.push(format!("{name}: its runbook is {runbook:?}"));
        }
        if severity == "critical" && alert["duration"].as_f64() > Some(120.0) {
            wrong.push(format!("{name}: two minutes at most, for the strategy wants five to detect"));
        }
        names.insert(name);
    }
    // All that the document names are still there.
    for line in read(&format!("{TESTS}/original.yaml")).lines() {
        if let Some(name) = line.trim().strip_prefix("- alert: Original")
            && !names.contains(name)
        {
            wrong.push(format!("{name} of the document is gone"));
        }
    }
    let pages: BTreeSet<String> = files("docs/runbooks", ".md")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "README")
        .collect();
    wrong.extend(names.symmetric_difference(&pages).map(|name| format!("{name}: an alert without runbook, or the reverse")));
    let index = read("docs/runbooks/README.md");
    wrong.extend(pages.iter().filter(|name| !index.contains(&format!("({name}.md)"))).map(|name| format!("{name} is not in the index")));
    for name in &pages {
        let page = read(&format!("docs/runbooks/{name}.md"));
        for heading in ["Overview", "Impact", "Diagnosis", "Mitigation", "Prevention"] {
            if !page.contains(&format!("\n## {heading}\n")) {
                wrong.push(format!("{name}.md: no section {heading}"));
            }
        }
        let all = queries(&page);
        if all.is_empty() {
            wrong.push(format!("{name}.md: no query"));
        }
        for (language, query) in all {
            if language == "traceql" {
                let (status, body) = server.get(&format!("/api/search?{}", query_string(&[("q", &query)])));
                if status != 200 {
                    wrong.push(format!("{name}.md: {query}: {body}"));
                }
                continue;
            }
            let parsed =
                server.json(&format!("/api/phoenix/v1/parse_query?{}", query_string(&[("language", language), ("query", &query)])));
            if parsed["ok"] != true {
                wrong.push(format!("{name}.md: {query}: {parsed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The log rules are Phoenix' own: what promtool's tests are for the others.
#[test]
fn alerts_on_logs_see_what_they_are_for() {
    let dir = tempfile::tempdir().unwrap();
    let server = server_with_rules(dir.path());
    let expression = |name: &str| {
        let alert = alerts(&server).into_iter().find(|alert| alert["name"] == name).unwrap_or_else(|| panic!("no alert {name}"));
        alert["query"].as_str().expect("alerts have queries").to_owned()
    };
    let ask = |query: &str| {
        let answer = server.json(&format!("/loki/api/v1/query?{}", query_string(&[("query", query)])));
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().map_or(0, Vec::len)
    };
    let now = now_ns();
    let lines = |count: i64, text: &str| -> Vec<(i64, String)> { (0..count).map(|i| (now - i * 1_000_000, text.to_owned())).collect() };
    let postgres = json!({"job": "phoenix", "cluster": "test", "service": "postgres", "level": "unknown"});
    let syntax = expression("DatabaseSyntaxErrors");
    push_until_taken(server.address, &postgres, &lines(5, "ERROR:  syntax error at or near \"'\" at character 42"));
    push_until_taken(server.address, &postgres, &lines(50, "LOG:  checkpoint complete"));
    assert_eq!(ask(&syntax), 0, "five are a bad day");
    push_until_taken(server.address, &postgres, &lines(20, "ERROR:  unterminated quoted string at or near \"'; --\""));
    eventually("the alert's expression has a result", LIMIT, || (ask(&syntax) == 1).then_some(()));

    let burst = expression("ErrorLogBurst");
    let api = |level: &str| json!({"job": "phoenix", "cluster": "test", "service": "phoenix-api", "level": level});
    push_until_taken(server.address, &api("info"), &lines(2000, "no errors=0 here, though the word error is"));
    assert_eq!(ask(&burst), 0, "the level counts, not the word");
    push_until_taken(server.address, &api("error"), &lines(400, "the database is away"));
    eventually("the alert's expression has a result", LIMIT, || (ask(&burst) == 1).then_some(()));
    // The document's query (7.2), with the labels that are sent now, and with those that were.
    let runbook = read("crates/lint/tests/strategy/7.2-runbook.logql");
    assert!(ask(&format!("count_over_time({}[5m])", runbook.trim())) > 0);
    assert_eq!(ask("count_over_time({job=\"phoenix\", service=\"\"} |= \"error\" [5m])"), 0);
}

/// A job of a Prometheus config with what discovery would find written in its place.
fn job_with_pod(config: &str, job: &str, meta: &Value) -> String {
    let start = config.find(&format!("  - job_name: '{job}'")).expect("the job is there");
    let end = config[start + 1..].find("\n  - job_name").map_or(config.len(), |at| start + 1 + at);
    let text = &config[start..end];
    let (head, rest) = text.split_once("    kubernetes_sd_configs:").expect("pods are discovered");
    let relabel = &rest[rest.find("    relabel_configs:").expect("pods are relabelled")..];
    format!("scrape_configs:\n{head}    static_configs: {}\n{relabel}", json!([{"targets": ["127.0.0.1:4317"], "labels": meta}]))
}

#[test]
fn relabelling_reaches_the_port_of_the_pod() {
    let pod = json!({
        "__meta_kubernetes_pod_label_app": "phoenix-api",
        "__meta_kubernetes_pod_phase": "Running",
        "__meta_kubernetes_pod_annotation_prometheus_io_port": "1",
        "__meta_kubernetes_namespace": "phoenix-system",
        "__meta_kubernetes_pod_name": "phoenix-api-7d4",
        "__meta_kubernetes_pod_node_name": "n1",
    });
    let target = |file: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("prometheus.yaml"),
            "global: {scrape_interval: 1h}\n".to_owned() + &job_with_pod(&read(file), "phoenix-api", &pod),
        )
        .unwrap();
        let config = dir.path().join("phoenix.yaml");
        std::fs::write(&config, "metrics: {config: prometheus.yaml}\notlp: {grpc: off, http: off}\n").unwrap();
        let server = Server::start(dir.path(), Some(&config));
        eventually("the target", LIMIT, || {
            let targets = server.json("/api/v1/targets");
            let all = targets["data"]["activeTargets"].as_array()?;
            let target = all.iter().find(|target| target["labels"]["job"] == "phoenix-api")?;
            Some((target["scrapeUrl"].as_str()?.to_owned(), target["labels"].clone()))
        })
    };
    let (url, _) = target("crates/lint/tests/strategy/1.2-prometheus.yaml");
    // As a host a number is an IPv4 address: `8080:8080` is asked for at 0.0.31.144.
    assert_eq!(url, "http://0.0.0.1:1/metrics", "the document scrapes port:port");
    let (url, labels) = target("configs/monitoring/prometheus/prometheus.yaml");
    assert_eq!(url, "http://127.0.0.1:1/metrics");
    let instance = json!({"instance": "127.0.0.1:1", "job": "phoenix-api", "namespace": "phoenix-system", "node": "n1", "pod": "phoenix-api-7d4", "service": "phoenix-api"});
    assert_eq!(labels, instance);
}

/// Discovery of pods taken out, as Debian builds promtool without it; secrets where the test can write.
fn without_kubernetes(config: &str, secrets: &Path) -> String {
    let mut out = String::new();
    let mut skipping: Option<usize> = None;
    for line in config.lines() {
        let indent = line.len() - line.trim_start().len();
        if skipping.is_some_and(|at| indent > at && !line.trim().is_empty()) {
            continue;
        }
        skipping = None;
        if let Some(at) = line.find("kubernetes_sd_configs:") {
            // The key may stand behind the dash of a list's item.
            skipping = Some(at);
            out.push_str(&format!("{}static_configs: []\n", &line[..at]));
            continue;
        }
        for word in line.split_inclusive(' ') {
            if word.starts_with("/var/run/secrets/") {
                let file = secrets.join(word.trim().replace('/', "_"));
                std::fs::write(&file, "secret").expect("the folder is writable");
                out.push_str(&file.to_string_lossy());
            } else {
                out.push_str(word);
            }
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_peers_accept_the_configurations() {
    let dir = tempfile::tempdir().unwrap();
    if let Some(promtool) = installed("promtool") {
        std::fs::create_dir(dir.path().join("rules")).unwrap();
        for file in files(RULES, ".yaml") {
            std::fs::copy(&file, dir.path().join("rules").join(file.file_name().expect("files have names"))).unwrap();
        }
        let config = dir.path().join("prometheus.yaml");
        std::fs::write(&config, without_kubernetes(&read("configs/monitoring/prometheus/prometheus.yaml"), dir.path())).unwrap();
        let mut check = Command::new(&promtool);
        check.args(["check", "config"]).arg(&config);
        let said = succeed(check);
        assert!(said.contains("5 rule files found"), "{said}");
    }
    if let Some(amtool) = installed("amtool") {
        let config = repository().join("configs/alertmanager.yaml");
        let mut check = Command::new(&amtool);
        check.arg("check-config").arg(&config);
        succeed(check);
        for (labels, receiver) in [
            (vec!["alertname=Watchdog", "severity=none", "team=platform"], "dead-mans-switch"),
            (vec!["alertname=PhoenixAPIDown", "severity=critical", "team=platform"], "platform-critical"),
            (vec!["alertname=LowCardinalityReduction", "severity=warning", "team=product"], "product-email"),
            (vec!["alertname=APIHighLatency", "severity=warning", "team=platform"], "platform-email"),
            (vec!["alertname=UnauthorizedAPIAccess", "severity=warning", "team=security"], "security-email"),
            (vec!["alertname=Breach", "severity=critical", "team=security"], "security-critical"),
            (vec!["alertname=PodAutoScaled", "severity=info", "team=platform"], "nobody"),
            (vec!["alertname=CertificateExpiringSoon", "severity=info", "team=platform"], "platform-email"),
            (vec!["alertname=Unlabelled"], "platform-email"),
        ] {
            let mut test = Command::new(&amtool);
            test.args(["config", "routes", "test"]).arg("--config.file").arg(&config);
            test.arg(format!("--verify.receivers={receiver}")).args(labels);
            succeed(test);
        }
    }
}

#[test]
fn phoenix_takes_all_of_it() {
    let folder = repository();
    // Where the strategy is deployed there are certificates, which this machine does not have.
    let mut arguments = ["--json", "check", "--syntax-only"].map(str::to_owned).to_vec();
    arguments
        .extend(["phoenix.yaml", "alertmanager.yaml", "on-call.yaml"].map(|name| folder.join("configs").join(name).display().to_string()));
    let paths =
        files(RULES, ".yaml").into_iter().chain(files("configs/monitoring/rules", ".yaml")).chain(files("configs/dashboards", ".json"));
    arguments.extend(paths.map(|path| path.display().to_string()));
    let output = phoenix(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)));
    assert_eq!(checked["errors"], 0, "{}", told(&output));
    for file in checked["files"].as_array().expect("there are files") {
        let is_main = file["file"].as_str().is_some_and(|name| name.ends_with("phoenix.yaml"));
        // What does not act yet is told for the main file, and only that.
        let findings = file["diagnostics"].as_array().expect("there is a list").iter();
        let others: Vec<_> =
            findings.filter(|d| !is_main || !["not acting yet", "POD_NAME"].iter().any(|known| d.to_string().contains(known))).collect();
        assert!(others.is_empty(), "{}: {others:#?}", file["file"]);
    }
}

#[test]
fn sampling_keeps_errors_and_new_experiments() {
    let asked = |id: u128, method: &str, path: &str| {
        root(id, "phoenix-api", &format!("{method} {path}")).with("http.request.method", method).with("url.path", path)
    };
    // Small ids have small randomness: whatever is kept by chance is not kept among these.
    let traces = [
        (asked(1, "POST", "/api/v1/experiments"), true),
        (asked(2, "GET", "/health"), false),
        (asked(3, "GET", "/health").failed(), true),
        (asked(4, "GET", "/api/v1/experiments"), false),
        (root(5, "phoenix-controller", "deploy").failed(), true),
    ];
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.json");
    let lines: Vec<String> = traces.iter().map(|(made, _)| serde_json::to_string(&otlp(std::slice::from_ref(made))).unwrap()).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let rules = repository().join("configs/tracing/sampling.yaml").display().to_string();
    let output = phoenix(&["--json", "test", "sampling", &rules, &file.display().to_string()]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)));
    for (made, keep) in traces {
        let all = answer["traces"].as_array().expect("there are traces");
        let one =
            all.iter().find(|one| one.to_string().contains(&format!("\"{:032x}\"", made.trace))).unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(one["keep"], keep, "{one}");
    }
}
