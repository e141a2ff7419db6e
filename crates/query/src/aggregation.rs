//! Aggregation over series, step by step.

use crate::numeric::{CompensatedSum, Mean, Variance, quantile};
use crate::{ABSENT, Column, Grouping, is_absent};
use phoenix_model::Labels;
use std::collections::HashMap;

/// Aggregations that make one number of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the operators' own")]
pub enum Reduction {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
}

/// The indices of the columns in each group, groups in the order of their first member.
pub fn groups<'a>(labels: impl IntoIterator<Item = &'a Labels>, grouping: &Grouping) -> Vec<(Labels, Vec<usize>)> {
    let mut place: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<(Labels, Vec<usize>)> = Vec::new();
    for (index, series) in labels.into_iter().enumerate() {
        let group = grouping.group_of(series);
        if let Some(&at) = place.get(&group) {
            groups[at].1.push(index);
        } else {
            place.insert(group.clone(), groups.len());
            groups.push((group, vec![index]));
        }
    }
    groups
}

/// Reduces the members of a group to one value for each step; absent where no member has one.
pub fn reduce(reduction: Reduction, members: &[&[f64]], steps: usize) -> Vec<f64> {
    match reduction {
        Reduction::Sum => fold(members, steps, CompensatedSum::default(), CompensatedSum::add, CompensatedSum::value),
        Reduction::Avg => fold(members, steps, Mean::default(), Mean::add, Mean::value),
        Reduction::Count => fold(members, steps, 0.0, |count, _| *count += 1.0, |count| count),
        Reduction::Group => fold(members, steps, (), |(), _| {}, |()| 1.0),
        Reduction::Min => fold(
            members,
            steps,
            f64::NAN,
            |least, v| {
                if v < *least || least.is_nan() {
                    *least = v;
                }
            },
            |least| least,
        ),
        Reduction::Max => fold(
            members,
            steps,
            f64::NAN,
            |most, v| {
                if v > *most || most.is_nan() {
                    *most = v;
                }
            },
            |most| most,
        ),
        Reduction::Stddev => fold(members, steps, Variance::default(), Variance::add, |variance| variance.value().sqrt()),
        Reduction::Stdvar => fold(members, steps, Variance::default(), Variance::add, Variance::value),
    }
}

/// Goes through the members column by column, with one accumulator for each step.
fn fold<A: Copy>(members: &[&[f64]], steps: usize, empty: A, add: impl Fn(&mut A, f64), value: impl Fn(A) -> f64) -> Vec<f64> {
    let mut accumulators = vec![(false, empty); steps];
    for member in members {
        for ((seen, accumulator), &v) in accumulators.iter_mut().zip(*member) {
            if !is_absent(v) {
                *seen = true;
                add(accumulator, v);
            }
        }
    }
    accumulators.into_iter().map(|(seen, accumulator)| if seen { value(accumulator) } else { ABSENT }).collect()
}

/// The φ-quantile over the members at each step; `q` has one φ for each step.
pub fn quantiles(q: &[f64], members: &[&[f64]]) -> Vec<f64> {
    let mut present = Vec::with_capacity(members.len());
    q.iter()
        .enumerate()
        .map(|(step, &q)| {
            present.clear();
            present.extend(members.iter().map(|m| m[step]).filter(|v| !is_absent(*v)));
            if present.is_empty() { ABSENT } else { quantile(q, &mut present) }
        })
        .collect()
}

/// The indices of the `k` members with the largest (or smallest) values at a step, best first;
/// NaN is worse than any number.
///
/// Among equal values it chooses as a bounded heap does that a newcomer enters only by being
/// better, which is what Prometheus does.
pub fn best(k: usize, largest: bool, values: impl IntoIterator<Item = (usize, f64)>) -> Vec<(usize, f64)> {
    let worse = |a: f64, b: f64| a.is_nan() || if largest { a < b } else { a > b };
    let mut heap: Vec<(usize, f64)> = Vec::new();
    for entry in values {
        if heap.len() < k {
            heap.push(entry);
            let mut child = heap.len() - 1;
            while child > 0 {
                let parent = (child - 1) / 2;
                if !worse(heap[child].1, heap[parent].1) {
                    break;
                }
                heap.swap(child, parent);
                child = parent;
            }
        } else if k > 0 && !entry.1.is_nan() && worse(heap[0].1, entry.1) {
            heap[0] = entry;
            let mut parent = 0;
            loop {
                let left = 2 * parent + 1;
                if left >= heap.len() {
                    break;
                }
                let right = left + 1;
                let child = if right < heap.len() && worse(heap[right].1, heap[left].1) { right } else { left };
                if !worse(heap[child].1, heap[parent].1) {
                    break;
                }
                heap.swap(child, parent);
                parent = child;
            }
        }
    }
    heap.sort_by(|(_, a), (_, b)| {
        let by_value = crate::numeric::nan_first(a, b);
        if largest || a.is_nan() || b.is_nan() { by_value.reverse() } else { by_value }
    });
    heap
}

/// Reduces all groups of columns.
pub fn reduce_groups(reduction: Reduction, columns: &[Column], grouping: &Grouping, steps: usize) -> Vec<Column> {
    groups(columns.iter().map(|c| &c.labels), grouping)
        .into_iter()
        .map(|(labels, members)| {
            let members: Vec<&[f64]> = members.iter().map(|&i| columns[i].values.as_slice()).collect();
            Column::floats(labels, reduce(reduction, &members, steps))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduces_what_is_there() {
        let (a, b) = ([1.0, ABSENT, f64::NAN, ABSENT], [3.0, 4.0, 2.0, ABSENT]);
        let check = |reduction, want: [f64; 4]| {
            let got = reduce(reduction, &[&a, &b], 4);
            assert_eq!(got.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), want.map(f64::to_bits), "{reduction:?}: {got:?}");
        };
        check(Reduction::Count, [2.0, 1.0, 2.0, ABSENT]);
        check(Reduction::Group, [1.0, 1.0, 1.0, ABSENT]);
        check(Reduction::Min, [1.0, 4.0, 2.0, ABSENT]);
        check(Reduction::Max, [3.0, 4.0, 2.0, ABSENT]);
        assert_eq!(reduce(Reduction::Sum, &[&a, &b], 4)[..2], [4.0, 4.0]);
        assert_eq!(reduce(Reduction::Avg, &[&a, &b], 4)[..2], [2.0, 4.0]);
        assert_eq!(reduce(Reduction::Stddev, &[&a, &b], 4)[..2], [1.0, 0.0]);
        assert_eq!(quantiles(&[0.5; 4], &[&a, &b])[..2], [2.0, 4.0]);
    }

    #[test]
    fn the_best_come_first_and_nan_last() {
        let values = [(0, f64::NAN), (1, 2.0), (2, 5.0), (3, 1.0)];
        let indices = |k, largest| best(k, largest, values).into_iter().map(|(i, _)| i).collect::<Vec<_>>();
        assert_eq!(indices(2, true), [2, 1]);
        assert_eq!(indices(2, false), [3, 1]);
        assert_eq!(indices(9, true), [2, 1, 3, 0]);
        assert_eq!(indices(9, false), [3, 1, 2, 0]);
        assert_eq!(indices(0, true), [] as [usize; 0]);
    }
}
