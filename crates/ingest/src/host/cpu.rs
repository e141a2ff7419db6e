//! `/proc/stat`: what the processors do.

use super::page::Page;
use super::{Host, Reason};

const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [(&str, &str); 2] = [("guest user", "user"), ("guest nice", "nice")];
/// The kernel's idle and iowait times may step back a little; a larger step is a processor that was
/// taken out and put back.
const STEP_BACK_SECONDS: f64 = 3.0;

pub(super) fn collect(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/stat")?;
    let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
    let cpus = parse(&text, ticks_per_second);
    if cpus.is_empty() {
        return Err("/proc/stat names no processor".to_owned());
    }
    let mut before = host.cpu_seconds.lock();
    let mut steady = |cpu: &str, mode: &'static str, seconds: f64| {
        let last = before.entry((cpu.to_owned(), mode)).or_insert(seconds);
        if seconds > *last || *last - seconds > STEP_BACK_SECONDS {
            *last = seconds;
        }
        *last
    };
    page.counter("node_cpu_guest_seconds_total", "Seconds that each processor ran guests of virtual machines, by mode.");
    for (cpu, seconds) in &cpus {
        for (index, (key, mode)) in GUEST_MODES.into_iter().enumerate() {
            if let Some(seconds) = seconds.get(8 + index) {
                page.sample(&[("cpu", cpu), ("mode", mode)], steady(cpu, key, *seconds));
            }
        }
    }
    page.counter("node_cpu_seconds_total", "Seconds that each processor spent in each mode.");
    for (cpu, seconds) in &cpus {
        for (mode, seconds) in MODES.into_iter().zip(seconds) {
            page.sample(&[("cpu", cpu), ("mode", mode)], steady(cpu, mode, *seconds));
        }
    }
    Ok(())
}

/// Seconds of each processor in the order of the file's columns.
fn parse(text: &str, ticks_per_second: f64) -> Vec<(String, Vec<f64>)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let cpu = words.next()?.strip_prefix("cpu").filter(|number| number.parse::<u32>().is_ok())?;
            let seconds = words.map_while(|word| word.parse::<u64>().ok()).map(|ticks| ticks as f64 / ticks_per_second);
            Some((cpu.to_owned(), seconds.collect()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_processors() {
        let text = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 20 30 40 50 60 70 80 90 95\ncpu12 1 2 3 4\nintr 5\ncpufreq\n";
        let cpus = parse(text, 100.0);
        assert_eq!(cpus.len(), 2);
        assert_eq!(cpus[0], ("0".to_owned(), vec![1.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]));
        assert_eq!(cpus[1].1.len(), 4);
    }
}
