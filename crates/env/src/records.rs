//! Files of records, read back: what logs and journals share.
//!
//! A record is its length, a checksum (both four bytes, little-endian) and its payload, which is
//! never empty. What is damaged is left out, and reading goes on behind it: at the next record
//! where the length is sound, and otherwise wherever the next sound record is found.

use crate::{DiskError, DiskFile};

/// Length and checksum.
const HEADER_BYTES: u64 = 8;

/// So many bytes are looked through at a time.
const WINDOW_BYTES: usize = 64 << 10;

/// What looks like a record up to this size is checked at once. Of what would be larger the next ones
/// have to look like records too: any four bytes may be a length, and a checksum takes time.
const SHORT_BYTES: u64 = 4 << 10;

/// So many records have to follow what would be a large one, unless the file ends before.
const FOLLOWING: usize = 3;

/// What a file held.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records that were applied.
    pub records: u64,
    /// What is wrong with it, in words: a torn end, damaged records that were left out.
    pub problems: Vec<String>,
}

/// A file of records.
pub struct Records<'a> {
    file: &'a dyn DiskFile,
    length: u64,
    checksum: fn(u32, &[u8]) -> u32,
    /// Bytes of which checksums may still be worked out in looking for records.
    left: u64,
}

enum Record {
    /// The payload is read; the next record starts here.
    Good(u64),
    /// The checksum is wrong, but the length is possible.
    Damaged(u64),
    /// It does not end within the file.
    Torn,
}

impl<'a> Records<'a> {
    /// The records of a file as it is now. `checksum` makes one of length and payload.
    ///
    /// Errors are those of the disk.
    pub fn of(file: &'a dyn DiskFile, checksum: fn(u32, &[u8]) -> u32) -> Result<Self, DiskError> {
        let length = file.len()?;
        // Looking for records takes about as long as reading the file a few times, at most.
        Ok(Self { file, length, checksum, left: length.saturating_mul(4).max(64 << 20) })
    }

    /// Hands the payload of each sound record from `at` on to `apply`, in order; false means that it can't
    /// be understood. Damaged records and a torn end are left out; the file stays as it is. One record
    /// is in memory at a time. Errors are those of the disk.
    pub fn replay(mut self, at: u64, mut apply: impl FnMut(&[u8]) -> bool) -> Result<Replayed, DiskError> {
        let mut replayed = Replayed::default();
        let mut payload = Vec::new();
        let mut at = at;
        while at < self.length {
            match self.read(at, &mut payload)? {
                Record::Good(next) => {
                    if apply(&payload) {
                        replayed.records += 1;
                    } else {
                        replayed.problems.push(format!("the record at byte {at} can't be understood, it is left out"));
                    }
                    at = next;
                }
                Record::Damaged(next) if matches!(self.read(next, &mut payload)?, Record::Good(_)) => {
                    replayed.problems.push(format!("the record at byte {at} is damaged, it is left out"));
                    at = next;
                }
                Record::Damaged(_) | Record::Torn => {
                    let Some(next) = self.find(at + 1, &mut payload)? else {
                        let rest = self.length - at;
                        replayed.problems.push(format!("it is torn at byte {at}; the {rest} bytes from there are left out"));
                        break;
                    };
                    replayed.problems.push(format!("it is damaged from byte {at} to {next}, what stood there is left out"));
                    at = next;
                }
            }
        }
        Ok(replayed)
    }

    /// The record at a place; its payload is read if it is good.
    fn read(&self, at: u64, payload: &mut Vec<u8>) -> Result<Record, DiskError> {
        let Some((end, checksum)) = self.header(at)? else { return Ok(Record::Torn) };
        let size = end - at - HEADER_BYTES;
        payload.resize(size as usize, 0);
        if self.file.read_at(at + HEADER_BYTES, payload)? < payload.len() {
            return Ok(Record::Torn);
        }
        Ok(if (self.checksum)(size as u32, payload) == checksum { Record::Good(end) } else { Record::Damaged(end) })
    }

    /// Where the record at a place would end, and its checksum; `None` where no record can be.
    fn header(&self, at: u64) -> Result<Option<(u64, u32)>, DiskError> {
        let mut header = [0; HEADER_BYTES as usize];
        if self.file.read_at(at, &mut header)? < header.len() {
            return Ok(None);
        }
        let [a, b, c, d, checksum @ ..] = header;
        Ok(self.end_of(at, u32::from_le_bytes([a, b, c, d])).map(|end| (end, u32::from_le_bytes(checksum))))
    }

    fn end_of(&self, at: u64, size: u32) -> Option<u64> {
        let end = at + HEADER_BYTES + u64::from(size);
        (size > 0 && end <= self.length).then_some(end)
    }

    /// The first place from `from` on where a sound record is; `None` if there is none, or if looking for it
    /// takes too long. A large one is not found whose next ones are damaged as well.
    fn find(&mut self, from: u64, payload: &mut Vec<u8>) -> Result<Option<u64>, DiskError> {
        let mut window = vec![0; WINDOW_BYTES];
        let mut start = from;
        while start + HEADER_BYTES < self.length {
            let read = self.file.read_at(start, &mut window)?;
            for (offset, size) in window[..read].windows(4).enumerate() {
                let at = start + offset as u64;
                let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
                let Some(end) = self.end_of(at, size) else { continue };
                if u64::from(size) > SHORT_BYTES && !self.is_followed(end)? {
                    continue;
                }
                let Some(left) = self.left.checked_sub(u64::from(size)) else { return Ok(None) };
                self.left = left;
                if matches!(self.read(at, payload)?, Record::Good(_)) {
                    return Ok(Some(at));
                }
            }
            // The last three bytes are the first of other lengths.
            start += read.max(4) as u64 - 3;
        }
        Ok(None)
    }

    /// Whether what follows looks like records.
    fn is_followed(&self, mut at: u64) -> Result<bool, DiskError> {
        for _ in 0..FOLLOWING {
            if at == self.length {
                break;
            }
            let Some((end, _)) = self.header(at)? else { return Ok(false) };
            at = end;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, OpenMode, SimDisk};
    use proptest::prelude::*;
    use std::path::Path;

    const FILE: &str = "/records";

    /// A checksum good enough for tests (FNV-1a over the payload, begun with the length).
    fn checksum(length: u32, payload: &[u8]) -> u32 {
        payload.iter().fold(0x811c_9dc5 ^ length, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
    }

    fn framed(payload: &[u8]) -> Vec<u8> {
        let length = payload.len() as u32;
        [&length.to_le_bytes()[..], &checksum(length, payload).to_le_bytes(), payload].concat()
    }

    /// What is read of a file: each payload, and the problems.
    fn read(disk: &SimDisk, bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<String>) {
        disk.replace(Path::new(FILE), bytes);
        let file = disk.open(Path::new(FILE), OpenMode::Read).unwrap();
        let mut got = Vec::new();
        let replayed = Records::of(&*file, checksum).unwrap().replay(0, |payload| {
            got.push(payload.to_vec());
            payload[0] != 0xff
        });
        let replayed = replayed.unwrap();
        assert_eq!(replayed.records as usize, got.iter().filter(|payload| payload[0] != 0xff).count());
        (got, replayed.problems)
    }

    fn disk() -> SimDisk {
        let disk = SimDisk::new(1);
        disk.open(Path::new(FILE), OpenMode::Create).unwrap();
        disk
    }

    /// Payloads of ids, texts and lengths, as records have them; each with its number in it.
    fn payloads(sizes: &[usize]) -> Vec<Vec<u8>> {
        let payload = |(number, size): (usize, &usize)| {
            let mut payload = format!("{number:04}").into_bytes();
            for i in 0..=*size as u32 / 16 {
                let id = checksum(i, &payload[payload.len() - 4..]).to_le_bytes();
                let text = format!("key={i}");
                payload.extend([&id[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat());
            }
            payload.truncate(*size);
            payload
        };
        sizes.iter().enumerate().map(payload).collect()
    }

    #[test]
    fn what_stands_behind_damage_is_found_again() {
        let disk = disk();
        // Some are longer than what is checked at once.
        let sizes = [300, 40, 9_000, 4, 5_000, 20_000, 77, 1_000, 4_200, 12];
        let payloads = payloads(&sizes);
        let whole: Vec<u8> = payloads.iter().flat_map(|payload| framed(payload)).collect();
        let mut starts = vec![0];
        for payload in &payloads {
            starts.push(starts.last().unwrap() + 8 + payload.len());
        }
        assert_eq!(read(&disk, &whole), (payloads.clone(), vec![]));
        // A few bytes, and a block of a disk, over each header and in the middle of each record.
        for harmed in [1, 4, 9, 4096] {
            for at in starts[..payloads.len()].iter().copied().chain(starts.windows(2).map(|pair| usize::midpoint(pair[0], pair[1]))) {
                for fill in [None, Some(0)] {
                    let mut bytes = whole.clone();
                    let end = bytes.len().min(at + harmed);
                    bytes[at..end].iter_mut().for_each(|byte| *byte = fill.unwrap_or(*byte ^ 0x5a));
                    if bytes == whole {
                        continue;
                    }
                    let (got, problems) = read(&disk, &bytes);
                    let is_sound =
                        |number: &usize| bytes[starts[*number]..starts[number + 1]] == whole[starts[*number]..starts[number + 1]];
                    let sound: Vec<Vec<u8>> = (0..payloads.len()).filter(is_sound).map(|number| payloads[number].clone()).collect();
                    assert_eq!(got.len(), sound.len(), "{harmed} bytes at {at}, {fill:?}: {problems:?}");
                    assert!(got == sound && !problems.is_empty(), "{harmed} bytes at {at}, {fill:?}: {problems:?}");
                }
            }
        }
    }

    #[test]
    fn problems_say_what_is_left_out() {
        let disk = disk();
        let whole: Vec<u8> = [&b"first"[..], b"second", b"\xffthird", b"fourth"].into_iter().flat_map(framed).collect();
        let problems = |harm: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            harm(&mut bytes);
            read(&disk, &bytes).1
        };
        let unknown = "the record at byte 27 can't be understood, it is left out".to_owned();
        assert_eq!(problems(&|_| ()), std::slice::from_ref(&unknown));
        assert_eq!(problems(&|b| b[10] ^= 1), ["the record at byte 0 is damaged, it is left out", &unknown]);
        assert_eq!(problems(&|b| b[2] ^= 1), ["it is damaged from byte 0 to 13, what stood there is left out", &unknown]);
        assert_eq!(problems(&|b| b[45] ^= 1), [&unknown, "it is torn at byte 41; the 14 bytes from there are left out"]);
        assert_eq!(problems(&|b| b.truncate(50)), [&unknown, "it is torn at byte 41; the 9 bytes from there are left out"]);
    }

    /// A file in which each place looks like a large record, and a damaged length at its beginning.
    #[test]
    fn looking_for_records_ends() {
        let disk = disk();
        let mut bytes = vec![0xff; 4];
        bytes.extend([0, 0, 1].iter().cycle().take(3 << 20));
        let file_length = bytes.len();
        disk.replace(Path::new(FILE), &bytes);
        let file = disk.open(Path::new(FILE), OpenMode::Read).unwrap();
        let mut records = Records::of(&*file, checksum).unwrap();
        records.left = 2 << 20;
        let replayed = records.replay(0, |_| true).unwrap();
        assert_eq!(replayed.problems, [format!("it is torn at byte 0; the {file_length} bytes from there are left out")]);
    }

    proptest! {
        #[test]
        fn arbitrary_files_never_panic(bytes in prop::collection::vec(prop_oneof![Just(0u8), 0u8..9, any::<u8>()], 0..300)) {
            read(&disk(), &bytes);
        }

        /// Records stay whole wherever others are damaged or cut.
        #[test]
        fn damage_takes_only_what_it_touches(
            sizes in prop::collection::vec(4usize..60, 1..9),
            at in any::<prop::sample::Index>(),
            harmed in 1usize..30,
            mask in 1u8..,
        ) {
            let payloads = payloads(&sizes);
            let whole: Vec<u8> = payloads.iter().flat_map(|payload| framed(payload)).collect();
            let mut bytes = whole.clone();
            let at = at.index(whole.len());
            let end = whole.len().min(at + harmed);
            bytes[at..end].iter_mut().for_each(|byte| *byte ^= mask);
            let (got, _) = read(&disk(), &bytes);
            prop_assert!(got.iter().all(|payload| payloads.contains(payload)), "nothing is made up");
            let mut start = 0;
            // A length that by chance reaches to the end of another record takes that with it.
            let mut touched = 0;
            for payload in &payloads {
                let of_it = start..start + 8 + payload.len();
                let touches_length = at < of_it.start + 4 && end > of_it.start;
                if touches_length {
                    touched = of_it.start + 8 + u32::from_le_bytes(bytes[of_it.start..of_it.start + 4].try_into().unwrap()) as usize;
                }
                if (end <= of_it.start || at >= of_it.end) && touched < of_it.end {
                    prop_assert!(got.contains(payload), "{at}..{end} does not touch {of_it:?}");
                }
                start = of_it.end;
            }
        }
    }
}
