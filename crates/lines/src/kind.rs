//! The kinds of variables.

use crate::moment::Spelling;
use crate::{hex, number};
use std::fmt;

/// What a variable is, and with it how its text is made from what a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `<int>`: decimal digits without leading zeros; the number itself. A sign is static text.
    Int,
    /// `<dec>`: `12.345`; mantissa and number of digits behind the point, `mantissa << 4 | digits`.
    Decimal,
    /// `<ip>`: an IPv4 address; its 32 bits.
    Ip,
    /// `<time:LAYOUT>`: a moment; nanoseconds since the Unix epoch, or since midnight without a day.
    Time(Spelling),
    /// `<hex32>`: lower-case hexadecimal digits, that many; half as many bytes.
    Hex(u8),
    /// `<uuid>`: a UUID in lower case; 16 bytes.
    Uuid,
    /// `<text>`: a text without `"`, backslash and control characters. Unless it stands between
    /// two `"`, it has none of ` ,;&)]}'|<>=` either.
    Text,
    /// `<escaped>`: what stands between two `"` and is not a [`Kind::Text`].
    Escaped,
    /// `<literal>`: `true`, `false` or `null`, in JSON.
    Literal,
    /// `<raw>`: the rest of the line, not taken apart.
    Raw,
}

/// Which columns hold a kind of variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// `n0…`: [`crate::Columns::numbers`].
    Numbers,
    /// `h0…`: [`crate::Columns::hex`].
    Hex,
    /// `t0…`: [`crate::Columns::texts`].
    Texts,
}

/// A variable of a pattern and where its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variable {
    /// What it is.
    pub kind: Kind,
    /// The number of its column among those of [`Kind::store`].
    pub slot: u8,
}

/// Lengths of hexadecimal ids that are taken as bytes; only even ones.
pub(crate) const HEX_DIGITS: std::ops::RangeInclusive<usize> = 8..=64;

impl Kind {
    /// Which columns hold it.
    pub fn store(self) -> Store {
        match self {
            Self::Int | Self::Decimal | Self::Ip | Self::Time(_) => Store::Numbers,
            Self::Hex(_) | Self::Uuid => Store::Hex,
            Self::Text | Self::Escaped | Self::Literal | Self::Raw => Store::Texts,
        }
    }

    /// How many bytes a value takes in a hexadecimal column; zero for other kinds.
    pub fn hex_bytes(self) -> usize {
        match self {
            Self::Hex(digits) => usize::from(digits) / 2,
            Self::Uuid => 16,
            _ => 0,
        }
    }

    /// Reads a placeholder, without its angle brackets.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "int" => Self::Int,
            "dec" => Self::Decimal,
            "ip" => Self::Ip,
            "uuid" => Self::Uuid,
            "text" => Self::Text,
            "escaped" => Self::Escaped,
            "literal" => Self::Literal,
            "raw" => Self::Raw,
            _ => {
                if let Some(layout) = name.strip_prefix("time:") {
                    Self::Time(Spelling::parse(layout)?)
                } else {
                    let digits = number::parse_int(name.strip_prefix("hex")?.as_bytes())? as usize;
                    (HEX_DIGITS.contains(&digits) && digits.is_multiple_of(2)).then_some(Self::Hex(digits as u8))?
                }
            }
        })
    }

    /// What the text of an integer or a decimal is when it is read as a number, to the last bit;
    /// `None` for other kinds, and where a division would not give that.
    pub fn number(self, value: i64) -> Option<f64> {
        let (mantissa, digits) = match self {
            Self::Int => (value, 0),
            Self::Decimal => number::decimal_parts(value),
            _ => return None,
        };
        // Both are exact as floats, and the quotient of exact floats is rounded once, as reading is.
        (mantissa.unsigned_abs() < 1 << 53).then(|| mantissa as f64 / 10_f64.powi(digits as i32))
    }

    /// Writes the text of a number of a kind that [`Store::Numbers`] holds.
    #[inline]
    pub(crate) fn push_number(self, out: &mut Vec<u8>, value: i64) {
        match self {
            Self::Int => number::push_int(out, value),
            Self::Decimal => number::push_decimal(out, value),
            Self::Ip => number::push_ip(out, value),
            Self::Time(spelling) => spelling.push(out, value),
            _ => {}
        }
    }

    /// How many bytes [`Kind::push_number`] writes.
    pub(crate) fn number_len(self, value: i64) -> usize {
        match self {
            Self::Int => number::int_len(value),
            Self::Decimal => number::decimal_len(value),
            Self::Ip => number::ip_len(value),
            Self::Time(spelling) => spelling.len(value),
            _ => 0,
        }
    }

    /// Writes the text of the bytes of a kind that [`Store::Hex`] holds.
    #[inline]
    pub(crate) fn push_hex(self, out: &mut Vec<u8>, bytes: &[u8]) {
        if self == Self::Uuid { hex::encode_uuid(bytes, out) } else { hex::encode(bytes, out) }
    }

    /// How many bytes [`Kind::push_hex`] writes.
    pub(crate) fn hex_len(self) -> usize {
        match self {
            Self::Hex(digits) => usize::from(digits),
            Self::Uuid => hex::UUID_LEN,
            _ => 0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("<int>"),
            Self::Decimal => f.write_str("<dec>"),
            Self::Ip => f.write_str("<ip>"),
            Self::Time(spelling) => write!(f, "<time:{spelling}>"),
            Self::Hex(digits) => write!(f, "<hex{digits}>"),
            Self::Uuid => f.write_str("<uuid>"),
            Self::Text => f.write_str("<text>"),
            Self::Escaped => f.write_str("<escaped>"),
            Self::Literal => f.write_str("<literal>"),
            Self::Raw => f.write_str("<raw>"),
        }
    }
}
