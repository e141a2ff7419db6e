//! Finds the variables of a line.
//!
//! What is a variable is a guess that only decides how well lines compress: any choice of ranges
//! gives back the same bytes. The rules, in the order in which they count:
//!
//! - A moment, an address, a UUID, a number, an id in hexadecimal digits, alone between characters
//!   that are not of a word, is a variable of that kind. A unit may follow a number.
//! - Any other word with a digit is a text.
//! - The value behind `key=`, and a quoted one, is one text, unless it is one of the above, or has
//!   an id, address or moment in it.
//! - A quoted text with spaces and digits is taken apart only if it differs from line to line.

use crate::kind::HEX_DIGITS;
use crate::{HEX_SLOTS, Kind, NUMBER_SLOTS, Spelling, Store, TEXT_SLOTS, hex, number};
use hashbrown::{DefaultHashBuilder, HashMap};
use std::hash::BuildHasher;

/// Of longer lines only this much is taken apart.
const SCAN_BYTES: usize = 8192;
/// A token with this many hexadecimal digits is worth taking a longer word apart.
const STRONG_DIGITS: usize = 16;

const TOKEN: u8 = 1;
const DIGIT: u8 = 2;
const HEX: u8 = 4;
const SPACE: u8 = 8;
const VALUE_END: u8 = 16;
const ESCAPE: u8 = 32;

const CLASSES: [u8; 256] = {
    let mut classes = [0u8; 256];
    let mut b = 0;
    while b < 256 {
        let byte = b as u8;
        if byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_' || byte == b'-' || byte == b'.' {
            classes[b] |= TOKEN;
        }
        if byte.is_ascii_digit() {
            classes[b] |= DIGIT;
        }
        if byte.is_ascii_digit() || (byte >= b'a' && byte <= b'f') {
            classes[b] |= HEX;
        }
        if byte == b' ' {
            classes[b] |= SPACE;
        }
        if byte <= b' ' || matches!(byte, b'=' | b',' | b';' | b'&' | b')' | b']' | b'}' | b'"' | b'\'' | b'\\' | b'|' | b'<' | b'>') {
            classes[b] |= VALUE_END;
        }
        if byte < b' ' || byte == b'\\' {
            classes[b] |= ESCAPE;
        }
        b += 1;
    }
    classes
};

/// Whether a byte is of a word.
#[inline]
pub(crate) fn is_token(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// A variable that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Of kinds that columns of numbers hold.
    pub(crate) number: i64,
}

/// Counts variables against the slots that a pattern has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slots {
    numbers: u8,
    hex: u8,
    texts: u8,
}

impl Slots {
    /// Takes a slot. A kind without a free slot becomes a text; the last text's slot is for the
    /// rest of the line.
    pub(crate) fn take(&mut self, kind: Kind) -> Option<Kind> {
        match kind.store() {
            Store::Numbers if self.numbers < NUMBER_SLOTS => self.numbers += 1,
            Store::Hex if self.hex < HEX_SLOTS => self.hex += 1,
            Store::Hex | Store::Texts if self.texts + 1 < TEXT_SLOTS => {
                self.texts += 1;
                return Some(if kind.store() == Store::Texts { kind } else { Kind::Text });
            }
            Store::Numbers | Store::Hex | Store::Texts => return None,
        }
        Some(kind)
    }
}

/// Finds variables, and remembers which quoted texts repeat themselves.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    items: Vec<Item>,
    slots: Slots,
    /// Where no slot was left.
    full: Option<usize>,
    sites: HashMap<u64, Site, DefaultHashBuilder>,
}

/// A place of quoted texts: do they repeat themselves?
#[derive(Debug, Clone)]
enum Site {
    Sampling { samples: u32, distinct: Vec<u64> },
    Whole,
    Apart,
}

/// How many texts of a place are looked at.
const SAMPLES: u32 = 64;
/// Up to that many different ones among them count as repeating.
const REPEATING: usize = 24;
/// Places that are remembered. Texts in others are taken apart.
const SITES: usize = 1024;

/// Which signs mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Line,
    Quoted,
    Value,
}

impl Scanner {
    /// The variables of a line, ascending, none within another.
    pub(crate) fn scan(&mut self, line: &str) -> &[Item] {
        self.items.clear();
        self.slots = Slots::default();
        self.full = None;
        let end = if line.len() <= SCAN_BYTES { line.len() } else { line.floor_char_boundary(SCAN_BYTES) };
        self.free(&line.as_bytes()[..end], 0, Context::Line);
        let raw = self.full.unwrap_or(end);
        if raw < line.len() {
            self.items.push(Item { start: raw, end: line.len(), kind: Kind::Raw, number: 0 });
        }
        &self.items
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, number: i64) {
        if self.full.is_some() {
            return;
        }
        match self.slots.take(kind) {
            Some(kind) => self.items.push(Item { start, end, kind, number }),
            None => self.full = Some(start),
        }
    }

    /// Finds variables from a byte to the end of the bytes.
    fn free(&mut self, bytes: &[u8], from: usize, context: Context) {
        let mut at = from;
        let mut quotes = context == Context::Line;
        while at < bytes.len() && self.full.is_none() {
            let byte = bytes[at];
            if !is_token(byte) {
                match byte {
                    b'"' if quotes => {
                        if let Some(close) = closing_quote(bytes, at + 1) {
                            at = self.quoted(bytes, at + 1, close);
                        } else {
                            quotes = false;
                            at += 1;
                        }
                    }
                    b'=' if context != Context::Value && at > from && is_token(bytes[at - 1]) => at = self.value(bytes, at + 1),
                    _ => at += 1,
                }
                continue;
            }
            let start = at;
            if byte.is_ascii_digit()
                && let Some(end) = self.moment(bytes, at)
            {
                at = end;
                continue;
            }
            let (mut any, mut all) = (0, u8::MAX);
            while at < bytes.len() {
                let class = CLASSES[usize::from(bytes[at])];
                if class & TOKEN == 0 {
                    break;
                }
                any |= class;
                all &= class;
                at += 1;
            }
            if bytes.get(at) == Some(&b':')
                && at - start <= 4
                && let Some(end) = colons(bytes, start)
            {
                self.push(start, end, Kind::Text, 0);
                at = end;
            } else if any & DIGIT != 0 {
                self.token(bytes, start, at);
            } else if all & HEX != 0 && is_hex_length(at - start) {
                self.push(start, at, Kind::Hex((at - start) as u8), 0);
            }
        }
    }

    /// Takes a moment at a digit; gives its end.
    fn moment(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let (spelling, number, used) = Spelling::scan(&bytes[at..])?;
        let end = at + used;
        if bytes.get(end).is_some_and(|b| *b == b':' || (is_token(*b) && *b != b'.')) {
            return None;
        }
        self.push(at, end, Kind::Time(spelling), number);
        Some(end)
    }

    /// Takes a word with a digit.
    fn token(&mut self, bytes: &[u8], mut start: usize, mut end: usize) {
        while matches!(bytes[start], b'-' | b'.') {
            start += 1;
        }
        while matches!(bytes[end - 1], b'-' | b'.') {
            end -= 1;
        }
        let word = &bytes[start..end];
        if let Some((kind, number, len)) = classify(word) {
            return self.push(start, start + len, kind, number);
        }
        let is_mark = |b: &u8| matches!(b, b'-' | b'_' | b'.');
        let is_strong = |part: &[u8]| part.len() >= STRONG_DIGITS && is_hex(part);
        if word.len() <= STRONG_DIGITS || word.len() > 256 || !word.split(is_mark).any(is_strong) {
            return self.push(start, end, Kind::Text, 0);
        }
        let mut at = start;
        for part in word.split(is_mark) {
            let next = at + part.len();
            if part.iter().any(u8::is_ascii_digit) {
                match classify(part) {
                    Some((kind, number, len)) => self.push(at, at + len, kind, number),
                    None => self.push(at, next, Kind::Text, 0),
                }
            }
            at = next + 1;
        }
    }

    /// Takes the value behind `key=`; gives where it ends.
    fn value(&mut self, bytes: &[u8], start: usize) -> usize {
        if bytes.get(start).is_none_or(|b| matches!(b, b'{' | b'[' | b'(')) {
            return start;
        }
        let mut end = start;
        let mut any = 0;
        while end < bytes.len() {
            let class = CLASSES[usize::from(bytes[end])];
            if class & VALUE_END != 0 {
                break;
            }
            any |= class;
            end += 1;
        }
        // `a=b=c` says nothing about where values end, but an id in base 64 may end so.
        let marks = bytes[end..].iter().take_while(|b| **b == b'=').count();
        if end == start || (marks > 0 && bytes.get(end + marks).is_some_and(|b| CLASSES[usize::from(*b)] & VALUE_END == 0)) {
            return start;
        }
        if any & DIGIT == 0 {
            self.push(start, end, Kind::Text, 0);
            return end;
        }
        if bytes[start].is_ascii_digit() {
            let before = (self.items.len(), self.slots, self.full);
            match self.moment(bytes, start) {
                Some(moment) if moment >= end => return moment,
                _ => self.undo(before),
            }
        }
        self.whole_or_apart(bytes, start, end, Kind::Text);
        end
    }

    /// Takes a quoted text, from behind its quote to its closing quote; gives where to go on.
    fn quoted(&mut self, bytes: &[u8], start: usize, close: usize) -> usize {
        let after = close + 1;
        let space = |from: usize| bytes[from..].iter().take_while(|b| **b == b' ').count();
        let colon = after + space(after);
        if bytes.get(colon) == Some(&b':') && close > start {
            // The key of a JSON object; true, false and null vary like other values do.
            let value = colon + 1 + space(colon + 1);
            for literal in [b"true".as_slice(), b"false", b"null"] {
                let end = value + literal.len();
                if bytes[value..].starts_with(literal) && bytes.get(end).is_none_or(|b| !is_token(*b)) {
                    self.push(value, end, Kind::Literal, 0);
                    return end;
                }
            }
            return value;
        }
        let content = &bytes[start..close];
        let any = content.iter().fold(0, |any, b| any | CLASSES[usize::from(*b)]);
        let text = if any & ESCAPE == 0 { Kind::Text } else { Kind::Escaped };
        if any & DIGIT == 0 {
            self.push(start, close, text, 0);
            return after;
        }
        if content[0].is_ascii_digit() {
            let before = (self.items.len(), self.slots, self.full);
            match self.moment(&bytes[..close], start) {
                Some(moment) if moment == close => return after,
                _ => self.undo(before),
            }
        }
        if any & SPACE == 0 {
            self.whole_or_apart(bytes, start, close, text);
        } else if self.repeats(bytes, start, close) {
            self.push(start, close, text, 0);
        } else {
            self.free(&bytes[..close], start, Context::Quoted);
        }
        after
    }

    /// Takes a value as one variable, unless it has something strong in it.
    fn whole_or_apart(&mut self, bytes: &[u8], start: usize, end: usize, text: Kind) {
        let sign = usize::from(bytes[start] == b'-' && bytes.get(start + 1).is_some_and(u8::is_ascii_digit));
        if let Some((kind, number, len)) = classify(&bytes[start + sign..end]) {
            return self.push(start + sign, start + sign + len, kind, number);
        }
        let before = (self.items.len(), self.slots, self.full);
        self.free(&bytes[..end], start, Context::Value);
        let is_strong = |item: &Item| match item.kind {
            Kind::Hex(digits) => usize::from(digits) >= STRONG_DIGITS,
            kind => matches!(kind, Kind::Uuid | Kind::Ip | Kind::Time(_)),
        };
        if !self.items[before.0..].iter().any(is_strong) {
            self.undo(before);
            self.push(start, end, text, 0);
        }
    }

    fn undo(&mut self, (items, slots, full): (usize, Slots, Option<usize>)) {
        self.items.truncate(items);
        self.slots = slots;
        self.full = full;
    }

    /// Whether quoted texts at this place, known by the text before it, repeat themselves.
    fn repeats(&mut self, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = self.items.last().map_or(0, |item| item.end).max(start.saturating_sub(64));
        let hasher = self.sites.hasher();
        let place = hasher.hash_one((&bytes[before..start], self.items.len()));
        let content = hasher.hash_one(&bytes[start..end]);
        let room = self.sites.len() < SITES;
        let Some(site) = self.sites.get_mut(&place) else {
            if room {
                self.sites.insert(place, Site::Sampling { samples: 1, distinct: vec![content] });
            }
            return room;
        };
        let Site::Sampling { samples, distinct } = site else { return matches!(site, Site::Whole) };
        *samples += 1;
        if !distinct.contains(&content) {
            distinct.push(content);
        }
        if distinct.len() > REPEATING {
            *site = Site::Apart;
            return false;
        }
        if *samples == SAMPLES {
            *site = Site::Whole;
        }
        true
    }
}

fn is_hex_length(len: usize) -> bool {
    HEX_DIGITS.contains(&len) && len.is_multiple_of(2)
}

fn is_hex(word: &[u8]) -> bool {
    is_hex_length(word.len()) && word.iter().all(|b| CLASSES[usize::from(*b)] & HEX != 0)
}

/// What a word with a digit is: its kind, its number, and how much of it is the variable; the
/// rest is a unit.
fn classify(word: &[u8]) -> Option<(Kind, i64, usize)> {
    let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == word.len() {
        return match number::parse_int(word) {
            Some(value) => Some((Kind::Int, value, digits)),
            // Longer than any number: an id whose letters are missing by chance.
            None => (digits > 18 && is_hex_length(digits)).then_some((Kind::Hex(digits as u8), 0, digits)),
        };
    }
    if is_hex(word) {
        return Some((Kind::Hex(word.len() as u8), 0, word.len()));
    }
    if word.len() == hex::UUID_LEN && hex::is_uuid(word) {
        return Some((Kind::Uuid, 0, word.len()));
    }
    if digits == 0 {
        return None;
    }
    if word[digits] != b'.' {
        return is_unit(&word[digits..]).then(|| number::parse_int(&word[..digits])).flatten().map(|value| (Kind::Int, value, digits));
    }
    let fraction = word[digits + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let len = digits + 1 + fraction;
    if len == word.len() || is_unit(&word[len..]) {
        return number::parse_decimal(&word[..len]).map(|value| (Kind::Decimal, value, len));
    }
    number::parse_ip(word).map(|value| (Kind::Ip, value, word.len()))
}

/// Whether text that follows a number is a unit.
fn is_unit(text: &[u8]) -> bool {
    const UNITS: [&str; 32] = [
        "s", "ms", "us", "ns", "\u{b5}s", "\u{3bc}s", "m", "h", "d", "w", "b", "B", "k", "K", "M", "G", "T", "kB", "KB", "MB", "GB", "TB",
        "KiB", "MiB", "GiB", "TiB", "Ki", "Mi", "Gi", "Hz", "x", "min",
    ];
    text.len() <= 3 && UNITS.iter().any(|unit| unit.as_bytes() == text)
}

/// The end of a word of hexadecimal digits and at least two colons: the address of a network card, or IPv6.
fn colons(bytes: &[u8], start: usize) -> Option<usize> {
    let is_part = |b: &u8| b.is_ascii_hexdigit() || *b == b':';
    let len = bytes[start..].iter().take(40).take_while(|b| is_part(b)).count();
    let end = start + len;
    let colons = memchr::memchr_iter(b':', &bytes[start..end]).count();
    (colons >= 3 && bytes.get(end).is_none_or(|b| !is_token(*b)) && bytes[end - 1] != b':').then_some(end)
}

/// Where a quoted text ends.
fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(scanner: &mut Scanner, line: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for item in scanner.scan(line) {
            out.push_str(&line[at..item.start]);
            out.push_str(&item.kind.to_string());
            at = item.end;
        }
        out + &line[at..]
    }

    #[test]
    fn lines_are_taken_apart() {
        for (line, want) in [
            ("", ""),
            ("started", "started"),
            ("took 15ms, 1.5s and 20%", "took <int>ms, <dec>s and <int>%"),
            ("a -5 b 007 c 99999999999999999999 d", "a -<int> b <text> c <hex20> d"),
            ("ts=2024-05-06T07:08:09.123Z level=info n=5", "ts=<time:YYYY-MM-DDThh:mm:ss.fffZ> level=<text> n=<int>"),
            ("ts=2024-05-06 07:08:09 x", "ts=<time:YYYY-MM-DD hh:mm:ss> x"),
            (
                r#"10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /" 200 23"#,
                r#"<ip> - bob [<time:DD/Mon/YYYY:hh:mm:ss -0700>] "<text>" <int> <int>"#,
            ),
            ("path=/api/users/12 id=4bf92f3577b34da6 x", "path=<text> id=<hex16> x"),
            ("url=/a/4bf92f3577b34da6?q=7 addr=10.1.2.3:80", "url=/a/<hex16>?q=<int> addr=<ip>:<int>"),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 req_4bf92f3577b34da6", "<text>-<hex32>-<hex16>-<text> req_<hex16>"),
            ("123e4567-e89b-12d3-a456-426614174000 deadbeef", "<uuid> <hex8>"),
            (r#"{"a":1,"b":"x","c": true,"d":"","e1":null}"#, r#"{"a":<int>,"b":"<text>","c": <literal>,"d":"<text>","e1":<literal>}"#),
            (r#"{"m":"say \"5\" x","k":-2.50}"#, r#"{"m":"<escaped>","k":-<dec>}"#),
            ("say \"x 5", "say \"x <int>"),
            ("mac 00:1b:44:11:3a:b7 ip fe80::1ff:fe23:4567:890a at 12:30", "mac <text> ip <text> at <int>:<int>"),
            ("at 12:30:31.5 v1.2.3 node-7. x86_64", "at <time:hh:mm:ss.f*> <text> <text>. <text>"),
            ("a=b=c=5 a==", "a=b=c=<int> a=="),
            ("t=eW91== u=/a?b=c", "t=<text>== u=/a?b=<text>"),
            ("größe=12µs ü7", "größe=<int>µs <text>"),
        ] {
            assert_eq!(shape(&mut Scanner::default(), line), want, "{line}");
        }
    }

    #[test]
    fn quoted_texts_that_differ_are_taken_apart() {
        let mut scanner = Scanner::default();
        for i in 0..200 {
            let agent = i % 7;
            let got = shape(&mut scanner, &format!("\"GET /{i} HTTP\" \"Mozilla {agent} x\""));
            let want = if i < REPEATING { "\"<text>\" \"<text>\"" } else { "\"GET /<int> HTTP\" \"<text>\"" };
            // The place of the second text is another one once the first is taken apart.
            assert_eq!(got, want, "{i}");
        }
    }

    #[test]
    fn what_does_not_fit_stays_raw() {
        let numbers = shape(&mut Scanner::default(), &"1 ".repeat(30));
        assert_eq!(numbers, "<int> ".repeat(24) + "<raw>");
        let texts = shape(&mut Scanner::default(), &"x1 ".repeat(30));
        assert_eq!(texts, "<text> ".repeat(15) + "<raw>");
        let ids = shape(&mut Scanner::default(), &"abcdef01 ".repeat(6));
        assert_eq!(ids, "<hex8> ".repeat(4) + "<text> <text> ");
        let long = "é ".repeat(1 << 20);
        let mut scanner = Scanner::default();
        assert!(scanner.scan(&long).last().is_some_and(|item| item.kind == Kind::Raw && item.end == long.len()));
    }
}
