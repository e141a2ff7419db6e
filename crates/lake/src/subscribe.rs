//! Telling others of entries as they arrive.

use crate::logs::Lake;
use parking_lot::{Mutex, RwLock};
use phoenix_model::Matcher;
use phoenix_model::logs::{EntryRef, Stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Takes entries as they arrive.
pub type EntrySink = Box<dyn FnMut(&Arc<Stream>, EntryRef<'_>) + Send>;

/// Who wants to be told.
#[derive(Default)]
pub(crate) struct Subscribers {
    count: AtomicUsize,
    next: AtomicU64,
    all: RwLock<Vec<Arc<Subscriber>>>,
}

struct Subscriber {
    number: u64,
    matchers: Vec<Matcher>,
    sink: Mutex<EntrySink>,
}

/// A wish to be told; dropping it ends it. The sink may be called once more while it is dropped.
pub struct Subscription {
    subscribers: Arc<Subscribers>,
    number: u64,
    gauge: prometheus_client::metrics::gauge::Gauge,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut all = self.subscribers.all.write();
        all.retain(|subscriber| subscriber.number != self.number);
        self.subscribers.count.store(all.len(), Ordering::Release);
        self.gauge.set(all.len() as i64);
    }
}

impl Subscribers {
    /// Whether there is anybody; cheap.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Gives the entries to everybody whose conditions their stream meets.
    pub(crate) fn tell(&self, stored: &[(Arc<Stream>, EntryRef<'_>)]) {
        let all = self.all.read().clone();
        for subscriber in all {
            let mut sink = subscriber.sink.lock();
            for entries in stored.chunk_by(|a, b| Arc::ptr_eq(&a.0, &b.0)) {
                if subscriber.matchers.iter().all(|matcher| matcher.matches_labels(&entries[0].0.labels)) {
                    for (stream, entry) in entries {
                        sink(stream, *entry);
                    }
                }
            }
        }
    }
}

impl Lake {
    /// Gives every entry that is stored from now on, and whose stream meets all conditions, to the
    /// sink, after it is durable, in the order of the batch. The sink runs in the writer's thread:
    /// it must not block, and must not write to this store.
    pub fn subscribe(&self, matchers: Vec<Matcher>, sink: EntrySink) -> Subscription {
        let number = self.schema.subscribers.next.fetch_add(1, Ordering::Relaxed);
        let mut all = self.schema.subscribers.all.write();
        all.push(Arc::new(Subscriber { number, matchers, sink: Mutex::new(sink) }));
        self.schema.subscribers.count.store(all.len(), Ordering::Release);
        self.metrics.subscriptions.set(all.len() as i64);
        Subscription { subscribers: Arc::clone(&self.schema.subscribers), number, gauge: self.metrics.subscriptions.clone() }
    }
}
