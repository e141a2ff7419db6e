//! What runs on this host, by reading `/proc`.

use serde::{Deserialize, Serialize};
use std::fs;

/// Processes looked at; a host with more is looked at in part.
const MAX_PROCESSES: usize = 20_000;

/// A process at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Who started it.
    pub(crate) parent: u32,
    pub(crate) name: Box<str>,
    /// CPU time since it began, in ticks of the kernel, which are hundredths of a second.
    pub(crate) cpu_ticks: u64,
    /// Memory, in pages.
    pub(crate) memory_pages: u64,
    pub(crate) threads: u64,
}

/// All processes. Those that end meanwhile are left out.
#[expect(clippy::disallowed_methods, reason = "the sample service has no simulated disk, and `/proc` is none")]
pub(crate) fn read() -> std::io::Result<Vec<Process>> {
    let entries = fs::read_dir("/proc")?;
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    Ok(pids.take(MAX_PROCESSES).filter_map(|pid| parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect())
}

/// CPU time of a process since it began, in seconds.
#[expect(clippy::disallowed_methods, reason = "the sample service has no simulated disk, and `/proc` is none")]
pub(crate) fn cpu_seconds(pid: &str) -> Option<f64> {
    let process = parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    Some(process.cpu_ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// `/proc/PID/stat`: proc_pid_stat(5). The name stands in parentheses and may hold any character.
fn parse(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // The first field behind the name is the third of the page.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        parent: u32::try_from(number(4)?).ok()?,
        name: name.into(),
        cpu_ticks: number(14)?.checked_add(number(15)?)?,
        memory_pages: number(24)?,
        threads: number(20)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let line = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 2 3 4 70 30 7 8 20 0 5 0 100 1000000 321 18446744073709551615 1 1 0";
        let want = Process { pid: 42, parent: 1, name: "a (b) c".into(), cpu_ticks: 100, memory_pages: 321, threads: 5 };
        assert_eq!(parse(line), Some(want));
        for bad in ["", "42", "42 (a", "42 (a) S 1", "x (a) S 1 42 42 0 -1 0 1 2 3 4 70 30 7 8 20 0 5 0 100 1000000 321"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(read().unwrap().iter().any(|process| process.pid == std::process::id()));
    }
}
