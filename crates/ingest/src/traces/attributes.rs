//! Attributes of OTLP from the wire format of protobuf.
//!
//! ```text
//! KeyValue     { string key = 1, AnyValue value = 2 }
//! AnyValue     { string = 1, bool = 2, int64 = 3, double = 4, ArrayValue = 5, KeyValueList = 6, bytes = 7 }
//! ArrayValue   { repeated AnyValue values = 1 }
//! KeyValueList { repeated KeyValue values = 1 }
//! ```

use super::intake::{MOST_READ_ITEMS, Packer};
use crate::otlp::value::{base64, double, quote};
use crate::wire::{Value, Wire};
use phoenix_model::traces::{AttributeValue, Scalar};
use std::borrow::Cow;

/// How deep values may be nested: prost reads some 45 levels.
const MAX_DEPTH: usize = 64;

/// A text of the wire; bytes that are not UTF-8 become U+FFFD.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Adds a `KeyValue`. One without a value says nothing and is left out.
#[inline]
pub(super) fn put(pair: &[u8], packer: &mut Packer<'_, '_>) -> Result<(), String> {
    if !packer.has_room() {
        return Ok(());
    }
    let (key, value) = key_value(pair)?;
    if let Some(value) = value {
        let longest = packer.limits().max_attribute_bytes;
        if let Some(value) = attribute(value, longest)? {
            packer.put(&text(key), value);
        }
    }
    Ok(())
}

#[inline]
fn key_value(pair: &[u8]) -> Result<(&[u8], Option<&[u8]>), String> {
    let (mut key, mut value): (&[u8], _) = (b"", None);
    let mut wire = Wire::new(pair);
    while let Some((field, part)) = wire.next()? {
        match (field, part) {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(bytes)) => value = Some(bytes),
            _ => {}
        }
    }
    Ok((key, value))
}

/// The member of an `AnyValue` that is there; the last one if there are several.
enum Any<'a> {
    Scalar(Scalar<'a>),
    Array(&'a [u8]),
    Map(&'a [u8]),
}

#[inline]
fn any(bytes: &[u8]) -> Result<Option<Any<'_>>, String> {
    let mut found = None;
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        found = Some(match field {
            (1, Value::Bytes(bytes)) => Any::Scalar(Scalar::Text(text(bytes))),
            (2, Value::Varint(number)) => Any::Scalar(Scalar::Bool(number != 0)),
            (3, Value::Varint(number)) => Any::Scalar(Scalar::Int(number as i64)),
            (4, Value::Fixed64(bits)) => Any::Scalar(Scalar::Float(f64::from_bits(bits))),
            (5, Value::Bytes(bytes)) => Any::Array(bytes),
            (6, Value::Bytes(bytes)) => Any::Map(bytes),
            (7, Value::Bytes(bytes)) => Any::Scalar(Scalar::Text(Cow::Owned(base64(bytes)))),
            _ => continue,
        });
    }
    Ok(found)
}

/// An `AnyValue`; `longest` is from where on texts will be cut (0 for never).
#[inline]
fn attribute(bytes: &[u8], longest: usize) -> Result<Option<AttributeValue<'_>>, String> {
    Ok(Some(match any(bytes)? {
        None => return Ok(None),
        Some(Any::Scalar(Scalar::Text(text))) => AttributeValue::Text(text),
        Some(Any::Scalar(Scalar::Int(number))) => AttributeValue::Int(number),
        Some(Any::Scalar(Scalar::Float(number))) => AttributeValue::Float(number),
        Some(Any::Scalar(Scalar::Bool(value))) => AttributeValue::Bool(value),
        Some(map @ Any::Map(_)) => AttributeValue::Text(Cow::Owned(json_text(Some(map), longest)?)),
        Some(Any::Array(bytes)) => {
            let mut items = Vec::new();
            let mut wire = Wire::new(bytes);
            while let Some((field, value)) = wire.next()? {
                if let (1, Value::Bytes(value)) = (field, value)
                    && items.len() < MOST_READ_ITEMS
                {
                    items.push(match any(value)? {
                        Some(Any::Scalar(scalar)) => scalar,
                        other => Scalar::Text(Cow::Owned(json_text(other, longest)?)),
                    });
                }
            }
            AttributeValue::Array(items)
        }
    }))
}

fn json_text(value: Option<Any<'_>>, longest: usize) -> Result<String, String> {
    let mut out = String::new();
    json(value, if longest == 0 { usize::MAX } else { longest }, 0, &mut out)?;
    Ok(out)
}

/// A value as JSON: keys of maps in order, bytes in base64, numbers that JSON does not have as texts. Nothing is
/// added behind `longest` bytes, where it is cut anyway.
fn json(value: Option<Any<'_>>, longest: usize, depth: usize, out: &mut String) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("the value of an attribute is nested deeper than {MAX_DEPTH} levels"));
    }
    match value {
        None => out.push_str("null"),
        Some(Any::Scalar(Scalar::Text(text))) => quote(&text, out),
        Some(Any::Scalar(Scalar::Int(number))) => out.push_str(&number.to_string()),
        Some(Any::Scalar(Scalar::Bool(value))) => out.push_str(if value { "true" } else { "false" }),
        Some(Any::Scalar(Scalar::Float(number))) if number.is_finite() => out.push_str(&double(number)),
        Some(Any::Scalar(Scalar::Float(number))) => quote(&double(number), out),
        Some(Any::Array(bytes)) => {
            out.push('[');
            let mut is_first = true;
            let mut wire = Wire::new(bytes);
            while let Some((field, item)) = wire.next()? {
                if let (1, Value::Bytes(item)) = (field, item)
                    && out.len() <= longest
                {
                    if !std::mem::take(&mut is_first) {
                        out.push(',');
                    }
                    json(any(item)?, longest, depth + 1, out)?;
                }
            }
            out.push(']');
        }
        Some(Any::Map(bytes)) => {
            let mut pairs = Vec::new();
            let mut wire = Wire::new(bytes);
            while let Some((field, pair)) = wire.next()? {
                if let (1, Value::Bytes(pair)) = (field, pair)
                    && pairs.len() < MOST_READ_ITEMS
                {
                    pairs.push(key_value(pair)?);
                }
            }
            pairs.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (i, (key, value)) in pairs.into_iter().enumerate() {
                if out.len() > longest {
                    break;
                }
                if i > 0 {
                    out.push(',');
                }
                quote(&text(key), out);
                out.push(':');
                json(value.map(any).transpose()?.flatten(), longest, depth + 1, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}
