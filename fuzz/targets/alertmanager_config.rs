//! Alertmanager's configuration.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_alert::AlertConfig;
use phoenix_model::Source;
use std::path::Path;

fuzz_target!(|text: &str| {
    // Templates are files beside the config; this folder has none.
    if let Err(diagnostics) = AlertConfig::parse(&Source::new("alertmanager.yml", text), Path::new("/nonexistent")) {
        assert!(!diagnostics.is_empty(), "refused without a reason: {text:?}");
    }
});
