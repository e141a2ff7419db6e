//! The document as a tree whose every node knows its bytes.

use crate::syntax;
use granit_parser::{Event, Parser, ScalarStyle, Span as EventSpan, StructureStyle};
use phoenix_model::{Diagnostic, Source, Span};
use std::collections::HashMap;
use std::rc::Rc;

/// The longest document that is read.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 128;
/// The most nodes a document may have, each alias counted with all it stands for. Keeps a few
/// hundred bytes of nested aliases from unfolding into gigabytes.
pub const MAX_NODES: u64 = 2_000_000;

/// One node. Aliases share the node of their anchor.
#[derive(Debug)]
pub struct Node {
    /// Unique within its document; stands for the node when it is taken out for a second pass.
    pub(crate) id: u32,
    /// The node's bytes; empty for a value that is not there.
    pub span: Span,
    pub(crate) data: Data,
    /// Nodes in here, with aliases unfolded.
    weight: u64,
}

#[derive(Debug)]
pub(crate) enum Data {
    /// Nothing, `~` or `null`.
    Null,
    Scalar {
        text: Box<str>,
        /// Written without quotes, so that it may be a number or a truth value.
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// The root of an empty document.
    pub(crate) fn nothing() -> Rc<Self> {
        Rc::new(Self { id: 0, span: Span::default(), data: Data::Null, weight: 1 })
    }

    /// What it is, in the words of messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Null => "nothing",
            Data::Scalar { text, plain: true } if crate::scalar::as_bool(text).is_some() => "a truth value",
            Data::Scalar { text, plain: true } if crate::scalar::as_number(text).is_some() => "a number",
            Data::Scalar { .. } => "text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    /// The text, when it is a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is a scalar without quotes, which may be a number or a truth value.
    pub fn is_plain(&self) -> bool {
        matches!(self.data, Data::Scalar { plain: true, .. })
    }

    /// The items of a list; none when it is something else.
    pub fn items(&self) -> &[Rc<Self>] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The keys and values of a mapping; none when it is something else.
    pub fn entries(&self) -> &[(Rc<Self>, Rc<Self>)] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| &**value)
    }

    /// Where a message about the whole node points: the token, the first key, or the opening bracket.
    pub fn head(&self) -> Span {
        match &self.data {
            Data::Map(entries) => entries.first().map_or(self.span, |(key, _)| key.span),
            Data::List(_) => Span::new(self.span.start, (self.span.start + 1).min(self.span.end)),
            Data::Null | Data::Scalar { .. } => self.span,
        }
    }
}

struct Open {
    start: Span,
    flow: bool,
    anchor: usize,
    items: Vec<Rc<Node>>,
    is_map: bool,
}

struct Builder<'s> {
    source: &'s Source,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    next_id: u32,
    diagnostics: Vec<Diagnostic>,
}

/// Reads the text into a tree; `None` for a document without content.
pub fn parse(source: &Source) -> Result<Option<Rc<Node>>, Vec<Diagnostic>> {
    if source.text.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the file has {} bytes; the limit for a YAML document is {MAX_DOCUMENT_BYTES}", source.text.len());
        return Err(vec![Diagnostic::error(source, Span::new(0, 0), message)]);
    }
    let mut builder = Builder { source, open: Vec::new(), anchors: HashMap::new(), root: None, next_id: 0, diagnostics: Vec::new() };
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(&source.text, options) {
        let step = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(Box::new(syntax::diagnostic(source, &error))),
        };
        if let Err(diagnostic) = step {
            builder.diagnostics.push(*diagnostic);
            break;
        }
    }
    if builder.diagnostics.is_empty() { Ok(builder.root) } else { Err(builder.diagnostics) }
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, at: EventSpan) -> Result<(), Box<Diagnostic>> {
        let span = self.bytes(at);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let data = if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Data::Null
                } else {
                    Data::Scalar { text: text.into(), plain }
                };
                let node = self.node(span, data)?;
                self.place(node, anchor);
                Ok(())
            }
            Event::SequenceStart(style, anchor, _) => self.open(span, style, anchor, false),
            Event::MappingStart(style, anchor, _) => self.open(span, style, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).map(Rc::clone) else {
                    let message = "an alias stands inside of the anchor that it refers to";
                    return Err(Box::new(Diagnostic::error(self.source, span, message)));
                };
                self.place(node, 0);
                Ok(())
            }
            Event::DocumentStart(..) if self.root.as_ref().is_some_and(|root| !matches!(root.data, Data::Null)) => {
                let diagnostic = Diagnostic::error(self.source, span, "a second document begins here")
                    .with_help("only one document in a file is read; remove the `---` or put the rest into a file of its own");
                Err(Box::new(diagnostic))
            }
            _ => Ok(()),
        }
    }

    fn bytes(&self, span: EventSpan) -> Span {
        let text = &self.source.text;
        let range = span.byte_range().unwrap_or_else(|| {
            let at = self.source.offset(span.start.line(), span.start.col() + 1);
            at..at
        });
        let start = range.start.min(text.len());
        let end = range.end.clamp(start, text.len());
        let trimmed = text.get(start..end).map_or(end, |token| start + token.trim_end().len());
        Span::new(start, trimmed)
    }

    fn open(&mut self, start: Span, style: StructureStyle, anchor: usize, is_map: bool) -> Result<(), Box<Diagnostic>> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested deeper than the limit of {MAX_DEPTH} levels");
            return Err(Box::new(Diagnostic::error(self.source, start, message)));
        }
        self.open.push(Open { start, flow: style == StructureStyle::Flow, anchor, items: Vec::new(), is_map });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Box<Diagnostic>> {
        let open = self.open.pop().expect("the parser closes only what it opened");
        let last = if open.flow { end.end } else { open.items.last().map_or(open.start.end, |last| last.span.end) };
        let first = match open.items.first() {
            Some(first) if !open.flow && open.is_map => first.span.start,
            Some(first) if !open.flow => self.dash_before(first.span.start).unwrap_or(open.start.start),
            _ => open.start.start,
        };
        let span = Span::new(first, last.max(first));
        let data = if open.is_map { Data::Map(self.entries(open.items)) } else { Data::List(open.items) };
        let node = self.node(span, data)?;
        self.place(node, open.anchor);
        Ok(())
    }

    fn dash_before(&self, at: usize) -> Option<usize> {
        let before = self.source.text.get(..at)?.trim_end();
        before.ends_with('-').then(|| before.len() - 1)
    }

    /// Pairs keys with values, refuses a key that comes twice, and merges what `<<` names.
    fn entries(&mut self, items: Vec<Rc<Node>>) -> Vec<(Rc<Node>, Rc<Node>)> {
        let mut entries: Vec<(Rc<Node>, Rc<Node>)> = Vec::with_capacity(items.len() / 2);
        let mut merged = Vec::new();
        let mut seen: HashMap<Box<str>, Span> = HashMap::new();
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let text: Box<str> = match &key.data {
                Data::Scalar { text, .. } => text.clone(),
                Data::Null => self.source.text.get(key.span.start..key.span.end).unwrap_or("").into(),
                Data::List(_) | Data::Map(_) => {
                    let diagnostic = Diagnostic::error(self.source, key.head(), format!("expected text as a key, found {}", key.kind()))
                        .with_help("text that begins with `{` or `[` needs quotes");
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            };
            if &*text == "<<" && matches!(&key.data, Data::Scalar { plain: true, .. }) {
                self.merge(&value, &mut merged);
                continue;
            }
            if let Some(first) = seen.get(&text) {
                let (line, _) = self.source.position(first.start);
                let diagnostic = Diagnostic::error(self.source, key.span, format!("the key `{text}` comes twice in this mapping"))
                    .with_help(format!("it is already set on line {line}; keep one of them"));
                self.diagnostics.push(diagnostic);
                continue;
            }
            seen.insert(text, key.span);
            entries.push((key, value));
        }
        for (key, value) in merged {
            if let Some(text) = key.text()
                && !seen.contains_key(text)
            {
                seen.insert(text.into(), key.span);
                entries.push((key, value));
            }
        }
        entries
    }

    fn merge(&mut self, value: &Node, merged: &mut Vec<(Rc<Node>, Rc<Node>)>) {
        match &value.data {
            Data::Map(entries) => merged.extend(entries.iter().cloned()),
            Data::List(maps) if maps.iter().all(|map| matches!(map.data, Data::Map(_))) => {
                for map in maps {
                    self.merge(map, merged);
                }
            }
            _ => {
                let message = format!("`<<` merges mappings, found {}", value.kind());
                self.diagnostics.push(Diagnostic::error(self.source, value.head(), message));
            }
        }
    }

    fn node(&mut self, span: Span, data: Data) -> Result<Rc<Node>, Box<Diagnostic>> {
        let inside: u64 = match &data {
            Data::Null | Data::Scalar { .. } => 0,
            Data::List(items) => items.iter().map(|item| item.weight).sum(),
            Data::Map(entries) => entries.iter().map(|(_, value)| value.weight + 1).sum(),
        };
        let weight = inside + 1;
        if weight > MAX_NODES {
            let message = format!("with its aliases unfolded this has more than the limit of {MAX_NODES} values");
            return Err(Box::new(Diagnostic::error(self.source, Span::new(span.start, (span.start + 1).min(span.end)), message)));
        }
        self.next_id += 1;
        Ok(Rc::new(Node { id: self.next_id, span, data, weight }))
    }

    fn place(&mut self, node: Rc<Node>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => {
                if self.root.as_ref().is_none_or(|root| matches!(root.data, Data::Null)) {
                    self.root = Some(node);
                }
            }
        }
    }
}
