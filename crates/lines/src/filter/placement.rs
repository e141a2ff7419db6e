//! Where in the lines of a pattern a text can lie: in static text, within a variable, or across.

use crate::{Kind, Pattern, Spelling, Variable, hex, number};

/// More ways than this are not looked at one by one.
const WAYS: usize = 48;
/// Steps of looking for ways.
const STEPS: usize = 4096;

/// What must hold of a variable's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Contains,
    Begins,
    Ends,
    Equals,
}

impl Relation {
    /// Whether it holds.
    pub(super) fn holds(self, value: &[u8], text: &[u8]) -> bool {
        match self {
            Self::Contains => memchr::memmem::find(value, text).is_some(),
            Self::Begins => value.starts_with(text),
            Self::Ends => value.ends_with(text),
            Self::Equals => value == text,
        }
    }
}

/// A condition on a variable for one way in which a text can lie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) variable: Variable,
    pub(super) relation: Relation,
    pub(super) text: Box<[u8]>,
}

/// Which lines of a pattern have a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placement {
    All,
    None,
    /// Those for which all conditions of one of the ways hold.
    Any(Vec<Vec<Part>>),
    /// There are too many ways.
    Unclear,
}

/// Looks for the ways in which a text can lie in lines of a pattern.
pub(super) fn placement(pattern: &Pattern, text: &[u8]) -> Placement {
    let statics = pattern.variables().len() + 1;
    if (0..statics).any(|i| memchr::memmem::find(pattern.static_text(i).as_bytes(), text).is_some()) {
        return Placement::All;
    }
    let mut search = Search { pattern, text, ways: Vec::new(), way: Vec::new(), steps: 0 };
    for i in 0..statics {
        let before = pattern.static_text(i).as_bytes();
        for len in 1..=before.len().min(text.len() - 1) {
            if before.ends_with(&text[..len]) {
                search.variable(i, len);
            }
        }
        let Some(variable) = pattern.variables().get(i) else { break };
        if is_possible(variable.kind, Relation::Contains, text) {
            search.way.push(Part { variable: *variable, relation: Relation::Contains, text: text.into() });
            search.found();
            search.way.pop();
        }
        for len in 1..text.len() {
            if search.fits(i + 1, len) && is_possible(variable.kind, Relation::Ends, &text[..len]) {
                search.way.push(Part { variable: *variable, relation: Relation::Ends, text: text[..len].into() });
                search.static_text(i + 1, len);
                search.way.pop();
            }
        }
    }
    if search.ways.len() > WAYS || search.steps > STEPS {
        Placement::Unclear
    } else if search.ways.is_empty() {
        Placement::None
    } else {
        Placement::Any(search.ways)
    }
}

struct Search<'a> {
    pattern: &'a Pattern,
    text: &'a [u8],
    ways: Vec<Vec<Part>>,
    way: Vec<Part>,
    steps: usize,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.ways.len() > WAYS || self.steps > STEPS
    }

    fn found(&mut self) {
        if !self.is_over() {
            self.ways.push(self.way.clone());
        }
    }

    /// Whether a static text and the text from `at` on agree as far as both go.
    fn fits(&self, i: usize, at: usize) -> bool {
        let (theirs, rest) = (self.pattern.static_text(i).as_bytes(), &self.text[at..]);
        let len = theirs.len().min(rest.len());
        theirs[..len] == rest[..len]
    }

    /// Goes on with a static text.
    fn static_text(&mut self, i: usize, at: usize) {
        if !self.fits(i, at) {
            return;
        }
        let len = self.pattern.static_text(i).len();
        if len >= self.text.len() - at {
            self.found();
        } else {
            self.variable(i, at + len);
        }
    }

    /// Goes on with a variable from its start; some text is left.
    fn variable(&mut self, i: usize, at: usize) {
        self.steps += 1;
        let Some(variable) = self.pattern.variables().get(i).copied() else { return };
        if self.is_over() {
            return;
        }
        let rest = &self.text[at..];
        if is_possible(variable.kind, Relation::Begins, rest) {
            self.way.push(Part { variable, relation: Relation::Begins, text: rest.into() });
            self.found();
            self.way.pop();
        }
        for len in 0..rest.len() {
            if self.fits(i + 1, at + len) && is_possible(variable.kind, Relation::Equals, &rest[..len]) {
                self.way.push(Part { variable, relation: Relation::Equals, text: rest[..len].into() });
                self.static_text(i + 1, at + len);
                self.way.pop();
            }
        }
    }
}

/// Whether a value of a kind can have a text so. May say yes when none can.
fn is_possible(kind: Kind, relation: Relation, text: &[u8]) -> bool {
    let is_whole = relation == Relation::Equals;
    match kind {
        Kind::Escaped | Kind::Raw => true,
        Kind::Text => !text.iter().any(|b| *b < b' ' || matches!(b, b'"' | b'\\')),
        Kind::Literal => ["true", "false", "null"].iter().any(|literal| relation.holds(literal.as_bytes(), text)),
        _ if text.is_empty() => !is_whole,
        Kind::Int => text.len() <= 19 && text.iter().all(u8::is_ascii_digit),
        Kind::Decimal => {
            let points = memchr::memchr_iter(b'.', text).count();
            text.len() <= 19 && points <= 1 && (!is_whole || points == 1) && text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        }
        Kind::Ip => {
            let is_part = |part: &[u8]| part.len() <= 3 && number::digits(part).is_some_and(|octet| octet <= 255);
            let points = memchr::memchr_iter(b'.', text).count();
            points <= 3 && (!is_whole || points == 3) && text.split(|b| *b == b'.').all(is_part)
        }
        Kind::Hex(digits) => fits_shape(&vec![b'0'; usize::from(digits)], relation, text, |_, b| hex::nibble(b).is_some()),
        Kind::Uuid => {
            fits_shape(&[b'0'; hex::UUID_LEN], relation, text, |at, b| if hex::is_dash(at) { b == b'-' } else { hex::nibble(b).is_some() })
        }
        Kind::Time(spelling) => is_possible_moment(spelling, relation, text),
    }
}

fn is_possible_moment(spelling: Spelling, relation: Relation, text: &[u8]) -> bool {
    let shape = spelling.shape();
    if spelling.digits < Spelling::TRIMMED {
        return fits_moment(spelling, &shape, relation, text);
    }
    let fraction_end = shape.len() - spelling.zone_len();
    (0..9).any(|less| fits_moment(spelling, &[&shape[..fraction_end - less], &shape[fraction_end..]].concat(), relation, text))
}

fn fits_moment(spelling: Spelling, shape: &[u8], relation: Relation, text: &[u8]) -> bool {
    fits_shape(shape, relation, text, |at, byte| is_of_shape(spelling, shape, at, byte))
}

fn is_of_shape(spelling: Spelling, shape: &[u8], at: usize, byte: u8) -> bool {
    match shape[at] {
        _ if at >= shape.len() - spelling.zone_len() => byte == shape[at],
        b'0' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_alphabetic(),
        other => byte == other,
    }
}

/// In which parts of a moment a text can lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Within {
    /// In the day.
    pub(super) day: bool,
    /// In the digits of the fraction.
    pub(super) fraction: bool,
    /// In the rest, or across.
    pub(super) elsewhere: bool,
}

/// In which parts of a moment any of some texts can lie.
pub(super) fn within(spelling: Spelling, texts: &[Box<[u8]>]) -> Within {
    let mut within = Within { elsewhere: spelling.digits == Spelling::TRIMMED, ..Within::default() };
    let shape = spelling.shape();
    let fraction = spelling.day_len() + 9..shape.len() - spelling.zone_len();
    for text in texts {
        for place in 0..(shape.len() + 1).saturating_sub(text.len()) {
            let end = place + text.len();
            if !text.iter().enumerate().all(|(i, byte)| is_of_shape(spelling, &shape, place + i, *byte)) {
                continue;
            }
            if end <= spelling.day_len() {
                within.day = true;
            } else if place >= fraction.start && end <= fraction.end {
                within.fraction = true;
            } else {
                within.elsewhere = true;
            }
        }
    }
    within
}

/// Whether a text fits somewhere in values of a fixed length, where its relation allows it.
fn fits_shape(shape: &[u8], relation: Relation, text: &[u8], fits: impl Fn(usize, u8) -> bool) -> bool {
    let Some(last) = shape.len().checked_sub(text.len()) else { return false };
    let mut places = match relation {
        Relation::Contains => 0..=last,
        Relation::Ends => last..=last,
        Relation::Equals if last > 0 => return false,
        Relation::Begins | Relation::Equals => 0..=0,
    };
    places.any(|place| text.iter().enumerate().all(|(i, b)| fits(place + i, *b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(pattern: &str, text: &str) -> String {
        match placement(&Pattern::parse(pattern).unwrap(), text.as_bytes()) {
            Placement::All => "all".to_owned(),
            Placement::None => "none".to_owned(),
            Placement::Unclear => "unclear".to_owned(),
            Placement::Any(ways) => {
                let atom = |a: &Part| {
                    let relation = ["has", "begins", "ends", "is"][a.relation as usize];
                    format!("{:?}{} {relation} {:?}", a.variable.kind.store(), a.variable.slot, String::from_utf8_lossy(&a.text))
                };
                let mut ways: Vec<String> = ways.iter().map(|way| way.iter().map(atom).collect::<Vec<_>>().join(" and ")).collect();
                ways.sort();
                ways.join("; ")
            }
        }
    }

    #[test]
    fn texts_lie_where_they_can() {
        for (pattern, text, want) in [
            ("GET /api/<int> took <dec>ms", "api", "all"),
            ("GET /api/<int> took <dec>ms", "error", "none"),
            ("GET /api/<int> took <dec>ms", "12", "Numbers0 has \"12\"; Numbers1 has \"12\""),
            ("GET /api/<int> took <dec>ms", "1.5m", "Numbers1 ends \"1.5\""),
            ("GET /api/<int> took <dec>ms", "i/12 took 1", "Numbers0 is \"12\" and Numbers1 begins \"1\""),
            ("GET /api/<int> took <dec>ms", "mss", "none"),
            ("level=<text> x", "level=error", "Texts0 begins \"error\""),
            ("level=<text> x", "level=error x", "Texts0 begins \"error x\"; Texts0 is \"error\""),
            ("id=<hex8>", "4bf92f35", "Hex0 has \"4bf92f35\""),
            ("id=<hex8>", "4bf92f35a", "none"),
            ("id=<hex8>", "=4bf92f35", "Hex0 begins \"4bf92f35\""),
            ("<ip>:<int>", "500", "Numbers1 has \"500\""),
            ("<ip>:<int>", ".25", "Numbers0 has \".25\""),
            ("<ip>:<int>", "1.2.3.4:5", "Numbers0 ends \"1.2.3.4\" and Numbers1 begins \"5\""),
            ("<uuid>", "-a", "Hex0 has \"-a\""),
            ("<uuid>", "1234567890123", "none"),
            ("<time:YYYY-MM-DDThh:mm:ssZ>", "T07:", "Numbers0 has \"T07:\""),
            ("<time:YYYY-MM-DDThh:mm:ssZ>", "12345", "none"),
            ("<time:hh:mm:ss.f*> x", "123456789 ", "Numbers0 ends \"123456789\""),
        ] {
            let got = ways(pattern, text);
            // A text can always lie within a text; that way is not repeated in the table.
            let within = format!("Texts0 has {text:?}");
            let got: Vec<&str> = got.split("; ").filter(|way| *way != within && !way.starts_with("Texts0 ends")).collect();
            assert_eq!(got.join("; "), want, "{text:?} in {pattern}");
        }
    }

    #[test]
    fn parts_of_moments() {
        let spelling = Spelling::scan(b"2024-05-06T07:08:09.123Z").unwrap().0;
        for (texts, want) in [
            (vec!["500"], (true, true, false)),
            (vec!["2024-"], (true, false, false)),
            (vec!["5000"], (true, false, false)),
            (vec!["50"], (true, true, true)),
            (vec!["123Z"], (false, false, true)),
            (vec!["6T0"], (false, false, true)),
            (vec!["123", "7:0"], (true, true, true)),
        ] {
            let texts: Vec<Box<[u8]>> = texts.iter().map(|text| text.as_bytes().into()).collect();
            let got = within(spelling, &texts);
            assert_eq!((got.day, got.fraction, got.elsewhere), want, "{texts:?}");
        }
        let trimmed = Spelling::scan(b"2024-05-06T07:08:09.12Z").unwrap().0;
        assert!(within(trimmed, &[]).elsewhere);
    }

    #[test]
    fn too_many_ways_are_not_enumerated() {
        assert_eq!(ways(&"<text> ".repeat(16), &"a ".repeat(30)), "unclear");
    }
}
