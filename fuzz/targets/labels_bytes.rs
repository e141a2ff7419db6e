//! The packed form of labels, as the write-ahead log and the parts hold it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_model::Labels;

fuzz_target!(|bytes: &[u8]| {
    let Some(labels) = Labels::from_bytes(bytes) else { return };
    assert_eq!(labels.as_bytes(), bytes);
    let pairs: Vec<(&str, &str)> = labels.iter().collect();
    assert_eq!(pairs.len(), labels.len());
    assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "{labels} is not sorted");
    assert!(pairs.iter().all(|(_, value)| !value.is_empty()), "{labels} has an empty value");
    assert_eq!(Labels::from_pairs(pairs.iter().rev().copied()), labels);
});
