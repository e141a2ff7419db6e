use super::*;
use phoenix_env::SimDisk;
use proptest::prelude::*;
use std::path::Path;

fn write(disk: &SimDisk, payloads: &[Vec<u8>]) {
    let folder = Path::new("/wal");
    phoenix_env::Disk::create_dir_all(disk, folder).unwrap();
    let mut file = WalFile::create(disk, folder, 7).unwrap();
    for payload in payloads {
        let (record, ()) = frame(|out| out.extend_from_slice(payload));
        file.append(&record, true).unwrap();
    }
}

fn read(disk: &SimDisk) -> (Vec<Vec<u8>>, usize) {
    let mut got = Vec::new();
    let replayed = replay_file(disk, Path::new("/wal"), 7, |payload| {
        got.push(payload.to_vec());
        true
    });
    (got, replayed.unwrap().problems.len())
}

#[test]
fn a_torn_end_is_cut_at_every_byte() {
    let disk = SimDisk::new(1);
    let payloads = [b"first".to_vec(), b"second one".to_vec(), b"third".to_vec()];
    write(&disk, &payloads);
    let path = file_path(Path::new("/wal"), 7);
    let whole = disk.bytes(&path).unwrap();
    let mut ends = vec![FILE_HEADER_BYTES as usize];
    for payload in &payloads {
        ends.push(ends.last().unwrap() + RECORD_HEADER_BYTES + payload.len());
    }
    for cut in 0..whole.len() {
        disk.replace(&path, &whole[..cut]);
        let (got, problems) = read(&disk);
        let records = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(got, payloads[..records], "cut at {cut}");
        assert_eq!(problems, usize::from(cut > FILE_HEADER_BYTES as usize && !ends.contains(&cut)), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn damage_loses_what_it_touches_and_invents_nothing(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..8),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let disk = SimDisk::new(2);
        write(&disk, &payloads);
        let path = file_path(Path::new("/wal"), 7);
        let length = disk.bytes(&path).unwrap().len();
        disk.flip_bit(&path, at.index(length) as u64, bit);
        let (got, problems) = read(&disk);
        prop_assert!(problems > 0);
        let mut rest = payloads.iter();
        for record in &got {
            prop_assert!(rest.any(|payload| payload == record), "{record:?} was never written");
        }
    }

    #[test]
    fn arbitrary_files_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let disk = SimDisk::new(3);
        write(&disk, &[]);
        disk.replace(&file_path(Path::new("/wal"), 7), &bytes);
        read(&disk);
    }
}
