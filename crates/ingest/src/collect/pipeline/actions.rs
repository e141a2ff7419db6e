//! Stages that move what was extracted into labels, metadata and the line.

use super::{Context, Entry};
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::collections::BTreeMap;

type Mapping = BTreeMap<String, Option<String>>;

/// Name and source of each; the source is the name where none is given.
fn sources(mapping: &Mapping) -> impl Iterator<Item = (&str, &str)> {
    mapping.iter().map(|(name, source)| (name.as_str(), source.as_deref().filter(|source| !source.is_empty()).unwrap_or(name)))
}

/// `labels`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Mapping")]
pub(super) struct SetLabels(Mapping);

impl TryFrom<Mapping> for SetLabels {
    type Error = KeyError;

    fn try_from(mapping: Mapping) -> Result<Self, KeyError> {
        check_label_names(mapping.keys())?;
        Ok(Self(mapping))
    }
}

fn check_label_names<'a>(mut names: impl Iterator<Item = &'a String>) -> Result<(), KeyError> {
    match names.find(|name| !phoenix_model::labels::is_legacy_label_name(name)) {
        Some(name) => Err(KeyError::whole(format!("`{name}` is not a label's name"))
            .with_help("use letters, digits and underscores, not beginning with a digit")),
        None => Ok(()),
    }
}

impl SetLabels {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        for (name, source) in sources(&self.0) {
            match entry.field(source).map(std::borrow::Cow::into_owned) {
                Some(value) => entry.labels.set(name, &value),
                None => context.note(|| format!("`{source}` was not extracted")),
            }
        }
    }
}

/// `labeldrop`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Labeldrop(Vec<String>);

impl Labeldrop {
    pub(super) fn apply(&self, entry: &mut Entry) {
        for name in &self.0 {
            entry.labels.remove(name);
        }
    }
}

/// `labelallow`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Labelallow(Vec<String>);

impl Labelallow {
    pub(super) fn apply(&self, entry: &mut Entry) {
        entry.labels.retain(|name| self.0.iter().any(|allowed| allowed == name));
    }
}

/// `static_labels`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Mapping")]
pub(super) struct StaticLabels(Mapping);

impl TryFrom<Mapping> for StaticLabels {
    type Error = KeyError;

    fn try_from(mapping: Mapping) -> Result<Self, KeyError> {
        check_label_names(mapping.keys())?;
        Ok(Self(mapping))
    }
}

impl StaticLabels {
    pub(super) fn apply(&self, entry: &mut Entry) {
        for (name, value) in &self.0 {
            // A name without a value changes nothing.
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                entry.labels.set(name, value);
            }
        }
    }
}

/// `structured_metadata`. A label that becomes metadata is a label no more.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct StructuredMetadata(Mapping);

impl StructuredMetadata {
    pub(super) fn apply(&self, entry: &mut Entry) {
        for (name, source) in sources(&self.0) {
            let label = entry.labels.value(source).to_owned();
            if let Some(value) = entry.field(source).map(std::borrow::Cow::into_owned) {
                entry.metadata.set(name, &value);
            } else if !label.is_empty() {
                entry.metadata.set(name, &label);
            }
            entry.labels.remove(source);
        }
    }
}

/// `output`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    source: String,
}

impl Output {
    pub(super) fn apply(&self, entry: &mut Entry, context: &mut Context<'_>) {
        match entry.field(&self.source).map(std::borrow::Cow::into_owned) {
            Some(text) => entry.line = text,
            None => context.note(|| format!("`{}` was not extracted", self.source)),
        }
    }
}

/// `tenant`: read to be checked; there are no tenants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tenant {
    #[expect(dead_code, reason = "read to be checked")]
    label: Option<String>,
    #[expect(dead_code, reason = "read to be checked")]
    source: Option<String>,
    #[expect(dead_code, reason = "read to be checked")]
    value: Option<String>,
}
