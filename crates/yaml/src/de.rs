//! serde over the tree.

use crate::error::{Error, error_with_help};
use crate::inline::INLINE;
use crate::scalar::{Number, as_bool, as_number};
use crate::spanned::SPANNED;
use crate::tree::{Data, Node};
use phoenix_model::{Source, Span};
use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::HashMap;
use std::rc::Rc;

/// What one pass over the tree leaves out: the entries and items that earlier passes could not take.
#[derive(Debug)]
pub(crate) struct Pass<'de> {
    pub source: &'de Source,
    /// The ids of keys and items taken out, with the bytes of what was refused.
    pub taken_out: &'de HashMap<u32, Span>,
}

/// How many mappings may stand inline in another.
const MAX_INLINED: usize = 2;

/// Which keys of a mapping are seen.
#[derive(Debug, Clone, Copy, Default)]
struct View {
    only: Option<&'static [&'static str]>,
    except: [&'static [&'static str]; MAX_INLINED],
}

impl View {
    fn shows(self, key: &Node) -> bool {
        let among = |keys: &[&str]| key.text().is_some_and(|text| keys.contains(&text));
        self.only.is_none_or(among) && !self.except.iter().any(|keys| among(keys))
    }

    /// Without these keys. Keys beyond the limit stay in view and would be refused as unknown.
    fn except(mut self, keys: &'static [&'static str]) -> Self {
        if let Some(free) = self.except.iter_mut().find(|keys| keys.is_empty()) {
            *free = keys;
        }
        self
    }
}

/// Deserializes one node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct De<'de> {
    node: &'de Node,
    pass: &'de Pass<'de>,
    /// Where to point when the node has no bytes of its own.
    fallback: Span,
    view: View,
}

impl<'de> De<'de> {
    pub fn new(node: &'de Node, pass: &'de Pass<'de>, fallback: Span) -> Self {
        Self { node, pass, fallback, view: View::default() }
    }

    fn unexpected(&self) -> Unexpected<'de> {
        match &self.node.data {
            Data::Null => Unexpected::Unit,
            Data::Scalar { text, plain: true } if as_bool(text).is_some() => Unexpected::Other("a truth value"),
            Data::Scalar { text, plain: true } => match as_number(text) {
                Some(_) => Unexpected::Other("a number"),
                None => Unexpected::Str(text),
            },
            Data::Scalar { text, .. } => Unexpected::Str(text),
            Data::List(_) => Unexpected::Seq,
            Data::Map(_) => Unexpected::Map,
        }
    }

    fn refuse<T>(self, visitor: &dyn de::Expected) -> Result<T, Error> {
        Err(de::Error::invalid_type(self.unexpected(), visitor))
    }

    fn here<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|e| e.at(self.node, self.fallback))
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::Scalar { text, .. } => visitor.visit_str(text),
            Data::Null => visitor.visit_str(""),
            Data::List(_) | Data::Map(_) => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = match &self.node.data {
            Data::Null => Some(Number::Unsigned(0)),
            Data::Scalar { text, plain: true } => as_number(text),
            _ => None,
        };
        let result = match number {
            Some(Number::Unsigned(n)) => visitor.visit_u64(n),
            Some(Number::Negative(n)) => visitor.visit_i64(n),
            Some(Number::Float(n)) if n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0 => visitor.visit_i64(n as i64),
            Some(Number::Float(n)) => Err(de::Error::invalid_value(Unexpected::Float(n), &visitor)),
            None => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = match &self.node.data {
            Data::Null => Some(Number::Float(0.0)),
            Data::Scalar { text, plain: true } => as_number(text),
            _ => None,
        };
        let result = match number {
            Some(Number::Unsigned(n)) => visitor.visit_f64(n as f64),
            Some(Number::Negative(n)) => visitor.visit_f64(n as f64),
            Some(Number::Float(n)) => visitor.visit_f64(n),
            None => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn items(self, items: &'de [Rc<Node>]) -> Items<'de> {
        Items { rest: items.iter(), pass: self.pass, fallback: self.fallback }
    }

    fn entries(self, entries: &'de [(Rc<Node>, Rc<Node>)]) -> Entries<'de> {
        Entries { rest: entries.iter(), value: None, pass: self.pass, view: self.view }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::List(items) => visitor.visit_seq(self.items(items)),
            Data::Null => visitor.visit_seq(self.items(&[])),
            Data::Scalar { .. } | Data::Map(_) => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn mapping<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::Map(entries) => visitor.visit_map(self.entries(entries)),
            Data::Null => visitor.visit_map(self.entries(&[])),
            Data::Scalar { .. } | Data::List(_) => self.refuse(&visitor),
        };
        self.here(result)
    }
}

impl<'de> Deserializer<'de> for De<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::Null => visitor.visit_unit(),
            Data::Scalar { text, plain: true } if matches!(&**text, "true" | "True" | "TRUE") => visitor.visit_bool(true),
            Data::Scalar { text, plain: true } if matches!(&**text, "false" | "False" | "FALSE") => visitor.visit_bool(false),
            Data::Scalar { text, plain: true } => match as_number(text) {
                Some(Number::Unsigned(n)) => visitor.visit_u64(n),
                Some(Number::Negative(n)) => visitor.visit_i64(n),
                Some(Number::Float(n)) => visitor.visit_f64(n),
                None => visitor.visit_str(text),
            },
            Data::Scalar { text, .. } => visitor.visit_str(text),
            Data::List(items) => visitor.visit_seq(self.items(items)),
            Data::Map(entries) => visitor.visit_map(self.entries(entries)),
        };
        self.here(result)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::Null => visitor.visit_bool(false),
            Data::Scalar { text, plain: true } => match as_bool(text) {
                Some(value) => visitor.visit_bool(value),
                None => self.refuse(&visitor),
            },
            Data::Scalar { text, plain: false } if as_bool(text).is_some() => {
                Err(error_with_help("expected `true` or `false`, found text", "write it without quotes"))
            }
            _ => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.integer(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.float(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if matches!(self.node.data, Data::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = if matches!(self.node.data, Data::Null) { visitor.visit_unit() } else { self.refuse(&visitor) };
        self.here(result)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        let result = if name == SPANNED {
            let span = if self.node.span.start < self.node.span.end { self.node.span } else { self.fallback };
            visitor.visit_seq(SpannedParts { numbers: [span.end, span.start], left: 3, value: self })
        } else {
            visitor.visit_newtype_struct(self)
        };
        self.here(result)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.mapping(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, keys: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        if name != INLINE {
            return self.mapping(visitor);
        }
        if matches!(self.node.data, Data::Scalar { .. } | Data::List(_)) {
            let refused = self.refuse(&visitor);
            return self.here(refused);
        }
        let own = De { view: self.view.except(keys), ..self };
        let inlined = De { view: View { only: Some(keys), ..self.view }, ..self };
        let result = visitor.visit_seq(InlineParts { parts: [inlined, own], left: 2 });
        self.here(result)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.data {
            Data::Scalar { text, .. } => visitor.visit_enum(StrDeserializer::new(text)),
            Data::Null => visitor.visit_enum(StrDeserializer::new("")),
            Data::Map(entries) if entries.len() == 1 => visitor.visit_enum(OneEntry { key: &entries[0].0, value: &entries[0].1, de: self }),
            Data::Map(_) | Data::List(_) => self.refuse(&visitor),
        };
        self.here(result)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 }
}

/// The position and the value of a [`crate::Spanned`].
struct SpannedParts<'de> {
    numbers: [usize; 2],
    left: usize,
    value: De<'de>,
}

impl<'de> SeqAccess<'de> for SpannedParts<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        match self.left {
            0 => Ok(None),
            1 => {
                self.left = 0;
                seed.deserialize(self.value).map(Some)
            }
            _ => {
                self.left -= 1;
                seed.deserialize(UsizeDeserializer::new(self.numbers[self.left - 1])).map(Some)
            }
        }
    }
}

/// The two halves of a [`crate::Inline`].
struct InlineParts<'de> {
    parts: [De<'de>; 2],
    left: usize,
}

impl<'de> SeqAccess<'de> for InlineParts<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.parts[self.left]).map(Some)
    }
}

struct Items<'de> {
    rest: std::slice::Iter<'de, Rc<Node>>,
    pass: &'de Pass<'de>,
    fallback: Span,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(item) = self.rest.by_ref().find(|item| !self.pass.taken_out.contains_key(&item.id)) else { return Ok(None) };
        let de = De::new(item, self.pass, self.fallback);
        seed.deserialize(de).map(Some).map_err(|e| e.at(item, self.fallback).within(item.id))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Rc<Node>, Rc<Node>)>,
    value: Option<(&'de Node, &'de Node)>,
    pass: &'de Pass<'de>,
    view: View,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let (pass, view) = (self.pass, self.view);
        let next = self.rest.by_ref().find(|(key, _)| view.shows(key) && !pass.taken_out.contains_key(&key.id));
        let Some((key, value)) = next else { return Ok(None) };
        self.value = Some((key, value));
        let result = match &key.data {
            // As a key, `null` and `~` are text like any other.
            Data::Null => seed.deserialize(StrDeserializer::new(pass.source.text.get(key.span.start..key.span.end).unwrap_or(""))),
            _ => seed.deserialize(KeyDe(De::new(key, pass, key.span))),
        };
        result.map(Some).map_err(|e| e.also_known(&view.except.concat()).at(key, key.span).within(key.id))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (key, value) = self.value.take().expect("serde asks for a value after its key");
        let de = De::new(value, self.pass, key.span);
        seed.deserialize(de).map_err(|e| e.at(value, key.span).within(key.id))
    }
}

/// A key: text without a place of its own in errors, so that what surrounds it can add to them first.
struct KeyDe<'de>(De<'de>);

impl<'de> Deserializer<'de> for KeyDe<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0.node.data {
            Data::Scalar { text, .. } => visitor.visit_str(text),
            _ => self.0.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == SPANNED { self.0.deserialize_newtype_struct(name, visitor) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, keys: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, keys, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_bool(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.integer(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.integer(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.float(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// `Name: value` for an enum's variant with content.
struct OneEntry<'de> {
    key: &'de Node,
    value: &'de Node,
    de: De<'de>,
}

impl<'de> EnumAccess<'de> for OneEntry<'de> {
    type Error = Error;
    type Variant = Variant<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Variant<'de>), Error> {
        let name = seed.deserialize(De::new(self.key, self.de.pass, self.key.span))?;
        Ok((name, Variant(De::new(self.value, self.de.pass, self.key.span))))
    }
}

struct Variant<'de>(De<'de>);

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if matches!(self.0.node.data, Data::Null) {
            return Ok(());
        }
        let refused = self.0.refuse(&"nothing after the colon");
        self.0.here(refused)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        let result = seed.deserialize(self.0);
        self.0.here(result)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.0.mapping(visitor)
    }
}
