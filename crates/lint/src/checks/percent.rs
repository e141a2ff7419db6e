//! Percent of what nobody says.

use super::Scope;
use super::unit::constant;
use super::walk::{selector, with_ancestors};
use crate::finding::{Finding, RestsOn};
use crate::project::Query;
use phoenix_promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind, Selector};

/// Labels by which a processor's cores have series of their own, each of which is a share already.
const CORES: [&str; 2] = ["cpu", "core"];

/// Cores in use times 100, which is percent of one core.
pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| {
        let ExprKind::Binary(binary) = &expr.kind else { return };
        let factor = |side: &Expr| constant(side) == Some(100.0);
        let of = match binary.op {
            BinaryOp::Mul if factor(&binary.rhs) => &binary.lhs,
            BinaryOp::Mul if factor(&binary.lhs) => &binary.rhs,
            _ => return,
        };
        // Divided by cores, by a limit or by a number of them, before or after.
        let divided = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(b) if b.op == BinaryOp::Div));
        let Some((inner, summed)) = rate_of(of).filter(|_| !divided) else { return };
        let Some(name) = inner.name.as_deref().filter(|name| name.contains("cpu") && name.ends_with("seconds_total")) else { return };
        let metric = scope.facts.metric(name);
        let by_core = metric.as_ref().and_then(|metric| metric.labels.as_ref()).is_some_and(|labels| has_core(labels));
        let asks = |label: &str| inner.matchers.iter().any(|matcher| matcher.name == label && !matcher.matches_empty());
        let alone = CORES.iter().any(|label| asks(label));
        if by_core && !summed || alone || says_of_one_core(query) {
            return;
        }
        let message = format!("`{name}` per second is in cores: times 100 it is percent of one core, not of what may be used");
        let help = "divide by what there is: the limit (`container_spec_cpu_quota / container_spec_cpu_period`, `kube_pod_container_resource_limits{resource=\"cpu\"}`) or the cores of the node";
        let basis = metric.map_or(RestsOn::Naming, |metric| metric.rests_on);
        found.push(Finding::at("promql/percent-without-total", query.file, query.locate(expr.span), message).help(help).rests_on(basis));
    });
}

fn has_core(labels: &[String]) -> bool {
    labels.iter().any(|label| CORES.contains(&label.as_str()))
}

/// The selector of a rate, and whether a sum over cores is taken of it.
fn rate_of(expr: &Expr) -> Option<(&Selector, bool)> {
    match &expr.kind {
        ExprKind::Paren(inner) => rate_of(inner),
        ExprKind::Aggregate(aggregate) => {
            let (found, summed) = rate_of(&aggregate.expr)?;
            let keeps =
                |label: &&str| aggregate.grouping.as_ref().is_some_and(|g| g.without != g.labels.iter().any(|named| named == *label));
            let sums = aggregate.op == AggregateOp::Sum && !CORES.iter().any(keeps);
            Some((found, summed || sums))
        }
        ExprKind::Call(call) if matches!(call.function.name, "rate" | "irate") => Some((selector(call.args.first()?)?, false)),
        _ => None,
    }
}

/// Whether the texts say that it is of one core.
fn says_of_one_core(query: &Query) -> bool {
    query.alert().is_some_and(|rule| rule.templates().any(|(_, text)| text.value.to_ascii_lowercase().contains("core")))
}
