//! Pipelines over one trace at a time: sets of spans in, sets of spans out.

use super::bits::Bits;
use super::columns::Frame;
use super::condition::Expr;
use super::filter::Verdicts;
use super::plan::{Node, Pipe, Plan, Scalar, Step};
use super::structure::{Tree, union};
use super::value::{Value, arithmetic, compare, order};
use crate::ast::{Aggregate, Form, SpansetOp, Static};
use phoenix_query::numeric::CompensatedSum;
use std::sync::Arc;

/// Spans of a trace by their rows, in order, with what was worked out for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spanset {
    pub rows: Vec<u32>,
    pub attributes: Vec<(Arc<str>, Static)>,
}

/// A batch with the answers of a plan's conditions.
#[derive(Debug)]
pub(crate) struct Sets<'b> {
    plan: &'b Plan,
    frame: &'b Frame<'b>,
    leaves: Vec<Bits>,
    tree: Option<Tree<'b>>,
}

impl<'b> Sets<'b> {
    pub fn new(plan: &'b Plan, frame: &'b Frame<'b>, verdicts: &mut Verdicts, fast: bool) -> Self {
        let leaves = plan
            .leaves
            .iter()
            .map(|leaf| if fast { leaf.rows(frame, verdicts) } else { leaf.row_by_row(frame, &Bits::of(frame.batch.rows, true)) });
        let leaves = leaves.collect();
        let tree =
            plan.tree.map(|[left, right, parent]| Tree { left: frame.ints(left), right: frame.ints(right), parent: frame.ints(parent) });
        Self { plan, frame, leaves, tree }
    }

    /// The rows that meet a condition.
    pub fn leaf(&self, leaf: usize) -> &Bits {
        &self.leaves[leaf]
    }

    /// The sets that the pipeline gives of a trace; none if it does not match.
    pub fn of(&self, trace: usize) -> Vec<Spanset> {
        if let Some(leaf) = self.plan.only_leaf() {
            let rows: Vec<u32> = self.leaves[leaf].rows_in(self.frame.rows(trace)).map(|row| row as u32).collect();
            return if rows.is_empty() { Vec::new() } else { vec![Spanset { rows, attributes: Vec::new() }] };
        }
        self.pipe(&self.plan.pipe, trace, None)
    }

    /// `input` holds the spans that are looked at; `None`: all of the trace.
    fn pipe(&self, pipe: &Pipe, trace: usize, input: Option<&[u32]>) -> Vec<Spanset> {
        let first = |node: &Node| vec![Spanset { rows: self.node(node, trace, input), attributes: Vec::new() }];
        let (mut sets, rest) = if let Some((Step::Set(node), rest)) = pipe.steps.split_first() {
            (first(node), rest)
        } else {
            let all = || self.frame.batch.traces[trace].rows.clone().collect();
            (vec![Spanset { rows: input.map_or_else(all, <[u32]>::to_vec), attributes: Vec::new() }], &pipe.steps[..])
        };
        sets.retain(|set| !set.rows.is_empty());
        for step in rest {
            if sets.is_empty() {
                return sets;
            }
            match step {
                Step::Set(node) => {
                    for set in &mut sets {
                        set.rows = self.node(node, trace, Some(&set.rows));
                    }
                    sets.retain(|set| !set.rows.is_empty());
                }
                Step::Filter(op, lhs, rhs) => sets.retain_mut(|set| {
                    let l = self.scalar(lhs, trace, set);
                    let r = self.scalar(rhs, trace, set);
                    compare(*op, &l, &r)
                }),
                Step::By(expr, name) => sets = sets.iter().flat_map(|set| self.by(expr, name, trace, set)).collect(),
                Step::Coalesce => {
                    let rows: Vec<u32> = sets.into_iter().flat_map(|set| set.rows).collect();
                    sets = vec![Spanset { rows: union(&rows, &[]), attributes: Vec::new() }];
                }
            }
        }
        sets
    }

    fn node(&self, node: &Node, trace: usize, input: Option<&[u32]>) -> Vec<u32> {
        match node {
            Node::Leaf(leaf) => match input {
                None => self.leaves[*leaf].rows_in(self.frame.rows(trace)).map(|row| row as u32).collect(),
                Some(rows) => rows.iter().copied().filter(|row| self.leaves[*leaf].get(*row as usize)).collect(),
            },
            Node::Pipe(pipe) => match &self.pipe(pipe, trace, input)[..] {
                [one] => one.rows.clone(),
                several => union(&several.iter().flat_map(|set| set.rows.iter().copied()).collect::<Vec<_>>(), &[]),
            },
            Node::Binary(op, lhs, rhs) => {
                // The right side first: without it there is nothing, whatever the operator, but for `||`.
                let rhs = self.node(rhs, trace, input);
                if rhs.is_empty() && *op != SpansetOp::Or {
                    return rhs;
                }
                let lhs = self.node(lhs, trace, input);
                match op {
                    SpansetOp::Or => union(&lhs, &rhs),
                    SpansetOp::Structural(_, Form::Negated) if lhs.is_empty() => rhs,
                    _ if lhs.is_empty() => lhs,
                    SpansetOp::And => union(&lhs, &rhs),
                    SpansetOp::Structural(relation, form) => {
                        self.tree.map_or_else(Vec::new, |tree| tree.relate(*relation, *form, &lhs, &rhs))
                    }
                }
            }
        }
    }

    /// Splits a set by the values of an expression.
    fn by(&self, expr: &Expr, name: &Arc<str>, trace: usize, set: &Spanset) -> Vec<Spanset> {
        let value = |row: u32| expr.value(self.frame, trace, row as usize).into_static();
        let mut valued: Vec<(Static, u32)> = set.rows.iter().map(|row| (value(*row), *row)).collect();
        valued.sort_by(|(a, x), (b, y)| order(a, b).then(x.cmp(y)));
        let groups = valued.chunk_by(|(a, _), (b, _)| order(a, b).is_eq());
        let split = |group: &[(Static, u32)]| Spanset {
            rows: group.iter().map(|(_, row)| *row).collect(),
            attributes: set.attributes.iter().cloned().chain([(name.clone(), group[0].0.clone())]).collect(),
        };
        groups.map(split).collect()
    }

    /// The number for a set; what is aggregated is noted on the set.
    fn scalar(&self, scalar: &Scalar, trace: usize, set: &mut Spanset) -> Value<'static> {
        match scalar {
            Scalar::Literal(value) => value.clone(),
            Scalar::Aggregate(aggregate, expr, name) => {
                let value = self.aggregate(*aggregate, expr.as_ref(), trace, &set.rows);
                if !set.attributes.iter().any(|(n, _)| n == name) {
                    set.attributes.push((name.clone(), value.clone().into_static()));
                }
                value
            }
            Scalar::Arithmetic(op, lhs, rhs) => {
                let l = self.scalar(lhs, trace, set);
                let r = self.scalar(rhs, trace, set);
                arithmetic(*op, &l, &r)
            }
            Scalar::Pipe(pipe, scalar) => {
                let rows: Vec<u32> = self.pipe(pipe, trace, Some(&set.rows)).into_iter().flat_map(|set| set.rows).collect();
                self.scalar(scalar, trace, &mut Spanset { rows: union(&rows, &[]), attributes: Vec::new() })
            }
        }
    }

    /// Over the spans that have a number; nil if none has. Durations stay durations.
    fn aggregate(&self, aggregate: Aggregate, expr: Option<&Expr>, trace: usize, rows: &[u32]) -> Value<'static> {
        let Some(expr) = expr.filter(|_| aggregate != Aggregate::Count) else { return Value::Int(rows.len() as i64) };
        let (mut durations, mut whole) = (true, true);
        let (mut sum, mut exact) = (CompensatedSum::default(), Some(0_i64));
        let (mut least, mut most, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0_u64);
        for row in rows {
            let value = expr.value(self.frame, trace, *row as usize);
            let Some(number) = value.number() else { continue };
            durations &= matches!(value, Value::Duration(_));
            match value {
                Value::Int(int) | Value::Duration(int) => exact = exact.and_then(|sum| sum.checked_add(int)),
                _ => whole = false,
            }
            sum.add(number);
            (least, most, count) = (least.min(number), most.max(number), count + 1);
        }
        if count == 0 {
            return Value::Nil;
        }
        let result = match aggregate {
            Aggregate::Min => least,
            Aggregate::Max => most,
            Aggregate::Avg => sum.value() / count as f64,
            Aggregate::Count | Aggregate::Sum => match exact.filter(|_| whole) {
                Some(exact) if durations => return Value::Duration(exact),
                Some(exact) => return Value::Int(exact),
                None => sum.value(),
            },
        };
        match aggregate {
            _ if durations => Value::Duration(result as i64),
            Aggregate::Min | Aggregate::Max if whole => Value::Int(result as i64),
            _ => Value::Float(result),
        }
    }
}
