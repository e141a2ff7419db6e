//! Damage that was met, for the log, the metrics and the status page.

use crate::store::Tsdb;
use std::sync::Arc;

/// Something that is wrong with the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// When it was noticed, in milliseconds since the Unix epoch.
    pub noticed_ms: i64,
    /// The file.
    pub file: String,
    /// What is wrong, and what became of it.
    pub message: String,
}

/// Problems that are remembered; the newest stay.
const KEPT_PROBLEMS: usize = 100;

impl Tsdb {
    /// Logs, counts and remembers damage.
    pub(crate) fn report(&self, file: &str, message: String) {
        tracing::error!(file, message, "a file of the metrics store is damaged");
        self.metrics.corruptions.inc();
        let mut problems = self.problems.lock();
        if problems.len() >= KEPT_PROBLEMS {
            problems.remove(0);
        }
        problems.push(Problem { noticed_ms: self.clock.now_ms(), file: file.to_owned(), message });
    }

    /// Takes a damaged part out of use and puts its file aside.
    pub(crate) fn quarantine(&self, part: &Arc<crate::part::Part>, reason: &str) {
        // One at a time with flushes and merges, which replace the list of parts.
        let mut manifest = self.manifest.lock();
        let removed = {
            let mut view = self.view.write();
            let before = view.parts.len();
            view.parts = view.parts.iter().filter(|held| !Arc::ptr_eq(held, part)).cloned().collect();
            view.parts.len() < before
        };
        if !removed {
            // Another reader met it first, or a merge has replaced it.
            return;
        }
        self.past.changed_from(i64::MIN);
        self.cache.forget(part.number());
        self.put_aside(part.path(), &part.file_name(), reason);
        self.show_parts();
        // The old manifest is no harm: the missing file is noticed at the next start.
        if let Err(error) = self.store_manifest(&mut manifest) {
            tracing::warn!(%error, "the manifest could not be written");
        }
    }

    /// Renames a damaged file of the parts folder and reports it.
    pub(crate) fn put_aside(&self, path: &std::path::Path, name: &str, reason: &str) {
        let aside = path.with_file_name(format!("{name}.corrupt"));
        let renamed = self.disk.rename(path, &aside).and_then(|()| self.disk.sync_dir(&self.folder.parts));
        let became = match renamed {
            Ok(()) => format!("renamed to {name}.corrupt; its samples are missing from answers"),
            Err(error) => format!("it could not be renamed ({error}); its samples are missing from answers"),
        };
        self.report(&format!("parts/{name}"), format!("{reason}; {became}"));
    }
}
