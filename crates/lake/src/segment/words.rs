//! Filters over the words and the trigrams of a page: what they hold for certain not, need not be read.
//!
//! Words are maximal runs of ASCII letters, digits and `_`. They are in a split-block Bloom filter
//! (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom Filters", 2007; the layout is
//! that of Parquet's). Trigrams, three bytes with ASCII letters in lower case, are in a bitmap of
//! their hashes. Hashes and layouts are part of the format.

/// Bits of the word filter for each distinct word.
const BITS_PER_WORD: usize = 8;
/// Logarithm of the largest and of the smallest trigram bitmap, in bits.
const TRIGRAM_BITS: (u32, u32) = (17, 8);
/// Bits of the trigram bitmap for each one that is set; the bitmap is folded while it keeps to it.
const BITS_PER_TRIGRAM: usize = 4;
/// The multipliers of the blocks' eight parts.
const SALT: [u32; 8] = [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];
const BLOCK_BYTES: usize = 32;
const RECENT: usize = 1 << 10;

const fn word_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'_';
        byte += 1;
    }
    table
}

static IS_WORD: [bool; 256] = word_table();

/// For each of up to 64 bytes whether it is part of a word, the first in the lowest bit.
#[inline]
fn word_bits(bytes: &[u8]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    // The highest bit of each byte says whether the byte, below 0x80, is at least so much.
    let at_least = |bytes: u64, least: u8| bytes + u64::from(0x80 - least) * ONES;
    let mut bits = 0;
    let mut eight = |at: usize, eight: [u8; 8]| {
        let all = u64::from_le_bytes(eight);
        let low = all & !HIGH;
        let lower = low | (0x20 * ONES);
        let letters = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
        let digits = at_least(low, b'0') & !at_least(low, b'9' + 1);
        let underscore = at_least(low, b'_') & !at_least(low, b'_' + 1);
        let words = (letters | digits | underscore) & !all & HIGH;
        // The multiplication brings the eight bits together in the highest byte.
        bits |= ((words >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << at;
    };
    let mut chunks = bytes.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        eight(at, chunk.try_into().expect("chunks of eight bytes"));
        at += 8;
    }
    if !chunks.remainder().is_empty() {
        let mut padded = [0; 8];
        padded[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        eight(at, padded);
    }
    bits
}

/// The hash of a word. Part of the format.
#[inline]
fn word_hash(word: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let part = |at: usize| u64::from_le_bytes(word[at..at + 8].try_into().expect("eight bytes"));
    let half = |at: usize| u64::from(u32::from_le_bytes(word[at..at + 4].try_into().expect("four bytes")));
    let length = word.len();
    let mut hash = (length as u64).wrapping_mul(FACTOR);
    // The last part overlaps the one before, so that nothing is left over.
    let last = match length {
        0 => 0,
        1..4 => u64::from(word[0]) | u64::from(word[length / 2]) << 8 | u64::from(word[length - 1]) << 16,
        4..8 => half(0) | half(length - 4) << 32,
        _ => {
            for at in (0..length - 8).step_by(8) {
                hash = (hash ^ part(at)).wrapping_mul(FACTOR).rotate_left(29);
            }
            part(length - 8)
        }
    };
    hash = (hash ^ last).wrapping_mul(FACTOR);
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ hash >> 32
}

/// The place of a trigram, the first byte in the lowest eight bits, in the largest bitmap; the
/// highest eight bits don't count. Part of the format.
#[inline]
fn trigram_place(trigram: u32) -> usize {
    ((trigram << 8).wrapping_mul(0x9e37_79b1) >> (32 - TRIGRAM_BITS.0)) as usize
}

/// Collects the words and trigrams of a page.
pub(super) struct FilterBuilder {
    /// Hashes of the words seen, an open table; zero is a free place.
    table: Vec<u64>,
    distinct: usize,
    longest: usize,
    backslash: bool,
    trigrams: Box<[u64; 1 << (TRIGRAM_BITS.0 - 6)]>,
    /// The hash seen last of those that share their lowest bits: most words come again and again,
    /// and this is small enough to stay close to the processor.
    recent: Box<[u64; RECENT]>,
    /// The text in lower case.
    lower: Vec<u8>,
}

/// The filters of a page, as bytes, and what belongs to them.
pub(super) struct PageFilters {
    pub words: Vec<u8>,
    pub trigrams: Vec<u8>,
    /// The length of the longest word in bytes.
    pub longest_word: u64,
    /// Whether there is a backslash in any text.
    pub backslash: bool,
}

impl FilterBuilder {
    pub(super) fn new() -> Self {
        Self {
            table: vec![0; 1 << 10],
            distinct: 0,
            longest: 0,
            backslash: false,
            trigrams: Box::new([0; 1 << (TRIGRAM_BITS.0 - 6)]),
            recent: Box::new([0; RECENT]),
            lower: Vec::new(),
        }
    }

    /// Adds a text: a line, or a value of metadata.
    pub(super) fn add(&mut self, text: &[u8]) {
        self.lower.clear();
        self.lower.extend(text.iter().map(u8::to_ascii_lowercase));
        // Four bytes are read for each three.
        self.lower.push(0);
        for four in self.lower.windows(4) {
            let place = trigram_place(u32::from_le_bytes(four.try_into().expect("windows of four bytes")));
            self.trigrams[place >> 6] |= 1 << (place & 63);
        }
        self.backslash = self.backslash || memchr::memchr(b'\\', text).is_some();
        self.add_words(text);
    }

    fn add_words(&mut self, text: &[u8]) {
        // Where a word begins if one is open; bits change where words begin and end.
        let mut open = None;
        for (chunk, bytes) in text.chunks(64).enumerate() {
            let bits = word_bits(bytes);
            let mut changes = bits ^ (bits << 1 | u64::from(open.is_some()));
            while changes != 0 {
                let at = chunk * 64 + changes.trailing_zeros() as usize;
                changes &= changes - 1;
                match open.take() {
                    None => open = Some(at),
                    Some(from) => self.add_word(&text[from..at.min(text.len())]),
                }
            }
        }
        if let Some(from) = open {
            self.add_word(&text[from..]);
        }
    }

    #[inline]
    fn add_word(&mut self, word: &[u8]) {
        self.longest = self.longest.max(word.len());
        let hash = word_hash(word).max(1);
        let recent = &mut self.recent[hash as usize % RECENT];
        if *recent == hash {
            return;
        }
        *recent = hash;
        let mask = self.table.len() - 1;
        let mut at = hash as usize & mask;
        while self.table[at] != hash {
            if self.table[at] == 0 {
                self.table[at] = hash;
                self.distinct += 1;
                if self.distinct * 2 > self.table.len() {
                    self.grow();
                }
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mut larger = vec![0; self.table.len() * 2];
        let mask = larger.len() - 1;
        for hash in self.table.iter().filter(|hash| **hash != 0) {
            let mut at = *hash as usize & mask;
            while larger[at] != 0 {
                at = (at + 1) & mask;
            }
            larger[at] = *hash;
        }
        self.table = larger;
    }

    /// The filters of what was added; empties the builder.
    pub(super) fn finish(&mut self) -> PageFilters {
        let blocks = (self.distinct * BITS_PER_WORD).div_ceil(BLOCK_BYTES * 8).max(1);
        let mut words = vec![0; blocks * BLOCK_BYTES];
        for hash in self.table.iter().filter(|hash| **hash != 0) {
            let block = &mut words[block_of(*hash, blocks)..][..BLOCK_BYTES];
            for (bits, salt) in block.chunks_exact_mut(4).zip(SALT) {
                let bit = (*hash as u32).wrapping_mul(salt) >> 27;
                bits[(bit / 8) as usize] |= 1 << (bit % 8);
            }
        }
        let set: usize = self.trigrams.iter().map(|word| word.count_ones() as usize).sum();
        let mut bits = 1_usize << TRIGRAM_BITS.0;
        while bits > 1 << TRIGRAM_BITS.1 && bits / 2 >= set * BITS_PER_TRIGRAM {
            bits /= 2;
        }
        // The highest bits of a place are those that all three bytes have their part in.
        let shift = TRIGRAM_BITS.0 - bits.trailing_zeros();
        let mut trigrams = vec![0_u8; bits / 8];
        for (at, word) in self.trigrams.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let place = (at * 64 + left.trailing_zeros() as usize) >> shift;
                trigrams[place / 8] |= 1 << (place % 8);
                left &= left - 1;
            }
        }
        let filters = PageFilters { words, trigrams, longest_word: self.longest as u64, backslash: self.backslash };
        if self.table.len() > 1 << 17 {
            self.table = vec![0; 1 << 10];
        }
        self.table.fill(0);
        self.recent.fill(0);
        self.lower.shrink_to(1 << 16);
        self.trigrams.fill(0);
        (self.distinct, self.longest, self.backslash) = (0, 0, false);
        filters
    }
}

fn block_of(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize * BLOCK_BYTES
}

/// A text that is looked for, taken apart once.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    text: Vec<u8>,
    /// Places of its trigrams in the largest bitmap.
    trigrams: Vec<usize>,
    /// Words that stand whole in it, with other characters on both sides.
    inner: Vec<u64>,
    /// Words at its ends, which may go on beyond it: length in bytes, hash.
    outer: Vec<(u64, u64)>,
}

impl Needle {
    /// A text that is in the line byte for byte.
    pub(super) fn exact(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut inner, mut outer) = (Vec::new(), Vec::new());
        let mut from = 0;
        while from < bytes.len() {
            let length = bytes[from..].iter().take_while(|byte| IS_WORD[usize::from(**byte)]).count();
            if length > 0 {
                let hash = word_hash(&bytes[from..from + length]).max(1);
                if from > 0 && from + length < bytes.len() {
                    inner.push(hash);
                } else {
                    outer.push((length as u64, hash));
                }
            }
            from += length + 1;
        }
        Self { text: bytes.to_vec(), trigrams: trigrams(bytes, |_| true), inner, outer }
    }

    /// A text that is in the line with any of its letters in either case. In Unicode `k` and `s`
    /// have a third form outside ASCII.
    pub(super) fn any_case(text: &str) -> Self {
        let plain = |trigram: &[u8]| trigram.iter().all(|byte| byte.is_ascii() && !matches!(byte.to_ascii_lowercase(), b'k' | b's'));
        Self { text: Vec::new(), trigrams: trigrams(text.as_bytes(), plain), inner: Vec::new(), outer: Vec::new() }
    }

    /// The text, if it has to be there byte for byte.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the word filter can say anything.
    pub(super) fn asks_words(&self) -> bool {
        !self.inner.is_empty() || !self.outer.is_empty()
    }

    /// Whether the trigram filter can say anything.
    pub(super) fn asks_trigrams(&self) -> bool {
        !self.trigrams.is_empty()
    }

    /// Whether the words of a page allow for it.
    pub(super) fn words_allow(&self, filter: &[u8], longest_word: u64) -> bool {
        self.inner.iter().all(|hash| has_word(filter, *hash))
            && self.outer.iter().all(|(length, hash)| *length < longest_word || (*length == longest_word && has_word(filter, *hash)))
    }

    /// Whether the trigrams of a page allow for it.
    pub(super) fn trigrams_allow(&self, bitmap: &[u8]) -> bool {
        let shift = TRIGRAM_BITS.0.saturating_sub((bitmap.len() * 8).trailing_zeros());
        self.trigrams.iter().all(|place| {
            let place = *place >> shift;
            bitmap.get(place / 8).is_none_or(|byte| byte & 1 << (place % 8) != 0)
        })
    }
}

fn trigrams(text: &[u8], keep: impl Fn(&[u8]) -> bool) -> Vec<usize> {
    let mut places: Vec<usize> = text
        .windows(3)
        .filter(|window| keep(window))
        .map(|window| trigram_place(window.iter().rev().fold(0, |all, byte| all << 8 | u32::from(byte.to_ascii_lowercase()))))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn has_word(filter: &[u8], hash: u64) -> bool {
    let blocks = filter.len() / BLOCK_BYTES;
    if blocks == 0 {
        return true;
    }
    let block = &filter[block_of(hash, blocks)..][..BLOCK_BYTES];
    block.chunks_exact(4).zip(SALT).all(|(bits, salt)| {
        let bit = (hash as u32).wrapping_mul(salt) >> 27;
        bits[(bit / 8) as usize] & 1 << (bit % 8) != 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filters(lines: &[&str]) -> PageFilters {
        let mut builder = FilterBuilder::new();
        for line in lines {
            builder.add(line.as_bytes());
        }
        builder.finish()
    }

    fn allows(filters: &PageFilters, needle: &Needle) -> bool {
        needle.words_allow(&filters.words, filters.longest_word) && needle.trigrams_allow(&filters.trigrams)
    }

    #[test]
    fn what_is_not_there_is_ruled_out() {
        let page =
            filters(&["GET /api/users?id=4bf92f3577b34da6 took 12ms", "level=info msg=\"a longer word here: internationalization\""]);
        for (needle, want) in [
            ("4bf92f3577b34da6", true),
            ("id=4bf92f3577b34da7 ", false),
            ("longer word", true),
            ("longer walks", false),
            ("onger wor", true),
            ("internationalization", true),
            ("internationalisation", false),
            ("internationalizationx", false),
            ("", true),
            ("i", true),
        ] {
            assert_eq!(allows(&page, &Needle::exact(needle)), want, "{needle}");
        }
        assert!(allows(&page, &Needle::any_case("LEVEL=INFO")));
        assert!(!allows(&page, &Needle::any_case("LEVEL=ERROR")));
        assert!(!page.backslash);
        assert!(filters(&["a\\"]).backslash);
    }

    #[test]
    fn most_words_that_are_not_there_are_ruled_out() {
        let lines: Vec<String> =
            (0..8192).map(|i| format!("id={:032x}", u128::from(word_hash(&u64::to_le_bytes(i))) << 64 | u128::from(i))).collect();
        let page = filters(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let wrong = (0..1000)
            .filter(|i| allows(&page, &Needle::exact(&format!("{:032x}", u128::from(word_hash(&u64::to_le_bytes(i * 7919 + 100_000)))))))
            .count();
        assert!(wrong < 40, "{wrong} of 1000");
        assert!(page.words.len() < 12_000, "{}", page.words.len());
    }

    proptest! {
        #[test]
        fn words_are_found_as_byte_by_byte(text in "[a-zA-Z0-9_ =.@`{/:;\u{7f}-\u{100}\u{df}]{0,200}") {
            for chunk in text.as_bytes().chunks(64) {
                let bits = word_bits(chunk);
                for (at, byte) in chunk.iter().enumerate() {
                    prop_assert_eq!(bits >> at & 1 == 1, IS_WORD[usize::from(*byte)], "{}", byte);
                }
                prop_assert_eq!(chunk.len() == 64 || bits >> chunk.len() == 0, true);
            }
            let mut builder = FilterBuilder::new();
            builder.add(text.as_bytes());
            let words: std::collections::BTreeSet<&[u8]> = text.as_bytes().split(|b| !IS_WORD[usize::from(*b)]).filter(|w| !w.is_empty()).collect();
            prop_assert_eq!(builder.distinct, words.len());
            prop_assert!(words.iter().all(|word| builder.table.contains(&word_hash(word).max(1))));
            prop_assert_eq!(builder.longest, words.iter().map(|word| word.len()).max().unwrap_or(0));
        }

        #[test]
        fn what_is_there_is_never_ruled_out(lines in prop::collection::vec("[a-zA-Z0-9_ =.,\\\\äß\u{212a}]{0,40}", 1..20), at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
            let page = filters(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let line = &lines[at.index(lines.len())];
            let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).chain([line.len()]).collect();
            let (a, b) = (ends[from.index(ends.len())], ends[to.index(ends.len())]);
            let part = &line[a.min(b)..a.max(b)];
            prop_assert!(allows(&page, &Needle::exact(part)));
            prop_assert!(allows(&page, &Needle::any_case(&part.to_uppercase())) || part.to_uppercase().to_lowercase() != part.to_lowercase());
        }
    }
}
