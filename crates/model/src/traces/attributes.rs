//! Sets of attributes, packed into bytes.

use crate::labels::{put_varint, take_varint};
use std::borrow::Cow;

/// The value of an attribute, borrowed from where it is packed.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue<'a> {
    /// A text. Bytes of OTLP stand here in base64, and maps as JSON in OTLP's mapping of plain values.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Several values. Arrays within arrays, and maps within them, stand here as texts of JSON.
    Array(Vec<Scalar<'a>>),
}

/// A value within an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute<'a> {
    /// The key, not empty.
    pub key: &'a str,
    /// The value.
    pub value: AttributeValue<'a>,
}

/// A set of attributes in packed form, in the order in which they came. No key occurs twice.
///
/// For each attribute: varint length, key, a byte for the type, and the value: texts with their
/// length as varint, numbers in eight bytes little-endian, truth values in one, arrays with their
/// number of values as varint, and each as above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes<'a>(&'a [u8]);

const TEXT: u8 = 0;
const INT: u8 = 1;
const FLOAT: u8 = 2;
const BOOL: u8 = 3;
const ARRAY: u8 = 4;

impl<'a> Attributes<'a> {
    /// The empty set.
    pub const EMPTY: Self = Self(&[]);

    /// Bytes that [`AttributesBuilder`] made.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes from somewhere else; `None` when they are not well-formed.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            take(&mut rest)?;
        }
        Some(Self(bytes))
    }

    /// The packed form.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is no attribute.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<AttributeValue<'a>> {
        let mut rest = self.0;
        while !rest.is_empty() {
            let length = take_varint(&mut rest)?;
            if rest.split_off(..length)? == key.as_bytes() {
                return take_value(&mut rest);
            }
            skip_value(&mut rest)?;
        }
        None
    }

    /// The value of a key if it is a text.
    pub fn text(self, key: &str) -> Option<&'a str> {
        match self.get(key)? {
            AttributeValue::Text(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    /// The attributes in order, each with its packed form: a set of one.
    pub fn entries(self) -> impl Iterator<Item = (Attribute<'a>, &'a [u8])> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let before = rest;
            let attribute = if rest.is_empty() { None } else { take(&mut rest) }?;
            Some((attribute, &before[..before.len() - rest.len()]))
        })
    }

    /// The attributes, in order.
    pub fn iter(self) -> impl Iterator<Item = Attribute<'a>> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || if rest.is_empty() { None } else { take(&mut rest) })
    }
}

/// Takes one attribute from the front; `None` when it is not well-formed.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Attribute<'a>> {
    let key = take_text(rest)?;
    Some(Attribute { key, value: take_value(rest)? })
}

fn take_value<'a>(rest: &mut &'a [u8]) -> Option<AttributeValue<'a>> {
    let kind = *rest.split_off_first()?;
    Some(if kind == ARRAY {
        let count = take_varint(rest)?;
        // Each takes at least a byte and its type.
        if count > rest.len() / 2 {
            return None;
        }
        let values = (0..count).map(|_| {
            let kind = *rest.split_off_first()?;
            take_scalar(kind, rest)
        });
        AttributeValue::Array(values.collect::<Option<_>>()?)
    } else {
        match take_scalar(kind, rest)? {
            Scalar::Text(text) => AttributeValue::Text(text),
            Scalar::Int(int) => AttributeValue::Int(int),
            Scalar::Float(float) => AttributeValue::Float(float),
            Scalar::Bool(bool) => AttributeValue::Bool(bool),
        }
    })
}

/// Leaves out a value without looking at it.
fn skip_value(rest: &mut &[u8]) -> Option<()> {
    let skip_scalar = |kind: u8, rest: &mut &[u8]| {
        let length = match kind {
            TEXT => take_varint(rest)?,
            INT | FLOAT => 8,
            BOOL => 1,
            _ => return None,
        };
        rest.split_off(..length).map(|_| ())
    };
    match *rest.split_off_first()? {
        ARRAY => (0..take_varint(rest)?).try_for_each(|_| skip_scalar(*rest.split_off_first()?, rest)),
        kind => skip_scalar(kind, rest),
    }
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = take_varint(rest)?;
    std::str::from_utf8(rest.split_off(..length)?).ok()
}

fn take_scalar<'a>(kind: u8, rest: &mut &'a [u8]) -> Option<Scalar<'a>> {
    let eight = |rest: &mut &'a [u8]| rest.split_off(..8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    Some(match kind {
        TEXT => Scalar::Text(take_text(rest)?.into()),
        INT => Scalar::Int(i64::from_le_bytes(eight(rest)?)),
        FLOAT => Scalar::Float(f64::from_le_bytes(eight(rest)?)),
        BOOL => Scalar::Bool(match rest.split_off_first()? {
            0 => false,
            1 => true,
            _ => return None,
        }),
        _ => return None,
    })
}

/// What [`AttributesBuilder`] has seen when any key may be there.
const ANY_KEY: [u64; 4] = [u64::MAX; 4];

/// Packs attributes behind what stands in a buffer.
#[derive(Debug)]
pub struct AttributesBuilder<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    /// One bit for each key that is there, by its first bytes and its length: where the bit of a new
    /// key is clear, no other key needs to be compared.
    seen: [u64; 4],
}

impl<'b> AttributesBuilder<'b> {
    /// Begins a set at the end of `out`.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, seen: [0; 4] }
    }

    /// Adds an attribute; an empty key, or one that is there already, is left out (the first counts).
    pub fn push(&mut self, key: &str, value: &AttributeValue<'_>) {
        if !key.is_empty() && !self.has(key) {
            self.put(key, value);
        }
    }

    /// Adds an attribute whose key is not empty, and not there yet.
    pub fn push_distinct(&mut self, key: &str, value: &AttributeValue<'_>) {
        self.seen = ANY_KEY;
        self.put(key, value);
    }

    fn put(&mut self, key: &str, value: &AttributeValue<'_>) {
        put_text(key, self.out);
        match value {
            AttributeValue::Text(text) => put_tagged_text(text, self.out),
            AttributeValue::Int(int) => put_eight(INT, int.to_le_bytes(), self.out),
            AttributeValue::Float(float) => put_eight(FLOAT, float.to_le_bytes(), self.out),
            AttributeValue::Bool(bool) => self.out.extend([BOOL, u8::from(*bool)]),
            AttributeValue::Array(values) => {
                self.out.push(ARRAY);
                put_varint(values.len(), self.out);
                for value in values {
                    match value {
                        Scalar::Text(text) => put_tagged_text(text, self.out),
                        Scalar::Int(int) => put_eight(INT, int.to_le_bytes(), self.out),
                        Scalar::Float(float) => put_eight(FLOAT, float.to_le_bytes(), self.out),
                        Scalar::Bool(bool) => self.out.extend([BOOL, u8::from(*bool)]),
                    }
                }
            }
        }
    }

    /// Adds an attribute in packed form ([`Attributes::entries`]), whose key is not there yet.
    pub fn push_entry(&mut self, entry: &[u8]) {
        self.seen = ANY_KEY;
        self.out.extend_from_slice(entry);
    }

    /// Whether a key is there already; remembers it.
    fn has(&mut self, key: &str) -> bool {
        let bytes = key.as_bytes();
        let mix = [bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1], bytes.len() as u8];
        let bit = (u32::from_le_bytes(mix).wrapping_mul(0x9e37_79b1) >> 24) as usize;
        let (word, bit) = (&mut self.seen[bit / 64], 1 << (bit % 64));
        let may_be_there = *word & bit != 0;
        *word |= bit;
        may_be_there && Attributes(&self.out[self.start..]).iter().any(|before| before.key == key)
    }

    /// Adds the attributes of another set.
    pub fn extend(&mut self, set: Attributes<'_>) {
        if self.out.len() == self.start {
            self.seen = ANY_KEY;
            self.out.extend_from_slice(set.0);
        } else {
            for attribute in set.iter() {
                self.push(attribute.key, &attribute.value);
            }
        }
    }

    /// Adds a text.
    pub fn text(&mut self, key: &str, text: &str) {
        self.push(key, &AttributeValue::Text(text.into()));
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_varint(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn put_tagged_text(text: &str, out: &mut Vec<u8>) {
    out.push(TEXT);
    put_text(text, out);
}

fn put_eight(kind: u8, bytes: [u8; 8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scalars() -> impl Strategy<Value = Scalar<'static>> {
        prop_oneof![
            ".{0,20}".prop_map(|text| Scalar::Text(text.into())),
            any::<i64>().prop_map(Scalar::Int),
            any::<i32>().prop_map(|number| Scalar::Float(f64::from(number) / 7.0)),
            any::<bool>().prop_map(Scalar::Bool),
        ]
    }

    fn values() -> impl Strategy<Value = AttributeValue<'static>> {
        prop_oneof![
            ".{0,200}".prop_map(|text| AttributeValue::Text(text.into())),
            any::<i64>().prop_map(AttributeValue::Int),
            any::<i32>().prop_map(|number| AttributeValue::Float(f64::from(number) / 7.0)),
            any::<bool>().prop_map(AttributeValue::Bool),
            prop::collection::vec(scalars(), 0..4).prop_map(AttributeValue::Array),
        ]
    }

    proptest! {
        #[test]
        fn packed_is_unpacked(pairs in prop::collection::btree_map(".{1,20}", values(), 0..6)) {
            let mut bytes = vec![7];
            let mut builder = AttributesBuilder::new(&mut bytes);
            for (key, value) in &pairs {
                builder.push(key, value);
                builder.push(key, &AttributeValue::Bool(true));
            }
            builder.push("", &AttributeValue::Int(1));
            let read = Attributes::checked(&bytes[1..]).unwrap();
            let mut copy = Vec::new();
            let mut builder = AttributesBuilder::new(&mut copy);
            read.entries().for_each(|(_, entry)| builder.push_entry(entry));
            prop_assert_eq!(&copy[..], read.as_bytes());
            for (key, value) in &pairs {
                prop_assert_eq!(read.get(key), Some(value.clone()));
            }
            prop_assert_eq!(read.get("a key that no other is like"), None);
            prop_assert_eq!(read.iter().map(|a| (a.key.to_owned(), a.value)).collect::<Vec<_>>(), pairs.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(read) = Attributes::checked(&bytes) {
                read.iter().for_each(|attribute| assert!(read.get(attribute.key).is_some()));
                let _ = read.get("");
            }
        }
    }
}
