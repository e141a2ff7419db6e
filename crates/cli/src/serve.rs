//! `phoenix serve`.

use crate::args::Serve;
use crate::exit::{CANNOT_START, Failure};
use phoenix_env::{RealClock, RealDisk};
use phoenix_server::own_logs::OwnLogs;
use phoenix_server::{ServeOptions, Server, StartError};
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) fn run(arguments: &Serve, json_output: bool) -> Result<(), Failure> {
    let own_logs = OwnLogs::new(RealClock::shared());
    log_to_stderr_and(&arguments.log, &own_logs)?;
    let options = ServeOptions {
        own_logs: Some(own_logs),
        config: arguments.config.clone(),
        data_dir: arguments.data_dir.clone(),
        listen: arguments.listen,
        ..ServeOptions::default()
    };
    let server = Server::start(options, RealClock::shared(), RealDisk::shared()).map_err(start_failure)?;
    if json_output {
        println!("{}", json!({"url": server.url(), "data_dir": server.data_dir()}));
    } else {
        let url = server.url();
        println!("Phoenix is ready: {url}");
        println!("  Data folder   {}", server.data_dir().display());
        println!("  Send metrics  scrape them in: add a target to the Prometheus config named in phoenix.yaml");
        println!("                push them in:   Prometheus remote write to {url}/api/v1/write, or OTLP");
        println!("  Send logs     push them in:   Loki's clients to {url}/loki/api/v1/push, or OTLP");
        println!("                read them:      name a Promtail config under `logs.config` in phoenix.yaml");
        println!("  Alerts from another Prometheus: {url}/api/v2/alerts");
    }
    server.run_until_signal();
    Ok(())
}

/// Sends the log to standard error, and keeps it among the logs.
pub(crate) fn log_to_stderr_and(filter: &str, own_logs: &OwnLogs) -> Result<(), Failure> {
    let to_stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(log_filter(filter)?).with(to_stderr).with(own_logs.layer()).init();
    Ok(())
}

fn log_filter(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(filter).map_err(|e| {
        Failure::new(2, format!("`{filter}` is not a log filter")).caused_by(e).hint("write it as `info` or `phoenix_ingest=debug,info`")
    })
}

/// The server's reason for not starting, as a failed command.
pub(crate) fn start_failure(error: StartError) -> Failure {
    let mut failure = Failure::new(CANNOT_START, error.message).diagnostics(error.diagnostics);
    for cause in error.causes {
        failure = failure.caused_by(cause);
    }
    match error.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
