//! A segment that is being written.

use super::{MAGIC, SEGMENT_HEADER_BYTES};
use phoenix_env::{Disk, DiskError, DiskFile, OpenMode};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::series::SeriesId;

/// The file of a segment.
pub(crate) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.wal"))
}

/// The numbers of the segments in a folder, ascending.
pub(crate) fn segment_numbers(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>, DiskError> {
    let names = disk.list(folder)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".wal")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The segment at the end of the log.
pub(crate) struct Segment {
    number: u64,
    file: Arc<dyn DiskFile>,
    length: u64,
    /// The series whose labels stand in this segment, a bit each.
    defined: Vec<u64>,
}

impl Segment {
    /// Makes a segment and its name durable.
    pub(crate) fn create(disk: &dyn Disk, folder: &Path, number: u64) -> Result<Self, DiskError> {
        let path = segment_path(folder, number);
        let made = (|| {
            let file: Arc<dyn DiskFile> = disk.open(&path, OpenMode::Create)?.into();
            file.append(&header(number))?;
            disk.sync_dir(folder)?;
            Ok(Self { number, file, length: SEGMENT_HEADER_BYTES, defined: Vec::new() })
        })();
        if made.is_err() {
            // Only a try: an empty segment is harmless, replay skips it.
            let _ = disk.remove_file(&path);
        }
        made
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Its length in bytes, of which a crash of the machine keeps what was synced.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The file, for a sync beside other writers.
    pub(crate) fn file(&self) -> &Arc<dyn DiskFile> {
        &self.file
    }

    /// Notes that the labels of a series stand in this segment; whether they did not before.
    pub(crate) fn define(&mut self, id: SeriesId) -> bool {
        let (word, bit) = (id as usize / 64, 1_u64 << (id % 64));
        if self.defined.len() <= word {
            self.defined.resize(word + 1, 0);
        }
        let new = self.defined[word] & bit == 0;
        self.defined[word] |= bit;
        new
    }

    /// Takes back what [`Segment::define`] noted, since the record was not written.
    pub(crate) fn forget(&mut self, id: SeriesId) {
        if let Some(word) = self.defined.get_mut(id as usize / 64) {
            *word &= !(1_u64 << (id % 64));
        }
    }

    /// Appends records. After an error the segment is as before when the second value is true;
    /// otherwise nothing may be appended to it any more.
    pub(crate) fn append(&mut self, records: &[u8], sync: bool) -> Result<(), (DiskError, bool)> {
        let written = self.file.append(records).and_then(|()| if sync { self.file.sync() } else { Ok(()) });
        match written {
            Ok(()) => {
                self.length += records.len() as u64;
                Ok(())
            }
            Err(error) => {
                // After a failed sync the kernel may have dropped the pages, so the file can't be trusted on.
                let was_sync = error.action == "sync";
                let cut = self.file.truncate(self.length).is_ok();
                Err((error, cut && !was_sync))
            }
        }
    }
}

fn header(number: u64) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&number.to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// Whether bytes are the header of a segment with this number.
pub(super) fn is_header(bytes: &[u8], number: u64) -> bool {
    bytes == header(number)
}
