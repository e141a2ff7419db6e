//! A throw-away PostgreSQL: its own folder, a unix socket in it, no TCP port, ended by its pid.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const BINARIES: &str = "/usr/lib/postgresql/15/bin";

pub struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts one; `None` (said visibly) when PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        if !Path::new(BINARIES).join("initdb").exists() {
            eprintln!("skipped: PostgreSQL is not installed (apt-get install postgresql-15)");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("phoenix-pg-").tempdir_in("/tmp").expect("a temporary folder");
        let as_root = is_root();
        if as_root {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        run(command("initdb", as_root)
            .args(["--no-sync", "--auth=trust", "--username=phoenix", "--encoding=UTF8", "-D"])
            .arg(folder.path().join("data")));
        let server = command("postgres", as_root)
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-c", "listen_addresses=", "-c", "max_connections=30", "-k"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("PostgreSQL starts");
        Some(Self { server, folder })
    }

    /// The URL of a database of its own.
    pub async fn database(&self, name: &str) -> String {
        let url = |database: &str| format!("postgres://phoenix@localhost/{database}?host={}", self.folder.path().display());
        let created = format!("CREATE DATABASE {name}");
        for attempt in 0.. {
            let done = Command::new(binary("psql")).arg(url("postgres")).args(["-qc", &created]).stderr(Stdio::null()).status();
            if done.is_ok_and(|status| status.success()) {
                break;
            }
            assert!(attempt < 200, "PostgreSQL answers");
            // It is still starting; there is nothing to wait on but time.
            let real = phoenix_env::RealClock::shared();
            real.sleep(std::time::Duration::from_millis(50)).await;
        }
        url(name)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // `runuser` passes no signal on, so the server's own pid is asked for.
        let pid = std::process::Command::new("head").args(["-n1"]).arg(self.folder.path().join("data/postmaster.pid")).output();
        let pid = pid.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        if pid.is_empty() {
            let _ = self.server.kill();
        } else {
            let _ = Command::new("kill").args(["-INT", &pid]).status();
        }
        let _ = self.server.wait();
    }
}

fn binary(name: &str) -> PathBuf {
    Path::new(BINARIES).join(name)
}

/// PostgreSQL refuses to run as root.
fn command(name: &str, as_root: bool) -> Command {
    if as_root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(binary(name)).current_dir("/tmp");
        return command;
    }
    Command::new(binary(name))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
