//! The list of parts, and its manifest.

use crate::TsdbError;
use crate::manifest::{Found, Manifest};
use crate::part::{Part, PartError, ReadError};
use crate::store::Tsdb;
use parking_lot::MutexGuard;
use phoenix_env::DiskError;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const SUFFIX: &str = ".part";

impl Tsdb {
    pub(crate) fn part_path(&self, number: u64) -> PathBuf {
        self.folder.parts.join(format!("{number:016}{SUFFIX}"))
    }

    /// The number of a new part's file: never given out twice, higher ones are younger.
    pub(crate) fn take_part_number(&self) -> u64 {
        self.next_part.fetch_add(1, Ordering::Relaxed)
    }

    /// Opens the parts that the manifest names, puts damaged ones aside and removes what it does not name.
    pub(crate) fn load_parts(&self) -> Result<(), TsdbError> {
        let files = self.disk.list(&self.folder.parts)?;
        let number_of = |name: &str| name.split('.').next().and_then(|number| number.parse::<u64>().ok());
        let highest = files.iter().filter_map(|name| number_of(name)).max().unwrap_or(0);
        self.next_part.store(highest + 1, Ordering::Relaxed);
        let whole: BTreeSet<&String> = files.iter().filter(|name| name.ends_with(SUFFIX)).collect();
        let mut manifest = self.manifest.lock();
        let (named, remove_others) = match Manifest::load(&*self.disk, &self.folder.root)? {
            Found::Manifest(found) => {
                manifest.first_segment = found.first_segment;
                (found.parts.into_iter().collect::<BTreeSet<_>>(), true)
            }
            Found::Nothing => (whole.iter().map(|name| (*name).clone()).collect(), false),
            Found::Damaged(reason) => {
                self.report("MANIFEST", format!("{reason}; it was renamed to MANIFEST.corrupt and all parts that are whole are used"));
                (whole.iter().map(|name| (*name).clone()).collect(), false)
            }
        };
        let mut parts = Vec::new();
        for name in &named {
            let path = self.folder.parts.join(name);
            match Part::open(&self.disk, &path, number_of(name).unwrap_or(0)) {
                Ok(part) => parts.push(Arc::new(part)),
                Err(PartError::Corrupt(reason)) => self.put_aside(&path, name, reason),
                Err(PartError::Disk(error)) if error.is_not_found() => {
                    self.report(&format!("parts/{name}"), "the file is missing; its samples are missing from answers".to_owned());
                }
                Err(PartError::Disk(error)) => return Err(error.into()),
            }
        }
        parts.sort_unstable_by_key(|part| (part.order(), part.number()));
        self.view.write().parts = parts.into();
        if remove_others {
            for name in whole.into_iter().filter(|name| !named.contains(*name)) {
                if let Err(error) = self.disk.remove_file(&self.folder.parts.join(name)) {
                    tracing::debug!(%error, "a part that no manifest names could not be removed");
                }
            }
        }
        drop(manifest);
        self.show_parts();
        Ok(())
    }

    /// Writes the manifest for the parts of the view.
    pub(crate) fn store_manifest(&self, manifest: &mut Manifest) -> Result<(), DiskError> {
        manifest.parts = self.view().parts.iter().map(|part| part.file_name()).collect();
        manifest.store(&*self.disk, &self.folder.root)
    }

    /// Makes a new list of parts hold: on disk, then in memory. `end_segment` says that the frozen head
    /// stands in it, and the log before that segment.
    ///
    /// After an error the old list holds in memory, while on disk it may be either; so nothing that
    /// either names may be removed, and the files of the new one stay where they are.
    pub(crate) fn commit_parts(
        &self,
        mut manifest: MutexGuard<'_, Manifest>,
        mut parts: Vec<Arc<Part>>,
        replaced: &[Arc<Part>],
        end_segment: Option<u64>,
    ) -> Result<(), TsdbError> {
        parts.sort_unstable_by_key(|part| (part.order(), part.number()));
        let next = Manifest {
            first_segment: end_segment.unwrap_or(manifest.first_segment),
            parts: parts.iter().map(|part| part.file_name()).collect(),
        };
        next.store(&*self.disk, &self.folder.root)?;
        *manifest = next;
        {
            let mut view = self.view.write();
            view.parts = parts.into();
            if end_segment.is_some() {
                view.frozen = None;
            }
        }
        drop(manifest);
        for part in replaced {
            part.doom();
            self.cache.forget(part.number());
        }
        self.show_parts();
        Ok(())
    }

    pub(crate) fn show_parts(&self) {
        let parts = self.view().parts;
        self.metrics.parts.set(parts.len() as i64);
        self.metrics.part_bytes.set(parts.iter().map(|part| part.file_bytes()).sum::<u64>() as i64);
    }

    /// Takes a damaged part out of use, and turns the failure into an error.
    pub(crate) fn read_error(&self, error: ReadError) -> TsdbError {
        match error {
            ReadError::Corrupt(part, reason) => {
                self.quarantine(&part, reason);
                TsdbError::Corrupt { file: part.path().display().to_string(), reason: reason.to_owned() }
            }
            ReadError::Other(error) => error,
        }
    }
}
