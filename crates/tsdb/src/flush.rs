//! Moving the head to parts.

use crate::TsdbError;
use crate::codec::Effort;
use crate::head::{Gathered, Head};
use crate::part::{DAY_MS, Part, PartIdentity, PartWriter, ReadError};
use crate::series::SeriesId;
use crate::store::{SharedHead, Tsdb};
use crate::wal::{segment_numbers, segment_path};
use phoenix_model::Labels;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A head on its way to parts.
#[derive(Clone)]
pub(crate) struct Frozen {
    pub(crate) head: SharedHead,
    /// Its samples stand in the segments with lower numbers.
    end_segment: u64,
    /// The bytes of those.
    wal_bytes: u64,
}

impl Tsdb {
    /// Whether the head is big or old enough, or has to move since the log can't be trusted.
    pub(crate) fn flush_is_due(&self) -> bool {
        if self.view().frozen.is_some() {
            return true;
        }
        let journal = self.journal.lock();
        let view = self.view();
        let head = view.active.read();
        let Some(first_write) = head.first_write() else { return false };
        journal.distrusted
            || journal.wal_bytes() >= self.options.head_wal_bytes
            || head.memory_bytes() >= self.options.head_memory_bytes
            || self.clock.monotonic().saturating_sub(first_write) >= self.options.head_age
    }

    /// Moves the head to parts. After an error its samples stay in memory and in the log, and the
    /// next call tries again.
    pub(crate) fn flush(&self) -> Result<(), TsdbError> {
        let Some(frozen) = self.freeze() else { return Ok(()) };
        let head = frozen.head.read();
        let series = self.sorted_series(&head);
        let mut new = Vec::new();
        let made = days_of(&head, &series).into_iter().try_for_each(|day| {
            let part = self.write_part(day, Effort::Fast, |writer| {
                let mut gathered = Gathered::default();
                for (id, labels) in &series {
                    gathered.clear();
                    head.gather(*id, day * DAY_MS, day * DAY_MS + (DAY_MS - 1), u32::MAX, &mut gathered);
                    gathered.finish();
                    let Gathered { timestamps_ms, values, histograms, .. } = &gathered;
                    writer.add(labels, timestamps_ms, values, histograms).map_err(|e| ReadError::Other(e.into()))?;
                }
                Ok(())
            });
            new.extend(part.map_err(|error| self.read_error(error))?);
            Ok::<(), TsdbError>(())
        });
        if let Err(error) = made {
            // No manifest names them.
            new.iter().for_each(Part::doom);
            return Err(error);
        }
        // Before the log that has them goes.
        if let Err(error) = self.store_exemplars() {
            new.iter().for_each(Part::doom);
            return Err(error);
        }
        let manifest = self.manifest.lock();
        let before = self.view().parts;
        let after: Vec<Arc<Part>> = before.iter().cloned().chain(new.into_iter().map(Arc::new)).collect();
        self.commit_parts(manifest, after, &[], Some(frozen.end_segment))?;
        {
            let mut journal = self.journal.lock();
            journal.older_bytes -= frozen.wal_bytes;
            self.metrics.wal_bytes.set(journal.wal_bytes() as i64);
        }
        self.metrics.flushes.inc();
        self.remove_segments_before(frozen.end_segment);
        self.remove_idle_series(&head);
        Ok(())
    }

    /// Puts an empty head in the place of the active one; gives the frozen one, also one that is left
    /// from a flush that failed. `None` when there is nothing to move.
    fn freeze(&self) -> Option<Frozen> {
        let mut journal = self.journal.lock();
        let mut view = self.view.write();
        if let Some(frozen) = &view.frozen {
            return Some(frozen.clone());
        }
        view.active.read().first_write()?;
        journal.end_segment();
        journal.distrusted = false;
        journal.unsynced = false;
        let head = std::mem::take(&mut view.active);
        let frozen = Frozen { head, end_segment: journal.next_number, wal_bytes: journal.older_bytes };
        view.frozen = Some(frozen.clone());
        Some(frozen)
    }

    fn sorted_series(&self, head: &Head) -> Vec<(SeriesId, Labels)> {
        let ids = head.ids();
        let mut series: Vec<(SeriesId, Labels)> = {
            let index = self.index.read();
            ids.into_iter().filter_map(|id| Some((id, index.labels(id)?.clone()))).collect()
        };
        series.sort_unstable_by(|a, b| part_order(&a.1, &b.1));
        series
    }

    /// Writes a part and opens it; `None` when it got no series.
    pub(crate) fn write_part(
        &self,
        day: i64,
        effort: Effort,
        fill: impl FnOnce(&mut PartWriter) -> Result<(), ReadError>,
    ) -> Result<Option<Part>, ReadError> {
        let number = self.take_part_number();
        self.write_part_as(PartIdentity { day, order: number }, number, effort, fill)
    }

    /// As [`Tsdb::write_part`], with the precedence given.
    pub(crate) fn write_part_as(
        &self,
        identity: PartIdentity,
        number: u64,
        effort: Effort,
        fill: impl FnOnce(&mut PartWriter) -> Result<(), ReadError>,
    ) -> Result<Option<Part>, ReadError> {
        let path = self.part_path(number);
        let written = (|| {
            let mut writer = PartWriter::create(&*self.disk, &path, identity, effort).map_err(TsdbError::from)?;
            fill(&mut writer)?;
            if writer.series() == 0 {
                return Ok(None);
            }
            writer.finish()?;
            self.disk.sync_dir(&self.folder.parts).map_err(TsdbError::from)?;
            let part = Part::open(&self.disk, &path, number).map_err(|error| match error {
                crate::part::PartError::Corrupt(reason) => {
                    ReadError::Other(TsdbError::Corrupt { file: path.display().to_string(), reason: reason.to_owned() })
                }
                crate::part::PartError::Disk(error) => ReadError::Other(error.into()),
            })?;
            Ok(Some(part))
        })();
        if !matches!(written, Ok(Some(_))) {
            // What can't be removed now is not in the manifest, so the next start removes it.
            let _ = self.disk.remove_file(&path);
        }
        written
    }

    fn remove_segments_before(&self, end: u64) {
        let numbers = segment_numbers(&*self.disk, &self.folder.wal).unwrap_or_default();
        for number in numbers.into_iter().filter(|number| *number < end) {
            if let Err(error) = self.disk.remove_file(&segment_path(&self.folder.wal, number)) {
                tracing::debug!(%error, "a segment of the log that is not needed any more could not be removed");
            }
        }
    }

    /// Forgets series that neither the head that was just moved nor the new one has samples of.
    fn remove_idle_series(&self, moved: &Head) {
        // No writer may be between finding a series and writing its samples.
        let _alone = self.in_flight.write();
        let view = self.view();
        let active = view.active.read();
        let mut index = self.index.write();
        index.retain(|id| moved.contains(id) || active.contains(id));
        self.metrics.head_series.set(index.len() as i64);
        self.metrics.head_samples.set(active.samples() as i64);
        self.metrics.head_bytes.set(active.memory_bytes() as i64);
    }

    /// Moves on with the log forced to disk when the policy's interval has passed.
    pub(crate) fn sync_interval(&self) -> Option<Duration> {
        match self.options.fsync {
            crate::FsyncPolicy::Interval(interval) => Some(interval),
            crate::FsyncPolicy::Always | crate::FsyncPolicy::Never => None,
        }
    }
}

/// The order of series in parts: by metric name, then labels.
pub(crate) fn part_order(a: &Labels, b: &Labels) -> std::cmp::Ordering {
    a.metric_name().cmp(b.metric_name()).then_with(|| a.cmp(b))
}

/// The days with samples.
fn days_of(head: &Head, series: &[(SeriesId, Labels)]) -> BTreeSet<i64> {
    let Some((oldest_ms, newest_ms)) = head.bounds_ms() else { return BTreeSet::new() };
    let (first, last) = (oldest_ms.div_euclid(DAY_MS), newest_ms.div_euclid(DAY_MS));
    if last - first <= 2 {
        return (first..=last).collect();
    }
    let mut days = BTreeSet::new();
    let mut gathered = Gathered::default();
    for (id, _) in series {
        gathered.clear();
        head.gather(*id, i64::MIN, i64::MAX, u32::MAX, &mut gathered);
        let mut previous = None;
        let times_ms = gathered.timestamps_ms.iter().chain(gathered.histograms.iter().map(|(t, _)| t));
        for day in times_ms.map(|t| t.div_euclid(DAY_MS)) {
            if previous != Some(day) {
                days.insert(day);
                previous = Some(day);
            }
        }
    }
    days
}
