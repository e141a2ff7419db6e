//! Structured metadata of entries: keys that occur often have columns of their own, the others stand
//! together as JSON.

mod json;
mod keys;
mod read;
mod write;

pub(crate) use keys::KeyCounts;
pub(super) use keys::Keys;
pub(super) use read::{PackedSets, PageMetadata};
pub(super) use write::MetadataRows;

use crate::table::{Column, ColumnKind};

/// The column of what has no column of its own.
pub(super) const REST: &str = "metadata";

/// The column of a key.
pub(super) fn key_column(key: &str) -> Column {
    Column { name: format!("{REST}.{key}"), kind: ColumnKind::Texts, optional: true }
}
