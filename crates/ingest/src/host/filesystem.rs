//! Mounted file systems. A mount whose server is gone can hang whoever asks it, so a thread of its
//! own asks, and one that hangs is not asked again until it has answered.

use super::page::Page;
use super::{Host, Reason};
use parking_lot::Mutex;
use regex::Regex;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

/// Mount points and types that node_exporter leaves out.
const EXCLUDED_MOUNTS: &str = r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";
const EXCLUDED_TYPES: &str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|\
     rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$";
/// Mounts that are shown; machines with containers may have thousands.
const MOUNTS_LIMIT: usize = 1_000;
/// Threads that ask: so many file systems may hang at once before they stand in the way of others.
const THREADS: usize = 8;
/// How long to wait for the next answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Which mount points hang.
#[derive(Debug, Default)]
pub(super) struct Filesystems {
    /// Those that were asked and have not answered.
    asked: Arc<Mutex<HashSet<String>>>,
}

/// Name, help, and where the value is.
type Gauge = (&'static str, &'static str, fn(&Usage) -> f64);

#[derive(Debug, Clone, PartialEq)]
struct Mount {
    device: String,
    mountpoint: String,
    fstype: String,
    readonly: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Usage {
    size: f64,
    free: f64,
    avail: f64,
    files: f64,
    files_free: f64,
}

pub(super) fn collect(host: &Host, page: &mut Page<'_>) -> Result<(), Reason> {
    // The mounts of process 1 are the machine's; a sandbox may not be allowed to see them.
    let text = host.read("/proc/1/mounts").or_else(|_| host.read("/proc/self/mounts"))?;
    let mounts = parse(&text);
    let usages = host.filesystems.ask(&mounts, usage);
    let each: Vec<_> = mounts.iter().zip(&usages).collect();
    let gauges: [Gauge; 5] = [
        ("node_filesystem_avail_bytes", "Bytes that users without special rights can still use.", |u| u.avail),
        ("node_filesystem_files", "Files that the file system can hold.", |u| u.files),
        ("node_filesystem_files_free", "Files that can still be made.", |u| u.files_free),
        ("node_filesystem_free_bytes", "Bytes free.", |u| u.free),
        ("node_filesystem_size_bytes", "The file system's size in bytes.", |u| u.size),
    ];
    for (name, help, value) in gauges {
        page.gauge(name, help);
        for (mount, usage) in &each {
            if let Some(usage) = usage {
                page.sample(&mount.labels(), value(usage));
            }
        }
    }
    page.gauge("node_filesystem_device_error", "Whether the file system could not be asked for its size.");
    for (mount, usage) in &each {
        page.sample(&mount.labels(), f64::from(u8::from(usage.is_none())));
    }
    page.gauge("node_filesystem_readonly", "Whether it is mounted read-only.");
    for (mount, _) in &each {
        page.sample(&mount.labels(), f64::from(u8::from(mount.readonly)));
    }
    Ok(())
}

impl Mount {
    fn labels(&self) -> [(&str, &str); 3] {
        [("device", &self.device), ("fstype", &self.fstype), ("mountpoint", &self.mountpoint)]
    }
}

impl Filesystems {
    /// Asks all mounts that do not hang already, in a few threads that are given up when it takes too
    /// long. At most one thread hangs for each mount point.
    fn ask(&self, mounts: &[Mount], ask: fn(&str) -> Option<Usage>) -> Vec<Option<Usage>> {
        let todo = mounts.iter().enumerate().map(|(index, mount)| (index, mount.mountpoint.clone()));
        let todo: Arc<Mutex<Vec<(usize, String)>>> = Arc::new(Mutex::new(todo.collect()));
        let (answers, answered) = mpsc::channel();
        for _ in 0..mounts.len().min(THREADS) {
            let (todo, asked, answers) = (Arc::clone(&todo), Arc::clone(&self.asked), answers.clone());
            let work = move || {
                loop {
                    let Some((index, mountpoint)) = todo.lock().pop() else { return };
                    if !asked.lock().insert(mountpoint.clone()) {
                        continue; // somebody waits for it already
                    }
                    let usage = ask(&mountpoint);
                    asked.lock().remove(&mountpoint);
                    if answers.send((index, usage)).is_err() {
                        return;
                    }
                }
            };
            // Without a thread the mounts show as not answering.
            let _ = std::thread::Builder::new().name("host-filesystems".to_owned()).spawn(work);
        }
        drop(answers);
        let mut usages = vec![None; mounts.len()];
        while let Ok((index, usage)) = answered.recv_timeout(ANSWER_WITHIN) {
            usages[index] = usage;
        }
        usages
    }
}

fn usage(mountpoint: &str) -> Option<Usage> {
    let stat = rustix::fs::statvfs(mountpoint).ok()?;
    let block = stat.f_frsize as f64;
    Some(Usage {
        size: stat.f_blocks as f64 * block,
        free: stat.f_bfree as f64 * block,
        avail: stat.f_bavail as f64 * block,
        files: stat.f_files as f64,
        files_free: stat.f_ffree as f64,
    })
}

/// The lines of a `mounts` file that are shown, each device and mount point once.
fn parse(text: &str) -> Vec<Mount> {
    static REGEXES: OnceLock<(Regex, Regex)> = OnceLock::new();
    let (mount_points, types) = REGEXES.get_or_init(|| {
        let regex = |pattern| Regex::new(pattern).expect("the pattern is a constant");
        (regex(EXCLUDED_MOUNTS), regex(EXCLUDED_TYPES))
    });
    let mut seen = HashSet::new();
    text.lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (device, mountpoint, fstype, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let mountpoint = unescape(mountpoint);
            if mount_points.is_match(&mountpoint) || types.is_match(fstype) {
                return None;
            }
            let readonly = options.split(',').any(|option| option == "ro");
            Some(Mount { device: unescape(device), mountpoint, fstype: fstype.to_owned(), readonly })
        })
        .filter(|mount| seen.insert((mount.device.clone(), mount.mountpoint.clone())))
        .take(MOUNTS_LIMIT)
        .collect()
}

/// The kernel writes blanks, tabs, line breaks and backslashes as octal numbers.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read() {
        let text = "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sda1 / ext4 rw,relatime 0 0\n\
            tmpfs /run tmpfs ro,nosuid 0 0\nserver:/x /mnt/a\\040b nfs4 rw,errors=ro 0 0\noverlay /var/x overlay rw 0 0\n\
            /dev/sdb /dev/x ext4 rw 0 0\ncgroup2 /c cgroup2 rw 0 0\nbroken\n";
        let shown: Vec<String> = parse(text).iter().map(|m| format!("{} {} {} {}", m.device, m.mountpoint, m.fstype, m.readonly)).collect();
        assert_eq!(shown, ["/dev/sda1 / ext4 false", "tmpfs /run tmpfs true", "server:/x /mnt/a b nfs4 false"]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a mount that hangs, hangs in real time")]
    fn a_mount_that_hangs_is_left_alone() {
        const NONE: Usage = Usage { size: 1.0, free: 0.0, avail: 0.0, files: 0.0, files_free: 0.0 };
        #[expect(clippy::unnecessary_wraps, reason = "it stands for a call that can fail")]
        fn ask(mountpoint: &str) -> Option<Usage> {
            if mountpoint == "/hangs" {
                std::thread::sleep(Duration::from_secs(3));
            }
            Some(NONE)
        }
        let mount =
            |mountpoint: &str| Mount { device: String::new(), mountpoint: mountpoint.to_owned(), fstype: String::new(), readonly: false };
        let mounts = [mount("/a"), mount("/hangs"), mount("/z")];
        let filesystems = Filesystems::default();
        for _ in 0..3 {
            assert_eq!(filesystems.ask(&mounts, ask), [Some(NONE), None, Some(NONE)]);
        }
        assert_eq!(Arc::strong_count(&filesystems.asked), 2, "one thread hangs, not three");
    }
}
