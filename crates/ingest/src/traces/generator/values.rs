//! Attributes as labels.

use crate::push::label_name;
use phoenix_model::traces::{AttributeValue, Attributes};
use std::borrow::Cow;

/// The value of an attribute as a label has it; lists are left out.
pub(super) fn text(value: AttributeValue<'_>) -> Option<Cow<'_, str>> {
    Some(match value {
        AttributeValue::Text(text) => text,
        AttributeValue::Int(number) => Cow::Owned(number.to_string()),
        AttributeValue::Float(number) => Cow::Owned(number.to_string()),
        AttributeValue::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        AttributeValue::Array(_) => return None,
    })
}

/// The value of an attribute of the resource, or else of the span; empty if there is none.
pub(super) fn find<'a>(key: &str, resource: Attributes<'a>, span: Attributes<'a>) -> Cow<'a, str> {
    resource.get(key).or_else(|| span.get(key)).and_then(text).unwrap_or_default()
}

/// The first of several attributes that is there and not empty.
pub(super) fn first<'a>(keys: &[String], resource: Attributes<'a>, span: Attributes<'a>) -> Option<Cow<'a, str>> {
    keys.iter().map(|key| find(key, resource, span)).find(|value| !value.is_empty())
}

/// An attribute's name as that of a label; one that would take the place of a label that is always there
/// begins with two underscores.
pub(super) fn label(attribute: &str, taken: &[&str]) -> String {
    let name = label_name(attribute).into_owned();
    if taken.contains(&name.as_str()) { format!("__{name}") } else { name }
}
