//! What is wrong with a text that is not YAML, in words that say what to do.

use granit_parser::{ErrorKind, ScanError};
use phoenix_model::{Diagnostic, Source, Span};

/// Turns the parser's complaint into a diagnostic at the character that it could not take.
pub(crate) fn diagnostic(source: &Source, error: &ScanError) -> Diagnostic {
    let marker = error.marker();
    let at = marker.byte_offset().unwrap_or_else(|| source.offset(marker.line(), marker.col() + 1)).min(source.text.len());
    if let Some(diagnostic) = tab_indent(source, at) {
        return diagnostic;
    }
    // At the end of the text there is nothing to underline: point at the last thing that is written.
    let at = if source.text[floor(source, at)..].trim().is_empty() { source.text.trim_end().len() } else { floor(source, at) };
    let span = token(source, at);
    if let Some(diagnostic) = key_at_list_indent(source, at, error.kind()) {
        return diagnostic;
    }
    if let Some(diagnostic) = line_before(source, at, error.kind()) {
        return diagnostic;
    }
    let (message, help) = words(source, at, error);
    let diagnostic = Diagnostic::error(source, span, message);
    match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}

fn floor(source: &Source, mut at: usize) -> usize {
    while !source.text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// From `at` to the end of the word, at least one character.
fn token(source: &Source, at: usize) -> Span {
    let rest = &source.text[at..];
    let line = rest.split('\n').next().unwrap_or("");
    let length = line.find(|c: char| c.is_whitespace()).unwrap_or(line.len());
    let first = line.chars().next().map_or(0, char::len_utf8);
    Span::new(at, at + length.max(first))
}

/// The first tab in the indentation of the line of `at`, or of the one before or after it.
fn tab_indent(source: &Source, at: usize) -> Option<Diagnostic> {
    let (line, _) = source.position(at);
    [line, line.saturating_sub(1), line + 1].into_iter().filter(|line| *line > 0).find_map(|line| {
        let text = source.line(line);
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        let tab = text[..indent].find('\t')?;
        let start = source.offset(line, tab + 1);
        Some(
            Diagnostic::error(source, Span::new(start, start + (indent - tab)), "a tab indents this line")
                .with_help("YAML is indented with spaces only; replace each tab, for example with two spaces"),
        )
    })
}

/// A key that stands where only a list's `- ` can: the list above has ended, or the key wants less indentation.
fn key_at_list_indent(source: &Source, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
    if !matches!(kind, ErrorKind::ExpectedBlockSequenceEntry) {
        return None;
    }
    let (line, _) = source.position(at);
    let text = source.line(line).trim_start();
    let (key, _) = text.split_once(':')?;
    let start = source.offset(line, 1) + (source.line(line).len() - text.len());
    let list = (1..line).rev().find(|l| source.line(*l).trim_start().starts_with("- "))?;
    Some(
        Diagnostic::error(source, Span::new(start, start + key.len()), format!("the key `{key}` stands among the items of a list")).with_help(
            format!("indent it less to set it beside the list's own key, or more to belong to the item above (the list's last item begins on line {list})"),
        ),
    )
}

/// A colon that comes as a surprise is often the fault of the line before it: a bracket left open, or a key without its colon.
fn line_before(source: &Source, at: usize, kind: &ErrorKind) -> Option<Diagnostic> {
    let colon = matches!(
        kind,
        ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::InvalidMappingValueWhitespace
            | ErrorKind::SimpleKeyExpected
            | ErrorKind::InvalidSimpleKey
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::ExpectedFlowMappingSeparator
    );
    if !colon {
        return None;
    }
    let (at_line, _) = source.position(at);
    let line = (1..at_line).rev().find(|line| !source.line(*line).trim().is_empty())?;
    let text = source.line(line);
    let start = source.offset(line, 1);
    for (open, close) in [('[', ']'), ('{', '}')] {
        if text.matches(open).count() > text.matches(close).count() {
            let bracket = start + text.rfind(open)?;
            return Some(Diagnostic::error(source, Span::new(bracket, bracket + 1), format!("`{open}` is opened and never closed")));
        }
    }
    let indent = |text: &str| text.len() - text.trim_start().len();
    let here = source.line(at_line);
    let colons = here.split(" #").next().unwrap_or(here).matches(": ").count();
    if indent(here) > indent(text) && colons <= 1 && text.contains(": ") {
        let start = source.offset(at_line, 1) + indent(here);
        let key = here.trim_start().split(':').next().unwrap_or("").len();
        let message = "this key is indented deeper than the one above, which already has a value";
        return Some(
            Diagnostic::error(source, Span::new(start, start + key), message).with_help("keys of one mapping begin in the same column"),
        );
    }
    let trimmed = text.trim();
    if trimmed.contains([':', '#', '|', '>']) || trimmed.starts_with("- ") || source.line(line + 1).trim_start().starts_with("- ") {
        return None;
    }
    let start = start + (text.len() - text.trim_start().len());
    let message = "expected `key: value`, found text without a `:`";
    Some(Diagnostic::error(source, Span::new(start, start + trimmed.len()), message).with_help("a key is followed by a colon and a space"))
}

fn words(source: &Source, at: usize, error: &ScanError) -> (String, Option<String>) {
    let help = |text: &str| Some(text.to_owned());
    match error.kind() {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote is opened here and never closed".to_owned(), None)
        }
        ErrorKind::UnclosedFlowCollection { open } => (format!("`{open}` is opened and never closed"), None),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => (format!("`{open}` is closed by `{close}`"), None),
        ErrorKind::MisplacedFlowCollectionEnd => ("a closing bracket without an opening one".to_owned(), None),
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` in a list".to_owned(), help("text that holds `,` `[` `]` `{` `}` or `: ` needs quotes there"))
        }
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping | ErrorKind::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}` in a mapping".to_owned(), help("text that holds `,` `[` `]` `{` `}` or `: ` needs quotes there"))
        }
        ErrorKind::UnknownAnchor => {
            let name = &source.text[token(source, at).start..token(source, at).end];
            (format!("`{name}` refers to an anchor that is not defined above"), help("text that begins with `*` needs quotes"))
        }
        ErrorKind::MissingAnchorOrAliasName => {
            ("`*` or `&` without the name of an anchor".to_owned(), help("text that begins with `*` or `&` needs quotes"))
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("expected `key: value`, found text without a `:`".to_owned(), help("a key is followed by a colon and a space"))
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement | ErrorKind::InvalidMappingValueWhitespace => (
            "a second `: ` in one line, or a key that is indented deeper than its neighbours".to_owned(),
            help("put quotes around text that holds `: `, or line the key up with the others of its mapping"),
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::UnexpectedEofBlockMapping | ErrorKind::MappingKeyNotAllowed => {
            ("expected a key of the mapping above".to_owned(), help("line it up with the other keys; lists begin with `- `"))
        }
        ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::UnexpectedEofBlockSequence => {
            ("expected a list item that begins with `- `".to_owned(), None)
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::InvalidBlockEntryWhitespace | ErrorKind::BlockEntryInFlowCollection => {
            ("a list item is not allowed here".to_owned(), help("begin the list on a line of its own, below its key"))
        }
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent | ErrorKind::InvalidQuotedScalarIndent => {
            ("this line is not indented like its neighbours".to_owned(), help("keys of one mapping begin in the same column"))
        }
        ErrorKind::UnexpectedCharacter { character } => (
            format!("text cannot begin with `{}`", character.escape_debug()),
            help("put quotes around it; `@`, backtick, `%`, `*`, `&` and `!` mean something to YAML"),
        ),
        ErrorKind::RecursionLimitExceeded => (format!("nested deeper than the limit of {} levels", crate::tree::MAX_DEPTH), None),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            "an unknown escape in double quotes".to_owned(),
            help("use single quotes, in which a backslash is only a backslash, as regular expressions need it"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "more text after the closing quote".to_owned(),
            help("inside of single quotes write `''` for a quote, inside of double quotes `\\\"`"),
        ),
        ErrorKind::CommentNotSeparated => ("a `#` needs a space before it to begin a comment".to_owned(), None),
        ErrorKind::UndeclaredTagHandle | ErrorKind::MissingTagUri | ErrorKind::InvalidTagTerminator => {
            ("an unknown tag".to_owned(), help("text that begins with `!` needs quotes"))
        }
        _ => (format!("this is not YAML: {}", error.info().lines().next().unwrap_or("the text ends too early")), None),
    }
}
