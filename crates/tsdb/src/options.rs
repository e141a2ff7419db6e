//! The settings of the store.

use std::path::PathBuf;
use std::time::Duration;

/// Some 36 million years before 1970; keeps sums of timestamps within their type.
const OLDEST_MS: i64 = -(1 << 60);

/// When the write-ahead log is forced onto stable storage. In every policy a batch is handed to
/// the operating system before it is acknowledged, so it survives a crash or `kill -9` of Phoenix;
/// the policies differ in what the loss of power, or a crash of the kernel, can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FsyncPolicy {
    /// Before each acknowledgement; concurrent writers share one fsync. Risks nothing; a write
    /// takes as long as the disk's fsync.
    Always,
    /// When this long has passed since the last fsync. Risks what was acknowledged within the
    /// interval and, while nothing is written, until the next call of `maintain`.
    Interval(Duration),
    /// Only when the log is rotated. Risks what the operating system has not written back yet,
    /// on Linux up to some 30 seconds.
    Never,
}

/// How the store is set up. [`TsdbOptions::new`] gives the defaults.
#[derive(Debug, Clone)]
pub struct TsdbOptions {
    /// The data folder; made if it does not exist.
    pub folder: PathBuf,
    /// How long samples are kept; `None` or zero keeps everything.
    pub retention: Option<Duration>,
    /// Bytes that parts may take on disk before the oldest day is dropped; `None` or zero for no limit.
    /// The write-ahead log and a merge under way come on top.
    pub retention_bytes: Option<u64>,
    /// How far in the future a sample may lie.
    pub max_future: Duration,
    /// Series that may be in memory at once.
    pub max_series: u64,
    /// Exemplars of all series that are kept in memory; 0 for none. The oldest leave.
    pub max_exemplars: usize,
    /// When the write-ahead log is forced onto stable storage.
    pub fsync: FsyncPolicy,
    /// The head moves to a part when the log has grown by this much. Bounds replay after a crash.
    pub head_wal_bytes: u64,
    /// The head moves to a part when its samples take this much memory.
    pub head_memory_bytes: u64,
    /// The head moves to a part when its oldest write is this old.
    pub head_age: Duration,
    /// Memory for pieces of parts that were read lately.
    pub cache_bytes: u64,
}

impl TsdbOptions {
    /// The defaults: 15 days, no limit in bytes, 2 million series, 100,000 exemplars, fsync each second.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            retention: Some(Duration::from_hours(15 * 24)),
            retention_bytes: None,
            max_future: Duration::from_hours(24),
            max_series: 2_000_000,
            max_exemplars: 100_000,
            fsync: FsyncPolicy::Interval(Duration::from_secs(1)),
            head_wal_bytes: 256 << 20,
            head_memory_bytes: 256 << 20,
            head_age: Duration::from_hours(2),
            cache_bytes: 64 << 20,
        }
    }

    /// The oldest and newest timestamp that is in bounds at a moment.
    pub(crate) fn bounds_ms(&self, now_ms: i64) -> (i64, i64) {
        let newest = now_ms.saturating_add(self.max_future.as_millis() as i64);
        (self.oldest_ms(now_ms), newest)
    }

    /// Everything before this is past its retention.
    pub(crate) fn oldest_ms(&self, now_ms: i64) -> i64 {
        match self.retention {
            Some(kept) if !kept.is_zero() => now_ms.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX)),
            _ => OLDEST_MS,
        }
        .max(OLDEST_MS)
    }
}
