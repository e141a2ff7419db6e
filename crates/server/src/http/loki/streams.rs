//! Entries as Loki's streams, in JSON, a piece at a time.

use phoenix_logql::LogEntry;
use phoenix_model::Labels;
use std::collections::HashMap;
use std::fmt::Write;

/// Pieces of a body have about this many bytes.
const PIECE_BYTES: usize = 64 << 10;

/// The header with which clients ask for labels by where they come from, and its value.
pub(super) const ENCODING_HEADER: &str = "x-loki-response-encoding-flags";
const CATEGORIZE: &str = "categorize-labels";

/// How labels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// All labels together are the stream's.
    Merged,
    /// The stream has its own; metadata and what the pipeline made stand beside each entry.
    Categorized,
}

impl Encoding {
    /// From the value of [`ENCODING_HEADER`].
    pub(super) fn from_header(value: Option<&str>) -> Self {
        match value {
            Some(flags) if flags.split(',').any(|flag| flag.trim() == CATEGORIZE) => Self::Categorized,
            _ => Self::Merged,
        }
    }

    /// The key that tells clients, with its comma; empty when there is nothing to tell.
    pub(super) fn flags(self) -> &'static str {
        match self {
            Self::Merged => "",
            Self::Categorized => "\"encodingFlags\":[\"categorize-labels\"],",
        }
    }
}

/// The labels under which an entry is shown.
pub(super) fn shown_labels(entry: &LogEntry, encoding: Encoding) -> Labels {
    if encoding == Encoding::Categorized || (entry.metadata.is_empty() && entry.parsed.is_empty()) {
        return entry.stream.clone();
    }
    Labels::from_pairs(entry.stream.iter().chain(entry.metadata.iter()).chain(entry.parsed.iter()))
}

/// Entries in groups of the same labels. Streams are sorted by their labels; within a stream the order stays.
pub(super) fn group(entries: Vec<LogEntry>, encoding: Encoding) -> Vec<(Labels, Vec<LogEntry>)> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut streams: Vec<(Labels, Vec<LogEntry>)> = Vec::new();
    for entry in entries {
        let labels = shown_labels(&entry, encoding);
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            streams.push((labels.clone(), Vec::new()));
            streams.len() - 1
        });
        streams[place].1.push(entry);
    }
    streams.sort_by(|a, b| a.0.cmp(&b.0));
    streams
}

/// Writes streams as a JSON list, piece by piece between a head and a tail. Entries are let go as
/// they are written, so that an answer never stands in memory twice.
pub(super) struct Pieces {
    encoding: Encoding,
    pending: String,
    streams: std::vec::IntoIter<(Labels, Vec<LogEntry>)>,
    open: Option<std::vec::IntoIter<LogEntry>>,
    tail: Option<String>,
    first_stream: bool,
}

impl Pieces {
    /// `head` and `tail` stand around the list.
    pub(super) fn new(head: String, streams: Vec<(Labels, Vec<LogEntry>)>, tail: String, encoding: Encoding) -> Self {
        let mut pending = head;
        pending.push('[');
        Self { encoding, pending, streams: streams.into_iter(), open: None, tail: Some(tail), first_stream: true }
    }

    fn open_next(&mut self) -> bool {
        let Some((labels, entries)) = self.streams.next() else { return false };
        self.pending.push_str(if self.first_stream { "{\"stream\":" } else { ",{\"stream\":" });
        self.first_stream = false;
        push_labels(&mut self.pending, &labels);
        self.pending.push_str(",\"values\":[");
        let mut entries = entries.into_iter();
        if let Some(entry) = entries.next() {
            push_entry(&mut self.pending, &entry, self.encoding);
        }
        self.open = Some(entries);
        true
    }
}

impl Iterator for Pieces {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while self.pending.len() < PIECE_BYTES {
            let Some(entries) = &mut self.open else {
                if self.open_next() {
                    continue;
                }
                if let Some(tail) = self.tail.take() {
                    self.pending.push(']');
                    self.pending.push_str(&tail);
                }
                break;
            };
            if let Some(entry) = entries.next() {
                self.pending.push(',');
                push_entry(&mut self.pending, &entry, self.encoding);
            } else {
                self.pending.push_str("]}");
                self.open = None;
            }
        }
        let piece = std::mem::take(&mut self.pending);
        (!piece.is_empty()).then_some(piece)
    }
}

/// Labels as a JSON object.
pub(super) fn push_labels(out: &mut String, labels: &Labels) {
    out.push('{');
    for (i, (name, value)) in labels.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_text(out, name);
        out.push(':');
        push_text(out, value);
    }
    out.push('}');
}

/// A text as a JSON string.
pub(super) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                let _ = write!(out, "\\u{other:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn push_entry(out: &mut String, entry: &LogEntry, encoding: Encoding) {
    let _ = write!(out, "[\"{}\",", entry.timestamp_ns);
    push_text(out, &entry.line);
    if encoding == Encoding::Categorized {
        out.push_str(",{");
        if !entry.metadata.is_empty() {
            out.push_str("\"structuredMetadata\":");
            push_labels(out, &entry.metadata);
        }
        if !entry.parsed.is_empty() {
            if !entry.metadata.is_empty() {
                out.push(',');
            }
            out.push_str("\"parsed\":");
            push_labels(out, &entry.parsed);
        }
        out.push('}');
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(timestamp_ns: i64, line: &str, app: &str, metadata: &[(&str, &str)], parsed: &[(&str, &str)]) -> LogEntry {
        LogEntry {
            timestamp_ns,
            line: line.to_owned(),
            stream: Labels::from_pairs([("app", app)]),
            metadata: Labels::from_pairs(metadata.iter().copied()),
            parsed: Labels::from_pairs(parsed.iter().copied()),
        }
    }

    fn body(entries: Vec<LogEntry>, encoding: Encoding) -> String {
        Pieces::new("<".to_owned(), group(entries, encoding), ">".to_owned(), encoding).collect()
    }

    #[test]
    fn labels_are_merged_or_stand_where_they_come_from() {
        let entries = || {
            vec![
                entry(3, "x", "b", &[("trace", "1")], &[("status", "500")]),
                entry(2, "a\"\n\u{1}", "a", &[], &[]),
                entry(1, "y", "b", &[], &[]),
            ]
        };
        assert_eq!(
            body(entries(), Encoding::Merged),
            concat!(
                r#"<[{"stream":{"app":"a"},"values":[["2","a\"\n\u0001"]]},"#,
                r#"{"stream":{"app":"b"},"values":[["1","y"]]},"#,
                r#"{"stream":{"app":"b","status":"500","trace":"1"},"values":[["3","x"]]}]>"#
            )
        );
        assert_eq!(
            body(entries(), Encoding::Categorized),
            concat!(
                r#"<[{"stream":{"app":"a"},"values":[["2","a\"\n\u0001",{}]]},"#,
                r#"{"stream":{"app":"b"},"values":[["3","x",{"structuredMetadata":{"trace":"1"},"parsed":{"status":"500"}}],["1","y",{}]]}]>"#
            )
        );
        assert_eq!(body(Vec::new(), Encoding::Merged), "<[]>");
    }

    #[test]
    fn a_large_body_comes_in_pieces() {
        let entries: Vec<_> = (0..2_000).map(|i| entry(i, &"line".repeat(50), &format!("app-{}", i % 7), &[], &[])).collect();
        let pieces: Vec<String> = Pieces::new(String::new(), group(entries, Encoding::Merged), String::new(), Encoding::Merged).collect();
        assert!(pieces.len() > 5 && pieces.iter().all(|p| p.len() < PIECE_BYTES + 1_000), "{}", pieces.len());
        let read: serde_json::Value = serde_json::from_str(&pieces.concat()).unwrap();
        let values: usize = read.as_array().unwrap().iter().map(|s| s["values"].as_array().unwrap().len()).sum();
        assert_eq!((read.as_array().unwrap().len(), values), (7, 2_000));
    }

    proptest! {
        #[test]
        fn any_text_is_a_json_string(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}") {
            let mut out = String::new();
            push_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
