//! `phoenix demo`: Phoenix beside real sources, and a fault that takes the whole path to a pager.

mod faults;
mod files;
mod inbox;
mod postgres;
mod processes;
mod rules;
mod running;

use crate::args::{self, DemoAction};
use crate::client::Client;
use crate::exit::{CANNOT_START, Failure};
use phoenix_env::{Disk, RealClock, RealDisk};
use phoenix_server::demo::Demo;
use phoenix_server::own_logs::OwnLogs;
use phoenix_server::{ServeOptions, Server};
use running::RunningDemo;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that says that a folder is a demo's, so that it may be emptied.
const MARK: &str = "this-is-a-phoenix-demo";

pub(crate) fn run(arguments: &args::Demo, json_output: bool) -> Result<(), Failure> {
    match &arguments.action {
        Some(DemoAction::Fault { name: None, server, .. }) => {
            let known = Client::new(&server.server)?.get("/api/phoenix/v1/demo", &[])?;
            if json_output {
                println!("{known}");
            } else {
                for fault in known["faults"].as_array().into_iter().flatten() {
                    let text = |key: &str| fault[key].as_str().unwrap_or_default();
                    let state = if fault["active"] == true { "on" } else { "off" };
                    println!("{:<22}{state:<5}{:<33}{}", text("name"), text("expected_alert"), text("title"));
                }
            }
            Ok(())
        }
        Some(DemoAction::Fault { name: Some(name), end, server }) => {
            let client = Client::new(&server.server)?;
            let fault = client.post(&format!("/api/phoenix/v1/demo/faults/{name}"), &json!({"active": !end}))?;
            if json_output {
                println!("{fault}");
            } else if *end {
                println!("{name} has ended; the alert resolves with the next scrapes.");
            } else {
                println!(
                    "{name} is on. Watch {}/ : {} has to fire.",
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
    let running = runtime.block_on(RunningDemo::start(disk.clone(), clock.clone(), &dir, arguments.listen))?;
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
         platform under load: API, controller, collector, secret store. The rules are those of\n\
         configs/monitoring, thirty times as quick. Its mailbox is {url}/inbox\n\
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
         There are more faults: `phoenix demo fault --server {url}` lists them.\n\
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
