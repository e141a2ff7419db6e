//! The listeners of OTLP, apart from the main port.

mod grpc;
mod raw;
#[cfg(test)]
mod tests;

use crate::config::OtlpListener;
use crate::http::otlp::OtlpDoor;
use crate::http::{Api, otlp_router};
use crate::runtimes::Runtimes;
use crate::start::StartError;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

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

/// An address of OTLP's that was asked for and cannot be had.
pub(crate) fn taken(setting: &str, (address, error): &(SocketAddr, std::io::Error)) -> StartError {
    StartError::new(format!("cannot listen on {address} for OTLP"), error)
        .hint(format!("another program may have the port: set `{setting}` in phoenix.yaml to another address, or to `off`"))
}

/// Answers on OTLP's own addresses.
pub(crate) fn serve(runtimes: &Runtimes, api: &Api, grpc: Bound, http: Bound, door: &OtlpDoor, body_bytes: u64) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    if let Bound::Listening(listener) = grpc {
        let (door, end) = (door.clone(), api.shutdown.clone());
        tasks.push(runtimes.api().spawn(async move {
            if let Err(error) = grpc::serve(listener, door, body_bytes, end).await {
                tracing::error!(%error, "the server of OTLP over gRPC ended");
            }
        }));
    }
    if let Bound::Listening(listener) = http {
        let (app, end) = (otlp_router(api.clone(), door.clone()), api.shutdown.clone());
        tasks.push(runtimes.api().spawn(async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(async move { end.wait().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the server of OTLP over HTTP ended");
            }
        }));
    }
    tasks
}
