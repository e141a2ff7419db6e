//! Spans of protocols that have tags where OTLP has fields of its own.

use super::intake::{Head, Intake, Packer};
use phoenix_model::traces::{AttributeValue, Attributes, LinkRef, SpanId, TraceId};
use std::borrow::Cow;

/// Tags of one span that are looked at; those behind count as left out.
const MOST_TAGS: usize = 4096;

/// The tags of a span, before what some of them mean is taken out.
#[derive(Debug, Default)]
pub(super) struct Tags<'a> {
    tags: Vec<(Cow<'a, str>, AttributeValue<'a>)>,
    left_out: u32,
}

impl<'a> Tags<'a> {
    pub(super) fn push(&mut self, key: Cow<'a, str>, value: AttributeValue<'a>) {
        if self.tags.len() < MOST_TAGS {
            self.tags.push((key, value));
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&AttributeValue<'a>> {
        self.tags.iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }

    /// The text of a tag, if it is one.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            AttributeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Takes a tag out.
    pub(super) fn take(&mut self, key: &str) -> Option<AttributeValue<'a>> {
        let at = self.tags.iter().position(|(other, _)| other == key)?;
        Some(self.tags.remove(at).1)
    }

    /// Takes a tag out; its text, which is empty for one that is no text.
    pub(super) fn take_text(&mut self, key: &str) -> Option<Cow<'a, str>> {
        Some(match self.take(key)? {
            AttributeValue::Text(text) => text,
            _ => Cow::Borrowed(""),
        })
    }

    /// Takes out the tags whose keys are wanted.
    pub(super) fn take_all(&mut self, is_wanted: impl Fn(&str) -> bool) -> Vec<(Cow<'a, str>, AttributeValue<'a>)> {
        self.tags.extract_if(.., |(key, _)| is_wanted(key)).collect()
    }

    /// Renames a tag, unless there is one of the new name.
    pub(super) fn rename(&mut self, from: &str, to: &'static str) {
        if self.get(to).is_none()
            && let Some((key, _)) = self.tags.iter_mut().find(|(key, _)| key == from)
        {
            *key = Cow::Borrowed(to);
        }
    }

    /// Packs them all.
    pub(super) fn pack(&self, packer: &mut Packer<'_, '_>) {
        for (key, value) in &self.tags {
            packer.add(key, value.clone());
        }
        if self.left_out > 0 {
            packer.leave_out(self.left_out);
        }
    }
}

/// An event before it is packed.
#[derive(Debug, Default)]
pub(super) struct ForeignEvent<'a> {
    pub(super) time_ns: i64,
    pub(super) name: Cow<'a, str>,
    pub(super) tags: Tags<'a>,
}

/// Another span that a span names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) is_child_of: bool,
}

/// A span with everything in its place.
#[derive(Debug, Default)]
pub(super) struct ForeignSpan<'a> {
    pub(super) head: Head,
    pub(super) name: Cow<'a, str>,
    pub(super) status_message: Cow<'a, str>,
    pub(super) trace_state: Cow<'a, str>,
    pub(super) tags: Tags<'a>,
    pub(super) events: Vec<ForeignEvent<'a>>,
    pub(super) links: Vec<Reference>,
}

impl ForeignSpan<'_> {
    /// Puts the span into the write.
    pub(super) fn put(&self, resource: usize, scope: usize, intake: &mut Intake<'_>) -> Result<(), String> {
        if !intake.begin(resource, scope, &self.head, &self.name)? {
            return Ok(());
        }
        intake.status_message(&self.status_message);
        intake.trace_state(&self.trace_state);
        intake.attributes(|packer| {
            self.tags.pack(packer);
            Ok(())
        })?;
        for (number, event) in self.events.iter().enumerate() {
            intake.event(number, event.time_ns, &event.name, 0, |packer| {
                event.tags.pack(packer);
                Ok(())
            })?;
        }
        for (number, link) in self.links.iter().enumerate() {
            let kind = if link.is_child_of { "child_of" } else { "follows_from" };
            let link = LinkRef {
                trace_id: link.trace_id,
                span_id: link.span_id,
                trace_state: "",
                attributes: Attributes::EMPTY,
                flags: 0,
                dropped_attributes: 0,
            };
            intake.link(number, &link, |packer| {
                packer.add("opentracing.ref_type", AttributeValue::Text(Cow::Borrowed(kind)));
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// An id of 8 or 16 bytes as one of 16; `None` for other lengths.
pub(super) fn trace_id(bytes: &[u8]) -> Option<TraceId> {
    let mut id = [0; 16];
    match bytes.len() {
        8 => id[8..].copy_from_slice(bytes),
        16 => id.copy_from_slice(bytes),
        _ => return None,
    }
    Some(TraceId(id))
}

/// An id of 8 bytes; `None` for other lengths.
pub(super) fn span_id(bytes: &[u8]) -> Option<SpanId> {
    bytes.try_into().ok().map(SpanId)
}
