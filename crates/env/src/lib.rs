//! Time and disk: the real ones, and seeded, fault-injecting simulated ones.
//!
//! This is the only room that may ask the operating system for the time, set a timer or touch a
//! file (SQLite and `telemetry` aside). Everything else takes a [`Clock`] and a [`Disk`], so that
//! rules, alerts, escalation and crashes can be tested in simulated time.

pub mod clock;
pub mod disk;
pub mod objects;
pub mod records;

pub use clock::{Clock, RealClock, SharedClock, SimClock};
pub use disk::{Disk, DiskError, DiskFaults, DiskFile, DiskLock, FileIdentity, FileStat, OpenMode, RealDisk, SharedDisk, SimDisk};
