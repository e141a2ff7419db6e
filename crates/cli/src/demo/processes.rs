//! The demo's processes: started in groups of their own, ended with the demo whatever happens to it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// A program that the demo runs.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) command: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(&'static str, String)>,
    /// The user to run as; only when the demo runs as root.
    pub(super) user: Option<&'static str>,
    /// The limit of its memory.
    pub(super) memory_bytes: Option<u64>,
    pub(super) log: PathBuf,
}

/// A running program.
pub(super) struct Process {
    name: &'static str,
    child: Child,
}

impl Program {
    /// Starts it. The kernel ends it when the demo's own process dies, however it dies.
    pub(super) fn start(&self) -> Result<Process, String> {
        let child = self
            .command("exec \"$@\" >>\"$log\" 2>&1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", self.name))?;
        Ok(Process { name: self.name, child })
    }

    /// Runs it to its end; an error carries its last words.
    pub(super) async fn run(&self) -> Result<(), String> {
        let mut command = self.command("\"$@\" >>\"$log\" 2>&1");
        let status = command.stdin(Stdio::null()).status().await.map_err(|e| format!("cannot start {}: {e}", self.name))?;
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}; its words are in {}", self.name, self.log.display())) }
    }

    fn command(&self, last: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig=TERM");
        if let Some(user) = self.user {
            command.args([format!("--reuid={user}"), format!("--regid={user}"), "--init-groups".to_owned()]);
        }
        let limit = self.memory_bytes.map_or_else(String::new, |bytes| format!("ulimit -d {} && ", bytes / 1024));
        command.args(["sh", "-c", &format!("log=$1; shift; {limit}{last}"), "sh"]);
        command.arg(&self.log).arg(&self.command).args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }
}

impl Process {
    /// Ends it: a request first, by force after five seconds.
    pub(super) async fn end(mut self, clock: &dyn phoenix_env::Clock) {
        if let Some(pid) = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            // PostgreSQL waits for its clients on TERM and drops them on INT.
            let signal = if self.name == "postgres" { rustix::process::Signal::INT } else { rustix::process::Signal::TERM };
            let _ = rustix::process::kill_process(pid, signal);
        }
        tokio::select! {
            _ = self.child.wait() => {}
            () = clock.sleep(Duration::from_secs(5)) => {
                tracing::warn!(process = self.name, "did not end within 5 s and is ended by force");
                let _ = self.child.kill().await;
            }
        }
    }
}

/// Looks for a program in `PATH`, then at the usual places.
pub(super) fn find(disk: &dyn phoenix_env::Disk, name: &str, places: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(places.iter().map(|p| Path::new(p).to_owned())).map(|dir| dir.join(name)).find(|p| disk.exists(p))
}
