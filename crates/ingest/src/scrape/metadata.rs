//! Types, help texts and units that a target told, for the API.

use crate::exposition::{Comment, Format};
use hashbrown::{DefaultHashBuilder, HashMap};
use phoenix_engine::MetricMetadata;
use std::hash::BuildHasher;

/// Families remembered per target; later ones are left out.
const FAMILIES_LIMIT: usize = 20_000;
/// Bytes kept of a help text or a unit.
const TEXT_LIMIT_BYTES: usize = 2_048;
/// Full reads after which a family that the target no longer mentions is forgotten. A full read
/// follows each scrape whose lines changed.
const FORGET_AFTER_READS: u32 = 2;

/// The metadata of one target, refreshed with each scrape.
#[derive(Debug, Default)]
pub(crate) struct Families {
    by_name: HashMap<String, Family>,
    hasher: DefaultHashBuilder,
    /// Hash and family of the comment lines of the last scrape, in their order. A line that is as it
    /// was need not be read again.
    lines: Vec<u64>,
    next: usize,
    /// Whether this scrape's lines so far are those of the last one.
    unchanged: bool,
    /// The number of the current or next full read.
    read: u32,
    is_full_read: bool,
}

#[derive(Debug, Default)]
struct Family {
    metadata: MetricMetadata,
    seen: u32,
}

impl Families {
    /// Begins a scrape.
    pub(crate) fn begin(&mut self) {
        self.next = 0;
        self.unchanged = true;
        self.is_full_read = self.lines.is_empty();
    }

    /// Takes a comment line. The error says what is wrong with it.
    pub(crate) fn take_line(&mut self, line: &str, format: Format) -> Result<(), String> {
        let hash = self.hasher.hash_one(line);
        if self.lines.get(self.next) == Some(&hash) {
            self.next += 1;
            return Ok(());
        }
        let comment = Comment::parse(line, format)?;
        self.unchanged = false;
        if self.next < self.lines.len() {
            self.lines[self.next] = hash;
        } else if self.lines.len() < 3 * FAMILIES_LIMIT {
            self.lines.push(hash);
        }
        self.next += 1;
        if self.by_name.len() >= FAMILIES_LIMIT && !self.by_name.contains_key(comment.name()) {
            return Ok(());
        }
        let family = self.by_name.entry_ref(comment.name()).or_default();
        family.seen = self.read;
        match comment {
            Comment::Help { text, .. } => cut(&text).clone_into(&mut family.metadata.help),
            Comment::Type { kind, .. } => kind.clone_into(&mut family.metadata.kind),
            Comment::Unit { unit, .. } => cut(&unit).clone_into(&mut family.metadata.unit),
        }
        Ok(())
    }

    /// Ends a scrape that was read to its end.
    pub(crate) fn end(&mut self) {
        if self.next < self.lines.len() {
            self.lines.truncate(self.next);
            self.unchanged = false;
        }
        if self.unchanged {
            return;
        }
        if !self.is_full_read {
            // The lines changed: read them all the next time, so that what is gone can be told from what stayed.
            self.lines.clear();
            return;
        }
        self.read = self.read.wrapping_add(1);
        let read = self.read;
        self.by_name.retain(|_, family| read.wrapping_sub(family.seen) <= FORGET_AFTER_READS);
    }

    /// The families with their metadata.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, MetricMetadata)> {
        self.by_name.iter().map(|(name, family)| {
            let mut metadata = family.metadata.clone();
            if metadata.kind.is_empty() {
                "unknown".clone_into(&mut metadata.kind);
            }
            (name.as_str(), metadata)
        })
    }

    /// The metadata of one family.
    pub(crate) fn get(&self, name: &str) -> Option<MetricMetadata> {
        self.iter().find(|(n, _)| *n == name).map(|(_, metadata)| metadata)
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT_LIMIT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(families: &mut Families, lines: &[&str]) {
        families.begin();
        for line in lines {
            families.take_line(line, Format::Text).unwrap();
        }
        families.end();
    }

    #[test]
    fn families_come_and_go() {
        let mut families = Families::default();
        let both = ["# HELP a Help of a.", "# TYPE a counter", "# TYPE b gauge"];
        for _ in 0..3 {
            take(&mut families, &both);
        }
        let a = MetricMetadata { kind: "counter".to_owned(), help: "Help of a.".to_owned(), unit: String::new() };
        assert_eq!(families.get("a"), Some(a.clone()));
        take(&mut families, &["# HELP a Other.", "# TYPE a counter"]);
        assert_eq!(families.get("a"), Some(MetricMetadata { help: "Other.".to_owned(), ..a }));
        assert!(families.get("b").is_some(), "a family may be missing for a while");
        for i in 0..4 * FORGET_AFTER_READS {
            take(&mut families, &[&format!("# HELP a {i}")]);
        }
        assert_eq!(families.get("b"), None);
        let lines = ["# HELP a 1", "# TYPE c gauge"];
        take(&mut families, &lines);
        take(&mut families, &lines);
        families.begin();
        assert_eq!(families.lines.len(), 2, "the third time nothing has to be read");
        families.begin();
        assert!(families.take_line("# TYPE a nonsense", Format::Text).is_err());
    }

    #[test]
    fn long_help_is_cut_between_characters() {
        let mut families = Families::default();
        take(&mut families, &[&format!("# HELP a {}", "é".repeat(3_000))]);
        assert_eq!(families.get("a").unwrap().help.len(), TEXT_LIMIT_BYTES);
    }
}
