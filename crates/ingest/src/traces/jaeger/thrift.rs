//! Jaeger's `Batch` in Thrift's binary protocol, as clients send it over HTTP.
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md> and
//! <https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift>
//!
//! ```text
//! Batch   { 1: Process process, 2: list<Span> spans }
//! Process { 1: string serviceName, 2: list<Tag> tags }
//! Span    { 1: i64 traceIdLow, 2: i64 traceIdHigh, 3: i64 spanId, 4: i64 parentSpanId, 5: string operationName,
//!           6: list<SpanRef> references, 7: i32 flags, 8: i64 startTime, 9: i64 duration, 10: list<Tag> tags, 11: list<Log> logs }
//! SpanRef { 1: SpanRefType refType, 2: i64 traceIdLow, 3: i64 traceIdHigh, 4: i64 spanId }
//! Tag     { 1: string key, 2: TagType vType, 3: string vStr, 4: double vDouble, 5: bool vBool, 6: i64 vLong, 7: binary vBinary }
//! Log     { 1: i64 timestamp, 2: list<Tag> fields }
//! ```
//!
//! Ids are big-endian, times microseconds. The process may stand behind the spans, so the batch is
//! gone through twice.

use super::super::attributes::text;
use super::super::foreign::{ForeignEvent, Reference, Tags};
use super::super::intake::{Head, Intake};
use super::{JaegerSpan, Process};
use crate::otlp::value::base64;
use phoenix_model::traces::{AttributeValue, SpanId, TraceId};
use std::borrow::Cow;

/// How deep values that nobody reads may be nested.
const MAX_DEPTH: usize = 32;

const BOOL: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 4;
const I16: u8 = 6;
const I32: u8 = 8;
const I64: u8 = 10;
const BINARY: u8 = 11;
const STRUCT: u8 = 12;
const MAP: u8 = 13;
const SET: u8 = 14;
const LIST: u8 = 15;

/// Reads a batch.
pub(in super::super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut process = Process::default();
    let mut thrift = Thrift { bytes };
    thrift.fields(|thrift, field| match field {
        (1, STRUCT) => {
            process = thrift.process()?;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    if !thrift.bytes.is_empty() {
        return Err(format!("{} bytes stand behind the batch", thrift.bytes.len()));
    }
    let resource = process.resource(intake)?;
    Thrift { bytes }.fields(|thrift, field| match field {
        (2, LIST) => {
            thrift.list(|thrift| {
                let span = thrift.span()?;
                span.put(resource, intake)
            })?;
            Ok(true)
        }
        _ => Ok(false),
    })
}

struct Thrift<'a> {
    bytes: &'a [u8],
}

impl<'a> Thrift<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or("the batch ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or("the batch ends too early")?;
        self.bytes = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        self.fixed::<1>().map(|[byte]| byte)
    }

    fn i32(&mut self) -> Result<i32, String> {
        self.fixed().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, String> {
        self.fixed().map(i64::from_be_bytes)
    }

    /// A number of bytes or items, which is never negative.
    fn length(&mut self) -> Result<usize, String> {
        let length = self.i32()?;
        usize::try_from(length).map_err(|_| format!("a length is {length}"))
    }

    fn binary(&mut self) -> Result<&'a [u8], String> {
        let length = self.length()?;
        self.take(length)
    }

    fn text(&mut self) -> Result<Cow<'a, str>, String> {
        self.binary().map(text)
    }

    /// Goes through the fields of a struct. `read` gets number and type; `false` says that it did not read the field.
    fn fields(&mut self, mut read: impl FnMut(&mut Self, (i16, u8)) -> Result<bool, String>) -> Result<(), String> {
        loop {
            let kind = self.byte()?;
            if kind == 0 {
                return Ok(());
            }
            let number = i16::from_be_bytes(self.fixed()?);
            if !read(self, (number, kind))? {
                self.skip(kind, 0)?;
            }
        }
    }

    /// Goes through a list of structs.
    fn list(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        let kind = self.byte()?;
        let number = self.length()?;
        if kind != STRUCT && number > 0 {
            return Err(format!("a list that should hold structs holds type {kind}"));
        }
        // Each takes at least a byte, so a wrong number ends with the batch.
        (0..number).try_for_each(|_| read(self))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("values are nested deeper than {MAX_DEPTH} levels"));
        }
        match kind {
            BOOL | BYTE => self.take(1).map(|_| ()),
            I16 => self.take(2).map(|_| ()),
            I32 => self.take(4).map(|_| ()),
            I64 | DOUBLE => self.take(8).map(|_| ()),
            BINARY => self.binary().map(|_| ()),
            STRUCT => loop {
                let kind = self.byte()?;
                if kind == 0 {
                    return Ok(());
                }
                self.take(2)?;
                self.skip(kind, depth + 1)?;
            },
            MAP => {
                let (key, value) = (self.byte()?, self.byte()?);
                let number = self.length()?;
                (0..number).try_for_each(|_| {
                    self.skip(key, depth + 1)?;
                    self.skip(value, depth + 1)
                })
            }
            SET | LIST => {
                let kind = self.byte()?;
                let number = self.length()?;
                (0..number).try_for_each(|_| self.skip(kind, depth + 1))
            }
            kind => Err(format!("a value has the unknown type {kind}")),
        }
    }

    fn process(&mut self) -> Result<Process<'a>, String> {
        let mut process = Process::default();
        self.fields(|thrift, field| {
            match field {
                (1, BINARY) => process.service = thrift.text()?,
                (2, LIST) => thrift.tags(&mut process.tags)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(process)
    }

    fn span(&mut self) -> Result<JaegerSpan<'a>, String> {
        let before = self.bytes.len();
        let mut span = JaegerSpan::default();
        let (mut low, mut high, mut id, mut parent) = (0, 0, 0, 0);
        self.fields(|thrift, field| {
            match field {
                (1, I64) => low = thrift.i64()?,
                (2, I64) => high = thrift.i64()?,
                (3, I64) => id = thrift.i64()?,
                (4, I64) => parent = thrift.i64()?,
                (5, BINARY) => span.0.name = thrift.text()?,
                (6, LIST) => thrift.list(|thrift| {
                    let reference = thrift.reference()?;
                    span.push_reference(reference);
                    Ok(())
                })?,
                (8, I64) => span.0.head.start_ns = thrift.i64()?.saturating_mul(1000),
                (9, I64) => span.0.head.duration_ns = thrift.i64()?.saturating_mul(1000),
                (10, LIST) => thrift.tags(&mut span.0.tags)?,
                (11, LIST) => thrift.list(|thrift| {
                    let log = thrift.log()?;
                    span.push_log(log);
                    Ok(())
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        span.0.head = Head {
            trace_id: Some(trace_id(high, low)),
            span_id: Some(SpanId(id.to_be_bytes())),
            parent_id: Some(SpanId(parent.to_be_bytes())),
            size_bytes: before - self.bytes.len(),
            ..span.0.head
        };
        Ok(span)
    }

    fn reference(&mut self) -> Result<Reference, String> {
        let (mut low, mut high, mut id, mut is_child_of) = (0, 0, 0, true);
        self.fields(|thrift, field| {
            match field {
                (1, I32) => is_child_of = thrift.i32()? == 0,
                (2, I64) => low = thrift.i64()?,
                (3, I64) => high = thrift.i64()?,
                (4, I64) => id = thrift.i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Reference { trace_id: trace_id(high, low), span_id: SpanId(id.to_be_bytes()), is_child_of })
    }

    fn log(&mut self) -> Result<ForeignEvent<'a>, String> {
        let mut log = ForeignEvent::default();
        self.fields(|thrift, field| {
            match field {
                (1, I64) => log.time_ns = thrift.i64()?.saturating_mul(1000),
                (2, LIST) => thrift.tags(&mut log.tags)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(log)
    }

    fn tags(&mut self, tags: &mut Tags<'a>) -> Result<(), String> {
        self.list(|thrift| {
            let mut key = Cow::Borrowed("");
            let mut kind = 0;
            let (mut words, mut float, mut truth, mut int, mut binary): (_, f64, bool, i64, &[u8]) =
                (Cow::Borrowed(""), 0.0, false, 0, b"");
            thrift.fields(|thrift, field| {
                match field {
                    (1, BINARY) => key = thrift.text()?,
                    (2, I32) => kind = thrift.i32()?,
                    (3, BINARY) => words = thrift.text()?,
                    (4, DOUBLE) => float = f64::from_be_bytes(thrift.fixed()?),
                    (5, BOOL) => truth = thrift.byte()? != 0,
                    (6, I64) => int = thrift.i64()?,
                    (7, BINARY) => binary = thrift.binary()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            let value = match kind {
                0 => AttributeValue::Text(words),
                1 => AttributeValue::Float(float),
                2 => AttributeValue::Bool(truth),
                3 => AttributeValue::Int(int),
                4 => AttributeValue::Text(Cow::Owned(base64(binary))),
                kind => return Err(format!("a tag has the unknown type {kind}")),
            };
            tags.push(key, value);
            Ok(())
        })
    }
}

fn trace_id(high: i64, low: i64) -> TraceId {
    TraceId((u128::from(high as u64) << 64 | u128::from(low as u64)).to_be_bytes())
}
