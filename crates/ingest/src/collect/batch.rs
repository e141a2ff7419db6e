//! Entries of several streams put together into one write.

use super::pipeline::Entry;
use phoenix_model::logs::{Level, LogWrite};
use phoenix_model::{Labels, LabelsBuilder};
use std::collections::HashMap;

/// Puts entries together, each stream once and in its order. Labels of the collector itself (`__…`) are left out
/// and `external` are added where a stream has no label of that name.
pub(super) fn write_of(entries: Vec<Entry>, external: &Labels) -> LogWrite {
    let mut streams: Vec<(Labels, Vec<Entry>)> = Vec::new();
    let mut known: HashMap<Labels, usize> = HashMap::new();
    for entry in entries {
        let labels = entry.labels.build();
        let at = *known.entry(labels.clone()).or_insert_with(|| {
            streams.push((labels, Vec::new()));
            streams.len() - 1
        });
        streams[at].1.push(entry);
    }
    let mut write = LogWrite::default();
    for (labels, entries) in streams {
        write.begin_stream(final_labels(&labels, external));
        for entry in entries {
            let metadata = entry.metadata.build();
            write.push(entry.timestamp_ns, &entry.line, metadata.as_ref(), Level::Absent);
        }
    }
    write
}

fn final_labels(labels: &Labels, external: &Labels) -> Labels {
    let labels = labels.filter(|name| !name.starts_with("__"));
    if external.is_empty() {
        return labels;
    }
    let mut builder: LabelsBuilder = labels.to_builder();
    for (name, value) in external {
        if labels.get(name).is_none() {
            builder.set(name, value);
        }
    }
    builder.build()
}
