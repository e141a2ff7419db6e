//! Takes lines apart.

use crate::scan::{Item, Scanner, Slots, is_token};
use crate::{Kind, LinesError, Page, Patterns, Store, Zone, hex};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Static text of one pattern in bytes; lines with more stay raw.
const PATTERN_BYTES: usize = 4096;
/// What stands for a variable in a skeleton; never part of UTF-8.
const MARK: u8 = 0xff;
/// Places of words that are remembered.
const NODES: usize = 1 << 16;

/// Takes lines apart, for one segment.
///
/// It learns as it goes. A word that is another one in each line (a user's name, say) would make a
/// pattern of each line; so after some different words at the same place, further ones there are
/// texts. The fewer patterns are left, the fewer words a place may have.
#[derive(Debug, Default)]
pub struct Encoder {
    patterns: Patterns,
    scanner: Scanner,
    skeletons: Skeletons,
    words: Words,
    skeleton: Vec<u8>,
    items: Vec<Item>,
}

impl Encoder {
    /// The patterns so far.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The patterns of all lines.
    pub fn into_patterns(self) -> Patterns {
        self.patterns
    }

    /// Adds a line to a page.
    ///
    /// Fails when the page's lines reach 4 GiB together.
    pub fn encode(&mut self, line: &str, page: &mut Page) -> Result<(), LinesError> {
        page.charge(line.len())?;
        let items = self.scanner.scan(line);
        Skeletons::write(line, items, &mut self.skeleton);
        if let Some(number) = self.skeletons.find(&self.skeleton) {
            push(line, number, items, page);
            return Ok(());
        }
        self.items.clear();
        self.words.collapse(line, items, self.patterns.len(), &mut self.items);
        Skeletons::write(line, &self.items, &mut self.skeleton);
        let number = self.skeletons.find(&self.skeleton).or_else(|| {
            // A new form is a new pattern; when there is no room for one, its text need not be made.
            if self.patterns.len() == Patterns::MAX {
                return None;
            }
            let number = self.patterns.intern(&text(line, &self.items)?).ok()?;
            self.skeletons.insert(&self.skeleton, number);
            Some(number)
        });
        match number {
            Some(number) => push(line, number, &self.items, page),
            None => push(line, Patterns::RAW, &[Item { start: 0, end: line.len(), kind: Kind::Raw, number: 0 }], page),
        }
        Ok(())
    }
}

/// Adds a row.
fn push(line: &str, pattern: u32, items: &[Item], page: &mut Page) {
    page.begin(pattern);
    let (mut numbers, mut ids, mut texts) = (0, 0, 0);
    for item in items {
        match item.kind.store() {
            Store::Numbers => {
                page.push_number(numbers, item.number);
                numbers += 1;
            }
            Store::Hex => {
                let text = &line.as_bytes()[item.start..item.end];
                let column = page.hex_column(ids);
                if item.kind == Kind::Uuid {
                    hex::decode_uuid(text, column);
                } else {
                    hex::decode(text, column);
                }
                ids += 1;
            }
            Store::Texts => {
                page.push_text(texts, &line[item.start..item.end]);
                texts += 1;
            }
        }
    }
}

/// The text form of a pattern, unless it is too long.
fn text(line: &str, items: &[Item]) -> Option<String> {
    let mut out = String::new();
    let mut at = 0;
    for item in items {
        out.push_str(&line[at..item.start].replace('<', "<<"));
        out.push_str(&item.kind.to_string());
        at = item.end;
        if out.len() > PATTERN_BYTES {
            return None;
        }
    }
    out.push_str(&line[at..].replace('<', "<<"));
    (out.len() <= PATTERN_BYTES).then_some(out)
}

/// Patterns by a form that is made faster than their text: static bytes as they are, and a few
/// bytes for each variable.
#[derive(Debug, Default)]
struct Skeletons {
    table: HashTable<(u32, std::ops::Range<u32>)>,
    bytes: Vec<u8>,
    hasher: DefaultHashBuilder,
}

impl Skeletons {
    /// Writes the form of a line.
    fn write(line: &str, items: &[Item], out: &mut Vec<u8>) {
        out.clear();
        let mut at = 0;
        for item in items {
            out.extend_from_slice(&line.as_bytes()[at..item.start]);
            match item.kind {
                Kind::Int => out.extend_from_slice(&[MARK, 0]),
                Kind::Decimal => out.extend_from_slice(&[MARK, 1]),
                Kind::Ip => out.extend_from_slice(&[MARK, 2]),
                Kind::Hex(digits) => out.extend_from_slice(&[MARK, 3, digits]),
                Kind::Uuid => out.extend_from_slice(&[MARK, 4]),
                Kind::Text => out.extend_from_slice(&[MARK, 5]),
                Kind::Raw => out.extend_from_slice(&[MARK, 6]),
                Kind::Escaped => out.extend_from_slice(&[MARK, 8]),
                Kind::Literal => out.extend_from_slice(&[MARK, 9]),
                Kind::Time(spelling) => {
                    let (zone, east) = match spelling.zone {
                        Zone::Absent => (0, 0),
                        Zone::Utc => (1, 0),
                        Zone::Colon(east) => (2, east),
                        Zone::Plain(east) => (3, east),
                        Zone::Spaced(east) => (4, east),
                    };
                    let [high, low] = east.to_be_bytes();
                    let date = spelling.date as u8;
                    out.extend_from_slice(&[MARK, 7, date, spelling.between, spelling.point, spelling.digits, zone, high, low]);
                }
            }
            at = item.end;
        }
        out.extend_from_slice(&line.as_bytes()[at..]);
    }

    fn find(&self, skeleton: &[u8]) -> Option<u32> {
        let is_it = |(_, range): &(u32, std::ops::Range<u32>)| &self.bytes[range.start as usize..range.end as usize] == skeleton;
        self.table.find(self.hasher.hash_one(skeleton), is_it).map(|(number, _)| *number)
    }

    fn insert(&mut self, skeleton: &[u8], number: u32) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(skeleton);
        let (hasher, bytes) = (&self.hasher, &self.bytes);
        let entry = (number, start..bytes.len() as u32);
        self.table.insert_unique(hasher.hash_one(skeleton), entry, |(_, range)| {
            hasher.hash_one(&bytes[range.start as usize..range.end as usize])
        });
    }
}

/// A tree of the words of patterns, which says where words vary.
#[derive(Debug, Default)]
struct Words {
    /// Node and what follows it, hashed together. Two that collide share their words; no harm.
    next: HashMap<u64, u32, DefaultHashBuilder>,
    /// For each node, how many different words follow.
    words: Vec<u16>,
}

impl Words {
    /// Adds the line's words to the tree and gives its variables, with words that vary among them.
    fn collapse(&mut self, line: &str, items: &[Item], patterns: usize, out: &mut Vec<Item>) {
        let most = match patterns {
            0..512 => 32,
            512..1536 => 8,
            1536..3072 => 2,
            _ => 0,
        };
        let mut slots = Slots::default();
        let mut node = Some(0);
        let mut at = 0;
        let ends = items.iter().map(|item| (item.start, Some(item))).chain([(line.len(), None)]);
        for (gap_end, item) in ends {
            while at < gap_end {
                let bytes = &line.as_bytes()[at..gap_end];
                let in_word = is_token(bytes[0]);
                let len = bytes.iter().take_while(|b| is_token(**b) == in_word).count();
                let run = &bytes[..len];
                let is_new_word = !self.step(&mut node, run, if in_word { most } else { u16::MAX }) && in_word;
                if is_new_word {
                    if slots.take(Kind::Text).is_none() {
                        return out.push(Item { start: at, end: line.len(), kind: Kind::Raw, number: 0 });
                    }
                    out.push(Item { start: at, end: at + len, kind: Kind::Text, number: 0 });
                    self.step(&mut node, &[MARK, 5], u16::MAX);
                }
                at += len;
            }
            let Some(item) = item else { return };
            if item.kind == Kind::Raw {
                return out.push(*item);
            }
            let Some(kind) = slots.take(item.kind) else {
                return out.push(Item { start: item.start, end: line.len(), kind: Kind::Raw, number: 0 });
            };
            out.push(Item { kind, ..*item });
            self.step(&mut node, &[MARK, kind.store() as u8], u16::MAX);
            at = item.end;
        }
    }

    /// Goes on to what follows a node; it is added unless that would be more than `most`. Without a
    /// way on the node becomes none, and words after it are unknown.
    fn step(&mut self, node: &mut Option<u32>, run: &[u8], most: u16) -> bool {
        let Some(from) = *node else { return false };
        if self.words.is_empty() {
            self.words.push(0);
        }
        let key = self.next.hasher().hash_one((from, run));
        if let Some(to) = self.next.get(&key) {
            *node = Some(*to);
            return true;
        }
        if self.words.len() >= NODES {
            *node = None;
            return false;
        }
        if most != u16::MAX {
            if self.words[from as usize] >= most {
                return false;
            }
            self.words[from as usize] += 1;
        }
        let to = self.words.len() as u32;
        self.words.push(0);
        self.next.insert(key, to);
        *node = Some(to);
        true
    }
}
