//! What an expression reads each time it is evaluated, by the series that a server has.

use super::Scope;
use super::walk::{selector, with_ancestors};
use crate::finding::{Finding, RestsOn};
use crate::project::Query;
use phoenix_model::format_duration;
use phoenix_promql::ast::{ExprKind, Selector, TimeShift};
use std::time::Duration;

/// Samples that one selector may read in one evaluation before it is told.
const MAX_SAMPLES: u64 = 1_000_000;

/// How far apart samples are taken to be: fifteen seconds is what most targets are scraped at.
const APART_MS: u64 = 15_000;

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    let Some(server) = scope.facts.server else { return };
    with_ancestors(query.expr, &mut |expr, around| {
        let Some(inner) = selector(expr) else { return };
        let range_ms = match &expr.kind {
            ExprKind::Range(range) => u64::try_from(range.range_ms).unwrap_or(0),
            _ => 0,
        };
        // The store reads a selector of a subquery once, over the whole time that the subquery covers.
        let covers_ms: u64 = around
            .iter()
            .filter_map(|outer| match &outer.kind {
                ExprKind::Subquery(subquery) => u64::try_from(subquery.range_ms).ok(),
                _ => None,
            })
            .sum();
        let each = ((range_ms + covers_ms) / APART_MS).max(1);
        let bare = Selector { time: TimeShift::default(), ..inner.clone() };
        let Some(series) = server.series(&bare.to_string()).map(|series| series as u64) else { return };
        let samples = series.saturating_mul(each);
        if samples <= MAX_SAMPLES {
            return;
        }
        let over = match range_ms + covers_ms {
            0 => String::new(),
            ms => format!(" over {}", format_duration(Duration::from_millis(ms))),
        };
        let message = format!("each evaluation reads some {samples} samples: {series} series{over}");
        let help = "record a sum over fewer labels or a shorter time first, and read that";
        found.push(Finding::at("promql/reads-much", query.file, query.locate(expr.span), message).help(help).rests_on(RestsOn::Server));
    });
}
