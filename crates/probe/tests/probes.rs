//! Probes of real servers, and what blackbox_exporter finds out about the same ones.
//!
//! blackbox_exporter is not always installed: its part ends with a word on standard error then
//! (`apt-get install prometheus-blackbox-exporter`).

mod targets;

use phoenix_env::{Disk, RealClock, RealDisk, SharedClock, SharedDisk};
use phoenix_http::{ClientOptions, HttpConfig};
use phoenix_model::Source;
use phoenix_probe::{Answer, ProbeConfig, ProbeError, Probes, Request};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use targets::Targets;

const CONFIG: &str = r"
modules:
  http_2xx: {prober: http, http: {tls_config: {ca_file: ca.pem}}}
  unverified: {prober: http, http: {tls_config: {insecure_skip_verify: true}}}
  stranger: {prober: http}
  stay: {prober: http, http: {follow_redirects: false}}
  stay_right: {prober: http, http: {follow_redirects: false, valid_status_codes: [302]}}
  teapot: {prober: http, http: {valid_status_codes: [418, 503]}}
  body: {prober: http, http: {fail_if_body_matches_regexp: ['is (un)?well']}}
  body_not: {prober: http, http: {fail_if_body_not_matches_regexp: ['^all', 'ill']}}
  header: {prober: http, http: {fail_if_header_matches: [{header: X-State, regexp: 'gre+n'}]}}
  header_missing: {prober: http, http: {fail_if_header_not_matches: [{header: X-Other, regexp: '.*'}]}}
  header_allowed: {prober: http, http: {fail_if_header_not_matches: [{header: X-Other, regexp: '.*', allow_missing: true}]}}
  plain_wanted: {prober: http, http: {fail_if_ssl: true, tls_config: {ca_file: ca.pem}}}
  tls_wanted: {prober: http, http: {fail_if_not_ssl: true}}
  version: {prober: http, http: {valid_http_versions: [HTTP/2.0]}}
  version2: {prober: http, http: {valid_http_versions: [HTTP/2.0], tls_config: {ca_file: ca.pem}}}
  private: {prober: http, http: {basic_auth: {username: me, password: secret}}}
  gzip: {prober: http, http: {compression: gzip, headers: {Accept-Encoding: gzip}, fail_if_body_not_matches_regexp: ['(all is well ){100}']}}
  echo: {prober: http, http: {method: POST, body: over, headers: {X-Probe: it}, fail_if_body_not_matches_regexp: ['^POST it over$']}}
  host: {prober: http, http: {headers: {Host: example.org}, fail_if_body_not_matches_regexp: ['^example.org$']}}
  short: {prober: http, http: {body_size_limit: 5B}}
  connect: {prober: tcp}
  tls: {prober: tcp, tcp: {tls: true, tls_config: {ca_file: ca.pem}}}
  tls_stranger: {prober: tcp, tcp: {tls: true}}
  talk: {prober: tcp, tcp: {query_response: [{expect: '^220 (\w+) ([0-9.]+)'}, {send: 'HELLO me'}, {expect: '^250 hello (.*)$', send: 'HELLO ${1}-again'}, {expect: '^250 hello me-again$'}]}}
  talk_wrong: {prober: tcp, timeout: 200ms, tcp: {query_response: [{expect: '^220'}, {send: 'HELLO me'}, {expect: '^999'}]}}
  starttls: {prober: tcp, tcp: {tls_config: {ca_file: ca.pem}, query_response: [{expect: '^220'}, {send: STARTTLS}, {expect: '^220 go', starttls: true}, {expect: '^250 secure'}]}}
  waits: {prober: tcp, timeout: 200ms, tcp: {query_response: [{expect: 'never'}]}}
";

type Case = (&'static str, &'static str, bool, &'static [(&'static str, f64)]);

/// Module, target (`HTTP`, `HTTPS` … are ports), whether it succeeds, and some of the metrics.
const CASES: &[Case] = &[
    (
        "http_2xx",
        "http://127.0.0.1:HTTP/",
        true,
        &[
            ("probe_http_status_code", 200.0),
            ("probe_http_content_length", 11.0),
            ("probe_http_uncompressed_body_length", 11.0),
            ("probe_http_version", 1.1),
            ("probe_http_ssl", 0.0),
            ("probe_http_last_modified_timestamp_seconds", 1_445_412_480.0),
            ("probe_ip_protocol", 4.0),
            ("probe_ip_addr_hash", 3_668_918_509.0),
            ("probe_failed_due_to_regex", 0.0),
        ],
    ),
    ("http_2xx", "127.0.0.1:HTTP", true, &[("probe_http_redirects", 0.0)]),
    ("http_2xx", "http://127.0.0.1:HTTP/redirect", true, &[("probe_http_redirects", 1.0), ("probe_http_status_code", 200.0)]),
    ("http_2xx", "http://127.0.0.1:HTTP/circle", false, &[("probe_http_status_code", 301.0)]),
    ("stay", "http://127.0.0.1:HTTP/redirect", false, &[("probe_http_status_code", 302.0)]),
    ("stay_right", "http://127.0.0.1:HTTP/redirect", true, &[("probe_http_status_code", 302.0)]),
    ("http_2xx", "http://127.0.0.1:HTTP/wrong", false, &[("probe_http_status_code", 503.0)]),
    ("teapot", "http://127.0.0.1:HTTP/wrong", true, &[]),
    ("teapot", "http://127.0.0.1:HTTP/", false, &[]),
    ("body", "http://127.0.0.1:HTTP/", false, &[("probe_failed_due_to_regex", 1.0)]),
    ("body", "http://127.0.0.1:HTTP/host", true, &[("probe_failed_due_to_regex", 0.0)]),
    ("body_not", "http://127.0.0.1:HTTP/", false, &[("probe_failed_due_to_regex", 1.0)]),
    ("header", "http://127.0.0.1:HTTP/", false, &[("probe_failed_due_to_regex", 1.0)]),
    ("header_missing", "http://127.0.0.1:HTTP/", false, &[("probe_failed_due_to_regex", 1.0)]),
    ("header_allowed", "http://127.0.0.1:HTTP/", true, &[]),
    ("tls_wanted", "http://127.0.0.1:HTTP/", false, &[]),
    ("plain_wanted", "https://localhost:HTTPS/", false, &[("probe_http_ssl", 1.0)]),
    ("version", "http://127.0.0.1:HTTP/", false, &[]),
    ("version2", "https://localhost:HTTP2/", true, &[("probe_http_version", 2.0)]),
    (
        "http_2xx",
        "https://localhost:HTTPS/",
        true,
        &[
            ("probe_http_ssl", 1.0),
            ("probe_ssl_earliest_cert_expiry", targets::INTERMEDIATE_END_S),
            ("probe_ssl_last_chain_expiry_timestamp_seconds", targets::INTERMEDIATE_END_S),
        ],
    ),
    (
        "unverified",
        "https://127.0.0.1:HTTPS/",
        true,
        &[
            ("probe_ssl_earliest_cert_expiry", targets::INTERMEDIATE_END_S),
            ("probe_ssl_last_chain_expiry_timestamp_seconds", -62_135_596_800.0),
        ],
    ),
    ("stranger", "https://localhost:HTTPS/", false, &[("probe_http_status_code", 0.0)]),
    ("private", "http://127.0.0.1:HTTP/private", true, &[]),
    ("http_2xx", "http://127.0.0.1:HTTP/private", false, &[("probe_http_status_code", 401.0)]),
    ("gzip", "http://127.0.0.1:HTTP/gzip", true, &[("probe_http_uncompressed_body_length", 1_200.0)]),
    ("gzip", "http://127.0.0.1:HTTP/", false, &[("probe_http_status_code", 200.0)]),
    ("echo", "http://127.0.0.1:HTTP/echo", true, &[]),
    ("host", "http://127.0.0.1:HTTP/host", true, &[]),
    ("short", "http://127.0.0.1:HTTP/", false, &[]),
    ("http_2xx", "http://127.0.0.1:CLOSED/", false, &[("probe_http_status_code", 0.0)]),
    ("http_2xx", "http://nobody.invalid/", false, &[("probe_ip_protocol", 0.0), ("probe_ip_addr_hash", 0.0)]),
    ("connect", "127.0.0.1:SILENT", true, &[("probe_ip_protocol", 4.0)]),
    ("connect", "127.0.0.1:CLOSED", false, &[]),
    ("tls", "localhost:HTTPS", true, &[("probe_ssl_earliest_cert_expiry", targets::INTERMEDIATE_END_S)]),
    ("tls_stranger", "localhost:HTTPS", false, &[]),
    ("talk", "127.0.0.1:LINES", true, &[("probe_failed_due_to_regex", 0.0)]),
    ("talk_wrong", "127.0.0.1:LINES", false, &[]),
    ("starttls", "localhost:LINES", true, &[("probe_ssl_earliest_cert_expiry", targets::INTERMEDIATE_END_S)]),
    ("waits", "127.0.0.1:SILENT", false, &[]),
];

fn clock() -> SharedClock {
    RealClock::shared()
}

fn probes(folder: &Path, config: &str) -> Probes {
    let (config, found) = ProbeConfig::read(&Source::new("blackbox.yml", config), folder);
    assert!(found.is_empty(), "{found:?}");
    Probes::new(Arc::new(config.unwrap()), clock(), Arc::new(RealDisk))
}

fn target(targets: &Targets, text: &str) -> String {
    let mut text = text.to_owned();
    for (word, port) in [
        ("HTTPS", targets.https),
        ("HTTP2", targets.https2),
        ("HTTP", targets.http),
        ("LINES", targets.lines),
        ("SILENT", targets.silent),
        ("CLOSED", targets.closed),
    ] {
        text = text.replace(&format!(":{word}"), &format!(":{port}"));
    }
    text
}

/// The metrics of an answer by name and labels.
fn metrics(text: &str) -> BTreeMap<String, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|e| panic!("{line}: {e}")))
        })
        .collect()
}

async fn ask(probes: &Probes, module: &str, target: String) -> Answer {
    let request = Request { module: module.to_owned(), target, hostname: None, scrape_timeout: Some(Duration::from_secs(20)) };
    probes.probe(&request).await.unwrap_or_else(|e| panic!("{module}: {e:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_are_judged_by_their_modules() {
    let folder = tempfile::tempdir().unwrap();
    let targets = Targets::start(folder.path()).await;
    let probes = probes(folder.path(), CONFIG);
    for (module, address, success, wanted) in CASES {
        let answer = ask(&probes, module, target(&targets, address)).await;
        let (log, found) = (answer.log.join("\n"), metrics(&answer.text));
        assert_eq!(answer.success, *success, "{module} {address}\n{log}");
        assert_eq!(found["probe_success"], f64::from(u8::from(*success)), "{module} {address}");
        for (name, value) in *wanted {
            assert_eq!(found.get(*name), Some(value), "{module} {address} {name}\n{log}\n{}", answer.text);
        }
        assert!(!log.contains("secret"), "{log}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (config, found) = ProbeConfig::read(
        &Source::new("b.yml", "modules: {ping: {prober: icmp}, dig: {prober: dns, dns: {query_name: a}}}"),
        folder.path(),
    );
    assert_eq!(found.len(), 2, "{found:?}");
    let probes = Probes::new(Arc::new(config.unwrap()), clock(), Arc::new(RealDisk));
    let request = |module: &str, target: &str| Request { module: module.into(), target: target.into(), ..Request::default() };
    for (request, says) in [
        (request("", "x"), "Unknown module \"http_2xx\": known are dig, ping"),
        (request("ping", ""), "Target parameter is missing"),
        (request("ping", "x"), "The module \"ping\" has the prober icmp, which Phoenix does not have"),
    ] {
        let Err(ProbeError::Bad(message)) = probes.probe(&request).await else { panic!("{request:?}") };
        assert_eq!(message, says);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_probes_than_may_run_at_once_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let targets = Targets::start(folder.path()).await;
    let probes = probes(folder.path(), "modules: {waits: {prober: tcp, timeout: 5s, tcp: {query_response: [{expect: never}]}}}");
    let request = Request { module: "waits".into(), target: format!("127.0.0.1:{}", targets.silent), ..Request::default() };
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..=phoenix_probe::MAX_PROBES {
        let (probes, request) = (probes.clone(), request.clone());
        running.spawn(async move { probes.probe(&request).await.map(|answer| answer.success) });
    }
    // The refusal comes at once, while the others wait.
    assert_eq!(running.join_next().await.unwrap().unwrap(), Err(ProbeError::Busy));
}

/// The same probes by blackbox_exporter: all metrics but times are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blackbox_exporter_finds_the_same() {
    const PROGRAM: &str = "/usr/bin/prometheus-blackbox-exporter";
    /// Version 0.23 does not tell these yet; later ones do.
    const NEWER: [&str; 2] = ["probe_tls_cipher_info", "probe_ssl_last_chain_info"];
    if !Path::new(PROGRAM).exists() {
        eprintln!("skipped: {PROGRAM} is not installed (`apt-get install prometheus-blackbox-exporter`)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let targets = Targets::start(folder.path()).await;
    let probes = probes(folder.path(), CONFIG);
    RealDisk.write_atomic(&folder.path().join("blackbox.yml"), CONFIG.as_bytes()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut exporter = tokio::process::Command::new(PROGRAM)
        .args(["--config.file=blackbox.yml", &format!("--web.listen-address=127.0.0.1:{port}")])
        .current_dir(folder.path())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = HttpConfig::default().client(&(Arc::new(RealDisk) as SharedDisk), ClientOptions::default()).unwrap();
    let get = |path: &str| client.get(format!("http://127.0.0.1:{port}{path}").parse().unwrap()).unwrap();
    let mut waited = 0;
    while get("/-/healthy").send().await.is_err() {
        waited += 1;
        assert!(waited < 200 && exporter.try_wait().unwrap().is_none(), "blackbox_exporter does not answer");
        clock().sleep(Duration::from_millis(50)).await;
    }
    let mut differences = Vec::new();
    for (module, address, ..) in CASES {
        let target = target(&targets, address);
        let ours = metrics(&ask(&probes, module, target.clone()).await.text);
        let theirs = get("/probe").query(&[("module", *module), ("target", &target)]).send().await.unwrap();
        let theirs = metrics(&theirs.text().await.unwrap());
        let comparable = |metrics: BTreeMap<String, f64>| -> BTreeMap<String, f64> {
            metrics
                .into_iter()
                .filter(|(name, _)| !name.contains("_seconds") || name.contains("timestamp"))
                .filter(|(name, _)| !NEWER.iter().any(|newer| name.starts_with(newer)))
                .collect()
        };
        let (ours, theirs) = (comparable(ours), comparable(theirs));
        if ours != theirs {
            let only = |a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>| -> Vec<String> {
                a.iter().filter(|(name, value)| b.get(*name) != Some(value)).map(|(name, value)| format!("{name} {value}")).collect()
            };
            differences.push(format!("{module} {address}\n  ours   {:?}\n  theirs {:?}", only(&ours, &theirs), only(&theirs, &ours)));
        }
    }
    exporter.kill().await.unwrap();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
