//! Holds `docs/reference/configuration.md` to the code: every key once, with its status and the limits' defaults.

use phoenix_env::{Disk, RealDisk};
use phoenix_ingest::config as prometheus;
use phoenix_server::config::{self, Limits};
use std::collections::BTreeMap;
use std::path::Path;

type Rows = BTreeMap<String, (String, String)>;

/// Key to (status, meaning), of one chapter.
fn rows(chapter: &str) -> Rows {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/configuration.md");
    let document = String::from_utf8(RealDisk.read(&path, 1 << 20).unwrap()).unwrap();
    let text = document.split("\n## ").find(|part| part.starts_with(chapter)).expect(chapter);
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [key, status, meaning] = cells[..] else { panic!("{line}") };
        let twice = rows.insert(key.trim_matches('`').to_owned(), (status.to_owned(), meaning.to_owned()));
        assert!(twice.is_none(), "{key} stands there twice");
    }
    rows
}

fn compare(rows: &Rows, keys: &[String], acts: impl Fn(&str) -> bool) {
    for key in keys {
        let Some((status, _)) = rows.get(key) else { panic!("`{key}` is not documented") };
        assert_eq!(status, if acts(key) { "acts" } else { "not acting yet" }, "{key}");
    }
    for key in rows.keys() {
        assert!(keys.contains(key), "`{key}` is documented and not known");
    }
}

#[test]
fn the_keys_of_phoenix_yaml_are_documented() {
    let section = |key: &str| key.split('.').next().unwrap_or(key).to_owned();
    compare(&rows("phoenix.yaml"), &config::documented_keys(), |key| config::NOT_ACTING.iter().all(|(known, _)| *known != section(key)));
}

#[test]
fn the_keys_of_prometheus_are_documented() {
    // `http_config` is shown where it stands: in the job and in HTTP discovery.
    let keys: Vec<String> = prometheus::documented_keys().into_iter().filter(|key| !key.starts_with("http_config.")).collect();
    let not_acting = |key: &str| {
        let name = key.strip_prefix("scrape_configs[].").unwrap_or("");
        key == "runtime"
            || prometheus::NOT_ACTING.iter().any(|(known, _)| *known == key)
            || prometheus::DISCOVERIES.iter().any(|(known, _, _)| *known == name)
    };
    let rows = rows("Prometheus");
    compare(&rows, &keys, |key| !not_acting(key));
    for (name, own, _) in prometheus::DISCOVERIES {
        let meaning = &rows[&format!("scrape_configs[].{name}")].1;
        assert!(own.iter().all(|key| meaning.contains(&format!("`{key}`"))), "{name}: {meaning}");
    }
}

#[test]
fn the_defaults_of_the_limits_are_documented() {
    let rows = rows("phoenix.yaml");
    let limits = Limits::default();
    let bytes = |n: u64| phoenix_yaml::Bytes(n).to_string();
    for (key, want) in [
        ("query_memory", bytes(limits.query_memory_bytes)),
        ("query_timeout", phoenix_model::format_duration(limits.query_timeout)),
        ("query_max_samples", limits.query_max_samples.to_string()),
        ("query_concurrency", limits.query_concurrency.to_string()),
        ("query_waiting", limits.query_waiting.to_string()),
        ("query_lookback", phoenix_model::format_duration(limits.query_lookback)),
        ("query_max_log_bytes", bytes(limits.query_max_log_bytes)),
        ("query_max_log_entries", limits.query_max_log_entries.to_string()),
        ("query_max_log_series", limits.query_max_log_series.to_string()),
        ("log_tails", limits.log_tails.to_string()),
        ("annotations", limits.annotations.to_string()),
        ("series", limits.series.to_string()),
        ("body_size", bytes(limits.body_size_bytes)),
        ("scrape_body_size", bytes(limits.scrape_body_size_bytes)),
        ("samples_per_scrape", limits.samples_per_scrape.to_string()),
        ("targets_per_job", limits.targets_per_job.to_string()),
        ("labels_per_series", limits.labels_per_series.to_string()),
        ("label_name_length", limits.label_name_length.to_string()),
        ("label_value_length", limits.label_value_length.to_string()),
    ] {
        let meaning = &rows[&format!("limits.{key}")].1;
        assert!(meaning.ends_with(&format!("default `{want}`.")), "{key}: {meaning}, not {want}");
    }
}
