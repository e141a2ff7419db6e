//! The processes and sinks around Phoenix.

use super::faults::{Part, SampleDemo};
use super::files::{self, Addresses};
use super::inbox::{self, Inbox};
use super::postgres;
use super::processes::{Process, Program, find};
use crate::exit::{CANNOT_START, Failure};
use phoenix_env::{Disk, SharedClock};
use phoenix_server::events::{Event, Events};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The memory of a service, in bytes, and of the collector: what its leak is measured against.
const SERVICE_BYTES: u64 = 512 << 20;
const COLLECTOR_BYTES: u64 = 256 << 20;
/// How long experiments run: longer than the minute that LowCardinalityReduction looks back here.
const RUN_FOR: &str = "80s";

/// What runs beside Phoenix.
pub(super) struct RunningDemo {
    pub(super) demo: Arc<SampleDemo>,
    pub(super) events: Events,
    pub(super) config: PathBuf,
    processes: Vec<Process>,
    postgres_folder: PathBuf,
    _lock: Box<dyn phoenix_env::disk::DiskLock>,
}

fn failure(e: impl std::fmt::Display) -> Failure {
    Failure::new(CANNOT_START, "the demo cannot start").caused_by(e)
}

impl RunningDemo {
    pub(super) async fn start(disk: Arc<dyn Disk>, clock: SharedClock, dir: &Path, listen: SocketAddr) -> Result<Self, Failure> {
        let lock = disk.lock(&dir.join("lock")).map_err(failure)?;
        let events = Events::default();
        let changed = events.clone();
        let inbox = Inbox::new(clock.clone(), move || changed.publish(Event::Inbox));
        let smtp = bind().await.map_err(failure)?;
        let webhook = bind().await.map_err(failure)?;
        let (smtp_address, webhook_address) = (smtp.1, webhook.1);
        tokio::spawn(inbox::smtp::serve(smtp.0, Arc::clone(&inbox)));
        tokio::spawn(inbox::webhook::serve(webhook.0, Arc::clone(&inbox)));

        let mut free = Vec::new();
        while free.len() < 10 {
            let address = free_address().await.map_err(failure)?;
            if !free.contains(&address) {
                free.push(address);
            }
        }
        let addresses = Addresses {
            phoenix: listen,
            otlp: free[0],
            api: free[1],
            controller: free[2],
            collector: free[3],
            secrets: free[4],
            secrets_tls: free[5],
            exporter: free[6],
            node_exporter: free[7],
            postgres_exporter: free[8],
            smtp: smtp_address,
            webhook: webhook_address,
        };
        let postgres_address = free[9];
        let postgres = postgres::prepare(disk.as_ref(), dir, postgres_address).await.map_err(failure)?;
        let config = files::write(disk.as_ref(), dir, &postgres.folder, &addresses).map_err(failure)?;
        let running_postgres = postgres.program.start().map_err(failure)?;

        let program = |name: &'static str, command: &Path, arguments: Vec<String>, variables: &[(&'static str, String)]| Program {
            name,
            command: command.to_owned(),
            arguments,
            variables: variables.to_vec(),
            user: None,
            memory_bytes: None,
            log: dir.join("logs").join(format!("{name}.log")),
        };
        let installed = |name: &str| {
            find(disk.as_ref(), name, &["/usr/bin", "/usr/local/bin"])
                .ok_or_else(|| failure(format!("{name} is not installed; `apt-get install {name}` brings it")))
        };
        let sample = std::env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(|dir| dir.join("phoenix-platform")))
            .filter(|path| disk.exists(path))
            .ok_or_else(|| {
                failure("the sample service `phoenix-platform` is not beside the `phoenix` program; `make build` builds both")
            })?;

        let database = ("PHOENIX_PLATFORM_DATABASE", format!("postgres://phoenix@{postgres_address}/phoenix"));
        let opens_secrets = ("PHOENIX_PLATFORM_SECRETS_TOKEN", format!("{:016x}", RandomState::new().build_hasher().finish()));
        let ca_file = files::ca_file(dir).display().to_string();
        let of_sample = |name, command: &str, options: &[(&str, String)], variables: &[(&'static str, String)]| {
            let options = options.iter().flat_map(|(option, value)| [(*option).to_owned(), value.clone()]);
            program(name, &sample, std::iter::once(command.to_owned()).chain(options).collect(), variables)
        };
        let limited = |name, command: &str, options: &[(&str, String)], variables: &[(&'static str, String)]| Program {
            memory_bytes: Some(SERVICE_BYTES),
            ..of_sample(name, command, options, variables)
        };
        let otlp = ("--otlp", format!("http://{}", addresses.otlp));
        let from_secrets = [("--secrets", addresses.secrets_tls.to_string()), ("--secrets-ca", ca_file.clone())];
        let [store, authority] = from_secrets.clone();
        let listens = |address: SocketAddr| ("--listen", address.to_string());

        let secrets_options =
            [listens(addresses.secrets), ("--tls", addresses.secrets_tls.to_string()), ("--ca-file", ca_file), otlp.clone()];
        let secrets = limited("vault", "secrets", &secrets_options, std::slice::from_ref(&opens_secrets));
        let collector = Program {
            memory_bytes: Some(COLLECTOR_BYTES),
            ..of_sample("otel-collector", "collector", &[listens(addresses.collector), otlp.clone()], &[])
        };
        let controller_options = [
            listens(addresses.controller),
            ("--collector", addresses.collector.to_string()),
            ("--run-for", RUN_FOR.to_owned()),
            otlp.clone(),
        ];
        let controller = limited("phoenix-controller", "controller", &controller_options, std::slice::from_ref(&database));
        let volume = format!("phoenix-system/data-postgres-0={}", postgres.folder.display());
        let exporter = of_sample("sample-exporter", "exporter", &[listens(addresses.exporter), ("--volume", volume)], &[]);
        let api_options = [listens(addresses.api), ("--controller", addresses.controller.to_string()), store, authority, otlp.clone()];
        let api = limited("phoenix-api", "api", &api_options, &[database, opens_secrets.clone()]);
        let [store, authority] = from_secrets;
        let load = of_sample("load", "load", &[("--target", addresses.api.to_string()), store, authority, otlp], &[opens_secrets]);
        let node = program(
            "node-exporter",
            &installed("prometheus-node-exporter")?,
            vec![format!("--web.listen-address={}", addresses.node_exporter)],
            &[],
        );
        let postgres_exporter = program(
            "postgres-exporter",
            &installed("prometheus-postgres-exporter")?,
            vec![format!("--web.listen-address={}", addresses.postgres_exporter)],
            &[("DATA_SOURCE_NAME", format!("postgresql://postgres@{postgres_address}/postgres?sslmode=disable"))],
        );
        let mut processes = Vec::new();
        for program in [&secrets, &collector, &controller, &exporter, &node, &postgres_exporter, &load] {
            processes.push(program.start().map_err(failure)?);
        }
        let running_api = api.start().map_err(failure)?;

        // What is not there when Phoenix begins would be an alert.
        for (name, address) in [
            ("PostgreSQL", postgres_address),
            ("node_exporter", addresses.node_exporter),
            ("postgres_exporter", addresses.postgres_exporter),
            ("the sample exporter", addresses.exporter),
            ("the secret store", addresses.secrets_tls),
        ] {
            answers(clock.as_ref(), name, address).await.map_err(failure)?;
        }
        let mut parts = Vec::new();
        for (name, address) in [
            ("phoenix-api", addresses.api),
            ("phoenix-controller", addresses.controller),
            ("otel-collector", addresses.collector),
            ("vault", addresses.secrets),
        ] {
            answers(clock.as_ref(), name, address).await.map_err(failure)?;
            parts.push(Part { name, address });
        }
        let targets = files::controller_targets(dir, addresses.controller);
        let demo = SampleDemo::new(clock, disk, inbox, events.clone(), targets, parts).await.map_err(failure)?;
        demo.watch(api, running_api, postgres.program, running_postgres).await;
        Ok(Self { demo: Arc::new(demo), events, config, processes, postgres_folder: postgres.folder, _lock: lock })
    }

    pub(super) async fn end(self, clock: &dyn phoenix_env::Clock, disk: &dyn Disk) {
        let [api, postgres] = self.demo.take_processes().await;
        for process in api.into_iter().chain(self.processes).chain(postgres) {
            process.end(clock).await;
        }
        if let Err(error) = disk.remove_dir_all(&self.postgres_folder) {
            tracing::warn!(%error, "the throw-away PostgreSQL's folder is left behind");
        }
    }
}

/// Waits until somebody listens.
async fn answers(clock: &dyn phoenix_env::Clock, name: &str, address: SocketAddr) -> Result<(), String> {
    for _ in 0..300 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        clock.sleep(Duration::from_millis(100)).await;
    }
    Err(format!("{name} does not listen on {address} within 30 s; its words are in the folder `logs`"))
}

async fn bind() -> Result<(tokio::net::TcpListener, SocketAddr), String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|e| format!("cannot listen on 127.0.0.1: {e}"))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    Ok((listener, address))
}

/// A port that was free a moment ago. It lies below those that systems give to outgoing connections,
/// so that none of the demo's own takes it before it is used.
async fn free_address() -> Result<SocketAddr, String> {
    for _ in 0..64 {
        let port = 20_000 + (RandomState::new().build_hasher().finish() % 12_000) as u16;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if tokio::net::TcpListener::bind(address).await.is_ok() {
            return Ok(address);
        }
    }
    bind().await.map(|(_, address)| address)
}
