//! The metadata of the page that is being filled.

use super::json::put_json;
use super::keys::{KeyCounts, bit};
use crate::table::NO_TEXT;
use crate::table::chunk::{ChunkWriter, Values};
use hashbrown::{DefaultHashBuilder, HashTable};
use parquet::errors::ParquetError;
use phoenix_lines::{RowSet, Texts};
use phoenix_model::LabelsRef;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// The metadata of a page: each distinct set once, taken apart into columns.
#[derive(Default)]
pub(in crate::segment) struct MetadataRows {
    /// For each row the number of its set; [`NO_TEXT`] without metadata.
    sets: Vec<u32>,
    /// The number of each set, by its packed form.
    known: HashMap<Box<[u8]>, u32>,
    /// For each set its text in each column, and what is left.
    parts: Vec<u32>,
    /// The keys with columns, ascending, and their texts.
    columns: Vec<(String, Pool)>,
    /// What is left of sets: the number of each, by its packed form, and as JSON.
    rest: HashMap<Box<[u8]>, u32>,
    rest_texts: Pool,
}

/// Texts, each once.
#[derive(Default)]
struct Pool {
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Pool {
    fn get<'a>(ends: &[u32], bytes: &'a [u8], code: u32) -> &'a [u8] {
        let start = if code == 0 { 0 } else { ends[code as usize - 1] };
        &bytes[start as usize..ends[code as usize] as usize]
    }

    /// The code of a text, and whether it is new.
    fn code(&mut self, text: &[u8]) -> (u32, bool) {
        let Self { codes, hasher, ends, bytes } = self;
        let hash = hasher.hash_one(text);
        if let Some(code) = codes.find(hash, |code| Self::get(ends, bytes, *code) == text) {
            return (*code, false);
        }
        let code = ends.len() as u32;
        bytes.extend_from_slice(text);
        ends.push(bytes.len() as u32);
        codes.insert_unique(hash, code, |code| hasher.hash_one(Self::get(ends, bytes, *code)));
        (code, true)
    }

    fn clear(&mut self) {
        self.codes.clear();
        self.ends.clear();
        self.bytes.clear();
    }

    /// Writes the codes of a page's rows; how many have one.
    fn write(&self, codes: &[u32], chunk: &mut ChunkWriter, zstd: &mut zstd::bulk::Compressor<'_>) -> Result<u64, ParquetError> {
        let mut present = RowSet::none(codes.len());
        codes.iter().enumerate().filter(|(_, code)| **code != NO_TEXT).for_each(|(row, _)| present.insert(row));
        chunk.page(&Values::Texts(Texts { codes, ends: &self.ends, bytes: &self.bytes }), codes.len(), Some(&present), zstd)?;
        Ok(present.count() as u64)
    }
}

impl MetadataRows {
    /// `columns` are the keys with columns of their own, ascending.
    pub(in crate::segment) fn new(columns: &[String]) -> Self {
        Self { columns: columns.iter().map(|key| (key.clone(), Pool::default())).collect(), ..Self::default() }
    }

    /// Adds a row. `found` is given each value that was not there yet.
    pub(in crate::segment) fn push(&mut self, metadata: LabelsRef<'_>, mut found: impl FnMut(&str)) {
        if metadata.is_empty() {
            self.sets.push(NO_TEXT);
            return;
        }
        if let Some(set) = self.known.get(metadata.as_bytes()) {
            self.sets.push(*set);
            return;
        }
        let set = self.known.len() as u32;
        self.known.insert(metadata.as_bytes().into(), set);
        self.sets.push(set);
        let mut left: Vec<(&str, &str)> = Vec::new();
        let mut columns = self.columns.iter_mut().peekable();
        for (key, value) in metadata {
            while columns.next_if(|(column, _)| column.as_str() < key).is_some() {
                self.parts.push(NO_TEXT);
            }
            if let Some((_, texts)) = columns.next_if(|(column, _)| column == key) {
                let (code, new) = texts.code(value.as_bytes());
                self.parts.push(code);
                if new {
                    found(value);
                }
            } else {
                left.push((key, value));
            }
        }
        self.parts.extend(columns.map(|_| NO_TEXT));
        if left.is_empty() {
            self.parts.push(NO_TEXT);
            return;
        }
        let mut packed = Vec::new();
        let rest = LabelsRef::pack(&mut left, &mut packed);
        if let Some(code) = self.rest.get(rest.as_bytes()) {
            self.parts.push(*code);
            return;
        }
        for (_, value) in &left {
            found(value);
        }
        let code = self.rest_texts.ends.len() as u32;
        put_json(&mut self.rest_texts.bytes, rest);
        self.rest_texts.ends.push(self.rest_texts.bytes.len() as u32);
        self.parts.push(code);
        self.rest.insert(packed.into(), code);
    }

    /// Writes the page and empties this; gives the set of keys that it has, by their numbers in `keys`,
    /// to which they are added.
    pub(in crate::segment) fn write(
        &mut self,
        rest: &mut ChunkWriter,
        columns: &mut [ChunkWriter],
        keys: &mut KeyCounts,
        zstd: &mut zstd::bulk::Compressor<'_>,
    ) -> Result<u64, ParquetError> {
        let parts = self.columns.len() + 1;
        let mut codes: Vec<u32> = Vec::with_capacity(self.sets.len());
        let (sets, of_sets) = (&self.sets, &self.parts);
        let of_part = |part: usize, codes: &mut Vec<u32>| {
            codes.clear();
            codes.extend(sets.iter().map(|set| if *set == NO_TEXT { NO_TEXT } else { of_sets[*set as usize * parts + part] }));
        };
        let mut bits = 0;
        for (part, ((key, texts), chunk)) in self.columns.iter().zip(columns).enumerate() {
            of_part(part, &mut codes);
            let entries = texts.write(&codes, chunk, zstd)?;
            if entries > 0 {
                bits |= bit(keys.add(key, entries));
            }
        }
        of_part(parts - 1, &mut codes);
        self.rest_texts.write(&codes, rest, zstd)?;
        let mut entries = vec![0_u64; self.rest.len()];
        codes.iter().filter(|code| **code != NO_TEXT).for_each(|code| entries[*code as usize] += 1);
        for (packed, code) in &self.rest {
            for (key, _) in LabelsRef::trusted(packed) {
                bits |= bit(keys.add(key, entries[*code as usize]));
            }
        }
        self.sets.clear();
        self.known.clear();
        self.parts.clear();
        self.columns.iter_mut().for_each(|(_, texts)| texts.clear());
        self.rest.clear();
        self.rest_texts.clear();
        Ok(bits)
    }
}
