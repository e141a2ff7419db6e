//! `phoenix serve --config configs/phoenix.yaml`: the strategy's files as they are, with the secrets that they name.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, command, eventually, free_address};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_mins(1);
/// Where a cluster mounts secrets; this machine has other things there.
const MOUNT: &str = "/var/run/secrets";

/// The files that have to be mounted, as docs/reference/configuration.md lists them.
const SECRETS: [&str; 6] = [
    "kubernetes.io/serviceaccount/ca.crt",
    "kubernetes.io/serviceaccount/token",
    "newrelic/api-key",
    "smtp/password",
    "vault/ca.crt",
    "vault/prometheus-token",
];

/// Every file of a folder, with those of folders in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Copies `configs` and the runbooks; the only change is where secrets are mounted. Gives the secrets that are named.
fn copy(root: &Path, dir: &Path) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for path in files(&root.join("configs")).into_iter().chain(files(&root.join("docs/runbooks"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        for after in text.split(&format!("{MOUNT}/")).skip(1) {
            named.insert(after.split_whitespace().next().unwrap().to_owned());
        }
        let to = dir.join(path.strip_prefix(root).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text.replace(MOUNT, &dir.join("secrets").display().to_string())).unwrap();
    }
    named
}

#[test]
fn the_strategy_is_served_once_its_secrets_are_mounted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let named = copy(root, dir.path());
    assert_eq!(named, SECRETS.map(str::to_owned).into(), "docs/reference/configuration.md lists what has to be mounted");
    let documented = std::fs::read_to_string(root.join("docs/reference/configuration.md")).unwrap();
    let authority = rcgen::generate_simple_self_signed(vec!["authority".to_owned()]).unwrap().cert.pem();
    for name in &named {
        assert!(documented.contains(&format!("`{name}`")), "{name} is not in the documentation");
        let file = dir.path().join("secrets").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, if name.contains("ca.crt") { authority.as_str() } else { "secret" }).unwrap();
    }

    // Its ports are fixed, and another test may have them.
    let config = dir.path().join("configs/phoenix.yaml");
    let text = std::fs::read_to_string(&config).unwrap() + "\notlp: {grpc: off, http: off}\n";
    std::fs::write(&config, text).unwrap();

    let (data, address) = (dir.path().join("data"), free_address());
    let mut serve = command(&["serve", "--config"]);
    serve.arg(&config).arg("--data-dir").arg(&data).arg("--listen").arg(address.to_string());
    serve.env("POD_NAME", "phoenix-0");
    let server = Server::spawn(serve, dir.path(), data, address);
    eventually("it is ready", LIMIT, || (server.get("/-/ready").0 == 200).then_some(()));

    let rules = |folder: &str| -> usize {
        let files = files(&root.join("configs").join(folder)).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        files.map(|text| text.lines().filter(|line| ["- alert:", "- record:"].iter().any(|key| line.trim().starts_with(key))).count()).sum()
    };
    let wanted = rules("monitoring/prometheus/rules") + rules("monitoring/rules");
    let loaded = |key: &str, is_wanted: &dyn Fn(&Value) -> bool| -> usize {
        let answer = server.json("/api/v1/rules");
        let groups = answer["data"]["groups"].as_array().unwrap();
        groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).filter(|rule| is_wanted(&rule[key])).count()
    };
    assert!(wanted > 50, "{wanted} rules");
    assert_eq!(loaded("name", &|_| true), wanted);
    assert_eq!(loaded("health", &|health| health == "err"), 0);
    // The alert that always fires says that rules are evaluated.
    eventually("Watchdog", Duration::from_mins(3), || server.value(r#"ALERTS{alertname="Watchdog",alertstate="firing"}"#));

    let boards = server.json("/api/phoenix/v1/dashboards").to_string();
    for uid in ["phoenix-executive", "phoenix-operations", "phoenix-experiment-results"] {
        assert!(boards.contains(&format!("\"{uid}\"")), "{uid}: {boards}");
    }
    assert!(!server.json("/api/phoenix/v1/on-call").to_string().contains("\"levels\":[]"), "somebody is on call");
}
