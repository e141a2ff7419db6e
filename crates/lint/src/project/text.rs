//! Texts that know where each of their bytes stands.

use crate::finding::Edit;
use phoenix_model::{Source, Span};
use phoenix_yaml::{Node, Places};

/// The value of a scalar.
#[derive(Debug, Clone)]
pub struct Text {
    /// The value.
    pub value: String,
    /// What the scalar covers in the file.
    pub span: Span,
    places: Places,
}

impl Text {
    /// The text of a node, when it is a scalar.
    pub fn of(source: &Source, node: &Node) -> Option<Self> {
        let value = node.text()?.to_owned();
        Some(Self { places: Places::new(source, node.span, &value), span: node.span, value })
    }

    /// A part of a file that has no syntax around it.
    pub fn bare(source: &Source, span: Span) -> Self {
        let value = source.text.get(span.start..span.end).unwrap_or("").to_owned();
        Self { places: Places::new(source, span, &value), span, value }
    }

    /// From a place in the value to its place in the file.
    pub fn locate(&self, inner: Span) -> Span {
        self.places.locate(inner)
    }

    /// The edit that changes a part of the value; `None` where the scalar can't be written that way.
    pub fn edit(&self, inner: Span, text: &str) -> Option<Edit> {
        self.places.edit(inner, text).map(|(span, text)| Edit { span, text })
    }
}
