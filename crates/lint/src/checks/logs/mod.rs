//! Collectors of logs, and the queries over what they send.

mod fluent_bit;
mod labels;
mod queries;

use super::Scope;
use crate::finding::Finding;
use crate::project::FileKind;

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::FluentBit) {
        fluent_bit::check(file, found);
    }
    labels::check(scope, found);
}
