//! Which selectors a query has, and over what time each reads: decided before anything is read, so
//! that every distinct selector goes to the store once. And which parts of it are evaluated while that is read.

use crate::ast::{Aggregate, At, Call, Expr, ExprKind, RangeSelector, Selector, TimeShift};
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

/// A part of an expression that takes each series by itself, and the steps at which it is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Fold<'e> {
    pub expr: &'e Expr,
    pub grid: Grid,
}

/// The parts that are evaluated while a read goes on, for each read; none where something needs all series at once.
pub(super) type Folds<'e> = Vec<Vec<Fold<'e>>>;

/// Identifies an expression within one tree.
pub(super) fn expr_key(expr: &Expr) -> usize {
    std::ptr::from_ref(expr) as usize
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
    pub fn new(expr: &Expr, grid: Grid, whole: Bounds, lookback_ms: i64, default_step_ms: i64) -> (Self, Folds<'_>) {
        let plan = Self { reads: Vec::new(), read_of: HashMap::new() };
        let mut planner = Planner { plan, folds: Vec::new(), whole, lookback_ms, default_step_ms };
        planner.visit(expr, grid, grid, None);
        (planner.plan, planner.folds.into_iter().map(Option::unwrap_or_default).collect())
    }
}

struct Planner<'e> {
    plan: Plan,
    /// `None` where something needs all series of the read at once.
    folds: Vec<Option<Vec<Fold<'e>>>>,
    whole: Bounds,
    lookback_ms: i64,
    default_step_ms: i64,
}

impl<'e> Planner<'e> {
    /// `grid` has the steps of whoever asks, `once` those at which the expression is evaluated: one, where all are alike.
    fn visit(&mut self, expr: &'e Expr, grid: Grid, mut once: Grid, func: Option<&'static str>) {
        if once.steps > 1 && is_step_invariant(expr) {
            once.steps = 1;
        }
        let fold = Some(Fold { expr, grid: once });
        match &expr.kind {
            // That asks for more than values.
            ExprKind::Selector(selector) if func == Some("timestamp") => self.read(selector, self.lookback_ms, grid, func, None),
            ExprKind::Selector(selector) => self.read(selector, self.lookback_ms, grid, func, fold),
            ExprKind::Range(range) => self.read(&range.selector, range.range_ms, grid, func, None),
            ExprKind::Subquery(subquery) => {
                let step_ms = subquery.step_ms.unwrap_or(self.default_step_ms);
                let inner = subquery_grid(subquery.time, subquery.range_ms, step_ms, grid, self.whole);
                let evaluated = subquery_grid(subquery.time, subquery.range_ms, step_ms.max(1), once, self.whole);
                if inner.steps > 0 {
                    self.visit(&subquery.expr, inner, evaluated, None);
                }
            }
            ExprKind::Call(call) => match range_alone(call) {
                Some(range) => self.read(&range.selector, range.range_ms, grid, Some(call.function.name), fold),
                None => call.args.iter().for_each(|arg| self.visit(arg, grid, once, Some(call.function.name))),
            },
            ExprKind::Aggregate(aggregate) => {
                if let Some(param) = &aggregate.param {
                    self.visit(param, grid, once, None);
                }
                self.visit(&aggregate.expr, grid, once, Some(aggregate.op.as_str()));
            }
            ExprKind::Paren(inner) => self.visit(inner, grid, once, func),
            _ => expr.children().into_iter().for_each(|child| self.visit(child, grid, once, None)),
        }
    }

    fn read(&mut self, selector: &Selector, range_ms: i64, grid: Grid, func: Option<&'static str>, fold: Option<Fold<'e>>) {
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
            self.folds.push(Some(Vec::new()));
        }
        match (&mut self.folds[index], fold) {
            (Some(folds), Some(fold)) => folds.push(fold),
            (folds, _) => *folds = None,
        }
        self.plan.read_of.insert(selector_key(selector), index);
    }
}

/// The range of a function that takes each series by itself, when nothing else of the call has to be read.
fn range_alone(call: &Call) -> Option<&RangeSelector> {
    if call.function.name == "absent_over_time" {
        return None;
    }
    let mut found = None;
    for arg in &call.args {
        match &arg.without_parens().kind {
            ExprKind::Range(range) if found.is_none() => found = Some(range),
            ExprKind::Number(_) => {}
            _ => return None,
        }
    }
    found
}
