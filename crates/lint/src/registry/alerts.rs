//! Rules about alerts.

use super::{RuleInfo, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "alerts/no-severity",
        "An alert has no severity",
        "Routes choose by severity who is woken: without it the alert goes wherever the rest goes.",
    ),
    info(
        "alerts/no-owner",
        "An alert says nowhere whose it is",
        "Routes choose by team who is told; without an owner everybody, or nobody, looks after it.",
    ),
    info("alerts/no-runbook", "An alert names no runbook", "Whoever is woken has to find out alone what the alert means and what helps."),
    info("alerts/no-summary", "An alert says nothing to people", "Without a summary or description the message is a name and labels."),
    info(
        "alerts/no-for",
        "An alert fires at the first sight",
        "One evaluation is enough: a single slow scrape or a restart tells somebody.",
    ),
];
