//! What the life cycle of a store leaves to what it holds.
//!
//! [`Store`] owns the write-ahead log, the budget of memory, the manifest, the tiers of merges,
//! retention and upkeep, and is written once. A [`Schema`] says what a record of the log means, how
//! entries stand in memory, and how they come into segments and out of several into one. It is a
//! parameter and not an object: the loops over rows are the schema's own and are compiled for it.

use crate::LakeError;
use crate::compaction::{Merge, Pace};
use crate::deletes::Deletion;
use crate::options::LakeOptions;
use crate::retention::{Cutoffs, KeptFrom};
use crate::segment::{SegmentError, SegmentInfo};
use crate::store::{Held, Store, View};
use crate::words::Words;
use phoenix_env::objects::SharedObjects;
use std::sync::Arc;
use std::time::Duration;

/// Entries in memory that are not in segments yet.
pub(crate) trait Table: Send + Sync + Sized + 'static {
    /// What a reader looks at: it does not change any more.
    type View: Send + Sync;

    /// The entries as they are now.
    fn view(&mut self) -> Self::View;

    /// The entries of a table that takes no more.
    fn closed_view(&self) -> Self::View;

    /// Ends it: no more entries will come.
    fn close(&mut self);

    /// Forgets the table before this one, which has arrived in segments.
    fn forget_previous(&mut self);

    /// About the bytes of memory that it takes. Grows only.
    fn bytes(&self) -> u64;

    /// The number of entries.
    fn rows(&self) -> u64;

    /// The number of what entries are grouped by: streams, traces.
    fn groups(&self) -> u64;

    /// [`phoenix_env::Clock::monotonic`] when the first entry came; `None` when there is none.
    fn first_write(&self) -> Option<Duration>;
}

/// What is left out when entries move to segments.
pub(crate) struct Flush<'a> {
    /// What is past its retention.
    pub(crate) cutoffs: Cutoffs<'a>,
    /// Requests to delete that are carried out now.
    pub(crate) due: Vec<&'a Arc<Deletion>>,
}

/// What a store holds.
pub(crate) trait Schema: Send + Sync + Sized + 'static {
    /// What it is called.
    const WORDS: Words;

    /// Entries in memory.
    type Table: Table;

    /// A segment that is open for reading.
    type Segment: Send + Sync;

    /// The order in which a table's entries come into segments.
    type Order;

    /// What all tables and segments of a store share.
    fn new(options: &LakeOptions) -> Self;

    /// An empty table, after one that is on its way to segments.
    fn table(&self, previous: Option<Arc<Self::Table>>) -> Self::Table;

    /// Puts what the payload of a record of the log holds into a table; false when it can't be understood.
    fn replay(&self, payload: &[u8], table: &mut Self::Table, now: Duration) -> bool;

    /// Opens a segment. Reads nothing yet.
    fn open_segment(&self, objects: &SharedObjects, prefix: &str, info: &SegmentInfo) -> Result<Self::Segment, SegmentError>;

    /// The partitions (see [`crate::partition`]) of a table, ascending, and its entries in the order of segments.
    fn order(view: &<Self::Table as Table>::View) -> (Vec<i64>, Self::Order);

    /// Writes the entries of one partition, by its place in what [`Schema::order`] gave and by itself,
    /// into a segment; `None` when none is left.
    fn write_partition(
        store: &Store<Self>,
        view: &<Self::Table as Table>::View,
        order: &Self::Order,
        partition: (usize, i64),
        flush: &Flush<'_>,
    ) -> Result<Option<SegmentInfo>, LakeError>;

    /// Writes segments of one partition into one, with little of each in memory at a time. Tells `pace`
    /// of each entry, and ends with [`Merged::GivenUp`] when that says so.
    fn merge(store: &Store<Self>, merge: &Merge<'_, Self>, pace: &mut Pace<'_, Self>) -> Result<Merged, LakeError>;

    /// From which moments on entries of a segment are kept, by cut-offs seen from the time 0 that differ between streams.
    fn kept_from(segment: &Self::Segment, at_zero: &Cutoffs<'_>) -> Result<KeptFrom, LakeError>;

    /// A segment that has to be written anew, since requests to delete up to `due_to` touch it, or since
    /// some of it is past its retention at `now_ns` (`None`: the clock can't be trusted).
    fn choose_rewrite(view: &View<Self>, now_ns: Option<i64>, due_to: u64) -> Result<Option<Arc<Held<Self>>>, LakeError> {
        let _ = (view, now_ns, due_to);
        Ok(None)
    }

    /// Notes which requests to delete have nothing left to remove.
    fn settle(store: &Store<Self>) -> Result<(), LakeError> {
        let _ = store;
        Ok(())
    }
}

/// What came of a merge.
pub(crate) enum Merged {
    /// The new segment; `None` when no entry is left.
    Done(Option<SegmentInfo>),
    /// The store is about to be closed.
    GivenUp,
}
