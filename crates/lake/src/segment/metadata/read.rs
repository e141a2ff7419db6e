//! Reads the metadata of a page.

use super::super::PageReader;
use super::super::layout::Head;
use super::REST;
use super::json::take_json;
use crate::table::encoding::put_varint;
use crate::table::{NO_TEXT, SegmentError, TextColumn, TextTable};
use memchr::memmem::Finder;
use phoenix_lines::RowSet;
use phoenix_model::LabelsRef;
use std::ops::Range;

/// The metadata of a page, as far as somebody looks at it.
pub(in crate::segment) struct PageMetadata {
    rows: usize,
    columns: Vec<KeyColumn>,
    /// JSON; `None` where nobody looks at it.
    rest: Option<TextColumn>,
    page: u32,
}

/// A key with a column of its own.
struct KeyColumn {
    key: String,
    /// The key as it stands in a packed set.
    packed: Vec<u8>,
    texts: TextColumn,
}

/// Packed sets, and which of the bytes are each row's.
#[derive(Default)]
pub(in crate::segment) struct PackedSets {
    bytes: Vec<u8>,
    rows: Vec<Range<u32>>,
}

impl PackedSets {
    /// The metadata of a row.
    pub(in crate::segment) fn get(&self, row: usize) -> LabelsRef<'_> {
        let range = self.rows.get(row).cloned().unwrap_or_default();
        LabelsRef::trusted(&self.bytes[range.start as usize..range.end as usize])
    }
}

impl PageReader<'_> {
    /// The metadata of a page; `keys` are those that somebody looks at, all if there are none.
    pub(in crate::segment) fn metadata(&mut self, page: u32, keys: Option<&[String]>) -> Result<PageMetadata, SegmentError> {
        let head = std::sync::Arc::clone(&self.head);
        let wanted = |key: &String| keys.is_none_or(|keys| keys.contains(key));
        let first = head.table.columns.len() - head.metadata_columns.len();
        let mut columns = Vec::new();
        for (key, column) in head.metadata_columns.iter().zip(first..) {
            if !wanted(key) || !self.has(page, column) {
                continue;
            }
            let texts = self.texts(page, column)?;
            if !are_values(&texts.table) {
                return Err(self.corrupt(page, column, "it holds no values of metadata"));
            }
            let mut packed = Vec::with_capacity(key.len() + 1);
            put_text(&mut packed, key);
            columns.push(KeyColumn { key: key.clone(), packed, texts });
        }
        let is_left = |key: &String| !head.metadata_columns.contains(key) && head.may_have_key(page, key);
        let column = self.column(REST)?;
        let looked_at = keys.is_none_or(|keys| keys.iter().any(is_left)) && self.has(page, column);
        let rest = if looked_at { Some(self.texts(page, column)?) } else { None };
        Ok(PageMetadata { rows: head.pages[page as usize].rows as usize, columns, rest, page })
    }
}

impl Head {
    /// Bytes that reading the metadata of a page holds: columns, and sets that are put together.
    pub(in crate::segment) fn metadata_memory(&self, page: u32) -> u64 {
        let page = &self.pages[page as usize];
        let codes = u64::from(page.rows) * (self.metadata_columns.len() as u64 + 1) * size_of::<u32>() as u64;
        if page.metadata_bytes == 0 { 0 } else { page.metadata_bytes * 2 + codes }
    }

    /// Whether an entry of a page may have a key.
    pub(in crate::segment) fn may_have_key(&self, page: u32, key: &str) -> bool {
        let page = &self.pages[page as usize];
        page.metadata_bytes > 0 && self.keys.may_have(page.keys, key)
    }

    /// Whether an entry of a page may have one of some keys, or any at all if `keys` is `None`.
    pub(in crate::segment) fn may_have_keys<K: AsRef<str>>(&self, page: u32, keys: Option<&[K]>) -> bool {
        match keys {
            None => self.pages[page as usize].metadata_bytes > 0,
            Some(keys) => keys.iter().any(|key| self.may_have_key(page, key.as_ref())),
        }
    }
}

/// Whether all texts are UTF-8, and none is empty.
fn are_values(table: &TextTable) -> bool {
    let mut start = 0;
    std::str::from_utf8(table.bytes())
        .is_ok_and(|text| table.ends.iter().all(|end| std::mem::replace(&mut start, *end) < *end && text.is_char_boundary(*end as usize)))
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

impl PageMetadata {
    /// Puts the sets of some rows together.
    pub(in crate::segment) fn sets(&self, reader: &PageReader<'_>, rows: &RowSet) -> Result<PackedSets, SegmentError> {
        let broken = |reason: &str| reader.files.corrupt_parquet(format!("page {} has metadata that is {reason}", self.page));
        let mut sets = PackedSets { bytes: Vec::new(), rows: vec![0..0; self.rows] };
        let mut left = Vec::new();
        let mut known: Vec<Option<Range<u32>>> = vec![None; self.rest.as_ref().map_or(0, TextColumn::distinct)];
        let mut before: Option<usize> = None;
        for row in rows.iter() {
            if let Some(before) = before.replace(row)
                && self.are_same(before, row)
            {
                sets.rows[row] = sets.rows[before].clone();
                continue;
            }
            let mut rest = 0..0;
            if let Some(texts) = &self.rest
                && let Some(json) = texts.get(row)
            {
                // Where there are no columns, what is left is all there is.
                let out = if self.columns.is_empty() { &mut sets.bytes } else { &mut left };
                let range = &mut known[texts.codes[row] as usize];
                if range.is_none() {
                    let start = out.len() as u32;
                    take_json(json, out).ok_or_else(|| broken("no map of texts"))?;
                    *range = Some(start..out.len() as u32);
                }
                rest = range.clone().unwrap_or_default();
            }
            if self.columns.is_empty() {
                sets.rows[row] = rest;
                continue;
            }
            let start = sets.bytes.len() as u32;
            let rest = LabelsRef::trusted(&left[rest.start as usize..rest.end as usize]);
            self.join(row, rest, &mut sets.bytes).ok_or_else(|| broken("there twice"))?;
            sets.rows[row] = start..sets.bytes.len() as u32;
        }
        Ok(sets)
    }

    /// Whether two rows have the same texts.
    fn are_same(&self, a: usize, b: usize) -> bool {
        let columns = self.columns.iter().map(|column| &column.texts);
        columns.chain(&self.rest).all(|texts| texts.codes[a] == texts.codes[b])
    }

    /// Both are sorted by name. `None` when a key stands in both.
    fn join(&self, row: usize, rest: LabelsRef<'_>, out: &mut Vec<u8>) -> Option<()> {
        let mut rest = rest.iter().peekable();
        for column in &self.columns {
            let Some(value) = column.texts.get(row) else { continue };
            while let Some((key, value)) = rest.next_if(|(key, _)| *key < column.key.as_str()) {
                put_text(out, key);
                put_text(out, value);
            }
            if rest.peek().is_some_and(|(key, _)| *key == column.key) {
                return None;
            }
            out.extend_from_slice(&column.packed);
            put_varint(out, value.len() as u64);
            out.extend_from_slice(value);
        }
        for (key, value) in rest {
            put_text(out, key);
            put_text(out, value);
        }
        Some(())
    }

    /// The rows of which a value may hold a text; all others do not.
    pub(in crate::segment) fn holding(&self, text: &[u8]) -> RowSet {
        let mut found = RowSet::none(self.rows);
        let finder = Finder::new(text);
        for KeyColumn { texts, .. } in &self.columns {
            mark(texts, &holders(&texts.table, &finder), &mut found);
        }
        if let Some(texts) = &self.rest {
            // In JSON some characters are written otherwise.
            let escaped = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
            let holders = if text.iter().any(escaped) { vec![true; texts.distinct()] } else { holders(&texts.table, &finder) };
            mark(texts, &holders, &mut found);
        }
        found
    }
}

/// Which texts hold one that is looked for.
fn holders(table: &TextTable, finder: &Finder<'_>) -> Vec<bool> {
    let mut holders = vec![false; table.len()];
    let (bytes, length) = (table.bytes(), finder.needle().len());
    let mut at = 0;
    while let Some(found) = finder.find(&bytes[at..]) {
        let start = at + found;
        let code = table.ends.partition_point(|end| *end as usize <= start);
        let Some(end) = table.ends.get(code) else { break };
        if start + length <= *end as usize {
            holders[code] = true;
            // The rest of this text says nothing more.
            at = *end as usize;
        } else {
            at = start + 1;
        }
    }
    holders
}

fn mark(texts: &TextColumn, holders: &[bool], rows: &mut RowSet) {
    if holders.contains(&true) {
        let holds = |code: u32| code != NO_TEXT && holders[code as usize];
        texts.codes.iter().enumerate().filter(|(_, code)| holds(**code)).for_each(|(row, _)| rows.insert(row));
    }
}
