//! `/proc/pressure`: how long work waits for processor, memory and disks.
//! <https://docs.kernel.org/accounting/psi.html>

use super::page::Page;
use super::{Host, Reason};

pub(super) fn collect(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    // The kernel has no "full" of the processor for the whole machine; it writes zeros there.
    let metrics = [
        ("cpu", "some", "node_pressure_cpu_waiting_seconds_total", "Seconds in which something waited for a processor."),
        ("io", "full", "node_pressure_io_stalled_seconds_total", "Seconds in which everything waited for disks."),
        ("io", "some", "node_pressure_io_waiting_seconds_total", "Seconds in which something waited for disks."),
        ("irq", "full", "node_pressure_irq_stalled_seconds_total", "Seconds in which everything waited for interrupts."),
        ("memory", "full", "node_pressure_memory_stalled_seconds_total", "Seconds in which everything waited for memory."),
        ("memory", "some", "node_pressure_memory_waiting_seconds_total", "Seconds in which something waited for memory."),
    ];
    let mut found = false;
    for (resource, line, name, help) in metrics {
        let Ok(text) = host.read(format!("/proc/pressure/{resource}")) else { continue };
        if let Some(seconds) = total_seconds(&text, line) {
            found = true;
            page.one_counter(name, help, seconds);
        }
    }
    if found { Ok(()) } else { Err("the kernel gives no pressure stall information".to_owned()) }
}

fn total_seconds(text: &str, line: &str) -> Option<f64> {
    let line = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '))?;
    let microseconds: u64 = line.split(' ').find_map(|word| word.strip_prefix("total="))?.parse().ok()?;
    Some(microseconds as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        let text = "some avg10=0.30 avg60=0.32 avg300=0.23 total=23134373\nfull avg10=0.01 avg60=0.19 avg300=0.14 total=18853282\n";
        assert_eq!(total_seconds(text, "some"), Some(23.134_373));
        assert_eq!(total_seconds(text, "full"), Some(18.853_282));
        assert_eq!(total_seconds("", "some"), None);
    }
}
