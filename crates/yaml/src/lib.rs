//! Reads YAML into typed values, with diagnostics that point at the line.
//!
//! The text becomes a tree whose nodes know their bytes, and serde reads from the tree. When a
//! value is refused, its entry is taken out and the tree is read again, so that one pass over a
//! file reports all its mistakes. Reading through a tree of our own also gives what Prometheus'
//! users are used to: a key without a value is the key's empty value (`rule_files:` is an empty
//! list), `yes` and `on` are truth values where one is asked for and text elsewhere, `0755` and
//! `16:9` stay as written where text is asked for.

mod de;
mod error;
mod inline;
mod keys;
mod part;
mod places;
mod scalar;
mod spanned;
mod syntax;
mod tree;
mod types;

pub use error::{KeyError, error_with_help};
pub use inline::{Inline, known_keys};
pub use keys::{Key, keys, mask, redact};
pub use places::Places;
pub use spanned::{Spanned, span_of};
pub use tree::{MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_NODES, Node, parse as tree};
pub use types::{Bytes, Duration, Regex, Url};

use phoenix_model::{Diagnostic, Source, Span};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// The most errors that are reported for one document.
pub const MAX_DIAGNOSTICS: usize = 20;

/// Reads a document. Derive `Deserialize` with `deny_unknown_fields`; an unknown key, a wrong type
/// or a failed `TryFrom` becomes a diagnostic at its line and column, with a suggestion where a
/// known key is near. An empty document reads as an empty mapping.
///
/// Wrap a field in [`Spanned`] to know where it stood; use [`KeyError`] for a `TryFrom` that
/// complains about one key, and [`Inline`] in the place of serde's `flatten`.
pub fn from_str<T: DeserializeOwned>(source: &Source) -> Result<T, Vec<Diagnostic>> {
    match read(source) {
        (Some(value), diagnostics) if diagnostics.is_empty() => Ok(value),
        (_, diagnostics) => Err(diagnostics),
    }
}

/// Reads what can be read: the value without the entries that were refused, when that is possible,
/// and what is wrong, in the order of the text.
pub fn read<T: DeserializeOwned>(source: &Source) -> (Option<T>, Vec<Diagnostic>) {
    let root = match tree::parse(source) {
        Ok(root) => root.unwrap_or_else(tree::Node::nothing),
        Err(diagnostics) => return (None, diagnostics),
    };
    let mut taken_out: HashMap<u32, Span> = HashMap::new();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let value = loop {
        let pass = de::Pass { source, taken_out: &taken_out };
        let error = match T::deserialize(de::De::new(&root, &pass, Span::new(0, 0))) {
            Ok(value) => break Some(value),
            // Only reached with a type that builds its errors without going through the tree.
            Err(error) => error.at(&root, Span::new(0, 0)),
        };
        let (unit, scope) = (error.unit(), error.scope());
        // A mapping that lacks what was just taken out of it is not a second mistake.
        let follows = taken_out.values().any(|gone| scope.start <= gone.start && gone.end <= scope.end);
        if !follows {
            diagnostics.push(error.into_diagnostic(source));
        }
        match unit {
            Some(unit) if diagnostics.len() < MAX_DIAGNOSTICS && !taken_out.contains_key(&unit) => {
                taken_out.insert(unit, scope);
            }
            _ => break None,
        }
    };
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    (value, diagnostics)
}
