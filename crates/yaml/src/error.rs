//! What a type says about a value that it cannot take, and where that value stands.

use crate::tree::{Data, Node};
use phoenix_model::suggest::nearest;
use phoenix_model::{Diagnostic, Source, Span};
use serde::de::{self, Expected, Unexpected};
use std::fmt;

const HELP_MARK: &str = "\n  help: ";
const KEY_MARK: &str = "\n  key: ";

/// An error of your own for a `Deserialize` or a `TryFrom`, with what to do.
pub fn error_with_help<E: de::Error>(message: impl fmt::Display, help: impl fmt::Display) -> E {
    E::custom(format_args!("{message}{HELP_MARK}{help}"))
}

/// A message for a `TryFrom` on a whole mapping that points at the value of one of its keys.
/// Use it as the error type of `#[serde(try_from = "…")]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError {
    key: Option<&'static str>,
    message: String,
    help: Option<String>,
}

impl KeyError {
    /// About the value of `key`; a key further down is written as `basic_auth.password`.
    pub fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self { key: Some(key), message: message.into(), help: None }
    }

    /// About the mapping as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { key: None, message: message.into(), help: None }
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
        self.key.map_or(Ok(()), |key| write!(f, "{KEY_MARK}{key}"))
    }
}

impl std::error::Error for KeyError {}

#[derive(Debug)]
enum Kind {
    Words { message: String, help: Option<String>, key: Option<String> },
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
    /// The entry or item to take out so that a second pass gets further.
    unit: Option<u32>,
}

impl Error {
    fn words(message: String, help: Option<&str>) -> Self {
        Kind::Words { message, help: help.map(str::to_owned), key: None }.into()
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
            if let Kind::Words { key: Some(key), .. } = &*self.kind {
                span = find(node, key).unwrap_or(span);
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
        Self { kind: Box::new(kind), span: None, scope: None, unit: None }
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
        let key = message.rfind(KEY_MARK).map(|at| {
            let key = message[at + KEY_MARK.len()..].to_owned();
            message.truncate(at);
            key
        });
        let help = message.rfind(HELP_MARK).map(|at| {
            let help = message[at + HELP_MARK.len()..].to_owned();
            message.truncate(at);
            help
        });
        Kind::Words { message, help, key }.into()
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

/// The value (or the key, when it has none) at a way such as `basic_auth.password`.
fn find(node: &Node, way: &str) -> Option<Span> {
    let Data::Map(entries) = &node.data else { return None };
    let (name, rest) = way.split_once('.').map_or((way, None), |(name, rest)| (name, Some(rest)));
    let (key, value) = entries.iter().find(|(key, _)| key.text() == Some(name))?;
    let own = if value.span.start >= value.span.end { key.span } else { value.head() };
    Some(rest.and_then(|rest| find(value, rest)).unwrap_or(own))
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
