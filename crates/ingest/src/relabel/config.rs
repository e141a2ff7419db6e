//! One relabelling rule: read, checked and applied.

use super::action::Action;
use super::template::Template;
use md5::{Digest, Md5};
use phoenix_model::LabelsBuilder;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_yaml::KeyError;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const DEFAULT_REGEX: &str = "(.*)";
const DEFAULT_SEPARATOR: &str = ";";
const DEFAULT_REPLACEMENT: &str = "$1";

/// A rule of `relabel_configs` or `metric_relabel_configs`, checked when it is read.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RelabelConfig {
    written: Written,
    regex: AnchoredRegex,
    target: Template,
    replacement: Template,
}

/// The rule as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    source_labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    separator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modulus: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
    action: Action,
}

impl TryFrom<Written> for RelabelConfig {
    type Error = KeyError;

    fn try_from(written: Written) -> Result<Self, KeyError> {
        check(&written)?;
        let pattern = written.regex.as_deref().unwrap_or(DEFAULT_REGEX);
        let regex = AnchoredRegex::new(pattern).map_err(|e| {
            KeyError::at("regex", e.to_string())
                .with_help("write it in RE2's syntax, without look-around; in single quotes a backslash needs no doubling")
        })?;
        let target = Template::new(written.target_label.as_deref().unwrap_or(""), regex.regex());
        let replacement = Template::new(written.replacement.as_deref().unwrap_or(DEFAULT_REPLACEMENT), regex.regex());
        Ok(Self { written, regex, target, replacement })
    }
}

impl From<RelabelConfig> for Written {
    fn from(config: RelabelConfig) -> Self {
        config.written
    }
}

/// Two rules are equal when they were written alike.
impl PartialEq for RelabelConfig {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for RelabelConfig {}

/// What Prometheus refuses: keys that an action needs and keys that it would ignore.
/// Label names may be any UTF-8 text, as since Prometheus 3.
fn check(written: &Written) -> Result<(), KeyError> {
    let action = written.action;
    let target = written.target_label.as_deref().unwrap_or("");
    if action == Action::HashMod && written.modulus.unwrap_or(0) == 0 {
        return Err(KeyError::at("modulus", "relabel action `hashmod` needs `modulus`, a whole number above 0"));
    }
    if action.needs_target() && target.is_empty() {
        return Err(KeyError::at("target_label", format!("relabel action `{action}` needs `target_label`")));
    }
    if written.source_labels.iter().any(String::is_empty) {
        return Err(KeyError::at("source_labels", "`source_labels` holds an empty name"));
    }
    // A key that is written with its default value changes nothing, so it is not refused.
    let foreign: Vec<&'static str> = [
        ("source_labels", !written.source_labels.is_empty()),
        ("target_label", !target.is_empty()),
        ("separator", written.separator.as_deref().is_some_and(|s| s != DEFAULT_SEPARATOR)),
        ("regex", written.regex.as_deref().is_some_and(|r| r != DEFAULT_REGEX)),
        ("modulus", written.modulus.is_some_and(|m| m != 0)),
        ("replacement", written.replacement.as_deref().is_some_and(|r| r != DEFAULT_REPLACEMENT)),
    ]
    .into_iter()
    .filter(|(key, is_set)| *is_set && !allows(action, key))
    .map(|(key, _)| key)
    .collect();
    let Some(first) = foreign.first() else { return Ok(()) };
    let used = match action {
        Action::LabelDrop | Action::LabelKeep => "`regex` only",
        Action::KeepEqual | Action::DropEqual => "`source_labels` and `target_label` only",
        _ => "no `replacement`",
    };
    Err(KeyError::at(first, format!("relabel action `{action}` takes {used}; remove `{}`", foreign.join("`, `"))))
}

fn allows(action: Action, key: &str) -> bool {
    match action {
        Action::LabelDrop | Action::LabelKeep => key == "regex",
        Action::KeepEqual | Action::DropEqual => matches!(key, "source_labels" | "target_label"),
        Action::Lowercase | Action::Uppercase => key != "replacement",
        _ => true,
    }
}

impl RelabelConfig {
    /// What the rule does.
    pub fn action(&self) -> Action {
        self.written.action
    }

    /// Applies the rule. False means that it drops the set.
    pub fn apply(&self, labels: &mut LabelsBuilder) -> bool {
        let target = self.written.target_label.as_deref().unwrap_or("");
        match self.written.action {
            Action::Keep => return self.regex.is_match(&self.source(labels)),
            Action::Drop => return !self.regex.is_match(&self.source(labels)),
            Action::KeepEqual => return labels.value(target) == self.source(labels),
            Action::DropEqual => return labels.value(target) != self.source(labels),
            Action::Replace => self.replace(labels),
            Action::Lowercase => {
                let value = self.source(labels).to_lowercase();
                labels.set(target, &value);
            }
            Action::Uppercase => {
                let value = self.source(labels).to_uppercase();
                labels.set(target, &value);
            }
            Action::HashMod => {
                let value = self.hash(&self.source(labels)).to_string();
                labels.set(target, &value);
            }
            Action::LabelMap => {
                // From a copy: what the rule makes is not mapped again.
                let mapped: Vec<(String, String)> = labels
                    .pairs()
                    .filter_map(|(name, value)| {
                        let captures = self.regex.regex().captures(name)?;
                        Some((self.replacement.expand(&captures), value.to_owned()))
                    })
                    .collect();
                for (name, value) in mapped.iter().filter(|(name, _)| !name.is_empty()) {
                    labels.set(name, value);
                }
            }
            Action::LabelDrop => self.remove(labels, true),
            Action::LabelKeep => self.remove(labels, false),
        }
        true
    }

    fn replace(&self, labels: &mut LabelsBuilder) {
        let value = self.source(labels);
        let Some(captures) = self.regex.regex().captures(&value) else { return };
        let replacement = match self.replacement.literal() {
            Some(text) => text.to_owned(),
            None => self.replacement.expand(&captures),
        };
        let target = match self.target.literal() {
            Some(text) => text.to_owned(),
            None => self.target.expand(&captures),
        };
        drop(value);
        if !target.is_empty() {
            labels.set(&target, &replacement);
        }
    }

    fn remove(&self, labels: &mut LabelsBuilder, if_matches: bool) {
        let names: Vec<String> =
            labels.pairs().filter(|(name, _)| self.regex.is_match(name) == if_matches).map(|(name, _)| name.to_owned()).collect();
        for name in names {
            labels.remove(&name);
        }
    }

    /// The values of the source labels, joined.
    fn source<'a>(&self, labels: &'a LabelsBuilder) -> Cow<'a, str> {
        match self.written.source_labels.as_slice() {
            [] => Cow::Borrowed(""),
            [one] => Cow::Borrowed(labels.value(one)),
            several => {
                let values: Vec<&str> = several.iter().map(|name| labels.value(name)).collect();
                Cow::Owned(values.join(self.written.separator.as_deref().unwrap_or(DEFAULT_SEPARATOR)))
            }
        }
    }

    /// Prometheus' hash: the last eight bytes of the MD5 sum as a big-endian number, modulo `modulus`.
    fn hash(&self, value: &str) -> u64 {
        let sum = Md5::digest(value.as_bytes());
        let last: [u8; 8] = sum[8..16].try_into().expect("an MD5 sum has 16 bytes");
        u64::from_be_bytes(last) % self.written.modulus.unwrap_or(1).max(1)
    }
}
