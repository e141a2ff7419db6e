//! The house: floors are kept, files have one subject and telling names, and nothing hides time or disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each room's floor. A room may depend on lower floors only.
const FLOORS: [(&str, u32); 26] = [
    ("phoenix-model", 0),
    ("phoenix-env", 1),
    ("phoenix-yaml", 1),
    ("phoenix-template", 1),
    ("phoenix-lines", 1),
    ("phoenix-sampling", 1),
    ("phoenix-http", 2),
    ("phoenix-tsdb", 2),
    ("phoenix-lake", 2),
    ("phoenix-objects", 2),
    ("phoenix-query", 2),
    ("phoenix-state", 2),
    ("phoenix-probe", 3),
    ("phoenix-promql", 3),
    ("phoenix-logql", 3),
    ("phoenix-traceql", 3),
    ("phoenix-engine", 4),
    ("phoenix-ingest", 5),
    ("phoenix-rules", 5),
    ("phoenix-alert", 6),
    ("phoenix-incident", 7),
    ("phoenix-dashboard", 7),
    ("phoenix-lint", 8),
    ("phoenix-server", 9),
    ("phoenix-cli", 10),
    // To the side: what services use. It stands above `sampling` alone: traces are thinned at the head
    // by the rules that decide on them again where they are stored.
    ("phoenix-telemetry", 2),
];

/// Edges that the floors would allow and the plan forbids: (who, must not know).
const FORBIDDEN: [(&str, &[&str]); 11] = [
    ("phoenix-lint", &["phoenix-http", "phoenix-env", "tokio", "reqwest", "axum"]),
    ("phoenix-dashboard", &["phoenix-alert", "phoenix-state", "tokio", "reqwest", "axum"]),
    ("phoenix-model", &["tokio", "reqwest", "axum", "sqlx"]),
    ("phoenix-promql", &["phoenix-tsdb", "phoenix-http", "reqwest", "axum"]),
    ("phoenix-logql", &["phoenix-lake", "phoenix-http", "reqwest", "axum"]),
    ("phoenix-traceql", &["phoenix-lake", "phoenix-http", "reqwest", "axum"]),
    ("phoenix-lake", &["phoenix-query", "reqwest", "axum", "tokio"]),
    ("phoenix-rules", &["phoenix-ingest", "phoenix-http", "reqwest", "axum"]),
    ("phoenix-telemetry", &["phoenix-model", "phoenix-env", "phoenix-yaml", "phoenix-lines", "phoenix-template"]),
    ("phoenix-platform", &["phoenix-model", "phoenix-env", "phoenix-server"]),
    ("phoenix-tsdb", &["phoenix-query", "reqwest", "axum"]),
];

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .ancestors()
        .nth(2)
        .expect("the crate stands two folders below the root")
        .to_owned()
}

fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let normal = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().into_iter().flatten();
        // Tests may use what they like: they are not part of the house.
        all.filter(|d| d["kind"].as_str() != Some("dev")).filter_map(|d| d["name"].as_str().map(str::to_owned)).collect()
    };
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages.iter().map(|p| (p["name"].as_str().expect("packages have names").to_owned(), normal(p))).collect()
}

#[test]
fn floors_are_kept() {
    let floors: BTreeMap<&str, u32> = FLOORS.into();
    let mut wrong = Vec::new();
    for (room, dependencies) in dependencies() {
        let Some(&floor) = floors.get(room.as_str()) else {
            if !["phoenix-platform", "phoenix-house"].contains(&room.as_str()) {
                wrong.push(format!("{room} has no floor: add it to this table and to ARCHITECTURE.md"));
            }
            continue;
        };
        for dependency in dependencies {
            match floors.get(dependency.as_str()) {
                Some(&other) if other >= floor => wrong.push(format!("{room} (floor {floor}) depends on {dependency} (floor {other})")),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_do_not_know_what_they_must_not() {
    let all = dependencies();
    for (room, forbidden) in FORBIDDEN {
        let known = &all[room];
        let wrong: Vec<_> = known.iter().filter(|d| forbidden.contains(&d.as_str())).collect();
        assert!(wrong.is_empty(), "{room} knows {wrong:?}");
    }
    let servers: Vec<_> =
        all.iter().filter(|(_, d)| d.iter().any(|d| d == "axum" || d == "tonic")).map(|(name, _)| name.as_str()).collect();
    // The command has a webhook receiver for the demo, the sample service is a server of its own, and what services use
    // sends by OTLP and knows axum's routes.
    assert_eq!(servers, ["phoenix-cli", "phoenix-platform", "phoenix-server", "phoenix-telemetry"], "only the server knows axum and tonic");
}

#[test]
fn files_have_one_subject_and_a_telling_name() {
    let output = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "*.rs", "*.ts", "*.tsx"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let files = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let mut wrong = Vec::new();
    for file in files.lines().filter(|f| root().join(f).exists()) {
        let stem = Path::new(file).file_stem().and_then(|s| s.to_str()).unwrap_or("");
        if ["utils", "util", "common", "helpers", "helper", "manager", "misc"].contains(&stem) {
            wrong.push(format!("{file}: the name does not say what is in it"));
        }
        #[expect(clippy::disallowed_methods, reason = "a test of the source tree reads the source tree")]
        let text = std::fs::read_to_string(root().join(file)).expect("the file is readable");
        let lines = text.lines().count();
        if lines > 1000 {
            wrong.push(format!("{file}: {lines} lines; a file over 1,000 has a second subject"));
        }
    }
    assert!(!files.is_empty() && wrong.is_empty(), "{}", wrong.join("\n"));
}
