//! Queries with something harmless where variables stand, so that a parser can read them.

/// Fills in every variable: `$name`, `${name}`, `${name:format}`, `[[name]]`. Lengths of time become one; others become
/// a word, which is right in a quoted text, as a label and as a metric. What stands in brackets or behind `offset` is a
/// duration.
pub(crate) fn fill(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    for_each(query, &mut |part| match part {
        Part::Text(text) => out.push_str(text),
        Part::Variable { name, after, in_quotes, .. } => {
            let stand_in = stand_in(name, &out, after, in_quotes);
            out.push_str(stand_in);
        }
    });
    out
}

/// Whether variables decide how a query is built: any that stand outside of quotes or bring quotes of their own, apart
/// from Grafana's lengths of time.
pub(crate) fn is_open(query: &str) -> bool {
    let mut open = false;
    for_each(query, &mut |part| {
        if let Part::Variable { name, written, in_quotes, .. } = part {
            open |= written.contains(':') || (!in_quotes && !name.starts_with("__"));
        }
    });
    open
}

enum Part<'a> {
    Text(&'a str),
    Variable { name: &'a str, written: &'a str, after: &'a str, in_quotes: bool },
}

fn for_each<'a>(query: &'a str, part: &mut impl FnMut(Part<'a>)) {
    let mut quotes = Quotes::default();
    let mut rest = query;
    while let Some(at) = rest.find(['$', '[']) {
        let (before, from) = rest.split_at(at);
        quotes.read(before);
        part(Part::Text(before));
        if let Some((name, length)) = variable(from) {
            let (written, after) = from.split_at(length);
            part(Part::Variable { name, written, after, in_quotes: quotes.open.is_some() });
            rest = after;
        } else {
            let (sign, after) = from.split_at(1);
            quotes.read(sign);
            part(Part::Text(sign));
            rest = after;
        }
    }
    part(Part::Text(rest));
}

/// The name of the variable at the beginning of a text, and how long it is written.
fn variable(text: &str) -> Option<(&str, usize)> {
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    // No name is longer, and a bracket without its end is not looked for through all of a long text.
    let end_of =
        |inner: &str, end: &str| inner.as_bytes()[..inner.len().min(200)].windows(end.len()).position(|part| part == end.as_bytes());
    for (begin, end) in [("${", "}"), ("[[", "]]")] {
        let Some(inner) = text.strip_prefix(begin) else { continue };
        let close = end_of(inner, end)?;
        let name = &inner[..word(inner)];
        let closes = name.len() == close || inner[name.len()..].starts_with([':', '.']);
        return (closes && !name.is_empty()).then_some((name, begin.len() + close + end.len()));
    }
    let inner = text.strip_prefix('$')?;
    let length = word(inner);
    // `$1` is a group of a replacement.
    let first = inner.chars().next()?;
    (length > 0 && !first.is_ascii_digit()).then(|| (&inner[..length], length + 1))
}

fn stand_in(name: &str, before: &str, after: &str, in_quotes: bool) -> &'static str {
    match name {
        "__interval" | "__rate_interval" | "__range" | "__auto" => return "5m",
        // `[${__range_s}s]` is a duration too.
        "__interval_ms" | "__rate_interval_ms" | "__range_ms" | "__range_s" | "__from" | "__to" | "__org" => return "300",
        _ if in_quotes => return "x",
        _ => {}
    }
    let mut from = before.len().saturating_sub(200);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let before = before[from..].trim_end();
    // A duration stands in brackets, alone or behind the colon of a subquery, and after `offset`.
    let in_brackets =
        before.rsplit_once('[').is_some_and(|(_, within)| within.chars().all(|c| c.is_ascii_alphanumeric() || " :".contains(c)));
    let unit_follows = after.starts_with(|c: char| "smhdwy".contains(c));
    match () {
        () if in_brackets && unit_follows => "5",
        () if in_brackets || before.ends_with("offset") => "5m",
        () => "x",
    }
}

/// Whether what was read so far ends within quotes.
#[derive(Default)]
struct Quotes {
    open: Option<char>,
    escaped: bool,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match (self.open, c) {
                (Some(_), _) if self.escaped => self.escaped = false,
                (Some(quote), '\\') if quote != '`' => self.escaped = true,
                (Some(quote), c) if c == quote => self.open = None,
                (None, '"' | '\'' | '`') => self.open = Some(c),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fill, is_open};

    #[test]
    fn variables_are_filled_in() {
        let cases = [
            ("up", "up", false),
            ("rate(x{job=~\"$job\"}[$__rate_interval])", "rate(x{job=~\"x\"}[5m])", false),
            ("rate(x{a=\"${a:regex}\"}[${__interval}])", "rate(x{a=\"x\"}[5m])", true),
            ("x[$step] offset $step", "x[5m] offset 5m", true),
            ("max_over_time(x[1h:$step])", "max_over_time(x[1h:5m])", true),
            ("x[[[range]]]", "x[5m]", true),
            ("x{a=\"[[a]]\"}", "x{a=\"x\"}", false),
            ("sum by ($by) ([[metric]])", "sum by (x) (x)", true),
            ("label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")", "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")", false),
            ("x / $__range_s", "x / 300", false),
            ("x[${__range_s}s]", "x[300s]", false),
            ("{a=\"b\\\"$c\"} |= `$d`", "{a=\"b\\\"x\"} |= `x`", false),
            ("x[${open", "x[${open", false),
            ("ä$", "ä$", false),
        ];
        for (query, expected, open) in cases {
            assert_eq!((fill(query).as_str(), is_open(query)), (expected, open), "{query}");
        }
    }
}
