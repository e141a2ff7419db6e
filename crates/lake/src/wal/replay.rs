//! Reading a file of the log back after a restart.

use super::file::is_header;
use super::{FILE_HEADER_BYTES, RECORD_HEADER_BYTES, file_path, record_crc};
use phoenix_env::{Disk, DiskError, DiskFile, OpenMode};
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
pub(crate) fn replay_file(
    disk: &dyn Disk,
    folder: &Path,
    number: u64,
    mut apply: impl FnMut(&[u8]) -> bool,
) -> Result<Replayed, DiskError> {
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
    let mut at = FILE_HEADER_BYTES;
    let mut payload = Vec::new();
    while at < length {
        match read_record(&*file, at, length, &mut payload)? {
            Record::Good(next) => {
                if apply(&payload) {
                    replayed.records += 1;
                } else {
                    replayed.problems.push(format!("the record at byte {at} can't be understood, it is left out"));
                }
                at = next;
            }
            Record::Damaged(next) if matches!(read_record(&*file, next, length, &mut payload)?, Record::Good(_)) => {
                replayed.problems.push(format!("the record at byte {at} is damaged, it is left out"));
                at = next;
            }
            Record::Damaged(_) | Record::Torn => {
                replayed.problems.push(format!("it is torn at byte {at}; the {} bytes from there are left out", length - at));
                break;
            }
        }
    }
    Ok(replayed)
}

enum Record {
    /// The payload is read; the next record starts here.
    Good(u64),
    /// The checksum is wrong, but the length is possible.
    Damaged(u64),
    /// It does not end within the file.
    Torn,
}

fn read_record(file: &dyn DiskFile, at: u64, length: u64, payload: &mut Vec<u8>) -> Result<Record, DiskError> {
    let mut header = [0; RECORD_HEADER_BYTES];
    if file.read_at(at, &mut header)? < header.len() {
        return Ok(Record::Torn);
    }
    let word = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i]));
    let (size, crc) = (word(0), word(4));
    let start = at + RECORD_HEADER_BYTES as u64;
    if size == 0 || u64::from(size) > length - start {
        return Ok(Record::Torn);
    }
    payload.resize(size as usize, 0);
    if file.read_at(start, payload)? < payload.len() {
        return Ok(Record::Torn);
    }
    let next = start + u64::from(size);
    Ok(if record_crc(size, payload) == crc { Record::Good(next) } else { Record::Damaged(next) })
}
