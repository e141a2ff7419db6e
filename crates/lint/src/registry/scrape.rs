//! Rules about Prometheus' configuration.

use super::{RuleInfo, error, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "scrape/no-rule-files",
        "Rules that nobody evaluates",
        "Prometheus reads only the rules that `rule_files` names: these never fire.",
    ),
    error(
        "scrape/relabel-address",
        "An address without a host",
        "Every target of the job is down for ever, as nothing listens at the address that the step makes.",
    ),
    error("scrape/relabel-drops-all", "Relabelling leaves nothing", "The job has no targets or no series, and no error says so."),
    info(
        "scrape/every-port-is-a-target",
        "Every port of a pod is a target",
        "Ports that do not serve metrics are targets that are down, and alerts on `up` fire for them.",
    ),
    info(
        "scrape/finished-pods",
        "Pods that have finished stay targets",
        "They are down until they are deleted, and alerts on `up` fire for them.",
    ),
    info(
        "scrape/no-pod-label",
        "Series do not tell their pod",
        "`instance` is an address that changes with each restart; an alert cannot say which pod it is about.",
    ),
    warning("scrape/missing-job", "No job brings what rules ask for", "A rule over a metric that nobody scrapes never fires."),
    warning("scrape/unknown-job", "A selector names a job that is not there", "A rule over a job that does not exist never fires."),
    error("scrape/duplicate-job", "A job stands twice", "Prometheus refuses the configuration."),
    error("scrape/timeout-exceeds-interval", "A scrape may last longer than its interval", "Prometheus refuses the configuration."),
    info("scrape/no-sample-limit", "Targets may send any number of series", "One target with a label that grows can fill the store."),
    warning(
        "scrape/blackbox-without-relabelling",
        "Probed targets are asked themselves",
        "The blackbox exporter is never asked, and each target is down.",
    ),
    info("scrape/deprecated-field", "An old form of a setting", "What is replaced is removed one day."),
    warning("scrape/remote-write-url", "A receiver that cannot tell the source", "Its pages show nothing of this Prometheus."),
    info(
        "scrape/remote-write-drops-recordings",
        "Recorded series are not sent on",
        "Indicators are recorded under names with colons, and are missing where they are looked at.",
    ),
    info(
        "scrape/no-replica-label",
        "Two of a pair cannot be told apart",
        "Both write the same series, and each refuses samples of the other as late.",
    ),
];
