//! Which segments hold, where the log begins, and what shall be deleted: one small file that is
//! replaced as a whole, and a copy of it beside the segments.
//!
//! A flush or a merge counts from the moment at which its manifest is in place; what no manifest
//! names is removed at the next start. The copy follows the file, so that a machine with an empty
//! folder and the same bucket finds the segments, and a damaged file can be made good.

use crate::LakeError;
use crate::segment::SegmentInfo;
use crate::tombstone::StoredTombstone;
use phoenix_env::Disk;
use phoenix_env::objects::ObjectStore;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The format that this version writes. A version reads every format up to its own.
const FORMAT: u64 = 1;

/// No manifest is longer; ten thousand segments take some 3 MB.
const LIMIT_BYTES: u64 = 256 << 20;

/// The contents of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u64,
    /// What the store holds; manifests from before there was a choice do not say it.
    #[serde(default = "logs", skip_serializing_if = "is_logs")]
    pub(crate) signal: String,
    /// The folder that may write below the prefix.
    pub(crate) owner: String,
    /// Grows with each change.
    pub(crate) sequence: u64,
    /// Files of the log with lower numbers stand in segments.
    pub(crate) first_wal: u64,
    /// The number of the next segment.
    pub(crate) next_segment: u64,
    /// The number of the next request to delete.
    pub(crate) next_delete: u64,
    pub(crate) segments: Vec<SegmentEntry>,
    pub(crate) deletes: Vec<DeleteEntry>,
}

/// A segment, with what the store knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentEntry {
    pub(crate) info: SegmentInfo,
    /// The day since 1970 (UTC) whose entries it holds; [`crate::partition::LATE`] for many days long ago.
    pub(crate) partition: i64,
    /// How often its entries were merged.
    pub(crate) level: u8,
    /// Requests to delete up to this number have been carried out in it.
    pub(crate) clean_to: u64,
    /// When its entries came from memory, the latest of them, in milliseconds since the Unix epoch.
    pub(crate) created_ms: i64,
}

/// A request to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeleteEntry {
    pub(crate) number: u64,
    pub(crate) query: String,
    pub(crate) created_ms: i64,
    pub(crate) processed: bool,
    pub(crate) tombstone: StoredTombstone,
}

/// What is read first, since the rest may be that of a newer version.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

fn logs() -> String {
    "logs".to_owned()
}

fn is_logs(signal: &String) -> bool {
    signal == "logs"
}

impl Manifest {
    /// That of a new store.
    pub(crate) fn new(signal: &str, owner: String) -> Self {
        Self {
            format: FORMAT,
            signal: signal.to_owned(),
            owner,
            sequence: 0,
            first_wal: 1,
            next_segment: 1,
            next_delete: 1,
            segments: Vec::new(),
            deletes: Vec::new(),
        }
    }

    /// JSON, and a line with its checksum.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = serde_json::to_vec(self).expect("a manifest has names and numbers only");
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(format!("\ncrc32 {crc:08x}\n").as_bytes());
        out
    }

    fn decode(bytes: &[u8], file: &str) -> Result<Self, LakeError> {
        let corrupt = |reason: &str| LakeError::Corrupt { file: file.to_owned(), reason: reason.to_owned() };
        let text = std::str::from_utf8(bytes).map_err(|_| corrupt("it is not text"))?;
        let (body, crc) = text.rsplit_once("\ncrc32 ").ok_or_else(|| corrupt("its checksum is missing"))?;
        if u32::from_str_radix(crc.trim_end(), 16) != Ok(crc32fast::hash(body.as_bytes())) {
            return Err(corrupt("its checksum is wrong"));
        }
        let format: Format = serde_json::from_str(body).map_err(|error| corrupt(&error.to_string()))?;
        if format.format > FORMAT {
            return Err(LakeError::NewerFormat { file: file.to_owned(), found: format.format, supported: FORMAT });
        }
        serde_json::from_str(body).map_err(|error| corrupt(&error.to_string()))
    }

    /// Replaces the manifest of a folder. After an error either may be in place.
    pub(crate) fn store(&self, disk: &dyn Disk, dir: &Path) -> Result<(), LakeError> {
        Ok(disk.write_atomic(&path(dir), &self.encode())?)
    }

    /// Reads the manifest of a folder, if there is one.
    pub(crate) fn load(disk: &dyn Disk, dir: &Path) -> Result<Option<Self>, LakeError> {
        let path = path(dir);
        match disk.read(&path, LIMIT_BYTES) {
            Err(error) if error.is_not_found() => Ok(None),
            read => Self::decode(&read?, &path.display().to_string()).map(Some),
        }
    }

    /// Puts a damaged manifest aside.
    pub(crate) fn put_aside(disk: &dyn Disk, dir: &Path) -> Result<(), LakeError> {
        disk.rename(&path(dir), &dir.join("MANIFEST.corrupt"))?;
        Ok(disk.sync_dir(dir)?)
    }

    /// Reads the copy, if there is one.
    pub(crate) fn load_copy(objects: &dyn ObjectStore, prefix: &str) -> Result<Option<Self>, LakeError> {
        let key = copy_key(prefix);
        match objects.get(&key, LIMIT_BYTES) {
            Err(error) if error.is_not_found() => Ok(None),
            read => Self::decode(&read?, &key).map(Some),
        }
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("MANIFEST")
}

/// The key of the copy.
pub(crate) fn copy_key(prefix: &str) -> String {
    if prefix.is_empty() { "MANIFEST".to_owned() } else { format!("{prefix}/MANIFEST") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let info = SegmentInfo {
            id: "2026-11-22/0000000000000007".into(),
            rows: 3,
            raw_bytes: 100,
            size_bytes: 60,
            index_bytes: 20,
            min_ns: -5,
            max_ns: i64::MAX,
            streams: 2,
        };
        let entry = SegmentEntry { info, partition: 20_000, level: 1, clean_to: 4, created_ms: 5 };
        Manifest { sequence: 9, first_wal: 12, segments: vec![entry], ..Manifest::new("logs", "me".into()) }
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let bytes = manifest().encode();
        assert_eq!(Manifest::decode(&bytes, "M").unwrap(), manifest());
        for at in 0..bytes.len() - 1 {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(matches!(Manifest::decode(&bad, "M"), Err(LakeError::Corrupt { .. })), "byte {at}");
            assert!(Manifest::decode(&bytes[..at], "M").is_err(), "cut at {at}");
        }
    }

    #[test]
    fn logs_need_not_be_named() {
        let text = |signal: &str| String::from_utf8(Manifest { signal: signal.to_owned(), ..manifest() }.encode()).unwrap();
        assert!(!text("logs").contains("signal") && text("traces").contains(r#""signal":"traces""#));
        assert_eq!(Manifest::decode(text("traces").as_bytes(), "M").unwrap().signal, "traces");
    }

    #[test]
    fn a_newer_format_is_named() {
        let newer = Manifest { format: FORMAT + 1, ..manifest() };
        assert!(matches!(Manifest::decode(&newer.encode(), "M"), Err(LakeError::NewerFormat { found, .. }) if found == FORMAT + 1));
    }
}
