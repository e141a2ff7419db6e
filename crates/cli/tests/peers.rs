//! The real programs of Prometheus' family beside Phoenix: what they send it takes, what they ask it answers.
//! A program that is not installed is named on standard error and its test ends there.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, eventually, free_address, installed, request, run, told};
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A peer that serves HTTP; ended with the test.
struct Peer {
    child: Child,
}

impl Peer {
    fn start(program: &str, address: SocketAddr, arguments: &[&str], ready: &str) -> Self {
        let child = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let peer = Self { child: child.expect("the peer starts") };
        eventually(program, LIMIT, || {
            TcpStream::connect(address).ok()?;
            (request(address, "GET", ready, &[], b"").0 == 200).then_some(())
        });
        peer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("the folder is writable");
    path
}

fn succeed(output: &Output) -> String {
    assert!(output.status.success(), "{}", told(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A config with a route for `amtool` to show.
const ALERTMANAGER: &str = r#"route:
  receiver: everyone
  group_by: [alertname]
  group_wait: 0s
  routes:
    - matchers: ['severity="critical"']
      receiver: critical
      continue: false
receivers:
  - name: everyone
  - name: critical
"#;

fn server_with_alertmanager(dir: &Path) -> Server {
    write(dir, "alertmanager.yaml", ALERTMANAGER);
    let config = write(dir, "phoenix.yaml", "alerting: {config: alertmanager.yaml}\n");
    Server::start(dir, Some(&config))
}

#[test]
fn amtool_works() {
    let Some(amtool) = installed("amtool") else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = server_with_alertmanager(dir.path());
    let am = |arguments: &[&str]| {
        let mut command = Command::new(&amtool);
        // No config of whoever runs the tests.
        command
            .env("HOME", dir.path())
            .env("XDG_CONFIG_HOME", dir.path())
            .arg(format!("--alertmanager.url={}", server.url()))
            .args(arguments);
        run(command)
    };
    succeed(&am(&["alert", "add", "DiskFull", "severity=critical", "host=db-1", "--annotation=summary=The disk is full"]));
    succeed(&am(&["alert", "add", "Slow", "severity=info"]));
    let alerts = succeed(&am(&["alert", "query", "-o", "extended"]));
    assert!(
        alerts.contains("alertname=\"DiskFull\" host=\"db-1\" severity=\"critical\"") && alerts.contains("The disk is full"),
        "{alerts}"
    );
    let alerts = succeed(&am(&["alert", "query", "-o", "json", "severity=critical"]));
    let alerts: serde_json::Value = serde_json::from_str(&alerts).unwrap();
    assert_eq!(alerts.as_array().map(Vec::len), Some(1), "{alerts}");
    assert_eq!(alerts[0]["receivers"][0]["name"], "critical");
    assert_eq!(succeed(&am(&["alert", "query", "-o", "json", "alertname=~Nothing.*"])).trim(), "[]");

    let id = succeed(&am(&["silence", "add", "host=~db-.*", "--comment=moving", "--author=ada", "--duration=2h"]));
    let id = id.trim();
    let silences = succeed(&am(&["silence", "query", "-o", "extended"]));
    assert!(silences.contains(id) && silences.contains("host=~\"db-.*\"") && silences.contains("moving"), "{silences}");
    let alert: serde_json::Value = serde_json::from_str(&succeed(&am(&["alert", "query", "-o", "json", "--silenced"]))).unwrap();
    assert_eq!((&alert[0]["labels"]["alertname"], &alert[0]["status"]["state"]), (&"DiskFull".into(), &"suppressed".into()), "{alert}");
    assert_eq!(alert[0]["status"]["silencedBy"][0], id);
    succeed(&am(&["silence", "update", "--comment=still moving", "--duration=3h", id]));
    succeed(&am(&["silence", "expire", id]));
    let left = succeed(&am(&["silence", "query", "-q"]));
    assert_eq!(left.trim(), "", "no silence is active");
    let expired = succeed(&am(&["silence", "query", "-q", "--expired"]));
    assert!(expired.contains(id), "{expired}");
    let missing = am(&["silence", "expire", "00000000-0000-0000-0000-000000000000"]);
    assert!(!missing.status.success(), "{}", told(&missing));
    // The same silence in and out.
    let exported = succeed(&am(&["silence", "query", "-o", "json", "--expired"]));
    assert!(exported.contains(id));

    let shown = succeed(&am(&["config", "show"]));
    assert!(shown.contains("receiver: everyone") && shown.contains("severity=\"critical\""), "{shown}");
    let routes = succeed(&am(&["config", "routes", "show"]));
    assert!(routes.contains("receiver: everyone") && routes.contains("{severity=\"critical\"}  receiver: critical"), "{routes}");
    succeed(&am(&["config", "routes", "test", "--verify.receivers=critical", "severity=critical"]));
    succeed(&am(&["config", "routes", "test", "--verify.receivers=everyone", "severity=info"]));
    succeed(&am(&["cluster", "show"]));
}

#[test]
fn promtool_queries_work() {
    let Some(promtool) = installed("promtool") else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    eventually("both targets are scraped", LIMIT, || (server.value("sum(up)") == Some(2.0)).then_some(()));
    let tool = |arguments: &[&str]| {
        let mut command = Command::new(&promtool);
        command.args(arguments);
        run(command)
    };
    let url = server.url();
    let instant = succeed(&tool(&["query", "instant", &url, "up{job=\"node\"}"]));
    let expected = format!("up{{instance=\"{}\", job=\"node\"}} => 1 @[", server.address);
    assert!(instant.starts_with(&expected), "{instant}");
    assert!(succeed(&tool(&["query", "instant", &url, "vector(1) + 1"])).starts_with("{} => 2 @["));
    assert!(succeed(&tool(&["query", "instant", &url, "2 * 3"])).starts_with("scalar: 6 @["));
    let range = succeed(&tool(&["query", "range", "--step=1s", &url, "vector(7)"]));
    assert!(range.starts_with("{} =>\n7 @["), "{range}");
    let series = succeed(&tool(&["query", "series", "--match=up", &url]));
    assert_eq!(series.lines().count(), 2, "{series}");
    assert!(series.contains("job=\"node\"") && series.contains("__name__=\"up\""), "{series}");
    let labels = succeed(&tool(&["query", "labels", &url, "job"]));
    assert_eq!(labels.lines().collect::<Vec<_>>(), ["node", "phoenix"]);
    let wrong = tool(&["query", "instant", &url, "up{"]);
    assert_eq!(wrong.status.code(), Some(1));
    let text = told(&wrong);
    assert!(text.contains("bad_data") && text.contains("parse error"), "{text}");
    // Its own metrics are well-formed, as far as promtool judges.
    let (_, metrics) = server.get("/metrics/host");
    let file = write(dir.path(), "metrics", &metrics);
    let mut check = Command::new("sh");
    check.args(["-c", &format!("exec {promtool} check metrics < {}", file.display())]);
    let checked = run(check);
    assert_ne!(checked.status.code(), Some(1), "{}", told(&checked));
}

/// What `phoenix check --against` finds by asking a server that has `up` and the metrics of one Go or Rust process.
fn found_against(dir: &Path, server: SocketAddr) -> Vec<String> {
    let rules = "groups:\n  - name: g\n    rules:\n      - {record: 'a:fine', expr: 'sum(scrape_duration_seconds)'}\n      - {record: 'a:none', expr: 'sum(scrape_duration_second)'}\n      - {record: 'a:empty', expr: 'sum(up{job=\"nobody\"})'}\n      - {record: 'a:label', expr: 'sum(up{shop=\"x\"})'}\n";
    write(dir, "asked.yaml", rules);
    let mut check = program::command(&["--json", "check", "asked.yaml", "--against", &format!("http://{server}")]);
    check.current_dir(dir);
    let output = run(check);
    let checked: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)));
    assert_eq!(checked["not_asked"], serde_json::Value::Null);
    let findings = checked["files"][0]["findings"].as_array().unwrap_or_else(|| panic!("{checked}"));
    let by_server = findings.iter().filter(|finding| finding["rests_on"] == "server");
    by_server.map(|f| format!("{} {}: {}; {}", f["line"], f["rule"], f["message"], f["help"])).collect()
}

#[test]
fn a_running_server_is_asked_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let config = |address: SocketAddr| {
        format!(
            "scrape_configs: [{{job_name: own, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{{targets: ['{address}']}}]}}]\n"
        )
    };
    let address = free_address();
    let server = Server::start_at(dir.path(), Some(&write(dir.path(), "phoenix.yml", &config(address))), address);
    eventually("a scrape", LIMIT, || server.value("up{job=\"own\"}"));
    let found = found_against(dir.path(), address);
    insta::assert_snapshot!(found.join("\n"), @r#"
    5 "promql/unknown-metric": "the server has no series of `scrape_duration_second`"; "did you mean `scrape_duration_seconds`?"
    6 "promql/no-series": "the server has `up`, and none of its series has `job=\"nobody\"`"; "a label that comes with the first event, such as that of an error, is no mistake: give it a zero with `or`"
    7 "promql/no-series": "the server has `up`, and none of its series has `shop=\"x\"`"; "it has no label `shop`, but `instance`, `job`"
    "#);

    // The real Prometheus is asked the same and leads to the same.
    let Some(prometheus) = installed("prometheus") else { return };
    let address = free_address();
    let peer = write(dir.path(), "peer.yml", &config(address));
    let _peer = Peer::start(
        &prometheus,
        address,
        &[
            &format!("--config.file={}", peer.display()),
            &format!("--storage.tsdb.path={}", dir.path().join("peer").display()),
            &format!("--web.listen-address={address}"),
            "--log.level=error",
        ],
        "/-/ready",
    );
    eventually("a scrape of the peer", LIMIT, || {
        let (_, body) = request(address, "GET", "/api/v1/query?query=scrape_duration_seconds", &[], b"");
        body.contains("\"value\"").then_some(())
    });
    assert_eq!(found_against(dir.path(), address), found);
}

#[test]
fn alerts_that_never_fired_and_that_always_did_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let alert = |name: &str, expr: &str| format!("      - {{alert: {name}, expr: '{expr}', labels: {{severity: none}}}}\n");
    let rules =
        "groups:\n  - name: g\n    interval: 1s\n    rules:\n".to_owned() + &alert("Always", "vector(1)") + &alert("Never", "up == 7");
    let rules_file = write(dir.path(), "rules.yaml", &rules);
    // What is new in the file has no past, and what is on the server alone is not asked about.
    write(dir.path(), "new.yaml", &(rules.replace("Never", "New") + &alert("Never", "up == 7")));
    let config = format!(
        "rule_files: ['{}']\nscrape_configs: [{{job_name: own, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{{targets: ['{address}']}}]}}]\n",
        rules_file.display()
    );
    let server = Server::start_at(dir.path(), Some(&write(dir.path(), "phoenix.yml", &config)), address);
    let check = |format: &[&str]| {
        let url = format!("http://{address}");
        let mut check = program::command(&[format, &["check", "new.yaml", "--against", &url]].concat());
        check.current_dir(dir.path());
        run(check)
    };
    let history = || serde_json::from_slice::<serde_json::Value>(&check(&["--json"]).stdout).expect("JSON")["alert_history"].clone();
    assert_eq!(history(), serde_json::Value::Null, "a few seconds say nothing");
    let told = eventually("enough is held", Duration::from_mins(1), || Some(history()).filter(|told| told["always_fired"][0] == "Always"));
    assert!(told["seconds"].as_u64().is_some_and(|seconds| (20..90).contains(&seconds)), "{told}");
    assert_eq!((&told["never_fired"], &told["always_fired"]), (&serde_json::json!(["Never"]), &serde_json::json!(["Always"])));
    let text = String::from_utf8_lossy(&check(&[]).stdout).into_owned();
    assert!(text.contains("that the server was asked for, never fired: Never; fired all the time: Always"), "{text}");
    assert_eq!(server.get("/-/ready").0, 200);
}

#[test]
fn prometheus_sends_alerts_and_samples() {
    let Some(prometheus) = installed("prometheus") else { return };
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "on-call.yaml", "page_on: ['severity=\"critical\"']\n");
    write(dir.path(), "alertmanager.yaml", ALERTMANAGER);
    let config = write(dir.path(), "phoenix.yaml", "alerting: {config: alertmanager.yaml}\non_call: on-call.yaml\n");
    let server = Server::start(dir.path(), Some(&config));
    let address = free_address();
    write(
        dir.path(),
        "peer-rules.yml",
        "groups:\n  - name: g\n    rules:\n      - alert: FromPrometheus\n        expr: vector(1)\n        labels: {severity: critical}\n        annotations: {summary: sent by the peer}\n      - record: peer:answer\n        expr: vector(42)\n",
    );
    let peer = write(
        dir.path(),
        "prometheus.yml",
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{replica: peer}}}}\n\
         rule_files: [peer-rules.yml]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{phoenix}']}}]}}]}}\n\
         scrape_configs: [{{job_name: peer, static_configs: [{{targets: ['{address}']}}]}}]\n\
         remote_write: [{{url: 'http://{phoenix}/api/v1/write', queue_config: {{batch_send_deadline: 500ms}}}}]\n",
            phoenix = server.address
        ),
    );
    let _peer = Peer::start(
        &prometheus,
        address,
        &[
            &format!("--config.file={}", peer.display()),
            &format!("--storage.tsdb.path={}", dir.path().join("peer").display()),
            &format!("--web.listen-address={address}"),
            "--log.level=error",
            // It drops what fires before it has looked for Alertmanagers, and says it again a minute later.
            "--rules.alert.resend-delay=1s",
        ],
        "/-/ready",
    );
    let incident = eventually("the peer's alert opens an incident", LIMIT, || {
        let list = server.json("/api/phoenix/v1/incidents");
        list["incidents"].as_array()?.first().cloned()
    });
    assert_eq!(incident["labels"]["alertname"], "FromPrometheus", "{incident}");
    assert_eq!((&incident["labels"]["replica"], &incident["severity"]), (&"peer".into(), &"critical".into()));
    assert_eq!(incident["annotations"]["summary"], "sent by the peer");
    assert_eq!(incident["receiver"], "critical");

    let value = eventually("a recorded sample arrives", LIMIT, || server.value("peer:answer{replica=\"peer\"}"));
    assert_eq!(value, 42.0);
    eventually("scraped samples arrive", LIMIT, || (server.value("up{job=\"peer\",replica=\"peer\"}") == Some(1.0)).then_some(()));
}

/// The families that the built-in host metrics cover, by the beginning of their names.
const FAMILIES: [&str; 9] = [
    "node_cpu_seconds",
    "node_memory_",
    "node_load",
    "node_disk_",
    "node_filesystem_",
    "node_network_",
    "node_pressure_",
    "node_uname_",
    "node_boot_",
];

/// What is left out of a family, with the reason.
const LEFT_OUT: [(&str, &str); 1] =
    [("node_network_speed_bytes", "node_exporter tells the speed of virtual interfaces, which is unknown, as -125000 bytes per second")];

#[test]
fn the_host_is_told_under_node_exporters_names() {
    let Some(exporter) = installed("prometheus-node-exporter") else { return };
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let _peer = Peer::start(&exporter, address, &[&format!("--web.listen-address={address}"), "--log.level=error"], "/metrics");
    let own = free_address();
    let config = write(
        dir.path(),
        "prometheus.yaml",
        &format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n  - {{job_name: exporter, static_configs: [{{targets: ['{address}']}}]}}\n  - {{job_name: own, metrics_path: /metrics/host, static_configs: [{{targets: ['{own}']}}]}}\n"
        ),
    );
    let server = Server::start_at(dir.path(), Some(&config), own);
    eventually("both are scraped", LIMIT, || (server.value("sum(up)") == Some(2.0)).then_some(()));
    let series = |job: &str| -> BTreeSet<String> {
        let body = server.json(&format!("/api/v1/series?match[]=%7Bjob%3D%22{job}%22%7D"));
        let mut all = BTreeSet::new();
        for series in body["data"].as_array().unwrap() {
            let name = series["__name__"].as_str().unwrap();
            if FAMILIES.iter().any(|family| name.starts_with(family)) {
                let labels: Vec<&str> = series
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(String::as_str)
                    .filter(|l| !["__name__", "instance", "job"].contains(l))
                    .collect();
                all.insert(format!("{name}{{{}}}", labels.join(",")));
            }
        }
        all
    };
    let (theirs, ours) = (series("exporter"), series("own"));
    assert!(theirs.len() > 50, "{theirs:?}");
    let missing: Vec<&String> =
        theirs.difference(&ours).filter(|name| !LEFT_OUT.iter().any(|(prefix, _)| name.starts_with(prefix))).collect();
    let surplus: Vec<&String> = ours.difference(&theirs).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}\nnot node_exporter's: {surplus:#?}");
    for (prefix, _) in LEFT_OUT {
        assert!(theirs.iter().any(|name| name.starts_with(prefix)), "{prefix} need not be listed");
    }
    // The same values where they do not change from one moment to the next.
    for name in ["node_memory_MemTotal_bytes", "node_boot_time_seconds", "count(node_cpu_seconds_total)", "count(node_network_info)"] {
        let of = |job: &str| {
            let selector = format!("{{job=\"{job}\"}}");
            server.value(&match name.strip_suffix(')') {
                Some(call) => format!("{call}{selector})"),
                None => format!("{name}{selector}"),
            })
        };
        assert_eq!(of("own"), of("exporter"), "{name}");
    }
}

/// Messages of `io.prometheus.client`, as far as the test needs them.
mod exposition {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub struct Family {
        #[prost(string, tag = "1")]
        pub name: String,
        /// 4: a histogram.
        #[prost(int32, tag = "3")]
        pub kind: i32,
        #[prost(message, repeated, tag = "4")]
        pub metric: Vec<Metric>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Metric {
        #[prost(message, optional, tag = "7")]
        pub histogram: Option<Histogram>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct Histogram {
        #[prost(uint64, tag = "1")]
        pub count: u64,
        #[prost(double, tag = "2")]
        pub sum: f64,
        #[prost(sint32, tag = "5")]
        pub schema: i32,
        #[prost(double, tag = "6")]
        pub zero_threshold: f64,
        #[prost(uint64, tag = "7")]
        pub zero_count: u64,
        #[prost(message, repeated, tag = "9")]
        pub negative_span: Vec<BucketSpan>,
        #[prost(sint64, repeated, tag = "10")]
        pub negative_delta: Vec<i64>,
        #[prost(message, repeated, tag = "12")]
        pub positive_span: Vec<BucketSpan>,
        #[prost(sint64, repeated, tag = "13")]
        pub positive_delta: Vec<i64>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub struct BucketSpan {
        #[prost(sint32, tag = "1")]
        pub offset: i32,
        #[prost(uint32, tag = "2")]
        pub length: u32,
    }

    /// Two families with native histograms.
    pub fn body() -> Vec<u8> {
        let span = |offset, length| BucketSpan { offset, length };
        let family = |name: &str, histogram| Family { name: name.to_owned(), kind: 4, metric: vec![Metric { histogram: Some(histogram) }] };
        let latency = Histogram {
            count: 23,
            sum: 13.25,
            schema: 3,
            zero_threshold: 1e-9,
            zero_count: 2,
            positive_span: vec![span(-4, 3), span(5, 2)],
            positive_delta: vec![3, 2, -4, 5, 0],
            ..Histogram::default()
        };
        let change = Histogram {
            count: 9,
            sum: -0.5,
            schema: -1,
            zero_threshold: 0.001,
            zero_count: 1,
            negative_span: vec![span(0, 2)],
            negative_delta: vec![1, 2],
            positive_span: vec![span(1, 1), span(2, 1)],
            positive_delta: vec![3, -2],
        };
        let families = [family("latency_seconds", latency), family("change", change)];
        families.iter().flat_map(Message::encode_length_delimited_to_vec).collect()
    }
}

#[test]
fn native_histograms_are_what_prometheus_reads_and_sends() {
    let Some(prometheus) = installed("prometheus") else { return };
    let dir = tempfile::tempdir().unwrap();
    let exporter = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = exporter.local_addr().unwrap();
    let ended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let end = std::sync::Arc::clone(&ended);
    let serving = std::thread::spawn(move || {
        use std::io::{BufRead, Write};
        let body = exposition::body();
        let kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
        for stream in exporter.incoming().flatten() {
            if end.load(std::sync::atomic::Ordering::Relaxed) {
                return;
            }
            let head = std::io::BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let accepts = head.filter(|line| line.to_ascii_lowercase().starts_with("accept:") && line.contains("proto=")).count();
            assert_eq!(accepts, 1, "protobuf is asked for");
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = (&stream).write_all(answer.as_bytes()).and_then(|()| (&stream).write_all(&body));
        }
    });
    write(
        dir.path(),
        "prometheus.yaml",
        &format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: a, scrape_native_histograms: true, static_configs: [{{targets: ['{target}']}}]}}]\n"
        ),
    );
    let server = Server::start(dir.path(), Some(&write(dir.path(), "phoenix.yaml", "metrics: {config: prometheus.yaml}\n")));
    let address = free_address();
    let peer = write(
        dir.path(),
        "peer.yml",
        &format!(
            "global: {{scrape_interval: 1s, external_labels: {{replica: peer}}}}\n\
         scrape_configs: [{{job_name: a, static_configs: [{{targets: ['{target}']}}]}}]\n\
         remote_write: [{{url: 'http://{}/api/v1/write', send_native_histograms: true, queue_config: {{batch_send_deadline: 500ms}}}}]\n",
            server.address
        ),
    );
    let _peer = Peer::start(
        &prometheus,
        address,
        &[
            "--enable-feature=native-histograms",
            &format!("--config.file={}", peer.display()),
            &format!("--storage.tsdb.path={}", dir.path().join("peer").display()),
            &format!("--web.listen-address={address}"),
            "--log.level=error",
        ],
        "/-/ready",
    );
    let histogram = |address: SocketAddr, query: &str| {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let (_, body) = request(address, "GET", &format!("/api/v1/query?query={query}"), &[], b"");
        let answer: serde_json::Value = serde_json::from_str(&body).ok()?;
        let value = answer["data"]["result"].as_array()?.first()?["histogram"][1].clone();
        (!value.is_null()).then_some(value)
    };
    for name in ["latency_seconds", "change"] {
        let theirs = eventually("Prometheus has scraped", LIMIT, || histogram(address, name));
        let scraped = eventually("Phoenix has scraped", LIMIT, || histogram(server.address, &format!("{name}{{replica=\"\"}}")));
        let sent = eventually("Prometheus has sent", LIMIT, || histogram(server.address, &format!("{name}{{replica=\"peer\"}}")));
        assert_eq!(scraped, theirs, "{name} as scraped");
        assert_eq!(sent, theirs, "{name} as sent");
        assert!(theirs["buckets"].as_array().unwrap().len() > 3, "{theirs}");
    }
    assert_eq!(server.value("histogram_count(latency_seconds{replica=\"\"})"), Some(23.0));
    ended.store(true, std::sync::atomic::Ordering::Relaxed);
    drop(server);
    let _ = TcpStream::connect(target);
    serving.join().unwrap();
}
