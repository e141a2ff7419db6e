//! Bounds on what a target may send.

use super::Job;
use crate::finding::Finding;

pub(super) fn check(job: &Job, found: &mut Vec<Finding>) {
    let global = job.tree.get("global").and_then(|global| global.get("sample_limit"));
    if job.node.get("sample_limit").or(global).is_some() {
        return;
    }
    let message = format!("the targets of `{}` may send any number of series", job.name());
    let finding = Finding::at("scrape/no-sample-limit", job.file, job.node.head(), message);
    found.push(finding.help("add `sample_limit` with some times what a target sends today"));
}
