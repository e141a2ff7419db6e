//! What must hold for every query of every language. The languages' tests bring their queries.

use crate::{Cardinality, Grouping, Parsed, VectorMatching};
use phoenix_model::{Diagnostic, Span};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fmt::{Debug, Display};

/// A language under test.
pub trait Language {
    /// What its parser gives; written, it is one line in canonical form.
    type Query: Debug + Display;

    /// Reads a query.
    fn parse(text: &str) -> Parsed<Self::Query>;

    /// Lays a query out for people.
    fn pretty(query: &Self::Query) -> String;

    /// What a query means, however it was written.
    fn meaning(query: &Self::Query) -> String {
        without_spans(query)
    }

    /// Gives the place of every node, and whether the node stands for what could not be read.
    fn visit(query: &Self::Query, visitor: &mut dyn FnMut(Span, bool));

    /// What the API says of a query in one line, where it has words of its own for that.
    fn message(diagnostics: &[Diagnostic], _text: &str) -> String {
        diagnostics.first().map_or_else(String::new, ToString::to_string)
    }
}

/// The debug form with all spans taken out.
pub fn without_spans(tree: &impl Debug) -> String {
    let shown = format!("{tree:?}");
    let mut parts = shown.split("Span { start: ");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |out, part| out + part.split_once('}').expect("a span is closed").1)
}

fn read<L: Language>(text: &str) -> Result<L::Query, TestCaseError> {
    L::parse(text).into_result().map_err(|found| TestCaseError::fail(format!("{text}\n{}", found[0])))
}

/// Both forms of a query read back as what was written, and writing again changes nothing.
pub fn check_written<L: Language>(query: &L::Query) -> Result<(), TestCaseError> {
    for text in [query.to_string(), L::pretty(query)] {
        prop_assert_eq!(L::meaning(&read::<L>(&text)?), L::meaning(query), "{}", text);
    }
    let shown = L::pretty(query);
    prop_assert_eq!(L::pretty(&read::<L>(&shown)?), shown);
    Ok(())
}

/// Whatever the text: reading it ends, all places lie within it, what can't be read is told, and
/// what is read without a word means the same once it is written.
pub fn check_text<L: Language>(text: &str) -> Result<(), TestCaseError> {
    let parsed = L::parse(text);
    prop_assert!(parsed.query.is_some() || !parsed.diagnostics.is_empty());
    for found in &parsed.diagnostics {
        prop_assert!(text.get(found.span.start..found.span.end).is_some(), "{}: {:?}", text, found);
        let _ = found.to_string();
    }
    let _ = L::message(&parsed.diagnostics, text);
    let Some(query) = &parsed.query else { return Ok(()) };
    let _ = L::pretty(query);
    let mut outside = None;
    let mut has_errors = false;
    L::visit(query, &mut |span, is_error| {
        if text.get(span.start..span.end).is_none() {
            outside.get_or_insert(span);
        }
        has_errors |= is_error;
    });
    prop_assert!(outside.is_none(), "{}: a node at {:?}", text, outside);
    prop_assert!(!has_errors || !parsed.diagnostics.is_empty(), "{}: an error without a word", text);
    if parsed.diagnostics.is_empty() {
        let shown = query.to_string();
        prop_assert_eq!(L::meaning(&read::<L>(&shown)?), L::meaning(query), "{} as {}", text, shown);
    }
    Ok(())
}

/// Lays a query out, and sees that this changes neither what it means nor, done again, its form.
#[track_caller]
pub fn laid_out<L: Language>(text: &str) -> String {
    let read = |text: &str| read::<L>(text).unwrap_or_else(|error| panic!("{error}"));
    let query = read(text);
    let shown = L::pretty(&query);
    let again = read(&shown);
    assert_eq!(L::pretty(&again), shown, "laid out again");
    assert_eq!(again.to_string(), query.to_string());
    shown
}

/// All that is said of a query: the text that each finding points at, its message, and its help.
#[track_caller]
pub fn said<L: Language>(text: &str) -> String {
    let found = L::parse(text).diagnostics;
    assert!(!found.is_empty(), "nothing is said of {text}");
    let lines = found.iter().map(|d| {
        let help = d.help.as_ref().map(|help| format!(" / {help}")).unwrap_or_default();
        format!("  [{}] {}{help}", &text[d.span.start..d.span.end], d.message)
    });
    format!("{text}\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Some of the words, side by side or with blanks between them.
pub fn any_words(words: &[&'static str]) -> impl Strategy<Value = String> {
    let some = vec(select(words.to_vec()), 0..25);
    (some, any::<bool>()).prop_map(|(words, blanks)| words.join(if blanks { " " } else { "" }))
}

/// Queries as text with a few characters taken out, put in or changed, or cut short. `characters`
/// is a regular expression for one that is put in.
pub fn mutated<Q: Display + Debug>(queries: impl Strategy<Value = Q>, characters: &'static str) -> impl Strategy<Value = String> {
    (queries, vec((any::<Index>(), 0..4, characters), 1..4)).prop_map(|(query, edits)| {
        let mut text: Vec<char> = query.to_string().chars().collect();
        for (place, edit, with) in edits {
            if text.is_empty() {
                break;
            }
            let at = place.index(text.len());
            match (edit, with.chars().next()) {
                (0, _) => {
                    text.remove(at);
                }
                (1, Some(with)) => text.insert(at, with),
                (2, Some(with)) => text[at] = with,
                _ => text.truncate(at),
            }
        }
        text.into_iter().collect()
    })
}

/// Finite numbers: small, whole, huge and tiny ones.
pub fn number() -> impl Strategy<Value = f64> {
    prop_oneof![-1e6..1e6_f64, Just(0.0), Just(1e300), Just(1e-300), (0..5_i32).prop_map(f64::from)]
}

/// `by (…)` and `without (…)`, with up to two labels.
pub fn grouping<S: Strategy<Value = String>>(label: fn() -> S) -> impl Strategy<Value = Grouping> {
    (any::<bool>(), vec(label(), 0..3)).prop_map(|(without, labels)| Grouping { without, labels })
}

/// How series of two sides are matched, with up to two labels each.
pub fn matching<S: Strategy<Value = String>>(label: fn() -> S) -> impl Strategy<Value = VectorMatching> {
    let cardinality = select(vec![Cardinality::OneToOne, Cardinality::ManyToOne, Cardinality::OneToMany]);
    (cardinality, any::<bool>(), vec(label(), 0..3), vec(label(), 0..3)).prop_map(|(cardinality, on, labels, include)| {
        let include = if cardinality == Cardinality::OneToOne { Vec::new() } else { include };
        let include = include.into_iter().filter(|label| !on || !labels.contains(label)).collect();
        VectorMatching { cardinality, on, labels, include }
    })
}
