//! Whether blocks are opened and closed in pairs.
//!
//! gotmpl 0.6 takes the end of the text for a missing `{{ end }}`, and a stray one for the end of
//! the text, so this is checked here, in a text whose actions it has already read.

/// A block that is open.
struct Open {
    keyword: &'static str,
    offset: usize,
    had_else: bool,
}

const OPENING: [&str; 5] = ["if", "range", "with", "block", "define"];

/// The byte offset of the first fault, and what it is.
pub(crate) fn check(text: &str) -> Result<(), (usize, String)> {
    let mut open: Vec<Open> = Vec::new();
    let mut rest = 0;
    while let Some(found) = text[rest..].find("{{") {
        let start = rest + found + 2;
        let (body, next) = action(text, start);
        rest = next;
        let body_offset = start + text[start..].find(body).unwrap_or(0);
        let mut words = body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let keyword = words.next().unwrap_or("");
        if let Some(keyword) = OPENING.into_iter().find(|k| *k == keyword) {
            if keyword == "define" && !open.is_empty() {
                return Err((body_offset, "unexpected {{define}} inside of another block".to_owned()));
            }
            open.push(Open { keyword, offset: body_offset, had_else: false });
            continue;
        }
        match keyword {
            "end" => {
                open.pop().ok_or_else(|| (body_offset, "unexpected {{end}}".to_owned()))?;
            }
            "else" => {
                let chained = matches!(words.find(|w| !w.is_empty()), Some("if" | "with"));
                match open.last_mut() {
                    Some(block) if matches!(block.keyword, "if" | "range" | "with") && !block.had_else => block.had_else = !chained,
                    _ => return Err((body_offset, "unexpected {{else}}".to_owned())),
                }
            }
            "break" | "continue" if !open.iter().any(|block| block.keyword == "range") => {
                return Err((body_offset, format!("{{{{{keyword}}}}} outside {{{{range}}}}")));
            }
            _ => {}
        }
    }
    match open.pop() {
        Some(block) => Err((block.offset, format!("{{{{{}}}}} has no {{{{end}}}}", block.keyword))),
        None => Ok(()),
    }
}

/// The inside of the action that starts at `start`, without blanks and trim marks, and where the
/// text goes on behind it.
fn action(text: &str, start: usize) -> (&str, usize) {
    let inside = &text[start..];
    let inside = inside.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(inside).trim_start();
    let from = text.len() - inside.len();
    if let Some(comment) = inside.strip_prefix("/*") {
        let end = comment.find("*/").map_or(text.len(), |i| from + 2 + i + 2);
        let close = text[end..].find("}}").map_or(text.len(), |i| end + i + 2);
        return ("", close);
    }
    let mut quote = None;
    let mut letters = inside.char_indices();
    while let Some((i, c)) = letters.next() {
        match (quote, c) {
            (Some('"' | '\''), '\\') => {
                letters.next();
            }
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '}') if inside[i..].starts_with("}}") => return (&inside[..i], from + i + 2),
            _ => {}
        }
    }
    (inside, text.len())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn pairs() {
        for text in [
            "",
            "{{ if a }}{{ else if b }}{{ else }}{{ end }}",
            "{{- range x -}}{{ break }}{{ if y }}{{ continue }}{{ end }}{{- end -}}",
            "{{/* {{ if }} */}}{{ \"}} {{ end }}\" }}{{ `{{ end }}` }}{{ '}' }}",
            "{{ define \"x\" }}{{ end }}{{ block \"y\" . }}{{ end }}{{ endless }}{{ iffy }}",
            "{{ with a }}{{ else with b }}{{ end }}",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, want) in [
            ("a {{ if b }}", (5, "{{if}} has no {{end}}")),
            ("{{ end }}", (3, "unexpected {{end}}")),
            ("{{ if a }}{{ end }}{{- end }}", (23, "unexpected {{end}}")),
            ("{{ else }}", (3, "unexpected {{else}}")),
            ("{{ if a }}{{ else }}{{ else }}{{ end }}", (23, "unexpected {{else}}")),
            ("{{ if a }}{{ break }}{{ end }}", (13, "{{break}} outside {{range}}")),
            ("{{ if a }}{{ define \"x\" }}{{ end }}{{ end }}", (13, "unexpected {{define}} inside of another block")),
        ] {
            assert_eq!(check(text), Err((want.0, want.1.to_owned())), "{text}");
        }
    }
}
