//! A table: a Parquet object whose pages have the same rows in all columns, and beside it an index
//! that says where each of them stands. What segments of logs and of spans have in common.
//!
//! `PREFIX/ID.parquet` is written first and `PREFIX/ID.index` last: a segment exists when its index
//! does. A page is what is read, filtered and checked as one; the index knows its place in each
//! column, so that it is read without Parquet's own metadata.

pub(crate) mod cache;
pub(crate) mod chunk;
pub(crate) mod encoding;
mod error;
mod files;
pub(crate) mod layout;
mod present;
mod reader;
mod texts;
mod writer;

pub use cache::PageCache;
pub use error::SegmentError;
pub(crate) use files::{Files, keys};
pub(crate) use layout::{Column, ColumnKind, Places, TableHead};
pub(crate) use present::Present;
pub(crate) use reader::{CodedNumbers, ColumnReader, NumberColumn};
pub(crate) use texts::{NO_TEXT, TextColumn, TextTable};
pub(crate) use writer::{TableOptions, TableWriter};
