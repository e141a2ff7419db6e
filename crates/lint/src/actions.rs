//! What the `{{ … }}` of a template ask for, with their places.

use phoenix_model::Span;

/// A `{{ … }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action<'a> {
    /// What stands between the braces, without the marks that trim.
    pub inner: &'a str,
    /// With the braces.
    pub span: Span,
    /// Where `inner` begins.
    pub start: usize,
}

/// A label that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelUse {
    pub name: String,
    pub span: Span,
}

/// All actions of a template, without comments.
pub(crate) fn actions(text: &str) -> Vec<Action<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|open| at + open) {
        let Some(close) = text[open + 2..].find("}}").map(|close| open + 2 + close) else { break };
        let raw = &text[open + 2..close];
        let inner = raw.strip_prefix("- ").unwrap_or(raw);
        let start = open + 2 + (raw.len() - inner.len());
        let inner = inner.strip_suffix(" -").unwrap_or(inner);
        if !inner.trim_start().starts_with("/*") {
            found.push(Action { inner, span: Span::new(open, close + 2), start });
        }
        at = close + 2;
    }
    found
}

/// Every `$labels.NAME`, `.Labels.NAME` and `index $labels "NAME"`, where the dot is still the alert.
pub(crate) fn labels(text: &str) -> Vec<LabelUse> {
    let mut found = Vec::new();
    let actions = actions(text);
    let moves_dot =
        |action: &Action| ["range", "with", "define", "template", "block"].iter().any(|word| action.inner.trim_start().starts_with(word));
    // Within these the dot is something else.
    let marks: &[&str] = if actions.iter().any(moves_dot) { &["$labels."] } else { &["$labels.", ".Labels."] };
    for action in actions {
        for mark in marks {
            let mut at = 0;
            while let Some(hit) = action.inner[at..].find(mark).map(|hit| at + hit) {
                let begin = hit + mark.len();
                let name: String = action.inner[begin..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                at = begin + name.len();
                let alone = hit == 0 || !action.inner[..hit].ends_with(|c: char| c.is_ascii_alphanumeric() || "_$)".contains(c));
                if alone && !name.is_empty() {
                    found.push(LabelUse { span: Span::new(action.start + hit, action.start + at), name });
                }
            }
        }
        let mut at = 0;
        while let Some(hit) = action.inner[at..].find("index $labels \"").map(|hit| at + hit) {
            let begin = hit + "index $labels \"".len();
            let Some(end) = action.inner[begin..].find('"').map(|end| begin + end) else { break };
            let span = Span::new(action.start + hit, action.start + end + 1);
            found.push(LabelUse { name: action.inner[begin..end].to_owned(), span });
            at = end + 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_found() {
        for (text, want) in [
            ("{{ $labels.job }} and {{.Labels.pod}}", "job pod"),
            ("{{- $labels.job -}}{{ index $labels \"a.b\" }}", "job a.b"),
            ("{{ if eq $labels.a $labels.b }}x{{ end }}", "a b"),
            ("{{ /* $labels.a */ }} $labels.b", ""),
            ("{{ range query \"up\" }}{{ .Labels.x }}{{ end }}", ""),
            ("{{ $externalLabels.cluster }} {{ $x.Labels.y }} {{ $labels", ""),
        ] {
            let found = labels(text);
            let names: Vec<&str> = found.iter().map(|label| label.name.as_str()).collect();
            assert_eq!(names.join(" "), want, "{text}");
        }
    }
}
