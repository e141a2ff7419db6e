//! Reading a file of the log back after a restart.

use super::file::is_header;
use super::{FILE_HEADER_BYTES, file_path, record_crc};
use phoenix_env::records::Records;
use phoenix_env::{Disk, DiskError, OpenMode};
use std::path::Path;

/// What a file held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Good records.
    pub(crate) records: u64,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// What is wrong with it, in words: a torn end, damaged records that were left out.
    pub(crate) problems: Vec<String>,
}

/// Hands the payload of each good record to `apply`, in order; false means that it can't be
/// understood. A torn end is left out, damaged records in the middle too; the file stays as it is.
/// Errors are those of the disk only. Holds one record in memory at a time.
pub(crate) fn replay_file(disk: &dyn Disk, folder: &Path, number: u64, apply: impl FnMut(&[u8]) -> bool) -> Result<Replayed, DiskError> {
    let path = file_path(folder, number);
    let file = disk.open(&path, OpenMode::Read)?;
    let length = file.len()?;
    let mut replayed = Replayed { bytes: length, ..Replayed::default() };
    let mut header = vec![0; FILE_HEADER_BYTES as usize];
    let read = file.read_at(0, &mut header)?;
    if read < header.len() {
        // Killed between making the file and writing to it.
        return Ok(replayed);
    }
    if !is_header(&header, number) {
        replayed.problems.push("its first bytes are damaged; records are read from where they should start".to_owned());
    }
    let found = Records::of(&*file, record_crc)?.replay(FILE_HEADER_BYTES, apply)?;
    replayed.records = found.records;
    replayed.problems.extend(found.problems);
    Ok(replayed)
}
