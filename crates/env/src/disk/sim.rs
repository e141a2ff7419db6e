//! Files in memory that can crash, fill up, fail and rot, all from one seed.
//!
//! The model is harsher than a journalling file system, on purpose: unsynced bytes survive a crash
//! as any prefix, perhaps with a garbled end; names that were made, renamed or removed since the
//! last [`Disk::sync_dir`] of their folder are kept or lost one by one.

use super::{Disk, DiskError, DiskFile, DiskLock, FileIdentity, FileStat, OpenMode};
use crate::SharedClock;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which operations shall fail. Probabilities are between 0 and 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskFaults {
    /// Bytes that fit on the disk, all files together; writes beyond leave a prefix and say `StorageFull`.
    pub capacity_bytes: Option<u64>,
    /// Chance that a write leaves a random prefix and fails.
    pub write_error: f64,
    /// Chance that a sync fails; the unsynced bytes may then never become durable, as on Linux.
    pub sync_error: f64,
    /// Chance that a read fails.
    pub read_error: f64,
}

/// A simulated disk. Clones share the same files.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    clock: Option<SharedClock>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(u64),
}

#[derive(Debug, Clone)]
enum NameChange {
    Put(PathBuf, Node),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
}

impl NameChange {
    fn touches(&self, folder: &Path) -> bool {
        match self {
            Self::Put(path, _) | Self::Remove(path) => path.parent() == Some(folder),
            Self::Rename(from, to) => from.parent() == Some(folder) || to.parent() == Some(folder),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Put(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Remove(path) => names.retain(|name, _| !name.starts_with(path)),
            Self::Rename(from, to) => {
                let moved: Vec<_> = names.keys().filter(|name| name.starts_with(from)).cloned().collect();
                if moved.is_empty() {
                    return;
                }
                names.retain(|name, _| !name.starts_with(to) || name.starts_with(from));
                for name in moved {
                    let node = names.remove(&name).expect("the name was just listed");
                    let rest = name.strip_prefix(from).expect("the name was filtered by this prefix");
                    names.insert(if rest.as_os_str().is_empty() { to.clone() } else { to.join(rest) }, node);
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Inode {
    data: Vec<u8>,
    /// This many bytes at the start survive a crash.
    synced_length: usize,
    /// Bytes from here on never become durable, whatever later syncs say.
    doomed_from: Option<usize>,
    /// What was durable before a truncate that is not synced yet.
    before_truncate: Option<Vec<u8>>,
    modified_ms: i64,
}

struct State {
    random: u64,
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    names: BTreeMap<PathBuf, Node>,
    durable_names: BTreeMap<PathBuf, Node>,
    pending: Vec<NameChange>,
    locks: BTreeSet<PathBuf>,
    faults: DiskFaults,
    /// Grows with each crash; files and locks from before are dead.
    life: u64,
    dies_after: Option<u64>,
    operations: u64,
}

impl State {
    fn next_random(&mut self) -> u64 {
        // SplitMix64, public domain, Sebastiano Vigna.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && (self.next_random() >> 11) as f64 / ((1_u64 << 53) as f64) < probability
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next_random() % (end as u64).max(1)) as usize
    }

    fn change(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending.push(change);
    }

    /// Counts an operation; an error when the process is dead.
    fn begin(&mut self, action: &'static str, path: &Path) -> Result<(), DiskError> {
        self.operations += 1;
        match self.dies_after {
            Some(0) => Err(DiskError::new(action, path, Error::other("the simulated process has died"))),
            Some(left) => {
                self.dies_after = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn used_bytes(&self) -> u64 {
        let held: BTreeSet<u64> = self.names.values().filter_map(|n| if let Node::File(i) = n { Some(*i) } else { None }).collect();
        held.iter().filter_map(|i| self.inodes.get(i)).map(|inode| inode.data.len() as u64).sum()
    }

    fn crash_inode(&mut self, id: u64) {
        let Some(mut inode) = self.inodes.remove(&id) else { return };
        let durable = inode.synced_length.min(inode.doomed_from.unwrap_or(usize::MAX)).min(inode.data.len());
        if let Some(before) = inode.before_truncate.take()
            && self.next_random().is_multiple_of(2)
        {
            inode.data = before;
        } else {
            let unsynced = inode.data.len() - durable;
            let kept = match self.next_random() % 3 {
                0 => 0,
                1 if inode.doomed_from.is_none() => unsynced,
                _ => self.below(unsynced + 1),
            };
            inode.data.truncate(durable + kept);
            // The file's length may reach the disk before its last block does.
            if kept > 0 && self.next_random().is_multiple_of(3) {
                let garbled = 1 + self.below(kept.min(512));
                let zeroes = self.next_random().is_multiple_of(2);
                let start = durable + kept - garbled;
                for position in start..durable + kept {
                    inode.data[position] = if zeroes { 0 } else { self.next_random() as u8 };
                }
            }
        }
        inode.synced_length = inode.data.len();
        inode.doomed_from = None;
        self.inodes.insert(id, inode);
    }
}

impl SimDisk {
    /// An empty disk; the same seed and the same calls give the same faults.
    pub fn new(seed: u64) -> Self {
        let mut names = BTreeMap::new();
        names.insert(PathBuf::from("/"), Node::Folder);
        let state = State {
            random: seed,
            inodes: BTreeMap::new(),
            next_inode: 1,
            durable_names: names.clone(),
            names,
            pending: Vec::new(),
            locks: BTreeSet::new(),
            faults: DiskFaults::default(),
            life: 0,
            dies_after: None,
            operations: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), clock: None }
    }

    /// As [`SimDisk::new`], with changes of files stamped by a clock (otherwise 0).
    pub fn with_clock(seed: u64, clock: SharedClock) -> Self {
        Self { clock: Some(clock), ..Self::new(seed) }
    }

    /// Sets which operations fail from now on.
    pub fn set_faults(&self, faults: DiskFaults) {
        self.state.lock().faults = faults;
    }

    /// Lets every operation after the next `operations` fail, as if the process had been killed there,
    /// until [`SimDisk::restart`] or [`SimDisk::crash`].
    pub fn die_after(&self, operations: u64) {
        self.state.lock().dies_after = Some(operations);
    }

    /// Operations so far: the range for [`SimDisk::die_after`].
    pub fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// The process died (`kill -9`): its open files and locks are gone, everything written stays.
    pub fn restart(&self) {
        let mut state = self.state.lock();
        state.life += 1;
        state.dies_after = None;
        state.locks.clear();
    }

    /// The power went: as [`SimDisk::restart`], and what was not synced is lost or torn.
    pub fn crash(&self) {
        self.restart();
        let mut state = self.state.lock();
        let mut names = std::mem::take(&mut state.durable_names);
        for change in std::mem::take(&mut state.pending) {
            if state.next_random().is_multiple_of(2) {
                change.apply(&mut names);
            }
        }
        let folders: BTreeSet<PathBuf> = names.iter().filter(|(_, n)| **n == Node::Folder).map(|(p, _)| p.clone()).collect();
        names.retain(|path, _| path.ancestors().skip(1).all(|a| a.as_os_str().is_empty() || folders.contains(a)));
        let ids: Vec<u64> = state.inodes.keys().copied().collect();
        for id in ids {
            state.crash_inode(id);
        }
        state.durable_names = names.clone();
        state.names = names;
    }

    /// Flips one bit of a file, durably. Panics when there is no such byte.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) {
        let mut state = self.state.lock();
        let Some(Node::File(id)) = state.names.get(path).copied() else { panic!("no file {}", path.display()) };
        state.inodes.get_mut(&id).expect("a name has its inode").data[offset as usize] ^= 1 << (bit & 7);
    }

    /// Replaces a file's bytes, durably: for putting back what [`SimDisk::bytes`] gave, or damaging it.
    pub fn replace(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state.lock();
        let id = state.next_inode;
        state.next_inode += 1;
        state.inodes.insert(id, Inode { data: bytes.to_vec(), synced_length: bytes.len(), ..Inode::default() });
        state.names.insert(path.to_owned(), Node::File(id));
        state.durable_names.insert(path.to_owned(), Node::File(id));
    }

    /// The bytes of a file now.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state.lock();
        match state.names.get(path)? {
            Node::File(id) => state.inodes.get(id).map(|inode| inode.data.clone()),
            Node::Folder => None,
        }
    }

    /// All files, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        self.state.lock().names.iter().filter(|(_, n)| matches!(n, Node::File(_))).map(|(p, _)| p.clone()).collect()
    }

    /// A copy of all files as they are, with nothing pending and no faults: a disk of its own.
    #[must_use]
    pub fn fork(&self, seed: u64) -> Self {
        let copy = Self { clock: self.clock.clone(), ..Self::new(seed) };
        {
            let (from, mut to) = (self.state.lock(), copy.state.lock());
            to.names.clone_from(&from.names);
            to.durable_names.clone_from(&from.names);
            to.next_inode = from.next_inode;
            for (id, inode) in &from.inodes {
                let data = inode.data.clone();
                to.inodes.insert(*id, Inode { synced_length: data.len(), data, modified_ms: inode.modified_ms, ..Inode::default() });
            }
        }
        copy
    }

    fn now_ms(&self) -> i64 {
        self.clock.as_ref().map_or(0, |clock| clock.now_ms())
    }
}

fn error(action: &'static str, path: &Path, kind: ErrorKind) -> DiskError {
    DiskError::new(action, path, Error::from(kind))
}

fn injected(action: &'static str, path: &Path) -> DiskError {
    DiskError::new(action, path, Error::other("injected input/output error"))
}

struct SimFile {
    disk: SimDisk,
    path: PathBuf,
    inode: u64,
    life: u64,
    writable: bool,
}

impl SimFile {
    fn with<T>(&self, action: &'static str, run: impl FnOnce(&mut State, &mut Inode) -> Result<T, DiskError>) -> Result<T, DiskError> {
        let mut state = self.disk.state.lock();
        state.begin(action, &self.path)?;
        if state.life != self.life {
            return Err(DiskError::new(action, &self.path, Error::other("the file was opened before the crash")));
        }
        let mut inode = state.inodes.remove(&self.inode).expect("an open file has its inode");
        let result = run(&mut state, &mut inode);
        state.inodes.insert(self.inode, inode);
        result
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        self.with("read", |state, inode| {
            let chance = state.faults.read_error;
            if state.chance(chance) {
                return Err(injected("read", &self.path));
            }
            let start = (offset as usize).min(inode.data.len());
            let count = buffer.len().min(inode.data.len() - start);
            buffer[..count].copy_from_slice(&inode.data[start..start + count]);
            Ok(count)
        })
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        if !self.writable {
            return Err(error("write", &self.path, ErrorKind::PermissionDenied));
        }
        let now_ms = self.disk.now_ms();
        self.with("write", |state, inode| {
            inode.modified_ms = now_ms;
            let chance = state.faults.write_error;
            if state.chance(chance) {
                let kept = state.below(bytes.len() + 1);
                inode.data.extend_from_slice(&bytes[..kept]);
                return Err(injected("write", &self.path));
            }
            if let Some(capacity) = state.faults.capacity_bytes {
                // This inode is out of the table while it is worked on.
                let free = capacity.saturating_sub(state.used_bytes() + inode.data.len() as u64) as usize;
                if free < bytes.len() {
                    inode.data.extend_from_slice(&bytes[..free]);
                    return Err(error("write", &self.path, ErrorKind::StorageFull));
                }
            }
            inode.data.extend_from_slice(bytes);
            Ok(())
        })
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.with("sync", |state, inode| {
            let chance = state.faults.sync_error;
            if state.chance(chance) {
                if state.next_random().is_multiple_of(2) && inode.synced_length < inode.data.len() {
                    inode.doomed_from.get_or_insert(inode.synced_length);
                }
                return Err(injected("sync", &self.path));
            }
            inode.synced_length = inode.data.len();
            inode.before_truncate = None;
            Ok(())
        })
    }

    fn len(&self) -> Result<u64, DiskError> {
        self.with("measure", |_, inode| Ok(inode.data.len() as u64))
    }

    fn identity(&self) -> Result<FileIdentity, DiskError> {
        Ok(FileIdentity { device: 0, inode: self.inode })
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.with("truncate", |_, inode| {
            let length = length as usize;
            if length < inode.synced_length && inode.before_truncate.is_none() {
                inode.before_truncate = Some(inode.data[..inode.synced_length].to_vec());
            }
            inode.data.resize(length, 0);
            inode.synced_length = inode.synced_length.min(length);
            inode.doomed_from = inode.doomed_from.filter(|from| *from < length);
            Ok(())
        })
    }
}

struct SimLock {
    disk: SimDisk,
    path: PathBuf,
    life: u64,
}

impl DiskLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state.lock();
        if state.life == self.life {
            state.locks.remove(&self.path);
        }
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn DiskFile>, DiskError> {
        let now_ms = self.now_ms();
        let mut state = self.state.lock();
        state.begin("open", path)?;
        let inode = match (state.names.get(path).copied(), mode) {
            (Some(Node::Folder), _) => return Err(error("open", path, ErrorKind::IsADirectory)),
            (Some(Node::File(id)), OpenMode::Read | OpenMode::Append) => id,
            (None, OpenMode::Read) => return Err(error("open", path, ErrorKind::NotFound)),
            (Some(Node::File(_)), OpenMode::Create) | (None, OpenMode::Create | OpenMode::Append) => {
                if path.parent().is_some_and(|p| !p.as_os_str().is_empty() && !state.names.contains_key(p)) {
                    return Err(error("open", path, ErrorKind::NotFound));
                }
                let id = state.next_inode;
                state.next_inode += 1;
                state.inodes.insert(id, Inode { modified_ms: now_ms, ..Inode::default() });
                state.change(NameChange::Put(path.to_owned(), Node::File(id)));
                id
            }
        };
        let life = state.life;
        Ok(Box::new(SimFile { disk: self.clone(), path: path.to_owned(), inode, life, writable: mode != OpenMode::Read }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        state.begin("rename", from)?;
        if !state.names.contains_key(from) || to.parent().is_some_and(|p| !p.as_os_str().is_empty() && !state.names.contains_key(p)) {
            return Err(error("rename", from, ErrorKind::NotFound));
        }
        state.change(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        state.begin("remove", path)?;
        match state.names.get(path) {
            Some(Node::File(_)) => {
                state.change(NameChange::Remove(path.to_owned()));
                Ok(())
            }
            Some(Node::Folder) => Err(error("remove", path, ErrorKind::IsADirectory)),
            None => Err(error("remove", path, ErrorKind::NotFound)),
        }
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        state.begin("remove", path)?;
        if state.names.contains_key(path) {
            state.change(NameChange::Remove(path.to_owned()));
        }
        Ok(())
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        state.begin("create folder", path)?;
        let folders: Vec<PathBuf> = path.ancestors().filter(|a| !a.as_os_str().is_empty()).map(Path::to_owned).collect();
        for folder in folders.into_iter().rev() {
            match state.names.get(&folder) {
                Some(Node::Folder) => {}
                Some(Node::File(_)) => return Err(error("create folder", &folder, ErrorKind::AlreadyExists)),
                None => state.change(NameChange::Put(folder, Node::Folder)),
            }
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, DiskError> {
        let mut state = self.state.lock();
        state.begin("list", path)?;
        if state.names.get(path) != Some(&Node::Folder) {
            return Err(error("list", path, ErrorKind::NotFound));
        }
        let children = state.names.keys().filter(|name| name.parent() == Some(path));
        Ok(children.filter_map(|name| name.file_name()).map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn exists(&self, path: &Path) -> bool {
        self.state.lock().names.contains_key(path)
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        let mut state = self.state.lock();
        state.begin("sync folder", path)?;
        let chance = state.faults.sync_error;
        if state.chance(chance) {
            return Err(injected("sync folder", path));
        }
        let (durable, rest) = std::mem::take(&mut state.pending).into_iter().partition::<Vec<_>, _>(|change| change.touches(path));
        for change in durable {
            change.apply(&mut state.durable_names);
        }
        state.pending = rest;
        Ok(())
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, DiskError> {
        let mut state = self.state.lock();
        state.begin("lock", path)?;
        if !state.locks.insert(path.to_owned()) {
            return Err(DiskError::new("lock", path, Error::new(ErrorKind::WouldBlock, "another process holds it")));
        }
        let life = state.life;
        Ok(Box::new(SimLock { disk: self.clone(), path: path.to_owned(), life }))
    }

    fn free_bytes(&self, _: &Path) -> Result<u64, DiskError> {
        let state = self.state.lock();
        Ok(state.faults.capacity_bytes.map_or(u64::MAX, |capacity| capacity.saturating_sub(state.used_bytes())))
    }

    fn modified_ms(&self, path: &Path) -> Result<i64, DiskError> {
        let state = self.state.lock();
        match state.names.get(path) {
            Some(Node::File(id)) => Ok(state.inodes.get(id).map_or(0, |inode| inode.modified_ms)),
            Some(Node::Folder) => Ok(0),
            None => Err(error("measure", path, ErrorKind::NotFound)),
        }
    }

    /// Folders have no number of their own: all have 0.
    fn stat(&self, path: &Path) -> Result<FileStat, DiskError> {
        let mut state = self.state.lock();
        state.begin("measure", path)?;
        match state.names.get(path) {
            Some(Node::File(id)) => {
                let length = state.inodes.get(id).map_or(0, |inode| inode.data.len() as u64);
                Ok(FileStat { identity: FileIdentity { device: 0, inode: *id }, length, is_folder: false, is_file: true })
            }
            Some(Node::Folder) => {
                Ok(FileStat { identity: FileIdentity { device: 0, inode: 0 }, length: 0, is_folder: true, is_file: false })
            }
            None => Err(error("measure", path, ErrorKind::NotFound)),
        }
    }
}

#[cfg(test)]
mod tests;
