//! Operators of structure over the numbers of nested sets: a span lies below another when its left
//! stands between left and right of the other.
//!
//! Spans without numbers (left 0) are related to none; roots have no parent and so no siblings.

use crate::ast::{Form, Relation};

/// The columns of nested sets in a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree<'b> {
    pub left: &'b [i64],
    pub right: &'b [i64],
    pub parent: &'b [i64],
}

impl Tree<'_> {
    /// The spans that an operator gives of two sets of the same trace, each in order of rows.
    pub fn relate(self, relation: Relation, form: Form, lhs: &[u32], rhs: &[u32]) -> Vec<u32> {
        match form {
            Form::Plain => self.related(relation, lhs, rhs, true),
            Form::Negated => self.related(relation, lhs, rhs, false),
            Form::Union => {
                let back = match relation {
                    Relation::Child => Relation::Parent,
                    Relation::Parent => Relation::Child,
                    Relation::Descendant => Relation::Ancestor,
                    Relation::Ancestor => Relation::Descendant,
                    Relation::Sibling => Relation::Sibling,
                };
                union(&self.related(relation, lhs, rhs, true), &self.related(back, rhs, lhs, true))
            }
        }
    }

    /// Those of `rhs` that have the relation to one of `lhs`, or to none.
    fn related(self, relation: Relation, lhs: &[u32], rhs: &[u32], wanted: bool) -> Vec<u32> {
        let left = |row: u32| self.left[row as usize];
        let parent = |row: u32| self.parent[row as usize];
        let keep = |has: &mut dyn FnMut(u32) -> bool| rhs.iter().copied().filter(|row| has(*row) == wanted).collect();
        match relation {
            Relation::Descendant => {
                let mut above = lhs.iter().copied().filter(|row| left(*row) > 0).peekable();
                // The furthest right of those that begin before: sets nest or lie apart, so that one
                // that begins before and ends behind holds all between.
                let mut furthest = 0;
                keep(&mut |row| {
                    while let Some(next) = above.next_if(|next| left(*next) < left(row)) {
                        furthest = furthest.max(self.right[next as usize]);
                    }
                    left(row) > 0 && furthest > left(row)
                })
            }
            Relation::Ancestor => keep(&mut |row| {
                let first = lhs.partition_point(|l| left(*l) <= left(row));
                left(row) > 0 && lhs.get(first).is_some_and(|l| left(*l) < self.right[row as usize])
            }),
            Relation::Child => keep(&mut |row| parent(row) > 0 && lhs.binary_search_by_key(&parent(row), |l| left(*l)).is_ok()),
            Relation::Parent => {
                let parents = self.parents(lhs);
                keep(&mut |row| left(row) > 0 && parents.binary_search(&left(row)).is_ok())
            }
            Relation::Sibling => {
                let parents = self.parents(lhs);
                keep(&mut |row| {
                    let first = parents.partition_point(|p| *p < parent(row));
                    // Nobody is a sibling of itself.
                    let other = first + usize::from(lhs.binary_search(&row).is_ok());
                    parent(row) > 0 && parents.get(other) == Some(&parent(row))
                })
            }
        }
    }

    fn parents(self, rows: &[u32]) -> Vec<i64> {
        let mut parents: Vec<i64> = rows.iter().map(|row| self.parent[*row as usize]).filter(|parent| *parent > 0).collect();
        parents.sort_unstable();
        parents
    }
}

/// The rows of both, each once.
pub(crate) fn union(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers the nodes of a tree that is given as the parent of each node but the first.
    fn numbered(parents: &[usize]) -> [Vec<i64>; 3] {
        fn visit(node: usize, parents: &[usize], next: &mut i64, above: i64, out: &mut Vec<[i64; 3]>) {
            let at = out.len();
            let left = *next;
            out.push([left, 0, above]);
            *next += 1;
            for child in (1..=parents.len()).filter(|child| parents[child - 1] == node) {
                visit(child, parents, next, left, out);
            }
            out[at][1] = *next;
            *next += 1;
        }
        let mut rows = Vec::new();
        visit(0, parents, &mut 1, -1, &mut rows);
        [0, 1, 2].map(|column| rows.iter().map(|row| row[column]).collect())
    }

    proptest! {
        #[test]
        fn relations_are_as_defined(seeds in prop::collection::vec((any::<u16>(), any::<bool>(), any::<bool>()), 1..24)) {
            let parents: Vec<usize> = seeds.iter().enumerate().map(|(i, (seed, ..))| *seed as usize % (i + 1)).collect();
            let [left, right, parent] = numbered(&parents);
            let n = left.len();
            let tree = Tree { left: &left, right: &right, parent: &parent };
            let rows = |of: &dyn Fn(usize) -> bool| (0..n).filter(|i| of(*i)).map(|i| i as u32).collect::<Vec<_>>();
            let lhs = rows(&|i| i == 0 || seeds[i - 1].1);
            let rhs = rows(&|i| i > 0 && seeds[i - 1].2);
            let below = |a: usize, b: usize| left[b] < left[a] && right[a] < right[b];
            let child = |a: usize, b: usize| parent[a] == left[b];
            for relation in [Relation::Child, Relation::Descendant, Relation::Parent, Relation::Ancestor, Relation::Sibling] {
                let holds = |l: u32, r: u32| {
                    let (l, r) = (l as usize, r as usize);
                    match relation {
                        Relation::Child => child(r, l),
                        Relation::Descendant => below(r, l),
                        Relation::Parent => child(l, r),
                        Relation::Ancestor => below(l, r),
                        Relation::Sibling => l != r && parent[l] == parent[r] && parent[l] > 0,
                    }
                };
                let right_side: Vec<u32> = rhs.iter().copied().filter(|r| lhs.iter().any(|l| holds(*l, *r))).collect();
                let left_side: Vec<u32> = lhs.iter().copied().filter(|l| rhs.iter().any(|r| holds(*l, *r))).collect();
                let others: Vec<u32> = rhs.iter().copied().filter(|r| !right_side.contains(r)).collect();
                prop_assert_eq!(&tree.relate(relation, Form::Plain, &lhs, &rhs), &right_side);
                prop_assert_eq!(&tree.relate(relation, Form::Negated, &lhs, &rhs), &others);
                prop_assert_eq!(&tree.relate(relation, Form::Union, &lhs, &rhs), &union(&left_side, &right_side));
            }
        }
    }
}
