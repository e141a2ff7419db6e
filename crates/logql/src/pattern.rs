//! Patterns: `<ip> - - <_> "<method> <path>"`, for the parser of that name and for the line filters
//! `|>` and `!>`.

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands in the line as it is; never empty.
    Literal(String),
    /// `<name>`: any text, kept under this name.
    Capture(String),
    /// `<_>`: any text.
    Skip,
}

/// Reads the pattern of `| pattern "…"`: at least one name, each once, and never two captures side
/// by side, as Loki documents it. The error says what is wrong.
pub fn parse(pattern: &str) -> Result<Vec<Part>, String> {
    let parts = split(pattern)?;
    let mut names: Vec<&str> = Vec::new();
    for part in &parts {
        if let Part::Capture(name) = part {
            if names.contains(&name.as_str()) {
                return Err(format!("duplicate capture name: {name}"));
            }
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err("at least one capture is required".to_owned());
    }
    Ok(parts)
}

/// Reads the pattern of a line filter: only `<_>`, and never two of them side by side. An empty
/// pattern has no parts and matches empty lines alone.
pub fn parse_filter(pattern: &str) -> Result<Vec<Part>, String> {
    let parts = split(pattern)?;
    match parts.iter().find_map(|part| if let Part::Capture(name) = part { Some(name) } else { None }) {
        Some(name) => Err(format!("named captures are not allowed in a line filter: <{name}>; write <_>")),
        None => Ok(parts),
    }
}

fn split(pattern: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let Some((name, after)) = capture(rest) else {
            let c = rest.chars().next().expect("not empty");
            literal.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        } else if !parts.is_empty() {
            return Err("found consecutive captures without a literal between them".to_owned());
        }
        parts.push(if name == "_" { Part::Skip } else { Part::Capture(name.to_owned()) });
        rest = after;
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// `<name>` at the beginning, and what follows. Anything else in angle brackets is literal.
fn capture(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, after) = inner.split_at(end);
    let first = name.chars().next()?;
    (!first.is_ascii_digit()).then_some((name, after.strip_prefix('>')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(parts: Result<Vec<Part>, String>) -> String {
        match parts {
            Err(message) => format!("error: {message}"),
            Ok(parts) => parts
                .into_iter()
                .map(|part| match part {
                    Part::Literal(text) => format!("{text:?}"),
                    Part::Capture(name) => name,
                    Part::Skip => "_".to_owned(),
                })
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    #[test]
    fn reads_patterns() {
        for (pattern, want) in [
            ("<ip> - <_>", "ip \" - \" _"),
            ("a<b", "error: at least one capture is required"),
            ("<1> <a-b> <x>", "\"<1> <a-b> \" x"),
            ("<<x>>", "\"<\" x \">\""),
            ("ä<x>ö", "\"ä\" x \"ö\""),
            ("<a><b>", "error: found consecutive captures without a literal between them"),
            ("<a><_>", "error: found consecutive captures without a literal between them"),
            ("<a> <a>", "error: duplicate capture name: a"),
            ("<_> x", "error: at least one capture is required"),
            ("", "error: at least one capture is required"),
        ] {
            assert_eq!(show(parse(pattern)), want, "{pattern}");
        }
    }

    #[test]
    fn reads_patterns_of_line_filters() {
        for (pattern, want) in [
            ("<_> level=debug <_>", "_ \" level=debug \" _"),
            ("plain", "\"plain\""),
            ("", ""),
            ("<_> <x>", "error: named captures are not allowed in a line filter: <x>; write <_>"),
            ("<_><_>", "error: found consecutive captures without a literal between them"),
        ] {
            assert_eq!(show(parse_filter(pattern)), want, "{pattern}");
        }
    }
}
