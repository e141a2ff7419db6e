//! From a place in an expression to its place in the YAML file.

use phoenix_model::{Source, Span};

/// Where the bytes of a scalar's value stand in the file.
#[derive(Debug)]
pub(crate) struct Scalar<'a> {
    /// What the scalar covers in the file.
    span: Span,
    value: &'a str,
    /// For each line of the value: its offset there, its length, its offset in the file. Empty
    /// when the value was folded or has escapes, so that bytes don't correspond.
    lines: Vec<(usize, usize, usize)>,
}

impl<'a> Scalar<'a> {
    pub(crate) fn new(source: &Source, span: Span, value: &'a str) -> Self {
        let raw = source.text.get(span.start..span.end).unwrap_or("");
        let lines = align(raw, value)
            .unwrap_or_default()
            .into_iter()
            .map(|(in_value, length, in_raw)| (in_value, length, span.start + in_raw))
            .collect();
        Self { span, value, lines }
    }

    /// The place in the file of a place in the value; the whole first line of the scalar when
    /// bytes don't correspond.
    pub(crate) fn locate(&self, inner: Span) -> Span {
        let place = |offset: usize| {
            let line = self.lines.iter().rev().find(|(in_value, _, _)| *in_value <= offset)?;
            Some(line.2 + (offset - line.0).min(line.1))
        };
        let start = inner.start.min(self.value.len());
        let end = inner.end.clamp(start, self.value.len());
        match (place(start), place(end)) {
            (Some(start), Some(end)) => Span::new(start, end.max(start)),
            _ => self.span,
        }
    }
}

/// Pairs the lines of a value with where they stand in the text it was written as.
fn align(raw: &str, value: &str) -> Option<Vec<(usize, usize, usize)>> {
    if raw == value {
        return Some(one_by_one(value, 0));
    }
    for quote in ['"', '\''] {
        if raw.strip_prefix(quote).and_then(|r| r.strip_suffix(quote)) == Some(value) {
            return Some(one_by_one(value, 1));
        }
    }
    // A block scalar: the lines are the value's, behind their indentation.
    let (header, _) = raw.split_once('\n')?;
    let mut at = if header.trim_start().starts_with(['|', '>']) { header.len() + 1 } else { 0 };
    let mut lines = Vec::new();
    let mut in_value = 0;
    for line in value.split_inclusive('\n') {
        let text = line.trim_end_matches('\n');
        let raw_line = raw.get(at..)?.split('\n').next()?.trim_end_matches('\r');
        if !raw_line.ends_with(text) || !raw_line[..raw_line.len() - text.len()].trim().is_empty() {
            return None;
        }
        lines.push((in_value, text.len(), at + raw_line.len() - text.len()));
        in_value += line.len();
        at += raw[at..].find('\n').map_or(raw.len() - at, |i| i + 1);
    }
    Some(lines)
}

fn one_by_one(value: &str, offset: usize) -> Vec<(usize, usize, usize)> {
    vec![(0, value.len(), offset)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_scalars() {
        let file = |text: &str| Source::new("f", text);
        // (file, the scalar as written, its value, place in the value, the text found in the file)
        for (text, raw, value, inner, want) in [
            ("expr: up == 0\n", "up == 0", "up == 0", (3, 5), "=="),
            ("expr: 'up == 0'\n", "'up == 0'", "up == 0", (3, 5), "=="),
            ("expr: |\n  rate(a[5m]) /\n   b > 1\n", "|\n  rate(a[5m]) /\n   b > 1\n", "rate(a[5m]) /\n b > 1\n", (15, 16), "b"),
            ("expr: |\n  a\n  + b", "|\n  a\n  + b", "a\n+ b", (2, 3), "+"),
            ("expr: \"a \\u003d 1\"\n", "\"a \\u003d 1\"", "a = 1", (2, 3), "\"a \\u003d 1\""),
            ("expr: >\n  a\n  + b\n", ">\n  a\n  + b\n", "a + b\n", (2, 3), ">\n  a\n  + b\n"),
        ] {
            let source = file(text);
            let start = text.find(raw).unwrap();
            let scalar = Scalar::new(&source, Span::new(start, start + raw.len()), value);
            let found = scalar.locate(Span::new(inner.0, inner.1));
            assert_eq!(&text[found.start..found.end], want, "{text}");
            let _ = scalar.locate(Span::new(1000, 2));
        }
    }
}
