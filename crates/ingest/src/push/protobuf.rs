//! Loki's `logproto.PushRequest`, read from its wire format without copies.
//! <https://protobuf.dev/programming-guides/encoding/>
//!
//! ```text
//! PushRequest { repeated Stream streams = 1 }
//! Stream      { string labels = 1, repeated Entry entries = 2, uint64 hash = 3 }
//! Entry       { Timestamp timestamp = 1, string line = 2, repeated Pair structuredMetadata = 3 }
//! Timestamp   { int64 seconds = 1, int32 nanos = 2 }
//! Pair        { string name = 1, string value = 2 }
//! ```

use super::Intake;
use crate::wire::{Value, Wire};
use std::borrow::Cow;

/// Reads a request. Returns what is wrong with the bytes, in words.
pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut request = Wire::new(bytes);
    while let Some((field, value)) = request.next()? {
        if let (1, Value::Bytes(stream)) = (field, value) {
            read_stream(stream, intake)?;
        }
    }
    Ok(())
}

fn read_stream(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    // The labels come first from all known writers, and may stand behind the entries.
    let mut labels: &[u8] = b"";
    let mut stream = Wire::new(bytes);
    while let Some((field, value)) = stream.next()? {
        if let (1, Value::Bytes(text)) = (field, value) {
            labels = text;
            break;
        }
    }
    intake.begin_text(&String::from_utf8_lossy(labels));
    let mut stream = Wire::new(bytes);
    while let Some((field, value)) = stream.next()? {
        if let (2, Value::Bytes(entry)) = (field, value) {
            read_entry(entry, intake)?;
        }
    }
    Ok(())
}

fn read_entry(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut timestamp_ns = 0;
    let mut line: &[u8] = b"";
    let mut entry = Wire::new(bytes);
    intake.clear_metadata();
    while let Some((field, value)) = entry.next()? {
        match (field, value) {
            (1, Value::Bytes(timestamp)) => timestamp_ns = read_timestamp(timestamp)?,
            (2, Value::Bytes(text)) => line = text,
            (3, Value::Bytes(pair)) => {
                let (name, value) = read_pair(pair)?;
                intake.add_metadata(&name, &value);
            }
            _ => {}
        }
    }
    intake.entry(timestamp_ns, &String::from_utf8_lossy(line));
    Ok(())
}

fn read_timestamp(bytes: &[u8]) -> Result<i64, String> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    let mut timestamp = Wire::new(bytes);
    while let Some((field, value)) = timestamp.next()? {
        match (field, value) {
            (1, Value::Varint(number)) => seconds = number as i64,
            (2, Value::Varint(number)) => nanos = i64::from(number as i32),
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

fn read_pair(bytes: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), String> {
    let (mut name, mut value) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut pair = Wire::new(bytes);
    while let Some((field, part)) = pair.next()? {
        match (field, part) {
            (1, Value::Bytes(text)) => name = String::from_utf8_lossy(text),
            (2, Value::Bytes(text)) => value = String::from_utf8_lossy(text),
            _ => {}
        }
    }
    Ok((name, value))
}
