//! Segments of spans: a Parquet object with a row for each span, and an index beside it.
//!
//! Rows are sorted by the minute in which their trace begins, by trace id, and within a trace by
//! nested sets. Pages have the same rows in all columns, and end where traces end, but for traces
//! that are larger than a page.
//!
//! | column | holds |
//! |---|---|
//! | `trace_id` | 16 bytes, in the first row of a trace and of a page; null in those that follow |
//! | `trace_start`, `trace_duration` | of the whole trace, in nanoseconds since the Unix epoch and in nanoseconds; null as above |
//! | `root_service`, `root_name` | null as above, and without a root |
//! | `span_id` | 8 bytes |
//! | `parent` | how many rows before this one the parent is; 0 for a root; null if it is not there, or comes later since parents form a circle |
//! | `parent_id` | 8 bytes, where `parent` is null |
//! | `start` | nanoseconds after the trace's start |
//! | `duration` | nanoseconds |
//! | `service`, `name`, `kind`, `status`, `status_message`, `trace_state` | texts |
//! | `resource`, `scope` | packed: texts with their lengths, and attributes as [`Attributes`](phoenix_model::traces::Attributes) packs them |
//! | `flags`, `dropped` | null for zeros |
//! | `span.KEY` | a frequent attribute of spans: text, whole number, or `true` and `false` |
//! | `attributes` | all others, packed |
//! | `shape` | for each attribute, in order, a byte: the number of its column, or 0 for the next one in `attributes`; null if all are there |
//! | `events`, `links` | packed |

use super::copy::{Copied, ROW_BYTES};
use super::directory::{FINGERPRINT_BYTES, directory_place, find_pages};
use super::layout::{Head, PREAMBLE_BYTES, Piece, open_head, take_preamble};
use super::pages::PageReader;
use crate::segment::{SegmentInfo, layout::Section};
use crate::table::cache::Part;
use crate::table::{Files, PageCache, SegmentError};
use phoenix_env::objects::SharedObjects;
use phoenix_model::Budget;
use phoenix_model::traces::{TraceId, TraceWrite};
use std::sync::Arc;

/// The spans of split traces are kept in the cache up to this size.
const KEPT_BYTES: usize = 4 << 20;

/// So many buckets of the directory, of some 256 traces each, are read at a time.
const RUN_BUCKETS: usize = 512;

/// A segment that is open for reading. It holds little memory itself: index and pages are in the
/// [`PageCache`] and are read again when they have left it.
///
/// In its [`SegmentInfo`], `streams` is the number of (parts of) traces, `min_ns` the first start
/// and `max_ns` the last end of a span.
pub(crate) struct SpanSegment {
    info: SegmentInfo,
    pub(super) files: Files,
}

impl SpanSegment {
    /// Opens a segment. Reads nothing yet; what is wrong with its objects shows at the first use.
    #[expect(clippy::unnecessary_wraps, reason = "segments of logs are opened in the same way")]
    pub(crate) fn open(objects: &SharedObjects, prefix: &str, info: &SegmentInfo, cache: &Arc<PageCache>) -> Result<Self, SegmentError> {
        Ok(Self { info: info.clone(), files: Files::new(objects, prefix, &info.id, cache) })
    }

    /// What the manifest says of it.
    pub(crate) fn info(&self) -> &SegmentInfo {
        &self.info
    }

    pub(super) fn head(&self) -> Result<Arc<Head>, SegmentError> {
        self.files.cached(Part::Section(Section::Head), || {
            let preamble = self.files.index(0, PREAMBLE_BYTES)?;
            let (length, checksum) = take_preamble(&self.files.index_key, &preamble, self.info.index_bytes)?;
            let bytes = self.files.index(PREAMBLE_BYTES as u64, length as usize)?;
            let head = open_head(&self.files.index_key, &bytes, checksum)?;
            let size = head.size_bytes();
            Ok((head, size))
        })
    }

    fn piece(&self, piece: &Piece, what: &str) -> Result<Vec<u8>, SegmentError> {
        if piece.length == 0 {
            return Ok(Vec::new());
        }
        let bytes = self.files.index(piece.offset, piece.length as usize)?;
        if crc32fast::hash(&bytes) != piece.checksum {
            return Err(self.files.corrupt(format!("the checksum of its {what} is wrong")));
        }
        Ok(bytes)
    }

    /// The filters of a row group.
    pub(super) fn filters(&self, head: &Head, group: usize) -> Result<Arc<Vec<u8>>, SegmentError> {
        self.files.cached(Part::Filters { group: group as u32 }, || {
            let bytes = self.piece(&head.filters[group], "filters")?;
            let length = bytes.len();
            Ok((bytes, length))
        })
    }

    /// The pages with which a trace (or another one that looks like it) begins, ascending.
    pub(super) fn pages_of(&self, id: TraceId) -> Result<Vec<u32>, SegmentError> {
        let head = self.head()?;
        let (bucket, fingerprint) = directory_place(id, head.buckets.len());
        let bytes = self.files.cached(Part::Bucket { bucket: bucket as u32 }, || {
            let bytes = self.piece(&head.buckets[bucket], "directory")?;
            if bytes.len() % (FINGERPRINT_BYTES + usize::from(head.page_bytes)) != 0 {
                return Err(self.files.corrupt("its directory is cut".to_owned()));
            }
            let length = bytes.len() + 64;
            Ok((bytes, length))
        })?;
        let pages = find_pages(&bytes, head.page_bytes, fingerprint);
        let begins = |page: &u32| head.pages.get(*page as usize).is_some_and(|page| !page.continues);
        if !pages.iter().all(begins) {
            return Err(self.files.corrupt("its directory names pages that do not exist".to_owned()));
        }
        Ok(pages)
    }

    /// Whether it may hold a trace; wrong in one of some 60,000 cases. Reads a piece of the index.
    pub(crate) fn may_hold(&self, id: TraceId) -> Result<bool, SegmentError> {
        Ok(!self.pages_of(id)?.is_empty())
    }

    /// Which of some traces it may hold, one after the other, as [`SpanSegment::may_hold`] says. Where
    /// they are many, the directory is read in a few large pieces, which do not stay in the cache.
    pub(crate) fn may_hold_which(&self, ids: &[TraceId]) -> Result<Vec<bool>, SegmentError> {
        let head = self.head()?;
        if ids.len() < head.buckets.len() / 4 {
            return ids.iter().map(|id| self.may_hold(*id)).collect();
        }
        let mut places: Vec<_> = ids.iter().enumerate().map(|(at, id)| (directory_place(*id, head.buckets.len()), at)).collect();
        places.sort_unstable();
        let mut which = vec![false; ids.len()];
        for first in (0..head.buckets.len()).step_by(RUN_BUCKETS) {
            let buckets = &head.buckets[first..head.buckets.len().min(first + RUN_BUCKETS)];
            let here = |end: usize| places.partition_point(|((bucket, _), _)| *bucket < end);
            let places = &places[here(first)..here(first + buckets.len())];
            let (start, length) = (buckets[0].offset, buckets.iter().map(|bucket| bucket.length as usize).sum());
            if places.is_empty() || length == 0 {
                continue;
            }
            // They follow each other.
            let bytes = self.files.index(start, length)?;
            let mut checked = None;
            for ((number, fingerprint), at) in places {
                let bucket = &buckets[number - first];
                let from = (bucket.offset - start) as usize;
                let bytes = &bytes[from..from + bucket.length as usize];
                if checked != Some(number) && crc32fast::hash(bytes) != bucket.checksum {
                    return Err(self.files.corrupt("the checksum of its directory is wrong".to_owned()));
                }
                checked = Some(number);
                which[*at] = !find_pages(bytes, head.page_bytes, *fingerprint).is_empty();
            }
        }
        Ok(which)
    }

    /// The traces that another place may hold too, and those that lie here in several parts; ascending.
    pub(crate) fn split(&self) -> Result<Arc<Vec<TraceId>>, SegmentError> {
        self.files.cached(Part::Split, || {
            let head = self.head()?;
            let bytes = self.piece(&head.split, "list of split traces")?;
            let (ids, rest) = bytes.as_chunks::<16>();
            if !rest.is_empty() {
                return Err(self.files.corrupt("its list of split traces is cut".to_owned()));
            }
            let ids: Vec<TraceId> = ids.iter().map(|id| TraceId(*id)).collect();
            let size = ids.len() * 16 + 64;
            Ok((ids, size))
        })
    }

    /// The spans of some traces, which ascend. What is small stays in the cache.
    pub(super) fn parts(&self, ids: &[TraceId], stats: &mut u64, budget: &Budget) -> Result<Arc<TraceWrite>, SegmentError> {
        let hash = ids
            .iter()
            .fold(ids.len() as u64, |hash, id| (hash.rotate_left(5) ^ super::filter::trace_hash(*id)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kept: Arc<(Vec<TraceId>, Arc<TraceWrite>)> = self.files.cached(Part::Traces { hash }, || {
            let write = Arc::new(self.read_parts(ids, stats, budget)?);
            let bytes = write.size_bytes() + write.len() * ROW_BYTES + ids.len() * 16;
            // A large one is read again, since it would drive out too much.
            Ok(((ids.to_vec(), write), if bytes > KEPT_BYTES { usize::MAX } else { bytes }))
        })?;
        if kept.0 == ids { Ok(Arc::clone(&kept.1)) } else { Ok(Arc::new(self.read_parts(ids, stats, budget)?)) }
    }

    pub(super) fn read_parts(&self, ids: &[TraceId], stats: &mut u64, budget: &Budget) -> Result<TraceWrite, SegmentError> {
        let mut pages = Vec::new();
        for id in ids {
            pages.extend(self.pages_of(*id)?);
        }
        pages.sort_unstable();
        pages.dedup();
        let mut reader = PageReader::new(&self.files, self.head()?, true);
        let mut write = Copied::charged_to(budget)?;
        for page in pages {
            reader.copy_unit(page, &mut |id| ids.binary_search(&id).is_ok(), &mut write)?;
        }
        *stats += reader.bytes;
        Ok(write.write)
    }
}
