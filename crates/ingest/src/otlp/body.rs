//! Requests and answers of OTLP over HTTP.

use crate::push::body::{BodyRefusal, Encoding, Unpacked, refusal, unpack};
use crate::push::{HttpBody, PushLimits};
use crate::remote_write::Refusal;
use phoenix_model::{Budget, Charge};
use prost::Message;
use serde::de::DeserializeOwned;

/// How much larger than its bytes a decoded request may be, beside the bytes themselves.
const DECODED_FACTOR: u64 = 5;

/// How requests and their answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtlpSyntax {
    /// `application/x-protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// An answer with status 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpAnswer {
    /// How it is written.
    pub syntax: OtlpSyntax,
    /// The body.
    pub bytes: Vec<u8>,
}

/// `google.rpc.Status`, as far as it is written.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl OtlpSyntax {
    /// The syntax that a `Content-Type` names. `None` for one that OTLP does not have (status 415).
    pub fn of(content_type: Option<&str>) -> Option<Self> {
        let essence = content_type.unwrap_or("application/x-protobuf").split(';').next().unwrap_or("").trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/x-protobuf" => Some(Self::Protobuf),
            _ => None,
        }
    }

    /// The `Content-Type` of answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    /// The body of an answer with another status than 200: a `google.rpc.Status`.
    pub fn status(self, refusal: &Refusal) -> Vec<u8> {
        let code = grpc_code(refusal.status);
        match self {
            Self::Protobuf => Status { code, message: refusal.message.clone() }.encode_to_vec(),
            Self::Json => serde_json::json!({"code": code, "message": refusal.message}).to_string().into_bytes(),
        }
    }

    /// The answer to a request of which `rejected` items are not stored. `items` is the name of their
    /// number in JSON; `message` is empty when there is nothing to say.
    pub(crate) fn answer(self, response: &impl Message, items: &str, rejected: i64, message: &str) -> OtlpAnswer {
        let bytes = match self {
            Self::Protobuf => response.encode_to_vec(),
            Self::Json if message.is_empty() => b"{}".to_vec(),
            // 64-bit numbers are strings in the JSON of protobuf.
            Self::Json => {
                serde_json::json!({"partialSuccess": {items: rejected.to_string(), "errorMessage": message}}).to_string().into_bytes()
            }
        };
        OtlpAnswer { syntax: self, bytes }
    }
}

/// The code of gRPC that says what a status of HTTP says.
pub(super) fn grpc_code(status: u16) -> i32 {
    match status {
        400 | 413 | 415 | 422 => 3,
        404 => 12,
        429 => 8,
        503 => 14,
        _ => 13,
    }
}

/// Reads a request. The charges are for as long as it is in memory.
pub(super) fn read<T: Message + Default + DeserializeOwned>(
    body: HttpBody<'_>,
    limits: &PushLimits,
    budget: &Budget,
) -> Result<(T, OtlpSyntax, Charge), BodyRefusal> {
    let Some(syntax) = OtlpSyntax::of(body.content_type) else {
        let shown: String = body.content_type.unwrap_or("").chars().take(100).collect();
        let message = format!("expected Content-Type \"application/x-protobuf\" or \"application/json\", found {shown:?}");
        return Err(("body_format", refusal(415, message)));
    };
    let unpacked = unpack(body.bytes, Encoding::of_otlp(body.content_encoding)?, limits, budget)?;
    let Unpacked { bytes, mut charge } = unpacked;
    charge.grow(DECODED_FACTOR * bytes.len() as u64).map_err(crate::push::body::busy)?;
    let bad = |e: &dyn std::fmt::Display| ("body_format", refusal(400, format!("the body is not a request of OTLP: {e}")));
    let request = match syntax {
        OtlpSyntax::Protobuf => T::decode(&*bytes).map_err(|e| bad(&e))?,
        OtlpSyntax::Json => serde_json::from_slice(&bytes).map_err(|e| bad(&e))?,
    };
    Ok((request, syntax, charge))
}
