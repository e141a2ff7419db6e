//! Packs attributes, as many and as long as the limits allow.

use super::Changes;
use crate::traces::limits::TraceLimits;
use phoenix_model::traces::{AttributeValue, AttributesBuilder, Scalar};
use std::borrow::Cow;

/// Values within an array, whatever the limit on bytes.
const MOST_ITEMS: usize = 1024;
/// How many values of an array are looked at: one more than is kept, so that it shows.
pub(in super::super) const MOST_READ_ITEMS: usize = MOST_ITEMS + 1;

/// Packs attributes within the limits.
pub(in super::super) struct Packer<'p, 'b> {
    builder: &'p mut AttributesBuilder<'b>,
    limits: &'p TraceLimits,
    changes: &'p mut Changes,
    number: usize,
    pub(super) left_out: u32,
}

impl<'p, 'b> Packer<'p, 'b> {
    pub(super) fn new(builder: &'p mut AttributesBuilder<'b>, limits: &'p TraceLimits, changes: &'p mut Changes) -> Self {
        Self { builder, limits, changes, number: 0, left_out: 0 }
    }

    /// The limits that hold.
    pub(in super::super) fn limits(&self) -> &'p TraceLimits {
        self.limits
    }

    /// Whether there is room for another; if not, one more counts as left out.
    pub(in super::super) fn has_room(&mut self) -> bool {
        self.number += 1;
        let has_room = self.number <= self.limits.max_attributes;
        if !has_room {
            self.left_out = self.left_out.saturating_add(1);
            self.changes.left_out[0] += 1;
        }
        has_room
    }

    /// Counts attributes that never came this far.
    pub(in super::super) fn leave_out(&mut self, number: u32) {
        self.left_out = self.left_out.saturating_add(number);
        self.changes.left_out[0] += u64::from(number);
    }

    /// Adds an attribute for which [`Packer::has_room`] said yes.
    #[inline]
    pub(in super::super) fn put(&mut self, key: &str, value: AttributeValue<'_>) {
        let key = self.shortened(key);
        match value {
            AttributeValue::Text(text) => {
                let text = self.shortened(&text);
                self.builder.push(key, &AttributeValue::Text(Cow::Borrowed(text)));
            }
            AttributeValue::Array(items) => {
                let items = self.shortened_array(items);
                self.builder.push(key, &AttributeValue::Array(items));
            }
            other => self.builder.push(key, &other),
        }
    }

    /// Adds an attribute if there is room.
    pub(in super::super) fn add(&mut self, key: &str, value: AttributeValue<'_>) {
        if self.has_room() {
            self.put(key, value);
        }
    }

    #[inline]
    fn shortened<'t>(&mut self, text: &'t str) -> &'t str {
        let (text, is_cut) = self.limits.cut(text);
        self.changes.cut += u64::from(is_cut);
        text
    }

    /// The items at the front of an array that are within the limit on bytes together.
    fn shortened_array<'a>(&mut self, mut items: Vec<Scalar<'a>>) -> Vec<Scalar<'a>> {
        let most = if self.limits.max_attribute_bytes == 0 { usize::MAX } else { self.limits.max_attribute_bytes };
        let mut bytes = 0;
        let mut within = |item: &Scalar<'_>| {
            bytes += match item {
                Scalar::Text(text) => text.len(),
                Scalar::Bool(_) => 1,
                Scalar::Int(_) | Scalar::Float(_) => 8,
            };
            bytes <= most
        };
        let kept = items.iter().take(MOST_ITEMS).take_while(|item| within(item)).count();
        if kept < items.len() {
            self.changes.cut += 1;
            items.truncate(kept);
        }
        items
    }
}
