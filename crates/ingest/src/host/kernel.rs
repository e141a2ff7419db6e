//! Load, counts of the kernel, time, and which system it is.

use super::page::Page;
use super::{Host, Reason, number};

pub(super) fn load(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/loadavg")?;
    let mut words = text.split_whitespace();
    for (name, minutes) in [("node_load1", "1 minute"), ("node_load5", "5 minutes"), ("node_load15", "15 minutes")] {
        let word = words.next().ok_or("/proc/loadavg is too short")?;
        page.one_gauge(name, &format!("Processes that run or wait, on average over {minutes}."), number(word, name)?);
    }
    Ok(())
}

pub(super) fn stat(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/stat")?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.split(' ').next()?.parse::<f64>().ok()
    };
    if let Some(value) = field("btime") {
        page.one_gauge("node_boot_time_seconds", "When the machine was started, in seconds since 1970.", value);
    }
    let counters = [
        ("node_context_switches_total", "ctxt", "Switches from one process to another."),
        ("node_forks_total", "processes", "Processes that were started."),
        ("node_intr_total", "intr", "Interrupts that were served."),
    ];
    for (name, key, help) in counters {
        if let Some(value) = field(key) {
            page.one_counter(name, help, value);
        }
    }
    let gauges = [
        ("node_procs_blocked", "procs_blocked", "Processes that wait for a disk or the like."),
        ("node_procs_running", "procs_running", "Processes that run or could run."),
    ];
    for (name, key, help) in gauges {
        if let Some(value) = field(key) {
            page.one_gauge(name, help, value);
        }
    }
    Ok(())
}

pub(super) fn time(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    page.one_gauge("node_time_seconds", "The machine's time, in seconds since 1970.", host.clock.now_ms() as f64 / 1000.0);
    super::system::clock_sources(host, page)
}

pub(super) fn file_descriptors(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/sys/fs/file-nr")?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let [allocated, _, maximum] = words[..] else { return Err(format!("/proc/sys/fs/file-nr: {text:?} is not three numbers")) };
    page.one_gauge("node_filefd_allocated", "File descriptors in use.", number(allocated, "allocated")?);
    page.one_gauge("node_filefd_maximum", "File descriptors that may be in use.", number(maximum, "maximum")?);
    Ok(())
}

pub(super) fn entropy(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let read = |name: &str| -> Result<f64, Reason> {
        let text = host.read(format!("/proc/sys/kernel/random/{name}"))?;
        number(text.trim(), name)
    };
    let (available, size) = (read("entropy_avail")?, read("poolsize")?);
    page.one_gauge("node_entropy_available_bits", "Bits of entropy at hand.", available);
    page.one_gauge("node_entropy_pool_size_bits", "Bits of entropy that the pool can hold.", size);
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "collectors are of one type")]
pub(super) fn uname(_: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let uname = rustix::system::uname();
    let [sysname, release, version, machine, nodename, domainname] =
        [uname.sysname(), uname.release(), uname.version(), uname.machine(), uname.nodename(), uname.domainname()]
            .map(|text| text.to_string_lossy().into_owned());
    page.gauge("node_uname_info", "Which system it is, as uname tells.");
    let labels = [
        ("domainname", domainname.as_str()),
        ("machine", &machine),
        ("nodename", &nodename),
        ("release", &release),
        ("sysname", &sysname),
        ("version", &version),
    ];
    page.sample(&labels, 1.0);
    Ok(())
}
