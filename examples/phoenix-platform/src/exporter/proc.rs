//! What `/proc` tells of one process: memory, its limit, CPU time. `process` is a number or `self`.

use std::fs;

/// Memory that is the process' own, in bytes: without the files that the system can let go of, as a container's
/// working set is.
pub(crate) fn memory_bytes(process: &str) -> Option<u64> {
    // proc_pid_statm(5): resident and shared are the second and third number, in pages.
    let pages: Vec<u64> = read(process, "statm")?.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    Some(pages.get(1)?.saturating_sub(*pages.get(2)?) * rustix::param::page_size() as u64)
}

/// The limit of the process' memory (`ulimit -d`), in bytes; none where it has none.
pub(crate) fn limit_bytes(process: &str) -> Option<u64> {
    limit(&read(process, "limits")?)
}

/// The soft limit. proc_pid_limits(5).
fn limit(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max data size"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "the sample service has no simulated disk, and `/proc` is none")]
fn read(process: &str, file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let text = |soft: &str| {
            format!("Limit                     Soft Limit           Hard Limit           Units\nMax data size             {soft} 9 bytes\n")
        };
        for (limits, want) in [(text("268435456"), Some(268_435_456)), (text("unlimited"), None), (String::new(), None)] {
            assert_eq!(limit(&limits), want, "{limits}");
        }
        let memory = memory_bytes("self").unwrap();
        assert!((100_000..1 << 34).contains(&memory), "{memory}");
        assert_eq!(memory_bytes("no process"), None);
    }
}
