//! Rules about comments for the linter itself.

use super::{RuleInfo, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "lint/ignore-without-reason",
        "A finding is hidden without a reason",
        "Whoever reads it later cannot tell whether it is still true.",
    ),
    warning(
        "lint/ignore-hides-nothing",
        "A comment hides nothing",
        "What it hid is mended or was never found; a comment that stays would hide the next mistake.",
    ),
];
