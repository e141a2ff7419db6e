//! Bodies of targets in every format; the first byte chooses which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_ingest::exposition::{Entry, Parser, check_body, format_of};

const CONTENT_TYPES: [&str; 4] = [
    "text/plain; version=0.0.4",
    "text/plain; version=1.0.0",
    "application/openmetrics-text; version=1.0.0",
    "application/openmetrics-text; version=0.0.1",
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let format = format_of(Some(CONTENT_TYPES[usize::from(*choice) % CONTENT_TYPES.len()]), None).expect("a known content type");
    let Ok(counts) = check_body(body, format) else { return };
    // A second scrape is read with the first one's series as a guide, and has to give the same.
    let mut first = Vec::new();
    let mut parser = Parser::new(body, format).expect("it was read before");
    while let Some(entry) = parser.next_entry(None) {
        if let Entry::Sample(sample) = entry.expect("it was read before") {
            first.push((sample.series.as_str(), sample.value.to_bits(), sample.timestamp_ms));
        }
    }
    assert_eq!(first.len(), counts.samples);
    let mut next = 0;
    let mut parser = Parser::new(body, format).expect("it was read before");
    while let Some(entry) = parser.next_entry(first.get(next).map(|sample| sample.0)) {
        if let Entry::Sample(sample) = entry.expect("it was read before") {
            assert_eq!((sample.series.as_str(), sample.value.to_bits(), sample.timestamp_ms), first[next]);
            next += 1;
        }
    }
    assert_eq!(next, first.len());
});
