//! Asking a target for its metrics, with limits on size on both sides of the compression.

use super::job::{FetchRules, Limit};
use super::target::Target;
use crate::exposition::{Format, accept_header, format_of};
use flate2::write::MultiGzDecoder;
use phoenix_http::{HttpClient, HttpError};
use phoenix_model::{Budget, Charge};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use std::io::Write;

/// A body as the target wrote it, with the memory it is charged for.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: Format,
    _charge: Charge,
}

/// Asks and reads the whole answer. The error is a sentence for the Targets page.
pub(crate) async fn fetch(client: &HttpClient, target: &Target, rules: &FetchRules, budget: &Budget) -> Result<Body, String> {
    let request = client
        .get(target.url.clone())
        .map_err(|e| e.to_string())?
        .header(ACCEPT, accept_header(&rules.protocols, rules.escaping))
        .header(ACCEPT_ENCODING, if rules.compression { "gzip" } else { "identity" })
        .header("X-Prometheus-Scrape-Timeout-Seconds", target.timeout.as_secs_f64().to_string());
    let mut response = client.send(request).await.map_err(|e| e.to_string())?;
    let status = response.status();
    if status != StatusCode::OK {
        return Err(format!("the target answered HTTP status {status}"));
    }
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let format = format_of(header(CONTENT_TYPE), rules.fallback).map_err(|e| e.to_string())?;
    let encoding = header(CONTENT_ENCODING).unwrap_or("identity").to_ascii_lowercase();
    let store = Bounded::new(rules.body_size_limit, budget)?;
    let mut decoder = match encoding.as_str() {
        "gzip" | "x-gzip" => Decoder::Gzip(Box::new(MultiGzDecoder::new(store))),
        "identity" | "" => Decoder::Plain(store),
        other => return Err(format!("the target sends Content-Encoding {other:?}, which was not asked for")),
    };
    let mut wire_bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(|e| HttpError::from_request(e).to_string())? {
        wire_bytes += chunk.len() as u64;
        if rules.body_size_limit.is_exceeded_by(wire_bytes) {
            return Err(too_long(rules.body_size_limit));
        }
        decoder.write(&chunk)?;
    }
    let store = decoder.finish()?;
    Ok(Body { bytes: store.bytes, format, _charge: store.charge })
}

fn too_long(limit: Limit) -> String {
    format!("the body is longer than {} bytes, the limit of `{}`", limit.max, limit.name)
}

enum Decoder {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Decoder {
    fn write(&mut self, chunk: &[u8]) -> Result<(), String> {
        match self {
            Self::Plain(store) => store.take(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk).map_err(|e| decoder.get_ref().explain(&e)),
        }
    }

    fn finish(self) -> Result<Bounded, String> {
        match self {
            Self::Plain(store) => Ok(store),
            Self::Gzip(mut decoder) => {
                decoder.try_finish().map_err(|e| decoder.get_ref().explain(&e))?;
                decoder.finish().map_err(|e| format!("the body is not gzip: {e}"))
            }
        }
    }
}

/// Bytes that grow up to a limit, each charged before it is kept.
struct Bounded {
    bytes: Vec<u8>,
    limit: Limit,
    charge: Charge,
    failure: Option<String>,
}

impl Bounded {
    fn new(limit: Limit, budget: &Budget) -> Result<Self, String> {
        let charge = budget.charge(0).map_err(|e| e.to_string())?;
        Ok(Self { bytes: Vec::new(), limit, charge, failure: None })
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), String> {
        let length = (self.bytes.len() + chunk.len()) as u64;
        if self.limit.is_exceeded_by(length) {
            return Err(too_long(self.limit));
        }
        self.charge.grow(chunk.len() as u64).map_err(|e| format!("too many bodies are being read at once: {e}"))?;
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The limit that was hit, or else what the decoder says.
    fn explain(&self, error: &std::io::Error) -> String {
        self.failure.clone().unwrap_or_else(|| format!("the body is not gzip: {error}"))
    }
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> std::io::Result<usize> {
        self.take(chunk).map_err(|reason| {
            self.failure = Some(reason);
            std::io::Error::other("limit")
        })?;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
