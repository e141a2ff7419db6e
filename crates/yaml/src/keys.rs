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

/// The text with the value of every key for which `is_secret(path)` holds, and every password within a
/// URL, shown as `<secret>`. A text that is not YAML is not shown at all, since its secrets can't be found.
pub fn redact(source: &Source, is_secret: impl Fn(&str) -> bool) -> String {
    let Some(spans) = secret_spans(source, &is_secret) else {
        return "# not shown: this file is not YAML\n".to_owned();
    };
    let mut out = String::with_capacity(source.text.len());
    let mut done = 0;
    for span in spans {
        out.push_str(&source.text[done..span.start]);
        out.push_str("<secret>");
        done = span.end;
    }
    out.push_str(&source.text[done..]);
    out
}

/// The same text with secrets overwritten by stars, so that every position still holds. For diagnostics, which
/// show the line that they are about. In a text that is not YAML, what follows a secret key on its line is
/// overwritten.
#[must_use]
pub fn mask(source: &Source, is_secret: impl Fn(&str) -> bool) -> Source {
    let spans = secret_spans(source, &is_secret).unwrap_or_else(|| secret_lines(source, &is_secret));
    if spans.is_empty() {
        return source.clone();
    }
    let mut out = String::with_capacity(source.text.len());
    let mut done = 0;
    for span in spans {
        out.push_str(&source.text[done..span.start]);
        out.extend(source.text[span.start..span.end].bytes().map(|b| if b == b'\n' { '\n' } else { '*' }));
        done = span.end;
    }
    out.push_str(&source.text[done..]);
    Source { name: source.name.clone(), text: out.into() }
}

/// Sorted and apart from each other; `None` when the text is not YAML.
fn secret_spans(source: &Source, is_secret: &impl Fn(&str) -> bool) -> Option<Vec<Span>> {
    let root = tree::parse(source).ok()?;
    let mut spans = Vec::new();
    if let Some(root) = root {
        gather(source, &root, "", false, is_secret, &mut spans);
    }
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    spans.retain(|span| {
        let apart = span.start >= end;
        end = end.max(span.end);
        apart
    });
    Some(spans)
}

fn secret_lines(source: &Source, is_secret: &impl Fn(&str) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let content = line.trim_end();
        if let Some((key, value)) = content.split_once(':') {
            let name = key.rsplit([' ', '{', ',', '-', '"', '\'']).find(|name| !name.is_empty()).unwrap_or("");
            if is_secret(name) && !value.trim().is_empty() {
                let begin = start + content.len() - value.trim_start().len();
                spans.push(Span::new(begin, start + content.len()));
            }
        }
        start += line.len();
    }
    spans
}

/// Below a secret key every scalar is secret: lists of header values, for example.
fn gather(source: &Source, node: &Node, path: &str, secret: bool, is_secret: &impl Fn(&str) -> bool, spans: &mut Vec<Span>) {
    if spans.len() >= MAX_KEYS {
        return;
    }
    match &node.data {
        Data::Null => {}
        Data::Scalar { .. } if secret => spans.push(node.span),
        Data::Scalar { .. } => spans.extend(password_in_url(source, node.span)),
        Data::List(items) => {
            let path = format!("{path}[]");
            for item in items {
                gather(source, item, &path, secret, is_secret, spans);
            }
        }
        Data::Map(entries) => {
            for (key, value) in entries {
                let name = key.text().unwrap_or("");
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                gather(source, value, &path, secret || is_secret(&path), is_secret, spans);
            }
        }
    }
}

/// The password of `scheme://user:password@host`.
fn password_in_url(source: &Source, span: Span) -> Option<Span> {
    let text = source.text.get(span.start..span.end)?;
    let authority = text.find("://")? + 3;
    let end = text[authority..].find(['/', '?', '#']).map_or(text.len(), |at| authority + at);
    let at = authority + text[authority..end].rfind('@')?;
    let colon = authority + text[authority..at].find(':')?;
    Some(Span::new(span.start + colon + 1, span.start + at))
}
