//! The gate: each entry is checked, its level found, and put into the batch.

use super::level;
use super::refusals::Refusals;
use super::streams::{Prepared, StreamCache, display};
use crate::log_limits::LogLimits;
use phoenix_model::Labels;
use phoenix_model::labels::{LabelsRef, is_legacy_label_name};
use phoenix_model::logs::{DETECTED_LEVEL, Level, LogWrite};
use std::borrow::Cow;
use std::sync::Arc;

const SECOND_NS: i64 = 1_000_000_000;
/// The most bytes of an entry's metadata, whatever the configured limit.
const MOST_METADATA_BYTES: usize = 1 << 20;

/// Limits with what is remembered about streams under them.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) limits: LogLimits,
    by_text: StreamCache,
    by_labels: StreamCache,
}

impl Rules {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self { limits, ..Self::default() }
    }
}

/// Puts a batch together, entry by entry.
pub(crate) struct Intake<'r> {
    rules: &'r Rules,
    /// The most bytes of the batch: what a resource says once is repeated with each of its entries.
    most_bytes: usize,
    write: LogWrite,
    refusals: Refusals,
    oldest_ns: i64,
    newest_ns: i64,
    stream: Option<Arc<Prepared>>,
    /// The text that the stream was begun with.
    stream_text: Vec<u8>,
    /// The stream that the batch stands at; none after a refused one.
    begun: Option<Arc<Prepared>>,
    /// The entry before, for `increment_duplicate_timestamp`.
    previous: Option<Previous>,
    has_streams: bool,
    pairs: Pairs,
    packed: Vec<u8>,
}

/// An entry's time as it came and as it is stored, and its line.
struct Previous {
    came_ns: i64,
    stored_ns: i64,
    line: String,
}

/// Names and values in one buffer, so that an entry's metadata takes no allocations of its own.
#[derive(Default)]
struct Pairs {
    text: String,
    ends: Vec<(usize, usize)>,
}

impl Pairs {
    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, (middle, end))| (&self.text[start..*middle], &self.text[*middle..*end]))
    }
}

impl<'r> Intake<'r> {
    /// An empty batch of at most `most_bytes`. `now_ns` is what old and new entries are measured by.
    pub(super) fn new(rules: &'r Rules, most_bytes: usize, now_ns: i64) -> Self {
        let limits = &rules.limits;
        let span = |duration: phoenix_yaml::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self {
            rules,
            most_bytes,
            write: LogWrite::default(),
            refusals: Refusals::default(),
            oldest_ns: if limits.reject_old_samples { now_ns.saturating_sub(span(limits.reject_old_samples_max_age)) } else { i64::MIN },
            newest_ns: now_ns.saturating_add(span(limits.creation_grace_period)),
            stream: None,
            stream_text: Vec::new(),
            begun: None,
            previous: None,
            has_streams: false,
            pairs: Pairs::default(),
            packed: Vec::new(),
        }
    }

    /// Whether a stream was begun, with entries or without.
    pub(super) fn has_streams(&self) -> bool {
        self.has_streams
    }

    /// The limits that hold.
    pub(crate) fn limits(&self) -> &'r LogLimits {
        &self.rules.limits
    }

    /// The batch, and what is left out of it.
    pub(super) fn finish(self) -> (LogWrite, Refusals) {
        (self.write, self.refusals)
    }

    /// Begins a stream whose labels are written as `{a="b"}`.
    pub(crate) fn begin_text(&mut self, text: &str) {
        let rules = self.rules;
        self.has_streams = true;
        if self.stream.is_none() || self.stream_text != text.as_bytes() {
            let found = rules.by_text.get(text.as_bytes(), || Ok::<_, std::convert::Infallible>(Prepared::from_text(text, &rules.limits)));
            let Ok(found) = found;
            self.begin(found, text.as_bytes());
        }
    }

    /// Begins a stream whose labels are written as an object of JSON, which `pairs` reads.
    pub(super) fn begin_object<E>(&mut self, text: &str, pairs: impl FnOnce() -> Result<Vec<(String, String)>, E>) -> Result<(), E> {
        let rules = self.rules;
        self.has_streams = true;
        if self.stream.is_none() || self.stream_text != text.as_bytes() {
            let found = rules.by_text.get(text.as_bytes(), || Ok(Prepared::new(&pairs()?, &rules.limits)))?;
            self.begin(found, text.as_bytes());
        }
        Ok(())
    }

    /// Begins a stream with labels from inside Phoenix.
    pub(crate) fn begin_labels(&mut self, labels: &Labels) {
        let rules = self.rules;
        let build = || {
            let pairs: Vec<(String, String)> = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Ok::<_, std::convert::Infallible>(Prepared::new(&pairs, &rules.limits))
        };
        let Ok(found) = rules.by_labels.get(labels.as_bytes(), build);
        self.stream_text.clear();
        self.begin(found, b"");
    }

    fn begin(&mut self, stream: Arc<Prepared>, text: &[u8]) {
        if let Some((reason, message)) = &stream.refusal {
            self.refusals.add(reason, 0, 0, || message.clone());
        } else if self.begun.as_ref().is_none_or(|begun| !Arc::ptr_eq(begun, &stream)) {
            self.write.begin_stream(stream.labels.clone());
            self.begun = Some(Arc::clone(&stream));
            self.previous = None;
        }
        self.stream_text.clear();
        self.stream_text.extend_from_slice(text);
        self.stream = Some(stream);
    }

    /// Forgets the metadata of the entry before.
    pub(crate) fn clear_metadata(&mut self) {
        self.pairs.text.clear();
        self.pairs.ends.clear();
    }

    /// Adds a pair to the metadata of the entry that comes next. What is too much for any entry is
    /// not copied: the entry will be refused.
    pub(crate) fn add_metadata(&mut self, name: &str, value: &str) {
        if self.pairs.text.len() > MOST_METADATA_BYTES {
            return;
        }
        self.pairs.text.push_str(name);
        let middle = self.pairs.text.len();
        self.pairs.text.push_str(value);
        self.pairs.ends.push((middle, self.pairs.text.len()));
    }

    /// Adds an entry with the metadata that was given to the stream that was begun.
    pub(crate) fn entry(&mut self, timestamp_ns: i64, line: &str) {
        self.entry_with_level(timestamp_ns, line, Level::Absent);
    }

    /// The same, with a level that is known already unless it is [`Level::Absent`].
    pub(crate) fn entry_with_level(&mut self, timestamp_ns: i64, line: &str, known: Level) {
        let Some(stream) = self.stream.clone() else { return };
        let limits = &self.rules.limits;
        let bytes = (line.len() + self.pairs.text.len()) as u64;
        if let Some((reason, _)) = &stream.refusal {
            self.refusals.count(reason, 1, bytes);
            return;
        }
        if self.write.size_bytes() + line.len() + self.pairs.text.len() > self.most_bytes {
            self.refuse_for_size(bytes);
            return;
        }
        let shown = || display(stream.labels.iter());
        if timestamp_ns < self.oldest_ns {
            self.refusals.add("greater_than_max_sample_age", 1, bytes, || {
                format!(
                    "entry for stream '{}' has timestamp too old: {}, oldest acceptable timestamp is: {}",
                    shown(),
                    time(timestamp_ns),
                    time(self.oldest_ns)
                )
            });
            return;
        }
        if timestamp_ns > self.newest_ns {
            self.refusals.add("too_far_in_future", 1, bytes, || {
                format!("entry for stream '{}' has timestamp too new: {}", shown(), time(timestamp_ns))
            });
            return;
        }
        let mut line = line;
        let longest = limits.max_line_size.get();
        if longest != 0 && line.len() > longest {
            if !limits.max_line_size_truncate {
                self.refusals.add("line_too_long", 1, bytes, || {
                    format!(
                        "max entry size '{longest}' bytes exceeded for stream '{}' while adding an entry with length '{}' bytes",
                        shown(),
                        line.len()
                    )
                });
                return;
            }
            line = &line[..line.floor_char_boundary(longest)];
        }
        if let Some((reason, message)) = self.check_metadata(&shown) {
            self.refusals.add(reason, 1, bytes, || message);
            return;
        }
        let level = match known {
            _ if !limits.discover_log_levels => Level::Absent,
            Level::Absent => self.level(&stream, line),
            known => known,
        };
        let timestamp_ns = self.moved(timestamp_ns, line);
        let metadata = self.pairs.pack(&mut self.packed);
        self.write.push(timestamp_ns, line, metadata, level);
    }

    /// Whether the batch has no room for an entry of any size.
    pub(crate) fn is_full(&self) -> bool {
        self.write.size_bytes() >= self.most_bytes
    }

    /// Refuses an entry for which the batch has no room.
    pub(crate) fn refuse_for_size(&mut self, bytes: u64) {
        let most = self.most_bytes;
        self.refusals.add("batch_too_large", 1, bytes, || {
            format!("the batch would have more than {most} bytes of lines and metadata (`limits.body_size`): send fewer entries at once")
        });
    }

    fn check_metadata(&self, shown: &dyn Fn() -> String) -> Option<(&'static str, String)> {
        let limits = &self.rules.limits;
        let (number, bytes) = (self.pairs.ends.len(), self.pairs.text.len());
        if number == 0 {
            return None;
        }
        if !limits.allow_structured_metadata {
            let message = format!(
                "stream '{}' includes structured metadata, but this feature is disallowed. Please see \
                 `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.",
                shown()
            );
            return Some(("disallowed_structured_metadata", message));
        }
        let most = match limits.max_structured_metadata_size.get() {
            0 => MOST_METADATA_BYTES,
            most => most.min(MOST_METADATA_BYTES),
        };
        if bytes > most {
            let message = format!(
                "stream '{}' has structured metadata too large: '{bytes}' bytes, limit: '{most}' bytes. Please see \
                 `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it.",
                shown()
            );
            return Some(("structured_metadata_too_large", message));
        }
        let most = limits.max_structured_metadata_entries_count;
        if most != 0 && number > most {
            let message = format!(
                "stream '{}' has too many structured metadata labels: '{number}', limit: '{most}'. Please see \
                 `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it.",
                shown()
            );
            return Some(("structured_metadata_too_many", message));
        }
        None
    }

    /// The level that metadata says, or else the labels, or else the line.
    fn level(&self, stream: &Prepared, line: &str) -> Level {
        let fields = &self.rules.limits.log_level_fields;
        let mut said = None;
        for (name, value) in self.pairs.iter() {
            if name == DETECTED_LEVEL {
                return level::from_value(value).unwrap_or(Level::Unknown);
            }
            if name == "severity_number"
                && let Some(level) = value.parse().ok().and_then(level::from_severity_number)
            {
                said = Some(level);
            } else if said.is_none() && fields.iter().any(|field| field == name) {
                said = level::from_value(value);
            }
        }
        said.or(stream.level).unwrap_or_else(|| level::of_line(line, fields))
    }

    /// The time of an entry after `increment_duplicate_timestamp`.
    fn moved(&mut self, timestamp_ns: i64, line: &str) -> i64 {
        if !self.rules.limits.increment_duplicate_timestamp {
            return timestamp_ns;
        }
        let stored_ns = match &self.previous {
            Some(p) if timestamp_ns != p.came_ns && timestamp_ns != p.stored_ns => timestamp_ns,
            Some(p) if p.line == line => p.stored_ns,
            Some(p) => p.stored_ns.saturating_add(1),
            None => timestamp_ns,
        };
        self.previous = Some(Previous { came_ns: timestamp_ns, stored_ns, line: line.to_owned() });
        stored_ns
    }
}

impl Pairs {
    /// The metadata as it is stored: under names that LogQL can write, without `detected_level`.
    fn pack<'a>(&self, out: &'a mut Vec<u8>) -> LabelsRef<'a> {
        if self.ends.is_empty() {
            return LabelsRef::EMPTY;
        }
        let mut pairs: Vec<(Cow<'_, str>, &str)> =
            self.iter().filter(|(name, _)| *name != DETECTED_LEVEL).map(|(name, value)| (label_name(name), value)).collect();
        LabelsRef::pack(&mut pairs, out)
    }
}

/// A name as LogQL can write it: what is no letter, digit or underscore becomes an underscore.
pub(crate) fn label_name(name: &str) -> Cow<'_, str> {
    if is_legacy_label_name(name) {
        return Cow::Borrowed(name);
    }
    let digit = name.starts_with(|c: char| c.is_ascii_digit()).then_some('_');
    Cow::Owned(digit.into_iter().chain(name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })).collect())
}

/// A time as Loki writes it in messages: RFC 3339 to the second, in UTC.
fn time(ns: i64) -> String {
    match jiff::Timestamp::from_second(ns.div_euclid(SECOND_NS)) {
        Ok(time) => time.to_string(),
        Err(_) => ns.to_string(),
    }
}
