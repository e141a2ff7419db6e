//! Work in the background: moving entries to segments, merging, dropping, tidying.

use crate::LakeError;
use crate::retention::ClockWatch;
use crate::schema::Schema;
use crate::store::{Held, Store};
use parking_lot::{Condvar, Mutex};
use phoenix_env::Clock;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// After a failure the next try waits this long, and twice as long after each more, up to [`MAX_BACKOFF`].
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait between tries.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// What upkeep remembers between its steps.
pub(crate) struct Upkeep<S: Schema> {
    watch: ClockWatch,
    flush_backoff: Backoff,
    last_flush: Option<Duration>,
    merge_backoff: Backoff,
    tidy_backoff: Backoff,
    /// Objects to remove.
    pub(crate) doomed: Vec<Doomed<S>>,
    /// The names of segments that can't be merged since they are damaged.
    pub(crate) damaged: HashSet<String>,
}

/// When to try again what has failed.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: u32,
    not_before: Duration,
}

impl Backoff {
    pub(crate) fn is_over(&self, now: Duration) -> bool {
        now >= self.not_before
    }

    pub(crate) fn failed(&mut self, now: Duration) {
        self.not_before = now + FIRST_BACKOFF.saturating_mul(1 << self.failures.min(8)).min(MAX_BACKOFF);
        self.failures += 1;
    }

    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

/// An object that is not needed any more.
pub(crate) struct Doomed<S: Schema> {
    key: String,
    /// It may go once nobody else holds this.
    held: Option<Arc<Held<S>>>,
    /// It may go once a manifest with this sequence is in place, and its copy too.
    sequence: u64,
    /// It may go from this monotonic time on.
    not_before: Duration,
}

impl<S: Schema> Doomed<S> {
    /// One that was found at a start.
    pub(crate) fn orphan(key: String, not_before: Duration) -> Self {
        Self { key, held: None, sequence: 0, not_before }
    }

    /// One of a merge that failed.
    pub(crate) fn failed(key: String, sequence: u64) -> Self {
        Self { key, held: None, sequence, not_before: Duration::ZERO }
    }
}

impl<S: Schema> Upkeep<S> {
    pub(crate) fn new(watch: ClockWatch) -> Self {
        Self {
            watch,
            flush_backoff: Backoff::default(),
            last_flush: None,
            merge_backoff: Backoff::default(),
            tidy_backoff: Backoff::default(),
            doomed: Vec::new(),
            damaged: HashSet::new(),
        }
    }

    /// Whether the wall clock may decide what is removed.
    pub(crate) fn may_expire(&mut self, clock: &dyn Clock) -> bool {
        self.watch.is_calm(clock)
    }

    /// Notes that a flush succeeded.
    pub(crate) fn flushed(&mut self, now: Duration) {
        self.flush_backoff.succeeded();
        self.last_flush = Some(now);
    }

    /// Whether nothing was flushed for this long.
    pub(crate) fn is_quiet(&self, now: Duration, quiet_for: Duration) -> bool {
        self.last_flush.is_none_or(|last| now.saturating_sub(last) >= quiet_for)
    }
}

/// Wakes the thread that does the upkeep.
#[derive(Default)]
pub(crate) struct Wake {
    state: Mutex<WakeState>,
    changed: Condvar,
}

#[derive(Default)]
struct WakeState {
    wanted: bool,
    closed: bool,
}

impl Wake {
    pub(crate) fn up(&self) {
        self.state.lock().wanted = true;
        self.changed.notify_all();
    }

    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether the store is about to be closed, so that long work should end.
    pub(crate) fn is_closing(&self) -> bool {
        self.state.lock().closed
    }
}

impl<S: Schema> Store<S> {
    /// Waits until there is work for [`Store::maintain`], or for `timeout`. False when the store is
    /// closed, so that the thread which does the upkeep may end.
    pub fn wait_for_work(&self, timeout: Duration) -> bool {
        let mut state = self.wake.state.lock();
        if !state.wanted && !state.closed {
            self.wake.changed.wait_for(&mut state, timeout);
        }
        state.wanted = false;
        !state.closed
    }

    /// Background work, to be called every few seconds, and when [`Store::wait_for_work`] returns, on a
    /// thread of its own: forces the log to disk by policy, moves entries from memory to segments when
    /// they are many or old enough, drops what is past its retention, does one merge, and tidies up.
    /// True when there is more to do at once.
    ///
    /// What fails is tried again later, with growing pauses; the first failure is returned.
    pub fn maintain(&self) -> Result<bool, LakeError> {
        let mut upkeep = self.upkeep.lock();
        if self.journal.is_closed() {
            return Err(LakeError::Closed);
        }
        self.journal.sync_if_due();
        let flushed = self.flush_if_due(&mut upkeep);
        let expired = self.drop_expired(&mut upkeep);
        let merged = self.merge_if_due(&mut upkeep);
        let settled = S::settle(self);
        let copied = self.tidy(&mut upkeep);
        self.show();
        let outcome = flushed.and(expired).and(merged).and_then(|more| settled.map(|()| more));
        let outcome = outcome.and_then(|more| copied.map(|()| more));
        if let Err(error) = &outcome {
            self.metrics.maintain_failures.inc();
            tracing::warn!(%error, "upkeep of the store of {} failed, it will be tried again", S::WORDS.signal);
        }
        outcome.map(|more| more || (self.flush_is_due() && upkeep.flush_backoff.is_over(self.clock.monotonic())))
    }

    /// Moves entries to segments if it is time to; whether it did.
    pub(crate) fn flush_if_due(&self, upkeep: &mut Upkeep<S>) -> Result<bool, LakeError> {
        let now = self.clock.monotonic();
        if !self.flush_is_due() || !upkeep.flush_backoff.is_over(now) {
            return Ok(false);
        }
        let flushed = self.flush_frozen(upkeep);
        if flushed.is_err() {
            upkeep.flush_backoff.failed(self.clock.monotonic());
        }
        flushed
    }

    /// Brings the copy of the manifest up to date, then removes objects that nobody needs any more.
    pub(crate) fn tidy(&self, upkeep: &mut Upkeep<S>) -> Result<(), LakeError> {
        if !upkeep.tidy_backoff.is_over(self.clock.monotonic()) {
            return Ok(());
        }
        let copied = self.refresh_copy();
        // What could not be removed is no error: it is tried again.
        if copied.is_ok() && self.remove_doomed(upkeep) {
            upkeep.tidy_backoff.succeeded();
        } else {
            upkeep.tidy_backoff.failed(self.clock.monotonic());
        }
        copied
    }

    fn merge_if_due(&self, upkeep: &mut Upkeep<S>) -> Result<bool, LakeError> {
        if !upkeep.merge_backoff.is_over(self.clock.monotonic()) {
            return Ok(false);
        }
        let merged = self.merge_once(upkeep);
        match &merged {
            Ok(_) => upkeep.merge_backoff.succeeded(),
            Err(_) => upkeep.merge_backoff.failed(self.clock.monotonic()),
        }
        merged
    }

    /// Puts segments in the place of others. The lock of `upkeep` is held, so that nobody else replaces any.
    pub(crate) fn replace_segments(
        &self,
        upkeep: &mut Upkeep<S>,
        removed: &[Arc<Held<S>>],
        new: Option<Arc<Held<S>>>,
    ) -> Result<(), LakeError> {
        let mut record = self.record.lock();
        let view = self.view.read().clone();
        let stays = |held: &&Arc<Held<S>>| !removed.iter().any(|gone| Arc::ptr_eq(gone, held));
        let segments: Arc<[Arc<Held<S>>]> = view.segments.iter().filter(stays).cloned().chain(new).collect();
        self.store_manifest(&mut record, &segments, &view.deletes)?;
        self.view.write().segments = segments;
        for held in removed {
            let keys = held.entry.info.keys(&self.options.prefix);
            let doom = |key| Doomed { key, held: Some(Arc::clone(held)), sequence: record.sequence, not_before: Duration::ZERO };
            upkeep.doomed.extend(keys.map(doom));
        }
        Ok(())
    }

    /// Removes objects that nobody needs any more; false when that failed for one, and no more were tried.
    pub(crate) fn remove_doomed(&self, upkeep: &mut Upkeep<S>) -> bool {
        let mut works = true;
        let copied = self.record.lock().copied;
        let now = self.clock.monotonic();
        let mut holders: HashMap<*const Held<S>, usize> = HashMap::new();
        for held in upkeep.doomed.iter().filter_map(|doomed| doomed.held.as_ref()) {
            *holders.entry(Arc::as_ptr(held)).or_default() += 1;
        }
        upkeep.doomed.retain(|doomed| {
            let held_by_readers =
                doomed.held.as_ref().is_some_and(|held| Arc::strong_count(held) > holders.get(&Arc::as_ptr(held)).copied().unwrap_or(0));
            if held_by_readers || doomed.sequence > copied || doomed.not_before > now || !works {
                return true;
            }
            match self.objects.delete(&doomed.key) {
                Ok(()) => false,
                Err(error) => {
                    tracing::debug!(%error, "an object that is not needed any more could not be removed, it will be tried again");
                    works = false;
                    true
                }
            }
        });
        works
    }

    /// Drops whole segments that are past their retention by age or by size.
    fn drop_expired(&self, upkeep: &mut Upkeep<S>) -> Result<(), LakeError> {
        let may_expire = upkeep.may_expire(&*self.clock);
        let view = self.view.read().clone();
        let now_ns = self.clock.now_ms().saturating_mul(1_000_000);
        let mut dropped: Vec<Arc<Held<S>>> = Vec::new();
        let mut failed = Ok(());
        for held in view.segments.iter().filter(|_| may_expire) {
            match held.kept_from(&view.retention) {
                Ok(kept_from) if kept_from.all_gone(held.entry.info.max_ns, now_ns) => dropped.push(Arc::clone(held)),
                Ok(_) => {}
                // The others must not stay for one that can't be read.
                Err(error) => failed = Err(error),
            }
        }
        if let Some(limit) = view.retention.max_bytes.filter(|limit| *limit > 0) {
            let mut kept: Vec<&Arc<Held<S>>> = view.segments.iter().filter(|held| !dropped.iter().any(|d| Arc::ptr_eq(d, held))).collect();
            kept.sort_by_key(|held| (held.entry.info.max_ns, held.entry.created_ms));
            let mut bytes: u64 = kept.iter().map(|held| held.entry.info.size_bytes).sum();
            for held in kept {
                if bytes <= limit {
                    break;
                }
                bytes -= held.entry.info.size_bytes;
                dropped.push(Arc::clone(held));
            }
        }
        if !dropped.is_empty() {
            let replaced = self.replace_segments(upkeep, &dropped, None);
            // Whatever became of it, and after it: readers may have lost these segments.
            if let Some(newest_ns) = dropped.iter().map(|held| held.entry.info.max_ns).max() {
                self.past.removed_to(newest_ns.div_euclid(1_000_000).saturating_add(1));
            }
            replaced?;
            self.metrics.segments_expired.inc_by(dropped.len() as u64);
        }
        failed
    }
}
