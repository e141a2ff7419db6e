//! Nested sets: which span of a trace lies below which.
//!
//! Spans are numbered depth-first, as Tempo does: one counter from 1 gives each span its left on
//! entering and its right on leaving it. Siblings, and roots, come in the order of start and id.
//! A root's parent is -1.
//!
//! A span whose parent is not there is entered after all roots and has the parent 0; so is, where
//! parents form a circle, the earliest of its spans. Tempo leaves such spans, and all below them,
//! without numbers; here they have some, so that structural conditions hold below them too.
//!
//! Where several spans have an id (clients and servers that share one, as Zipkin's did), spans
//! below it belong to the earliest.

use hashbrown::HashMap;
use phoenix_model::traces::{SpanId, SpanKind};

/// As a distance: there is no parent's id.
pub(super) const ROOT: i64 = 0;
/// As a distance: the parent is not there, or is the span itself.
pub(super) const MISSING: i64 = i64::MIN;

/// Traces up to this size look for a parent by comparing ids.
const COMPARED: usize = 24;

const NONE: u32 = u32::MAX;

/// What decides the place of a span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub id: SpanId,
    pub parent: SpanId,
    pub start_ns: i64,
    pub kind: SpanKind,
}

/// Puts the spans of one trace after another in order; its memory is used again.
#[derive(Default)]
pub(super) struct Nesting {
    sorted: Vec<u32>,
    parent_of: Vec<u32>,
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
    row_of: Vec<u32>,
    holders: HashMap<SpanId, u32>,
    stack: Vec<u32>,
    /// The spans by number, as they are entered.
    pub order: Vec<u32>,
    /// For each of `order`, how many rows before it its parent is; [`ROOT`] or [`MISSING`]. Negative
    /// where the way from the parent leads through the span itself.
    pub distances: Vec<i64>,
}

impl Nesting {
    /// Fills `order` and `distances`.
    pub(super) fn arrange(&mut self, spans: &[Link]) {
        let count = spans.len();
        self.sorted.clear();
        self.sorted.extend(0..count as u32);
        let key = |at: &u32| {
            let span = &spans[*at as usize];
            (span.start_ns, span.id, span.kind, *at)
        };
        self.sorted.sort_unstable_by_key(key);
        self.find_parents(spans);
        self.order.clear();
        self.distances.clear();
        for list in [&mut self.first_child, &mut self.next_sibling, &mut self.row_of] {
            list.clear();
            list.resize(count, NONE);
        }
        // Backwards, so that each list of children begins with the earliest.
        for at in self.sorted.iter().rev() {
            let parent = self.parent_of[*at as usize];
            if parent != NONE {
                self.next_sibling[*at as usize] = self.first_child[parent as usize];
                self.first_child[parent as usize] = *at;
            }
        }
        for pass in 0..3 {
            for place in 0..count {
                let at = self.sorted[place];
                let is_root = spans[at as usize].parent.is_none();
                let enters = match pass {
                    0 => is_root,
                    1 => !is_root && self.parent_of[at as usize] == NONE,
                    _ => self.row_of[at as usize] == NONE,
                };
                if enters {
                    self.enter(at);
                }
            }
            if self.order.len() == count {
                break;
            }
        }
        for (row, at) in self.order.iter().enumerate() {
            let parent = self.parent_of[*at as usize];
            self.distances.push(if spans[*at as usize].parent.is_none() {
                ROOT
            } else if parent == NONE {
                MISSING
            } else {
                row as i64 - i64::from(self.row_of[parent as usize])
            });
        }
    }

    fn find_parents(&mut self, spans: &[Link]) {
        self.parent_of.clear();
        self.parent_of.resize(spans.len(), NONE);
        let by_id = spans.len() > COMPARED;
        self.holders.clear();
        if by_id {
            for at in &self.sorted {
                self.holders.entry(spans[*at as usize].id).or_insert(*at);
            }
        }
        for (at, span) in spans.iter().enumerate() {
            if span.parent.is_none() {
                continue;
            }
            let holder = if by_id {
                self.holders.get(&span.parent).copied()
            } else {
                self.sorted.iter().copied().find(|other| spans[*other as usize].id == span.parent)
            };
            self.parent_of[at] = holder.filter(|holder| *holder as usize != at).unwrap_or(NONE);
        }
    }

    /// Puts a span and all below it, that are not there yet, behind the others.
    fn enter(&mut self, first: u32) {
        self.stack.push(first);
        while let Some(at) = self.stack.pop() {
            if self.row_of[at as usize] != NONE {
                continue;
            }
            self.row_of[at as usize] = self.order.len() as u32;
            self.order.push(at);
            let begin = self.stack.len();
            let mut child = self.first_child[at as usize];
            while child != NONE {
                self.stack.push(child);
                child = self.next_sibling[child as usize];
            }
            self.stack[begin..].reverse();
        }
    }
}

/// The numbers of nested sets, worked out from distances.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NestedSets {
    pub left: Vec<i64>,
    pub right: Vec<i64>,
    /// The left of the parent; -1 for a root, 0 where the parent is not there.
    pub parent: Vec<i64>,
    pub children: Vec<i64>,
}

impl NestedSets {
    /// Adds the spans of a trace.
    pub(super) fn add(&mut self, distances: &[i64]) {
        let base = self.left.len();
        let mut open: Vec<usize> = Vec::new();
        let mut counter = 0;
        for (row, distance) in distances.iter().enumerate() {
            let parent = usize::try_from(*distance).ok().filter(|distance| *distance > 0).and_then(|distance| row.checked_sub(distance));
            let depth = parent.and_then(|parent| open.iter().rposition(|above| *above == parent));
            while open.len() > depth.map_or(0, |depth| depth + 1)
                && let Some(done) = open.pop()
            {
                counter += 1;
                self.right[base + done] = counter;
            }
            counter += 1;
            self.left.push(counter);
            self.right.push(0);
            self.children.push(0);
            let inside = parent.filter(|_| depth.is_some());
            if let Some(parent) = inside {
                self.children[base + parent] += 1;
            }
            self.parent.push(inside.map_or(if *distance == ROOT { -1 } else { 0 }, |parent| self.left[base + parent]));
            open.push(row);
        }
        while let Some(done) = open.pop() {
            counter += 1;
            self.right[base + done] = counter;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn link((id, parent, start_ns): (u8, u8, i64)) -> Link {
        Link { id: SpanId([0, 0, 0, 0, 0, 0, 0, id]), parent: SpanId([0, 0, 0, 0, 0, 0, 0, parent]), start_ns, kind: SpanKind::Internal }
    }

    /// Spans as id, parent and start; what comes out as id, left, right, parent and children.
    fn check(spans: &[(u8, u8, i64)], want: &[(u8, i64, i64, i64, i64)]) {
        let links: Vec<Link> = spans.iter().copied().map(link).collect();
        let mut nesting = Nesting::default();
        nesting.arrange(&links);
        let mut sets = NestedSets::default();
        sets.add(&nesting.distances);
        let found: Vec<_> = (nesting.order.iter().enumerate())
            .map(|(row, at)| (spans[*at as usize].0, sets.left[row], sets.right[row], sets.parent[row], sets.children[row]))
            .collect();
        assert_eq!(found, want, "{spans:?}");
    }

    #[test]
    fn spans_are_numbered_depth_first() {
        check(&[], &[]);
        check(&[(1, 0, 5)], &[(1, 1, 2, -1, 0)]);
        // Siblings by start, whatever the order in which they came.
        check(&[(4, 2, 3), (3, 1, 9), (2, 1, 2), (1, 0, 1)], &[(1, 1, 8, -1, 2), (2, 2, 5, 1, 1), (4, 3, 4, 2, 0), (3, 6, 7, 1, 0)]);
        // Two roots.
        check(&[(2, 0, 2), (1, 0, 1)], &[(1, 1, 2, -1, 0), (2, 3, 4, -1, 0)]);
        // A parent that is not there, with a span below.
        check(&[(3, 2, 1), (2, 9, 0), (1, 0, 5)], &[(1, 1, 2, -1, 0), (2, 3, 6, 0, 1), (3, 4, 5, 3, 0)]);
        // Its own parent.
        check(&[(1, 1, 0)], &[(1, 1, 2, 0, 0)]);
        // A circle, with a span that hangs on it.
        check(&[(1, 2, 5), (2, 1, 6), (3, 2, 7)], &[(1, 1, 6, 0, 1), (2, 2, 5, 1, 1), (3, 3, 4, 2, 0)]);
        // Two spans with one id: what is below belongs to the earlier.
        check(&[(1, 0, 0), (2, 1, 1), (2, 1, 2), (3, 2, 3)], &[(1, 1, 8, -1, 2), (2, 2, 5, 1, 1), (3, 3, 4, 2, 0), (2, 6, 7, 1, 0)]);
    }

    proptest! {
        #[test]
        fn each_span_is_numbered_once(spans in prop::collection::vec((1_u8..40, 0_u8..45, 0_i64..5), 0..80)) {
            let links: Vec<Link> = spans.iter().copied().map(link).collect();
            let mut nesting = Nesting::default();
            nesting.arrange(&links);
            let mut seen = nesting.order.clone();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..spans.len() as u32).collect::<Vec<_>>());
            let mut sets = NestedSets::default();
            sets.add(&nesting.distances);
            let mut numbers: Vec<i64> = sets.left.iter().chain(&sets.right).copied().collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=2 * spans.len() as i64).collect::<Vec<_>>());
            prop_assert!(sets.left.is_sorted());
            for (row, at) in nesting.order.iter().enumerate() {
                let parent = links[*at as usize].parent;
                if let Some(above) = sets.left.iter().position(|left| *left == sets.parent[row]) {
                    prop_assert!(sets.left[above] < sets.left[row] && sets.right[row] < sets.right[above]);
                    prop_assert_eq!(links[nesting.order[above] as usize].id, parent);
                } else {
                    prop_assert_eq!(sets.parent[row] == -1, parent.is_none());
                }
            }
        }
    }
}
