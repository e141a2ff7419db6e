//! JSON into the wire format of protobuf, by a schema.
//! <https://protobuf.dev/programming-guides/json/>, with OTLP's ids in hexadecimal digits:
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>
//!
//! Keys may be written in camel case or with underscores, whole numbers as numbers or as strings,
//! members of enumerations by number or by name. Keys that the schema does not have are skipped, and
//! `null` is as if the key was not there. What comes out is at most about twice as long as what goes
//! in, and strings without escapes are copied once.

mod scalars;
mod schema;
mod wire;

pub(super) use schema::{OTLP, ZIPKIN};

use crate::scan::Scanner;
use scalars::{from_base64, hex, is_key, padded_hex, whole};
use std::net::IpAddr;
use wire::{put_bytes, put_number, put_tag, within};

/// How deep messages may be nested.
const MAX_DEPTH: usize = 64;

/// A message: its fields, the frequent ones first.
#[derive(Debug)]
pub(super) struct Message {
    what: &'static str,
    fields: &'static [Field],
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    number: u32,
    kind: Kind,
    is_repeated: bool,
}

/// How a field is written.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// So many bytes in hexadecimal digits.
    Hex(usize),
    /// Bytes in hexadecimal digits, padded with zeros on the left to 8 or 16 bytes.
    PaddedHex,
    Base64,
    /// An IP address as people write it.
    Address,
    Bool,
    Number,
    Fixed64,
    Fixed32,
    Double,
    Enumeration(&'static [&'static str]),
    Message(&'static Message),
    /// An object whose values are strings, as entries of two fields.
    Map,
}

/// Puts a text in JSON into the wire format. Returns what was expected, and at which byte.
pub(super) fn to_wire(text: &str, message: &Message) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut writer = Writer::new(text);
    writer.message(message, 0, &mut out)?;
    writer.scanner.end()?;
    Ok(out)
}

/// As [`to_wire`], for a list of messages, which become field 1 of one around them.
pub(super) fn list_to_wire(text: &str, message: &'static Message) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut writer = Writer::new(text);
    let field = Field { name: "a list", number: 1, kind: Kind::Message(message), is_repeated: true };
    writer.values(&field, 0, &mut out)?;
    writer.scanner.end()?;
    Ok(out)
}

/// Messages that stand in a text one after the other, as people and exporters write them into files: ids may
/// be shorter than they should, and are padded with zeros on the left.
pub(super) struct Messages<'a> {
    writer: Writer<'a>,
    message: &'static Message,
}

impl<'a> Messages<'a> {
    pub(super) fn new(text: &'a str, message: &'static Message) -> Self {
        Self { writer: Writer { pads_ids: true, ..Writer::new(text) }, message }
    }

    /// The byte at which the next message begins; `None` behind the last.
    pub(super) fn start(&mut self) -> Option<usize> {
        let at = self.writer.scanner.at();
        self.writer.scanner.end().is_err().then_some(at)
    }

    /// The byte at which reading stands, which is about where a fault was found.
    pub(super) fn at(&mut self) -> usize {
        self.writer.scanner.at()
    }

    /// The next message in the wire format; `None` if it has no field that the schema knows.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        let mut out = Vec::new();
        self.writer.fields = 0;
        self.writer.message(self.message, 0, &mut out)?;
        Ok((self.writer.fields > 0).then_some(out))
    }
}

struct Writer<'a> {
    scanner: Scanner<'a>,
    buffer: String,
    /// Whether ids in hexadecimal digits may be shorter than they should.
    pads_ids: bool,
    /// Fields that the schema knows.
    fields: usize,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str) -> Self {
        Self { scanner: Scanner::new(text), buffer: String::new(), pads_ids: false, fields: 0 }
    }

    fn message(&mut self, message: &Message, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("messages are nested deeper than {MAX_DEPTH} levels at byte {}", self.scanner.at()));
        }
        self.scanner.expect(b'{', message.what)?;
        if self.scanner.close(b'}') {
            return Ok(());
        }
        loop {
            let key = self.scanner.string("a key")?;
            self.scanner.expect(b':', "`:`")?;
            // Keys that matter have no escapes.
            match message.fields.iter().find(|field| is_key(field.name, key.text())) {
                Some(_) if self.scanner.null() => {}
                Some(field) => {
                    self.fields += 1;
                    self.values(field, depth, out)?;
                }
                None => self.scanner.skip_value()?,
            }
            if !self.scanner.comma() {
                return self.scanner.expect(b'}', "`,` or `}`");
            }
        }
    }

    fn values(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if matches!(field.kind, Kind::Map) {
            return self.map(field, out);
        }
        if !field.is_repeated {
            return self.value(field, depth, out);
        }
        self.scanner.expect(b'[', field.name)?;
        if self.scanner.close(b']') {
            return Ok(());
        }
        loop {
            if !self.scanner.null() {
                self.value(field, depth, out)?;
            }
            if !self.scanner.comma() {
                return self.scanner.expect(b']', "`,` or `]`");
            }
        }
    }

    fn value(&mut self, field: &Field, depth: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let at = self.scanner.at();
        let wrong = |what: &str| format!("`{}` at byte {at} is not {what}", field.name);
        match field.kind {
            Kind::Text => {
                let text = self.scanner.string(field.name)?.decode(&mut self.buffer)?;
                put_bytes(field.number, text.as_bytes(), out);
            }
            // What is no id is put as one of a wrong length: it is the span that is refused.
            Kind::Hex(length) => {
                let text = self.scanner.string(field.name)?.text();
                let bytes = if self.pads_ids { padded_hex(text, length) } else { hex(text) };
                put_bytes(field.number, &bytes.unwrap_or(vec![0]), out);
            }
            Kind::PaddedHex => {
                let text = self.scanner.string(field.name)?.text();
                let bytes = padded_hex(text, if text.len() > 16 { 16 } else { 8 });
                put_bytes(field.number, &bytes.unwrap_or(vec![0]), out);
            }
            Kind::Base64 => {
                let text = self.scanner.string(field.name)?.decode(&mut self.buffer)?;
                let bytes = from_base64(text).ok_or_else(|| wrong("base64"))?;
                put_bytes(field.number, &bytes, out);
            }
            Kind::Address => {
                let text = self.scanner.string(field.name)?.text();
                // An address that is none is not worth a request.
                match text.parse() {
                    Ok(IpAddr::V4(address)) => put_bytes(field.number, &address.octets(), out),
                    Ok(IpAddr::V6(address)) => put_bytes(field.number, &address.octets(), out),
                    Err(_) => {}
                }
            }
            Kind::Bool => {
                let word = self.word(field.name)?;
                let value = match word.as_str() {
                    "true" => 1,
                    "false" => 0,
                    _ => return Err(wrong("`true` or `false`")),
                };
                put_number(field.number, value, out);
            }
            Kind::Number => {
                let number = whole(&self.word(field.name)?).ok_or_else(|| wrong("a whole number of 64 bits"))?;
                put_number(field.number, number, out);
            }
            Kind::Fixed64 => {
                let number = whole(&self.word(field.name)?).ok_or_else(|| wrong("a whole number of 64 bits"))?;
                put_tag(field.number, 1, out);
                out.extend(number.to_le_bytes());
            }
            Kind::Fixed32 => {
                let number = whole(&self.word(field.name)?).and_then(|number| u32::try_from(number).ok());
                put_tag(field.number, 5, out);
                out.extend(number.ok_or_else(|| wrong("a whole number of 32 bits"))?.to_le_bytes());
            }
            Kind::Double => {
                let word = self.word(field.name)?;
                let number = match word.as_str() {
                    "NaN" => f64::NAN,
                    "Infinity" => f64::INFINITY,
                    "-Infinity" => f64::NEG_INFINITY,
                    digits => serde_json::from_str(digits).map_err(|_| wrong("a number"))?,
                };
                put_tag(field.number, 1, out);
                out.extend(number.to_le_bytes());
            }
            Kind::Enumeration(names) => {
                let word = self.word(field.name)?;
                let number = names.iter().position(|name| *name == word).map(|number| number as u64).or_else(|| whole(&word));
                // A name that is new says nothing yet.
                put_number(field.number, number.unwrap_or(0), out);
            }
            Kind::Message(message) => within(field.number, out, |out| self.message(message, depth + 1, out))?,
            Kind::Map => {}
        }
        Ok(())
    }

    fn map(&mut self, field: &Field, out: &mut Vec<u8>) -> Result<(), String> {
        self.scanner.expect(b'{', field.name)?;
        if self.scanner.close(b'}') {
            return Ok(());
        }
        loop {
            let key = self.scanner.string("a key")?;
            self.scanner.expect(b':', "`:`")?;
            if !self.scanner.null() {
                within(field.number, out, |out| {
                    put_bytes(1, key.decode(&mut self.buffer)?.as_bytes(), out);
                    // Some clients write numbers and truth values as they are.
                    if self.scanner.is_string() {
                        put_bytes(2, self.scanner.string("a string")?.decode(&mut self.buffer)?.as_bytes(), out);
                    } else {
                        put_bytes(2, self.scanner.word("a string")?.as_bytes(), out);
                    }
                    Ok(())
                })?;
            }
            if !self.scanner.comma() {
                return self.scanner.expect(b'}', "`,` or `}`");
            }
        }
    }

    /// A number, truth value or name, with quotes or without.
    fn word(&mut self, what: &str) -> Result<String, String> {
        if self.scanner.is_string() {
            return Ok(self.scanner.string(what)?.text().to_owned());
        }
        self.scanner.word(what).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_has_an_end() {
        let deep = format!(
            "{}{}",
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":"#,
            r#"{"arrayValue":{"values":["#.repeat(200)
        );
        assert!(to_wire(&deep, &OTLP).unwrap_err().starts_with("messages are nested deeper than 64 levels"));
        let deep = format!(r#"{{"unknown":{}"#, "[".repeat(100_000));
        assert!(to_wire(&deep, &OTLP).unwrap_err().starts_with("values are nested deeper than 64 levels"));
    }

    #[test]
    fn faults_say_where() {
        for (text, want) in [
            ("", "expected a request of OTLP for traces, the text ends at byte 0"),
            ("{} {}", "expected the end, found '{' at byte 3"),
            (r#"{"resourceSpans":{}}"#, "expected resourceSpans, found '{' at byte 17"),
            (r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":7}]}]}]}"#, "expected name, found '7' at byte 51"),
            (
                r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"x"}]}]}]}"#,
                "`startTimeUnixNano` at byte 64 is not a whole number of 64 bits",
            ),
        ] {
            assert_eq!(to_wire(text, &OTLP).unwrap_err(), want, "{text}");
        }
    }
}
