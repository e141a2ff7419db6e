//! A question, with what is worked out once for all segments.

use super::words::Needle;
use phoenix_model::logs::{LineFilter, LinePattern, LogSelect, Stream};

/// What is asked, prepared once per query and used for all segments.
pub struct Prepared<'a> {
    select: &'a LogSelect<'a>,
    /// For each condition that can rule pages out: alternatives, each with texts that all have to
    /// be in a line that passes.
    conditions: Vec<Vec<Vec<Needle>>>,
    hints: Vec<Needle>,
}

/// The filters of a page, as far as they were loaded.
#[derive(Clone, Copy)]
pub(super) struct LoadedFilters<'a> {
    pub words: Option<&'a [u8]>,
    pub longest_word: u64,
    pub trigrams: Option<&'a [u8]>,
}

impl LoadedFilters<'_> {
    fn allow(&self, needle: &Needle) -> bool {
        self.words.is_none_or(|words| needle.words_allow(words, self.longest_word))
            && self.trigrams.is_none_or(|trigrams| needle.trigrams_allow(trigrams))
    }
}

impl<'a> Prepared<'a> {
    /// Prepares a question.
    pub fn new(select: &'a LogSelect<'a>) -> Self {
        let conditions = select.filters.iter().filter_map(condition).collect();
        let hints = select.hints.iter().map(|hint| Needle::exact(hint)).collect();
        Self { select, conditions, hints }
    }

    /// The question.
    pub fn select(&self) -> &'a LogSelect<'a> {
        self.select
    }

    /// Whether the labels of a stream are asked for.
    pub(super) fn wants(&self, stream: &Stream) -> bool {
        self.select.matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels))
    }

    fn needles(&self) -> impl Iterator<Item = &Needle> {
        self.conditions.iter().flatten().flatten().chain(&self.hints)
    }

    /// Whether the word filters of pages can rule them out.
    pub(super) fn asks_words(&self) -> bool {
        self.needles().any(Needle::asks_words)
    }

    /// Whether the trigram filters of pages can rule them out.
    pub(super) fn asks_trigrams(&self) -> bool {
        self.needles().any(Needle::asks_trigrams)
    }

    /// Whether a page may have an entry that passes. `backslash` says whether one of its lines may
    /// hold a backslash, `streams` gives the streams that are asked for in it.
    pub(super) fn may_pass<'s>(
        &self,
        filters: LoadedFilters<'_>,
        backslash: bool,
        streams: impl Iterator<Item = &'s Stream> + Clone,
    ) -> bool {
        self.conditions.iter().all(|alternatives| alternatives.iter().any(|needles| needles.iter().all(|n| filters.allow(n))))
            && (backslash
                || self.hints.iter().all(|hint| {
                    filters.allow(hint)
                        || streams.clone().any(|stream| {
                            stream.labels.iter().any(|(_, value)| memchr::memmem::find(value.as_bytes(), hint.text()).is_some())
                        })
                }))
    }
}

/// What lines that pass must hold, if anything can be said.
fn condition(filter: &LineFilter) -> Option<Vec<Vec<Needle>>> {
    if filter.negated {
        return None;
    }
    let alternatives: Vec<Vec<Needle>> = filter
        .alternatives
        .iter()
        .map(|pattern| match pattern {
            LinePattern::Contains(text) => vec![Needle::exact(text)],
            LinePattern::Literals(literals) => literals.iter().map(|text| Needle::exact(text)).collect(),
            LinePattern::Regex(_) => Vec::new(),
        })
        .collect();
    let says = |needles: &Vec<Needle>| needles.iter().any(|needle| needle.asks_words() || needle.asks_trigrams());
    alternatives.iter().all(says).then_some(alternatives)
}
