//! The settings of a store.

use crate::retention::Retention;
use crate::segment::SegmentOptions;
use std::path::PathBuf;
use std::time::Duration;

/// When the write-ahead log is forced onto stable storage. In every policy a batch is handed to
/// the operating system before it is acknowledged, so it survives a crash or `kill -9` of Phoenix;
/// the policies differ in what the loss of power, or a crash of the kernel, can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncPolicy {
    /// Before each acknowledgement. Writers that wait at the same time share one fsync. Risks
    /// nothing; a write takes as long as the disk's fsync.
    #[default]
    Each,
    /// When this long has passed since the last fsync. Risks what was acknowledged within the
    /// interval and, while nothing is written, until the next call of `maintain`.
    Interval(Duration),
    /// Never while writing. Risks what the operating system has not written back yet, on Linux up
    /// to some 30 seconds.
    Never,
}

/// How a store is set up: of logs, or of spans, which are the entries then. [`LakeOptions::new`] and
/// [`LakeOptions::traces`] give the defaults.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// The folder of the write-ahead log and the manifest; made if it does not exist.
    pub dir: PathBuf,
    /// Below this prefix stand the objects.
    pub prefix: String,
    /// Bytes that entries in memory may take, those included that are on their way to segments.
    /// They start on their way when they take half of it; a write beyond all of it waits, and is then refused as busy.
    /// A reader keeps what it looks at in memory until it is done, also after that was moved.
    /// At most 4 GiB, at least 64 KiB.
    pub memtable_bytes: u64,
    /// How long a write waits for room in memory before it is refused as busy. It does not wait when
    /// the last move to segments failed.
    pub busy_wait: Duration,
    /// Entries move to segments when the oldest of them arrived this long ago.
    pub flush_after: Duration,
    /// When the write-ahead log is forced onto stable storage.
    pub sync: SyncPolicy,
    /// How long entries are kept.
    pub retention: Retention,
    /// How segments are written. How lines are kept plays no part for spans.
    pub segment: SegmentOptions,
    /// Memory for pages and indexes that were read lately.
    pub cache_bytes: usize,
    /// What bounds the merging of segments.
    pub compaction: CompactionLimits,
    /// A request to delete can be taken back for this long: only then entries are removed from
    /// storage. Loki's `delete_request_cancel_period`, with its default of a day.
    pub delete_cancel_period: Duration,
    /// The most requests to delete that are not carried out yet.
    pub max_deletes: usize,
}

/// What bounds the merging of segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactionLimits {
    /// As many segments of a day and a level are merged into one of the next level (twice as many at
    /// most when a day is over), each with a page in memory. With three
    /// levels an entry is written at most three times more after it first came into a segment.
    pub fan_in: usize,
    /// The most bytes of lines, or of what spans hold, that merging puts into one segment.
    pub max_raw_bytes: u64,
    /// Full levels wait until nothing was moved from memory to segments for this long, or until there
    /// are four times as many segments: entries that pour in come first.
    pub quiet_for: Duration,
    /// A day's segments are merged as far as `max_raw_bytes` allows once the day has been over for this long.
    pub settle_after: Duration,
}

impl Default for CompactionLimits {
    fn default() -> Self {
        Self { fan_in: 8, max_raw_bytes: 2 << 30, quiet_for: Duration::from_secs(10), settle_after: Duration::from_hours(2) }
    }
}

impl LakeOptions {
    /// The defaults: 48 MiB in memory, 32 MiB of cache, a week of retention, each write forced to disk.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            prefix: "logs".to_owned(),
            memtable_bytes: 48 << 20,
            busy_wait: Duration::from_secs(2),
            flush_after: Duration::from_mins(30),
            sync: SyncPolicy::default(),
            retention: Retention { default: Some(Duration::from_hours(7 * 24)), ..Retention::default() },
            segment: SegmentOptions::default(),
            cache_bytes: 32 << 20,
            compaction: CompactionLimits::default(),
            delete_cancel_period: Duration::from_hours(24),
            max_deletes: 1000,
        }
    }

    /// The defaults of a store of spans: as [`LakeOptions::new`], with three days of retention, and
    /// objects below `traces`.
    pub fn traces(dir: impl Into<PathBuf>) -> Self {
        let retention = Retention { default: Some(Duration::from_hours(3 * 24)), ..Retention::default() };
        Self { prefix: "traces".to_owned(), retention, ..Self::new(dir) }
    }
}
