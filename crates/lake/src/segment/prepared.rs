//! A question, with what is worked out once for all segments.

use super::condition::Condition;
use super::words::Needle;
use parking_lot::Mutex;
use phoenix_lines::{Filter, Patterns, Plan};
use phoenix_model::logs::{Level, LineFilter, LinePattern, LogSelect, Stream};
use std::sync::Arc;

/// Segments for which plans of the conditions on lines are kept.
const PLANS: usize = 32;

/// What is asked, prepared once per query and used for all segments.
pub struct Prepared<'a> {
    select: &'a LogSelect<'a>,
    filter: Filter,
    /// By the number of the segment; the one made last is the last.
    plans: Mutex<Vec<(u64, Arc<Plan>)>>,
    conditions: Vec<Condition>,
    hints: Vec<Needle>,
    /// For each hint, the condition that lines hold it.
    held: Vec<LineFilter>,
}

/// The filters of a page, as far as they were loaded.
#[derive(Clone, Copy)]
pub(super) struct LoadedFilters<'a> {
    pub words: Option<&'a [u8]>,
    pub longest_word: u64,
    pub trigrams: Option<&'a [u8]>,
}

impl LoadedFilters<'_> {
    /// Whether the page may hold the text.
    pub(super) fn allow(&self, needle: &Needle) -> bool {
        self.words.is_none_or(|words| needle.words_allow(words, self.longest_word))
            && self.trigrams.is_none_or(|trigrams| needle.trigrams_allow(trigrams))
    }
}

impl<'a> Prepared<'a> {
    /// Prepares a question.
    pub fn new(select: &'a LogSelect<'a>) -> Self {
        let conditions = select.filters.iter().map(Condition::of).collect();
        let hints = select.hints.iter().map(|hint| Needle::exact(hint)).collect();
        let contains = |hint: &String| LineFilter { negated: false, alternatives: vec![LinePattern::Contains(hint.clone())] };
        let held = select.hints.iter().map(contains).collect();
        Self { select, filter: Filter::new(select.filters), plans: Mutex::default(), conditions, hints, held }
    }

    /// The question.
    pub fn select(&self) -> &'a LogSelect<'a> {
        self.select
    }

    /// Whether the labels of a stream are asked for.
    pub(super) fn wants(&self, stream: &Stream) -> bool {
        self.select.matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels))
    }

    /// The hints which none of these streams has among its labels, each with the condition that lines
    /// hold it.
    pub(super) fn held<'s>(&self, streams: &(impl Iterator<Item = &'s Stream> + Clone)) -> Vec<(&[u8], &LineFilter)> {
        let is_level =
            |hint: &Needle| Level::ALL.iter().any(|level| memchr::memmem::find(level.as_str().as_bytes(), hint.text()).is_some());
        let on_streams = |hint: &Needle| is_level(hint) || streams.clone().any(|stream| stream_holds(stream, hint));
        self.hints.iter().zip(&self.held).filter(|(hint, _)| !on_streams(hint)).map(|(hint, held)| (hint.text(), held)).collect()
    }

    /// The conditions on lines against the patterns of a segment.
    pub(super) fn plan(&self, segment: u64, patterns: &Patterns) -> Arc<Plan> {
        let mut plans = self.plans.lock();
        if let Some((_, plan)) = plans.iter().find(|(number, _)| *number == segment) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(self.filter.plan(patterns));
        if plans.len() == PLANS {
            plans.remove(0);
        }
        plans.push((segment, Arc::clone(&plan)));
        plan
    }

    fn any_needle(&self, is: impl Fn(&Needle) -> bool) -> bool {
        self.conditions.iter().any(|condition| condition.any(&is)) || self.hints.iter().any(is)
    }

    /// Whether the word filters of pages can rule them out.
    pub(super) fn asks_words(&self) -> bool {
        self.any_needle(Needle::asks_words)
    }

    /// Whether the trigram filters of pages can rule them out.
    pub(super) fn asks_trigrams(&self) -> bool {
        self.any_needle(Needle::asks_trigrams)
    }

    /// Whether a page may have an entry that passes. `backslash` says whether one of its lines may
    /// hold a backslash, `streams` gives the streams that are asked for in it.
    pub(super) fn may_pass<'s>(
        &self,
        filters: LoadedFilters<'_>,
        backslash: bool,
        streams: &(impl Iterator<Item = &'s Stream> + Clone),
    ) -> bool {
        self.conditions.iter().all(|condition| condition.may_hold(&|needle| filters.allow(needle)))
            && (backslash || self.hints.iter().all(|hint| filters.allow(hint) || streams.clone().any(|stream| stream_holds(stream, hint))))
    }
}

/// Whether a value of a stream's labels holds a text.
fn stream_holds(stream: &Stream, hint: &Needle) -> bool {
    stream.labels.iter().any(|(_, value)| memchr::memmem::find(value.as_bytes(), hint.text()).is_some())
}
