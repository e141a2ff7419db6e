//! The demo as tests start it.

use super::{PHOENIX, Server, command, free_address};
use std::path::Path;

/// What the demo scrapes.
pub const SOURCES: f64 = 11.0;

/// Whether this machine has what the demo needs; says what is missing.
pub fn can_run() -> bool {
    let sample = Path::new(PHOENIX).with_file_name("phoenix-platform");
    let needed = ["/usr/bin/prometheus-node-exporter", "/usr/bin/prometheus-postgres-exporter"].map(Path::new);
    let mut missing: Vec<String> =
        needed.iter().chain([&sample.as_path()]).filter(|p| !p.exists()).map(|p| p.display().to_string()).collect();
    if !(13..=18).any(|version| Path::new(&format!("/usr/lib/postgresql/{version}/bin/postgres")).exists()) {
        missing.push("PostgreSQL's server".to_owned());
    }
    if !missing.is_empty() {
        eprintln!("NOT TESTED: the demo needs {}; `make test` brings it", missing.join(", "));
    }
    missing.is_empty()
}

/// Starts the demo in a folder, with its data in `demo`.
pub fn start(dir: &Path) -> Server {
    let (data, address) = (dir.join("demo"), free_address());
    let mut demo = command(&["demo"]);
    demo.current_dir(dir).arg("--data-dir").arg(&data).arg("--listen").arg(address.to_string());
    Server::spawn(demo, dir, data, address)
}
