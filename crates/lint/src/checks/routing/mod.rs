//! Alertmanager's configuration and who is on call: routes, inhibitions, receivers, people.

mod inhibitions;
mod matchers;
mod on_call;
mod receivers;
mod routes;

use super::Scope;
use crate::finding::Finding;
use crate::project::FileKind;

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Alertmanager) {
        let Some(tree) = file.tree.as_deref() else { continue };
        routes::check(file, tree, found);
        inhibitions::check(file, tree, found);
        receivers::check(file, tree, found);
    }
    on_call::check(scope, found);
}
