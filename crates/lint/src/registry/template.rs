//! Rules about the texts of alerts.

use super::{RuleInfo, error, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "template/label-is-gone",
        "A text names a label that is not there",
        "Where the label should stand there is nothing, so nobody learns what it is about.",
    ),
    info(
        "template/no-label-named",
        "Texts do not say which of many",
        "Several alerts arrive with the same words, and nobody can tell them apart.",
    ),
    warning(
        "template/value-in-label",
        "A label that holds the value",
        "Labels say which alert it is: with each value it is another one, and `for` begins anew.",
    ),
    warning(
        "template/external-label-missing",
        "A text names an external label that nobody gives",
        "Where the label should stand there is nothing.",
    ),
    error("template/query-syntax", "A query within a text cannot be read", "The message arrives with an error in the place of the text."),
    warning(
        "template/not-a-ratio",
        "`humanizePercentage` of what is no ratio",
        "It multiplies by 100: the number is wrong by that much, or means nothing.",
    ),
    warning(
        "template/percent-of-ratio",
        "A ratio is shown as percent",
        "0.95 is shown as 0.95 %, and whoever reads it thinks that all is well.",
    ),
    warning("template/wrong-unit", "The text names another unit than the value has", "The number is read as something that it is not."),
    warning(
        "template/value-is-not-what-it-says",
        "The value is not what the sentence says",
        "A comparison passes on the value of its left side; the sentence reads it as something else.",
    ),
    info("template/value-is-constant", "The value is always the same", "`== 0` passes on 0, `absent` gives 1: the number tells nothing."),
    info("template/value-unformatted", "A value with all of its digits", "0.7374999999999999 is harder to read than 0.74."),
];
