//! Applying fixes to a text.

use crate::finding::{Edit, Fix};

/// The text with fixes applied. A fix whose edits overlap those of an earlier one is left out; the next run finds it
/// again.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> String {
    let mut edits: Vec<&Edit> = Vec::new();
    for fix in fixes {
        let free = |edit: &Edit| edits.iter().all(|taken| !overlap(taken, edit));
        if fix.edits.iter().all(|edit| free(edit) && text.get(edit.span.start..edit.span.end).is_some()) {
            edits.extend(&fix.edits);
        }
    }
    // Stable: insertions at one place stay in their order.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::with_capacity(text.len() + 64);
    let mut done = 0;
    for edit in edits {
        out.push_str(&text[done..edit.span.start]);
        out.push_str(&edit.text);
        done = edit.span.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Whether both would change the same bytes, or insert at the same place.
fn overlap(a: &Edit, b: &Edit) -> bool {
    if a.span.start == b.span.start {
        return true;
    }
    a.span.start < b.span.end && b.span.start < a.span.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Span;

    #[test]
    fn fixes_are_applied_unless_they_overlap() {
        let fix = |edits: &[(usize, usize, &str)]| Fix {
            title: String::new(),
            edits: edits.iter().map(|(start, end, text)| Edit { span: Span::new(*start, *end), text: (*text).to_owned() }).collect(),
        };
        let text = "rate(a) / rate(b)";
        for (fixes, want) in [
            (vec![], text),
            (vec![fix(&[(0, 0, "sum("), (7, 7, ")")])], "sum(rate(a)) / rate(b)"),
            (vec![fix(&[(10, 10, "x")]), fix(&[(5, 6, "c")])], "rate(c) / xrate(b)"),
            (vec![fix(&[(0, 7, "a")]), fix(&[(5, 6, "c")])], "a / rate(b)"),
            (vec![fix(&[(0, 700, "a")])], text),
        ] {
            assert_eq!(apply(text, &fixes), want, "{fixes:?}");
        }
    }
}
