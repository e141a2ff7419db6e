//! Rules about dashboards.

use super::{RuleInfo, info, warning};

pub(super) static RULES: &[RuleInfo] = &[
    info("dashboard/wrapped", "A dashboard within a request", "Provisioning by files refuses it."),
    warning("dashboard/panel-without-type", "A panel without a type", "There is nothing to draw."),
    warning("dashboard/query-syntax", "A query that cannot be read", "The panel shows an error in the place of data."),
    info("dashboard/no-unit", "A value without its unit", "A bare number is read wrongly: 12345.678 instead of $12,346 or 3.4 hours."),
];
