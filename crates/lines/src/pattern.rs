//! Patterns: what lines share.

use crate::page::{HEX_SLOTS, NUMBER_SLOTS, TEXT_SLOTS};
use crate::{Kind, LinesError, Store, Variable};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// A pattern: static texts with a variable between each two of them.
///
/// Its text form is what people see: `GET /api/<int> took <dec>ms`. A `<` of the line is written
/// `<<`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    statics: String,
    ends: Vec<u32>,
    variables: Vec<Variable>,
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that all lines of the pattern have here; never empty.
    Static(&'a str),
    /// A variable.
    Variable(Variable),
}

impl Pattern {
    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, LinesError> {
        let mut pattern = Self { text: text.to_owned(), statics: String::new(), ends: Vec::new(), variables: Vec::new() };
        let mut used = [0u8; 3];
        let mut at = 0;
        while let Some(found) = memchr::memchr(b'<', &text.as_bytes()[at..]) {
            pattern.statics.push_str(&text[at..at + found]);
            at += found + 1;
            let rest = &text[at..];
            if rest.starts_with('<') {
                pattern.statics.push('<');
                at += 1;
                continue;
            }
            let fail = |why| Err(LinesError::Pattern { at, why });
            let Some(end) = memchr::memchr(b'>', rest.as_bytes()) else { return fail("a placeholder does not end") };
            let Some(kind) = Kind::parse(&rest[..end]) else { return fail("there is no such placeholder") };
            let (family, slots) = match kind.store() {
                Store::Numbers => (0, NUMBER_SLOTS),
                Store::Hex => (1, HEX_SLOTS),
                Store::Texts => (2, TEXT_SLOTS),
            };
            if used[family] == slots {
                return fail("there are too many variables");
            }
            pattern.ends.push(pattern.statics.len() as u32);
            pattern.variables.push(Variable { kind, slot: used[family] });
            used[family] += 1;
            at += end + 1;
        }
        pattern.statics.push_str(&text[at..]);
        pattern.ends.push(pattern.statics.len() as u32);
        Ok(pattern)
    }

    /// The text form.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts, in the order of the line.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        (0..=self.variables.len()).flat_map(|i| {
            let text = Some(self.static_text(i)).filter(|text| !text.is_empty()).map(Piece::Static);
            text.into_iter().chain(self.variables.get(i).copied().map(Piece::Variable))
        })
    }

    /// The variables, in the order of the line.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The static text before a variable, by its number in [`Pattern::variables`], or after the
    /// last one; may be empty.
    #[inline]
    pub fn static_text(&self, before: usize) -> &str {
        let start = before.checked_sub(1).map_or(0, |i| self.ends[i] as usize);
        &self.statics[start..self.ends[before] as usize]
    }

    /// All static texts' length in bytes.
    pub fn static_len(&self) -> usize {
        self.statics.len()
    }

    /// The form of Loki's `/patterns`: `<_>` for each variable, and the line's own `<` as it is.
    pub fn placeholders(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        for piece in self.pieces() {
            match piece {
                Piece::Static(text) => out.push_str(text),
                Piece::Variable(_) if out.ends_with("<_>") => {}
                Piece::Variable(_) => out.push_str("<_>"),
            }
        }
        out
    }
}

/// The patterns of a segment, by number. Number [`Patterns::RAW`] is always there.
#[derive(Debug, Clone)]
pub struct Patterns {
    all: Vec<Pattern>,
    by_text: HashTable<u32>,
    hasher: DefaultHashBuilder,
    text_bytes: usize,
}

impl Default for Patterns {
    fn default() -> Self {
        let mut patterns = Self { all: Vec::new(), by_text: HashTable::new(), hasher: DefaultHashBuilder::default(), text_bytes: 0 };
        patterns.intern(Self::RAW_TEXT).expect("the pattern of raw lines can be read, and is the first one");
        patterns
    }
}

impl Patterns {
    /// The most patterns that a segment can have.
    pub const MAX: usize = 4096;
    /// The most bytes that the text forms can have together.
    pub const MAX_BYTES: usize = 1 << 20;
    /// The number of the pattern of lines that are not taken apart.
    pub const RAW: u32 = 0;
    const RAW_TEXT: &str = "<raw>";

    /// Reads the text forms of all patterns, by number, as [`Patterns::iter`] gives them.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, LinesError> {
        let mut patterns = Self::default();
        for (number, text) in texts.into_iter().enumerate() {
            if patterns.intern(text)? as usize != number {
                return Err(LinesError::Columns("patterns are not in their order"));
            }
        }
        Ok(patterns)
    }

    /// The number of a pattern by its text form; it is added if it is new.
    pub fn intern(&mut self, text: &str) -> Result<u32, LinesError> {
        if let Some(number) = self.find(text) {
            return Ok(number);
        }
        if self.all.len() == Self::MAX {
            return Err(LinesError::Patterns { limit: Self::MAX, what: "kinds" });
        }
        if self.text_bytes + text.len() > Self::MAX_BYTES {
            return Err(LinesError::Patterns { limit: Self::MAX_BYTES, what: "bytes" });
        }
        let pattern = Pattern::parse(text)?;
        let number = self.all.len() as u32;
        self.all.push(pattern);
        self.text_bytes += text.len();
        let (hasher, patterns) = (&self.hasher, &self.all);
        let hash = hasher.hash_one(text);
        self.by_text.insert_unique(hash, number, |n| hasher.hash_one(patterns[*n as usize].text()));
        Ok(number)
    }

    /// The number of a pattern by its text form.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.by_text.find(self.hasher.hash_one(text), |n| self.all[*n as usize].text == text).copied()
    }

    /// A pattern by its number.
    pub fn get(&self, number: u32) -> Option<&Pattern> {
        self.all.get(number as usize)
    }

    /// All patterns, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Pattern> {
        self.all.iter()
    }

    /// How many there are; at least one.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Never: the pattern of raw lines is always there.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Bytes of all text forms.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_are_read_from_their_text() {
        for (text, variables, placeholders) in [
            ("<raw>", 1, "<_>"),
            ("", 0, ""),
            ("GET /api/<int> took <dec>ms id=<hex32>", 3, "GET /api/<_> took <_>ms id=<_>"),
            ("a <<int> <<<int>> <uuid><text>", 3, "a <int> <<_>> <_>"),
            ("[<time:DD/Mon/YYYY:hh:mm:ss -0700>] <ip>", 2, "[<_>] <_>"),
        ] {
            let pattern = Pattern::parse(text).unwrap();
            assert_eq!((pattern.variables().len(), pattern.placeholders().as_str()), (variables, placeholders), "{text}");
            let again: String = pattern
                .pieces()
                .map(|piece| match piece {
                    Piece::Static(text) => text.replace('<', "<<"),
                    Piece::Variable(variable) => variable.kind.to_string(),
                })
                .collect();
            assert_eq!(again, text);
        }
        for text in ["<", "<int", "<>", "<_>", "<hex7>", "<hex66>", "<hex>", "<time:>", "a <INT>"] {
            assert!(matches!(Pattern::parse(text), Err(LinesError::Pattern { .. })), "{text}");
        }
        let many = "<hex8> ".repeat(usize::from(HEX_SLOTS) + 1);
        assert!(Pattern::parse(&many).is_err());
    }

    #[test]
    fn a_segment_has_a_bounded_number_of_patterns() {
        let mut patterns = Patterns::default();
        for i in 1..Patterns::MAX {
            assert_eq!(patterns.intern(&format!("a {i}")).unwrap() as usize, i);
        }
        assert_eq!(patterns.intern("a 1").unwrap(), 1);
        assert!(patterns.intern("b").is_err());
        assert!(Patterns::default().intern(&"b".repeat(Patterns::MAX_BYTES)).is_err());
        let read = Patterns::from_texts(patterns.iter().map(Pattern::text)).unwrap();
        assert_eq!(read.find("a 77"), Some(77));
        assert!(Patterns::from_texts(["a"]).is_err());
        assert!(Patterns::from_texts(["<raw>", "a", "a"]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_may_be_read(text in "[<>a-z:0-9]{0,40}|\\PC{0,20}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(pattern.text(), text);
            }
        }
    }
}
