//! `phoenix demo`: Phoenix beside real sources, and a fault that takes the whole path to a pager.

mod files;
mod inbox;
mod postgres;
mod processes;

use crate::args::{self, DemoAction};
use crate::client::Client;
use crate::exit::{CANNOT_START, Failure};
use files::Addresses;
use inbox::{Inbox, rfc3339};
use phoenix_env::{Disk, RealClock, RealDisk, SharedClock};
use phoenix_server::demo::{Demo, Fault, Message};
use phoenix_server::events::{Event, Events};
use phoenix_server::own_logs::OwnLogs;
use phoenix_server::{ServeOptions, Server};
use processes::{Process, Program, find};
use serde_json::json;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

/// The file that says that a folder is a demo's, so that it may be emptied.
const MARK: &str = "this-is-a-phoenix-demo";

pub(crate) fn run(arguments: &args::Demo, json_output: bool) -> Result<(), Failure> {
    match &arguments.action {
        Some(DemoAction::Fault { name, end, server }) => {
            let client = Client::new(&server.server)?;
            let fault = client.post(&format!("/api/phoenix/v1/demo/faults/{name}"), &json!({"active": !end}))?;
            if json_output {
                println!("{fault}");
            } else if *end {
                println!("{name} has ended; the alert resolves with the next scrapes.");
            } else {
                println!(
                    "{name} is on. Watch {}/ : {} fires within seconds.",
                    server.server,
                    fault["expected_alert"].as_str().unwrap_or("an alert")
                );
            }
            Ok(())
        }
        None => serve(arguments, json_output),
    }
}

fn serve(arguments: &args::Demo, json_output: bool) -> Result<(), Failure> {
    let own_logs = OwnLogs::new(RealClock::shared());
    crate::serve::log_to_stderr_and(&arguments.log, &own_logs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| Failure::new(CANNOT_START, "cannot start a runtime").caused_by(e))?;
    let clock = RealClock::shared();
    let disk = RealDisk::shared();
    let dir = prepare_folder(disk.as_ref(), &arguments.data_dir)?;
    let running = runtime.block_on(RunningDemo::start(disk.as_ref(), clock.clone(), &dir, arguments.listen))?;
    let result = (|| {
        let server = Server::start(
            ServeOptions {
                config: Some(running.config.clone()),
                listen: None,
                data_dir: None,
                demo: Some(Arc::clone(&running.demo) as Arc<dyn Demo>),
                events: running.events.clone(),
                own_logs: Some(own_logs),
            },
            clock.clone(),
            disk.clone(),
        )
        .map_err(crate::serve::start_failure)?;
        if json_output {
            println!("{}", json!({"url": server.url(), "data_dir": dir}));
        } else {
            print!("{}", story(&server.url(), &dir));
        }
        server.run_until_signal();
        Ok(())
    })();
    runtime.block_on(running.end(clock.as_ref(), disk.as_ref()));
    if !json_output {
        println!("The demo has ended; its files are in {}.", dir.display());
    }
    result
}

fn story(url: &str, dir: &Path) -> String {
    format!(
        "Phoenix' demo runs on {url}\n\
         \n\
         It watches itself, this machine (node_exporter), a throw-away PostgreSQL and a sample\n\
         service under load. Its mailbox is {url}/inbox\n\
         \n\
         Now stop the sample service, with the button on Home or from a second terminal:\n\
         \n\
         \u{20}   phoenix demo fault api-down --server {url}\n\
         \n\
         after about    what happens\n\
         \u{20}   2 s          the scrape fails: the target is red on {url}/targets\n\
         \u{20}   4 s          PhoenixAPIDown is pending on {url}/alerts\n\
         \u{20}  10 s          it fires, an incident opens, the primary is paged: see {url}/inbox\n\
         \u{20}  40 s          nobody answered: the secondary is paged\n\
         \n\
         Acknowledge it on its page, by the link in the mail or with `phoenix incident ack`,\n\
         then start the service again:\n\
         \n\
         \u{20}   phoenix demo fault api-down --end --server {url}\n\
         \n\
         Files and logs: {}. Ctrl-C ends everything.\n",
        dir.display()
    )
}

/// Empties an earlier demo's folder, and refuses any other that is not empty.
fn prepare_folder(disk: &dyn Disk, dir: &Path) -> Result<PathBuf, Failure> {
    let failure = |e: &dyn std::fmt::Display| Failure::new(CANNOT_START, format!("cannot use {} for the demo", dir.display())).caused_by(e);
    let dir = std::path::absolute(dir).map_err(|e| failure(&e))?;
    if disk.exists(&dir) && !disk.list(&dir).map_err(|e| failure(&e))?.is_empty() {
        if !disk.exists(&dir.join(MARK)) {
            return Err(failure(&"it holds files that are not a demo's").hint("name an empty or new folder with --data-dir"));
        }
        // A demo that runs there holds the lock of its data folder.
        if disk.exists(&dir.join("lock")) {
            disk.lock(&dir.join("lock")).map_err(|_| failure(&"another demo runs there"))?;
        }
        disk.remove_dir_all(&dir).map_err(|e| failure(&e))?;
    }
    disk.create_dir_all(&dir.join("logs")).map_err(|e| failure(&e))?;
    disk.write_atomic(&dir.join(MARK), b"Phoenix' demo removes this folder when it starts again.\n").map_err(|e| failure(&e))?;
    Ok(dir)
}

/// The processes and sinks around Phoenix.
struct RunningDemo {
    demo: Arc<SampleDemo>,
    events: Events,
    config: PathBuf,
    processes: Vec<Process>,
    postgres: postgres::Postgres,
    _lock: Box<dyn phoenix_env::disk::DiskLock>,
}

impl RunningDemo {
    async fn start(disk: &dyn Disk, clock: SharedClock, dir: &Path, listen: SocketAddr) -> Result<Self, Failure> {
        let failure = |e: String| Failure::new(CANNOT_START, "the demo cannot start").caused_by(e);
        let lock = disk.lock(&dir.join("lock")).map_err(|e| failure(e.to_string()))?;
        let events = Events::default();
        let changed = events.clone();
        let inbox = Inbox::new(clock.clone(), move || changed.publish(Event::Inbox));
        let smtp = bind().await.map_err(failure)?;
        let webhook = bind().await.map_err(failure)?;
        let (smtp_address, webhook_address) = (smtp.1, webhook.1);
        tokio::spawn(inbox::smtp::serve(smtp.0, Arc::clone(&inbox)));
        tokio::spawn(inbox::webhook::serve(webhook.0, Arc::clone(&inbox)));

        let postgres_address = free_address().await.map_err(failure)?;
        let addresses = Addresses {
            phoenix: listen,
            otlp: free_address().await.map_err(failure)?,
            api: free_address().await.map_err(failure)?,
            node_exporter: free_address().await.map_err(failure)?,
            postgres_exporter: free_address().await.map_err(failure)?,
            smtp: smtp_address,
            webhook: webhook_address,
        };
        let config = files::write(disk, dir, &addresses).map_err(|e| failure(e.to_string()))?;

        let postgres = postgres::start(disk, dir, postgres_address).await.map_err(failure)?;
        let program = |name: &'static str, command: PathBuf, arguments: Vec<String>, variables| Program {
            name,
            command,
            arguments,
            variables,
            user: None,
            log: dir.join("logs").join(format!("{name}.log")),
        };
        let installed = |name: &str| {
            find(disk, name, &["/usr/bin", "/usr/local/bin"])
                .ok_or_else(|| failure(format!("{name} is not installed; `apt-get install {name}` brings it")))
        };
        let sample = std::env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(|dir| dir.join("phoenix-platform")))
            .filter(|path| disk.exists(path))
            .ok_or_else(|| {
                failure("the sample service `phoenix-platform` is not beside the `phoenix` program; `make build` builds both".to_owned())
            })?;
        let of_sample = |command: &str, option: &str| {
            let otlp = format!("http://{}", addresses.otlp);
            vec![command.to_owned(), option.to_owned(), addresses.api.to_string(), "--otlp".to_owned(), otlp]
        };
        let api = program("phoenix-api", sample.clone(), of_sample("api", "--listen"), vec![]);
        let load = program("load", sample, of_sample("load", "--target"), vec![]);
        let node = program(
            "node-exporter",
            installed("prometheus-node-exporter")?,
            vec![format!("--web.listen-address={}", addresses.node_exporter)],
            vec![],
        );
        let postgres_exporter = program(
            "postgres-exporter",
            installed("prometheus-postgres-exporter")?,
            vec![format!("--web.listen-address={}", addresses.postgres_exporter)],
            vec![("DATA_SOURCE_NAME", format!("postgresql://postgres@{postgres_address}/postgres?sslmode=disable"))],
        );
        let mut processes = Vec::new();
        for program in [&node, &postgres_exporter, &load] {
            processes.push(program.start().map_err(failure)?);
        }
        let running_api = api.start().map_err(failure)?;
        let demo = Arc::new(SampleDemo {
            clock,
            inbox,
            events: events.clone(),
            api,
            state: tokio::sync::Mutex::new(Some(running_api)),
            since: parking_lot::Mutex::new(None),
        });
        Ok(Self { demo, events, config, processes, postgres, _lock: lock })
    }

    async fn end(self, clock: &dyn phoenix_env::Clock, disk: &dyn Disk) {
        if let Some(api) = self.demo.state.lock().await.take() {
            api.end(clock).await;
        }
        for process in self.processes {
            process.end(clock).await;
        }
        self.postgres.process.end(clock).await;
        if let Err(error) = disk.remove_dir_all(&self.postgres.folder) {
            tracing::warn!(%error, "the throw-away PostgreSQL's folder is left behind");
        }
    }
}

/// The sample service and the mailbox, as the server sees them.
struct SampleDemo {
    clock: SharedClock,
    inbox: Arc<Inbox>,
    events: Events,
    api: Program,
    state: tokio::sync::Mutex<Option<Process>>,
    since: parking_lot::Mutex<Option<i64>>,
}

impl SampleDemo {
    fn api_down(&self) -> Fault {
        let since = *self.since.lock();
        Fault {
            name: "api-down".to_owned(),
            title: "Stop the sample service".to_owned(),
            active: since.is_some(),
            since: since.map(rfc3339),
            expected_alert: "PhoenixAPIDown".to_owned(),
        }
    }
}

impl Demo for SampleDemo {
    fn messages(&self, limit: usize) -> Vec<Message> {
        self.inbox.newest(limit)
    }

    fn faults(&self) -> Vec<Fault> {
        vec![self.api_down()]
    }

    fn set_fault<'a>(&'a self, name: &'a str, active: bool) -> Pin<Box<dyn Future<Output = Result<Fault, String>> + Send + 'a>> {
        Box::pin(async move {
            if name != "api-down" {
                return Err(format!("the demo knows no fault `{name}`; it knows: api-down"));
            }
            let mut state = self.state.lock().await;
            if active {
                if let Some(process) = state.take() {
                    process.end(self.clock.as_ref()).await;
                    *self.since.lock() = Some(self.clock.now_ms());
                }
            } else if state.is_none() {
                *state = Some(self.api.start()?);
                *self.since.lock() = None;
            }
            self.events.publish(Event::Demo);
            Ok(self.api_down())
        })
    }
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
