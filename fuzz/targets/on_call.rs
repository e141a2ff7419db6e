//! The on-call file, and who is on call by it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_incident::OnCallConfig;
use phoenix_incident::schedule::who_is;
use phoenix_model::{Labels, Source};

fuzz_target!(|text: &str| {
    match OnCallConfig::load(&Source::new("on-call.yaml", text)) {
        Err(diagnostics) => assert!(!diagnostics.is_empty(), "refused without a reason: {text:?}"),
        Ok((config, _)) => {
            // A Sunday in spring at 01:30 UTC, at which clocks change in much of Europe.
            let at = jiff::Timestamp::from_second(1_774_747_800).expect("within range");
            for level in &config.levels {
                let _ = who_is(&config, &[], &level.name, at);
            }
            let _ = config.pages(&Labels::from_pairs([("severity", "critical")]));
        }
    }
});
