//! What a pattern says of its lines before any column is read.

use super::needle::Needle;
use super::placement::{Part, Placement, Relation, placement};
use super::required::Required;
use crate::{Kind, Pattern, Store, Variable};
use hashbrown::HashMap;
use phoenix_model::logs::LinePattern;
use std::sync::Arc;

/// A condition on a variable: one of some texts is in it so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Atom {
    pub(super) variable: Variable,
    pub(super) relation: Relation,
    pub(super) needle: Arc<Needle>,
}

/// Which lines of a pattern have what is looked for.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    All,
    None,
    /// Those for which one of the ways of each group holds; if that is not exact, those of them
    /// that have it when they are put together.
    Look {
        groups: Vec<Vec<Vec<Atom>>>,
        exact: bool,
    },
}

/// A condition that alone is a way, and its texts.
type Single = (Variable, Relation, Texts);

/// Texts one of which is looked for.
type Texts = Vec<Box<[u8]>>;

/// Comes to verdicts; equal needles are made once.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// By their texts, and whether they are searched for.
    needles: HashMap<(Texts, bool), Arc<Needle>>,
}

impl Judge {
    /// Which lines of a pattern have what is looked for, of which it is known what it requires.
    pub(super) fn verdict(&mut self, looked_for: &LinePattern, required: &Required, pattern: &Pattern) -> Verdict {
        if pattern.variables().is_empty() {
            return if looked_for.is_in(pattern.static_text(0)) { Verdict::All } else { Verdict::None };
        }
        let mut groups = Vec::new();
        let mut exact = required.exact;
        for texts in &required.groups {
            let Some(ways) = ways(pattern, texts, &mut exact) else { continue };
            if ways.is_empty() {
                return Verdict::None;
            }
            groups.push(ways);
        }
        if exact && groups.is_empty() {
            return Verdict::All;
        }
        if !exact
            && required.local
            && let LinePattern::Regex(regex) = looked_for
            && (0..=pattern.variables().len()).any(|i| regex.is_match(pattern.static_text(i)))
        {
            return Verdict::All;
        }
        let mut groups: Vec<Vec<Vec<Atom>>> = groups.into_iter().map(|ways| self.merge(ways)).collect();
        let cost = |group: &Vec<Vec<Atom>>| group.iter().flatten().map(atom_cost).sum::<usize>();
        groups.sort_by_cached_key(cost);
        if !exact {
            // A group that costs as much as putting lines together is no help.
            groups.retain(|group| cost(group) * 2 < 100 + 15 * pattern.variables().len());
        }
        Verdict::Look { groups, exact }
    }

    /// Makes one condition of those that differ in their texts only.
    fn merge(&mut self, ways: Vec<Vec<Part>>) -> Vec<Vec<Atom>> {
        let mut singles: Vec<Single> = Vec::new();
        let mut out = Vec::new();
        for way in ways {
            if let [part] = way.as_slice() {
                if let Some(known) = singles.iter_mut().find(|(v, r, _)| *v == part.variable && *r == part.relation) {
                    known.2.push(part.text.clone());
                } else {
                    singles.push((part.variable, part.relation, vec![part.text.clone()]));
                }
            } else {
                let atoms = way.into_iter().map(|part| self.atom(part.variable, part.relation, vec![part.text])).collect();
                out.push(atoms);
            }
        }
        out.extend(singles.into_iter().map(|(variable, relation, texts)| vec![self.atom(variable, relation, texts)]));
        // What is cheap comes first, so that there is less left to look at for the rest.
        out.sort_by_cached_key(|way| way.iter().map(atom_cost).sum::<usize>());
        out
    }

    fn atom(&mut self, variable: Variable, relation: Relation, texts: Texts) -> Atom {
        let is_searched = relation == Relation::Contains;
        let needle =
            self.needles.entry((texts, is_searched)).or_insert_with_key(|(texts, _)| Arc::new(Needle::new(texts.clone(), is_searched)));
        Atom { variable, relation, needle: Arc::clone(needle) }
    }
}

/// The ways in which one of the texts can lie in lines of a pattern; none if all lines have one,
/// or there are too many ways, which is not exact any more.
fn ways(pattern: &Pattern, texts: &[Vec<u8>], exact: &mut bool) -> Option<Vec<Vec<Part>>> {
    let mut ways = Vec::new();
    let mut is_unclear = false;
    for text in texts {
        match placement(pattern, text) {
            Placement::All => return None,
            Placement::None => {}
            Placement::Any(more) => ways.extend(more),
            Placement::Unclear => is_unclear = true,
        }
    }
    *exact &= !is_unclear;
    (!is_unclear).then_some(ways)
}

/// Some nanoseconds a line, to weigh one condition against another.
fn atom_cost(atom: &Atom) -> usize {
    let texts = atom.needle.texts().len();
    match (atom.variable.kind.store(), atom.variable.kind) {
        (Store::Texts, _) => 4,
        (Store::Hex, _) if atom.needle.shortest() < 3 => 60,
        (Store::Hex, _) => 5 * texts,
        (Store::Numbers, Kind::Time(_)) => 40,
        (Store::Numbers, _) if atom.relation == Relation::Equals => 3,
        (Store::Numbers, _) => 20,
    }
}
