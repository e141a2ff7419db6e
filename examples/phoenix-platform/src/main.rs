//! The sample service that the demo monitors: experiments that compare two pipelines over this host's processes, with
//! real traffic and with faults to inject.
//!
//! `phoenix-platform api` serves it, `phoenix-platform load` sends it requests, `phoenix-platform fault` breaks it. A
//! service of one's own looks like this one: it depends on `phoenix-telemetry` and on nothing else of Phoenix.

mod api;
mod controller;
mod experiments;
mod fault;
mod faults;
mod load;
mod pipelines;

use clap::{Parser, Subcommand};
use controller::Plan;
use phoenix_telemetry::{Telemetry, TelemetryBuilder, TelemetryError};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

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
        /// The token that requests to the API have to carry; without it none is needed
        #[arg(long, env = "PHOENIX_PLATFORM_TOKEN", hide_env_values = true)]
        token: Option<String>,
        /// Tenants that may have experiments; the first is whose an experiment is when it does not say
        #[arg(long, default_value = "acme,globex", value_delimiter = ',')]
        tenants: Vec<String>,
        /// The PostgreSQL that keeps the experiments: postgres://user:password@host/database. Without it they are kept in
        /// memory
        #[arg(long, env = "PHOENIX_PLATFORM_DATABASE", hide_env_values = true)]
        database: Option<String>,
        /// How long the pipelines of an experiment run
        #[arg(long, default_value = "30s", value_parser = duration)]
        run_for: Duration,
        /// Dollars a month for a thousand series, by which savings are estimated: an assumption, put in your own
        #[arg(long, default_value_t = 8.0)]
        price_per_1000_series: f64,
        /// Who is paid so much
        #[arg(long, default_value = "newrelic")]
        provider: String,
    },
    /// Send requests to the API until interrupted; only to addresses of this machine
    Load {
        /// The API's address
        #[arg(long, default_value = "127.0.0.1:8080")]
        target: SocketAddr,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
        /// The token of the API
        #[arg(long, env = "PHOENIX_PLATFORM_TOKEN", hide_env_values = true)]
        token: Option<String>,
        /// Requests per second, at most 1000
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        rate: u32,
        /// How long a day takes in which the rate falls to a third and rises again; without it, it stays as it is
        #[arg(long, value_parser = duration)]
        day: Option<Duration>,
    },
    /// Begin or end a fault of the API on this machine; without a name, list them
    Fault {
        /// Which one
        name: Option<String>,
        /// How long it lasts
        #[arg(long = "for", default_value = "5m", value_parser = duration)]
        lasting: Duration,
        /// End it
        #[arg(long)]
        end: bool,
        /// The API's address
        #[arg(long, default_value = "127.0.0.1:8080")]
        target: SocketAddr,
    },
}

/// A whole number with `s`, `m` or `h`, from a second to a day.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration such as 30s, 5m or 1h, up to 24h");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    seconds.filter(|seconds| (1..=86_400).contains(seconds)).map(Duration::from_secs).ok_or_else(wrong)
}

/// Load and faults are for this machine only.
fn on_loopback(target: SocketAddr) -> Result<(), String> {
    if target.ip().is_loopback() { Ok(()) } else { Err(format!("{target} is not an address of this machine; only loopback is spoken to")) }
}

/// The client's TLS library wants a provider even for plain HTTP.
fn install_tls() {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
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
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        Command::Api { listen, otlp, token, tenants, database, run_for, price_per_1000_series, provider } => {
            let node = rustix::system::uname().nodename().to_string_lossy().as_ref().into();
            let plan = Plan { run_for, price_per_1000_series_usd: price_per_1000_series, provider: provider.into(), node };
            api::serve(api::Settings { listen, otlp, token, tenants, database, plan }).await
        }
        Command::Load { target, otlp, token, rate, day } => load::run(target, otlp.as_deref(), token, rate, day).await,
        Command::Fault { name, lasting, end, target } => fault::run(target, name.as_deref(), lasting, end).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, want) in [("1s", Some(1)), ("5m", Some(300)), ("24h", Some(86_400)), ("25h", None), ("0s", None)] {
            assert_eq!(duration(text).ok(), want.map(Duration::from_secs), "{text}");
        }
        for bad in ["", "s", "5", "m5", "-1s", "1.5h", "99999999999999999999h", "9999999999999999999h", "5µ"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_command_line_is_whole() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
