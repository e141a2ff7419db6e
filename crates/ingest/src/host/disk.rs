//! `/proc/diskstats`: what the disks do. Columns by the kernel's `Documentation/admin-guide/iostats.rst`.

use super::page::Page;
use super::{Host, Reason};
use regex::Regex;
use std::sync::OnceLock;

/// Partitions, loop and memory devices, as node_exporter leaves them out.
const EXCLUDED: &str = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$";
/// The kernel counts in sectors of 512 bytes, whatever the disk's own are.
const SECTOR_BYTES: f64 = 512.0;
const MILLISECONDS: f64 = 1e-3;

struct Column {
    index: usize,
    name: &'static str,
    factor: f64,
    help: &'static str,
}

const fn column(index: usize, name: &'static str, factor: f64, help: &'static str) -> Column {
    Column { index, name, factor, help }
}

const IO_NOW: usize = 8;
/// The columns behind the device's name.
const COLUMNS: [Column; 17] = [
    column(0, "node_disk_reads_completed_total", 1.0, "Reads that completed."),
    column(1, "node_disk_reads_merged_total", 1.0, "Reads that were merged with a neighbour."),
    column(2, "node_disk_read_bytes_total", SECTOR_BYTES, "Bytes read."),
    column(3, "node_disk_read_time_seconds_total", MILLISECONDS, "Seconds spent by all reads."),
    column(4, "node_disk_writes_completed_total", 1.0, "Writes that completed."),
    column(5, "node_disk_writes_merged_total", 1.0, "Writes that were merged with a neighbour."),
    column(6, "node_disk_written_bytes_total", SECTOR_BYTES, "Bytes written."),
    column(7, "node_disk_write_time_seconds_total", MILLISECONDS, "Seconds spent by all writes."),
    column(IO_NOW, "node_disk_io_now", 1.0, "Operations under way."),
    column(9, "node_disk_io_time_seconds_total", MILLISECONDS, "Seconds in which the disk was busy."),
    column(
        10,
        "node_disk_io_time_weighted_seconds_total",
        MILLISECONDS,
        "Seconds in which the disk was busy, times the operations under way.",
    ),
    column(11, "node_disk_discards_completed_total", 1.0, "Discards that completed."),
    column(12, "node_disk_discards_merged_total", 1.0, "Discards that were merged with a neighbour."),
    column(13, "node_disk_discarded_sectors_total", 1.0, "Sectors discarded."),
    column(14, "node_disk_discard_time_seconds_total", MILLISECONDS, "Seconds spent by all discards."),
    column(15, "node_disk_flush_requests_total", 1.0, "Flushes that completed."),
    column(16, "node_disk_flush_requests_time_seconds_total", MILLISECONDS, "Seconds spent by all flushes."),
];

pub(super) fn collect(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    let text = host.read("/proc/diskstats")?;
    let disks = parse(&text);
    for Column { index, name, factor, help } in &COLUMNS {
        if !disks.iter().any(|disk| disk.values.len() > *index) {
            continue; // an older kernel
        }
        if *index == IO_NOW {
            page.gauge(name, help);
        } else {
            page.counter(name, help);
        }
        for disk in &disks {
            if let Some(value) = disk.values.get(*index) {
                page.sample(&[("device", disk.device)], value * factor);
            }
        }
    }
    info(host, &disks, page);
    Ok(())
}

/// What the disks are, as far as udev knows; its database is not there in a container.
fn info(host: &Host, disks: &[Disk<'_>], page: &mut Page<'_>) {
    if disks.is_empty() {
        return;
    }
    page.gauge("node_disk_info", "What the disk is; its value is always 1.");
    for Disk { device, major, minor, .. } in disks {
        let known = host.read(format!("/run/udev/data/b{major}:{minor}")).unwrap_or_default();
        let property = |name: &str| {
            let mut values = known.lines().filter_map(|line| line.strip_prefix("E:")?.strip_prefix(name)?.strip_prefix('='));
            values.next_back().unwrap_or_default()
        };
        page.sample(
            &[
                ("device", device),
                ("major", major),
                ("minor", minor),
                ("path", property("ID_PATH")),
                ("wwn", property("ID_WWN")),
                ("model", property("ID_MODEL")),
                ("serial", property("ID_SERIAL_SHORT")),
                ("revision", property("ID_REVISION")),
            ],
            1.0,
        );
    }
}

#[derive(Debug, PartialEq)]
struct Disk<'a> {
    major: &'a str,
    minor: &'a str,
    device: &'a str,
    values: Vec<f64>,
}

fn parse(text: &str) -> Vec<Disk<'_>> {
    static REGEX: OnceLock<Regex> = OnceLock::new();
    let excluded = REGEX.get_or_init(|| Regex::new(EXCLUDED).expect("the pattern is a constant"));
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (major, minor) = (words.next()?, words.next()?);
            let device = words.next().filter(|device| !excluded.is_match(device))?;
            Some(Disk { major, minor, device, values: words.map_while(|word| word.parse().ok()).collect() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::{Disk as _, SimClock, SimDisk};
    use std::path::Path;

    #[test]
    fn udev_tells_what_a_disk_is() {
        let disk = SimDisk::new(1);
        disk.create_dir_all(Path::new("/run/udev/data")).unwrap();
        disk.write_atomic(
            Path::new("/run/udev/data/b8:16"),
            b"S:disk/by-id/x\nE:ID_MODEL=Fast \"9\"\nE:ID_SERIAL=x_1\nE:ID_SERIAL_SHORT=1\n",
        )
        .unwrap();
        let host = Host::new(SimClock::new(0), std::sync::Arc::new(disk));
        let mut out = String::new();
        info(&host, &parse("8 16 sdb 1\n253 0 vda 1\n"), &mut Page::new(&mut out));
        let samples: Vec<&str> = out.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                r#"node_disk_info{device="sdb",major="8",minor="16",path="",wwn="",model="Fast \"9\"",serial="1",revision=""} 1"#,
                r#"node_disk_info{device="vda",major="253",minor="0",path="",wwn="",model="",serial="",revision=""} 1"#,
            ]
        );
    }

    #[test]
    fn partitions_are_left_out() {
        let names =
            ["sda", "sda1", "nvme0n1", "nvme0n1p2", "loop3", "ram0", "zram0", "vdb", "vdb12", "dm-0", "md127", "xvda1", "mmcblk0", "fd0"];
        let text = names.map(|name| format!("   8   0 {name} 1 2 3 4 5 6 7 8 9 10 11")).join("\n");
        let kept: Vec<&str> = parse(&text).iter().map(|disk| disk.device).collect();
        assert_eq!(kept, ["sda", "nvme0n1", "vdb", "dm-0", "md127", "mmcblk0"]);
        assert_eq!(parse("8 0 sda 5 x 7\n"), [Disk { major: "8", minor: "0", device: "sda", values: vec![5.0] }]);
    }
}
