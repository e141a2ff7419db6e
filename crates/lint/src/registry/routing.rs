//! Rules about who is told.

use super::{RuleInfo, warning};

pub(super) static RULES: &[RuleInfo] = &[warning(
    "routing/no-alertmanager",
    "Alerts that nobody hears of",
    "Prometheus sends alerts only to the Alertmanagers that `alerting` names.",
)];
