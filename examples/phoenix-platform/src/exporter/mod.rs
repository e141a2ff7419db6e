//! `phoenix-platform exporter`: tells of the platform's processes under the names that a cluster has for containers.
//!
//! There is no cluster. A process stands for a container, its limit of memory (`ulimit -d`) for the container's, a folder
//! for a volume. What it tells is read from `/proc` and the file system at each scrape; what there is no such thing for
//! (autoscalers, reasons of waiting) is not told.

pub(crate) mod proc;
mod text;

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use text::Page;

/// The commands of the platform that stand for pods: the namespace, the deployment and the container.
const PARTS: [(&str, Part); 4] = [
    ("api", Part { namespace: "phoenix-system", deployment: "phoenix-api" }),
    ("controller", Part { namespace: "phoenix-system", deployment: "phoenix-controller" }),
    ("collector", Part { namespace: "phoenix-experiments", deployment: "otel-collector" }),
    ("secrets", Part { namespace: "phoenix-system", deployment: "vault" }),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    namespace: &'static str,
    deployment: &'static str,
}

/// A folder that is told as a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    namespace: String,
    claim: String,
    path: PathBuf,
}

/// `NAMESPACE/CLAIM=PATH`. The names become labels, so they are what Kubernetes allows.
pub(crate) fn volume(text: &str) -> Result<Volume, String> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let parsed = text.split_once('=').and_then(|(name, path)| Some((name.split_once('/')?, path)));
    match parsed {
        Some(((namespace, claim), path)) if is_name(namespace) && is_name(claim) && !path.is_empty() => {
            Ok(Volume { namespace: namespace.to_owned(), claim: claim.to_owned(), path: path.into() })
        }
        _ => Err(format!("`{text}` is no volume such as phoenix-system/data-postgres-0=/var/lib/postgresql")),
    }
}

/// A part that was seen, so that it is missed when it is gone.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Seen {
    /// The number of its process; none while it does not run.
    pid: Option<u32>,
    restarts: u64,
    last_pid: u32,
}

#[derive(Debug, Default)]
struct Exporter {
    seen: Mutex<BTreeMap<Part, Seen>>,
    volumes: Vec<Volume>,
    node: String,
}

impl Exporter {
    /// Looks which parts run now.
    fn look(&self) -> BTreeMap<Part, Seen> {
        let mut seen = self.seen.lock();
        update(&mut seen, &siblings());
        seen.clone()
    }
}

fn update(seen: &mut BTreeMap<Part, Seen>, running: &BTreeMap<Part, u32>) {
    for (part, pid) in running {
        let one = seen.entry(*part).or_default();
        if one.last_pid != 0 && one.last_pid != *pid {
            one.restarts += 1;
        }
        one.last_pid = *pid;
    }
    for (part, one) in seen.iter_mut() {
        one.pid = running.get(part).copied();
    }
}

/// The processes of this program that were started by the same process as this one. Of several that do the same the
/// youngest counts.
#[expect(clippy::disallowed_methods, reason = "the sample service has no simulated disk, and `/proc` is none")]
fn siblings() -> BTreeMap<Part, u32> {
    let own = std::fs::read_link("/proc/self/exe").ok();
    let parent = std::os::unix::process::parent_id();
    let processes = crate::pipelines::read().unwrap_or_default();
    let of_parent = processes.into_iter().filter(|process| process.parent == parent);
    let ours = of_parent.filter(|process| std::fs::read_link(format!("/proc/{}/exe", process.pid)).ok() == own);
    let mut found: BTreeMap<Part, u32> = BTreeMap::new();
    for process in ours {
        let command = std::fs::read_to_string(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
        let command = command.split('\0').nth(1).unwrap_or_default();
        if let Some((_, part)) = PARTS.iter().find(|(name, _)| *name == command) {
            let pid = found.entry(*part).or_default();
            *pid = (*pid).max(process.pid);
        }
    }
    found
}

/// Serves until the process is told to end.
pub(crate) async fn serve(listen: SocketAddr, volumes: Vec<Volume>) -> Result<(), Box<dyn std::error::Error>> {
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let exporter = Arc::new(Exporter { seen: Mutex::default(), volumes, node });
    let router = Router::new()
        .route("/", get(about))
        .route("/metrics/cadvisor", get(|State(exporter): State<Arc<Exporter>>| answer(exporter, text::cadvisor)))
        .route("/metrics/kubelet", get(|State(exporter): State<Arc<Exporter>>| answer(exporter, text::kubelet)))
        .route("/metrics/kube-state", get(|State(exporter): State<Arc<Exporter>>| answer(exporter, text::kube_state)))
        .with_state(exporter);
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(|e| format!("cannot listen on {listen}: {e}"))?;
    Ok(axum::serve(listener, router).with_graceful_shutdown(crate::told_to_end()).await?)
}

async fn answer(exporter: Arc<Exporter>, tell: fn(&mut Page, &Exporter, &BTreeMap<Part, Seen>)) -> Response {
    let written = tokio::task::spawn_blocking(move || {
        let mut page = Page::default();
        tell(&mut page, &exporter, &exporter.look());
        page.finish()
    });
    let text = written.await.unwrap_or_default();
    ([("content-type", "text/plain; version=0.0.4")], text).into_response()
}

async fn about() -> Html<&'static str> {
    Html(
        "<!doctype html><title>Sample exporter</title><h1>Sample exporter</h1>\
         <p>There is no cluster here. This page tells of processes of <code>phoenix-platform</code> under the names that a \
         cluster has for containers: a process stands for a container, its limit of memory (<code>ulimit -d</code>) for the \
         container's, a folder for a volume. Figures are read from <code>/proc</code> and the file system at each scrape. What \
         there is no such thing for here, such as autoscalers, is not told.</p>\
         <ul><li><a href=\"/metrics/cadvisor\">container_*, machine_*</a><li><a href=\"/metrics/kubelet\">kubelet_*</a>\
         <li><a href=\"/metrics/kube-state\">kube_*</a></ul>",
    )
}

#[cfg(test)]
mod tests;
