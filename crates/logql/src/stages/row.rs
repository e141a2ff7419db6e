//! One entry on its way through a pipeline: its line, and labels of three origins.

use crate::result::LogEntry;
use hashbrown::{DefaultHashBuilder, HashSet};
use phoenix_model::logs::{DETECTED_LEVEL, Level};
use phoenix_model::{Labels, LabelsRef};
use std::fmt::{self, Write as _};
use std::hash::BuildHasher;

/// The label that says that a stage failed.
pub(crate) const ERROR: &str = "__error__";
/// The label that says why.
pub(crate) const ERROR_DETAILS: &str = "__error_details__";
/// Whether a label is one of those two, which no parser sets.
pub(crate) fn is_errors(name: &str) -> bool {
    name == ERROR || name == ERROR_DETAILS
}

/// What is appended to an extracted name that a label of the stream or the metadata has already.
const EXTRACTED: &str = "_extracted";

/// Which labels a parser must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All there are.
    All,
    /// Only these; nobody looks at others.
    Names(Vec<String>),
}

impl Wanted {
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|n| n == name),
        }
    }

    /// Whether a label of the metadata matters: itself, or because an extracted one of the same
    /// name gets another name beside it.
    pub(crate) fn touches(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|n| n == name || n.strip_suffix(EXTRACTED) == Some(name)),
        }
    }

    /// Whether a name that a parser finds may be wanted, as it is or in its longer form.
    fn may_become(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|n| n.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == EXTRACTED)),
        }
    }

    pub(crate) fn add(&mut self, name: &str) {
        if let Self::Names(names) = self
            && !names.iter().any(|n| n == name)
        {
            names.push(name.to_owned());
        }
    }

    /// Whether some name could begin like this.
    pub(crate) fn may_begin_with(&self, prefix: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.iter().any(|n| n.starts_with(prefix)),
        }
    }

    /// Whether somebody asks for errors, so that all of a line has to be read.
    pub(crate) fn wants_errors(&self) -> bool {
        self.has(ERROR) || self.has(ERROR_DETAILS)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Names(names) if names.is_empty())
    }
}

/// Where a label comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Metadata,
    Parsed,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    name: (u32, u32),
    value: (u32, u32),
    origin: Origin,
}

/// From so many labels on, names are looked up instead of compared one by one: lines can have
/// thousands of fields.
const MANY_LABELS: usize = 32;

/// Hashes of the names that the labels of an entry have, or had. What is not among them is new.
#[derive(Debug, Default)]
struct Names {
    hasher: DefaultHashBuilder,
    hashes: HashSet<u64>,
    /// Whether all names are in, since there are many.
    is_kept: bool,
}

impl Names {
    fn add(&mut self, name: &str) {
        if self.is_kept {
            self.hashes.insert(self.hasher.hash_one(name));
        }
    }

    fn clear(&mut self) {
        if self.is_kept {
            self.hashes.clear();
            self.is_kept = false;
        }
    }
}

/// The labels and the line of one entry. Memory is kept from entry to entry.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Names and values of labels, one behind the other.
    text: String,
    labels: Vec<Label>,
    /// The stream's labels, packed and apart.
    stream: Labels,
    base: Vec<(String, String)>,
    /// Which of them are gone.
    gone: Vec<bool>,
    /// Names that parsers have found in this entry: the first value stays.
    extracted: Vec<(u32, u32)>,
    names: Names,
    error: Option<&'static str>,
    details: String,
    /// The line, if a stage wrote another one.
    line: Option<String>,
    spare: String,
    pub(crate) timestamp_ns: i64,
}

impl Row {
    /// Takes the labels of a stream, for the entries that follow.
    pub(crate) fn begin_stream(&mut self, labels: &Labels) {
        self.stream = labels.clone();
        self.base.clear();
        self.base.extend(labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())));
        self.gone.clear();
        self.gone.resize(self.base.len(), false);
    }

    /// Takes the next entry; only metadata that somebody looks at.
    pub(crate) fn begin_entry(&mut self, timestamp_ns: i64, metadata: LabelsRef<'_>, level: Level, wanted: &Wanted) {
        self.clear();
        self.timestamp_ns = timestamp_ns;
        for (name, value) in metadata {
            self.push_metadata(name, value, wanted);
        }
        if level != Level::Absent && wanted.has(DETECTED_LEVEL) && !self.has_base(DETECTED_LEVEL) {
            self.push(DETECTED_LEVEL, level.as_str(), Origin::Metadata);
        }
    }

    /// Takes an entry that went through a pipeline already.
    pub(crate) fn restore(&mut self, entry: &LogEntry) {
        self.begin_stream(&entry.stream);
        self.clear();
        self.timestamp_ns = entry.timestamp_ns;
        for (name, value) in &entry.metadata {
            self.push(name, value, Origin::Metadata);
        }
        for (name, value) in &entry.parsed {
            match name {
                ERROR => self.error = ERRORS.iter().find(|e| **e == value).copied(),
                ERROR_DETAILS => value.clone_into(&mut self.details),
                _ => self.push(name, value, Origin::Parsed),
            }
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.labels.clear();
        self.extracted.clear();
        self.names.clear();
        self.gone.fill(false);
        self.error = None;
        self.details.clear();
        if let Some(line) = self.line.take() {
            self.spare = line;
        }
    }

    fn push_metadata(&mut self, name: &str, value: &str, wanted: &Wanted) {
        if self.has_base(name) {
            let renamed = format!("{name}{EXTRACTED}");
            if wanted.has(&renamed) {
                self.push(&renamed, value, Origin::Metadata);
            }
        } else if wanted.touches(name) {
            self.push(name, value, Origin::Metadata);
        }
    }

    fn keep_text(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        (start, self.text.len() as u32)
    }

    fn push(&mut self, name: &str, value: &str, origin: Origin) {
        self.names.add(name);
        let (name, value) = (self.keep_text(name), self.keep_text(value));
        self.labels.push(Label { name, value, origin });
    }

    fn at(&self, (start, end): (u32, u32)) -> &str {
        &self.text[start as usize..end as usize]
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.labels.iter().position(|label| self.at(label.name) == name)
    }

    /// False when no label has this name, nor has a parser found it; else it may be so.
    fn may_have(&mut self, name: &str) -> bool {
        if self.labels.len() < MANY_LABELS && self.extracted.len() < MANY_LABELS {
            return true;
        }
        let Names { hasher, hashes, is_kept } = &mut self.names;
        if !*is_kept {
            *is_kept = true;
            let known = self.labels.iter().map(|label| label.name).chain(self.extracted.iter().copied());
            hashes.extend(known.map(|(start, end)| hasher.hash_one(&self.text[start as usize..end as usize])));
        }
        hashes.contains(&hasher.hash_one(name))
    }

    /// Whether the stream has a label of this name, also if it is gone by now.
    pub(crate) fn has_base(&self, name: &str) -> bool {
        self.base.iter().any(|(n, _)| n == name)
    }

    /// Whether an extracted label keeps this name.
    pub(crate) fn is_free(&self, name: &str) -> bool {
        !self.has_base(name) && self.find(name).is_none()
    }

    /// The value of a label, `__error__` included.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        if let Some(index) = self.find(name) {
            return Some(self.at(self.labels[index].value));
        }
        if let Some(index) = self.base.iter().position(|(n, _)| n == name) {
            return (!self.gone[index]).then_some(&self.base[index].1);
        }
        match name {
            ERROR => self.error,
            ERROR_DETAILS => self.error.map(|_| self.details.as_str()),
            _ => None,
        }
    }

    /// All labels, `__error__` included, in no particular order.
    pub(crate) fn each<'a>(&'a self, give: &mut dyn FnMut(&'a str, &'a str)) {
        for ((name, value), gone) in self.base.iter().zip(&self.gone) {
            if !gone {
                give(name, value);
            }
        }
        for label in &self.labels {
            give(self.at(label.name), self.at(label.value));
        }
        if let Some(error) = self.error {
            give(ERROR, error);
            if !self.details.is_empty() {
                give(ERROR_DETAILS, &self.details);
            }
        }
    }

    /// Sets a label. Where it was one of the metadata it stays one if `origin` is none.
    pub(crate) fn set(&mut self, name: &str, value: &str, origin: Option<Origin>) {
        let value = self.keep_text(value);
        if let Some(index) = self.find(name) {
            self.labels[index].value = value;
            if let Some(origin) = origin {
                self.labels[index].origin = origin;
            }
            return;
        }
        if let Some(index) = self.base.iter().position(|(n, _)| n == name) {
            self.gone[index] = true;
        }
        self.names.add(name);
        let name = self.keep_text(name);
        self.labels.push(Label { name, value, origin: origin.unwrap_or(Origin::Parsed) });
    }

    /// Removes a label; of the errors' labels, the error.
    pub(crate) fn remove(&mut self, name: &str) {
        match name {
            ERROR => self.error = None,
            ERROR_DETAILS => self.details.clear(),
            _ => {
                if let Some(index) = self.find(name) {
                    self.labels.remove(index);
                } else if let Some(index) = self.base.iter().position(|(n, _)| n == name) {
                    self.gone[index] = true;
                }
            }
        }
    }

    /// Gives a label another name, and keeps where it comes from as far as that is possible.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        let Some(value) = self.get(from).map(str::to_owned) else { return };
        let origin = self.find(from).map_or(Origin::Parsed, |index| self.labels[index].origin);
        self.set(to, &value, Some(origin));
        self.remove(from);
    }

    /// Keeps only those labels for which `keep(name, value)` holds, and errors.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        for ((name, value), gone) in self.base.iter().zip(&mut self.gone) {
            *gone |= !keep(name, value);
        }
        let text = &self.text;
        let at = |(start, end): (u32, u32)| &text[start as usize..end as usize];
        self.labels.retain(|label| keep(at(label.name), at(label.value)));
    }

    /// Sets a label that a parser found, under the name that it gets beside those that are there
    /// already. `value` writes the value. Says whether somebody wanted it and it is the first.
    pub(crate) fn extract(&mut self, name: &str, wanted: &Wanted, value: impl FnOnce(&mut String)) -> bool {
        if !wanted.may_become(name) {
            return false;
        }
        let taken = self.has_base(name)
            || (self.may_have(name) && self.labels.iter().any(|label| label.origin == Origin::Metadata && self.at(label.name) == name));
        if taken {
            let renamed = format!("{name}{EXTRACTED}");
            return self.extract_as(&renamed, wanted, value);
        }
        self.extract_as(name, wanted, value)
    }

    fn extract_as(&mut self, name: &str, wanted: &Wanted, value: impl FnOnce(&mut String)) -> bool {
        // The errors' labels belong to the pipeline alone.
        if !wanted.has(name) || is_errors(name) {
            return false;
        }
        let may_have = self.may_have(name);
        if may_have && self.extracted.iter().any(|known| self.at(*known) == name) {
            return false;
        }
        let existing = if may_have { self.find(name) } else { None };
        self.names.add(name);
        let name = match existing {
            Some(index) => self.labels[index].name,
            None => self.keep_text(name),
        };
        let start = self.text.len() as u32;
        value(&mut self.text);
        let value = (start, self.text.len() as u32);
        self.extracted.push(name);
        match existing {
            // Of three that meet, the one of the metadata gives way.
            Some(index) => self.labels[index] = Label { name, value, origin: Origin::Parsed },
            None => self.labels.push(Label { name, value, origin: Origin::Parsed }),
        }
        true
    }

    /// Notes a failure. `instead` says whether it takes the place of an earlier one.
    pub(crate) fn fail(&mut self, error: &'static str, details: fmt::Arguments<'_>, instead: bool) {
        if self.error.is_some() && !instead {
            return;
        }
        self.error = Some(error);
        self.details.clear();
        let _ = self.details.write_fmt(details);
    }

    pub(crate) fn error(&self) -> Option<&'static str> {
        self.error
    }

    /// The line as it is now, given the one that was stored.
    pub(crate) fn line<'a>(&'a self, stored: &'a str) -> &'a str {
        self.line.as_deref().unwrap_or(stored)
    }

    /// Takes the line out, for a stage that reads it while it sets labels.
    pub(crate) fn take_line(&mut self) -> Option<String> {
        self.line.take()
    }

    /// Puts a line in its place; it may be the one that was taken.
    pub(crate) fn put_line(&mut self, line: Option<String>) {
        if let Some(old) = std::mem::replace(&mut self.line, line) {
            self.spare = old;
        }
    }

    /// An empty text to write a line into, with memory from before.
    pub(crate) fn spare(&mut self) -> String {
        let mut spare = std::mem::take(&mut self.spare);
        spare.clear();
        spare
    }

    /// The entry as it is now.
    pub(crate) fn to_entry(&self, stored_line: &str) -> LogEntry {
        let of = |origin| {
            self.labels.iter().filter(move |label| label.origin == origin).map(|label| (self.at(label.name), self.at(label.value)))
        };
        let errors = self.error.map(|error| [(ERROR, error), (ERROR_DETAILS, self.details.as_str())]);
        let left = self.base.iter().zip(&self.gone).filter(|(_, gone)| !**gone).map(|((n, v), _)| (n, v));
        LogEntry {
            timestamp_ns: self.timestamp_ns,
            line: self.line(stored_line).to_owned(),
            stream: if self.gone.contains(&true) { Labels::from_pairs(left) } else { self.stream.clone() },
            metadata: Labels::from_pairs(of(Origin::Metadata)),
            parsed: Labels::from_pairs(of(Origin::Parsed).chain(errors.into_iter().flatten())),
        }
    }
}

/// The line is not the JSON that a stage expects.
pub(crate) const JSON_ERROR: &str = "JSONParserErr";
/// The line is not the logfmt that a strict stage expects.
pub(crate) const LOGFMT_ERROR: &str = "LogfmtParserErr";
/// A label could not be read as what a filter compares it with.
pub(crate) const FILTER_ERROR: &str = "LabelFilterErr";
/// A template failed.
pub(crate) const TEMPLATE_ERROR: &str = "TemplateFormatErr";
/// A label could not be read as the number that `unwrap` wants.
pub(crate) const SAMPLE_ERROR: &str = "SampleExtractionErr";

const ERRORS: [&str; 5] = [JSON_ERROR, LOGFMT_ERROR, FILTER_ERROR, TEMPLATE_ERROR, SAMPLE_ERROR];

/// Writes a name such that it fits a label: other characters become `_`, and one is put in front
/// of a digit that would come first. Spaces around it are left out.
pub(crate) fn push_sanitized(name: &str, first: bool, out: &mut String) {
    let name = name.trim();
    if first && name.starts_with(|c: char| c.is_ascii_digit()) {
        out.push('_');
    }
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        out.push_str(name);
        return;
    }
    out.extend(name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }));
}
