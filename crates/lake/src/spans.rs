//! Spans: in memory, in segments, and the reading of both.
//!
//! A span is the same as another if trace id, span id, start and kind are the same; it is stored
//! once, and the one that came first stays. (The kind counts since clients and servers may share an
//! id, as Zipkin's did.)
//!
//! A trace may lie in several places: in both memtables, and in several segments. Of any two
//! segments that hold a trace, the one that was written later lists it as *split*
//! ([`SpanSegment::split`]). A reader leaves out the traces of all lists, and those in memory that
//! segments hold, wherever it meets them, and reads each of them from all places at once. Merging
//! puts such traces together, and the lists shrink. A trace that is too large for that stays in
//! parts, in one segment too.

mod apart;
mod column;
mod condition;
mod copy;
mod directory;
mod filter;
mod flush;
mod layout;
mod memtable;
mod merge;
mod nesting;
mod packed;
mod page;
mod page_unit;
mod pages;
mod prune;
mod read;
mod rows;
mod segment;
mod tags;
#[cfg(test)]
mod tests;
mod worker;
mod writer;

pub(crate) use flush::SpanFlush;
pub(crate) use memtable::{SpanMemtable, SpanView, SpansInserted};
pub(crate) use merge::{SpanMerged, merge_spans};
pub(crate) use read::SpanScene;
pub(crate) use segment::SpanSegment;
pub use writer::SpanSegmentOptions;
pub(crate) use writer::SpanTarget;
