//! The listeners of OTLP, apart from the main port.

mod grpc;
#[cfg(test)]
mod tests;

pub(crate) use grpc::serve as serve_grpc;

use crate::config::OtlpListener;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What became of a listener's address.
#[derive(Debug)]
pub(crate) enum Bound {
    /// It is turned off.
    Off,
    /// Listening.
    Listening(TcpListener),
    /// A default address that cannot be had: Phoenix goes on without, and says so.
    Without(String),
}

impl Bound {
    /// What is to be told about it.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::Without(problem) => Some(problem.clone()),
            Self::Off | Self::Listening(_) => None,
        }
    }
}

/// Takes a listener's address. An address that somebody wrote and that cannot be had is an error.
pub(crate) async fn bind(setting: &str, listener: OtlpListener) -> Result<Bound, (SocketAddr, std::io::Error)> {
    let Some(address) = listener.address else { return Ok(Bound::Off) };
    match TcpListener::bind(address).await {
        Ok(listening) => Ok(Bound::Listening(listening)),
        Err(error) if listener.named => Err((address, error)),
        Err(error) => Ok(Bound::Without(format!(
            "OTLP is not received on {address} ({error}): set `{setting}` in phoenix.yaml to another address, or to `off`"
        ))),
    }
}
