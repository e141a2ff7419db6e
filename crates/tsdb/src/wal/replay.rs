//! Reading a segment back after a restart.

use super::segment::is_header;
use super::{SEGMENT_HEADER_BYTES, SeriesDefinition, decode_record, record_crc, segment_path};
use crate::rows::Rows;
use phoenix_env::records::Records;
use phoenix_env::{Disk, DiskError, OpenMode};
use std::path::Path;

/// What a segment held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Good records.
    pub(crate) records: u64,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// What is wrong with it, in words: a torn end, damaged records that were left out.
    pub(crate) problems: Vec<String>,
}

/// Hands each good record to `apply`, in order. A torn end is left out, damaged records in the middle too;
/// the file stays as it is. Errors are those of the disk only.
pub(crate) fn replay_segment(
    disk: &dyn Disk,
    folder: &Path,
    number: u64,
    mut apply: impl FnMut(Vec<SeriesDefinition>, Rows),
) -> Result<Replayed, DiskError> {
    let path = segment_path(folder, number);
    let file = disk.open(&path, OpenMode::Read)?;
    let length = file.len()?;
    let mut replayed = Replayed { bytes: length, ..Replayed::default() };
    let mut header = vec![0; SEGMENT_HEADER_BYTES as usize];
    let read = file.read_at(0, &mut header)?;
    if read < header.len() {
        // Killed between making the file and writing to it.
        return Ok(replayed);
    }
    if !is_header(&header, number) {
        replayed.problems.push("its first bytes are damaged; records are read from where they should start".to_owned());
    }
    let apply = |payload: &[u8]| decode_record(payload).map(|(definitions, rows)| apply(definitions, rows)).is_some();
    let found = Records::of(&*file, record_crc)?.replay(SEGMENT_HEADER_BYTES, apply)?;
    replayed.records = found.records;
    replayed.problems.extend(found.problems);
    Ok(replayed)
}
