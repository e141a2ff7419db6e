//! Where in the lines of a pattern the value of a field stands, so that it can be read from its
//! column and the line need not be put together and parsed.
//!
//! An answer other than [`Place::Parse`] holds for every line of the pattern, whatever its
//! variables hold: the pattern as a whole is `key=value` pairs with single values, or a flat JSON
//! object, and none of its variables can change where values begin and end.

use crate::moment::{Date, Zone};
use crate::{Kind, Pattern, Patterns, Variable, number};

/// Where a field's value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The lines don't have the field.
    Absent,
    /// The same value in all lines; may be empty.
    Static(String),
    /// The value is the text of a variable, nothing escaped in it. It may be empty.
    Variable(Variable),
    /// The lines must be put together and parsed to know.
    Parse,
}

/// Where one field stands, for each pattern of a segment.
#[derive(Debug, Clone)]
pub struct Fields {
    places: Vec<Place>,
}

impl Fields {
    /// Looks for a field of `key=value` lines. The name is that of a label: in keys, characters
    /// other than ASCII letters, digits and `_` count as `_`.
    pub fn logfmt(patterns: &Patterns, name: &str) -> Self {
        Self { places: patterns.iter().map(|pattern| place(logfmt(&symbols(pattern)), name)).collect() }
    }

    /// Looks for a field of flat JSON objects, by its name as [`Fields::logfmt`] takes it.
    pub fn json(patterns: &Patterns, name: &str) -> Self {
        Self { places: patterns.iter().map(|pattern| place(json(&symbols(pattern)), name)).collect() }
    }

    /// Where it stands in the lines of a pattern, by the pattern's number.
    pub fn place(&self, pattern: u32) -> &Place {
        self.places.get(pattern as usize).unwrap_or(&Place::Parse)
    }
}

/// A part of a pattern, byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Byte(u8),
    Variable(Variable),
}

fn symbols(pattern: &Pattern) -> Vec<Symbol> {
    let mut out = Vec::new();
    for i in 0..=pattern.variables().len() {
        out.extend(pattern.static_text(i).bytes().map(Symbol::Byte));
        out.extend(pattern.variables().get(i).map(|variable| Symbol::Variable(*variable)));
    }
    out
}

/// The keys and values of a pattern.
type Pairs = Vec<(String, Place)>;

fn place(pairs: Option<Pairs>, name: &str) -> Place {
    let Some(pairs) = pairs else { return Place::Parse };
    let mut found = pairs.into_iter().filter(|(key, _)| key == name);
    match (found.next(), found.next()) {
        (None, _) => Place::Absent,
        (Some((_, place)), None) => place,
        // Which of two counts is for the parser to say.
        _ => Place::Parse,
    }
}

/// A key as the name of a label, if it is plain enough to be sure of it.
fn label(key: &[Symbol]) -> Option<String> {
    let mut out = String::with_capacity(key.len());
    for symbol in key {
        match symbol {
            Symbol::Byte(b) if b.is_ascii_alphanumeric() || *b == b'_' => out.push(char::from(*b)),
            Symbol::Byte(b'.' | b'-' | b'/' | b'@' | b' ' | b':') => out.push('_'),
            _ => return None,
        }
    }
    out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(out)
}

/// A value between two quotes or of its own: a text, a variable, or both after each other.
fn value(symbols: &[Symbol]) -> Option<Place> {
    if let [Symbol::Variable(variable)] = symbols {
        return Some(Place::Variable(*variable));
    }
    let bytes: Option<Vec<u8>> = symbols.iter().map(|s| if let Symbol::Byte(b) = s { Some(*b) } else { None }).collect();
    match bytes {
        Some(bytes) => String::from_utf8(bytes).ok().map(Place::Static),
        None => Some(Place::Parse),
    }
}

/// Whether the text of a kind cannot end a quoted text, nor have escapes in it.
fn is_quotable(kind: Kind) -> bool {
    !matches!(kind, Kind::Escaped | Kind::Raw)
}

/// Whether the text of a kind, outside of quotes, cannot end a value either.
fn is_word(kind: Kind) -> bool {
    match kind {
        Kind::Time(spelling) => !matches!(spelling.zone, Zone::Spaced(_)) && (spelling.date == Date::Absent || spelling.between != b' '),
        kind => is_quotable(kind),
    }
}

/// A quoted text at the start; gives its content and what follows the closing quote.
fn quoted(symbols: &[Symbol]) -> Option<(&[Symbol], &[Symbol])> {
    let (Symbol::Byte(b'"'), rest) = symbols.split_first()? else { return None };
    let end = rest.iter().position(|s| *s == Symbol::Byte(b'"'))?;
    let is_plain = |symbol: &Symbol| match symbol {
        Symbol::Byte(b) => *b >= b' ' && *b != b'\\',
        Symbol::Variable(variable) => is_quotable(variable.kind),
    };
    rest[..end].iter().all(is_plain).then_some((&rest[..end], &rest[end + 1..]))
}

fn skip_spaces(symbols: &[Symbol]) -> &[Symbol] {
    let spaces = symbols.iter().take_while(|s| **s == Symbol::Byte(b' ')).count();
    &symbols[spaces..]
}

fn expect(symbols: &[Symbol], byte: u8) -> Option<&[Symbol]> {
    symbols.split_first().filter(|(first, _)| **first == Symbol::Byte(byte)).map(|(_, rest)| rest)
}

fn logfmt(symbols: &[Symbol]) -> Option<Pairs> {
    let mut pairs = Vec::new();
    let mut rest = skip_spaces(symbols);
    while !rest.is_empty() {
        let end = rest.iter().position(|s| *s == Symbol::Byte(b'='))?;
        if rest[..end].contains(&Symbol::Byte(b' ')) {
            return None;
        }
        let key = label(&rest[..end])?;
        rest = &rest[end + 1..];
        let content;
        if rest.first() == Some(&Symbol::Byte(b'"')) {
            (content, rest) = quoted(rest)?;
        } else {
            let end = rest.iter().position(|s| *s == Symbol::Byte(b' ')).unwrap_or(rest.len());
            (content, rest) = rest.split_at(end);
            let is_plain = |symbol: &Symbol| match symbol {
                Symbol::Byte(b) => *b > b' ' && !matches!(b, b'"' | b'=' | b'\\'),
                Symbol::Variable(variable) => is_word(variable.kind),
            };
            if !content.iter().all(is_plain) {
                return None;
            }
        }
        if rest.first().is_some_and(|s| *s != Symbol::Byte(b' ')) {
            return None;
        }
        pairs.push((key, value(content)?));
        rest = skip_spaces(rest);
    }
    (!pairs.is_empty()).then_some(pairs)
}

fn json(symbols: &[Symbol]) -> Option<Pairs> {
    let mut pairs = Vec::new();
    let mut rest = skip_spaces(expect(skip_spaces(symbols), b'{')?);
    if let Some(end) = expect(rest, b'}') {
        return skip_spaces(end).is_empty().then_some(pairs);
    }
    loop {
        let (key, after) = quoted(rest)?;
        let key = label(key)?;
        rest = skip_spaces(expect(skip_spaces(after), b':')?);
        let place;
        if let Some((content, after)) = quoted(rest) {
            place = value(content)?;
            rest = after;
        } else {
            let end = rest.iter().position(|s| matches!(s, Symbol::Byte(b',' | b'}' | b' ')))?;
            place = bare(&rest[..end])?;
            rest = &rest[end..];
        }
        pairs.push((key, place));
        rest = skip_spaces(rest);
        if let Some(end) = expect(rest, b'}') {
            return skip_spaces(end).is_empty().then_some(pairs);
        }
        rest = skip_spaces(expect(rest, b',')?);
    }
}

/// A value of JSON without quotes: a number, or true, false, null.
fn bare(symbols: &[Symbol]) -> Option<Place> {
    match symbols {
        [Symbol::Variable(variable)] => match variable.kind {
            Kind::Int | Kind::Decimal => Some(Place::Variable(*variable)),
            // Null is no text; the parser says what becomes of it.
            Kind::Literal => Some(Place::Parse),
            _ => None,
        },
        [Symbol::Byte(b'-'), Symbol::Variable(variable)] if matches!(variable.kind, Kind::Int | Kind::Decimal) => Some(Place::Parse),
        _ => {
            let Place::Static(text) = value(symbols)? else { return None };
            match text.as_str() {
                "true" | "false" | "null" => Some(Place::Parse),
                number if number::parse_int(number.as_bytes()).is_some() || number::parse_decimal(number.as_bytes()).is_some() => {
                    Some(Place::Static(text))
                }
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: fn(&Patterns, &str) -> Fields, text: &str, name: &str, want: &str) {
        let mut patterns = Patterns::default();
        let number = patterns.intern(text).unwrap();
        let got = match fields(&patterns, name).place(number) {
            Place::Absent => "absent".to_owned(),
            Place::Parse => "parse".to_owned(),
            Place::Static(text) => format!("={text}"),
            Place::Variable(variable) => format!("{:?}{}", variable.kind.store(), variable.slot),
        };
        assert_eq!(got, want, "{name} in {text}");
    }

    #[test]
    fn fields_of_pairs() {
        for (text, name, want) in [
            ("level=<text> took_ms=<int> msg=\"<text> x\"", "took_ms", "Numbers0"),
            ("level=<text> took_ms=<int> msg=\"<text> x\"", "msg", "parse"),
            ("level=<text> took_ms=<int> msg=\"<text>\"", "msg", "Texts1"),
            ("level=<text> took.ms=<dec>", "took_ms", "Numbers0"),
            ("level=<text> took_ms=<dec>", "other", "absent"),
            ("a=x b=\"y z\" c=", "b", "=y z"),
            ("a=x b=\"y z\" c=", "c", "="),
            ("a=<int>ms b=<int>", "a", "parse"),
            ("a=<int>ms b=<int>", "b", "Numbers1"),
            ("a=<int> a=<int>", "a", "parse"),
            ("a.b=<int> a_b=<int> c=<int>", "c", "Numbers2"),
            ("a=<int> b=\"<escaped>\"", "a", "parse"),
            ("a=<int> <raw>", "a", "parse"),
            ("started a=<int>", "a", "parse"),
            ("a=<int>, b=<int>", "a", "parse"),
            ("a=<int> b=c=d", "a", "parse"),
            ("<text>=<int> a=<int>", "a", "parse"),
            ("t=<time:YYYY-MM-DD hh:mm:ss> a=<int>", "a", "parse"),
            ("t=\"<time:YYYY-MM-DD hh:mm:ss>\" a=<int>", "t", "Numbers0"),
            ("", "a", "parse"),
        ] {
            check(Fields::logfmt, text, name, want);
        }
    }

    #[test]
    fn fields_of_objects() {
        for (text, name, want) in [
            ("{\"a\":<int>,\"b\": \"<text>\"}", "a", "Numbers0"),
            ("{\"a\":<int>,\"b\": \"<text>\"}", "b", "Texts0"),
            ("{\"a\":<int>,\"b\": \"<text>\"} ", "c", "absent"),
            ("{\"a\":-<int>,\"b\":<literal>,\"c\":12}", "a", "parse"),
            ("{\"a\":-<int>,\"b\":<literal>,\"c\":12}", "b", "parse"),
            ("{\"a\":-<int>,\"b\":<literal>,\"c\":12}", "c", "=12"),
            ("{\"a\":<int>,\"b\":\"<escaped>\"}", "a", "parse"),
            ("{\"a\":<int>,\"b\":<text>}", "a", "parse"),
            ("{\"a\":<int>,\"b\":{\"c\":<int>}}", "a", "parse"),
            ("{\"a\":<int>,\"b\":[<int>]}", "a", "parse"),
            ("{\"a\":<int>,}", "a", "parse"),
            ("{\"a\":<int>} x", "a", "parse"),
            ("{\"a\":<int>", "a", "parse"),
            ("{\"a\":<int>ms}", "a", "parse"),
            ("{\"a b\":\"x\"}", "a_b", "=x"),
            ("{\"a\":\"x <int>\",\"n\":<dec>}", "n", "Numbers1"),
            ("{}", "a", "absent"),
            ("a=<int>", "a", "parse"),
        ] {
            check(Fields::json, text, name, want);
        }
    }
}
