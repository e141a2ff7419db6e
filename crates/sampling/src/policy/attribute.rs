//! Policies about the attributes of spans and of their resources.

use super::Verdict;
use crate::trace::TraceSpans;
use phoenix_model::traces::{AttributeValue, Attributes};
use regex::Regex;

/// `numeric_attribute`: a span or a resource has a number in this range, both ends included.
#[derive(Debug, Clone)]
pub struct NumericRange {
    /// The attribute.
    pub key: String,
    /// At least; `None`: no such end.
    pub min_value: Option<i64>,
    /// At most; `None`: no such end.
    pub max_value: Option<i64>,
    /// Whether no span and no resource may have one.
    pub invert_match: bool,
}

/// `string_attribute`: a span or a resource has one of these texts.
#[derive(Debug, Clone)]
pub struct TextMatch {
    /// The attribute.
    pub key: String,
    /// The texts, where they are not patterns.
    pub values: Vec<String>,
    /// Patterns in the place of `values`; one of them is found somewhere in the text.
    pub patterns: Option<Vec<Regex>>,
    /// Whether no span and no resource may have one.
    pub invert_match: bool,
}

impl NumericRange {
    pub(super) fn evaluate(&self, trace: &TraceSpans<'_>) -> Verdict {
        let found = any(trace, |attributes| match attributes.get(&self.key) {
            Some(AttributeValue::Int(value)) => {
                self.min_value.is_none_or(|min| value >= min) && self.max_value.is_none_or(|max| value <= max)
            }
            Some(AttributeValue::Float(value)) => {
                self.min_value.is_none_or(|min| value >= min as f64) && self.max_value.is_none_or(|max| value <= max as f64)
            }
            _ => false,
        });
        Verdict::from(found != self.invert_match)
    }
}

impl TextMatch {
    pub(super) fn evaluate(&self, trace: &TraceSpans<'_>) -> Verdict {
        let found = any(trace, |attributes| {
            let Some(text) = attributes.text(&self.key).filter(|text| !text.is_empty()) else { return false };
            match &self.patterns {
                Some(patterns) => patterns.iter().any(|pattern| pattern.is_match(text)),
                None => self.values.iter().any(|value| value == text),
            }
        });
        Verdict::from(found != self.invert_match)
    }
}

/// Whether this is true of the attributes of a span or of a resource.
pub(super) fn any<'a>(trace: &TraceSpans<'a>, mut holds: impl FnMut(Attributes<'a>) -> bool) -> bool {
    // Spans of a resource come one after the other mostly.
    let mut seen = None;
    trace.iter().any(|span| {
        let of_resource = seen.replace(span.resource) != Some(span.resource) && holds(trace.resource(&span));
        of_resource || holds(span.attributes)
    })
}
