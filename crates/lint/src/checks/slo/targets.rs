//! Objectives that say different things about the same.

use super::{Objective, percent};
use crate::checks::keys::text;
use crate::finding::{Finding, RestsOn};

pub(super) fn check(objectives: &[Objective], found: &mut Vec<Finding>) {
    for (at, one) in objectives.iter().enumerate() {
        let other = objectives[..at].iter().find(|other| conflicts(one, other));
        if let Some(other) = other {
            let (line, _) = other.file.source.position(other.target.span.start);
            let message = format!(
                "`{}` is to be met by {}, and by {} at line {line} of {}",
                one.name,
                percent(one.share),
                percent(other.share),
                other.file.source.name
            );
            let finding = Finding::at("slo/conflicting-targets", one.file, one.target.span, message).rests_on(RestsOn::Project);
            found.push(finding.help("say one of them, in one place; objectives of several windows each have theirs"));
        }
    }
}

/// The same indicator over the same window with another target.
fn conflicts(one: &Objective, other: &Objective) -> bool {
    let indicator = |objective: &Objective| {
        ["sli", "good", "total"].map(|key| text(objective.node, key).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    let (a, b) = (indicator(one), indicator(other));
    let told = a.iter().any(Option::is_some) && b.iter().any(Option::is_some);
    // One that is only named is the same when the name is; one that is told is when it is told alike.
    let same = if told { a == b } else { !one.name.is_empty() && one.name.eq_ignore_ascii_case(other.name) };
    let service = |objective: &Objective| text(objective.node, "service").map(str::to_owned);
    same && service(one) == service(other) && one.window == other.window && (one.share - other.share).abs() > 1e-9
}
