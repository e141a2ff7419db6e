//! How resources, scopes, events and links stand in columns.

use crate::table::encoding::{Input, put_signed, put_varint};
use phoenix_model::traces::{Attributes, Events, ResourceRef, ScopeRef};

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn take_text<'a>(input: &mut Input<'a>) -> Option<&'a str> {
    let length = usize::try_from(input.varint()?).ok()?;
    std::str::from_utf8(input.bytes(length)?).ok()
}

/// Schema, attributes that were left out, attributes.
pub(super) fn put_resource(out: &mut Vec<u8>, resource: &ResourceRef<'_>) {
    put_text(out, resource.schema_url);
    put_varint(out, u64::from(resource.dropped_attributes));
    out.extend_from_slice(resource.attributes.as_bytes());
}

pub(super) fn take_resource(bytes: &[u8]) -> Option<ResourceRef<'_>> {
    let mut input = Input::new(bytes);
    let schema_url = take_text(&mut input)?;
    let dropped_attributes = u32::try_from(input.varint()?).ok()?;
    Some(ResourceRef { attributes: Attributes::checked(input.rest())?, schema_url, dropped_attributes })
}

/// Name, version, schema, attributes that were left out, attributes.
pub(super) fn put_scope(out: &mut Vec<u8>, scope: &ScopeRef<'_>) {
    for text in [scope.name, scope.version, scope.schema_url] {
        put_text(out, text);
    }
    put_varint(out, u64::from(scope.dropped_attributes));
    out.extend_from_slice(scope.attributes.as_bytes());
}

pub(super) fn take_scope(bytes: &[u8]) -> Option<ScopeRef<'_>> {
    let mut input = Input::new(bytes);
    let (name, version, schema_url) = (take_text(&mut input)?, take_text(&mut input)?, take_text(&mut input)?);
    let dropped_attributes = u32::try_from(input.varint()?).ok()?;
    Some(ScopeRef { name, version, attributes: Attributes::checked(input.rest())?, schema_url, dropped_attributes })
}

/// Events as [`Events`] packs them, but with their times after the span's start in a signed varint.
pub(super) fn put_events(out: &mut Vec<u8>, events: Events<'_>, start_ns: i64) {
    for event in events.iter() {
        put_signed(out, event.time_ns.wrapping_sub(start_ns));
        put_text(out, event.name);
        put_varint(out, u64::from(event.dropped_attributes));
        put_varint(out, event.attributes.as_bytes().len() as u64);
        out.extend_from_slice(event.attributes.as_bytes());
    }
}

/// Puts events as [`Events`] packs them.
pub(super) fn restore_events(bytes: &[u8], start_ns: i64, out: &mut Vec<u8>) -> Option<()> {
    let mut input = Input::new(bytes);
    while !input.rest().is_empty() {
        out.extend(start_ns.wrapping_add(input.signed()?).to_le_bytes());
        let before = input.rest();
        take_text(&mut input)?;
        input.varint()?;
        let length = usize::try_from(input.varint()?).ok()?;
        Attributes::checked(input.bytes(length)?)?;
        out.extend_from_slice(&before[..before.len() - input.rest().len()]);
    }
    Some(())
}

/// The numbers of what the sender left out.
pub(super) fn put_dropped(out: &mut Vec<u8>, dropped: [u32; 3]) {
    for count in dropped {
        put_varint(out, u64::from(count));
    }
}

pub(super) fn take_dropped(bytes: &[u8]) -> Option<[u32; 3]> {
    let mut input = Input::new(bytes);
    let mut next = || u32::try_from(input.varint()?).ok();
    Some([next()?, next()?, next()?])
}
