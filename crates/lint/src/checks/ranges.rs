//! Ranges against the intervals at which samples come.

use super::Scope;
use super::keys::duration;
use super::walk::{called, is_rate, with_ancestors};
use crate::finding::{Finding, RestsOn};
use crate::project::{FileKind, Project};
use phoenix_model::{Severity, Span, format_duration, parse_duration};
use phoenix_promql::ast::ExprKind;
use phoenix_yaml::Node;
use std::time::Duration;

/// How often a project's targets are scraped.
struct Intervals {
    /// What most have.
    usual: Duration,
    /// Jobs that say otherwise.
    jobs: Vec<(String, Duration)>,
}

impl Intervals {
    /// From the configuration in the project, when there is exactly one.
    fn of(project: &Project) -> Option<Self> {
        let mut files = project.of_kind(FileKind::Prometheus);
        let (file, None) = (files.next()?, files.next()) else { return None };
        let tree = file.tree.as_deref()?;
        let interval = |node: &Node| parse_duration(node.get("scrape_interval")?.text()?).ok();
        let usual = tree.get("global").and_then(interval).unwrap_or(Duration::from_mins(1));
        let jobs = tree.get("scrape_configs").map(Node::items).unwrap_or_default();
        let own = jobs.iter().filter_map(|job| Some((job.get("job_name")?.text()?.to_owned(), interval(job)?)));
        Some(Self { usual, jobs: own.collect() })
    }

    /// Of the targets that matchers on `job` choose; the shortest where it is not known.
    fn of_job(&self, job: Option<&str>) -> Duration {
        match job.and_then(|job| self.jobs.iter().find(|(name, _)| name == job)) {
            Some((_, interval)) => *interval,
            None if job.is_some() => self.usual,
            None => self.jobs.iter().map(|(_, interval)| *interval).chain([self.usual]).min().unwrap_or(self.usual),
        }
    }
}

/// How long metrics are kept, when a configuration says it.
pub(super) fn retention(project: &Project) -> Option<Duration> {
    project.files.iter().find_map(|file| {
        let tree = file.tree.as_deref()?;
        let of_phoenix = tree.get("metrics").and_then(|metrics| duration(metrics, "retention"));
        let tsdb = tree.get("storage").and_then(|storage| storage.get("tsdb")).and_then(|tsdb| tsdb.get("retention"));
        of_phoenix.or_else(|| tsdb.and_then(|retention| duration(retention, "time")))
    })
}

/// Queries that look back behind what is kept.
pub(super) fn beyond_retention(scope: &Scope, found: &mut Vec<Finding>) {
    let Some(kept) = retention(scope.project) else { return };
    for query in scope.project.queries() {
        for used in phoenix_promql::analysis::selectors(query.expr) {
            // A fixed moment says nothing of how long ago it is.
            let time = &used.selector.time;
            let back_ms = time.offset_ms.max(0).saturating_add(used.range_ms.unwrap_or(0));
            let back = Duration::from_millis(back_ms.unsigned_abs());
            if back > kept && time.at.is_none() {
                let message = format!("this looks back {}, and metrics are kept for {}", format_duration(back), format_duration(kept));
                let finding = Finding::at("promql/beyond-retention", query.file, query.locate(used.span), message);
                found.push(finding.help("keep more, or look back less").rests_on(RestsOn::Project));
            }
        }
    }
}

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let Some(intervals) = Intervals::of(scope.project) else { return };
    for query in scope.project.queries() {
        with_ancestors(query.expr, &mut |expr, around| {
            let ExprKind::Range(range) = &expr.kind else { return };
            let Some(function) =
                around.last().and_then(|outer| called(outer)).filter(|name| is_rate(name) || matches!(*name, "delta" | "deriv" | "idelta"))
            else {
                return;
            };
            // Recorded series come at the interval of their group.
            if range.selector.name.as_deref().is_some_and(|name| name.contains(':') || scope.facts.is_recorded(name)) {
                return;
            }
            let job = range.selector.matchers.iter().find(|matcher| matcher.name == "job" && matcher.op == phoenix_model::MatchOp::Equal);
            let interval = intervals.of_job(job.map(|matcher| matcher.value.as_str()));
            let length = Duration::from_millis(range.range_ms.unsigned_abs());
            let (level, message) = if length < interval * 2 {
                (Severity::Warning, format!("`{function}` needs two samples, and in {} there is often one", format_duration(length)))
            } else if length < interval * 4 {
                (Severity::Info, format!("one scrape that fails leaves `{function}` without two samples in {}", format_duration(length)))
            } else {
                return;
            };
            let help = format!("targets are scraped every {}: take at least {}", format_duration(interval), format_duration(interval * 4));
            let finding = Finding::at("promql/range-too-short", query.file, query.locate(expr.span), message).help(help);
            // What stands between the brackets, unless it is a variable.
            let start = range.selector_span.end;
            let brackets = query.text.value.get(start..expr.span.end).and_then(|rest| Some((rest.find('[')? + 1, rest.find(']')?)));
            let inner =
                brackets.map(|(open, close)| Span::new(start + open, start + close)).filter(|inner| !query.shown(*inner).contains('$'));
            let fix = inner.and_then(|inner| query.replace(inner, &format_duration(interval * 4), "take a longer range"));
            found.push(finding.level(level).rests_on(RestsOn::Project).fix(fix));
        });
    }
}
