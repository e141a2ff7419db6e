//! The metrics store: head, write-ahead log, parts, index, merging, retention.
//!
//! A batch goes to the log, then to the *head* in memory, and is acknowledged; the next query sees
//! it. [`Tsdb::maintain`] moves the head to immutable *parts* on disk, one for each day that it
//! touches, merges parts and drops those past their retention.
//!
//! On disk, in the data folder: `VERSION` (the format), `LOCK`, `MANIFEST` (which parts hold, and
//! where the log begins), `EXEMPLARS` (those that the log does not hold any more), `parts/*.part`,
//! `wal/*.wal`.

mod bytes;
mod cache;
mod codec;
mod commit;
mod error;
mod exemplars;
mod flush;
mod folder;
mod head;
mod labels;
mod manifest;
mod merge;
mod metrics;
mod options;
mod part;
mod parts;
mod problem;
mod retention;
mod rows;
mod runs;
mod select;
mod series;
mod status;
mod store;
mod wal;
mod write;

pub use error::TsdbError;
pub use options::{FsyncPolicy, TsdbOptions};
pub use problem::Problem;
pub use select::{SelectLimits, Selected};
pub use status::{Status, TopEntry};
pub use store::Tsdb;
