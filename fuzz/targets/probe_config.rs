//! Modules of probes: whatever the text, there is an answer, and what is accepted has a prober.

#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_model::Source;
use phoenix_probe::{ProbeConfig, is_probe_config};
use std::path::Path;

fuzz_target!(|text: &str| {
    let source = Source::new("blackbox.yaml", text);
    let _ = is_probe_config(&source);
    let (config, found) = ProbeConfig::read(&source, Path::new("folder"));
    assert!(config.is_some() || !found.is_empty(), "nothing was read, and nothing said why");
});
