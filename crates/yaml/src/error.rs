//! What a type says about a value that it cannot take, and where that value stands.

use crate::part;
use crate::tree::{Data, Node};
use phoenix_model::suggest::nearest;
use phoenix_model::{Diagnostic, Source, Span};
use serde::de::{self, Expected, Unexpected};
use std::fmt;
use std::ops::Range;

const HELP_MARK: &str = "\n  help: ";
const KEY_MARK: &str = "\n  key: ";
const PART_MARK: &str = "\n  part: ";

/// An error of your own for a `Deserialize` or a `TryFrom`, with what to do.
pub fn error_with_help<E: de::Error>(message: impl fmt::Display, help: impl fmt::Display) -> E {
    E::custom(format_args!("{message}{HELP_MARK}{help}"))
}

/// A message for a `TryFrom` on a whole mapping that points at the value of one of its keys.
/// Use it as the error type of `#[serde(try_from = "…")]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError {
    key: Option<&'static str>,
    part: Option<Range<usize>>,
    message: String,
    help: Option<String>,
}

impl KeyError {
    /// About the value of `key`; a key further down is written as `basic_auth.password`.
    pub fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self { key: Some(key), part: None, message: message.into(), help: None }
    }

    /// About some bytes of the text that `key` has, for a program or an expression in it. Where the bytes stand in
    /// the file is found out for text in one piece and for blocks (`|`); otherwise it points at the whole text.
    pub fn within(key: &'static str, bytes: Range<usize>, message: impl Into<String>) -> Self {
        Self { part: Some(bytes), ..Self::at(key, message) }
    }

    /// About the mapping as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { key: None, part: None, message: message.into(), help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong, alone.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(help) = &self.help {
            write!(f, "{HELP_MARK}{help}")?;
        }
        if let Some(key) = self.key {
            write!(f, "{KEY_MARK}{key}")?;
        }
        self.part.as_ref().map_or(Ok(()), |part| write!(f, "{PART_MARK}{}..{}", part.start, part.end))
    }
}

impl std::error::Error for KeyError {}

#[derive(Debug)]
enum Kind {
    Words { message: String, help: Option<String>, key: Option<String>, part: Option<Range<usize>> },
    UnknownKey { key: String, known: Vec<&'static str> },
    MissingKey(&'static str),
}

/// One failure of a pass over the tree.
#[derive(Debug)]
pub(crate) struct Error {
    kind: Box<Kind>,
    span: Option<Span>,
    /// All the bytes of the value that was refused.
    scope: Option<Span>,
    /// The text that the message is about some bytes of, and these bytes.
    part: Option<(Box<str>, Range<usize>)>,
    /// The entry or item to take out so that a second pass gets further.
    unit: Option<u32>,
}

impl Error {
    fn words(message: String, help: Option<&str>) -> Self {
        Kind::Words { message, help: help.map(str::to_owned), key: None, part: None }.into()
    }

    pub fn unit(&self) -> Option<u32> {
        self.unit
    }

    /// The bytes of the value that was refused.
    pub fn scope(&self) -> Span {
        self.scope.unwrap_or_default()
    }

    /// Says where, unless something deeper has said so already. `fallback` is for values that are not there.
    pub fn at(mut self, node: &Node, fallback: Span) -> Self {
        if self.span.is_none() {
            let mut span = node.head();
            if let Kind::Words { key: Some(key), part, .. } = &*self.kind
                && let Some((key, value)) = find(node, key)
            {
                span = if value.span.start >= value.span.end { key.span } else { value.head() };
                self.part = value.text().map(Box::from).zip(part.clone());
            }
            let is_point = span.start >= span.end;
            self.span = Some(if is_point { fallback } else { span });
            self.scope = Some(if is_point { fallback } else { node.span });
        }
        self
    }

    /// Says what to take out, unless something deeper has.
    pub fn within(mut self, unit: u32) -> Self {
        self.unit.get_or_insert(unit);
        self
    }

    /// Keys that are known beside those of the type itself.
    pub fn also_known(mut self, more: &[&'static str]) -> Self {
        if let Kind::UnknownKey { known, .. } = &mut *self.kind
            && self.span.is_none()
        {
            known.extend(more);
        }
        self
    }

    pub fn into_diagnostic(self, source: &Source) -> Diagnostic {
        let span = self.span.unwrap_or_default();
        let span = self.part.and_then(|(text, bytes)| part::find(&source.text, span, &text, bytes)).unwrap_or(span);
        let (message, help) = match *self.kind {
            Kind::Words { message, help, .. } => (message, help),
            Kind::MissingKey(key) => (format!("the key `{key}` is missing"), Some(format!("add `{key}: …` to this mapping"))),
            Kind::UnknownKey { key, mut known } => {
                let help = match nearest(&key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "this mapping takes no keys".to_owned(),
                    None => {
                        known.sort_unstable();
                        format!("known here: {}", known.join(", "))
                    }
                };
                (format!("unknown key `{key}`"), Some(help))
            }
        };
        let diagnostic = Diagnostic::error(source, span, message);
        match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind: Box::new(kind), span: None, scope: None, part: None, unit: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Words { message, .. } => f.write_str(message),
            Kind::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Kind::MissingKey(key) => write!(f, "the key `{key}` is missing"),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut message = message.to_string();
        let mut cut = |mark: &str| {
            let at = message.rfind(mark)?;
            let cut = message[at + mark.len()..].to_owned();
            message.truncate(at);
            Some(cut)
        };
        let part = cut(PART_MARK).and_then(|part| {
            let (start, end) = part.split_once("..")?;
            Some(start.parse().ok()?..end.parse().ok()?)
        });
        let (key, help) = (cut(KEY_MARK), cut(HELP_MARK));
        Kind::Words { message, help, key, part }.into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (wanted, found) = (in_words(&expected.to_string()), found_words(found));
        let help = match &*wanted {
            "a list" if found != "a mapping" => Some("write `- item` on lines of its own, or `[item, item]`"),
            _ => None,
        };
        Self::words(format!("expected {wanted}, found {found}"), help)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Str(text) => format!("`{text}`"),
            Unexpected::Signed(n) => format!("`{n}`"),
            Unexpected::Unsigned(n) => format!("`{n}`"),
            Unexpected::Float(n) => format!("`{n}`"),
            other => found_words(other),
        };
        Self::words(format!("expected {}, found {found}", in_words(&expected.to_string())), None)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::words(format!("expected {expected}, found {length} of them"), None)
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let help = match nearest(variant, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", known.join(", ")),
        };
        Self::words(format!("unknown value `{variant}`"), Some(&help))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Kind::UnknownKey { key: key.to_owned(), known: known.to_vec() }.into()
    }

    fn missing_field(key: &'static str) -> Self {
        Kind::MissingKey(key).into()
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::words(format!("the key `{key}` comes twice in this mapping"), None)
    }
}

/// Key and value at a way such as `basic_auth.password`; the last that is there.
fn find<'n>(node: &'n Node, way: &str) -> Option<(&'n Node, &'n Node)> {
    let Data::Map(entries) = &node.data else { return None };
    let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
    let (key, value) = entries.iter().find(|(key, _)| key.text() == Some(name))?;
    Some(rest.and_then(|rest| find(value, rest)).unwrap_or((key, value)))
}

fn found_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number".to_owned(),
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "text".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant | Unexpected::NewtypeStruct | Unexpected::NewtypeVariant => "a mapping".to_owned(),
        Unexpected::Other(words) => words.to_owned(),
        other => other.to_string(),
    }
}

/// Rust's names for types, in words.
fn in_words(expected: &str) -> String {
    let whole = |from: &str, to: &str| format!("a whole number from {from} to {to}");
    match expected {
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "a string" | "a borrowed string" | "string" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "u8" => whole("0", "255"),
        "u16" => whole("0", "65535"),
        "u32" => whole("0", "4294967295"),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        other if other.starts_with("enum ") => "one of the known names".to_owned(),
        other if other.contains("tuple") => "a list".to_owned(),
        other => other.to_owned(),
    }
}
