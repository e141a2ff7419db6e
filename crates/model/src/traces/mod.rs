//! Spans, their attributes, what a reader asks of a store of spans, and what it is given.
//!
//! The nouns are OpenTelemetry's. Times are nanoseconds since the Unix epoch as `i64`, durations
//! nanoseconds as `i64`. A range of time holds its start and not its end.

mod attributes;
mod events;
mod select;
mod span;
mod write;

pub use attributes::{Attribute, AttributeValue, Attributes, AttributesBuilder, Scalar};
pub use events::{EventRef, Events, LinkRef, Links};
pub use select::{
    ColumnValues, Compare, Intrinsic, Scope, SpanBatch, SpanColumn, SpanCondition, SpanField, SpanPredicate, SpanRows, SpanSelect,
    SpanStats, SpanTime, SpanValue, SpanVisitor, TagName, TraceInfo,
};
pub use span::{ResourceRef, ScopeRef, SpanRecord, SpanRef};
pub use write::TraceWrite;

use std::fmt;

/// The id of a trace: 16 bytes as on the wire, not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TraceId(pub [u8; 16]);

/// The id of a span: 8 bytes as on the wire. All zero as a parent's id says that there is no parent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SpanId(pub [u8; 8]);

impl TraceId {
    /// Reads the hexadecimal form. As Tempo does, shorter texts are padded with zeros on the left;
    /// `None` for other characters, for the empty text, and for more than 32 characters.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// Whether all bytes are zero, which no trace's id may be.
    pub fn is_zero(self) -> bool {
        self.0 == [0; 16]
    }
}

impl SpanId {
    /// No span: what a root has as its parent.
    pub const NONE: Self = Self([0; 8]);

    /// Reads the hexadecimal form, padded with zeros on the left.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// Whether all bytes are zero.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() || text.len() > 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (i, digit) in text.bytes().rev().enumerate() {
        let digit = char::from(digit).to_digit(16)? as u8;
        bytes[N - 1 - i / 2] |= digit << (4 * (i % 2));
    }
    Some(bytes)
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Lowercase hexadecimal, all digits.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Lowercase hexadecimal, all digits.
impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What role a span plays, with OTLP's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum SpanKind {
    /// Nobody said.
    #[default]
    Unspecified = 0,
    /// Within a service.
    Internal = 1,
    /// Answers a request.
    Server = 2,
    /// Makes a request.
    Client = 3,
    /// Sends a message.
    Producer = 4,
    /// Receives a message.
    Consumer = 5,
}

impl SpanKind {
    /// All kinds, by number.
    pub const ALL: [Self; 6] = [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer];

    /// TraceQL's word: `unspecified`, `internal`, `server`, `client`, `producer`, `consumer`.
    pub fn as_str(self) -> &'static str {
        ["unspecified", "internal", "server", "client", "producer", "consumer"][self as usize]
    }

    /// OTLP's number; numbers that OTLP does not know count as unspecified.
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number).copied()).unwrap_or_default()
    }
}

/// How a span ended, with OTLP's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum SpanStatus {
    /// Nobody said.
    #[default]
    Unset = 0,
    /// Said to be fine.
    Ok = 1,
    /// An error.
    Error = 2,
}

impl SpanStatus {
    /// All of them, by number.
    pub const ALL: [Self; 3] = [Self::Unset, Self::Ok, Self::Error];

    /// TraceQL's word: `unset`, `ok`, `error`.
    pub fn as_str(self) -> &'static str {
        ["unset", "ok", "error"][self as usize]
    }

    /// OTLP's number; numbers that OTLP does not know count as unset.
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number).copied()).unwrap_or_default()
    }
}

/// What one kept span stands for: the inverse of the probability with which its trace was kept, from
/// the rejection threshold `th` in the entry `ot` of W3C's `tracestate`; 1 if there is none or it
/// can't be understood.
///
/// <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>
pub fn sampling_weight(trace_state: &str) -> f64 {
    let threshold = || {
        let entry = trace_state.split(',').find_map(|entry| entry.trim().strip_prefix("ot="))?;
        let digits = entry.split(';').find_map(|value| value.strip_prefix("th:"))?;
        if digits.is_empty() || digits.len() > 14 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        // Zeros at the end are left out of the 14 digits.
        Some(u64::from_str_radix(digits, 16).ok()? << (4 * (14 - digits.len())))
    };
    let all = (1_u64 << 56) as f64;
    threshold().map_or(1.0, |threshold| all / (all - threshold as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_people_write_them() {
        assert_eq!(TraceId::from_hex("1f").unwrap().to_string(), "0000000000000000000000000000001f");
        assert_eq!(TraceId::from_hex("0AF7651916CD43DD8448EB211C80319C").unwrap().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(SpanId::from_hex("b7ad6b7169203331").unwrap().0[0], 0xb7);
        for bad in ["", "x", "0af7651916cd43dd8448eb211c80319c0", "0x1f"] {
            assert_eq!(TraceId::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_kept_span_stands_for_those_that_were_not() {
        for (trace_state, want) in [
            ("", 1.0),
            ("ot=th:0", 1.0),
            ("ot=th:8", 2.0),
            ("a=b,ot=rv:123;th:c", 4.0),
            ("ot=th:e6666666666666", 10.0),
            ("ot=th:x", 1.0),
            ("ot=th:", 1.0),
            ("ot=th:123456789abcdef", 1.0),
            ("other=th:8", 1.0),
        ] {
            assert!((sampling_weight(trace_state) - want).abs() < 1e-9, "{trace_state}");
        }
    }
}
