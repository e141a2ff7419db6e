//! Values that remember where they stood.

use phoenix_model::{Source, Span};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// The name by which the deserializer knows that a position is asked for.
pub(crate) const SPANNED: &str = "$phoenix_yaml::Spanned";

/// A value with the bytes it was read from. Two are equal when their values are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the source; empty at 0 for a value that was not read from a file.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value that stands nowhere, for defaults and tests.
    pub fn bare(value: T) -> Self {
        Self { value, span: Span::default() }
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

/// The bytes of a value, cut to the source.
pub fn span_of<T>(spanned: &Spanned<T>, source: &Source) -> Span {
    let end = spanned.span.end.min(source.text.len());
    Span::new(spanned.span.start.min(end), end)
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: PartialOrd> PartialOrd for Spanned<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Spanned<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: serde::Serialize> serde::Serialize for Spanned<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let start = parts.next_element()?.unwrap_or(0);
                let end = parts.next_element()?.unwrap_or(0);
                match parts.next_element()? {
                    Some(value) => Ok(Spanned { value, span: Span::new(start, end) }),
                    None => Err(serde::de::Error::custom("a value without its position")),
                }
            }

            /// Another format than ours: there are no positions.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                T::deserialize(deserializer).map(Spanned::bare)
            }
        }

        deserializer.deserialize_newtype_struct(SPANNED, SpannedVisitor(PhantomData))
    }
}
