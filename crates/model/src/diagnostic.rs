//! One type for everything that is wrong with a text that somebody wrote.
//!
//! Parsers return what they could read and a list of these. The command line draws them,
//! the API returns them, the editor underlines them.

use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A text with a name, for positions in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's path as the user wrote it, or a name such as `query`.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A named text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The line and column (both from 1, columns in characters) of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The byte offset of a line and column (both from 1, columns in characters), cut to the text.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let mut start = 0;
        for _ in 1..line {
            match self.text[start..].find('\n') {
                Some(i) => start += i + 1,
                None => return self.text.len(),
            }
        }
        let line_text = self.text[start..].split('\n').next().unwrap_or("");
        start + line_text.char_indices().nth(column.saturating_sub(1)).map_or(line_text.len(), |(i, _)| i)
    }

    /// The text of a line (from 1), without its line break.
    pub fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
    }
}

/// A range of bytes in a [`Source`]; `start == end` marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// From `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// It works, but probably not as meant; also "accepted, but not acting yet".
    Warning,
    /// It can't be used.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One finding about a text: what is wrong, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do, when there is something to say.
    pub help: Option<String>,
    /// The text it is about; `None` when there is none, as for a missing file.
    pub source: Option<Source>,
    /// The bytes it is about.
    pub span: Span,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), help: None, source: Some(source.clone()), span }
    }

    /// A warning at a place.
    pub fn warning(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, span, message) }
    }

    /// An error without a text to point into.
    pub fn bare_error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), help: None, source: None, span: Span::default() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do, if nothing is said of that yet.
    pub fn advise(&mut self, help: Option<impl Into<String>>) {
        if self.help.is_none() {
            self.help = help.map(Into::into);
        }
    }

    /// Line and column, both from 1; `None` without a text.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.source.as_ref().map(|source| source.position(self.span.start))
    }
}

/// Plain text: `file:line:column: error: message`, the line itself, a mark below it, and the help.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(source) = &self.source else {
            write!(f, "{}: {}", self.severity, self.message)?;
            return self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  help: {help}"));
        };
        let (line, column) = source.position(self.span.start);
        writeln!(f, "{}:{line}:{column}: {}: {}", source.name, self.severity, self.message)?;
        let gutter = line.to_string();
        let text = source.line(line);
        writeln!(f, " {gutter} | {text}")?;
        let in_line = text.chars().count().saturating_sub(column - 1);
        let (end_line, end_column) = source.position(self.span.end.max(self.span.start));
        let width = if end_line == line { end_column.saturating_sub(column) } else { in_line };
        write!(f, " {} | {}{}", " ".repeat(gutter.len()), " ".repeat(column - 1), "^".repeat(width.clamp(1, in_line.max(1))))?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  help: {help}"))
    }
}

/// For the API: severity, message, help, file, line, column and the byte span.
impl Serialize for Diagnostic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(help) = &self.help {
            map.serialize_entry("help", help)?;
        }
        if let (Some(source), Some((line, column))) = (&self.source, self.position()) {
            map.serialize_entry("file", &*source.name)?;
            map.serialize_entry("line", &line)?;
            map.serialize_entry("column", &column)?;
            map.serialize_entry("start", &self.span.start)?;
            map.serialize_entry("end", &self.span.end)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_line_and_the_mark() {
        let source = Source::new("prometheus.yaml", "global:\n  scrape_intervall: 15s\n");
        let diagnostic =
            Diagnostic::error(&source, Span::new(10, 26), "unknown key `scrape_intervall`").with_help("did you mean `scrape_interval`?");
        insta::assert_snapshot!(diagnostic, @"
        prometheus.yaml:2:3: error: unknown key `scrape_intervall`
         2 |   scrape_intervall: 15s
           |   ^^^^^^^^^^^^^^^^
          help: did you mean `scrape_interval`?
        ");
    }

    #[test]
    fn positions_and_offsets_agree() {
        let source = Source::new("x", "äb\n\nc");
        for offset in [0, 2, 3, 4, 5, 6] {
            let (line, column) = source.position(offset);
            assert_eq!(source.offset(line, column), offset, "offset {offset} is {line}:{column}");
        }
        assert_eq!(source.position(99), (3, 2));
        assert_eq!(source.offset(99, 1), 6);
    }
}
