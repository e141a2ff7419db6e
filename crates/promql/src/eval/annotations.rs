//! Warnings and remarks, in Prometheus' words, each with its place in the text.

use phoenix_model::{Source, Span};
use phoenix_query::{Annotation, AnnotationLevel};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How many different annotations a query may give; what comes after is only counted.
const MAX_ANNOTATIONS: usize = 50;

/// Collects annotations, each once.
pub(super) struct Annotations {
    source: Source,
    found: RefCell<BTreeMap<(usize, usize, String), AnnotationLevel>>,
}

impl Annotations {
    pub fn new(text: &str) -> Self {
        Self { source: Source::new("query", text), found: RefCell::default() }
    }

    pub fn warning(&self, span: Span, message: &str) {
        self.add(AnnotationLevel::Warning, span, "PromQL warning", message);
    }

    pub fn info(&self, span: Span, message: &str) {
        self.add(AnnotationLevel::Info, span, "PromQL info", message);
    }

    fn add(&self, level: AnnotationLevel, span: Span, prefix: &str, message: &str) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_ANNOTATIONS {
            let (line, column) = self.source.position(span.start);
            found.insert((span.start, span.end, format!("{prefix}: {message} ({line}:{column})")), level);
        }
    }

    /// All of them, in order of position.
    pub fn into_sorted(self) -> Vec<Annotation> {
        let found = self.found.into_inner();
        found.into_iter().map(|((start, end, message), level)| Annotation { level, message, span: Span::new(start, end) }).collect()
    }
}
