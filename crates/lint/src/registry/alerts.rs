//! Rules about alerts.

use super::{RuleInfo, error, info, warning};

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
    error("alerts/no-groups", "Rules without `groups:`", "Prometheus refuses to start with such a file, and a reload of it fails."),
    warning(
        "alerts/duplicate",
        "A rule stands twice",
        "Two alerts of the same labels are one to whoever receives them; two recordings of one name overwrite each other.",
    ),
    warning(
        "alerts/always-fires",
        "An alert fires for whatever is there",
        "An alert fires for each series of its expression, whatever the value: without a comparison that is all of them.",
    ),
    error("alerts/never-fires", "No value passes the comparison", "The alert can never fire."),
    info("alerts/event-not-state", "An event is told as a state", "It resolves by itself, and whoever is told can do nothing."),
    warning(
        "alerts/up-without-absent",
        "An alert on `up` is silent when the target is gone",
        "A target that discovery no longer finds has no `up`, neither 0 nor 1: the alert is silent at the worst outage.",
    ),
    info(
        "alerts/silent-when-absent",
        "An alert is silent when its metric is gone",
        "Without series there is nothing to compare, and nobody hears of it.",
    ),
    info("alerts/no-volume-floor", "A share of few events", "At night one failure of one request is 100 %, and somebody is woken."),
    info(
        "alerts/one-event-outlasts-for",
        "`for` is shorter than the range",
        "A single event stays in the range until `for` is over, so `for` protects from nothing.",
    ),
    info(
        "alerts/for-doubles-range",
        "A mean that has to last",
        "Both smooth: the trouble is told only after the range and `for` together.",
    ),
    info("alerts/for-below-interval", "`for` is less than two evaluations", "It cannot tell a passing trouble from a lasting one."),
    info(
        "alerts/interval-near-lookback",
        "A group is evaluated too rarely",
        "Samples are seen for five minutes: with a delay what the group gives has holes.",
    ),
    info(
        "alerts/overrides-external-label",
        "A rule sets what the configuration sets",
        "Of one Prometheus some series and alerts say that they are of another.",
    ),
    info("alerts/no-watchdog", "Nothing tells when alerts stop", "When the way to people is broken, all looks well."),
];
