//! A log entry on its way through a pipeline.

use phoenix_model::{Labels, LabelsBuilder};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value that a stage extracted. JSON's types are kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// There is a name and nothing else.
    Null,
}

impl Field {
    /// As text; `None` for [`Field::Null`].
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::Float(number) => Some(Cow::Owned(number.to_string())),
            Self::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Self::Null => None,
        }
    }
}

/// The labels of an entry: those of its target, until a stage changes them.
#[derive(Debug, Clone)]
pub struct EntryLabels {
    target: Labels,
    changed: Option<LabelsBuilder>,
}

impl EntryLabels {
    /// The value of a label, or the empty text.
    pub fn value(&self, name: &str) -> &str {
        self.changed.as_ref().map_or_else(|| self.target.value(name), |changed| changed.value(name))
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) {
        if self.value(name) != value {
            self.builder().set(name, value);
        }
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) {
        self.set(name, "");
    }

    /// Removes the labels for whose names `keep` does not hold.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        let gone: Vec<String> = self.build().iter().filter(|(name, _)| !keep(name)).map(|(name, _)| name.to_owned()).collect();
        for name in gone {
            self.remove(&name);
        }
    }

    /// The set as it is now.
    pub fn build(&self) -> Labels {
        self.changed.as_ref().map_or_else(|| self.target.clone(), |changed| changed.clone().build())
    }

    fn builder(&mut self) -> &mut LabelsBuilder {
        self.changed.get_or_insert_with(|| self.target.to_builder())
    }
}

/// An entry on its way through a pipeline.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// The line.
    pub line: String,
    /// The labels of its stream.
    pub labels: EntryLabels,
    /// Structured metadata.
    pub metadata: LabelsBuilder,
    /// What stages extracted. The labels of the target count as extracted too, see [`Entry::field`].
    pub extracted: BTreeMap<String, Field>,
    /// Where its first line began in what is read: what a checkpoint must not pass while the entry is held back.
    pub mark: u64,
}

impl Entry {
    /// An entry as it is read from a target.
    pub fn new(timestamp_ns: i64, line: impl Into<String>, labels: Labels, mark: u64) -> Self {
        Self {
            timestamp_ns,
            line: line.into(),
            labels: EntryLabels { target: labels, changed: None },
            metadata: LabelsBuilder::default(),
            extracted: BTreeMap::new(),
            mark,
        }
    }

    /// What was extracted under a name as text, or the label of the target of that name.
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.extracted.get(name) {
            Some(field) => field.text(),
            None => self.labels.target.get(name).map(Cow::Borrowed),
        }
    }

    /// The source of a stage: what was extracted under the name, or the line when there is no name.
    pub fn source(&self, name: Option<&str>) -> Option<Cow<'_, str>> {
        match name {
            Some(name) => self.field(name),
            None => Some(Cow::Borrowed(&self.line)),
        }
    }

    /// Extracts a text.
    pub fn extract(&mut self, name: &str, text: impl Into<String>) {
        self.extracted.insert(name.to_owned(), Field::Text(text.into()));
    }

    /// All that was extracted, with the labels of the target beneath.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Cow<'_, Field>)> {
        let labels = self.labels.target.iter().filter(|(name, _)| !self.extracted.contains_key(*name));
        let labels = labels.map(|(name, value)| (name, Cow::Owned(Field::Text(value.to_owned()))));
        labels.chain(self.extracted.iter().map(|(name, field)| (name.as_str(), Cow::Borrowed(field))))
    }
}
