//! Rules about the syntax of files.

use super::{RuleInfo, error};

pub(super) static RULES: &[RuleInfo] =
    &[error("yaml/syntax", "A file that is no YAML", "Nothing can load it, and nothing of what it says holds.")];
