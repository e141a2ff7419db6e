//! Names of attributes that occur, and how often.

use super::layout::{Promoted, PromotedKind, Tag};
use hashbrown::HashMap;
use phoenix_model::traces::{AttributeValue, Attributes, Scope, SpanRef};

/// The most names that are known of one segment; more are found by queries, but are not listed.
const MAX_TAGS: usize = 10_000;
/// The most bytes of them.
const MAX_TAG_BYTES: usize = 1 << 20;
/// An attribute gets a column when one span in so many has it.
const RARE: u64 = 50;

/// Counts names, within bounds.
#[derive(Default)]
pub(super) struct TagCounts {
    counts: [HashMap<String, [u64; 3]>; Scope::ALL.len()],
    names: usize,
    bytes: usize,
}

/// The type that a value's column would have.
pub(super) fn kind_of(value: &AttributeValue<'_>) -> Option<PromotedKind> {
    match value {
        AttributeValue::Text(_) => Some(PromotedKind::Text),
        AttributeValue::Int(_) => Some(PromotedKind::Int),
        AttributeValue::Bool(_) => Some(PromotedKind::Bool),
        AttributeValue::Float(_) | AttributeValue::Array(_) => None,
    }
}

impl TagCounts {
    /// Adds a name that some spans have with values of a type.
    pub(super) fn add(&mut self, scope: Scope, key: &str, kind: Option<PromotedKind>, spans: u64) {
        let of_scope = &mut self.counts[scope as usize];
        let counts = if let Some(counts) = of_scope.get_mut(key) {
            counts
        } else {
            if self.names >= MAX_TAGS || self.bytes + key.len() > MAX_TAG_BYTES {
                return;
            }
            self.names += 1;
            self.bytes += key.len();
            of_scope.entry_ref(key).or_insert([0; 3])
        };
        if let Some(kind) = kind {
            counts[kind as usize] += spans;
        }
    }

    /// Adds the names of a set, which a span has.
    pub(super) fn add_set(&mut self, scope: Scope, attributes: Attributes<'_>) {
        for attribute in attributes.iter() {
            let kind = if scope == Scope::Span { kind_of(&attribute.value) } else { None };
            self.add(scope, attribute.key, kind, 1);
        }
    }

    /// Adds the names that a span has itself.
    pub(super) fn add_span(&mut self, span: &SpanRef<'_>) {
        self.add_set(Scope::Span, span.attributes);
        span.events.iter().for_each(|event| self.add_set(Scope::Event, event.attributes));
        span.links.iter().for_each(|link| self.add_set(Scope::Link, link.attributes));
    }

    /// Adds what another segment says.
    pub(super) fn add_tags(&mut self, tags: &[Tag]) {
        for tag in tags {
            self.add(tag.scope, &tag.key, None, 0);
            for (kind, spans) in PromotedKind::ALL.into_iter().zip(tag.counts) {
                self.add(tag.scope, &tag.key, Some(kind), spans);
            }
        }
    }

    /// The attributes of spans that are worth a column, the most frequent first.
    pub(super) fn promoted(&self, rows: u64, most: usize) -> Vec<Promoted> {
        let spans = self.counts[Scope::Span as usize].iter();
        let frequent = spans.filter_map(|(key, counts)| {
            let kind = PromotedKind::ALL.into_iter().max_by_key(|kind| counts[*kind as usize])?;
            let count = counts[kind as usize];
            (count > 0 && count >= rows / RARE).then(|| (std::cmp::Reverse(count), key.clone(), kind))
        });
        let mut frequent: Vec<_> = frequent.collect();
        frequent.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        frequent.truncate(most.min(u64::BITS as usize));
        frequent.into_iter().map(|(_, key, kind)| Promoted { key, kind }).collect()
    }

    /// The names, sorted.
    pub(super) fn finish(self) -> Vec<Tag> {
        let of_scope =
            |(scope, keys): (Scope, HashMap<String, [u64; 3]>)| keys.into_iter().map(move |(key, counts)| Tag { scope, key, counts });
        let mut tags: Vec<Tag> = Scope::ALL.into_iter().zip(self.counts).flat_map(of_scope).collect();
        tags.sort_unstable_by(|a, b| (a.scope, &a.key).cmp(&(b.scope, &b.key)));
        tags
    }
}
