//! From a place in a scalar's value to its place in the text, and back as an edit.

use phoenix_model::{Source, Span};

/// Where the bytes of a scalar's value stand in the text, whatever way the scalar is written.
#[derive(Debug, Clone)]
pub struct Places {
    /// What the scalar covers in the text.
    span: Span,
    style: Style,
    value_len: usize,
    /// In the order of both; empty when value and text don't correspond.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

/// A part of the value and the part of the text that it comes from. When their lengths are the same, bytes correspond;
/// otherwise the whole does, as with an escape.
#[derive(Debug, Clone, Copy)]
struct Piece {
    value: usize,
    value_len: usize,
    raw: usize,
    raw_len: usize,
}

impl Places {
    /// The places of a scalar that covers a span of the source and has this value.
    pub fn new(source: &Source, span: Span, value: &str) -> Self {
        let raw = source.text.get(span.start..span.end).unwrap_or("");
        let (style, skipped, body) = open(raw);
        let pieces = align(body, style, span.start + skipped, value).unwrap_or_default();
        Self { span, style, value_len: value.len(), pieces }
    }

    /// The place in the text of a place in the value; all of the scalar when they don't correspond.
    pub fn locate(&self, inner: Span) -> Span {
        let start = inner.start.min(self.value_len);
        let end = inner.end.clamp(start, self.value_len);
        let Some(begin) = self.place(start) else { return self.span };
        if end == start {
            return Span::new(begin, begin);
        }
        let last = self.pieces.iter().rev().find(|piece| piece.value < end);
        let stop = last.map_or(begin, |piece| match end - piece.value {
            _ if piece.value_len != piece.raw_len => piece.raw + piece.raw_len,
            within => piece.raw + within.min(piece.raw_len),
        });
        Span::new(begin, stop.max(begin))
    }

    /// What to write where, for a part of the value to become another text; `None` where that would need another way
    /// of writing the scalar.
    pub fn edit(&self, inner: Span, text: &str) -> Option<(Span, String)> {
        if self.pieces.is_empty() || text.contains(['\n', '\r']) {
            return None;
        }
        let written = match self.style {
            Style::Block => text.to_owned(),
            Style::Single => text.replace('\'', "''"),
            Style::Double => text.replace('\\', "\\\\").replace('"', "\\\""),
            Style::Plain => {
                let ends = text.contains(": ") || text.contains(" #") || text.ends_with(':');
                let begins = inner.start == 0 && text.starts_with(|c: char| !c.is_ascii_alphanumeric() && !"(_".contains(c));
                if ends || begins {
                    return None;
                }
                text.to_owned()
            }
        };
        Some((self.locate(inner), written))
    }

    fn place(&self, offset: usize) -> Option<usize> {
        let at = self.pieces.partition_point(|piece| piece.value <= offset).checked_sub(1)?;
        let piece = self.pieces[at];
        let within = offset - piece.value;
        if within >= piece.value_len {
            return Some(piece.raw + piece.raw_len);
        }
        Some(if piece.value_len == piece.raw_len { piece.raw + within } else { piece.raw })
    }
}

/// How a scalar is written, how much stands before its content, and the content.
fn open(raw: &str) -> (Style, usize, &str) {
    for (quote, style) in [('"', Style::Double), ('\'', Style::Single)] {
        if let Some(rest) = raw.strip_prefix(quote) {
            return (style, 1, rest.strip_suffix(quote).unwrap_or(rest));
        }
    }
    match raw.split_once('\n') {
        Some((header, body)) if header.starts_with(['|', '>']) => (Style::Block, header.len() + 1, body),
        _ => (Style::Plain, 0, raw),
    }
}

/// Walks through both at once: what is the same corresponds, white space stands for white space, and more of it in
/// the text than in the value is indentation or folding.
fn align(body: &str, style: Style, base: usize, value: &str) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut values) = (0, value.char_indices().peekable());
    while let Some(&(offset, wanted)) = values.peek() {
        let Some(found) = body[at..].chars().next() else {
            return value[offset..].trim().is_empty().then_some(pieces);
        };
        let (shown, raw_len) = match style {
            Style::Double if found == '\\' => escape(&body[at..])?,
            Style::Single if body[at..].starts_with("''") => (Some('\''), 2),
            _ => (Some(found), found.len_utf8()),
        };
        let both_space = shown.is_some_and(char::is_whitespace) && wanted.is_whitespace();
        if shown == Some(wanted) || both_space {
            let piece = Piece { value: offset, value_len: wanted.len_utf8(), raw: base + at, raw_len };
            match pieces.last_mut() {
                Some(last) if joins(*last, piece) => (last.value_len, last.raw_len) = (last.value_len + raw_len, last.raw_len + raw_len),
                _ => pieces.push(piece),
            }
            values.next();
        } else if shown.is_some_and(|shown| !shown.is_whitespace()) {
            return None;
        }
        at += raw_len;
    }
    Some(pieces)
}

fn joins(last: Piece, next: Piece) -> bool {
    last.value_len == last.raw_len
        && next.value_len == next.raw_len
        && last.value + last.value_len == next.value
        && last.raw + last.raw_len == next.raw
}

/// The character of an escape in double quotes, or none for a line that goes on, and its length.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let kind = text[1..].chars().next()?;
    let coded = |digits: usize| {
        let code = u32::from_str_radix(text.get(2..2 + digits)?, 16).ok()?;
        Some((Some(char::from_u32(code)?), 2 + digits))
    };
    let shown = match kind {
        'x' => return coded(2),
        'u' => return coded(4),
        'U' => return coded(8),
        '\n' => return Some((None, 2)),
        '\r' => return Some((None, if text[2..].starts_with('\n') { 3 } else { 2 })),
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        other => other,
    };
    Some((Some(shown), 1 + kind.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_scalars() {
        // (text, the scalar as written, its value, place in the value, the text found)
        for (text, raw, value, inner, want) in [
            ("expr: up == 0\n", "up == 0", "up == 0", (3, 5), "=="),
            ("expr: 'up == 0'\n", "'up == 0'", "up == 0", (3, 5), "=="),
            ("expr: 'a{b=\"it''s\"} == 0'\n", "'a{b=\"it''s\"} == 0'", "a{b=\"it's\"} == 0", (12, 14), "=="),
            ("expr: |\n  rate(a[5m]) /\n   b > 1\n", "|\n  rate(a[5m]) /\n   b > 1\n", "rate(a[5m]) /\n b > 1\n", (15, 16), "b"),
            ("expr: |\n  a\n  + b", "|\n  a\n  + b", "a\n+ b", (2, 3), "+"),
            ("expr: |-\r\n  a\r\n  + b\r\n", "|-\r\n  a\r\n  + b", "a\n+ b", (2, 3), "+"),
            ("expr: \"a \\u003d 1\"\n", "\"a \\u003d 1\"", "a = 1", (2, 3), "\\u003d"),
            ("expr: \"a{b=\\\"c\\\"} == 1\"\n", "\"a{b=\\\"c\\\"} == 1\"", "a{b=\"c\"} == 1", (9, 11), "=="),
            ("expr: \"a \\\n   + b\"\n", "\"a \\\n   + b\"", "a + b", (2, 3), "+"),
            ("expr: >\n  a\n  + b\n", ">\n  a\n  + b\n", "a + b\n", (2, 3), "+"),
            ("expr: >\n  a\n\n  + b\n", ">\n  a\n\n  + b\n", "a\n+ b\n", (2, 5), "+ b"),
            ("expr: a\n  + b\n", "a\n  + b", "a + b", (0, 5), "a\n  + b"),
            // A value that is not what stands there: all of it is marked.
            ("expr: up == 0\n", "up == 0", "down", (1, 2), "up == 0"),
        ] {
            let source = Source::new("f", text);
            let start = text.find(raw).unwrap();
            let places = Places::new(&source, Span::new(start, start + raw.len()), value);
            let found = places.locate(Span::new(inner.0, inner.1));
            assert_eq!(&text[found.start..found.end], want, "{text}");
            let _ = places.locate(Span::new(1000, 2));
        }
    }

    #[test]
    fn edits_are_written_as_the_scalar_is() {
        for (raw, value, part, new, want) in [
            ("up == 0", "up == 0", "==", "!=", Some("up != 0")),
            ("up == 0", "up == 0", "0", "0 # none", None),
            ("up == 0", "up == 0", "up", "{a=\"b\"}", None),
            ("'a{b=\"c\"}'", "a{b=\"c\"}", "\"c\"", "'d'", Some("'a{b=''d''}'")),
            ("\"a{b=\\\"c\\\"}\"", "a{b=\"c\"}", "\"c\"", "\"d\"", Some("\"a{b=\\\"d\\\"}\"")),
            ("|\n  a +\n  b\n", "a +\nb\n", "b", "c: d", Some("|\n  a +\n  c: d\n")),
        ] {
            let source = Source::new("f", raw);
            let places = Places::new(&source, Span::new(0, raw.len()), value);
            let at = value.find(part).unwrap();
            let edited = places.edit(Span::new(at, at + part.len()), new).map(|(span, text)| {
                let mut all = raw.to_owned();
                all.replace_range(span.start..span.end, &text);
                all
            });
            assert_eq!(edited.as_deref(), want, "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_value_and_text_are_survived(raw in ".{0,40}", value in ".{0,40}", start in 0..50_usize, end in 0..50_usize) {
            let source = Source::new("f", raw.as_str());
            let places = Places::new(&source, Span::new(0, raw.len()), &value);
            let found = places.locate(Span::new(start, end));
            proptest::prop_assert!(found.start <= found.end && found.end <= raw.len());
        }
    }
}
