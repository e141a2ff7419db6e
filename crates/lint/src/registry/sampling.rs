//! Rules about the sampling of traces.

use super::{RuleInfo, info};

pub(super) static RULES: &[RuleInfo] = &[
    info("sampling/rule-shadowed", "A rule that another overrules", "Its rate is written down and is not the rate of anything."),
    info(
        "sampling/error-at-head",
        "Errors are asked for at a trace's head",
        "A trace that was dropped at its head cannot be kept for its error.",
    ),
];
