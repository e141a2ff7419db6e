//! Which selectors a query has, and over what time each reads: decided before anything is read, so
//! that every distinct selector goes to the store once.

use crate::ast::{Aggregate, At, Call, Expr, ExprKind, Selector, TimeShift};
use crate::source::SelectHints;
use phoenix_query::Grid;
use std::collections::HashMap;

/// Functions that depend on the moment of evaluation, even when their arguments do not.
const TIME_DEPENDENT: [&str; 11] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "time",
    "timestamp",
    "year",
];

/// The reads of a query.
pub(super) struct Plan {
    /// What to read.
    pub reads: Vec<SelectHints>,
    /// Which read serves which selector, by the selector's address in the tree.
    pub read_of: HashMap<usize, usize>,
}

/// Identifies a selector within one tree.
pub(super) fn selector_key(selector: &Selector) -> usize {
    std::ptr::from_ref(selector) as usize
}

/// The times that a whole query was asked for, which `start()` and `end()` mean, in milliseconds.
/// The end need not be a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub start_ms: i64,
    pub end_ms: i64,
}

/// The moment that a shifted selector looks at when evaluated at `at_ms`.
#[inline]
pub(super) fn shifted(time: TimeShift, at_ms: i64, whole: Bounds) -> i64 {
    let base = match time.at {
        None => at_ms,
        Some(At::Time(ms)) => ms,
        Some(At::Start) => whole.start_ms,
        Some(At::End) => whole.end_ms,
    };
    base.saturating_sub(time.offset_ms)
}

/// The grid on which a subquery evaluates its expression, when the subquery itself is evaluated on
/// `outer`: multiples of the step, from after the first window's start to the last window's end.
pub(super) fn subquery_grid(time: TimeShift, range_ms: i64, step_ms: i64, outer: Grid, whole: Bounds) -> Grid {
    let end = shifted(time, outer.end_ms(), whole);
    let begin = shifted(time, outer.start_ms, whole).saturating_sub(range_ms);
    // The window is open on the left: a multiple that falls on its start does not count.
    let first = begin.div_euclid(step_ms).saturating_add(1).saturating_mul(step_ms);
    let last = end.div_euclid(step_ms).saturating_mul(step_ms);
    Grid::range(first, last, step_ms)
}

/// Whether an expression has the same value at each step, so that it is evaluated once.
pub(crate) fn is_step_invariant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => true,
        ExprKind::Selector(selector) => selector.time.at.is_some(),
        ExprKind::Range(range) => range.selector.time.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.time.at.is_some(),
        ExprKind::Call(Call { function, args, .. }) => !TIME_DEPENDENT.contains(&function.name) && args.iter().all(is_step_invariant),
        ExprKind::Aggregate(aggregate) => {
            let Aggregate { param, expr, .. } = &**aggregate;
            param.as_ref().is_none_or(is_step_invariant) && is_step_invariant(expr)
        }
        ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => is_step_invariant(inner),
        ExprKind::Binary(binary) => is_step_invariant(&binary.lhs) && is_step_invariant(&binary.rhs),
        ExprKind::Error => false,
    }
}

impl Plan {
    /// Plans an expression over a grid.
    pub fn new(expr: &Expr, grid: Grid, whole: Bounds, lookback_ms: i64, default_step_ms: i64) -> Self {
        let mut planner = Planner { plan: Self { reads: Vec::new(), read_of: HashMap::new() }, whole, lookback_ms, default_step_ms };
        planner.visit(expr, grid, None);
        planner.plan
    }
}

struct Planner {
    plan: Plan,
    whole: Bounds,
    lookback_ms: i64,
    default_step_ms: i64,
}

impl Planner {
    fn visit(&mut self, expr: &Expr, grid: Grid, func: Option<&'static str>) {
        match &expr.kind {
            ExprKind::Selector(selector) => self.read(selector, self.lookback_ms, grid, func),
            ExprKind::Range(range) => self.read(&range.selector, range.range_ms, grid, func),
            ExprKind::Subquery(subquery) => {
                let step_ms = subquery.step_ms.unwrap_or(self.default_step_ms);
                let inner = subquery_grid(subquery.time, subquery.range_ms, step_ms, grid, self.whole);
                if inner.steps > 0 {
                    self.visit(&subquery.expr, inner, None);
                }
            }
            ExprKind::Call(call) => call.args.iter().for_each(|arg| self.visit(arg, grid, Some(call.function.name))),
            ExprKind::Aggregate(aggregate) => {
                if let Some(param) = &aggregate.param {
                    self.visit(param, grid, None);
                }
                self.visit(&aggregate.expr, grid, Some(aggregate.op.as_str()));
            }
            ExprKind::Paren(inner) => self.visit(inner, grid, func),
            _ => expr.children().into_iter().for_each(|child| self.visit(child, grid, None)),
        }
    }

    fn read(&mut self, selector: &Selector, range_ms: i64, grid: Grid, func: Option<&'static str>) {
        let start_ms = shifted(selector.time, grid.start_ms, self.whole).saturating_sub(range_ms).saturating_add(1);
        let end_ms = shifted(selector.time, grid.end_ms(), self.whole);
        let step_ms = if grid.steps > 1 { grid.step_ms } else { 0 };
        // The same series over overlapping times: one read for both.
        let overlaps = |read: &SelectHints| read.matchers == selector.matchers && start_ms <= read.end_ms && read.start_ms <= end_ms;
        let index = self.plan.reads.iter().position(overlaps).unwrap_or(self.plan.reads.len());
        if let Some(read) = self.plan.reads.get_mut(index) {
            read.start_ms = read.start_ms.min(start_ms);
            read.end_ms = read.end_ms.max(end_ms);
            read.func = read.func.filter(|f| Some(*f) == func);
            read.step_ms = if read.step_ms == step_ms { step_ms } else { 0 };
        } else {
            self.plan.reads.push(SelectHints { matchers: selector.matchers.clone(), start_ms, end_ms, step_ms, func });
        }
        self.plan.read_of.insert(selector_key(selector), index);
    }
}
