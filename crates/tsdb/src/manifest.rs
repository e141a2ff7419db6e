//! Which parts hold, and where the log begins: one small file that is replaced as a whole.
//!
//! A flush or a merge counts from the moment at which its manifest is in place; what no manifest
//! names is removed at the next start.

use phoenix_env::{Disk, DiskError};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const TITLE: &str = "phoenix-tsdb manifest 1";

/// No manifest is longer; ten thousand parts take some 300 KB.
const LIMIT_BYTES: u64 = 64 << 20;

/// The contents of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Manifest {
    /// Segments with lower numbers stand in parts.
    pub(crate) first_segment: u64,
    /// Names of the files in `parts`.
    pub(crate) parts: Vec<String>,
}

/// What was found at a start.
pub(crate) enum Found {
    /// There is none, as in a new folder.
    Nothing,
    /// It can't be understood; it was put aside, and all whole parts shall be taken.
    Damaged(String),
    /// It is whole.
    Manifest(Manifest),
}

fn path(root: &Path) -> PathBuf {
    root.join("MANIFEST")
}

impl Manifest {
    fn encode(&self) -> String {
        let mut out = format!("{TITLE}\nfirst-segment {}\n", self.first_segment);
        for part in &self.parts {
            let _ = writeln!(out, "part {part}");
        }
        let crc = crc32fast::hash(out.as_bytes());
        let _ = writeln!(out, "crc32 {crc:08x}");
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let (body, crc) = text.rsplit_once("crc32 ").ok_or("its checksum is missing")?;
        if u32::from_str_radix(crc.trim_end(), 16) != Ok(crc32fast::hash(body.as_bytes())) {
            return Err("its checksum is wrong");
        }
        let mut lines = body.lines();
        if lines.next() != Some(TITLE) {
            return Err("it does not start as expected");
        }
        let first = lines.next().and_then(|line| line.strip_prefix("first-segment ")?.parse().ok());
        let first_segment = first.ok_or("the line with the first segment is missing")?;
        let parts = lines.map(|line| line.strip_prefix("part ").map(str::to_owned)).collect::<Option<Vec<_>>>();
        Ok(Self { first_segment, parts: parts.ok_or("a line does not name a part")? })
    }

    /// Replaces the manifest of a data folder. After an error either may be in place.
    pub(crate) fn store(&self, disk: &dyn Disk, root: &Path) -> Result<(), DiskError> {
        disk.write_atomic(&path(root), self.encode().as_bytes())
    }

    /// Reads the manifest of a data folder; puts a damaged one aside.
    pub(crate) fn load(disk: &dyn Disk, root: &Path) -> Result<Found, DiskError> {
        let path = path(root);
        let bytes = match disk.read(&path, LIMIT_BYTES) {
            Err(error) if error.is_not_found() => return Ok(Found::Nothing),
            read => read?,
        };
        match Self::decode(&bytes) {
            Ok(manifest) => Ok(Found::Manifest(manifest)),
            Err(reason) => {
                disk.rename(&path, &root.join("MANIFEST.corrupt"))?;
                Ok(Found::Damaged(reason.to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let manifest = Manifest { first_segment: 12, parts: vec!["0000000000000007.part".to_owned()] };
        let bytes = manifest.encode().into_bytes();
        assert_eq!(Manifest::decode(&bytes), Ok(manifest));
        for at in 0..bytes.len() - 1 {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Manifest::decode(&changed).is_err(), "changed at {at}");
            assert!(Manifest::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
