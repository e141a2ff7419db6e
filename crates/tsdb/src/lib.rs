//! The metrics store: head, write-ahead log, parts, index, merging, retention.
//!
//! A batch goes to the log, then to the *head* in memory, and is acknowledged; the next query sees
//! it. [`Tsdb::maintain`] moves the head to immutable *parts* on disk, one for each day that it
//! touches, merges parts and drops those past their retention.
//!
//! On disk, in the data folder: `VERSION` (the format), `LOCK`, `MANIFEST` (which parts hold, and
//! where the log begins), `parts/*.part`, `wal/*.wal`.

mod bytes;
mod codec;
mod commit;
mod error;
mod folder;
mod head;
mod metrics;
mod options;
mod rows;
mod select;
mod series;
mod store;
mod wal;
mod write;

pub use error::TsdbError;
pub use options::{FsyncPolicy, TsdbOptions};
pub use select::{SelectLimits, Selected};
pub use store::Tsdb;
