//! How long it takes until an alert fires, and whether it can.

use crate::checks::Scope;
use crate::checks::walk::{is_rate, with_ancestors};
use crate::finding::{Edit, Finding, Fix};
use crate::project::{File, FileKind, Group, Project, Rule};
use phoenix_model::{Span, format_duration, parse_duration};
use phoenix_promql::ast::{BinaryOp, ExprKind};
use std::time::Duration;

/// How far back the newest sample of a series may lie.
const LOOKBACK: Duration = Duration::from_mins(5);

pub(in crate::checks) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let usual = evaluation_interval(scope.project);
    for file in &scope.project.files {
        for group in &file.groups {
            found.extend(near_lookback(file, group));
            for rule in group.rules.iter().filter(|rule| rule.is_alert) {
                found.extend(for_below_interval(file, group, rule, usual));
                found.extend(for_doubles_range(file, rule));
                found.extend(one_event(file, rule));
            }
        }
    }
}

/// The interval of groups that do not say theirs, when the project's configuration says it.
fn evaluation_interval(project: &Project) -> Option<Duration> {
    let mut files = project.of_kind(FileKind::Prometheus);
    let (file, None) = (files.next()?, files.next()) else { return None };
    let global = file.tree.as_deref()?.get("global")?;
    parse_duration(global.get("evaluation_interval")?.text()?).ok()
}

fn near_lookback(file: &File, group: &Group) -> Option<Finding> {
    let interval = group.interval.filter(|interval| *interval >= LOOKBACK)?;
    let message = format!(
        "the group is evaluated every {}: a sample older than {} is not seen",
        format_duration(interval),
        format_duration(LOOKBACK)
    );
    let finding = Finding::at("alerts/interval-near-lookback", file, group.interval_span?, message);
    let fix = written(group.interval_span?, Duration::from_mins(2), "evaluate more often");
    Some(finding.help("take at most `interval: 2m`, or read what it gives with `last_over_time(…[15m])`").fix(Some(fix)))
}

fn for_below_interval(file: &File, group: &Group, rule: &Rule, usual: Option<Duration>) -> Option<Finding> {
    let interval = group.interval.or(usual)?;
    let (hold, span) = (rule.hold?, rule.hold_span?);
    if hold.is_zero() || hold >= interval * 2 {
        return None;
    }
    let message = format!(
        "`for: {}` is {} evaluation at an interval of {}",
        format_duration(hold),
        if hold <= interval { "one more" } else { "less than two" },
        format_duration(interval)
    );
    let finding =
        Finding::at("alerts/for-below-interval", file, span, message).help(format!("take at least {}", format_duration(interval * 2)));
    Some(finding.fix(Some(written(span, interval * 2, "wait for two evaluations"))))
}

/// Another duration in the place of one.
fn written(span: Span, duration: Duration, title: &str) -> Fix {
    Fix { title: title.to_owned(), edits: vec![Edit { span, text: format_duration(duration) }] }
}

/// A mean over a range that must also hold as long: the trouble is told after both.
fn for_doubles_range(file: &File, rule: &Rule) -> Option<Finding> {
    let hold = rule.hold.filter(|hold| *hold >= Duration::from_mins(10))?;
    let (expr, text) = (rule.parsed.as_ref()?, rule.expr.as_ref()?);
    let mut smoothed: Option<(Duration, Span)> = None;
    with_ancestors(expr, &mut |inner, around| {
        let ExprKind::Range(range) = &inner.kind else { return };
        let length = Duration::from_millis(range.range_ms.unsigned_abs());
        let mean = around.last().is_some_and(|outer| matches!(&outer.kind, ExprKind::Call(call) if call.function.name == "avg_over_time"));
        if mean && length >= hold {
            smoothed = Some((length, inner.span));
        }
    });
    let (length, span) = smoothed?;
    let message =
        format!("the mean is over {} and must hold for {}: the trouble is told after both", format_duration(length), format_duration(hold));
    Some(Finding::at("alerts/for-doubles-range", file, text.locate(span), message).help("smooth by one of them"))
}

/// A ratio of rates whose range is longer than `for`: one event is seen in all evaluations between.
fn one_event(file: &File, rule: &Rule) -> Option<Finding> {
    let hold = rule.hold.filter(|hold| !hold.is_zero())?;
    let (expr, text) = (rule.parsed.as_ref()?, rule.expr.as_ref()?);
    let mut longest: Option<(Duration, Span)> = None;
    let (mut ratio, mut floor) = (false, false);
    with_ancestors(expr, &mut |inner, around| match &inner.kind {
        ExprKind::Range(range) => {
            let length = Duration::from_millis(range.range_ms.unsigned_abs());
            let rated = around.last().is_some_and(|outer| matches!(&outer.kind, ExprKind::Call(call) if is_rate(call.function.name)));
            let divided = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(b) if b.op == BinaryOp::Div));
            if rated && divided && length > hold && longest.is_none_or(|(known, _)| length > known) {
                longest = Some((length, inner.span));
            }
        }
        ExprKind::Binary(binary) => {
            ratio |= binary.op == BinaryOp::Div;
            floor |= matches!(binary.op, BinaryOp::And | BinaryOp::Unless);
        }
        _ => {}
    });
    let (length, span) = longest.filter(|_| ratio && !floor)?;
    let message = format!("one event stays in a range of {} for longer than `for: {}`", format_duration(length), format_duration(hold));
    let help = "ask for a number of events too: `and increase(…) > 5`";
    Some(Finding::at("alerts/one-event-outlasts-for", file, text.locate(span), message).help(help))
}
