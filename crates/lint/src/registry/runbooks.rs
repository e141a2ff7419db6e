//! Rules about runbooks.

use super::{RuleInfo, warning};

pub(super) static RULES: &[RuleInfo] =
    &[warning("alerts/runbook-not-found", "A runbook that is not there", "Whoever is woken follows the link and finds nothing.")];
