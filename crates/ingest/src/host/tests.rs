use super::*;
use crate::exposition::{Format, check_body};
use phoenix_env::{RealClock, RealDisk};

#[tokio::test]
async fn this_machine_is_told() {
    let host = Host::new(RealClock::shared(), RealDisk::shared());
    let mut out = String::new();
    host.render(&mut out);
    let counts = check_body(out.as_bytes(), Format::Text).unwrap();
    assert!(counts.samples > 50, "{out}");
    for name in [
        "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} ",
        "node_memory_MemAvailable_bytes ",
        "node_load1 ",
        "node_boot_time_seconds ",
        "node_uname_info{",
    ] {
        assert!(out.lines().any(|line| line.starts_with(name)), "{name} in {out}");
    }
    let mut families: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let count = families.len();
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), count, "a family is written in one piece");
}
