//! What container runtimes wrap around lines: `cri` and `docker`. Both cut long lines into parts,
//! which are put together again.

use super::layout::{Layout, Named};
use super::values::Size;
use super::{Context, Entry, Flow};
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::collections::HashMap;

const DEFAULT_PARTIAL_LINES: usize = 100;
/// Bytes of a line that is being put together; a longer one goes on in pieces.
const JOINED_LIMIT_BYTES: usize = 1 << 20;

/// The parts of a line that are still without their end, by stream.
#[derive(Debug, Clone, Default)]
struct Parts(HashMap<String, Part>);

#[derive(Debug, Clone)]
struct Part {
    text: String,
    lines: usize,
    /// The entry of the last part.
    entry: Entry,
}

impl Parts {
    /// Adds a part. Gives the whole when it has become too long.
    fn add(&mut self, stream: &str, text: &str, mut entry: Entry, max_lines: usize) -> Option<Entry> {
        if let Some(part) = self.0.get_mut(stream) {
            part.text.push_str(text);
            part.lines += 1;
            entry.mark = part.entry.mark;
            part.entry = entry;
        } else {
            self.0.insert(stream.to_owned(), Part { text: text.to_owned(), lines: 1, entry });
        }
        let part = &self.0[stream];
        if part.lines >= max_lines || part.text.len() >= JOINED_LIMIT_BYTES { self.take(stream) } else { None }
    }

    /// The line's last part: the entry becomes the whole line.
    fn finish(&mut self, stream: &str, text: &str, entry: &mut Entry) {
        text.clone_into(&mut entry.line);
        if let Some(part) = self.0.remove(stream) {
            entry.line.insert_str(0, &part.text);
            entry.mark = part.entry.mark;
        }
    }

    fn take(&mut self, stream: &str) -> Option<Entry> {
        self.0.remove(stream).map(Part::into_entry)
    }

    fn flush(&mut self, all: bool) -> Vec<Entry> {
        if !all {
            return Vec::new();
        }
        let mut out: Vec<Entry> = self.0.drain().map(|(_, part)| part.into_entry()).collect();
        out.sort_by_key(|entry| entry.mark);
        out
    }

    fn held(&self) -> Option<u64> {
        self.0.values().map(|part| part.entry.mark).min()
    }
}

impl Part {
    fn into_entry(self) -> Entry {
        Entry { line: self.text, ..self.entry }
    }
}

/// `cri`: `<time> <stream> <flags> <text>`, where the flag `P` says that the line goes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawCri")]
pub(super) struct Cri {
    max_lines: usize,
    max_part_bytes: Option<usize>,
    parts: Parts,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawCri {
    #[serde(rename = "max_partial_lines")]
    lines: Option<usize>,
    #[serde(rename = "max_partial_line_size")]
    line_size: Size,
    #[serde(rename = "max_partial_line_size_truncate")]
    truncates: bool,
}

impl TryFrom<RawCri> for Cri {
    type Error = KeyError;

    fn try_from(raw: RawCri) -> Result<Self, KeyError> {
        let truncates = raw.truncates && raw.line_size.0 > 0;
        Ok(Self {
            max_lines: raw.lines.filter(|lines| *lines > 0).unwrap_or(DEFAULT_PARTIAL_LINES),
            max_part_bytes: truncates.then_some(raw.line_size.0),
            parts: Parts::default(),
        })
    }
}

impl Cri {
    pub(super) fn apply(&mut self, mut entry: Entry, context: &mut Context<'_>) -> Flow {
        let mut words = entry.line.splitn(4, ' ');
        let (Some(time), Some(stream @ ("stdout" | "stderr")), Some(flags), Some(text)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            context.note(|| "not a line in CRI's format".to_owned());
            return Flow::Pass(entry);
        };
        let (time, stream, flags, mut text) = (time.to_owned(), stream.to_owned(), flags.to_owned(), text.to_owned());
        let timestamp = Layout::named(Named::Rfc3339).parse(&time, None, context.now_ns);
        entry.extract("timestamp", time);
        entry.extract("time", entry.field("timestamp").unwrap_or_default().into_owned());
        entry.extract("stream", stream.as_str());
        entry.extract("flags", flags.as_str());
        entry.extract("content", text.as_str());
        entry.labels.set("stream", &stream);
        match timestamp {
            Ok(timestamp_ns) => entry.timestamp_ns = timestamp_ns,
            Err(why) => context.note(|| why),
        }
        if flags.split(':').next() == Some("P") {
            if let Some(limit) = self.max_part_bytes {
                cut(&mut text, limit);
            }
            return self.parts.add(&stream, &text, entry, self.max_lines).map_or(Flow::Hold, Flow::Pass);
        }
        self.parts.finish(&stream, &text, &mut entry);
        Flow::Pass(entry)
    }

    pub(super) fn flush(&mut self, all: bool) -> Vec<Entry> {
        self.parts.flush(all)
    }

    pub(super) fn held(&self) -> Option<u64> {
        self.parts.held()
    }
}

/// Cuts a text to at most this many bytes, between characters.
fn cut(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
}

/// `docker`: JSON of the driver `json-file`. A text without a line feed at its end goes on in the next line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "RawDocker")]
pub(super) struct Docker {
    parts: Parts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocker {}

impl TryFrom<RawDocker> for Docker {
    type Error = KeyError;

    fn try_from(_: RawDocker) -> Result<Self, KeyError> {
        Ok(Self::default())
    }
}

#[derive(Deserialize)]
struct DockerLine {
    log: String,
    stream: Option<String>,
    time: Option<String>,
}

impl Docker {
    pub(super) fn apply(&mut self, mut entry: Entry, context: &mut Context<'_>) -> Flow {
        let line: DockerLine = match serde_json::from_str(&entry.line) {
            Ok(line) => line,
            Err(e) => {
                context.note(|| format!("not a line in Docker's format: {e}"));
                return Flow::Pass(entry);
            }
        };
        let stream = line.stream.unwrap_or_default();
        entry.extract("output", line.log.as_str());
        entry.extract("stream", stream.as_str());
        entry.labels.set("stream", &stream);
        if let Some(time) = line.time {
            match Layout::named(Named::Rfc3339).parse(&time, None, context.now_ns) {
                Ok(timestamp_ns) => entry.timestamp_ns = timestamp_ns,
                Err(why) => context.note(|| why),
            }
            entry.extract("timestamp", time);
        }
        let Some(text) = line.log.strip_suffix('\n') else {
            return self.parts.add(&stream, &line.log, entry, usize::MAX).map_or(Flow::Hold, Flow::Pass);
        };
        self.parts.finish(&stream, text.strip_suffix('\r').unwrap_or(text), &mut entry);
        Flow::Pass(entry)
    }

    pub(super) fn flush(&mut self, all: bool) -> Vec<Entry> {
        self.parts.flush(all)
    }

    pub(super) fn held(&self) -> Option<u64> {
        self.parts.held()
    }
}
