//! The section `otlp`: where OTLP is received.

use super::settings::{check_listen, parse_listen};
use phoenix_model::{Diagnostic, Source, Span};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where OTLP is received, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpSettings {
    /// OTLP over gRPC.
    pub grpc: OtlpListener,
    /// OTLP over HTTP, beside the paths on the main port.
    pub http: OtlpListener,
}

/// One address of OTLP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtlpListener {
    /// `None` when it is off.
    pub address: Option<SocketAddr>,
    /// Whether somebody wrote it. A default address that is taken does not keep Phoenix from starting.
    pub named: bool,
}

/// Addresses, or `off`.
#[derive(Debug, Default)]
pub(super) enum Otlp {
    #[default]
    Default,
    Off,
    Addresses(RawOtlp),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawOtlp {
    grpc: Option<String>,
    http: Option<String>,
}

impl<'de> Deserialize<'de> for Otlp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OtlpVisitor;

        impl<'de> Visitor<'de> for OtlpVisitor {
            type Value = Otlp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off`, or a mapping with `grpc` and `http`")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Otlp, E> {
                Ok(if on { Otlp::Default } else { Otlp::Off })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Otlp, E> {
                match text {
                    text if is_off(text) => Ok(Otlp::Off),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Otlp, E> {
                Ok(Otlp::Default)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Otlp, A::Error> {
                RawOtlp::deserialize(MapAccessDeserializer::new(map)).map(Otlp::Addresses)
            }
        }

        deserializer.deserialize_any(OtlpVisitor)
    }
}

fn is_off(text: &str) -> bool {
    matches!(text, "off" | "false" | "no")
}

impl Otlp {
    pub(super) fn resolve(
        self,
        allow_unauthenticated_remote: bool,
        listen: SocketAddr,
        source: &Source,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> OtlpSettings {
        let raw = match self {
            Self::Off => {
                let off = OtlpListener { address: None, named: true };
                return OtlpSettings { grpc: off, http: off };
            }
            Self::Default => RawOtlp::default(),
            Self::Addresses(raw) => raw,
        };
        let mut read = |key: &str, written: Option<&str>, port: u16| match written {
            None => OtlpListener { address: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)), named: false },
            Some(text) if is_off(text) => OtlpListener { address: None, named: true },
            Some(text) => {
                let path = format!("otlp.{key}");
                let span = phoenix_yaml::keys(source)
                    .into_iter()
                    .find(|k| k.path == path)
                    .map_or_else(Span::default, |k| k.scalar.unwrap_or(k.span));
                let address = match parse_listen(text) {
                    Ok(address) => {
                        if let Err((message, help)) = check_listen(address, allow_unauthenticated_remote) {
                            diagnostics.push(Diagnostic::error(source, span, message).with_help(help));
                        } else if address == listen && address.port() != 0 {
                            let message = format!("`{path}` is the address of `listen`");
                            let help = "OTLP over HTTP is served there too: set `otlp.http: off`, or choose another port";
                            diagnostics.push(Diagnostic::error(source, span, message).with_help(help));
                        }
                        Some(address)
                    }
                    Err(reason) => {
                        let message = format!("`{text}` is not an address to listen on: {reason}");
                        diagnostics
                            .push(Diagnostic::error(source, span, message).with_help(format!("write it as `127.0.0.1:{port}`, or `off`")));
                        None
                    }
                };
                OtlpListener { address, named: true }
            }
        };
        OtlpSettings { grpc: read("grpc", raw.grpc.as_deref(), 4317), http: read("http", raw.http.as_deref(), 4318) }
    }
}
