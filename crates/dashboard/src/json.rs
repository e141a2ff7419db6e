//! Reaching into JSON that may hold anything anywhere.

use serde_json::{Map, Value};

/// A JSON object; keys keep the order in which they were written.
pub(crate) type Object = Map<String, Value>;

/// Values of an object by kind. What is of another kind than asked for counts as missing.
pub(crate) trait Fields {
    /// A text.
    fn text(&self, key: &str) -> Option<&str>;
    /// A number, or a text that is one.
    fn number(&self, key: &str) -> Option<f64>;
    /// A whole number, or a text that is one.
    fn integer(&self, key: &str) -> Option<i64>;
    /// `true` and `false`, and the texts and numbers that older versions wrote for them.
    fn flag(&self, key: &str) -> Option<bool>;
    /// An object.
    fn object(&self, key: &str) -> Option<&Object>;
    /// An object, to change.
    fn object_mut(&mut self, key: &str) -> Option<&mut Object>;
    /// A list; an empty one when there is none.
    fn list(&self, key: &str) -> &[Value];
    /// A list, to change.
    fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Value>>;
    /// Whether there is anything but `null`.
    fn has(&self, key: &str) -> bool;
    /// Takes a value out; `null` counts as missing. The others keep their order.
    fn take(&mut self, key: &str) -> Option<Value>;
    /// Writes a value.
    fn put(&mut self, key: &str, value: impl Into<Value>);
    /// Writes a value where there is none, or `null`.
    fn put_missing(&mut self, key: &str, value: impl Into<Value>);
    /// The object at a key, put there when it is missing.
    fn make_object(&mut self, key: &str) -> &mut Object;
    /// The list at a key, put there when it is missing.
    fn make_list(&mut self, key: &str) -> &mut Vec<Value>;
}

impl Fields for Object {
    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<f64> {
        number(self.get(key)?)
    }

    fn integer(&self, key: &str) -> Option<i64> {
        integer(self.get(key)?)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    fn object(&self, key: &str) -> Option<&Object> {
        self.get(key)?.as_object()
    }

    fn object_mut(&mut self, key: &str) -> Option<&mut Object> {
        self.get_mut(key)?.as_object_mut()
    }

    fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn list_mut(&mut self, key: &str) -> Option<&mut Vec<Value>> {
        self.get_mut(key)?.as_array_mut()
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !value.is_null())
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.shift_remove(key).filter(|value| !value.is_null())
    }

    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.insert(key.to_owned(), value.into());
    }

    fn put_missing(&mut self, key: &str, value: impl Into<Value>) {
        if !self.has(key) {
            self.put(key, value);
        }
    }

    fn make_object(&mut self, key: &str) -> &mut Object {
        let slot = self.entry(key).or_insert_with(|| Value::Object(Object::new()));
        if !slot.is_object() {
            *slot = Value::Object(Object::new());
        }
        slot.as_object_mut().expect("it is one by now")
    }

    fn make_list(&mut self, key: &str) -> &mut Vec<Value> {
        let slot = self.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if !slot.is_array() {
            *slot = Value::Array(Vec::new());
        }
        slot.as_array_mut().expect("it is one by now")
    }
}

/// A number, or a text that is one; nothing that is not finite.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// A whole number, or a text that is one.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().filter(|n| n.abs() < 9e15).map(|n| n as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number as JSON: whole ones without a fraction.
pub(crate) fn plain(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 { Value::from(number as i64) } else { Value::from(number) }
}

/// How many lists and objects stand within each other.
pub(crate) fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(value, 1)];
    while let Some((value, level)) = waiting.pop() {
        match value {
            Value::Array(list) => waiting.extend(list.iter().map(|inner| (inner, level + 1))),
            Value::Object(object) => waiting.extend(object.values().map(|inner| (inner, level + 1))),
            _ => continue,
        }
        deepest = deepest.max(level);
    }
    deepest
}

/// Calls a function for every text within a value, but not for keys.
pub(crate) fn for_each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(list) => list.iter_mut().for_each(|inner| for_each_text(inner, change)),
        Value::Object(object) => object.values_mut().for_each(|inner| for_each_text(inner, change)),
        _ => {}
    }
}

/// Removes keys that mean nothing any more.
pub(crate) fn drop_keys(object: &mut Object, keys: &[&str]) {
    for key in keys {
        object.shift_remove(*key);
    }
}

/// A text in the characters that a uid may have, at most 40 of them.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if out.len() >= 40 {
            break;
        }
        if character.is_ascii_alphanumeric() || character == '_' {
            out.push(character.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}
