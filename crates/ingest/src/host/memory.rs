//! `/proc/meminfo` and `/proc/vmstat`.

use super::page::Page;
use super::{Host, Reason, number};

pub(super) fn meminfo(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/meminfo")?;
    for (name, field, value) in parse(&text)? {
        page.gauge(&format!("node_memory_{name}"), &format!("{field} of /proc/meminfo."));
        page.sample(&[], value);
    }
    Ok(())
}

/// Metric name, the kernel's name, value: `Active(anon)` in kB becomes `Active_anon_bytes`.
fn parse(text: &str) -> Result<Vec<(String, &str, f64)>, Reason> {
    let mut fields = Vec::new();
    for line in text.lines() {
        let Some((field, rest)) = line.split_once(':') else { continue };
        let mut words = rest.split_whitespace();
        let Some(value) = words.next() else { continue };
        let value = number(value, field)?;
        let name = field.replace('(', "_").replace(')', "");
        fields.push(match words.next() {
            Some("kB") => (format!("{name}_bytes"), field, value * 1024.0),
            _ => (name, field, value),
        });
    }
    Ok(fields)
}

pub(super) fn vmstat(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/vmstat")?;
    for line in text.lines() {
        let Some((field, value)) = line.split_once(' ') else { continue };
        if is_shown(field) {
            page.untyped(&format!("node_vmstat_{field}"), &format!("{field} of /proc/vmstat."));
            page.sample(&[], number(value.trim(), field)?);
        }
    }
    Ok(())
}

/// node_exporter's default choice: `^(oom_kill|pgpg|pswp|pg.*fault).*`
fn is_shown(field: &str) -> bool {
    ["oom_kill", "pgpg", "pswp"].iter().any(|prefix| field.starts_with(prefix)) || (field.starts_with("pg") && field.contains("fault"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_units() {
        let text = "MemTotal:       24 kB\nActive(anon):          1 kB\nHugePages_Total:       3\nDirectMap4k: 0 kB\n";
        let shown: Vec<String> = parse(text).unwrap().iter().map(|(name, _, value)| format!("{name} {value}")).collect();
        assert_eq!(shown, ["MemTotal_bytes 24576", "Active_anon_bytes 1024", "HugePages_Total 3", "DirectMap4k_bytes 0"]);
        assert!(parse("MemTotal: many kB\n").is_err());
    }

    #[test]
    fn the_default_choice_of_vmstat() {
        let shown: Vec<&str> =
            ["pgpgin", "pswpout", "pgfault", "pgmajfault", "oom_kill", "pgalloc_dma", "nr_free_pages", "thp_fault_alloc"]
                .into_iter()
                .filter(|field| is_shown(field))
                .collect();
        assert_eq!(shown, ["pgpgin", "pswpout", "pgfault", "pgmajfault", "oom_kill"]);
    }
}
