//! `phoenix demo` as a whole: real sources, a fault, a page, an answer, recovery; and nothing left behind.
//! Without PostgreSQL, the exporters or the sample service it says what is missing and ends there.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::dashboards::ask as ask_dashboard;
use program::demo::{SOURCES, can_run, start};
use program::logs::query_string;
use program::{Server, eventually, free_address, phoenix, signal, told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_mins(1);

/// Every process below one, by reading `/proc`.
fn descendants(pid: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![pid];
    while let Some(parent) = waiting.pop() {
        for thread in std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|word| word.parse().ok()) {
                if found.insert(child) {
                    waiting.push(child);
                }
            }
        }
    }
    found
}

fn is_running(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie has ended; whoever started it has not looked yet.
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

/// What the demo of this process leaves where the system keeps temporary files.
fn leftovers(pid: u32) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten().map(|e| e.path());
    let ending = format!("-{pid}");
    entries.filter(|path| path.display().to_string().contains("/phoenix-demo") && path.display().to_string().ends_with(&ending)).collect()
}

fn incident(server: &Server) -> Option<Value> {
    let list = server.json("/api/phoenix/v1/incidents?state=open,acknowledged,resolved");
    let down = list["incidents"].as_array()?.iter().find(|i| i["labels"]["alertname"] == "PhoenixAPIDown")?;
    Some(server.json(&format!("/api/phoenix/v1/incidents/{}", down["id"].as_str()?)))
}

fn up(server: &Server) -> Option<f64> {
    server.value("count(up == 1)")
}

#[test]
fn the_whole_story() {
    if !can_run() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("demo");
    let server = start(dir.path());
    eventually("all sources are up", LIMIT, || (up(&server) == Some(SOURCES)).then_some(()));
    for name in [
        "phoenix_api_request_duration_seconds_count",
        "phoenix_experiment_total",
        "pg_settings_max_connections",
        "container_memory_working_set_bytes",
        "kube_deployment_spec_replicas",
        "vault_route_read_secret__count",
        "probe_ssl_earliest_cert_expiry",
        "node_load1",
        "phoenix_build_info",
    ] {
        eventually(name, LIMIT, || server.value(&format!("count({name})")));
    }
    // Its dashboards show all that they ask for; a rate needs two scrapes, logs and traces have to come first.
    let variables = [("$endpoint", ".+"), ("$__rate_interval", "20s"), ("$__interval", "20s"), ("$__range", "1m")];
    for (uid, at_least) in [("phoenix-api", 10), ("phoenix-experiments", 10)] {
        eventually(uid, LIMIT, || (ask_dashboard(&server, uid, &variables).1 >= at_least).then_some(()));
    }
    // What somebody asks for is one trace, from the load over the API to the controller.
    let trace = r#"{ resource.service.name = "phoenix-load" } >> { resource.service.name = "phoenix-api" } >> { resource.service.name = "phoenix-controller" }"#;
    let search = format!("/api/search?{}", query_string(&[("q", trace)]));
    eventually(trace, LIMIT, || server.json(&search)["traces"].as_array().is_some_and(|traces| !traces.is_empty()).then_some(()));
    let processes = descendants(server.pid());
    assert!(processes.len() >= 9, "exporters, PostgreSQL, the service and its load run: {processes:?}");

    let url = server.url();
    let ask = |arguments: &[&str]| {
        let output = phoenix(&[arguments, &["--server", &url]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let unknown = phoenix(&["demo", "fault", "nothing", "--server", &url]);
    assert_eq!(unknown.status.code(), Some(1), "{}", told(&unknown));
    assert!(ask(&["demo", "fault", "api-down"]).contains("PhoenixAPIDown"));
    let opened = eventually("an incident pages", LIMIT, || incident(&server).filter(|i| i["pages"][0]["status"] == "sent"));
    let person = opened["pages"][0]["person"].as_str().unwrap().to_owned();
    let mail = eventually("the page is in the mailbox", LIMIT, || {
        let inbox = server.json("/api/phoenix/v1/inbox");
        let to = format!("{person}@example.org");
        inbox["messages"].as_array()?.iter().find(|m| m["to"] == to.as_str()).cloned()
    });
    assert!(mail["links"].as_array().unwrap().iter().any(|l| l.as_str().unwrap().starts_with(&format!("{url}/act/"))), "{mail}");
    let id = opened["id"].as_str().unwrap();
    assert!(ask(&["incident", "ack", id, "--who", &person]).contains("acknowledged"));
    assert!(ask(&["demo", "fault", "api-down", "--end"]).contains("ended"));
    eventually("the incident closes", LIMIT, || incident(&server).filter(|i| i["state"] == "resolved"));
    eventually("all sources are up again", LIMIT, || (up(&server) == Some(SOURCES)).then_some(()));
    assert_eq!(server.json("/api/phoenix/v1/home")["incidents"], json!({"open": 0, "acknowledged": 0}));
    let processes = &processes | &descendants(server.pid());

    // A second demo in the same folder is refused, and harms nothing.
    let second = phoenix(&["demo", "--data-dir", &data.display().to_string(), "--listen", &free_address().to_string()]);
    assert_eq!(second.status.code(), Some(4), "{}", told(&second));
    assert_eq!(up(&server), Some(SOURCES));

    let pid = server.pid();
    assert_eq!(server.end_with("INT").code(), Some(0));
    let running: Vec<u32> = processes.iter().copied().filter(|pid| is_running(*pid)).collect();
    assert!(running.is_empty() && !is_running(pid), "still running: {running:?}");
    assert_eq!(leftovers(pid), Vec::<std::path::PathBuf>::new(), "nothing outside of its folder");
    let left: BTreeSet<String> =
        std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(left, BTreeSet::from(["demo".to_owned(), "phoenix.log".to_owned()]));
    assert!(!data.join("postgres").exists(), "the throw-away PostgreSQL is thrown away");
}

#[test]
fn a_killed_demo_leaves_no_process() {
    if !can_run() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path());
    let processes = descendants(server.pid());
    assert!(processes.len() >= 9, "{processes:?}");
    let pid = server.pid();
    signal(pid, "KILL");
    eventually("every process ends", Duration::from_secs(20), || processes.iter().all(|pid| !is_running(*pid)).then_some(()));
    drop(server);
    // PostgreSQL's folder stands outside when its user can't reach the demo's; only a kill leaves it behind.
    for folder in leftovers(pid) {
        std::fs::remove_dir_all(folder).expect("the test may remove it");
    }
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "precious").unwrap();
    let output = phoenix(&["demo", "--data-dir", &dir.path().display().to_string(), "--listen", &free_address().to_string()]);
    let told = told(&output).replace(&dir.path().display().to_string(), "DIR");
    insta::assert_snapshot!(told, @r"
    exit code: 4
    --- stdout
    --- stderr
    error: cannot use DIR for the demo
      Caused by: it holds files that are not a demo's
      hint: name an empty or new folder with --data-dir
    ");
    assert_eq!(std::fs::read_to_string(dir.path().join("mine")).unwrap(), "precious");
}
