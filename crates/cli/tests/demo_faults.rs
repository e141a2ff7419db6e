//! Each fault of the demo raises the alert that it names, and its end resolves it: real processes, the strategy's rules,
//! thirty times as quick. Some faults are tried with every run; `make soak` tries all.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::demo::{SOURCES, can_run, start};
use program::{Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A fault is seen, and its end, within so long: LowCardinalityReduction looks back a minute, on a busy machine.
const LIMIT: Duration = Duration::from_mins(4);

fn firing(server: &Server) -> BTreeSet<String> {
    let alerts = server.json("/api/v1/alerts");
    let firing = alerts["data"]["alerts"].as_array().expect("a list").iter().filter(|alert| alert["state"] == "firing");
    firing.map(|alert| alert["labels"]["alertname"].as_str().expect("alerts have names").to_owned()).collect()
}

/// The faults, with their alerts.
fn faults(server: &Server) -> Vec<(String, String)> {
    let text = |fault: &Value, key: &str| fault[key].as_str().expect("a text").to_owned();
    let known = server.json("/api/phoenix/v1/demo");
    known["faults"].as_array().expect("a list").iter().map(|fault| (text(fault, "name"), text(fault, "expected_alert"))).collect()
}

fn turn(server: &Server, fault: &str, active: bool) {
    let (status, body) = server.post(&format!("/api/phoenix/v1/demo/faults/{fault}"), &json!({"active": active}));
    assert_eq!(status, 200, "{fault}: {body}");
    let told: Value = serde_json::from_str(&body).expect("answers are JSON");
    assert_eq!(told["active"], active, "{fault}: {body}");
}

/// What shows besides the alert that a fault does what it says, by a query that gives a value while it is on.
fn seen_beside(fault: &str) -> Option<&'static str> {
    match fault {
        // The API lives without its database, and says so.
        "database-down" => Some(r#"sum(rate(phoenix_api_request_duration_seconds_count{status="503"}[10s])) > 0"#),
        // It is gone, not only down.
        "target-vanished" => Some(r#"absent(up{job="phoenix-controller"})"#),
        _ => None,
    }
}

/// Begins a fault, waits for its alert, ends it, waits until the alert is over.
fn try_fault(server: &Server, fault: &str, alert: &str) {
    let start = Instant::now();
    turn(server, fault, true);
    eventually(&format!("{fault} is seen by {alert}"), LIMIT, || firing(server).contains(alert).then_some(()));
    let seen = start.elapsed();
    if let Some(query) = seen_beside(fault) {
        eventually(query, LIMIT, || server.value(query));
    }
    let start = Instant::now();
    turn(server, fault, false);
    eventually(&format!("{alert} resolves when {fault} ends"), LIMIT, || (!firing(server).contains(alert)).then_some(()));
    println!("| `{fault}` | {alert} | {} s | {} s |", seen.as_secs(), start.elapsed().as_secs());
}

/// The demo, when all of it works and nothing is wrong.
fn calm_demo(dir: &std::path::Path) -> Server {
    let server = start(dir);
    eventually("all sources are up", LIMIT, || (server.value("count(up == 1)") == Some(SOURCES)).then_some(()));
    // What looks back sees both sides of the beginning.
    eventually("requests are answered", LIMIT, || {
        server.value(r#"sum(rate(phoenix_api_request_duration_seconds_count{status="200"}[10s])) > 1"#)
    });
    eventually("nothing is wrong", LIMIT, || firing(&server).is_empty().then_some(()));
    server
}

fn calms_down(server: &Server) {
    eventually("no alert is left", LIMIT, || {
        let left = firing(server);
        left.is_empty().then_some(())
    });
    let query = r#"sum(rate(phoenix_api_request_duration_seconds_count{status="200"}[10s])) > 1"#;
    eventually("the platform works as before", LIMIT, || server.value(query));
}

#[test]
fn some_faults_are_seen_and_so_is_their_end() {
    if !can_run() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = calm_demo(dir.path());
    let known = faults(&server);
    let rules = server.json("/api/v1/rules?type=alert").to_string();
    for (fault, alert) in &known {
        assert!(rules.contains(&format!("\"name\":\"{alert}\"")), "{fault}: there is no alert {alert}");
    }
    for name in ["target-vanished", "database-down", "certificate-expiring"] {
        let (fault, alert) = known.iter().find(|(fault, _)| fault == name).expect("the demo has this fault");
        try_fault(&server, fault, alert);
    }
    calms_down(&server);
}

#[test]
#[ignore = "takes some ten minutes: `make soak`"]
fn every_fault_is_seen_and_so_is_its_end() {
    assert!(can_run(), "whoever asks for this test wants it to run");
    let dir = tempfile::tempdir().unwrap();
    let server = calm_demo(dir.path());
    let known = faults(&server);
    assert!(known.len() == 15, "{known:?}");
    for (fault, alert) in &known {
        try_fault(&server, fault, alert);
    }
    calms_down(&server);
}
