//! Keys of one type standing directly among the keys of another, as http_config does in Prometheus' files.
//!
//! serde's own `flatten` copies the values first, which loses their positions and their spelling.

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

/// The name by which the deserializer knows that a mapping is to be split.
pub(crate) const INLINE: &str = "$phoenix_yaml::Inline";

/// A mapping that holds the keys of `T` and, among them, those of `H`. A key that neither knows is an error
/// when `T` denies unknown fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inline<T, H> {
    /// The keys of its own.
    pub own: T,
    /// The keys of the other type.
    pub inlined: H,
}

impl<'de, T: Deserialize<'de>, H: Deserialize<'de>> Deserialize<'de> for Inline<T, H> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T, H>(PhantomData<(T, H)>);

        impl<'de, T: Deserialize<'de>, H: Deserialize<'de>> Visitor<'de> for Parts<T, H> {
            type Value = Inline<T, H>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let incomplete = || de::Error::custom("only phoenix_yaml can split a mapping");
                let own = parts.next_element()?.ok_or_else(incomplete)?;
                let inlined = parts.next_element()?.ok_or_else(incomplete)?;
                Ok(Inline { own, inlined })
            }
        }

        deserializer.deserialize_struct(INLINE, own_keys::<H>(), Parts(PhantomData))
    }
}

/// The keys that a type's mapping may hold, in the order of its fields; for documentation and for splitting.
/// Empty when the type is not read from a mapping with fixed keys.
pub fn known_keys<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let found = RefCell::new(Vec::new());
    let _ = T::deserialize(Probe(&found));
    found.into_inner().concat()
}

fn own_keys<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let found = RefCell::new(Vec::new());
    let _ = T::deserialize(Probe(&found));
    found.into_inner().first().copied().unwrap_or(&[])
}

/// Asks a type for its fields and gives it nothing.
struct Probe<'a>(&'a RefCell<Vec<&'static [&'static str]>>);

#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only the names of the fields were asked for")
    }
}

impl std::error::Error for Enough {}

impl de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Enough;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Enough> {
        Err(Enough)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Enough> {
        if name == crate::spanned::SPANNED {
            return visitor.visit_seq(ProbeParts { probe: self, given: 0, numbers: 2 });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        if name == INLINE {
            let own = visitor.visit_seq(ProbeParts { probe: Probe(self.0), given: 0, numbers: 0 });
            self.0.borrow_mut().push(fields);
            return own;
        }
        self.0.borrow_mut().push(fields);
        Err(Enough)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct ProbeParts<'a> {
    probe: Probe<'a>,
    given: usize,
    /// How many leading elements are numbers, as in a `Spanned`.
    numbers: usize,
}

impl<'de> SeqAccess<'de> for ProbeParts<'_> {
    type Error = Enough;

    fn next_element_seed<S: de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Enough> {
        self.given += 1;
        if self.given <= self.numbers {
            return seed.deserialize(de::value::UsizeDeserializer::new(0)).map(Some);
        }
        seed.deserialize(Probe(self.probe.0)).map(Some)
    }
}
