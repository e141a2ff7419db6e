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
use std::borrow::Cow;

/// Reads a request. Returns what is wrong with the bytes, in words.
pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut request = Wire { bytes };
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
    let mut stream = Wire { bytes };
    while let Some((field, value)) = stream.next()? {
        if let (1, Value::Bytes(text)) = (field, value) {
            labels = text;
            break;
        }
    }
    intake.begin_text(&String::from_utf8_lossy(labels));
    let mut stream = Wire { bytes };
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
    let mut entry = Wire { bytes };
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
    let mut timestamp = Wire { bytes };
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
    let mut pair = Wire { bytes };
    while let Some((field, part)) = pair.next()? {
        match (field, part) {
            (1, Value::Bytes(text)) => name = String::from_utf8_lossy(text),
            (2, Value::Bytes(text)) => value = String::from_utf8_lossy(text),
            _ => {}
        }
    }
    Ok((name, value))
}

/// The fields of a message, in their order.
struct Wire<'a> {
    bytes: &'a [u8],
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which no field that is read has.
    Fixed,
}

impl<'a> Wire<'a> {
    fn next(&mut self) -> Result<Option<(u64, Value<'a>)>, String> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                Value::Bytes(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            kind => return Err(format!("a field has wire type {kind}")),
        };
        if tag >> 3 == 0 {
            return Err("a field has number 0".to_owned());
        }
        Ok(Some((tag >> 3, value)))
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or("a number ends too early")?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number has more than ten bytes".to_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("a field ends behind its message")?;
        self.bytes = rest;
        Ok(taken)
    }
}
