//! Looking at the files again and again, and telling what changed.

use super::Library;
use super::files::{Files, Watched};
use crate::config::DashboardPattern;
use crate::events::Event;
use crate::shutdown::Shutdown;
use std::sync::Arc;
use std::time::Duration;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where files of dashboards are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// `None` where the configuration says nothing of dashboards: the built-in ones are there then.
    pub(crate) patterns: Option<Vec<DashboardPattern>>,
}

impl Library {
    /// From a configuration that is in force now; its files are looked at soon.
    pub(crate) fn set_sources(&self, sources: Sources) {
        *self.sources.lock() = sources;
        self.sources_changed.notify_one();
    }

    /// Follows the files until the end.
    pub(crate) async fn watch(self: Arc<Self>, shutdown: Shutdown) {
        let mut watched = Watched::default();
        loop {
            let (disk, sources, now_ms) = (Arc::clone(&self.disk), self.sources.lock().clone(), self.clock.now_ms());
            let look = tokio::task::spawn_blocking(move || {
                let files = watched.look(disk.as_ref(), &sources, now_ms);
                (watched, files)
            });
            match look.await {
                Ok((looked, files)) => {
                    watched = looked;
                    if let Some(files) = files {
                        self.replace(files).await;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "looking at the files of dashboards ended unexpectedly; this is a bug in Phoenix");
                    watched = Watched::default();
                }
            }
            self.looked.send_replace(true);
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.clock.sleep(LOOK_EVERY) => {}
                () = self.sources_changed.notified() => {}
            }
        }
    }

    async fn replace(&self, files: Files) {
        let hidden = match self.state.dashboards().await {
            Ok(rows) => rows.iter().filter_map(|row| files.dashboards.get(&row.uid)).map(hides).collect(),
            Err(error) => {
                tracing::warn!(%error, "it is not known whether files hide saved dashboards");
                Vec::new()
            }
        };
        let known = std::mem::replace(&mut *self.hidden.write(), hidden);
        let old = std::mem::replace(&mut *self.files.write(), Arc::new(files));
        let new = Arc::clone(&self.files.read());
        let told = |problem: &&String| !old.problems.contains(problem) && !known.contains(problem);
        for problem in self.problems().iter().filter(told) {
            tracing::warn!("dashboards: {problem}");
        }
        if *self.looked.borrow() {
            let one = match &changed(&old, &new)[..] {
                [uid] => Some(uid.clone()),
                _ => None,
            };
            self.events.publish(Event::Dashboards(one));
        }
    }
}

fn hides(file: &Arc<super::FileDashboard>) -> String {
    let uid = &file.summary.uid;
    format!("{} is shown instead of the saved dashboard with its uid `{uid}`: give the file another uid to see both", file.name)
}

/// The uids of dashboards that came, went or are other ones now.
fn changed(old: &Files, new: &Files) -> Vec<String> {
    let gone = old.dashboards.keys().filter(|uid| !new.dashboards.contains_key(*uid));
    let other = new.dashboards.iter().filter(|(uid, file)| old.dashboards.get(*uid).is_none_or(|known| !Arc::ptr_eq(known, file)));
    gone.chain(other.map(|(uid, _)| uid)).cloned().collect()
}
