//! What a relabelling rule does.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The action of a rule, by Prometheus' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Sets `target_label` to `replacement` when `regex` matches the joined source labels.
    #[default]
    Replace,
    /// Drops the set unless `regex` matches.
    Keep,
    /// Drops the set when `regex` matches.
    Drop,
    /// Drops the set unless the joined source labels equal `target_label`.
    KeepEqual,
    /// Drops the set when the joined source labels equal `target_label`.
    DropEqual,
    /// Sets `target_label` to the hash of the joined source labels modulo `modulus`.
    HashMod,
    /// Copies every label whose name matches `regex` to the name that `replacement` makes of it.
    LabelMap,
    /// Removes every label whose name matches `regex`.
    LabelDrop,
    /// Removes every label whose name does not match `regex`.
    LabelKeep,
    /// Sets `target_label` to the joined source labels in lower case.
    Lowercase,
    /// Sets `target_label` to the joined source labels in upper case.
    Uppercase,
}

impl Action {
    /// The name as written in a config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Keep => "keep",
            Self::Drop => "drop",
            Self::KeepEqual => "keepequal",
            Self::DropEqual => "dropequal",
            Self::HashMod => "hashmod",
            Self::LabelMap => "labelmap",
            Self::LabelDrop => "labeldrop",
            Self::LabelKeep => "labelkeep",
            Self::Lowercase => "lowercase",
            Self::Uppercase => "uppercase",
        }
    }

    /// Whether the action writes or compares `target_label`.
    pub(super) fn needs_target(self) -> bool {
        matches!(self, Self::Replace | Self::HashMod | Self::Lowercase | Self::Uppercase | Self::KeepEqual | Self::DropEqual)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
