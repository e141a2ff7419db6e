//! What can be read of a file that is no YAML.

use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::Node;
use std::rc::Rc;

/// How many lines may be left out.
const MAX_LINES: usize = 3;
/// The longest file that is read again and again.
const MAX_BYTES: usize = 1 << 20;

/// The tree of a text without the lines that a parser could not take. Spaces stand in their places, so that every place
/// in the tree is one of the file.
pub(super) fn without_broken_lines(source: &Source, broken: &Diagnostic) -> Option<Rc<Node>> {
    if source.text.len() > MAX_BYTES {
        return None;
    }
    let (mut text, mut at) = (source.text.to_string(), broken.span.start);
    for _ in 0..MAX_LINES {
        let start = text[..at.min(text.len())].rfind('\n').map_or(0, |before| before + 1);
        let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        if text[start..end].trim().is_empty() {
            return None;
        }
        text.replace_range(start..end, &" ".repeat(end - start));
        match phoenix_yaml::tree(&Source::new(source.name.clone(), text.as_str())) {
            Ok(tree) => return tree,
            Err(diagnostics) => at = diagnostics.first()?.span.start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_left_out_and_places_stay() {
        for (text, want) in [
            ("a: 1\nb: [\nc: 3\n", Some("a@0 c@10")),
            ("a:\n  - x\n  d: 1\nc: 3\n", Some("a@0 c@16")),
            ("a: 'é\tö': x\nc: 3\n", Some("c@14")),
            ("[\n[\n[\n[\n", None),
            ("", None),
        ] {
            let source = Source::new("a.yaml", text);
            let tree = phoenix_yaml::tree(&source).err().and_then(|broken| without_broken_lines(&source, &broken[0]));
            let keys: Option<Vec<String>> = tree.map(|tree| {
                let key = |key: &Node| format!("{}@{}", key.text().unwrap_or(""), key.span.start);
                tree.entries().iter().map(|(name, _)| key(name)).collect()
            });
            assert_eq!(keys.map(|keys| keys.join(" ")).as_deref(), want, "{text}");
        }
    }
}
