//! What a request says about its body, and the body without compression.

use super::PushLimits;
use crate::remote_write::Refusal;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use phoenix_model::{Budget, BudgetExceeded, Charge};
use std::borrow::Cow;
use std::io::Read;

/// How much is asked of the budget at a time while a body is unpacked.
const STEP_BYTES: usize = 256 << 10;

/// The largest window of zstd, as a power of two: 8 MiB, what RFC 8878 asks every reader to have.
const MOST_WINDOW_LOG: u32 = 23;

/// A request over HTTP, of a protocol that stands in its headers and its address.
#[derive(Debug, Clone, Copy)]
pub struct HttpBody<'a> {
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`
    pub content_encoding: Option<&'a str>,
    /// The bytes as they came.
    pub bytes: &'a [u8],
}

/// Which of Loki's addresses a body came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFormat {
    /// `/loki/api/v1/push`
    Current,
    /// `/api/prom/push`
    Legacy,
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct PushBody<'a> {
    /// Which address it came to.
    pub format: PushFormat,
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`
    pub content_encoding: Option<&'a str>,
    /// The bytes as they came.
    pub bytes: &'a [u8],
}

/// How a body's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Protobuf,
}

/// A body without compression, and what it takes from the budget.
pub(crate) struct Unpacked<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub charge: Charge,
}

/// The syntax that a `Content-Type` names: JSON, or else protobuf, as Loki does it.
pub(crate) fn syntax(content_type: Option<&str>) -> Syntax {
    let essence = content_type.unwrap_or("").split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") { Syntax::Json } else { Syntax::Protobuf }
}

/// Refusals of bodies, each with the reason that the metric gives.
pub(crate) type BodyRefusal = (&'static str, Refusal);

pub(crate) fn refusal(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into(), retry_after_seconds: None }
}

pub(crate) fn later(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into(), retry_after_seconds: Some(5) }
}

#[expect(clippy::needless_pass_by_value, reason = "given to `map_err`")]
pub(crate) fn busy(e: BudgetExceeded) -> BodyRefusal {
    ("busy", later(429, format!("too many requests are being read at once: {e}")))
}

/// Takes the compression off: `snappy` is a block without frames and only ever protobuf's;
/// `deflate` may come with zlib's header or without.
pub(crate) fn unpack<'a>(bytes: &'a [u8], encoding: Encoding, limits: &PushLimits, budget: &Budget) -> Result<Unpacked<'a>, BodyRefusal> {
    if encoding != Encoding::Identity && bytes.len() as u64 > limits.compressed_bytes {
        let message =
            format!("the request has {} bytes compressed, the limit is {}: send less at once", bytes.len(), limits.compressed_bytes);
        return Err(("body_size", refusal(413, message)));
    }
    match encoding {
        Encoding::Identity => {
            too_long(bytes.len(), limits)?;
            let charge = budget.charge(bytes.len() as u64).map_err(busy)?;
            Ok(Unpacked { bytes: Cow::Borrowed(bytes), charge })
        }
        Encoding::Snappy => {
            let broken = |e| ("body_format", refusal(400, format!("the body is not snappy: {e}")));
            let length = snap::raw::decompress_len(bytes).map_err(broken)?;
            too_long(length, limits)?;
            // What it becomes, and what is made of it.
            let charge = budget.charge(2 * length as u64).map_err(busy)?;
            let bytes = snap::raw::Decoder::new().decompress_vec(bytes).map_err(broken)?;
            Ok(Unpacked { bytes: Cow::Owned(bytes), charge })
        }
        Encoding::Gzip => inflate(MultiGzDecoder::new(bytes), "gzip", limits, budget.charge(0).map_err(busy)?),
        Encoding::Deflate if is_zlib(bytes) => inflate(ZlibDecoder::new(bytes), "deflate", limits, budget.charge(0).map_err(busy)?),
        Encoding::Deflate => inflate(DeflateDecoder::new(bytes), "deflate", limits, budget.charge(0).map_err(busy)?),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)
                .map_err(|e| ("body_format", refusal(400, format!("the body is not zstd: {e}"))))?;
            // A frame may ask for a window of up to 4 GiB.
            decoder.window_log_max(MOST_WINDOW_LOG).map_err(|e| ("body_format", refusal(400, format!("the body is not zstd: {e}"))))?;
            inflate(decoder, "zstd", limits, budget.charge(1 << MOST_WINDOW_LOG).map_err(busy)?)
        }
    }
}

fn too_long(length: usize, limits: &PushLimits) -> Result<(), BodyRefusal> {
    if length as u64 > limits.uncompressed_bytes {
        let message = format!(
            "the request has {length} bytes uncompressed, the limit of `limits.body_size` is {}: send less at once",
            limits.uncompressed_bytes
        );
        return Err(("body_size", refusal(413, message)));
    }
    Ok(())
}

/// RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [cmf, flags, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31))
}

fn inflate<'a>(mut reader: impl Read, name: &str, limits: &PushLimits, mut charge: Charge) -> Result<Unpacked<'a>, BodyRefusal> {
    let mut bytes = Vec::new();
    loop {
        charge.grow(2 * STEP_BYTES as u64).map_err(busy)?;
        let read = reader.by_ref().take(STEP_BYTES as u64).read_to_end(&mut bytes);
        let read = read.map_err(|e| ("body_format", refusal(400, format!("the body is not {name}: {e}"))))?;
        too_long(bytes.len(), limits)?;
        if read == 0 {
            return Ok(Unpacked { bytes: Cow::Owned(bytes), charge });
        }
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Snappy,
    Gzip,
    Deflate,
    Zstd,
}

impl Encoding {
    /// The encoding of a push: JSON as it is, with gzip or deflate; protobuf with snappy, said or not.
    pub(super) fn of_push(syntax: Syntax, header: Option<&str>) -> Result<Self, BodyRefusal> {
        match (syntax, header.unwrap_or("").trim()) {
            (Syntax::Json, "") | (_, "identity") => Ok(Self::Identity),
            (Syntax::Protobuf, "" | "snappy") => Ok(Self::Snappy),
            (Syntax::Json, "gzip") => Ok(Self::Gzip),
            (Syntax::Json, "deflate") => Ok(Self::Deflate),
            (_, other) => Err(unsupported(other)),
        }
    }

    /// The encoding of an OTLP request over HTTP.
    pub(crate) fn of_otlp(header: Option<&str>) -> Result<Self, BodyRefusal> {
        match header.unwrap_or("").trim() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "snappy" => Ok(Self::Snappy),
            "zstd" => Ok(Self::Zstd),
            other => Err(unsupported(other)),
        }
    }
}

fn unsupported(encoding: &str) -> BodyRefusal {
    let shown: String = encoding.chars().take(40).collect();
    ("body_format", refusal(400, format!("Content-Encoding {shown:?} not supported")))
}
