use super::*;
use proptest::prelude::*;

fn disk(seed: u64) -> SimDisk {
    let disk = SimDisk::new(seed);
    disk.create_dir_all(Path::new("/d")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk
}

#[test]
fn behaves_as_a_file_system() {
    let disk = disk(1);
    let path = Path::new("/d/a");
    assert!(disk.open(path, OpenMode::Read).err().unwrap().is_not_found());
    disk.write_atomic(path, b"one").unwrap();
    disk.write_atomic(path, b"three").unwrap();
    assert_eq!(disk.read(path, 100).unwrap(), b"three");
    assert_eq!(disk.list(Path::new("/d")).unwrap(), ["a"]);
    disk.create_dir_all(Path::new("/d/x/y")).unwrap();
    disk.rename(path, Path::new("/d/x/y/b")).unwrap();
    disk.rename(Path::new("/d/x"), Path::new("/d/z")).unwrap();
    assert_eq!(disk.read(Path::new("/d/z/y/b"), 100).unwrap(), b"three");
    disk.remove_dir_all(Path::new("/d/z")).unwrap();
    assert!(disk.list(Path::new("/d")).unwrap().is_empty());
    assert!(disk.open(Path::new("/nowhere/a"), OpenMode::Create).is_err());
}

#[test]
fn a_lock_ends_with_its_process() {
    let disk = disk(1);
    let path = Path::new("/d/lock");
    let held = disk.lock(path).unwrap();
    assert_eq!(disk.lock(path).err().unwrap().source.kind(), ErrorKind::WouldBlock);
    disk.restart();
    let again = disk.lock(path).unwrap();
    drop(held);
    assert!(disk.lock(path).is_err(), "the dead process' lock must not free the new one's");
    drop(again);
    disk.lock(path).unwrap();
}

#[test]
fn a_full_disk_keeps_a_prefix_and_recovers() {
    let disk = disk(1);
    disk.set_faults(DiskFaults { capacity_bytes: Some(5), ..DiskFaults::default() });
    let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
    file.append(b"abc").unwrap();
    assert!(file.append(b"defg").unwrap_err().is_full());
    assert_eq!(disk.bytes(Path::new("/d/a")).unwrap(), b"abcde");
    assert_eq!(disk.free_bytes(Path::new("/d")).unwrap(), 0);
    file.truncate(1).unwrap();
    file.append(b"xyz").unwrap();
}

#[test]
fn files_opened_before_a_crash_are_dead() {
    let disk = disk(1);
    let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
    disk.die_after(1);
    file.append(b"a").unwrap();
    assert!(file.append(b"b").is_err());
    disk.restart();
    assert!(file.append(b"c").is_err());
    assert_eq!(disk.bytes(Path::new("/d/a")).unwrap(), b"a");
}

#[test]
fn unsynced_names_are_sometimes_kept_and_sometimes_lost() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..50 {
        let disk = disk(seed);
        disk.open(Path::new("/d/a"), OpenMode::Create).unwrap().sync().unwrap();
        disk.crash();
        if disk.exists(Path::new("/d/a")) { kept += 1 } else { lost += 1 }
    }
    assert!(kept > 5 && lost > 5, "{kept} kept, {lost} lost");
}

#[test]
fn after_a_failed_sync_a_later_one_proves_nothing() {
    let lost = (0..50).filter(|seed| {
        let disk = disk(*seed);
        let file = disk.open(Path::new("/d/a"), OpenMode::Create).unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        file.append(b"abcdef").unwrap();
        disk.set_faults(DiskFaults { sync_error: 1.0, ..DiskFaults::default() });
        file.sync().unwrap_err();
        disk.set_faults(DiskFaults::default());
        file.sync().unwrap();
        disk.crash();
        disk.bytes(Path::new("/d/a")).unwrap() != b"abcdef"
    });
    assert!(lost.count() > 5);
}

proptest! {
    #[test]
    fn synced_bytes_under_synced_names_survive(seed: u64, synced in 0_usize..40, unsynced in 0_usize..40) {
        let disk = disk(seed);
        let path = Path::new("/d/a");
        let file = disk.open(path, OpenMode::Create).unwrap();
        let bytes: Vec<u8> = (0..synced as u8).collect();
        file.append(&bytes).unwrap();
        file.sync().unwrap();
        disk.sync_dir(Path::new("/d")).unwrap();
        file.append(&vec![7; unsynced]).unwrap();
        disk.crash();
        let after = disk.bytes(path).unwrap();
        prop_assert!(after.len() <= synced + unsynced);
        prop_assert_eq!(&after[..synced], &bytes[..]);
    }

    #[test]
    fn a_file_written_atomically_is_whole_or_absent(seed: u64, dies_after in 0_u64..12) {
        let disk = disk(seed);
        let path = Path::new("/d/a");
        disk.write_atomic(path, b"old").unwrap();
        disk.die_after(dies_after);
        let written = disk.write_atomic(path, b"newer");
        disk.crash();
        let after = disk.bytes(path).unwrap();
        prop_assert!(after == b"old" || after == b"newer");
        prop_assert!(written.is_err() || after == b"newer");
    }
}

#[test]
fn a_file_stays_the_same_under_another_name() {
    let disk = disk(1);
    let (path, moved) = (Path::new("/d/a"), Path::new("/d/b"));
    disk.write_atomic(path, b"one").unwrap();
    let before = disk.stat(path).unwrap();
    assert_eq!((before.length, before.is_folder, before.is_file), (3, false, true));
    assert_eq!(disk.open(path, OpenMode::Read).unwrap().identity().unwrap(), before.identity);
    disk.rename(path, moved).unwrap();
    disk.write_atomic(path, b"other").unwrap();
    assert_eq!(disk.stat(moved).unwrap(), before);
    assert_ne!(disk.stat(path).unwrap().identity, before.identity);
    assert!(disk.stat(Path::new("/d")).unwrap().is_folder);
    assert!(disk.stat(Path::new("/d/none")).unwrap_err().is_not_found());
}
