//! One place that defines each command and flag; help and completions come from here.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Phoenix: metrics, rules, alerts, paging and incidents in one program.
///
/// Without a command it serves: it watches itself and this machine, loads starter rules and shows
/// the result on http://127.0.0.1:9090.
#[derive(Debug, Parser)]
#[command(
    name = "phoenix",
    version,
    after_help = "Exit codes: 0 done · 1 the answer is no (errors found, query failed) · 2 wrong usage · 3 the server can't be reached · 4 Phoenix can't start\n\nLearn more: phoenix help <command>"
)]
pub(crate) struct Arguments {
    /// Print results, and errors, as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until interrupted
    Serve(Serve),
    /// Show Phoenix watching real things, and what happens when one of them stops
    Demo(Demo),
    /// Check configuration and rule files without running them
    Check(Check),
    /// Bring in what other programs wrote
    Import(Import),
    /// Ask a running server
    Query(Query),
    /// List, acknowledge and resolve incidents on a running server
    Incident(Incident),
    /// Send one test message through a receiver, or to a person on call
    TestNotify(TestNotify),
    /// Try configuration on examples
    Test(Test),
    /// Print a completion script for a shell
    #[command(after_help = "Example: phoenix completions bash > ~/.local/share/bash-completion/completions/phoenix")]
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
}

/// Flags win over the file.
#[derive(Debug, Args, Default)]
#[command(
    after_help = "Examples:\n  phoenix serve                                   watch this machine, no config needed\n  phoenix serve --config phoenix.yaml             files in Prometheus' and Alertmanager's formats\n  phoenix serve --config prometheus.yml           a Prometheus config alone works too\n\nSignals: SIGHUP reloads the configuration; SIGINT and SIGTERM end Phoenix cleanly."
)]
pub(crate) struct Serve {
    /// phoenix.yaml, or a Prometheus config
    #[arg(long, short, value_name = "FILE", env = "PHOENIX_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Where everything is kept [default: ./data]
    #[arg(long, value_name = "DIR", env = "PHOENIX_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address and port of API and UI [default: 127.0.0.1:9090]
    #[arg(long, value_name = "HOST:PORT", env = "PHOENIX_LISTEN", hide_env_values = true)]
    pub(crate) listen: Option<SocketAddr>,
    /// What to log, as `info` or `phoenix_ingest=debug,info`
    #[arg(long, value_name = "FILTER", default_value = "info", env = "PHOENIX_LOG", hide_env_values = true)]
    pub(crate) log: String,
}

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "The demo starts a sample platform with real traffic (API, controller, collector, secret store), node_exporter, a throw-away PostgreSQL with its exporter, and a local mailbox, all on free ports of 127.0.0.1. Ctrl-C ends all of it.\n\nExamples:\n  phoenix demo\n  phoenix demo fault api-down            stop the sample service; within a minute somebody is paged\n  phoenix demo fault api-down --end      start it again\n  phoenix demo fault                     which faults there are, and the alert that each must raise"
)]
pub(crate) struct Demo {
    #[command(subcommand)]
    pub(crate) action: Option<DemoAction>,
    /// Where the demo keeps its files; an earlier demo's files there are removed
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(crate) data_dir: PathBuf,
    /// Address and port of API and UI
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9090")]
    pub(crate) listen: SocketAddr,
    /// What to log
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoAction {
    /// Cause a fault in the running demo, or end it
    Fault {
        /// Which one, such as api-down; without a name all are listed
        name: Option<String>,
        /// End the fault instead
        #[arg(long)]
        end: bool,
        #[command(flatten)]
        server: Server,
    },
}

/// Which server to ask.
#[derive(Debug, Args)]
pub(crate) struct Server {
    /// The server's URL
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9090", env = "PHOENIX_URL", hide_env_values = true, global = true)]
    pub(crate) server: String,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Files that are given together are one project: what one names, another may define. Every rule of the linter has a page in docs/lint. `# phoenix:ignore RULE reason` behind or above a line hides a finding.\n\nExamples:\n  phoenix check phoenix.yaml           it and every file that it names\n  phoenix check rules/*.yaml           rule files\n  phoenix check dashboards/*.json      what of Grafana's dashboards is not shown\n  phoenix check --json prometheus.yml  findings for a program\n  phoenix check rules.yaml --diff      how what can be mended would be\n  phoenix check rules.yaml --against http://127.0.0.1:9090\n  phoenix check rules/*.yaml --write-baseline known.txt    later: --baseline known.txt"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Check {
    /// phoenix.yaml, Prometheus or Alertmanager configs, rule files, on-call files or dashboards; each is recognised by its keys
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Count warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not look for the certificates, secrets and templates that the files name, as where they are not deployed
    #[arg(long)]
    pub(crate) syntax_only: bool,
    /// The least level of the linter's findings: error, warning or info
    #[arg(long, value_name = "LEVEL", default_value = "warning")]
    pub(crate) level: Level,
    /// Ask a server with Prometheus' API what metrics it has
    #[arg(long, value_name = "URL")]
    pub(crate) against: Option<String>,
    /// Mend what can be mended, in the files
    #[arg(long, conflicts_with = "diff")]
    pub(crate) fix: bool,
    /// Show how what can be mended would be
    #[arg(long)]
    pub(crate) diff: bool,
    /// How findings are written: text, json, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: CheckFormat,
    /// Do not tell the findings of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write the findings into a file for --baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) write_baseline: Option<PathBuf>,
}

/// The least level that is told.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Level {
    Error,
    Warning,
    Info,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CheckFormat {
    Text,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) action: ImportAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportAction {
    /// Grafana's dashboards, of any version
    Grafana(ImportGrafana),
}

#[derive(Debug, Args)]
#[command(
    after_help = "What is not shown as it was meant is told by panel. A dashboard that is there already is only replaced with --overwrite.\n\nExamples:\n  phoenix import grafana dashboards/            all JSON files of a folder, to the running server\n  phoenix import grafana node.json --dry-run    only the report\n  phoenix import grafana old/ --out new/        files in Grafana's newest form\n  phoenix import grafana x.json --input DS_PROMETHEUS=prometheus"
)]
pub(crate) struct ImportGrafana {
    /// Dashboards as JSON, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Keep nothing, only tell what would not be shown
    #[arg(long, conflicts_with = "out")]
    pub(crate) dry_run: bool,
    /// Write files in Grafana's newest form into a folder instead
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// The uid of the folder that takes the dashboards [default: none]
    #[arg(long, value_name = "UID", conflicts_with_all = ["dry_run", "out"])]
    pub(crate) folder: Option<String>,
    /// Replace dashboards and files that are there already
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) overwrite: bool,
    /// A value for an input of an exported dashboard; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) input: Vec<String>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  phoenix query 'up == 0'\n  phoenix query 'rate(node_cpu_seconds_total[5m])' --range 1h --step 1m\n  phoenix query up --time 2026-01-31T12:00:00Z --json"
)]
pub(crate) struct Query {
    /// The query's text
    #[expect(clippy::struct_field_names, reason = "the field is the argument's name in the help")]
    pub(crate) query: String,
    /// The moment, as RFC 3339 or seconds since the epoch [default: now]
    #[arg(long)]
    pub(crate) time: Option<String>,
    /// Evaluate over this long until `--time`, such as 1h
    #[arg(long, value_name = "DURATION")]
    pub(crate) range: Option<String>,
    /// Distance of two points of a range [default: a sixtieth of the range]
    #[arg(long, value_name = "DURATION", requires = "range")]
    pub(crate) step: Option<String>,
    /// promql, logql or traceql
    #[arg(long, default_value = "promql")]
    pub(crate) language: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  phoenix incident list\n  phoenix incident ack INC-7 --who ada --note 'looking at it'\n  phoenix incident resolve INC-7 --who ada"
)]
pub(crate) struct Incident {
    #[command(subcommand)]
    pub(crate) action: IncidentAction,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentAction {
    /// Open and acknowledged incidents, newest first
    List {
        /// Resolved ones too
        #[arg(long)]
        all: bool,
    },
    /// One incident with its timeline
    Show {
        /// Such as INC-7
        id: String,
    },
    /// Take an incident: nobody else is paged for it
    Ack(IncidentChange),
    /// Close an incident
    Resolve(IncidentChange),
}

#[derive(Debug, Args)]
pub(crate) struct IncidentChange {
    /// Such as INC-7
    pub(crate) id: String,
    /// Who does it; kept in the timeline
    #[arg(long, env = "USER", hide_env_values = true)]
    pub(crate) who: String,
    /// What others should know
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  phoenix test-notify --config phoenix.yaml --receiver platform-email\n  phoenix test-notify --config phoenix.yaml --person platform-1"
)]
pub(crate) struct TestNotify {
    /// phoenix.yaml, or an Alertmanager config
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// A receiver of the Alertmanager config
    #[arg(long, required_unless_present = "person", conflicts_with = "person")]
    pub(crate) receiver: Option<String>,
    /// A person of the on-call file
    #[arg(long)]
    pub(crate) person: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(subcommand)]
    pub(crate) action: TestAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TestAction {
    /// Show what the stages of a job do with lines of standard input
    Pipeline(TestPipeline),
    /// Show which traces of a file rules of sampling keep
    Sampling(TestSampling),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is stored. Lines that a stage holds back, such as `multiline`, come out with the line that ends them, or after the last.\n\nExamples:\n  phoenix test pipeline promtail.yaml < app.log\n  tail -5 /var/log/syslog | phoenix test pipeline promtail.yaml --job system\n  phoenix test pipeline promtail.yaml --json < app.log"
)]
pub(crate) struct TestPipeline {
    /// A file in Promtail's format
    #[arg(value_name = "CONFIG")]
    pub(crate) config: PathBuf,
    /// Which job's stages [default: the only job]
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is stored. Traces are decided in the order in which they ended, each at that time, so that limits and adaptive rates follow the traces' own time.\n\nExamples:\n  phoenix test sampling sampling.yaml traces.json\n  phoenix test sampling collector-tail-sampling.yaml traces.json --json"
)]
pub(crate) struct TestSampling {
    /// Rules with `sampling_rules`, or the configuration of the collector's tail sampling processor
    #[arg(value_name = "RULES")]
    pub(crate) rules: PathBuf,
    /// Traces in OTLP's JSON, as the collector's file exporter writes them
    #[arg(value_name = "TRACES")]
    pub(crate) traces: PathBuf,
}
