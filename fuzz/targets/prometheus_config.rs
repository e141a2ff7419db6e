//! Prometheus' configuration, and the files that `scrape_config_files` names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::config::{is_prometheus_config, parse, parse_scrape_file};
use phoenix_model::{Severity, Source};
use std::path::Path;

fuzz_target!(|text: &str| {
    let source = Source::new("prometheus.yml", text);
    let _ = is_prometheus_config(&source);
    let environment = |name: &str| (name == "REGION").then(|| "eu".to_owned());
    let (config, diagnostics) = parse(&source, Path::new("."), &environment);
    assert_eq!(config.is_none(), diagnostics.iter().any(|found| found.severity == Severity::Error), "{diagnostics:?}");
    let global = config.unwrap_or_default().global;
    let _ = parse_scrape_file(&source, Path::new("."), &global);
});
