//! What comes of a text: a tree as far as it could be read, and what is wrong with it.

use phoenix_model::{Diagnostic, Severity, Source, Span};

/// How long a query may be, in bytes, where the language sets a limit; Loki's limit too.
pub const MAX_QUERY_BYTES: usize = 128 * 1024;

/// How many diagnostics one text may give.
const MAX_DIAGNOSTICS: usize = 20;

/// What came of a text.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// What could be read, with error nodes in the place of what could not. `None` for a text that
    /// is empty or too long.
    pub query: Option<T>,
    /// What is wrong, in order of position.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Parsed<T> {
    /// With all that was found wrong, in any order; the first findings are kept.
    pub fn new(query: Option<T>, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
        diagnostics.dedup();
        diagnostics.truncate(MAX_DIAGNOSTICS);
        Self { query, diagnostics }
    }

    /// Refuses a text of more than [`MAX_QUERY_BYTES`].
    pub fn too_long(source: &Source) -> Option<Self> {
        let length = source.text.len();
        (length > MAX_QUERY_BYTES).then(|| {
            let message = format!("input size too long ({length} > {MAX_QUERY_BYTES})");
            let help = format!("a query may have {MAX_QUERY_BYTES} bytes");
            Self { query: None, diagnostics: vec![Diagnostic::error(source, Span::default(), message).with_help(help)] }
        })
    }

    /// The query, if nothing is wrong with it; warnings are let through.
    pub fn into_result(self) -> Result<T, Vec<Diagnostic>> {
        match self.query {
            Some(query) if self.diagnostics.iter().all(|d| d.severity != Severity::Error) => Ok(query),
            _ => Err(self.diagnostics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_sorted_told_once_and_bounded() {
        let source = Source::new("query", "x".repeat(50));
        let at = |start| Diagnostic::error(&source, Span::new(start, start + 1), "wrong");
        let parsed = Parsed::new(Some(()), (0..40).rev().flat_map(|start| [at(start), at(start)]).collect());
        let starts: Vec<usize> = parsed.diagnostics.iter().map(|d| d.span.start).collect();
        assert_eq!(starts, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn warnings_are_let_through() {
        let source = Source::new("query", "x");
        let warning = Diagnostic::warning(&source, Span::new(0, 1), "odd");
        assert_eq!(Parsed::new(Some(7), vec![warning.clone()]).into_result(), Ok(7));
        let error = Diagnostic::error(&source, Span::new(0, 1), "wrong");
        assert_eq!(Parsed::new(Some(7), vec![warning, error]).into_result().map_err(|d| d.len()), Err(2));
        assert_eq!(Parsed::<u8>::new(None, Vec::new()).into_result(), Err(Vec::new()));
    }

    #[test]
    fn long_texts_are_refused() {
        let text = |length| Source::new("query", "x".repeat(length));
        assert!(Parsed::<u8>::too_long(&text(MAX_QUERY_BYTES)).is_none());
        let refused = Parsed::<u8>::too_long(&text(MAX_QUERY_BYTES + 1)).expect("it is too long");
        assert_eq!(refused.diagnostics[0].message, "input size too long (131073 > 131072)");
    }
}
