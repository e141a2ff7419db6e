//! Rules about objectives.

use super::{RuleInfo, error, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    error(
        "slo/target-not-objective",
        "A target that is no share",
        "What cannot be missed or cannot be met has no budget, and nothing can be computed.",
    ),
    warning("slo/unknown-sli", "An indicator that nothing gives", "The objective has no value, ever."),
    info("slo/ratio-averaged", "An indicator that is averaged over its window", "An outage at noon counts as much as one at night."),
    info(
        "slo/window-longer-than-retention",
        "A window longer than what is kept",
        "The objective is computed over fewer days than it says.",
    ),
    warning(
        "slo/quantile-as-sli",
        "A quantile as an indicator",
        "The quantile of a window cannot be computed from quantiles of minutes: nobody can tell whether the objective was met.",
    ),
    warning("slo/conflicting-targets", "One indicator, two targets", "Whichever is met, the other says that it is not."),
    info("slo/alert-misses-objective", "An alert that lets the objective be missed", "The budget can be spent while the alert is silent."),
    info(
        "slo/no-burn-rate",
        "Objectives that no alert watches",
        "The budget can be spent, and nobody hears of it before the end of the window.",
    ),
];
