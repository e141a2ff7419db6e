//! The faults of the demo: its own, which are about processes and targets, and those that the platform's processes have.

use super::inbox::{Inbox, rfc3339};
use super::processes::{Process, Program};
use phoenix_env::{Disk, SharedClock};
use phoenix_server::demo::{Demo, Fault, Message};
use phoenix_server::events::{Event, Events};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A fault of a platform's process ends by itself after so long.
const LASTS_S: i64 = 3_600;
/// What its admin endpoint wants.
const ADMIN_HEADER: &str = "x-phoenix-admin";

/// A process of the platform that has faults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
}

/// Who has a fault.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A process of this index is ended and started again.
    Process(usize),
    /// A file that tells of targets is emptied.
    Discovery,
    /// A process of the platform is told.
    Platform(Part),
}

struct Known {
    name: String,
    title: String,
    expected_alert: String,
    place: Place,
}

/// A program that faults end, while it runs.
type Watched = (Program, Option<Process>);

/// The file of targets from which one vanishes, with what is in it.
pub(super) struct Targets {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// The mailbox and the faults, as the server sees them.
pub(super) struct SampleDemo {
    clock: SharedClock,
    disk: Arc<dyn Disk>,
    inbox: Arc<Inbox>,
    events: Events,
    client: reqwest::Client,
    targets: Targets,
    known: Vec<Known>,
    /// What is on, and since when.
    since: parking_lot::Mutex<BTreeMap<String, i64>>,
    /// The API and PostgreSQL. Held while a fault begins or ends, so that no two do at once.
    watched: tokio::sync::Mutex<Vec<Watched>>,
}

impl SampleDemo {
    /// Asks the platform's processes which faults they have.
    pub(super) async fn new(
        clock: SharedClock,
        disk: Arc<dyn Disk>,
        inbox: Arc<Inbox>,
        events: Events,
        targets: Targets,
        parts: Vec<Part>,
    ) -> Result<Self, String> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().map_err(|e| e.to_string())?;
        let mut known: Vec<Known> = [
            ("api-down", "Stop the sample service", "PhoenixAPIDown", Place::Process(0)),
            ("target-vanished", "Take the controller out of discovery", "PhoenixControllerDown", Place::Discovery),
            ("database-down", "Stop PostgreSQL", "DatabaseDown", Place::Process(1)),
        ]
        .map(|(name, title, alert, place)| Known { name: name.into(), title: title.into(), expected_alert: alert.into(), place })
        .into();
        for part in parts {
            let asked = client.get(format!("http://{}/admin/faults", part.address)).header(ADMIN_HEADER, "1").send().await;
            let told: Vec<Value> = match asked.and_then(reqwest::Response::error_for_status) {
                Ok(answer) => answer.json().await,
                Err(error) => Err(error),
            }
            .map_err(|e| format!("{} does not tell of its faults: {e}", part.name))?;
            for fault in told {
                let text = |key: &str| fault[key].as_str().unwrap_or_default().to_owned();
                let title = sentence(&text("what"));
                known.push(Known { name: text("name"), title, expected_alert: text("expected_alert"), place: Place::Platform(part) });
            }
        }
        let (since, watched) = (parking_lot::Mutex::default(), tokio::sync::Mutex::default());
        Ok(Self { clock, disk, inbox, events, client, targets, known, since, watched })
    }

    /// Hands over the API and PostgreSQL, which faults end.
    pub(super) async fn watch(&self, api: Program, running_api: Process, postgres: Program, running_postgres: Process) {
        *self.watched.lock().await = vec![(api, Some(running_api)), (postgres, Some(running_postgres))];
    }

    /// The API and PostgreSQL where they run, to be ended.
    pub(super) async fn take_processes(&self) -> [Option<Process>; 2] {
        let mut watched = std::mem::take(&mut *self.watched.lock().await).into_iter().map(|(_, running)| running);
        [watched.next().flatten(), watched.next().flatten()]
    }

    fn told(&self, known: &Known) -> Fault {
        let since = self.since.lock().get(&known.name).copied();
        // One of the platform's has ended by itself by then.
        let since = since
            .filter(|since| !matches!(known.place, Place::Platform(_)) || self.clock.now_ms().saturating_sub(*since) < LASTS_S * 1_000);
        Fault {
            name: known.name.clone(),
            title: known.title.clone(),
            active: since.is_some(),
            since: since.map(rfc3339),
            expected_alert: known.expected_alert.clone(),
        }
    }

    /// Ends a program, or starts it again.
    async fn turn_process(&self, (program, running): &mut Watched, active: bool) -> Result<(), String> {
        if !active {
            if running.is_none() {
                *running = Some(program.start()?);
            }
        } else if let Some(process) = running.take() {
            process.end(self.clock.as_ref()).await;
            // Faults that it had went with it.
            let mut since = self.since.lock();
            for known in &self.known {
                if matches!(known.place, Place::Platform(part) if part.name == program.name) {
                    since.remove(&known.name);
                }
            }
        }
        Ok(())
    }

    async fn turn(&self, known: &Known, active: bool) -> Result<(), String> {
        let mut watched = self.watched.lock().await;
        match known.place {
            Place::Process(at) => {
                let process = watched.get_mut(at).ok_or("the demo ends")?;
                self.turn_process(process, active).await?;
            }
            Place::Discovery => {
                let text = if active { "[]\n" } else { self.targets.text.as_str() };
                self.disk.write_atomic(&self.targets.path, text.as_bytes()).map_err(|e| e.to_string())?;
            }
            Place::Platform(part) => {
                let url = format!("http://{}/admin/faults/{}", part.address, known.name);
                let request = if active { self.client.post(url).query(&[("seconds", LASTS_S)]) } else { self.client.delete(url) };
                let answer = request.header(ADMIN_HEADER, "1").send().await;
                answer.and_then(reqwest::Response::error_for_status).map_err(|e| format!("{} does not do it: {e}", part.name))?;
            }
        }
        let mut since = self.since.lock();
        if active {
            since.entry(known.name.clone()).or_insert_with(|| self.clock.now_ms());
        } else {
            since.remove(&known.name);
        }
        Ok(())
    }
}

/// With a great letter, as titles begin.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl Demo for SampleDemo {
    fn messages(&self, limit: usize) -> Vec<Message> {
        self.inbox.newest(limit)
    }

    fn faults(&self) -> Vec<Fault> {
        self.known.iter().map(|known| self.told(known)).collect()
    }

    fn set_fault<'a>(&'a self, name: &'a str, active: bool) -> Pin<Box<dyn Future<Output = Result<Fault, String>> + Send + 'a>> {
        Box::pin(async move {
            let Some(known) = self.known.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = self.known.iter().map(|known| known.name.as_str()).collect();
                return Err(format!("the demo knows no fault `{name}`; it knows: {}", names.join(", ")));
            };
            self.turn(known, active).await?;
            self.events.publish(Event::Demo);
            Ok(self.told(known))
        })
    }
}
