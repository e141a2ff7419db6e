//! `phoenix serve` as a whole: start without a config, end, kill, start again, reload, and every way not to start.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, command, eventually, exchange, free_address, phoenix, request, run, signal, told};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// One metric of each family of the host, under node_exporter's name.
const HOST: [&str; 9] = [
    "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}",
    "node_memory_MemTotal_bytes",
    "node_load1",
    "node_disk_io_now",
    "node_filesystem_size_bytes",
    "node_network_receive_bytes_total{device=\"lo\"}",
    "node_pressure_cpu_waiting_seconds_total",
    "node_uname_info",
    "node_boot_time_seconds",
];

fn write(dir: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("the folder is writable");
    path
}

/// The samples of a selector over the last hour, as (timestamp, value).
fn samples(server: &Server, selector: &str) -> Vec<(f64, String)> {
    let query: String = url::form_urlencoded::byte_serialize(format!("{selector}[1h]").as_bytes()).collect();
    let body = server.json(&format!("/api/v1/query?query={query}"));
    let values = body["data"]["result"][0]["values"].as_array().cloned().unwrap_or_default();
    values.iter().map(|v| (v[0].as_f64().expect("a time"), v[1].as_str().expect("a value").to_owned())).collect()
}

/// `text` with what differs in each run replaced.
fn steady(text: &str, dir: &Path, addresses: &[(std::net::SocketAddr, &str)]) -> String {
    let mut text = text.replace(&dir.display().to_string(), "DIR");
    for (address, name) in addresses {
        text = text.replace(&address.to_string(), name);
    }
    text
}

/// What Home shows as wrong; but for OTLP's default addresses, which tests that run beside may have.
fn problems(home: &Value) -> Vec<&str> {
    let messages = home["problems"].as_array().unwrap().iter().map(|problem| problem["message"].as_str().unwrap());
    messages.filter(|message| !message.starts_with("OTLP is not received")).collect()
}

#[test]
fn without_a_config_it_watches_itself_and_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let server = Server::start(dir.path(), None);
    eventually("the first point of a chart", Duration::from_secs(5), || server.value("node_load1"));
    assert!(started.elapsed() < Duration::from_secs(5), "the first point came after {:?}", started.elapsed());
    eventually("the whole greeting", Duration::from_secs(5), || server.said().contains("api/v2/alerts").then_some(()));
    insta::assert_snapshot!(steady(&server.said(), dir.path(), &[(server.address, "ADDRESS")]), @r"
    Phoenix is ready: http://ADDRESS
      Data folder   DIR/data
      Send metrics  scrape them in: add a target to the Prometheus config named in phoenix.yaml
                    push them in:   Prometheus remote write to http://ADDRESS/api/v1/write, or OTLP
      Send logs     push them in:   Loki's clients to http://ADDRESS/loki/api/v1/push, or OTLP
                    read them:      name a Promtail config under `logs.config` in phoenix.yaml
      Alerts from another Prometheus: http://ADDRESS/api/v2/alerts
    ");

    let seen: Vec<&str> = HOST.into_iter().filter(|name| server.value(name).is_some()).collect();
    let expected: Vec<&str> = HOST
        .into_iter()
        // Kernels without PSI and machines without block devices have nothing to tell.
        .filter(|name| !name.contains("pressure") || Path::new("/proc/pressure/cpu").exists())
        .filter(|name| !name.contains("disk_io") || std::fs::read_to_string("/proc/diskstats").is_ok_and(|t| !t.trim().is_empty()))
        .collect();
    assert_eq!(seen, expected);
    eventually("both targets are up", Duration::from_secs(5), || {
        (server.value("sum(up)") == Some(2.0) && server.value("count(up)") == Some(2.0)).then_some(())
    });

    let home = server.json("/api/phoenix/v1/home");
    assert_eq!(problems(&home), Vec::<&str>::new(), "{home}");
    assert_eq!(home["targets"], json!({"up": 2, "down": 0, "unknown": 0}));
    assert_eq!(home["incidents"], json!({"open": 0, "acknowledged": 0}));
    assert_eq!(home["alerts"], json!({"firing": 0, "pending": 0}));
    assert_eq!((&home["config"]["last_reload_ok"], &home["config"]["last_error"]), (&json!(true), &Value::Null));
    assert_eq!(home["config"]["warnings"], json!([]));
    assert_eq!(home["rules"]["failing"], 0);

    let rules = server.json("/api/v1/rules");
    let names = rules["data"]["groups"].as_array().unwrap().iter().flat_map(|g| g["rules"].as_array().unwrap());
    let names: Vec<&str> = names.filter_map(|r| r["name"].as_str()).collect();
    assert!(names.contains(&"TargetDown") && names.contains(&"HostFilesystemAlmostFull"), "{names:?}");

    for (old, new) in
        [("/graph?g0.expr=up&g0.tab=1", "/explore?g0.expr=up&g0.tab=1"), ("/config", "/status"), ("/service-discovery", "/targets")]
    {
        let (status, head, _) = exchange(server.address, "GET", old, &[], b"");
        assert_eq!(status, 307, "{old}");
        assert!(head.to_ascii_lowercase().contains(&format!("location: {new}")), "{old}: {head}");
    }
    for view in ["/", "/explore", "/alerts", "/rules", "/silences", "/targets", "/incidents", "/incidents/INC-1", "/status"] {
        assert_eq!(server.get(view).0, 200, "{view}");
    }
    assert_eq!(server.get("/-/healthy").0, 200);
    assert_eq!(server.get("/-/ready").0, 200);
    assert_eq!(server.get("/no/such.file").0, 404);
}

#[test]
fn phoenix_alone_serves_and_heeds_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut alone = command(&[]);
    alone.current_dir(dir.path()).env("PHOENIX_LISTEN", address.to_string()).env("PHOENIX_DATA_DIR", dir.path().join("kept"));
    let server = Server::spawn(alone, dir.path(), dir.path().join("kept"), address);
    assert_eq!(server.get("/-/ready").0, 200);
    assert!(dir.path().join("kept/metrics").exists());
}

#[test]
fn it_ends_cleanly_and_goes_on_with_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let address = server.address;
    // A view that listens for changes must not hold up the end.
    let listening = std::thread::spawn(move || request(address, "GET", "/api/phoenix/v1/events", &[], b""));
    let before = eventually("two samples", Duration::from_secs(10), || Some(samples(&server, "up{job=\"node\"}")).filter(|s| s.len() >= 2));
    let began = Instant::now();
    let status = server.stop();
    assert_eq!(status.code(), Some(0), "{status:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?} to end", began.elapsed());
    assert_eq!(listening.join().expect("the stream ends").0, 200);

    let server = Server::start_at(dir.path(), None, address);
    let after = samples(&server, "up{job=\"node\"}");
    assert_eq!(after.get(..before.len()), Some(&before[..]), "every sample is still there");
    // Stopping wrote staleness markers, so that the gap is a gap; the next scrape ends it.
    eventually("new samples", Duration::from_secs(10), || (samples(&server, "up{job=\"node\"}").len() > before.len() + 1).then_some(()));
    assert_eq!(server.end_with("INT").code(), Some(0));
    let log = std::fs::read_to_string(dir.path().join("phoenix.log")).unwrap();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}

#[test]
fn rules_end_before_what_they_read_and_write() {
    let dir = tempfile::tempdir().unwrap();
    // A receiver that takes notifications and never answers holds up the end for some seconds.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let receiver = silent.local_addr().unwrap();
    write(
        dir.path(),
        "alertmanager.yaml",
        &format!(
            "route: {{receiver: silent, group_wait: 0s}}\nreceivers: [{{name: silent, webhook_configs: [{{url: 'http://{receiver}/'}}]}}]\n"
        ),
    );
    let rule = "  - alert: Gone\n    expr: absent(up{job=\"node\"})\n    labels: {severity: none}\n    for: 1h\n";
    write(dir.path(), "rules.yaml", &format!("groups:\n- name: g\n  interval: 1s\n  rules:\n  - {{alert: Held, expr: vector(1)}}\n{rule}"));
    let job = "scrape_configs:\n  - job_name: node\n    scrape_interval: 1s\n    scrape_timeout: 1s\n    static_configs:\n      - targets: ['127.0.0.1:9']\n";
    write(dir.path(), "prometheus.yaml", &format!("rule_files: [rules.yaml]\n{job}"));
    let config =
        write(dir.path(), "phoenix.yaml", "metrics: {config: prometheus.yaml}\nalerting: {config: alertmanager.yaml}\notlp: off\n");
    let server = Server::start(dir.path(), Some(&config));
    let address = server.address;
    silent.set_nonblocking(true).unwrap();
    let _notified = eventually("the receiver is told", Duration::from_secs(20), || silent.accept().ok());
    // Before the first scrape the target is gone, too; what counts is what comes after.
    let found = "ALERTS{alertname=\"Held\"} unless on () ALERTS{alertname=\"Gone\"}";
    eventually("the rule has found the target", Duration::from_secs(20), || server.value(found));
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert_eq!(server.stop().code(), Some(0));
    let log = std::fs::read_to_string(dir.path().join("phoenix.log")).unwrap();
    assert!(!log.contains("closed pool") && !log.contains("panicked"), "{log}");

    // The end of scraping marks its series as gone: the rule must not have seen that.
    let server = Server::start_at(dir.path(), Some(&write(dir.path(), "quiet.yaml", "")), address);
    let seen = samples(&server, "ALERTS{alertname=\"Gone\"}");
    assert!(seen.iter().all(|(at, _)| *at < before), "{seen:?} after {before}");
}

#[test]
fn a_killed_server_goes_on_with_what_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let silence = json!({
        "matchers": [{"name": "a", "value": "b", "isRegex": false}],
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z", "createdBy": "test", "comment": "kept"
    });
    let (status, body) = server.post("/api/v2/silences", &silence);
    assert_eq!(status, 200, "{body}");
    let before = eventually("two samples", Duration::from_secs(10), || Some(samples(&server, "up{job=\"node\"}")).filter(|s| s.len() >= 2));
    let address = server.address;
    server.kill();

    // The same port, so that it is the same instance and the same series.
    let server = Server::start_at(dir.path(), None, address);
    let after = samples(&server, "up{job=\"node\"}");
    assert_eq!(after.get(..before.len()), Some(&before[..]));
    assert_eq!(server.json("/api/v2/silences")[0]["comment"], "kept");
    eventually("new samples", Duration::from_secs(10), || (samples(&server, "up{job=\"node\"}").len() > after.len()).then_some(()));
    assert_eq!(problems(&server.json("/api/phoenix/v1/home")), Vec::<&str>::new());
}

#[test]
fn a_data_folder_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = Server::start(dir.path(), None);
    let data = first.data_dir.display().to_string();
    let output = phoenix(&["serve", "--data-dir", &data, "--listen", &free_address().to_string()]);
    insta::assert_snapshot!(steady(&told(&output), dir.path(), &[]), @r"
    exit code: 4
    --- stdout
    --- stderr
    error: cannot open the metrics store
      Caused by: the data folder DIR/data/metrics is in use: is another Phoenix running? Stop it, or give this one another `data_dir`
    ");
    assert_eq!(first.get("/-/ready").0, 200, "the first one goes on");
}

#[test]
fn a_taken_port_is_named_with_its_setting() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let data = dir.path().join("data").display().to_string();
    let output = phoenix(&["serve", "--data-dir", &data, "--listen", &address.to_string()]);
    insta::assert_snapshot!(steady(&told(&output), dir.path(), &[(address, "ADDRESS")]), @r"
    exit code: 4
    --- stdout
    --- stderr
    error: cannot listen on ADDRESS
      Caused by: Address already in use (os error 98)
      hint: another program may have the port: choose one with --listen HOST:PORT or `listen:` in phoenix.yaml
    ");
    assert!(!dir.path().join("data").exists(), "nothing is made by a start that fails early");
}

#[test]
fn data_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    Server::start(dir.path(), None).stop();
    let arguments = ["serve", "--data-dir", &data.display().to_string(), "--listen", &free_address().to_string()];

    let version = data.join("metrics/VERSION");
    let ours = std::fs::read_to_string(&version).unwrap();
    std::fs::write(&version, "phoenix-tsdb format 99\n").unwrap();
    let output = phoenix(&arguments);
    insta::assert_snapshot!(steady(&told(&output), dir.path(), &[]), @r"
    exit code: 4
    --- stdout
    --- stderr
    error: cannot open the metrics store
      Caused by: the data folder DIR/data/metrics has format 99, this version of Phoenix reads up to 2: run the newer version, or use another `data_dir`
    ");
    assert_eq!(std::fs::read_to_string(&version).unwrap(), "phoenix-tsdb format 99\n");

    std::fs::write(&version, ours).unwrap();
    Server::start(dir.path(), None).stop();
}

#[test]
fn a_bad_config_is_shown_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let config = write(
        dir.path(),
        "prometheus.yaml",
        "global:\n  scrape_interval: 15 s\nscrape_configs:\n  - job_name: api\n    static_config:\n      - targets: ['localhost:1']\n",
    );
    let data = dir.path().join("data").display().to_string();
    let listen = free_address().to_string();
    let output = phoenix(&["serve", "--config", &config.display().to_string(), "--data-dir", &data, "--listen", &listen]);
    insta::assert_snapshot!(steady(&told(&output), dir.path(), &[]), @r"
    exit code: 4
    --- stdout
    --- stderr
    DIR/prometheus.yaml:2:20: error: `15 s` is not a duration: `15` has no unit; one of y, w, d, h, m, s, ms
     2 |   scrape_interval: 15 s
       |                    ^^^^
      help: write a duration as `30s`, `5m` or `1h30m`
    DIR/prometheus.yaml:5:5: error: unknown key `static_config`
     5 |     static_config:
       |     ^^^^^^^^^^^^^
      help: did you mean `static_configs`?
    error: the configuration DIR/prometheus.yaml can't be used
    ");

    let missing = dir.path().join("none.yaml").display().to_string();
    let output = phoenix(&["serve", "--config", &missing, "--data-dir", &data, "--listen", &listen]);
    insta::assert_snapshot!(steady(&told(&output), dir.path(), &[]), @r"
    exit code: 4
    --- stdout
    --- stderr
    error: cannot read DIR/none.yaml: there is no such file
      help: name a phoenix.yaml or a Prometheus config with `--config`
    error: the configuration DIR/none.yaml can't be used
    ");
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_filter_that_cannot_be_read_is_wrong_usage() {
    let output = run(command(&["serve", "--log", "phoenix=loud"]));
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
}

/// `1` or `0` as `/metrics` tells it.
fn reload_metric(server: &Server) -> String {
    let (_, text) = server.get("/metrics");
    let line = text.lines().find(|l| l.starts_with("prometheus_config_last_reload_successful ")).expect("the metric is there");
    line.rsplit(' ').next().unwrap().to_owned()
}

fn jobs(server: &Server) -> Vec<String> {
    let pools = server.json("/api/v1/scrape_pools");
    pools["data"]["scrapePools"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_reload_takes_a_good_config_and_refuses_a_bad_one() {
    let dir = tempfile::tempdir().unwrap();
    let good = |job: &str| format!("scrape_configs:\n  - job_name: {job}\n    static_configs:\n      - targets: ['127.0.0.1:9']\n");
    let config = write(dir.path(), "prometheus.yaml", &good("first"));
    let server = Server::start(dir.path(), Some(&config));
    assert_eq!(jobs(&server), ["first"]);

    write(dir.path(), "prometheus.yaml", &good("second"));
    assert_eq!(request(server.address, "POST", "/-/reload", &[], b""), (200, String::new()));
    assert_eq!((jobs(&server), reload_metric(&server)), (vec!["second".to_owned()], "1".to_owned()));

    write(dir.path(), "prometheus.yaml", &good("third").replace("job_name", "jobname"));
    let (status, text) = request(server.address, "POST", "/-/reload", &[], b"");
    assert_eq!(status, 500);
    insta::assert_snapshot!(steady(&text, dir.path(), &[]), @r"
    failed to reload config; the old one goes on
    DIR/prometheus.yaml:2:5: error: unknown key `jobname`
     2 |   - jobname: third
       |     ^^^^^^^
      help: did you mean `job_name`?
    ");
    assert_eq!((jobs(&server), reload_metric(&server)), (vec!["second".to_owned()], "0".to_owned()));
    let home = server.json("/api/phoenix/v1/home");
    assert_eq!(home["config"]["last_reload_ok"], false);
    assert!(home["config"]["last_error"].as_str().unwrap().contains("jobname"), "{home}");
    assert!(problems(&home)[0].starts_with("The last reload failed"), "{home}");

    write(dir.path(), "prometheus.yaml", &good("fourth"));
    signal(server.pid(), "HUP");
    eventually("SIGHUP reloads", Duration::from_secs(10), || (jobs(&server) == ["fourth"]).then_some(()));
    eventually("all is well again", Duration::from_secs(5), || (reload_metric(&server) == "1").then_some(()));
    assert_eq!(server.json("/api/phoenix/v1/home")["config"]["last_reload_ok"], true);

    write(dir.path(), "prometheus.yaml", "][");
    signal(server.pid(), "HUP");
    eventually("SIGHUP tells of a bad config", Duration::from_secs(10), || (reload_metric(&server) == "0").then_some(()));
    assert_eq!(jobs(&server), ["fourth"]);
    assert!(server.log().contains("the old one goes on"), "{}", server.log());
    assert_eq!(request(server.address, "GET", "/-/reload", &[], b"").0, 405, "looking reloads nothing");
}

#[test]
fn pages_of_strangers_can_neither_read_nor_act() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let local = format!("http://{}", server.address);
    for (method, path, headers, expected) in [
        ("GET", "/api/v1/query?query=1", vec![], 200),
        ("GET", "/api/v1/query?query=1", vec![("Host", "localhost:1")], 200),
        ("GET", "/api/v1/query?query=1", vec![("Host", "evil.example")], 403),
        ("GET", "/metrics", vec![("Host", "evil.example:9090")], 403),
        ("GET", "/", vec![("Host", "evil.example")], 403),
        ("POST", "/-/reload", vec![("Origin", "http://evil.example")], 403),
        ("POST", "/-/reload", vec![("Origin", "null")], 403),
        ("POST", "/-/reload", vec![("Origin", local.as_str())], 200),
        ("POST", "/api/v2/silences", vec![("Origin", "http://evil.example")], 403),
        ("POST", "/api/phoenix/v1/incidents/INC-1/acknowledge", vec![("Origin", "https://evil.example")], 403),
        ("POST", "/act/token", vec![("Origin", "https://evil.example")], 403),
        ("DELETE", "/api/v2/silence/x", vec![("Origin", "https://evil.example")], 403),
    ] {
        let (status, _, body) = exchange(server.address, method, path, &headers, b"");
        assert_eq!(status, expected, "{method} {path} {headers:?}: {body}");
    }
    let (_, head, _) = exchange(server.address, "GET", "/", &[], b"");
    let head = head.to_ascii_lowercase();
    for name in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"] {
        assert!(head.contains(&format!("{name}:")), "{name} is missing: {head}");
    }
}
