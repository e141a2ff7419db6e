//! Rules about OpenTelemetry collectors.

use super::{RuleInfo, error, warning};

pub(super) static RULES: &[RuleInfo] = &[
    error("collector/undefined-component", "A pipeline uses what is not defined", "The collector does not start."),
    error("collector/open-pipeline", "A pipeline without beginning or end", "The collector does not start."),
    error("collector/half-connector", "A connector that connects nothing", "The collector does not start."),
    warning(
        "collector/unused-component",
        "A component that no pipeline uses",
        "It does nothing, though it is configured: what it is for is missing.",
    ),
];
