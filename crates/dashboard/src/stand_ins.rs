//! Queries with something harmless where variables stand, so that a parser can read them.

/// Fills in every variable: `$name`, `${name}`, `${name:format}`, `[[name]]`. Built-in ones become a duration or a
/// number; others become a word, which is right in a quoted text, as a label and as a metric.
///
/// What is filled in between `[` and `]` or behind `offset` is a duration.
pub(crate) fn fill(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let mut rest = query;
    while let Some(at) = rest.find(['$', '[']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let Some((name, length)) = variable(from) else {
            let first = from.chars().next().map_or(1, char::len_utf8);
            out.push_str(&from[..first]);
            rest = &from[first..];
            continue;
        };
        out.push_str(stand_in(name, &out, &from[length..]));
        rest = &from[length..];
    }
    out.push_str(rest);
    out
}

/// The name of the variable at the beginning of a text, and how long it is written.
fn variable(text: &str) -> Option<(&str, usize)> {
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if let Some(inner) = text.strip_prefix("${") {
        let end = inner.find('}')?;
        let name = &inner[..word(inner)];
        return (!name.is_empty() && end < 200).then_some((name, end + 3));
    }
    if let Some(inner) = text.strip_prefix("[[") {
        let end = inner.find("]]")?;
        let name = &inner[..word(inner)];
        let closes = name.len() == end || inner[name.len()..].starts_with(':');
        return (closes && !name.is_empty() && end < 200).then_some((name, end + 4));
    }
    let inner = text.strip_prefix('$')?;
    let length = word(inner);
    // `$1` is a group of a replacement.
    let first = inner.chars().next()?;
    (length > 0 && !first.is_ascii_digit()).then(|| (&inner[..length], length + 1))
}

fn stand_in(name: &str, before: &str, after: &str) -> &'static str {
    match name {
        "__interval" | "__rate_interval" | "__range" | "__auto" => return "5m",
        "__interval_ms" | "__rate_interval_ms" | "__range_ms" | "__range_s" | "__from" | "__to" | "__org" => {
            // `[${__range_s}s]` is a duration too.
            return "300";
        }
        _ => {}
    }
    let before = before.trim_end();
    // A duration stands in brackets, alone or behind the colon of a subquery, and after `offset`.
    let in_brackets = before.rfind('[').is_some_and(|open| {
        let within = &before[open + 1..];
        !within.contains(']') && within.chars().all(|c| c.is_ascii_alphanumeric() || c == ':' || c.is_whitespace())
    });
    let unit_follows = after.starts_with(|c: char| "smhdwy".contains(c));
    match () {
        () if in_brackets && !quoted(before) => {
            if unit_follows {
                "5"
            } else {
                "5m"
            }
        }
        () if before.ends_with("offset") => "5m",
        () => "x",
    }
}

/// Whether a text ends within quotes.
fn quoted(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for c in text.chars() {
        match (open, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(quote), '\\') if quote != '`' => escaped = true,
            (Some(quote), c) if c == quote => open = None,
            (None, '"' | '\'' | '`') => open = Some(c),
            _ => {}
        }
    }
    open.is_some()
}
