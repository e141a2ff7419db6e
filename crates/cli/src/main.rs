//! The `phoenix` command.

mod args;
mod check;
mod client;
mod demo;
mod draw;
mod exit;
mod import;
mod incident;
mod query;
mod serve;
mod test_notify;
mod test_pipeline;
mod test_sampling;

use args::{Arguments, Command};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// `phoenix` alone is `phoenix serve`: it heeds the environment as that does.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    serve: args::Serve,
}

fn main() -> ExitCode {
    // The one TLS provider of the process; an error would mean that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let json = arguments.json;
    let result = match arguments.command {
        None => serve::run(&Alone::parse_from(["phoenix"]).serve, json),
        Some(Command::Serve(serve)) => serve::run(&serve, json),
        Some(Command::Demo(demo)) => demo::run(&demo, json),
        Some(Command::Check(check)) => check::run(&check, json),
        Some(Command::Import(args::Import { action: args::ImportAction::Grafana(grafana) })) => import::run(&grafana, json),
        Some(Command::Query(query)) => query::run(&query, json),
        Some(Command::Incident(incident)) => incident::run(&incident, json),
        Some(Command::TestNotify(test)) => test_notify::run(&test, json),
        Some(Command::Test(args::Test { action: args::TestAction::Pipeline(test) })) => test_pipeline::run(&test, json),
        Some(Command::Test(args::Test { action: args::TestAction::Sampling(test) })) => test_sampling::run(&test, json),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Arguments::command(), "phoenix", &mut std::io::stdout());
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(json);
            ExitCode::from(failure.code)
        }
    }
}
