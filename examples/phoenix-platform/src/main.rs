//! The sample service that the demo monitors: experiments that compare two pipelines over this host's processes, with
//! real traffic and with faults to inject.
//!
//! `phoenix-platform api` serves it; `controller`, `collector` and `secrets` take parts of it into processes of their
//! own; `exporter` tells of them what a cluster would; `load` sends requests, `fault` breaks something. A service of
//! one's own looks like this one: it depends on `phoenix-telemetry` and on nothing else of Phoenix.

mod admin;
mod api;
mod collector;
mod controller;
mod experiments;
mod exporter;
mod fault;
mod faults;
mod load;
mod pipelines;
mod secrets;
mod service;

use clap::{Args, Parser, Subcommand};
use controller::Plan;
use phoenix_telemetry::{Telemetry, TelemetryBuilder, TelemetryError};
use secrets::Store;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
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
        /// The process that brings experiments on, which needs a database that both know; without it this one does
        #[arg(long, requires = "database")]
        controller: Option<SocketAddr>,
        #[command(flatten)]
        secrets: StoreArguments,
        #[command(flatten)]
        plan: PlanArguments,
    },
    /// Bring the experiments of an API on, until interrupted
    Controller {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
        /// Tenants that may have experiments
        #[arg(long, default_value = "acme,globex", value_delimiter = ',')]
        tenants: Vec<String>,
        /// The API's PostgreSQL: postgres://user:password@host/database
        #[arg(long, env = "PHOENIX_PLATFORM_DATABASE", hide_env_values = true)]
        database: String,
        /// The collector that gives samples of the host's processes; without it they are read here
        #[arg(long)]
        collector: Option<SocketAddr>,
        #[command(flatten)]
        plan: PlanArguments,
    },
    /// Give samples of this host's processes to a controller, until interrupted
    Collector {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8082")]
        listen: SocketAddr,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
    },
    /// Keep a few secrets, which are made at the start, until interrupted
    Secrets {
        /// Where to listen for scrapes
        #[arg(long, default_value = "127.0.0.1:8083")]
        listen: SocketAddr,
        /// Where to listen for those who read secrets, by TLS
        #[arg(long, default_value = "127.0.0.1:8200")]
        tls: SocketAddr,
        /// Where the certificate of the authority is written that vouches for this store; it is made at each start
        #[arg(long)]
        ca_file: PathBuf,
        /// The token that readers have to carry
        #[arg(long, env = "PHOENIX_PLATFORM_SECRETS_TOKEN", hide_env_values = true)]
        secrets_token: String,
        /// Where traces go, by OTLP over gRPC: http://127.0.0.1:4317. Without it there are none
        #[arg(long)]
        otlp: Option<String>,
    },
    /// Tell of the platform's processes that have the same parent what a cluster tells of containers, until interrupted
    Exporter {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:8084")]
        listen: SocketAddr,
        /// A folder that is told as a volume, as NAMESPACE/CLAIM=PATH
        #[arg(long, value_parser = exporter::volume)]
        volume: Vec<exporter::Volume>,
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
        #[command(flatten)]
        secrets: StoreArguments,
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

/// What a controller is told.
#[derive(Args)]
struct PlanArguments {
    /// How long the pipelines of an experiment run
    #[arg(long, default_value = "30s", value_parser = duration)]
    run_for: Duration,
    /// Dollars a month for a thousand series, by which savings are estimated: an assumption, put in your own
    #[arg(long, default_value_t = 8.0)]
    price_per_1000_series: f64,
    /// Who is paid so much
    #[arg(long, default_value = "newrelic")]
    provider: String,
}

impl PlanArguments {
    fn plan(self, tenants: Vec<String>) -> Plan {
        Plan {
            run_for: self.run_for,
            price_per_1000_series_usd: self.price_per_1000_series,
            provider: self.provider.into(),
            node: rustix::system::uname().nodename().to_string_lossy().as_ref().into(),
            tenants: tenants.into_iter().map(Arc::from).collect(),
        }
    }
}

/// Where the API's token is kept.
#[derive(Args)]
struct StoreArguments {
    /// The secret store that has the API's token, instead of one that is given: 127.0.0.1:8200
    #[arg(long, requires = "secrets_ca", requires = "secrets_token", conflicts_with = "token")]
    secrets: Option<SocketAddr>,
    /// The certificate of the authority that vouches for the store
    #[arg(long)]
    secrets_ca: Option<PathBuf>,
    /// The token that opens the store
    #[arg(long, env = "PHOENIX_PLATFORM_SECRETS_TOKEN", hide_env_values = true)]
    secrets_token: Option<String>,
}

impl StoreArguments {
    fn store(self) -> Option<Store> {
        Some(Store { address: self.secrets?, ca_file: self.secrets_ca?, token: self.secrets_token? })
    }
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
        Command::Api { listen, otlp, token, tenants, database, controller, secrets, plan } => {
            let plan = plan.plan(tenants);
            api::serve(api::Settings { listen, otlp, token, database, controller, secrets: secrets.store(), plan }).await
        }
        Command::Controller { listen, otlp, tenants, database, collector, plan } => {
            let plan = plan.plan(tenants);
            controller::serve(controller::Settings { listen, otlp, database, collector, plan }).await
        }
        Command::Collector { listen, otlp } => collector::serve(listen, otlp.as_deref()).await,
        Command::Secrets { listen, tls, ca_file, secrets_token, otlp } => {
            secrets::serve(secrets::Settings { listen, tls, ca_file, token: secrets_token, otlp }).await
        }
        Command::Exporter { listen, volume } => exporter::serve(listen, volume).await,
        Command::Load { target, otlp, token, secrets, rate, day } => {
            load::run(target, otlp.as_deref(), token, secrets.store(), rate, day).await
        }
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
