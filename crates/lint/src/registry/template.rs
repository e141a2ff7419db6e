//! Rules about template.

use super::RuleInfo;

pub(super) static RULES: &[RuleInfo] = &[];
