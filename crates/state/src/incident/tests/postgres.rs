//! A throw-away PostgreSQL: its own folder, a Unix socket, no network, gone with the value.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(super) struct Server {
    bin: PathBuf,
    dir: tempfile::TempDir,
    process: Child,
}

impl Server {
    /// Starts one; `None` when PostgreSQL is not installed.
    pub(super) fn start() -> Option<Self> {
        let bin = (13..=18).rev().map(|v| PathBuf::from(format!("/usr/lib/postgresql/{v}/bin"))).find(|bin| bin.join("initdb").exists())?;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        if is_root() {
            // PostgreSQL refuses to run as root.
            assert!(Command::new("chown").arg("postgres").arg(dir.path()).status().unwrap().success());
        }
        let init = as_postgres(&bin.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let process = as_postgres(&bin.join("postgres"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(dir.path())
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { bin, dir, process })
    }

    /// The URL of a new, empty database.
    pub(super) async fn new_database(&self, number: usize) -> String {
        let clock = phoenix_env::RealClock::shared();
        for _ in 0..300 {
            let done = Command::new(self.bin.join("createdb"))
                .args(["-U", "postgres", "-h"])
                .arg(self.dir.path())
                .arg(format!("t{number}"))
                .output()
                .unwrap();
            if done.status.success() {
                return format!("postgres://postgres@localhost/t{number}?host={}", self.dir.path().display());
            }
            clock.sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("PostgreSQL did not start within 30 seconds");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: end at once but in order. Children of setpriv keep its process number.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"))
}

fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}
