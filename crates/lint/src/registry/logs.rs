//! Rules about logs.

use super::{RuleInfo, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "logs/label-never-sent",
        "A query asks for a label that is not sent",
        "A selector by a label that no stream has finds nothing, without an error.",
    ),
    info("logs/not-fluent-bit", "Values of a chart, not a configuration", "Fluent Bit does not start with it."),
    info(
        "logs/docker-parser-only",
        "Only Docker's format is read",
        "On nodes with containerd nothing is parsed: JSON stays text, and fields are empty.",
    ),
    info(
        "logs/tail-without-db",
        "Reading begins anew after a restart",
        "Lines are lost or stand twice each time the collector is updated.",
    ),
    info("logs/no-buffer-limit", "Waiting lines have no bound", "A receiver that is slow takes the memory of each node."),
    info("logs/long-lines-stop", "A long line ends the reading", "The file is not read any further, and nobody hears of it."),
    info(
        "logs/lift-before-labels",
        "Fields of the pod replace those of the line",
        "The line's own `labels` and `host` are lost, and labels by `$kubernetes` are empty.",
    ),
    info("logs/retry-limit", "Lines are given up early", "A receiver that restarts costs every line of that time."),
    info("logs/no-structured-metadata", "Fields with many values are text", "Lines of a pod or a trace are found by reading everything."),
    info(
        "logs/text-instead-of-level",
        "The word error instead of the level",
        "It finds lines that are none and misses those that say it otherwise.",
    ),
];
