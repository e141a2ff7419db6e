//! Built-in metrics of the machine, under node_exporter's names, labels and types, so that its
//! dashboards and rules work without it.
//!
//! What is read is text of `/proc` and `/sys` through [`phoenix_env::Disk`]; each collector is a
//! function from such text to families, which is how it is tested.

mod cpu;
mod disk;
mod filesystem;
mod kernel;
mod memory;
mod network;
mod page;
mod pressure;
mod sockets;
mod system;

use filesystem::Filesystems;
use page::Page;
use parking_lot::Mutex;
use phoenix_env::{SharedClock, SharedDisk};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes read of one file below `/proc` or `/sys`.
const FILE_LIMIT_BYTES: u64 = 4 << 20;

/// Why a collector could not collect.
type Reason = String;

/// The machine's metrics. Keeps what has to be remembered between two looks.
pub struct Host {
    clock: SharedClock,
    disk: SharedDisk,
    filesystems: Filesystems,
    cpu_seconds: Mutex<HashMap<(String, &'static str), f64>>,
}

type Collector = fn(&Host, &mut Page<'_>) -> Result<(), Reason>;

const COLLECTORS: [(&str, Collector); 20] = [
    ("arp", sockets::neighbours),
    ("conntrack", sockets::tracked_connections),
    ("cpu", cpu::collect),
    ("diskstats", disk::collect),
    ("entropy", kernel::entropy),
    ("filefd", kernel::file_descriptors),
    ("filesystem", filesystem::collect),
    ("loadavg", kernel::load),
    ("meminfo", memory::meminfo),
    ("netclass", network::interfaces),
    ("netdev", network::devices),
    ("netstat", sockets::protocols),
    ("os", system::distribution),
    ("pressure", pressure::collect),
    ("sockstat", sockets::sockets),
    ("softnet", sockets::packet_queues),
    ("stat", kernel::stat),
    ("time", kernel::time),
    ("uname", kernel::uname),
    ("vmstat", memory::vmstat),
];

impl Host {
    /// The machine that this process runs on.
    pub fn new(clock: SharedClock, disk: SharedDisk) -> Self {
        Self { clock, disk, filesystems: Filesystems::default(), cpu_seconds: Mutex::default() }
    }

    /// Writes all metrics in the text format. Reads files, so it blocks for some milliseconds; a
    /// file system that hangs is waited for at most half a second.
    pub fn render(&self, out: &mut String) {
        let mut page = Page::new(out);
        let mut outcomes: Vec<(&str, Duration, bool)> = Vec::with_capacity(COLLECTORS.len());
        for (name, collect) in COLLECTORS {
            let began = self.clock.monotonic();
            let result = collect(self, &mut page);
            if let Err(reason) = &result {
                tracing::debug!(collector = name, "host metrics: {reason}");
            }
            outcomes.push((name, self.clock.monotonic().saturating_sub(began), result.is_ok()));
        }
        page.gauge("node_scrape_collector_duration_seconds", "How long the collector took.");
        for (name, duration, _) in &outcomes {
            page.sample(&[("collector", name)], duration.as_secs_f64());
        }
        page.gauge("node_scrape_collector_success", "Whether the collector could read what it needs.");
        for (name, _, succeeded) in &outcomes {
            page.sample(&[("collector", name)], f64::from(u8::from(*succeeded)));
        }
    }

    fn read(&self, path: impl AsRef<Path>) -> Result<String, Reason> {
        let bytes = self.disk.read(path.as_ref(), FILE_LIMIT_BYTES).map_err(|e| e.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The content of a file of one value, if it can be read.
    fn value(&self, path: &Path) -> Option<String> {
        self.read(path).ok().map(|text| text.trim().to_owned())
    }

    fn entries(&self, folder: &str) -> Result<Vec<(String, PathBuf)>, Reason> {
        let names = self.disk.list(Path::new(folder)).map_err(|e| e.to_string())?;
        Ok(names.into_iter().map(|name| (name.clone(), Path::new(folder).join(name))).collect())
    }
}

fn number(text: &str, what: &str) -> Result<f64, Reason> {
    text.parse().map_err(|_| format!("{what}: {text:?} is not a number"))
}

#[cfg(test)]
mod tests;
