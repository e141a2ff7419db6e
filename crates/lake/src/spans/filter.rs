//! Filters over what the spans of a page have: a value that is not in it, no span of the page has.
//!
//! A split-block Bloom filter (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom
//! Filters", 2007; with the multipliers of Parquet's) over hashes of field and value, and of
//! attributes' names alone. Hashes and layout are part of the format.

use super::column::{Piece, piece_of};
use super::condition::EXACT;
use hashbrown::HashSet;
use phoenix_model::traces::{Compare, Intrinsic, Scope, SpanCondition, SpanField, SpanPredicate, TraceId};

/// Bits for each element.
const BITS: usize = 9;
const BLOCK_BYTES: usize = 32;
const SALT: [u32; 8] = [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ hash >> 32
}

fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes"));
        hash = (hash ^ word).wrapping_mul(FACTOR).rotate_left(29);
    }
    let mut last = [0; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    finish((hash ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR))
}

/// The hash by which a trace is found in the directory.
pub(super) fn trace_hash(id: TraceId) -> u64 {
    hash_bytes(0, &id.0)
}

/// A field, as filters know it; its hash is also the element that says that some span has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldHash(u64);

impl FieldHash {
    pub(super) fn attribute(scope: Scope, key: &str) -> Self {
        Self(hash_bytes(1 + scope as u64, key.as_bytes()))
    }

    /// Of those intrinsics whose values are in filters.
    pub(super) fn intrinsic(intrinsic: Intrinsic) -> Option<Self> {
        let number = match intrinsic {
            Intrinsic::Name => 16,
            Intrinsic::Kind => 17,
            Intrinsic::Status => 18,
            Intrinsic::StatusMessage => 19,
            Intrinsic::RootName => 20,
            Intrinsic::RootService => 21,
            Intrinsic::EventName => 22,
            _ => return None,
        };
        Some(Self(hash_bytes(number, &[])))
    }

    /// The element that says that the field has values which are not in the filter.
    fn more(self) -> u64 {
        hash_bytes(self.0 ^ 7, &[])
    }

    fn value(self, piece: Piece<'_>) -> u64 {
        match piece {
            Piece::Text(text) => hash_bytes(self.0 ^ 1, text.as_bytes()),
            Piece::Int(int) => hash_bytes(self.0 ^ 2, &int.to_le_bytes()),
            Piece::Float(float) if float.fract() == 0.0 && float.abs() <= EXACT as f64 => self.value(Piece::Int(float as i64)),
            Piece::Float(float) => hash_bytes(self.0 ^ 3, &float.to_bits().to_le_bytes()),
            Piece::Bool(bool) => hash_bytes(self.0 ^ 4, &[u8::from(bool)]),
        }
    }
}

/// Collects the elements of a page.
#[derive(Default)]
pub(super) struct FilterBuilder {
    elements: HashSet<u64>,
}

impl FilterBuilder {
    /// Some span has the field.
    pub(super) fn field(&mut self, field: FieldHash) {
        self.elements.insert(field.0);
    }

    /// Some span has this value; the field is to be added as well.
    pub(super) fn value(&mut self, field: FieldHash, piece: Piece<'_>) {
        self.elements.insert(field.value(piece));
    }

    /// The field has other values too.
    pub(super) fn more(&mut self, field: FieldHash) {
        self.elements.insert(field.more());
    }

    /// Appends the filter, and begins the next one.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let blocks = (self.elements.len() * BITS).div_ceil(BLOCK_BYTES * 8).max(1);
        let start = out.len();
        out.resize(start + blocks * BLOCK_BYTES, 0);
        for element in &self.elements {
            let at = start + block_of(*element, blocks);
            for (part, bit) in bits_of(*element).enumerate() {
                out[at + part * 4 + bit / 8] |= 1 << (bit % 8);
            }
        }
        self.elements.clear();
    }
}

fn block_of(element: u64, blocks: usize) -> usize {
    (((element >> 32) * blocks as u64) >> 32) as usize * BLOCK_BYTES
}

fn bits_of(element: u64) -> impl Iterator<Item = usize> {
    SALT.iter().map(move |salt| ((element as u32).wrapping_mul(*salt) >> 27) as usize)
}

/// A page's filter.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a>(pub &'a [u8]);

impl Filter<'_> {
    fn has(self, element: u64) -> bool {
        let blocks = self.0.len() / BLOCK_BYTES;
        if blocks == 0 {
            return true;
        }
        let at = block_of(element, blocks);
        bits_of(element).enumerate().all(|(part, bit)| self.0[at + part * 4 + bit / 8] & 1 << (bit % 8) != 0)
    }

    /// Whether a span of the page may meet a condition, as far as the filter knows.
    pub(super) fn may_meet(self, condition: &SpanCondition) -> bool {
        let (field, attribute) = match &condition.field {
            SpanField::Attribute(scope, key) => (FieldHash::attribute(*scope, key), true),
            SpanField::Intrinsic(intrinsic) => match FieldHash::intrinsic(*intrinsic) {
                Some(field) => (field, false),
                None => return true,
            },
        };
        match &condition.compare {
            Compare::Absent => true,
            Compare::Eq(value) => {
                let piece = piece_of(value);
                // Numbers that are not exact are compared in other ways.
                let vague = match piece {
                    Piece::Int(int) => int.unsigned_abs() >= EXACT,
                    Piece::Float(float) => float.is_nan() || float.abs() >= EXACT as f64,
                    _ => false,
                };
                if vague { !attribute || self.has(field.0) } else { self.has(field.value(piece)) || self.has(field.more()) }
            }
            _ => !attribute || self.has(field.0),
        }
    }
}

/// Whether a predicate asks for something that filters know.
pub(super) fn asks_filter(predicate: &SpanPredicate) -> bool {
    match predicate {
        SpanPredicate::True => false,
        SpanPredicate::Is(condition) => match &condition.field {
            SpanField::Attribute(..) => !matches!(condition.compare, Compare::Absent),
            SpanField::Intrinsic(intrinsic) => FieldHash::intrinsic(*intrinsic).is_some() && matches!(condition.compare, Compare::Eq(_)),
        },
        SpanPredicate::All(all) => all.iter().any(asks_filter),
        SpanPredicate::Any(any) => any.iter().any(asks_filter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut builder = FilterBuilder::default();
        let field = FieldHash::attribute(Scope::Span, "user");
        let texts: Vec<String> = (0..2000).map(|number| format!("user-{number}")).collect();
        for text in &texts {
            builder.value(field, Piece::Text(text));
        }
        let mut bytes = Vec::new();
        builder.finish(&mut bytes);
        let filter = Filter(&bytes);
        assert!(texts.iter().all(|text| filter.has(field.value(Piece::Text(text)))));
        let wrong = (0..10_000).filter(|number| filter.has(field.value(Piece::Text(&format!("other-{number}"))))).count();
        assert!(wrong < 500, "{wrong} of 10000");
        assert_eq!(field.value(Piece::Float(3.0)), field.value(Piece::Int(3)));
    }
}
