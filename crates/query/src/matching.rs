//! Vector matching: which series of one side meet which of the other.

use crate::{BinaryOp, Column, Grouping, StepHistograms, is_absent};
use phoenix_model::{Labels, labels::METRIC_NAME};
use std::collections::HashMap;

/// How many series of each side may share the matching labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cardinality {
    /// One on each side.
    #[default]
    OneToOne,
    /// `group_left`: many on the left.
    ManyToOne,
    /// `group_right`: many on the right.
    OneToMany,
    /// The set operators.
    ManyToMany,
}

/// `on`, `ignoring`, `group_left`, `group_right`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VectorMatching {
    /// How many may match.
    pub cardinality: Cardinality,
    /// `on (…)` rather than `ignoring (…)`; without either it is `ignoring ()`.
    pub on: bool,
    /// The names as written.
    pub labels: Vec<String>,
    /// The labels to copy from the "one" side: those in `group_left (…)`.
    pub include: Vec<String>,
}

impl VectorMatching {
    /// The labels by which a series meets its partner. The metric's name takes part only when
    /// `on` names it.
    pub fn signature(&self, series: &Labels) -> Labels {
        // `on ()` groups by nothing, `ignoring ()` by all labels but the name: as in aggregations.
        Grouping { without: !self.on, labels: self.labels.clone() }.group_of(series)
    }

    /// The labels of a result of two partners.
    fn result_labels(&self, op: BinaryOp, many: &Labels, one: &Labels, returns_bool: bool) -> Labels {
        let drops_name = op.drops_name() || returns_bool;
        if self.cardinality == Cardinality::OneToOne {
            return many.filter(|name| {
                !(drops_name && name == METRIC_NAME)
                    && if self.on { self.labels.iter().any(|l| l == name) } else { !self.labels.iter().any(|l| l == name) }
            });
        }
        let many = if drops_name { many.without_name() } else { many.clone() };
        if self.include.is_empty() {
            return many;
        }
        let mut labels = many.to_builder();
        for name in &self.include {
            labels.set(name, one.value(name));
        }
        if returns_bool {
            labels.remove(METRIC_NAME);
        }
        labels.build()
    }
}

/// Why two vectors could not be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchError {
    /// Several series of the "one" side share the matching labels.
    DuplicateOnOneSide {
        /// The side that should have one: `left` or `right`.
        side: &'static str,
        /// The matching labels that they share.
        group: Labels,
        /// Two of them.
        series: [Labels; 2],
    },
    /// Several series of the "many" side, but no `group_left` or `group_right`.
    ManyWithoutGroup,
    /// Several results would have the same labels.
    AmbiguousResults,
    /// Two results have the same labels at the same step.
    DuplicateResults,
}

impl std::fmt::Display for MatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DuplicateOnOneSide { side, group, series: [first, second] } => write!(
                f,
                "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
            ),
            Self::ManyWithoutGroup => {
                f.write_str("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
            }
            Self::AmbiguousResults => f.write_str("multiple matches for labels: grouping labels must ensure unique matches"),
            Self::DuplicateResults => f.write_str("vector cannot contain metrics with the same labelset"),
        }
    }
}

impl std::error::Error for MatchError {}

/// Applies an arithmetic operator or a comparison to two vectors of floats, step by step.
/// `returns_bool` makes a comparison give 0 or 1 rather than filter.
pub fn join(
    op: BinaryOp,
    matching: &VectorMatching,
    returns_bool: bool,
    lhs: &[Column],
    rhs: &[Column],
) -> Result<Vec<Column>, MatchError> {
    join_with(op, matching, returns_bool, lhs, rhs, |lhs, rhs| (combine_floats(op, returns_bool, &lhs.values, &rhs.values), Vec::new()))
}

/// Matches two vectors as [`join`] does, and lets `combine` apply the operator to each pair of a
/// left and a right column; it gives the floats and the histograms of their result.
pub fn join_with(
    op: BinaryOp,
    matching: &VectorMatching,
    returns_bool: bool,
    lhs: &[Column],
    rhs: &[Column],
    mut combine: impl FnMut(&Column, &Column) -> (Vec<f64>, StepHistograms),
) -> Result<Vec<Column>, MatchError> {
    let swapped = matching.cardinality == Cardinality::OneToMany;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    let (Some(first), false) = (many.first(), one.is_empty()) else { return Ok(Vec::new()) };
    let steps = first.values.len();

    let mut groups: HashMap<Labels, Group> = HashMap::new();
    for (index, column) in one.iter().enumerate() {
        groups.entry(matching.signature(&column.labels)).or_default().one.push(index);
    }
    refuse_duplicates(&groups, many, one, steps, if swapped { "left" } else { "right" })?;
    // Groups in the order in which the "many" side meets them, so that results keep its order.
    let mut order = Vec::new();
    for (index, column) in many.iter().enumerate() {
        let signature = matching.signature(&column.labels);
        if let Some(group) = groups.get_mut(&signature) {
            if group.many.is_empty() {
                order.push(signature);
            }
            group.many.push(index);
        }
    }

    let mut results: Vec<(usize, Column)> = Vec::with_capacity(many.len());
    for signature in order {
        let group = &groups[&signature];
        let begin = results.len();
        for &m in &group.many {
            for &o in &group.one {
                let (values, histograms) = if swapped { combine(&one[o], &many[m]) } else { combine(&many[m], &one[o]) };
                if !histograms.is_empty() || values.iter().any(|v| !is_absent(*v)) {
                    let labels = matching.result_labels(op, &many[m].labels, &one[o].labels, returns_bool);
                    results.push((m, Column { labels, values, histograms }));
                }
            }
        }
        let members = &results[begin..];
        if group.many.len() > 1 {
            refuse_ambiguity(members, matching.cardinality, steps)?;
        }
    }
    results.sort_by_key(|(m, _)| *m);
    merge_same_labels(results.into_iter().map(|(_, column)| column).collect())
}

#[derive(Default)]
struct Group {
    many: Vec<usize>,
    one: Vec<usize>,
}

/// Applies an operator to the floats of two columns.
pub fn combine_floats(op: BinaryOp, returns_bool: bool, lhs: &[f64], rhs: &[f64]) -> Vec<f64> {
    lhs.iter()
        .zip(rhs)
        .map(|(&l, &r)| {
            if is_absent(l) || is_absent(r) {
                return crate::ABSENT;
            }
            if !op.is_comparison() {
                op.compute(l, r)
            } else if returns_bool {
                f64::from(u8::from(op.holds(l, r)))
            } else if op.holds(l, r) {
                l
            } else {
                crate::ABSENT
            }
        })
        .collect()
}

/// Two series of the "one" side with the same signature at the same step are an error, provided
/// that the other side has anything at all at that step.
fn refuse_duplicates(
    groups: &HashMap<Labels, Group>,
    many: &[Column],
    one: &[Column],
    steps: usize,
    side: &'static str,
) -> Result<(), MatchError> {
    let mut shared: Vec<_> = groups.iter().filter(|(_, group)| group.one.len() > 1).collect();
    shared.sort_by_key(|(_, group)| group.one[0]);
    for (signature, group) in shared {
        for step in 0..steps {
            let mut present = group.one.iter().filter(|o| one[**o].is_present(step));
            if let (Some(&first), Some(&second)) = (present.next(), present.next())
                && many.iter().any(|column| column.is_present(step))
            {
                // The later one is named first, as Prometheus does.
                let series = [one[second].labels.clone(), one[first].labels.clone()];
                return Err(MatchError::DuplicateOnOneSide { side, group: signature.clone(), series });
            }
        }
    }
    Ok(())
}

fn refuse_ambiguity(members: &[(usize, Column)], cardinality: Cardinality, steps: usize) -> Result<(), MatchError> {
    let meet = |a: &Column, b: &Column| (0..steps).any(|step| a.is_present(step) && b.is_present(step));
    if cardinality == Cardinality::OneToOne {
        let mut seen = vec![false; steps];
        for (_, column) in members {
            for (step, seen) in seen.iter_mut().enumerate() {
                if column.is_present(step) && std::mem::replace(seen, true) {
                    return Err(MatchError::ManyWithoutGroup);
                }
            }
        }
        return Ok(());
    }
    let mut by_labels: HashMap<&Labels, Vec<&Column>> = HashMap::new();
    for (_, column) in members {
        let same = by_labels.entry(&column.labels).or_default();
        if same.iter().any(|other| meet(other, column)) {
            return Err(MatchError::AmbiguousResults);
        }
        same.push(column);
    }
    Ok(())
}

/// Unites columns of the same labels, which may alternate but not coincide.
pub fn merge_same_labels(columns: Vec<Column>) -> Result<Vec<Column>, MatchError> {
    let mut place: HashMap<Labels, usize> = HashMap::with_capacity(columns.len());
    let mut merged: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns {
        if let Some(&index) = place.get(&column.labels) {
            if merged[index].merge(&column) {
                return Err(MatchError::DuplicateResults);
            }
        } else {
            place.insert(column.labels.clone(), merged.len());
            merged.push(column);
        }
    }
    Ok(merged)
}

/// Applies `and`, `or` or `unless`, step by step.
pub fn combine_sets(op: BinaryOp, matching: &VectorMatching, lhs: Vec<Column>, rhs: Vec<Column>) -> Result<Vec<Column>, MatchError> {
    let masks = |columns: &[Column]| {
        let mut masks: HashMap<Labels, Vec<bool>> = HashMap::new();
        for column in columns {
            let mask = masks.entry(matching.signature(&column.labels)).or_insert_with(|| vec![false; column.values.len()]);
            for (mask, value) in mask.iter_mut().zip(&column.values) {
                *mask |= !is_absent(*value);
            }
            for (step, _) in &column.histograms {
                mask[*step] = true;
            }
        }
        masks
    };
    let filter = |mut columns: Vec<Column>, masks: &HashMap<Labels, Vec<bool>>, keep_where: bool| {
        columns.retain_mut(|column| {
            let mask = masks.get(&matching.signature(&column.labels));
            column.retain_steps(|step| mask.is_some_and(|mask| mask[step]) == keep_where);
            !column.is_empty()
        });
        columns
    };
    let result = match op {
        BinaryOp::And => filter(lhs, &masks(&rhs), true),
        BinaryOp::Unless => filter(lhs, &masks(&rhs), false),
        _ => {
            let masks = masks(&lhs);
            let mut united = lhs;
            united.extend(filter(rhs, &masks, false));
            united
        }
    };
    merge_same_labels(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ABSENT;

    fn column(labels: &[(&str, &str)], values: [f64; 2]) -> Column {
        Column::floats(Labels::from_pairs(labels.iter().copied()), values.to_vec())
    }

    fn shown(columns: &[Column]) -> String {
        let one = |c: &Column| {
            let values: Vec<String> = c.values.iter().map(|v| if is_absent(*v) { "_".to_owned() } else { v.to_string() }).collect();
            format!("{} {}", c.labels, values.join(" "))
        };
        columns.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn partners_may_take_turns() {
        // Two series of the "one" side share the signature, but never at the same step.
        let many = [column(&[("__name__", "m"), ("job", "a")], [1.0, 2.0])];
        let one = [column(&[("job", "a"), ("v", "1")], [10.0, ABSENT]), column(&[("job", "a"), ("v", "2")], [ABSENT, 20.0])];
        let on = VectorMatching { on: true, labels: vec!["job".to_owned()], ..VectorMatching::default() };
        assert_eq!(shown(&join(BinaryOp::Add, &on, false, &many, &one).unwrap()), "{job=\"a\"} 11 22");
        let left = VectorMatching { cardinality: Cardinality::ManyToOne, include: vec!["v".to_owned()], ..on.clone() };
        let joined = join(BinaryOp::Add, &left, false, &many, &one).unwrap();
        assert_eq!(shown(&joined), "{job=\"a\",v=\"1\"} 11 _; {job=\"a\",v=\"2\"} _ 22");
    }

    #[test]
    fn duplicates_count_only_where_the_other_side_has_something() {
        let one = [column(&[("job", "a"), ("v", "1")], [1.0, 1.0]), column(&[("job", "a"), ("v", "2")], [ABSENT, 1.0])];
        let on = VectorMatching { on: true, labels: vec!["job".to_owned()], ..VectorMatching::default() };
        for (values, fails) in [([1.0, ABSENT], false), ([ABSENT, 1.0], true)] {
            let many = [column(&[("job", "b")], values)];
            assert_eq!(join(BinaryOp::Add, &on, false, &many, &one).is_err(), fails, "{values:?}");
        }
    }

    #[test]
    fn sets_are_taken_step_by_step() {
        let lhs = || vec![column(&[("a", "1")], [1.0, 1.0]), column(&[("a", "2")], [2.0, ABSENT])];
        let rhs = || vec![column(&[("a", "1")], [7.0, ABSENT]), column(&[("a", "2")], [8.0, 8.0])];
        for (op, want) in [
            (BinaryOp::And, "{a=\"1\"} 1 _; {a=\"2\"} 2 _"),
            (BinaryOp::Unless, "{a=\"1\"} _ 1"),
            (BinaryOp::Or, "{a=\"1\"} 1 1; {a=\"2\"} 2 8"),
        ] {
            assert_eq!(shown(&combine_sets(op, &VectorMatching::default(), lhs(), rhs()).unwrap()), want, "{op}");
        }
    }
}
