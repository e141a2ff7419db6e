//! Values of attributes as text.

use crate::push::label_name;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use std::borrow::Cow;

/// A value as text, as the collector writes it: text as it stands, lists and maps as JSON, bytes in
/// base64. `None` for a value that says nothing.
pub(super) fn text(value: &AnyValue) -> Option<Cow<'_, str>> {
    Some(match value.value.as_ref()? {
        Value::StringValue(text) => Cow::Borrowed(text),
        Value::BoolValue(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Value::IntValue(number) => Cow::Owned(number.to_string()),
        Value::DoubleValue(number) => Cow::Owned(double(*number)),
        Value::BytesValue(bytes) => Cow::Owned(base64(bytes)),
        Value::ArrayValue(_) | Value::KvlistValue(_) => {
            let mut out = String::new();
            json(value, &mut out);
            Cow::Owned(out)
        }
        // An index into a table that requests for logs and metrics don't have.
        Value::StringValueStrindex(_) => return None,
    })
}

pub(crate) fn double(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && size.is_finite() && !(1e-6..1e21).contains(&size) { format!("{number:e}") } else { format!("{number}") }
}

fn json(value: &AnyValue, out: &mut String) {
    match &value.value {
        Some(Value::ArrayValue(array)) => {
            out.push('[');
            for (i, item) in array.values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                json(item, out);
            }
            out.push(']');
        }
        Some(Value::KvlistValue(list)) => {
            let mut pairs: Vec<&KeyValue> = list.values.iter().collect();
            pairs.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (i, pair) in pairs.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quote(&pair.key, out);
                out.push(':');
                match &pair.value {
                    Some(value) => json(value, out),
                    None => out.push_str("null"),
                }
            }
            out.push('}');
        }
        Some(Value::BoolValue(_) | Value::IntValue(_)) => out.push_str(&text(value).unwrap_or_default()),
        Some(Value::DoubleValue(number)) if number.is_finite() => out.push_str(&double(*number)),
        None | Some(Value::StringValueStrindex(_)) => out.push_str("null"),
        Some(_) => quote(&text(value).unwrap_or_default(), out),
    }
}

pub(crate) fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            (u32::from(chunk[0]) << 16) | (chunk.get(1).map_or(0, |b| u32::from(*b)) << 8) | chunk.get(2).map_or(0, |b| u32::from(*b));
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Lower-case hexadecimal digits, as trace and span ids are written.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Attributes as names and texts, with maps taken apart: `{"a": {"b": 1}}` is `a_b`. Names are such
/// as LogQL can write. At most `most_bytes` together: names within maps repeat those around them.
pub(super) struct Flat {
    pub(super) pairs: Vec<(String, String)>,
    bytes: usize,
    most_bytes: usize,
}

impl Flat {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { pairs: Vec::new(), bytes: 0, most_bytes }
    }

    /// Adds an attribute. The one that exceeds the limit is still added, so that it shows.
    pub(super) fn add(&mut self, name: &str, value: &AnyValue) {
        if self.bytes > self.most_bytes {
            return;
        }
        if let Some(Value::KvlistValue(list)) = &value.value {
            for pair in &list.values {
                if let Some(value) = &pair.value {
                    self.add(&format!("{name}_{}", pair.key), value);
                }
            }
        } else if let Some(value) = text(value) {
            self.bytes += name.len() + value.len();
            self.pairs.push((label_name(name).into_owned(), value.into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::{ArrayValue, KeyValueList};

    fn any(value: Value) -> AnyValue {
        AnyValue { value: Some(value) }
    }

    fn pair(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(any(value)), key_strindex: 0 }
    }

    #[test]
    fn values_as_text() {
        let list = Value::KvlistValue(KeyValueList {
            values: vec![
                pair("z", Value::IntValue(1)),
                pair(
                    "a",
                    Value::ArrayValue(ArrayValue { values: vec![any(Value::StringValue("q\"".into())), any(Value::DoubleValue(1.0))] }),
                ),
            ],
        });
        for (value, want) in [
            (Value::StringValue("x".into()), "x"),
            (Value::BoolValue(true), "true"),
            (Value::IntValue(-7), "-7"),
            (Value::DoubleValue(1.5), "1.5"),
            (Value::DoubleValue(100.0), "100"),
            (Value::DoubleValue(1e21), "1e21"),
            (Value::BytesValue(b"any carnal pleas".to_vec()), "YW55IGNhcm5hbCBwbGVhcw=="),
            (Value::BytesValue(vec![]), ""),
            (list, r#"{"a":["q\"",1],"z":1}"#),
        ] {
            assert_eq!(text(&any(value)).unwrap(), want);
        }
        assert_eq!(text(&AnyValue { value: None }), None);
    }

    #[test]
    fn maps_are_taken_apart_within_bounds() {
        let inner = Value::KvlistValue(KeyValueList { values: vec![pair("b.c", Value::IntValue(1)), pair("d", Value::IntValue(2))] });
        let mut flat = Flat::new(100);
        flat.add("a", &any(inner.clone()));
        assert_eq!(flat.pairs, [("a_b_c".to_owned(), "1".to_owned()), ("a_d".to_owned(), "2".to_owned())]);
        let mut small = Flat::new(3);
        small.add("a", &any(inner));
        assert_eq!(small.pairs.len(), 1);
    }
}
