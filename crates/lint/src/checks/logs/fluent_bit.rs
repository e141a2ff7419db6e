//! Fluent Bit's configuration: its classic form, its YAML, and both within the values of its chart.

use crate::checks::keys::{items, key_span};
use crate::finding::Finding;
use crate::project::{File, Text};
use phoenix_model::Span;
use phoenix_yaml::Node;

/// An input, a filter, an output.
pub(super) struct Section {
    /// `input`, `filter`, `output`, `service`, in small letters.
    pub kind: String,
    /// Where it begins.
    pub span: Span,
    entries: Vec<(String, String, Span)>,
}

impl Section {
    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|(value, _)| value)
    }

    /// The first value of a key, and where it stands.
    pub fn entry(&self, key: &str) -> Option<(&str, Span)> {
        self.entries.iter().find(|(name, _, _)| name == key).map(|(_, value, span)| (value.as_str(), *span))
    }

    /// Whether it is a plugin of this kind and name.
    pub fn is(&self, kind: &str, plugin: &str) -> bool {
        self.kind == kind && self.get("name").is_some_and(|name| name.eq_ignore_ascii_case(plugin))
    }

    fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1"))
    }
}

/// How many sections are read of one file.
const MAX_SECTIONS: usize = 1_000;

/// All sections of a file.
pub(super) fn sections(file: &File) -> Vec<Section> {
    let mut found = Vec::new();
    match file.tree.as_deref() {
        None => classic(&Text::bare(&file.source, Span::new(0, file.source.text.len())), &mut found),
        Some(tree) => {
            // The chart's values hold the classic form as texts.
            for (_, value) in tree.get("config").map(Node::entries).unwrap_or_default() {
                if let Some(text) = Text::of(&file.source, value) {
                    classic(&text, &mut found);
                }
            }
            if let Some(pipeline) = tree.get("pipeline") {
                for (key, kind) in [("inputs", "input"), ("filters", "filter"), ("outputs", "output")] {
                    found.extend(items(pipeline, key).map(|node| plugin(kind, node)));
                }
            }
        }
    }
    found.truncate(MAX_SECTIONS);
    found
}

/// `[KIND]` and lines of keys and values.
fn classic(text: &Text, found: &mut Vec<Section>) {
    let mut at = 0;
    let mut current: Option<Section> = None;
    for line in text.value.split_inclusive('\n') {
        let trimmed = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let span = text.locate(Span::new(start, start + trimmed.len()));
        if let Some(kind) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            found.extend(current.replace(Section { kind: kind.to_ascii_lowercase(), span, entries: Vec::new() }));
        } else if let Some(section) = current.as_mut().filter(|_| !trimmed.is_empty() && !trimmed.starts_with(['#', '@'])) {
            let (key, value) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
            section.entries.push((key.to_ascii_lowercase(), value.trim().to_owned(), span));
        }
    }
    found.extend(current);
}

fn plugin(kind: &str, node: &Node) -> Section {
    let entry = |(key, value): &(std::rc::Rc<Node>, std::rc::Rc<Node>)| {
        let texts: Vec<&str> = value.items().iter().filter_map(|item| item.text()).collect();
        let text = value.text().map_or_else(|| texts.join(","), str::to_owned);
        Some((key.text()?.to_ascii_lowercase(), text, key.span.to(value.span)))
    };
    Section { kind: kind.to_owned(), span: node.head(), entries: node.entries().iter().filter_map(entry).collect() }
}

pub(super) fn check(file: &File, found: &mut Vec<Finding>) {
    let sections = sections(file);
    let of_chart = file.tree.as_deref().filter(|tree| tree.get("pipeline").is_none()).and_then(|tree| key_span(tree, "config"));
    let mut tell = |id: &str, span: Span, message: String, help: &str| found.push(Finding::at(id, file, span, message).help(help));
    if let Some(span) = of_chart {
        let message = "these are values of Fluent Bit's chart; Fluent Bit itself refuses the key `config`".to_owned();
        tell("logs/not-fluent-bit", span, message, "give it to the chart, or write `service` and `pipeline` as Fluent Bit reads them");
    }
    for section in sections.iter().filter(|section| section.is("input", "tail")) {
        tail(section, &mut tell);
    }
    for section in sections.iter().filter(|section| section.is("filter", "nest")) {
        let lifts = section.get("operation").is_some_and(|operation| operation.eq_ignore_ascii_case("lift"));
        let prefixed = section.get("add_prefix").is_some();
        if lifts && !prefixed && section.get("nested_under").is_some_and(|key| key.eq_ignore_ascii_case("kubernetes")) {
            let message = "the pod's fields replace those of the line that have the same names, and `$kubernetes[…]` is empty afterwards";
            tell(
                "logs/lift-before-labels",
                section.span,
                message.to_owned(),
                "leave it out and name `$kubernetes['…']`, or give it `Add_prefix`",
            );
        }
    }
    for section in sections.iter().filter(|section| section.is("output", "loki")) {
        if section.get("retry_limit").is_none() {
            let message = "a batch that is refused twice is lost".to_owned();
            tell("logs/retry-limit", section.span, message, "`Retry_Limit no_limits`, with `storage.total_limit_size` as the bound");
        }
        if section.get("structured_metadata").is_none() && section.get("structured_metadata_map_keys").is_none() {
            let message = "pod and trace of a line are searched for as text".to_owned();
            tell(
                "logs/no-structured-metadata",
                section.span,
                message,
                "`structured_metadata pod=$kubernetes['pod_name'], trace_id=$trace_id`",
            );
        }
    }
}

fn tail(section: &Section, tell: &mut impl FnMut(&str, Span, String, &str)) {
    let here = section.span;
    let of_containers = section.get("path").is_some_and(|path| path.contains("/var/log/containers") || path.contains("/var/log/pods"));
    if let Some((parser, span)) = section.entry("parser").filter(|_| of_containers)
        && parser.eq_ignore_ascii_case("docker")
        && section.get("multiline.parser").is_none()
    {
        let message = "only Docker's format is read; lines of containerd and CRI-O stay as they are".to_owned();
        tell("logs/docker-parser-only", span, message, "`multiline.parser docker, cri` reads both");
    }
    if section.get("db").is_none() {
        let message = "after a restart lines are lost or read twice".to_owned();
        tell("logs/tail-without-db", here, message, "`DB /var/lib/fluent-bit/tail.db` remembers where reading goes on");
    }
    let on_disk = section.get("storage.type").is_some_and(|kind| kind.eq_ignore_ascii_case("filesystem"));
    if section.get("mem_buf_limit").is_none() && !on_disk {
        let message = "while the receiver is slow, lines fill the memory of the node".to_owned();
        tell("logs/no-buffer-limit", here, message, "`Mem_Buf_Limit 64M`, or `storage.type filesystem`");
    }
    if !section.is_on("skip_long_lines") {
        let message = "a line longer than the buffer stops the reading of its file".to_owned();
        tell("logs/long-lines-stop", here, message, "`Skip_Long_Lines On`, and a `Buffer_Max_Size` that fits");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Source;

    #[test]
    fn sections_are_read_in_all_forms() {
        for (name, text) in [
            ("a.conf", "[SERVICE]\n    Flush 1\n[INPUT]\n    Name  tail\n    # Path x\n    Path /a b\n[OUTPUT]\n    Name loki\n"),
            (
                "a.yaml",
                "config:\n  inputs: |\n    [INPUT]\n        Name tail\n        Path /a b\n  outputs: |\n    [OUTPUT]\n        Name loki\n",
            ),
            ("a.yaml", "pipeline:\n  inputs:\n  - name: tail\n    path: /a b\n  outputs:\n  - {name: loki}\n"),
        ] {
            let file = File::read(Source::new(name, text));
            let found = sections(&file);
            let shown: Vec<String> = found
                .iter()
                .filter(|section| section.kind != "service")
                .map(|section| format!("{} {} {:?}", section.kind, section.get("name").unwrap_or(""), section.get("path")))
                .collect();
            assert_eq!(shown, ["input tail Some(\"/a b\")", "output loki None"], "{text}");
            let (_, span) = found.iter().find_map(|section| section.entry("path")).expect("it is there");
            assert!(text[span.start..span.end].ends_with("/a b"), "{text}: {}", &text[span.start..span.end]);
        }
    }
}
