//! The streams of a memtable, by number.

use hashbrown::{DefaultHashBuilder, HashTable};
use phoenix_model::Labels;
use phoenix_model::logs::Stream;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Full groups of streams are shared with readers instead of copied.
const GROUP: usize = 512;

/// What a stream takes beside its labels: its place in the tables, and what it stands in.
const STREAM_BYTES: u64 = 96;

/// Streams and their numbers, which count from 0 in the order in which they came.
pub(crate) struct StreamTable {
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    groups: Vec<Arc<[Arc<Stream>]>>,
    open: Vec<Arc<Stream>>,
}

impl StreamTable {
    pub(crate) fn new(hasher: DefaultHashBuilder) -> Self {
        Self { numbers: HashTable::new(), hasher, groups: Vec::new(), open: Vec::new() }
    }

    /// About the bytes that a stream takes.
    pub(crate) fn cost(labels: &Labels) -> u64 {
        labels.as_bytes().len() as u64 + STREAM_BYTES
    }

    /// The stream's number, and what it takes if it is new.
    pub(crate) fn intern(&mut self, labels: &Labels) -> (u32, u64) {
        if let Some(number) = self.find(labels) {
            return (number, 0);
        }
        let number = self.len() as u32;
        let hash = self.hasher.hash_one(labels.as_bytes());
        let Self { numbers, hasher, groups, open } = self;
        let of = |number: &u32| hasher.hash_one(at(groups, open, *number).labels.as_bytes());
        numbers.insert_unique(hash, number, of);
        self.open.push(Arc::new(Stream { labels: labels.clone() }));
        if self.open.len() == GROUP {
            self.groups.push(std::mem::take(&mut self.open).into());
        }
        (number, Self::cost(labels))
    }

    /// The number of a stream that is here.
    pub(crate) fn find(&self, labels: &Labels) -> Option<u32> {
        let hash = self.hasher.hash_one(labels.as_bytes());
        self.numbers.find(hash, |number| self.get(*number).labels == *labels).copied()
    }

    pub(crate) fn get(&self, number: u32) -> &Arc<Stream> {
        at(&self.groups, &self.open, number)
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len() * GROUP + self.open.len()
    }

    /// The streams as they are now.
    pub(crate) fn list(&self) -> StreamList {
        StreamList { groups: self.groups.clone(), rest: self.open.clone() }
    }
}

fn at<'a>(groups: &'a [Arc<[Arc<Stream>]>], rest: &'a [Arc<Stream>], number: u32) -> &'a Arc<Stream> {
    let (group, place) = (number as usize / GROUP, number as usize % GROUP);
    groups.get(group).map_or_else(|| &rest[place], |group| &group[place])
}

/// Streams by their numbers, at one moment.
#[derive(Clone)]
pub(crate) struct StreamList {
    groups: Vec<Arc<[Arc<Stream>]>>,
    rest: Vec<Arc<Stream>>,
}

impl StreamList {
    pub(crate) fn get(&self, number: u32) -> &Arc<Stream> {
        at(&self.groups, &self.rest, number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.groups.iter().flat_map(|group| group.iter()).chain(&self.rest)
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len() * GROUP + self.rest.len()
    }
}
