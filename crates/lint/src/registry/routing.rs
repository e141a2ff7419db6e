//! Rules about who is told.

use super::{RuleInfo, error, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    warning(
        "routing/no-alertmanager",
        "Alerts that nobody hears of",
        "Prometheus sends alerts only to the Alertmanagers that `alerting` names.",
    ),
    warning("routing/unreachable-route", "A route behind one that takes all", "Its receiver never hears of the alerts that it is for."),
    warning("routing/contradictory-route", "A route that no alert fits", "Its receiver never hears of the alerts that it is for."),
    warning("routing/receiver-never-used", "A receiver that no route leads to", "Whoever believes to be told is not."),
    error("routing/receiver-incomplete", "A receiver that cannot send", "Alertmanager refuses the configuration."),
    warning(
        "routing/inhibits-itself",
        "An inhibition without effect",
        "Alertmanager does not let an alert mute what could mute it the same way.",
    ),
    warning(
        "routing/inhibits-everything",
        "An inhibition across all systems",
        "One critical alert anywhere silences all warnings everywhere, about whatever they are.",
    ),
    info("routing/severity-without-route", "Severity has no say in paging", "Either everything pages, or nothing does."),
    info("routing/team-without-route", "A team that nothing leads to", "Its alerts go wherever the rest goes."),
    warning("routing/nobody-to-page", "Teams without people", "An escalation that ends at a name calls nobody."),
    info("routing/rotation-without-handoff", "A rotation without a handover", "Two people believe to be on call, or none."),
    warning("routing/unknown-escalation-target", "An escalation to nobody", "The step that is for the worst case calls nobody."),
];
