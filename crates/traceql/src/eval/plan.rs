//! A pipeline made ready: its conditions, the columns it looks at, what it shows, and what of it a
//! store can decide.

use super::EvalError;
use super::columns::{Columns, Field, Place};
use super::condition::{Check, Cond, Expr, Test};
use super::expression_name;
use super::value::Value;
use crate::ast::{
    Aggregate, FieldExpr, FieldKind, FieldOp, Form, IntrinsicName, Pipeline, ScalarExpr, ScalarKind, SpansetExpr, SpansetKind, SpansetOp,
    StageKind,
};
use crate::source::{Compare, Intrinsic, SpanCondition, SpanField, SpanPredicate, SpanRows, SpanValue};
use std::sync::Arc;

/// A pipeline made ready.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub columns: Columns,
    /// The conditions of all `{ … }`, each worked out for a batch at once.
    pub leaves: Vec<Cond>,
    pub pipe: Pipe,
    /// What is shown of spans, by key.
    pub shown: Vec<(Arc<str>, Field)>,
    /// Whether the query names the span's name.
    pub names: bool,
    /// The columns of nested sets, if an operator of structure needs them.
    pub tree: Option<[usize; 3]>,
    slots: usize,
}

/// Stages in order.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) enum Step {
    Set(Node),
    Filter(FieldOp, Scalar, Scalar),
    By(Expr, Arc<str>),
    Coalesce,
}

/// A set of spans.
#[derive(Debug)]
pub(crate) enum Node {
    /// The number of a condition.
    Leaf(usize),
    Binary(SpansetOp, Box<Node>, Box<Node>),
    Pipe(Pipe),
}

/// A number for a set of spans.
#[derive(Debug)]
pub(crate) enum Scalar {
    Literal(Value<'static>),
    Aggregate(Aggregate, Option<Expr>, Arc<str>),
    Arithmetic(FieldOp, Box<Scalar>, Box<Scalar>),
    Pipe(Pipe, Box<Scalar>),
}

impl Plan {
    pub fn new(pipeline: &Pipeline) -> Result<Self, EvalError> {
        let mut plan = Self::default();
        plan.pipe = plan.compile(pipeline)?;
        Ok(plan)
    }

    /// A condition over columns of this plan.
    pub fn cond(&mut self, expr: Option<&FieldExpr>) -> Result<Cond, EvalError> {
        let Some(expr) = expr else { return Ok(Cond::Const(true)) };
        Ok(Cond::new(Expr::compile(expr, &mut self.columns)?, &mut self.slots))
    }

    fn compile(&mut self, pipeline: &Pipeline) -> Result<Pipe, EvalError> {
        let mut steps = Vec::new();
        for stage in &pipeline.stages {
            steps.push(match &stage.kind {
                StageKind::Spanset(set) => Step::Set(self.node(set)?),
                StageKind::ScalarFilter(filter) => Step::Filter(filter.op, self.scalar(&filter.lhs)?, self.scalar(&filter.rhs)?),
                StageKind::By(expr) => {
                    self.show(expr);
                    Step::By(Expr::compile(expr, &mut self.columns)?, format!("by({})", expression_name(expr)).into())
                }
                StageKind::Coalesce => Step::Coalesce,
                StageKind::Select(fields) => {
                    for field in fields {
                        self.show(field);
                    }
                    continue;
                }
                StageKind::Error => return Err(unreadable()),
            });
        }
        Ok(Pipe { steps })
    }

    fn node(&mut self, set: &SpansetExpr) -> Result<Node, EvalError> {
        Ok(match &set.kind {
            SpansetKind::Filter(expr) => {
                if let Some(expr) = expr {
                    self.show(expr);
                }
                let cond = self.cond(expr.as_ref())?;
                self.leaves.push(cond);
                Node::Leaf(self.leaves.len() - 1)
            }
            SpansetKind::Binary(op, lhs, rhs) => {
                if matches!(op, SpansetOp::Structural(..)) {
                    self.tree.get_or_insert_with(|| {
                        [Intrinsic::NestedSetLeft, Intrinsic::NestedSetRight, Intrinsic::NestedSetParent]
                            .map(|intrinsic| self.columns.intrinsic_at(intrinsic))
                    });
                }
                Node::Binary(*op, Box::new(self.node(lhs)?), Box::new(self.node(rhs)?))
            }
            SpansetKind::Paren(pipeline) => Node::Pipe(self.compile(pipeline)?),
            SpansetKind::Error => return Err(unreadable()),
        })
    }

    fn scalar(&mut self, scalar: &ScalarExpr) -> Result<Scalar, EvalError> {
        Ok(match &scalar.kind {
            ScalarKind::Static(value) => Scalar::Literal(Value::from_static(value).into_owned()),
            ScalarKind::Aggregate(aggregate, expr) => {
                let kind = match aggregate {
                    Aggregate::Count => "count",
                    Aggregate::Max => "max",
                    Aggregate::Min => "min",
                    Aggregate::Avg => "avg",
                    Aggregate::Sum => "sum",
                };
                let of = expr.as_ref().map_or(String::new(), |expr| expression_name(expr));
                let compiled = expr.as_ref().map(|expr| Expr::compile(expr, &mut self.columns)).transpose()?;
                Scalar::Aggregate(*aggregate, compiled, format!("{kind}({of})").into())
            }
            ScalarKind::Binary(op, lhs, rhs) => Scalar::Arithmetic(*op, Box::new(self.scalar(lhs)?), Box::new(self.scalar(rhs)?)),
            ScalarKind::Pipeline(pipeline, scalar) => {
                let pipe = self.compile(pipeline)?;
                Scalar::Pipe(pipe, Box::new(self.scalar(scalar)?))
            }
            ScalarKind::Paren(inner) => self.scalar(inner)?,
            ScalarKind::Error => return Err(unreadable()),
        })
    }

    /// Shows what an expression names with each span.
    fn show(&mut self, expr: &FieldExpr) {
        let (key, field) = match &expr.kind {
            FieldKind::Attribute(name) if !name.of_parent => (name.key.clone(), self.columns.attribute(name)),
            FieldKind::Intrinsic(IntrinsicName::Name) => {
                self.names = true;
                self.columns.intrinsic_at(Intrinsic::Name);
                return;
            }
            // These intrinsics stand in each result anyway.
            FieldKind::Attribute(_)
            | FieldKind::Static(_)
            | FieldKind::Error
            | FieldKind::Intrinsic(
                IntrinsicName::Duration
                | IntrinsicName::TraceDuration
                | IntrinsicName::RootName
                | IntrinsicName::RootService
                | IntrinsicName::TraceId
                | IntrinsicName::SpanId,
            ) => return,
            FieldKind::Intrinsic(name) => (name.to_string().into(), self.columns.intrinsic(*name)),
            FieldKind::Not(inner) | FieldKind::Negative(inner) | FieldKind::Paren(inner) => return self.show(inner),
            FieldKind::Binary(_, lhs, rhs) => {
                self.show(lhs);
                return self.show(rhs);
            }
        };
        if !self.shown.iter().any(|(_, shown)| *shown == field) {
            self.shown.push((key, field));
        }
    }

    /// The number of the one condition, if the pipeline is nothing but that.
    pub fn only_leaf(&self) -> Option<usize> {
        match &self.pipe.steps[..] {
            [Step::Set(Node::Leaf(leaf))] => Some(*leaf),
            _ => None,
        }
    }

    /// What a trace must have: for each of these a span that meets it.
    pub fn required(&self) -> Vec<SpanPredicate> {
        let mut required = self.pipe_required(&self.pipe);
        required.retain(|predicate| !matches!(predicate, SpanPredicate::True));
        required
    }

    fn pipe_required(&self, pipe: &Pipe) -> Vec<SpanPredicate> {
        let sets = pipe.steps.iter().filter_map(|step| if let Step::Set(node) = step { Some(node) } else { None });
        sets.flat_map(|node| self.node_required(node)).collect()
    }

    fn node_required(&self, node: &Node) -> Vec<SpanPredicate> {
        match node {
            Node::Leaf(leaf) => vec![self.leaves[*leaf].predicate(&self.columns)],
            Node::Pipe(pipe) => self.pipe_required(pipe),
            // Without a span on the left, none on the right has one there.
            Node::Binary(SpansetOp::Structural(_, Form::Negated), _, rhs) => self.node_required(rhs),
            Node::Binary(SpansetOp::Or, lhs, rhs) => {
                let (mut lhs, mut rhs) = (self.node_required(lhs), self.node_required(rhs));
                // A span that one side needs, or one that the other does.
                lhs.pop().zip(rhs.pop()).map(|(l, r)| any(vec![l, r])).into_iter().collect()
            }
            Node::Binary(_, lhs, rhs) => [self.node_required(lhs), self.node_required(rhs)].concat(),
        }
    }

    /// The spans that are looked at.
    pub fn rows(&self) -> Vec<SpanPredicate> {
        let mut rows = Vec::new();
        self.pipe_rows(&self.pipe, &mut rows);
        if rows.iter().any(|predicate| matches!(predicate, SpanPredicate::True)) { vec![SpanPredicate::True] } else { rows }
    }

    /// What a store is asked for, given [`Plan::rows`].
    pub fn select_rows<'a>(&self, rows: &'a [SpanPredicate]) -> SpanRows<'a> {
        if self.columns.parents { SpanRows::WholeTraces } else { SpanRows::Matching(rows) }
    }

    fn pipe_rows(&self, pipe: &Pipe, rows: &mut Vec<SpanPredicate>) {
        // Stages behind the first look at no other spans.
        match pipe.steps.first() {
            Some(Step::Set(node)) => self.node_rows(node, rows),
            _ => rows.push(SpanPredicate::True),
        }
    }

    fn node_rows(&self, node: &Node, rows: &mut Vec<SpanPredicate>) {
        match node {
            Node::Leaf(leaf) => rows.push(self.leaves[*leaf].predicate(&self.columns)),
            Node::Pipe(pipe) => self.pipe_rows(pipe, rows),
            Node::Binary(_, lhs, rhs) => {
                self.node_rows(lhs, rows);
                self.node_rows(rhs, rows);
            }
        }
    }
}

fn unreadable() -> EvalError {
    EvalError::Execution("the query has a part that could not be read".to_owned())
}

impl Cond {
    /// What a store can decide of it: every span that meets it meets this.
    pub fn predicate(&self, columns: &Columns) -> SpanPredicate {
        match self {
            Self::Const(true) | Self::Not(_) | Self::General(_) => SpanPredicate::True,
            Self::Const(false) => SpanPredicate::Any(Vec::new()),
            Self::All(all) => {
                let mut parts: Vec<_> = all.iter().map(|cond| cond.predicate(columns)).collect();
                parts.retain(|part| !matches!(part, SpanPredicate::True));
                match parts.len() {
                    0 => SpanPredicate::True,
                    1 => parts.remove(0),
                    _ => SpanPredicate::All(parts),
                }
            }
            Self::Any(parts) => any(parts.iter().map(|cond| cond.predicate(columns)).collect()),
            Self::Test(test) => test.predicate(columns),
        }
    }
}

fn any(parts: Vec<SpanPredicate>) -> SpanPredicate {
    if parts.iter().any(|part| matches!(part, SpanPredicate::True)) { SpanPredicate::True } else { SpanPredicate::Any(parts) }
}

impl Test {
    fn predicate(&self, columns: &Columns) -> SpanPredicate {
        if self.field.of_parent {
            return SpanPredicate::True;
        }
        let Some(compare) = self.check.pushed() else { return SpanPredicate::True };
        let mut parts = Vec::new();
        for place in &self.field.places {
            let field = match place {
                Place::Column { at, .. } => columns.fields[*at].clone(),
                Place::TraceId => SpanField::Intrinsic(Intrinsic::TraceId),
                Place::TraceDuration => SpanField::Intrinsic(Intrinsic::TraceDuration),
                Place::RootName => SpanField::Intrinsic(Intrinsic::RootName),
                Place::RootService => SpanField::Intrinsic(Intrinsic::RootService),
            };
            // Of ids a store is only asked for equal ones: texts of ids are made here.
            let id = matches!(field, SpanField::Intrinsic(Intrinsic::SpanId | Intrinsic::ParentId | Intrinsic::TraceId));
            // A root that has not arrived has no name here, and an empty one in a store.
            let root = matches!(place, Place::RootName | Place::RootService);
            if (id && !matches!(compare, Compare::Eq(_))) || (root && matches!(compare, Compare::Absent)) {
                return SpanPredicate::True;
            }
            parts.push(SpanPredicate::Is(SpanCondition { field, compare: compare.clone() }));
        }
        match (&compare, parts.len()) {
            (_, 1) => parts.remove(0),
            (Compare::Absent, _) => SpanPredicate::All(parts),
            _ => SpanPredicate::Any(parts),
        }
    }
}

impl Check {
    /// As a store knows it; `None` if it does not.
    fn pushed(&self) -> Option<Compare> {
        let (op, literal) = match self {
            Self::Exists => return Some(Compare::Exists),
            Self::Absent => return Some(Compare::Absent),
            Self::Matches(regex, false) => return Some(Compare::Matches(regex.clone())),
            Self::Matches(regex, true) => return Some(Compare::MatchesNot(regex.clone())),
            Self::Compare(op, literal) => (op, literal),
        };
        let value = match literal {
            Value::Text(text) => SpanValue::Text(text.as_ref().into()),
            Value::Int(int) | Value::Duration(int) => SpanValue::Int(*int),
            Value::Float(float) if !float.is_nan() => SpanValue::Float(*float),
            Value::Bool(bool) => SpanValue::Bool(*bool),
            Value::Status(status) => SpanValue::Int(*status as i64),
            Value::Kind(kind) => SpanValue::Int(*kind as i64),
            Value::Nil | Value::Float(_) | Value::List(..) => return None,
        };
        match op {
            FieldOp::Eq => Some(Compare::Eq(value)),
            FieldOp::Ne => Some(Compare::Ne(value)),
            FieldOp::Gt => Some(Compare::Gt(value)),
            FieldOp::Ge => Some(Compare::Ge(value)),
            FieldOp::Lt => Some(Compare::Lt(value)),
            FieldOp::Le => Some(Compare::Le(value)),
            _ => None,
        }
    }
}
