//! The stores of logs and of spans: write-ahead log, memtable, Parquet segments with filters,
//! compaction, retention.
//!
//! [`Lake`] holds logs, [`TraceLake`] spans. Both are a [`Store`], whose life cycle is written once:
//!
//! A batch goes to the *write-ahead log*, then to the *memtable*, and is acknowledged; the next
//! reader sees it. [`Store::maintain`] moves the memtable to immutable *segments* (objects of a
//! local folder or a bucket), one for each UTC day that it touches, merges segments, and drops what
//! is past its retention or was deleted.
//!
//! Whoever opens a store gives it a thread for its upkeep:
//!
//! ```no_run
//! # fn run(store: &phoenix_lake::Lake) {
//! while store.wait_for_work(std::time::Duration::from_secs(3)) {
//!     while store.maintain().unwrap_or(false) {}
//! }
//! # }
//! ```
//!
//! In the data folder: `LOCK`, `MANIFEST` (which segments hold, where the log begins, what shall be
//! deleted) and `wal/*.wal`. In the object store, below a prefix: a copy of `MANIFEST`, and for each
//! segment `DATE/NUMBER.parquet` and `DATE/NUMBER.index`. A bucket's segments have the name of their
//! data folder's manifest behind the number. Each store has a folder and a prefix of its own.
//!
//! Log, manifest, merging by levels, retention and upkeep know entries as bytes and segments as what
//! [`segment::SegmentInfo`] says. What they leave open, a schema says: what a record of the log holds
//! (a byte at its start names its kind), how entries stand in memory, how they come into segments
//! and out of several into one. Reading, requests to delete and live tails are each schema's own.
//!
//! Of spans: a trace may lie in several segments, since its spans came at different times. A segment
//! lists those of its traces that segments written earlier may hold too, and readers put such traces
//! together before conditions decide; merging makes the lists shorter. A span that is sent again
//! (same trace, id, start and kind) is stored once in memory and in a segment, and given once; the
//! one that came first stays.

// `Schema` is sealed: what stores hold is decided here, and its parts are of no use elsewhere.
#![allow(private_bounds, private_interfaces)]

mod adopt;
mod batch;
mod bytes;
mod compaction;
mod deletes;
mod error;
mod fields;
mod flush;
mod journal;
mod logs;
mod manifest;
mod memtable;
mod metrics;
mod options;
mod partition;
mod patterns;
mod read;
mod retention;
mod schema;
pub mod segment;
mod series;
mod spans;
mod status;
mod store;
mod subscribe;
mod table;
mod tombstone;
mod traces;
mod upkeep;
mod wal;
mod words;
mod write;

pub use deletes::DeleteStatus;
pub use error::LakeError;
pub use logs::{Lake, Logs};
pub use options::{CompactionLimits, LakeOptions, SyncPolicy};
pub use read::IndexStats;
pub use retention::{Retention, StreamRetention};
pub use segment::PatternCounts;
pub use status::{LakeStatus, Problem};
pub use store::Store;
pub use subscribe::{EntrySink, Subscription};
pub use tombstone::Tombstone;
pub use traces::{Spans, TraceLake};
pub use write::Outcome;
