//! A file of the log that is being written.

use super::{FILE_HEADER_BYTES, MAGIC};
use phoenix_env::{Disk, DiskError, DiskFile, OpenMode};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The path of a file of the log.
pub(crate) fn file_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.wal"))
}

/// The numbers of the files in a folder, ascending.
pub(crate) fn file_numbers(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>, DiskError> {
    let names = disk.list(folder)?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".wal")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The file at the end of the log.
pub(crate) struct WalFile {
    number: u64,
    file: Arc<dyn DiskFile>,
    length: u64,
}

impl WalFile {
    /// Makes a file, and its name durable.
    pub(crate) fn create(disk: &dyn Disk, folder: &Path, number: u64) -> Result<Self, DiskError> {
        let path = file_path(folder, number);
        let made = (|| {
            let file: Arc<dyn DiskFile> = disk.open(&path, OpenMode::Create)?.into();
            file.append(&header(number))?;
            disk.sync_dir(folder)?;
            Ok(Self { number, file, length: FILE_HEADER_BYTES })
        })();
        if made.is_err() {
            // Only a try: a file without records is harmless, replay skips it.
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

    /// Appends records. After an error the file is as before when the second value is true;
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

/// Whether bytes are the header of a file with this number.
pub(super) fn is_header(bytes: &[u8], number: u64) -> bool {
    bytes == header(number)
}
