//! The sample service that the demo monitors: a small experiments API with real traffic.
//!
//! `phoenix-platform api` serves it, `phoenix-platform load` sends it requests. A service of one's
//! own looks like this one: it depends on `phoenix-telemetry` and on nothing else of Phoenix.

mod api;
mod load;

use clap::{Parser, Subcommand};
use phoenix_telemetry::{Telemetry, TelemetryBuilder, TelemetryError};
use std::net::SocketAddr;

/// A sample service with the metrics of the monitoring strategy.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the experiments API and /metrics until interrupted
    Api {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
    },
    /// Send requests to the API until interrupted; only to addresses of this machine
    Load {
        /// The API's address
        #[arg(long, default_value = "127.0.0.1:8080")]
        target: SocketAddr,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
        /// Requests per second, at most 1000
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        rate: u32,
    },
}

/// The telemetry of one of the services. What the environment says counts before `otlp`.
fn telemetry(service: &str, otlp: Option<&str>) -> Result<Telemetry, TelemetryError> {
    let builder = Telemetry::builder(service).version(env!("CARGO_PKG_VERSION"));
    otlp.into_iter().fold(builder, TelemetryBuilder::endpoint).init()
}

/// Waits for the wish that the process end, so that what its telemetry holds is sent first.
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Arguments::parse().command {
        Command::Api { listen, otlp } => api::serve(listen, otlp.as_deref()).await,
        Command::Load { target, otlp, rate } => load::run(target, otlp.as_deref(), rate).await,
    }
}
