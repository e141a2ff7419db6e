//! Probes from outside: does a server answer, how fast, with what, and until when is its certificate valid?
//!
//! Modules are configured as in the file of Prometheus' blackbox_exporter, and the metrics have its names
//! and meanings, so that jobs, rules and dashboards written for it need nothing but another address.
//! HTTP and TCP, each with TLS, are probed. Modules with the probers `dns`, `icmp` and `grpc` are read and
//! not acting.
//!
//! A probe has one time limit for everything, follows at most ten redirects and keeps at most
//! [`MAX_MATCHED_BYTES`] of a body; at most [`MAX_PROBES`] run at once.

mod certificate;
mod config;
mod exposition;
mod http;
mod resolve;
mod run;
mod tcp;
mod tls;

pub use config::{HeaderMatch, HttpProbe, IpProtocol, Module, Pattern, ProbeConfig, Prober, QueryResponse, TcpProbe, is_probe_config};
pub use exposition::CONTENT_TYPE;
pub use run::{Answer, MAX_PROBES, ProbeError, Probes, Request};

/// How much of a body is kept to be matched against regular expressions, in bytes. What is behind is only counted.
pub const MAX_MATCHED_BYTES: usize = 8 << 20;
