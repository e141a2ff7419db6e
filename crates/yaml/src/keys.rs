//! Where which key stands, without a type: for notes about keys that are known but do nothing,
//! and for showing a file without its secrets.

use crate::tree::{self, Data, Node};
use phoenix_model::{Source, Span};

/// The most keys that are listed.
const MAX_KEYS: usize = 200_000;

/// One key of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The way to it: `scrape_configs[].static_configs[].targets`. List positions are not told apart.
    pub path: String,
    /// The key's own bytes.
    pub span: Span,
    /// Whether its value is nothing, an empty list or an empty mapping.
    pub is_empty: bool,
    /// The value's bytes when it is a scalar.
    pub scalar: Option<Span>,
}

/// All keys of a document in the order of the text; empty when it is not YAML. What an alias stands
/// for is listed at its anchor's place.
pub fn keys(source: &Source) -> Vec<Key> {
    let mut found = Vec::new();
    if let Ok(Some(root)) = tree::parse(source) {
        walk(&root, "", &mut found);
    }
    found
}

fn walk(node: &Node, path: &str, found: &mut Vec<Key>) {
    match &node.data {
        Data::Null | Data::Scalar { .. } => {}
        Data::List(items) => {
            let path = format!("{path}[]");
            for item in items {
                walk(item, &path, found);
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                if found.len() >= MAX_KEYS {
                    return;
                }
                let name = key.text().unwrap_or("");
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                let is_empty = match &value.data {
                    Data::Null => true,
                    Data::Scalar { .. } => false,
                    Data::List(items) => items.is_empty(),
                    Data::Map(entries) => entries.is_empty(),
                };
                let scalar = matches!(value.data, Data::Scalar { .. }).then_some(value.span);
                found.push(Key { path: path.clone(), span: key.span, is_empty, scalar });
                walk(value, &path, found);
            }
        }
    }
}

/// The text with the value of every key for which `is_secret(path)` holds shown as `<secret>`.
/// A text that is not YAML is not shown at all, since its secrets can't be found.
pub fn redact(source: &Source, is_secret: impl Fn(&str) -> bool) -> String {
    if tree::parse(source).is_err() {
        return "# not shown: this file is not YAML\n".to_owned();
    }
    let mut spans: Vec<Span> = secret_spans(source, &is_secret);
    spans.sort_by_key(|span| (span.start, span.end));
    let mut out = String::with_capacity(source.text.len());
    let mut done = 0;
    for span in spans {
        if span.start < done {
            continue;
        }
        out.push_str(&source.text[done..span.start]);
        out.push_str("<secret>");
        done = span.end;
    }
    out.push_str(&source.text[done..]);
    out
}

fn secret_spans(source: &Source, is_secret: &impl Fn(&str) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    if let Ok(Some(root)) = tree::parse(source) {
        gather(&root, "", false, is_secret, &mut spans);
    }
    spans
}

/// Below a secret key every scalar is secret: lists of header values, for example.
fn gather(node: &Node, path: &str, secret: bool, is_secret: &impl Fn(&str) -> bool, spans: &mut Vec<Span>) {
    if spans.len() >= MAX_KEYS {
        return;
    }
    match &node.data {
        Data::Null => {}
        Data::Scalar { .. } if secret => spans.push(node.span),
        Data::Scalar { .. } => {}
        Data::List(items) => {
            let path = format!("{path}[]");
            for item in items {
                gather(item, &path, secret, is_secret, spans);
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                let name = key.text().unwrap_or("");
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                gather(value, &path, secret || is_secret(&path), is_secret, spans);
            }
        }
    }
}
