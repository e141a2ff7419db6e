//! Rules about expressions.

use super::{RuleInfo, error};

pub(super) static RULES: &[RuleInfo] = &[
    error(
        "promql/ratio-matches-itself",
        "A series is divided by itself",
        "Both sides match on all labels, so each series meets itself alone: the ratio is always 1, or there is none.",
    ),
    error(
        "promql/labels-never-match",
        "The two sides can never match",
        "Series meet only when the compared labels are equal, and one side has a label that the other surely lacks: the result is always empty.",
    ),
];
